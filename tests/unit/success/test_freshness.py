"""Which pages want a look, and the quarters that reviews are of."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from knowledge.model import Audience, Page
from success.freshness import Concern, Use, judge
from success.quarters import Quarter

NOW = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
TODAY = date(2026, 11, 22)


def page(name: str = "zh/mail/full", **values: object) -> Page:
    given: dict[str, object] = {
        "id": name, "title": name, "audience": Audience.CLIENT, "language": "zh-Hans", "category": "mail",
        "body": "x", "hash": "h", "path": f"{name}.md", "questions": ("邮箱满了怎么办",),
    }  # fmt: skip
    return Page(**(given | values))  # type: ignore[arg-type]


def concerns(one: Page, use: Use) -> tuple[str, ...]:
    found = judge([one], {one.id: use}, now=NOW, today=TODAY)
    return tuple(found[0].concerns) if found else ()


@pytest.mark.parametrize(
    ("due", "found"),
    [
        (None, ()),
        (date(2026, 11, 21), (Concern.OVERDUE,)),
        (date(2026, 11, 22), (Concern.DUE_SOON,)),
        (date(2026, 12, 22), (Concern.DUE_SOON,)),
        (date(2026, 12, 23), ()),
    ],
)
def test_a_review_is_due_thirty_days_ahead_and_late_the_day_after(due: date | None, found: tuple[str, ...]) -> None:
    """The day itself is in time."""
    assert concerns(page(review_by=due), Use(cited=1)) == found


@pytest.mark.parametrize(
    ("age", "cited", "found"),
    [
        (None, 0, ()),
        (timedelta(days=7), 0, ()),
        (timedelta(days=14), 0, (Concern.UNUSED,)),
        (timedelta(days=99), 1, ()),
    ],
)
def test_a_page_that_came_last_week_is_not_called_unused(
    age: timedelta | None, cited: int, found: tuple[str, ...]
) -> None:
    """Nor one of which nobody knows since when it is there."""
    assert concerns(page(), Use(cited=cited, first_at=NOW - age if age else None)) == found


@pytest.mark.parametrize(
    ("failed", "cited", "is_failing"), [(1, 1, False), (2, 2, True), (2, 20, False), (6, 20, True), (0, 50, False)]
)
def test_a_page_fails_by_what_is_at_least_to_be_expected(failed: int, cited: int, is_failing: bool) -> None:
    """One unhappy client proves nothing; two of twenty neither."""
    assert (Concern.FAILING in concerns(page(), Use(cited=cited, failed=failed))) is is_failing


def test_the_language_that_was_left_behind_is_named() -> None:
    """The Chinese page was changed after the English one: the English one wants a look."""
    zh = page("zh/mail/full", translations=("en/mailbox",))
    en = page("en/mailbox", language="en")
    uses = {
        zh.id: Use(cited=1, changed_at=NOW - timedelta(days=1)),
        en.id: Use(cited=1, changed_at=NOW - timedelta(days=40)),
    }
    (found,) = judge([zh, en], uses, now=NOW, today=TODAY)
    assert (found.page.id, found.concerns, found.twin) == (en.id, (Concern.BEHIND,), zh.id)


def test_two_pages_of_one_name_in_two_folders_are_no_translations_by_that() -> None:
    """Only what the manual takes for translations is."""
    zh, en = page("zh/mail/full"), page("en/mail/full", language="en")
    uses = {each.id: Use(cited=1, changed_at=NOW - timedelta(days=age)) for each, age in ((zh, 1), (en, 40))}
    assert judge([zh, en], uses, now=NOW, today=TODAY) == ()


def test_a_page_that_contradicts_another_says_where() -> None:
    """The later of the two wants a look, with both their words."""
    old = page("zh/a", title="套餐", body="维护套餐每个月的费用是 300 元,按月支付。\n")
    new = page("zh/b", title="套餐", body="维护套餐每个月的费用是 380 元,按月支付。\n")
    (found,) = judge([old, new], {each.id: Use(cited=1) for each in (old, new)}, now=NOW, today=TODAY)
    assert (found.page.id, found.concerns) == ("zh/b", (Concern.CONTRADICTS,))
    assert found.against is not None
    assert ("380" in found.against.says, "300" in found.against.other_says, found.against.other) == (True, True, old)


def test_what_was_taken_back_comes_first() -> None:
    """Then what fails, then what is late, then the rest."""
    pages = [page("a", questions=()), page("b", review_by=date(2026, 1, 1)), page("c"), page("d")]
    uses = {"a": Use(cited=1), "b": Use(cited=1), "c": Use(cited=3, failed=3), "d": Use(cited=1, retracted=1)}
    assert [each.page.id for each in judge(pages, uses, now=NOW, today=TODAY)] == ["d", "c", "b", "a"]


@pytest.mark.parametrize(
    ("text", "first", "before", "after"),
    [("2026Q4", date(2026, 10, 1), "2026Q3", "2027Q1"), (" 2026q1 ", date(2026, 1, 1), "2025Q4", "2026Q2")],
)
def test_a_quarter_is_read_as_people_write_it(text: str, first: date, before: str, after: str) -> None:
    """Its neighbours follow, over the year's end."""
    found = Quarter.read(text)
    assert found is not None
    assert (found.first, found.before.written, found.next.written) == (first, before, after)
    assert Quarter.of(found.first) == found
    assert found.since(ZoneInfo("Asia/Shanghai")).hour == 16


@pytest.mark.parametrize("text", ["", "2026", "2026Q5", "2026Q0", "Q4", "26Q4", "2026--Q4", "9999Q4", "２０２６Q4"])
def test_what_is_no_quarter_is_refused(text: str) -> None:
    """Rather than guessed."""
    assert Quarter.read(text) is None
