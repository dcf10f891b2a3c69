"""How words that are data are found: a gap, one of each group, and in which clause."""

import pytest

from knowledge.language import fold
from success.drills.sense import a_list, in_tongue
from success.drills.signs import says
from success.drills.wording import clauses, words_of


@pytest.mark.parametrize(
    ("written", "text", "there"),
    [
        ("返回…502", "返回的是 502", True),
        ("返回…502", "返回了很多很多很多东西以后才是502", False),
        ("we|i & see|get & 502|error", "I opened it and get an error.", True),
        ("we|i & see|get & 502|error", "They get an error.", False),
        ("open", "reopened", False),
        ("% off", "10% off", True),
    ],
)
def test_words_are_found(written: str, text: str, there: bool) -> None:
    """Whole words in English, as it stands in Chinese, in any order."""
    assert words_of((written,)).stand_in(fold(text)) is there


def test_a_sentence_has_clauses() -> None:
    """Numbers and times are not cut."""
    assert clauses(fold("At 22:30 or 1,000, but not now; 好的，22:30 见")) == (
        "at 22:30 or 1,000",
        "not now",
        "好的",
        "22:30 见",
    )


def test_what_is_waived_is_not_said() -> None:
    """Only in the clause that waives it."""
    words = {"en": ("authorised contact",), "zh-Hans": ("授权联系人",)}
    assert says(fold("Your authorised contact signs, no need to hurry."), words)
    assert not says(fold("No need for your authorised contact, your word is enough."), words)
    assert not says(fold("授权联系人就不用惊动了，您同意就行"), words)


@pytest.mark.parametrize(
    ("text", "is_list"),
    [
        ("抱歉 打不开 502 工程师 22:30 进展 经理", True),
        ("抱歉、打不开、工程师、进展、经理、负责人", True),
        ("sorry confirmed engineer update manager progress technical", True),
        ("周总您好，抱歉，我们看到502了，工程师在处理，22:30前给您进展，经理在跟。", False),
        ("Sorry, an engineer is on it, you get news at 22:30.", False),
        ("好的", False),
        ("", False),
    ],
)
def test_a_list_of_words_is_no_sentence(text: str, is_list: bool) -> None:
    """Nobody talks like that to a client."""
    assert a_list(text) is is_list


@pytest.mark.parametrize(
    ("text", "language", "fits"),
    [
        ("We see the 502 and an engineer is on it.", "zh-Hans", False),
        ("OK", "zh-Hans", True),
        ("服务器返回 502 Bad Gateway，工程师在查 nginx", "zh-Hant", True),
        ("工程师正在处理，22:30 前给您进展", "en", False),
        ("I will call 林经理 about it at once.", "en", True),
    ],
)
def test_a_client_hears_in_their_own_language(text: str, language: str, fits: bool) -> None:
    """Names and terms of another do not count."""
    assert in_tongue(text, language) is fits
