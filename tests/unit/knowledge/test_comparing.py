"""What a new version would change: golden questions one by one, pages word by word."""

from dataclasses import replace

import pytest

from knowledge import comparing, differing, golden
from knowledge.changes import Fate, Result, Side, Turn, Verdict
from knowledge.errors import GoldenInvalid
from knowledge.golden import Golden
from knowledge.model import Audience, Picture
from tests.unit.knowledge.pages import page

RESET = Golden(ask="wp密码忘了", pages=("zh/reset",))
NONE = Golden(ask="how is the weather", pages=())


def sat(question: Golden, found: str | None, *, answered: bool) -> Result:
    return comparing.result(question, found=found, evidence=0.5, answered=answered)


@pytest.mark.parametrize(
    ("question", "found", "answered", "verdict"),
    [
        (RESET, "zh/reset", True, Verdict.RIGHT),
        (RESET, "zh/mail", True, Verdict.WRONG_PAGE),
        (RESET, "zh/reset", False, Verdict.REFUSED),
        (RESET, None, False, Verdict.REFUSED),
        (NONE, "zh/mail", True, Verdict.SHOULD_REFUSE),
        (NONE, "zh/mail", False, Verdict.RIGHT),
    ],
)
def test_each_question_gets_its_verdict(question: Golden, found: str | None, answered: bool, verdict: Verdict) -> None:
    """Right page, wrong page, refused, or answered where it should not have been."""
    assert sat(question, found, answered=answered).verdict is verdict


@pytest.mark.parametrize(
    ("before", "after", "turn"),
    [
        (("zh/reset", True), ("zh/mail", True), Turn.BROKEN),
        (("zh/reset", True), ("zh/reset", False), Turn.BROKEN),
        (("zh/mail", True), ("zh/reset", True), Turn.MENDED),
        (("zh/mail", True), ("zh/dns", True), Turn.MOVED),
        (("zh/mail", True), ("zh/reset", False), Turn.MOVED),
        (("zh/reset", True), ("zh/reset", True), None),
        (("zh/mail", False), ("zh/dns", False), None),
    ],
)
def test_a_question_breaks_is_mended_or_moves(
    before: tuple[str, bool], after: tuple[str, bool], turn: Turn | None
) -> None:
    """Only what a client would notice is a change."""
    old, new = (sat(RESET, found, answered=answered) for found, answered in (before, after))
    assert [each.turn for each in comparing.changes([old], [new])] == ([turn] if turn else [])


def test_a_question_that_must_not_break_stops_a_version_that_is_no_worse() -> None:
    """One broken `must` question is enough; one that was wrong before is not broken."""
    must = Golden(ask="网站打不开", pages=("zh/down",), must=True)
    before = [sat(must, "zh/down", answered=True), sat(RESET, None, answered=False)]
    after = [sat(must, None, answered=False), sat(RESET, "zh/reset", answered=True)]
    turned = comparing.changes(before, after)
    assert [each.turn for each in turned] == [Turn.BROKEN, Turn.MENDED]
    decision = comparing.decide(turned, worse=False)
    assert (decision.passes, decision.musts) == (False, ("网站打不开",))
    assert comparing.decide(comparing.changes(after, after), worse=False).passes
    assert not comparing.decide((), worse=True).passes


def test_questions_of_one_side_only_are_no_change() -> None:
    """A question that golden.yaml has only now, or has no more, says nothing about the pages."""
    assert comparing.changes([sat(RESET, "zh/reset", answered=True)], [sat(NONE, None, answered=False)]) == ()


def test_must_is_read_and_checked() -> None:
    """`must` is true or false; anything else is named with its line."""
    read = golden.parse("- {ask: a, page: none}\n- {ask: b, page: [x], must: true}\n")
    assert [each.must for each in read] == [False, True]
    with pytest.raises(GoldenInvalid) as caught:
        golden.parse("- {ask: a, page: none}\n- {ask: b, page: [x], must: maybe}\n")
    assert caught.value.line == 2


