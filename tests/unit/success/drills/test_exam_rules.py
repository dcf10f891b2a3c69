"""Exams: attempts, waits, results, certificates, at their boundaries."""

from datetime import UTC, date, datetime, timedelta

import pytest

from success.drills.exam_rules import Taken, may_begin, months_later, number, outcome, settled_at

NOW = datetime(2026, 11, 16, 2, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("tries", "why"),
    [
        ([], None),
        ([Taken(number=1, ended_at=NOW - DAY, passed=False)], None),
        ([Taken(number=1, ended_at=NOW - DAY + timedelta(seconds=1), passed=False)], "wait"),
        ([Taken(number=1, ended_at=None, passed=False)], "open"),
        ([Taken(number=1, ended_at=NOW - DAY, passed=True)], "passed"),
        ([Taken(number=n, ended_at=NOW - 3 * DAY, passed=False) for n in (1, 2)], "used_up"),
    ],
)
def test_whether_an_attempt_may_begin(tries: list[Taken], why: str | None) -> None:
    """Two attempts, a day between them."""
    facts = {"attempts": 2, "wait": DAY, "due_at": NOW, "withdrawn": False}
    assert may_begin(tries, **facts, now=NOW) == why  # type: ignore[arg-type]
    assert may_begin(tries, **facts | {"withdrawn": True}, now=NOW) == "withdrawn"  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("drills", "right", "asked", "percent", "passed"),
    [
        ([(80, True)], 0, 0, 80, True), ([(79, True)], 0, 0, 79, False), ([(100, True), (100, False)], 0, 0, 100, False),
        ([], 4, 5, 80, True), ([], 3, 5, 60, False), ([(70, True)], 9, 10, 80, True), ([(100, True)], 0, 3, 50, False), ([], 0, 0, 0, False),
    ],
)  # fmt: skip
def test_what_an_attempt_comes_to(
    drills: list[tuple[int, bool]], right: int, asked: int, percent: int, *, passed: bool
) -> None:
    """The mean of its drills and of its questions; a failed drill lets nobody pass."""
    found = outcome(drills, right=right, asked=asked, pass_mark=80)
    assert (found.percent, found.passed) == (percent, passed)


def test_when_an_exam_is_settled() -> None:
    """By passing, by the last attempt, by the day it was due."""
    failed = Taken(number=1, ended_at=NOW - DAY, passed=False)
    assert settled_at([failed], attempts=2, due_at=NOW, now=NOW) is None
    assert settled_at([failed], attempts=1, due_at=NOW, now=NOW) == (NOW - DAY, False)
    assert settled_at([failed, Taken(number=2, ended_at=NOW, passed=True)], attempts=2, due_at=NOW, now=NOW) == (
        NOW,
        True,
    )
    assert settled_at([], attempts=2, due_at=NOW - DAY, now=NOW) == (NOW - DAY, False)


@pytest.mark.parametrize(
    ("day", "months", "ends"),
    [(date(2026, 1, 31), 1, date(2026, 2, 28)), (date(2027, 11, 30), 3, date(2028, 2, 29)), (date(2026, 12, 1), 12, date(2027, 12, 1))],
)  # fmt: skip
def test_a_certificate_ends_on_a_day_that_is(day: date, months: int, ends: date) -> None:
    """The last of a month that is shorter; and has a number."""
    assert months_later(day, months) == ends
    assert number(7, day).endswith("-0007")
