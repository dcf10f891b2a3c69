"""Cleaning, folding, cutting into terms, and telling languages apart."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.language import clean, detect, fold, is_chinese, salient, to_script, tokens

ANY = st.text(st.characters(codec=None), max_size=200)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\x00b", "ab"),
        ("a\u200bb\ufeff", "ab"),
        ("\u202eabc\u202c", "abc"),
        ("x\ud800y", "xy"),
        ("a\u3000b\tc", "a b c"),
        ("a\r\nb\rc", "a\nb\nc"),
        ("👨\u200d👩", "👨👩"),
        ("  后台  ", "后台"),
    ],
)
def test_clean_drops_what_cannot_be_seen(text: str, expected: str) -> None:
    """NUL, zero-width and bidirectional marks and lone surrogates go; line breaks and visible text stay."""
    assert clean(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [("後台", "后台"), ("ＷＰ　Ａ", "wp a"), ("軟體", "软件"), ("HTTPS", "https"), ("滑鼠壞了", "鼠标坏了")],
)
def test_fold_joins_scripts_and_widths(text: str, expected: str) -> None:
    """Traditional and full-width forms compare equal to the simplified, narrow, lower-case ones."""
    assert fold(text) == expected


@given(ANY)
def test_folding_and_cutting_take_any_text(text: str) -> None:
    """Whatever is typed can be folded, cut and stored as UTF-8; cleaning twice changes nothing more."""
    folded = fold(text)
    folded.encode("utf-8")
    assert all(tokens(folded))
    assert clean(clean(text)) == clean(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("后台密码", ["后", "台", "密", "码", "后台", "台密", "密码"]),
        ("err-1042", ["err-1042"]),
        ("v2.3.1 on help.example.com", ["v2.3.1", "help.example.com"]),
        ("resetting passwords", ["reset", "password"]),
        ("how do i the", []),
        ("don't", []),
        ("plug-in", ["plug-in", "plug"]),
        ("wp后台", ["wp", "后", "台", "后台"]),
        ("", []),
    ],
)
def test_tokens(text: str, expected: list[str]) -> None:
    """Chinese gives characters and pairs, English stems; codes, versions and domain names stay whole."""
    assert tokens(text) == expected


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("后台密码忘了", "zh-Hans"),
        ("後台密碼忘了", "zh-Hant"),
        ("请问網站打不開嗎", "zh-Hant"),
        ("改一下", "zh-Hans"),
        ("how do I reset it", "en"),
        ("How do I change the 首页 banner", "en"),
        ("wp 怎么 reset password", "zh-Hans"),
        ("👍", "zh-Hans"),
        ("", "zh-Hans"),
    ],
)
def test_detect(text: str, language: str) -> None:
    """The two scripts and English are told apart, also where they are mixed."""
    assert detect(text) == language
    assert is_chinese(text) == (language != "en" and text not in {"👍", ""})


def test_script_of_answers_leaves_addresses_and_code_alone() -> None:
    """Converting to traditional characters changes words, never a URL or code."""
    text = "打开 [设置](https://a.example/设置)，运行 `软件 --设置`，看软件。"
    converted = to_script(text, "zh-Hant")
    assert "https://a.example/设置" in converted
    assert "`软件 --设置`" in converted
    assert "看軟體" in converted
    assert to_script(text, "en") == text


@pytest.mark.parametrize(
    ("said", "plain"),
    [
        ("你好，请问后台密码忘了怎么办，谢谢", "后台密码忘了"),
        ("Hi, how do I reset my password please? Thanks!", "how do i reset my password"),
        ("麻烦您帮我看看，首页图片换不了", "首页图片换不了"),
        ("在吗", ""),
        ("谢谢!!!", ""),
    ],
)
def test_courtesies_say_nothing(said: str, plain: str) -> None:
    """Greetings, thanks and fillers are taken off before a question is compared with anything."""
    assert salient(said) == plain