def test_words_that_changed_are_marked_in_chinese_and_english() -> None:
    """A Chinese character counts as a word, a Latin one stays whole."""
    spans = differing.words("点击后台的 Settings 按钮", "点击后台的 Options 链接")
    assert [(each.side, each.text) for each in spans] == [
        (Side.SAME, "点击后台的 "), (Side.GONE, "Settings"), (Side.NEW, "Options"),
        (Side.SAME, " "), (Side.GONE, "按钮"), (Side.NEW, "链接"),
    ]  # fmt: skip


def test_a_long_section_is_compared_by_lines_and_nothing_is_lost() -> None:
    """Both texts can be read back from the spans, however long they are."""
    old = "\n".join(f"line {number} of the old text" for number in range(2_000))
    new = old.replace("line 7 ", "line seven ")
    spans = differing.words(old, new)
    assert "".join(each.text for each in spans if each.side is not Side.NEW) == old
    assert "".join(each.text for each in spans if each.side is not Side.GONE) == new
    assert sum(len(each.text) for each in spans if each.side is Side.NEW) < 100


def test_pages_are_compared_by_section_and_key() -> None:
    """Only the section that changed is shown, keys as before and after, chunks counted."""
    old = page("a", "Lead.\n\n## One\n\nKeep this.\n\n## Two\n\nWait 2 days.", owner="lin", hash="1")
    new = page("a", "Lead.\n\n## One\n\nKeep this.\n\n## Two\n\nWait 5 days.", owner="tom", hash="2")
    (change,) = differing.compare([old], [new])
    assert (change.fate, change.fresh, change.stale, change.opened) == (Fate.CHANGED, 1, 1, False)
    assert [(each.key, each.before, each.after) for each in change.front] == [("owner", "lin", "tom")]
    (section,) = change.sections
    assert section.heading.endswith("Two")
    assert [each.text for each in section.spans if each.side is not Side.SAME] == ["2", "5"]


@pytest.mark.parametrize(
    ("old", "new", "opens"),
    [
        ({"audience": Audience.INTERNAL}, {"audience": Audience.CLIENT}, True),
        ({"audience": Audience.CLIENT}, {"audience": Audience.INTERNAL}, False),
        ({"clients": ("acme",)}, {"clients": ()}, True),
        ({"clients": ("acme",)}, {"clients": ("acme", "nw")}, True),
        ({"clients": ("acme", "nw")}, {"clients": ("acme",)}, False),
        ({}, {"clients": ("acme",)}, False),
        ({"audience": Audience.INTERNAL, "clients": ("acme",)}, {"audience": Audience.INTERNAL}, False),
    ],
)
def test_a_page_that_opens_to_clients_is_told(old: dict[str, object], new: dict[str, object], opens: bool) -> None:
    """From internal to client, or to more clients than before."""
    (change,) = differing.compare([page("a", hash="1", **old)], [page("a", hash="2", **new)])
    assert change.opened is opens


def test_pages_come_and_go_and_too_much_is_cut() -> None:
    """Added and removed pages are named; beyond the limit a changed page is named without its words."""
    big = [page(f"p{number}", "x" * 75_000, hash=f"{number}") for number in range(4)]
    grown = [page(f"p{number}", "y" * 75_000, hash=f"new{number}") for number in range(4)]
    found = differing.compare([*big, page("old")], [*grown, page("new")])
    assert [each.page for each in found if each.fate is Fate.ADDED] == ["new"]
    assert [each.page for each in found if each.fate is Fate.REMOVED] == ["old"]
    assert [each.cut for each in found if each.fate is Fate.CHANGED] == [False, True, True, True]


def test_a_picture_that_was_exchanged_is_named() -> None:
    """By its file; what others say of a page (its translations) is no change of it."""

    def shot(digest: str) -> Picture:
        return Picture(source="a.png", path="zh/a.png", alt="", line=1, hash=digest, media_type="image/png", width=9, height=9)  # fmt: skip

    old, new = (page("zh/a", pictures=(shot(digest * 64),)) for digest in "ab")
    (change,) = differing.compare([old], [new])
    (front,) = change.front
    assert (front.key, front.before, front.after) == ("pictures", "zh/a.png (aaaaaaa)", "zh/a.png (bbbbbbb)")
    assert differing.compare([old], [replace(old, translations=("en/a",))]) == ()
