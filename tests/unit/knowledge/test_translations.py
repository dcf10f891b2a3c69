"""One page in several languages is found as one, and the client gets the one it can read."""

from pathlib import Path

import pytest

from knowledge.loaders import load
from knowledge.model import Audience, Page, Passage, Scope
from knowledge.translations import linked, preferred
from tests.unit.knowledge.pages import page, write

MANUAL = Path(__file__).parents[3] / "manual"
ZH, HANT, EN = {"language": "zh-Hans"}, {"language": "zh-Hant"}, {"language": "en"}


def links(*pages: Page) -> dict[str, tuple[str, ...]]:
    return {each.id: each.translations for each in linked(pages).pages if each.translations}


def messages(*pages: Page) -> list[tuple[str, str]]:
    return [(each.file, each.message) for each in linked(pages).problems]


def test_the_same_place_below_two_languages() -> None:
    """Pages at one place of the language folders are one page; elsewhere a place means nothing."""
    found = links(
        page("en/mail/full", **EN), page("zh/mail/full", **ZH), page("zh-TW/mail/full", **HANT),
        page("internal/mail/full", **EN), page("en/mail/spam", **EN), page("full", **ZH),
    )  # fmt: skip
    assert found == {
        "en/mail/full": ("zh/mail/full", "zh-TW/mail/full"),
        "zh/mail/full": ("en/mail/full", "zh-TW/mail/full"),
        "zh-TW/mail/full": ("en/mail/full", "zh/mail/full"),
    }


def test_a_page_says_what_it_translates() -> None:
    """The front matter links what lies elsewhere, also at one remove."""
    original = page("zh/a", **ZH)
    assert links(page("b", translation_of="zh/a", **EN), page("c", translation_of="b", **HANT), original) == {
        "b": ("c", "zh/a"), "c": ("b", "zh/a"), "zh/a": ("b", "c"),
    }  # fmt: skip


def test_what_cannot_be_right_is_named() -> None:
    """Unknown pages, a page of itself, circles, two pages of one language."""
    assert messages(page("a", translation_of="gone"), page("b", translation_of="b")) == [
        ("a.md", "is called a translation of an unknown page: gone"), ("b.md", "is called a translation of itself"),
    ]  # fmt: skip
    round_trip = (page("a", translation_of="b", **EN), page("b", translation_of="a", **ZH))
    assert [file for file, message in messages(*round_trip) if "in a circle" in message] == ["a.md", "b.md"]
    assert links(*round_trip) == {"a": ("b",), "b": ("a",)}
    rivals = (page("a", **ZH), page("b", translation_of="a", **EN), page("c", translation_of="a", **EN))
    assert messages(*rivals) == [("c.md", "the same page in the same language (en) as b.md: not linked")]
    assert links(*rivals) == {"a": ("b",), "b": ("a",)}


def test_a_link_shows_nobody_more_than_he_may_see() -> None:
    """A client's page never names an internal one, nor one for other clients; an internal page names both."""
    inner, outer = page("zh/a", audience=Audience.INTERNAL, **ZH), page("en/a", **EN)
    assert links(inner, outer) == {"zh/a": ("en/a",)}
    acme, all_of_them = page("zh/a", clients=("acme",), **ZH), page("en/a", **EN)
    assert links(acme, all_of_them) == {"zh/a": ("en/a",)}
    assert links(acme, page("en/a", clients=("acme", "other"), **EN)) == {"zh/a": ("en/a",)}
    for one in linked((acme, all_of_them, inner)).pages:
        for client in (None, "acme"):
            scope = Scope(client=client)
            seen = {each.id for each in (acme, all_of_them) if scope.sees(each)}
            assert not scope.sees(one) or set(one.translations) <= seen


def test_a_superseded_page_gives_its_place_to_its_successor() -> None:
    """What replaced a page takes over its translations."""
    old, new, english = page("zh/a", **ZH), page("zh/b", translation_of="en/a", **ZH), page("en/a", **EN)
    found = linked((english, old, new), superseded=frozenset({"zh/a"}))
    assert {each.id: each.translations for each in found.pages} == {"en/a": ("zh/b",), "zh/a": (), "zh/b": ("en/a",)}
    assert found.problems == ()


def test_the_pairs_of_the_sample_are_found(tmp_path: Path) -> None:
    """The sample manual's pages at one place in both languages know each other, without a complaint."""
    found = {each.id: each for each in load(MANUAL).pages}
    both = {name[3:] for name in found if name.startswith("en/")} & {
        name[3:] for name in found if name.startswith("zh/")
    }
    assert len(both) >= 20
    assert all(found[f"zh/{name}"].translations == (f"en/{name}",) for name in both)
    assert all(found[f"en/{name}"].translations == (f"zh/{name}",) for name in both)
    assert not any("translation" in each.message for each in load(MANUAL).problems)


def passage(name: str, language: str, *others: str, score: float = 0.5) -> Passage:
    return Passage(
        chunk=name, page=name, title=name, heading="", anchor="", text=name, language=language, video=None, url=None,
        category="", score=score, translations=others,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("language", "order"),
    [
        ("en", ["a", "en", "b", "zh", "hant"]),
        ("zh-Hans", ["a", "zh", "b", "hant", "en"]),
        ("zh-Hant", ["a", "hant", "b", "zh", "en"]),
    ],
)
def test_the_page_in_the_askers_language_comes_first(language: str, order: list[str]) -> None:
    """Among a page's translations the readable one takes the best place; other pages keep theirs."""
    found = (
        passage("a", "en"),
        passage("zh", "zh-Hans", "en", "hant"),
        passage("b", "zh-Hans"),
        passage("hant", "zh-Hant", "en", "zh"),
        passage("en", "en", "hant", "zh"),
    )
    assert [each.page for each in preferred(found, language=language)] == order


def test_sections_of_one_page_keep_their_order() -> None:
    """Nothing moves where there is nothing to prefer."""
    found = (passage("a", "en", score=0.9), passage("b", "zh-Hans", score=0.8), passage("a", "en", score=0.7))
    assert preferred(found, language="zh-Hans") == found
    assert preferred((), language="en") == ()


def test_front_matter_reaches_the_link(tmp_path: Path) -> None:
    """From two files to two linked pages."""
    write(tmp_path, "a.md", "---\ntitle: A\nlanguage: en\n---\nText.\n")
    write(tmp_path, "b.md", "---\ntitle: B\nlanguage: zh-Hans\ntranslation_of: a\n---\n正文。\n")
    assert [each.translations for each in load(tmp_path).pages] == [("b",), ("a",)]
