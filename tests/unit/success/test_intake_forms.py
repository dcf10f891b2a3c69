"""Forms as they are written: the one that is shipped, and what is wrong with others, by line."""

from pathlib import Path

import pytest

from success.intake import forms_kept
from success.intake.errors import FormBroken
from success.intake.form_model import LANGUAGES, Holds
from success.intake.form_reading import LONGEST, read, texts_of

SMALL = """\
form: website
name: {zh-Hans: 网站, en: Site}
begins: [做网站]
questions:
  - key: what
    kind: choices
    name: {zh-Hans: 功能, en: Functions}
    ask: {zh-Hans: 做什么, en: What}
    options:
      - {key: sell, name: {zh-Hans: 卖, en: Sell}, words: [賣]}
      - {key: show, name: {zh-Hans: 看, en: Show}}
  - key: many
    kind: number
    name: {zh-Hans: 数量, en: Number}
    ask: {zh-Hans: 多少, en: How many}
    when: {what: [sell]}
    least: 1
"""


def test_the_shipped_form_holds_every_place_of_the_brief() -> None:
    """All eight topics, in three languages, traditional Chinese made where it is not written."""
    form = read(forms_kept.shipped())
    assert {each.holds for each in form.questions if each.holds} == set(Holds)
    for said in texts_of(form):
        assert set(said) == set(LANGUAGES)
        assert all(said.values())
    budget = form.question("budget")
    assert budget is not None
    assert budget.ask["zh-Hant"] == "預算大概是多少？給個範圍也可以。"


def test_a_small_form() -> None:
    """Branches, words folded, a version by its text."""
    form = read(SMALL)
    assert [each.key for each in form.asked({})] == ["what"]
    assert [each.key for each in form.asked({"what": ["sell"]})] == ["what", "many"]
    assert form.questions[0].options[0].words == ("卖",)
    assert read(SMALL).version == form.version
    assert read(SMALL + "\n").version != form.version


@pytest.mark.parametrize(
    ("before", "after", "line", "why"),
    [
        ("kind: choices", "kind: guess", 6, "wants one of"),
        ("key: many", "key: what", 12, "stands twice"),
        ("when: {what: [sell]}", "when: {what: [fly]}", 16, "has no option fly"),
        ("when: {what: [sell]}", "when: {later: [sell]}", 16, "no question that is asked before"),
        ("least: 1", "remarks: true", 17, "no meaning for the kind number"),
        ("least: 1", "least: none", 17, "whole number"),
        ("least: 1", "soonest: 1", 17, "no meaning for the kind number"),
        ("least: 1", "colour: red", 17, "is not known here"),
        ("ask: {zh-Hans: 做什么, en: What}", "ask: {zh-Hans: 做什么}", 8, "a sentence in en"),
        ("ask: {zh-Hans: 做什么, en: What}", "ask: {zh-Hans: 做什么, en: What, fr: Quoi}", 8, "fr is no language"),
        ("{key: show,", "{key: sell,", 11, "stands twice"),
        ("key: many", "key: Viele Dinge", 12, "small letters"),
        ("begins: [做网站]", "begins: []", 3, "wants words"),
        ("least: 1", "least: 1\n    holds: budget", 18, "is filled by the kinds money"),
        ("least: 1", "least: &a 1", 17, "anchors"),
        ("form: website", "form: [", 3, "is no YAML"),
    ],
)
def test_what_is_wrong_is_told_by_line(before: str, after: str, line: int, why: str) -> None:
    """The place and what to do."""
    assert before in SMALL
    with pytest.raises(FormBroken) as caught:
        read(SMALL.replace(before, after, 1))
    assert any(each.line == line and why in each.why for each in caught.value.problems), caught.value


@pytest.mark.parametrize(
    "source", ["", "- a", "x" * (LONGEST + 1), "a: b\n---\nc: d", "[" * 60, "form: website", "\x00"]
)
def test_what_is_no_form(source: str) -> None:
    """Whatever is written, it is told, never raised as something else."""
    with pytest.raises(FormBroken):
        read(source)


def test_the_guide_shows_a_form_that_can_be_read() -> None:
    """What is given to be copied is taken by the desk, in both languages of the guide."""
    docs = Path(forms_kept.__file__).parents[2] / "docs"
    for name in ("intake.md", "intake.zh-CN.md"):
        found = (docs / name).read_text("utf-8").split("```yaml\n")[1:]
        assert [len(read(each.split("```")[0]).questions) for each in found] == [3]
