"""Rules of languages across: who gets what translated, and what a translation must keep."""

import pytest

from success.across_rules import lost, spoken, targets


@pytest.mark.parametrize(
    ("source", "readers", "into"),
    [
        ("ja", [()], ("zh-Hans",)),
        ("en", [()], ()),
        ("zh-Hant", [()], ()),
        (None, [()], ()),
        ("en", [("zh-Hans",), ()], ("zh-Hans",)),
        ("zh-Hans", [("en",), ("en", "ja")], ("en",)),
        ("es", [("en",), ("en",), ("ja",), ("fr",), ("ko",)], ("en", "ja", "fr")),
        ("ja", [("ja", "en")], ()),
        ("ja", [], ()),
    ],
)
def test_targets(source: str | None, readers: list[tuple[str, ...]], into: tuple[str, ...]) -> None:
    """Whoever does not read it is given their first language, at most three of them."""
    assert targets(source, readers) == into


SOURCE = "T-1042: フォーム https://shop.example/form?x=1 が 3 回エラー E-500 です。mei@shop.example 密码：•••••• 「Save Changes」を押しました"
GOOD = "T-1042: the form https://shop.example/form?x=1 fails 3 times with E-500. mei@shop.example password: •••••• I pressed 「Save Changes」"


@pytest.mark.parametrize(
    ("translation", "kinds"),
    [
        (GOOD, set()),
        (GOOD.replace("https://shop.example/form?x=1", "https://evil.example/"), {"link", "added"}),
        (GOOD.replace("3 times", "several times"), {"number"}),
        (GOOD.replace("3 times", "3 times in 24 hours"), {"added"}),
        (GOOD.replace("E-500", "E-501"), {"code", "added"}),
        (GOOD.replace("T-1042", "T-1043"), {"code", "added"}),
        (GOOD.replace("mei@shop.example", "me"), {"mail"}),
        (GOOD.replace("••••••", "hunter2secret"), {"secret", "added"}),
        (GOOD.replace("Save Changes", "Speichern"), {"name"}),
        ("   ", {"empty"}),
        (SOURCE, {"language"}),
    ],
)
def test_what_must_survive(translation: str, kinds: set[str]) -> None:
    """Links, addresses, codes, numbers, masked secrets, quoted names; nothing new; the language asked for."""
    assert {each.kind for each in lost(SOURCE, translation, into="en")} == kinds


def test_the_language_somebody_writes() -> None:
    """The newest message that tells; else what is kept of the company."""
    assert spoken(["ok", "サイトが開きません", "hello, how are you"], "en") == "ja"
    assert spoken(["ok", "👍"], "fr") == "fr"
    assert spoken([], None) is None
