"""Drills as files: the shipped ones hold to the manual, a broken one says where."""

import pytest
import yaml

from success.drills import bank, reading, shelf
from success.drills.errors import DrillBroken
from success.drills.model import ItemKind, in_language
from tests.unit.success.drills.conftest import drill, page


def changed(**fields: object) -> str:
    """The shipped outage with other fields; None leaves one out."""
    root = yaml.safe_load(shelf.shipped()["outage"]) | fields
    return yaml.safe_dump({name: value for name, value in root.items() if value is not None}, allow_unicode=True)


def problems(text: str) -> dict[str, str]:
    with pytest.raises(DrillBroken) as broken:
        reading.read(text)
    return dict(broken.value.problems)


def test_the_four_drills_are_there(names: tuple[str, ...]) -> None:
    """Schedule slip, changed requirements, angry outage, price talk; each weighs 100."""
    assert names == ("changed", "outage", "price", "slip")
    assert {drill(name).weights for name in names} == {100}
    assert all(
        {ItemKind.FACTS, ItemKind.PROMISES, ItemKind.TONE, ItemKind.STEPS} <= {i.kind for i in drill(n).rubric}
        for n in names
    )


@pytest.mark.parametrize("name", ["changed", "outage", "price", "slip"])
def test_what_a_rubric_quotes_stands_in_the_manual(name: str) -> None:
    """Every page that a drill names is there, and every quotation of it word for word."""
    scenario = drill(name)
    assert all(page(each) for each in scenario.pages)
    sources = [each.source for item in scenario.rubric for each in (item, *item.steps) if each.source is not None]
    assert sources
    assert [source for source in sources if source.quote not in page(source.page)] == []


@pytest.mark.parametrize("language", ["zh-Hans", "zh-Hant", "en"])
def test_questions_come_from_pages_that_are_there(language: str) -> None:
    """Six questions in each language, each with one right choice."""
    found = bank.questions(language)
    assert len(found) == 6
    assert all(page(each.page) for each in found)


def test_traditional_chinese_is_made_of_simplified() -> None:
    """No drill is written in it."""
    assert in_language({"zh-Hans": "网站打不开", "en": "down"}, "zh-Hant") == "網站打不開"


@pytest.mark.parametrize(
    ("fields", "where"),
    [
        ({"name": "Big Name"}, "name"),
        ({"tier": "diamond"}, "tier"),
        ({"level": None}, "level"),
        ({"at": "yesterday"}, "at"),
        ({"at": "2026-11-20T22:10:00"}, "at"),
        ({"title": {"en": "only English"}}, "title"),
        ({"facts": []}, "facts"),
        ({"lines": 0}, "lines"),
        ({"pass_mark": True}, "pass_mark"),
        ({"persona": "rude"}, "persona"),
        ({"opening": [{"en": "x" * 601, "zh-Hans": "一"}]}, "opening.1.en"),
        ({"branches": [{"when": ["shouting"], "say": {"en": "a", "zh-Hans": "一"}}]}, "branches.1.when"),
        ({"branches": [{"when": ["date"], "say": {"en": "a", "zh-Hans": "一"}, "mood": 20}]}, "branches.1.mood"),
        ({"rubric": [{"id": "a", "kind": "luck", "weight": 1, "name": {"en": "a", "zh-Hans": "一"}}]}, "rubric.1.kind"),
        ({"rubric": [{"id": "a", "kind": "tone", "weight": 1, "name": {"en": "a", "zh-Hans": "一"}, "x": 1}]}, "rubric.1.x"),
        ({"rubric": [{"id": "a", "kind": "promises", "weight": 1, "name": {"en": "a", "zh-Hans": "一"}, "no_date": 3}]}, "rubric.1.no_date"),
        ({"rubric": [{"id": "a", "kind": "says", "weight": 1, "name": {"en": "a", "zh-Hans": "一"}, "words": {"en": ["x" * 301], "zh-Hans": ["一"]}}]}, "rubric.1.words.en"),
        ({"rubric": [{"id": "a", "kind": "facts", "weight": 1, "name": {"en": "a", "zh-Hans": "一"}, "denied": ["x"]}]}, "rubric.1.denied"),
        ({"rubric": [{"id": "a", "kind": "tone", "weight": 1, "name": {"en": "a", "zh-Hans": "一"}, "denied": {"en": ["x"], "zh-Hans": ["一"]}}]}, "rubric.1.denied"),
        ({"surprise": 1}, "surprise"),
    ],
)  # fmt: skip
def test_a_broken_drill_says_where(fields: dict[str, object], where: str) -> None:
    """Each mistake has its place."""
    assert where in problems(changed(**fields))


@pytest.mark.parametrize(
    "text", ["", "- a list", "a: [", "a: &x 1\nb: *x", "[" * 50, "x: " + "y" * 100_000, "a: !!python/object:os.system x", "\x00"]
)  # fmt: skip
def test_what_is_no_drill_is_refused(text: str) -> None:
    """No anchor, no object, nothing deep or long is read."""
    assert problems(text)


def test_a_version_is_its_content() -> None:
    """The same text has the same version, another one another."""
    text = shelf.shipped()["outage"]
    assert reading.read(text).version == reading.version_of(text)
    assert reading.version_of(text + "\n") != reading.version_of(text)
