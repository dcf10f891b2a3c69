"""What each figure means, on clocks made by hand."""

from datetime import UTC, datetime, timedelta
from statistics import quantiles
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handoff.indicators import Course, Figures, Share, Spread, Times, quantile, shares, spread, times, trend
from handoff.kinds import ClockKind, ClockState, Level, Tier

START = datetime(2026, 3, 9, 2, 0, tzinfo=UTC)
SHANGHAI = ZoneInfo("Asia/Shanghai")


def course(kind: str = "FR", state: str = "met", seconds: int = 60, **facts: Any) -> Course:
    values = {"level": Level.BUG, "tier": Tier.GOLD, "started_at": START} | facts
    return Course(kind=ClockKind(kind), state=ClockState(state), business_s=seconds, wall_s=2 * seconds, **values)


def test_responses_nobody_gave_are_in_the_average_with_their_wait_so_far() -> None:
    """One answered after a minute, one resolved unanswered after two, one that runs for three."""
    rows = [course(seconds=60), course(state="unanswered", seconds=120), course(state="running", seconds=180)]
    assert times(rows, ClockKind.FR).business == Spread(n=3, open=2, mean=120, median=120, p90=168)
    assert times(rows, ClockKind.FR).wall.mean == 240


def test_cancelled_clocks_are_in_no_figure() -> None:
    """Merged away: neither met nor missed."""
    rows = [course(state="cancelled"), course(state="idle")]
    assert times(rows, ClockKind.FR) == Times()
    assert shares(rows) == {}


def test_a_resolution_counts_once_there_is_one() -> None:
    """What is still worked on would make the average better than it is."""
    rows = [
        course("RS", "met", 100),
        course("RS", "running", 1),
        course("RS", "paused", 1),
        course("RS", "missed", 300),
    ]
    assert times(rows, ClockKind.RS).business == Spread(n=2, open=0, mean=200, median=200, p90=280)


def test_held_replies_are_told_apart() -> None:
    """They end the wait, and are counted."""
    assert times([course(held=True), course()], ClockKind.FR).held == 1


@pytest.mark.parametrize(
    ("state", "late", "name"),
    [
        ("met", False, "met"),
        ("missed", True, "missed"),
        ("unanswered", False, "unanswered"),
        ("running", True, "late"),
        ("running", False, "running"),
        ("paused", True, "late"),
        ("paused", False, "running"),
    ],
)
def test_each_clock_is_judged_once(state: str, name: str, *, late: bool) -> None:
    """Kept, not kept, or not judged yet."""
    found = shares([course(state=state, late=late)])[ClockKind.FR, Level.BUG, Tier.GOLD]
    assert found == Share(**{name: 1})
    assert found.rate == {"met": 1.0, "running": None}.get(name, 0.0)


def test_shares_are_added_up_by_what_is_asked_for() -> None:
    """A rate over several levels is of their tickets, not of their rates."""
    rows = [course(), course(), course(state="missed", level=Level.QUESTION), course("RS", "missed")]
    nothing = Times()
    figures = Figures(
        since=START, until=START, first_response=nothing, next_response=nothing, resolution=nothing,
        wait_any=Spread(), wait_person=Spread(), bot_latency=Spread(), shares=shares(rows),
    )  # fmt: skip
    assert figures.share(clock=ClockKind.FR).rate == 2 / 3
    assert figures.share(level=Level.QUESTION) == Share(missed=1)
    assert figures.share(tier=Tier.PLATINUM).rate is None
    assert figures.share().judged == 4


def test_the_trend_has_every_week_the_empty_ones_too() -> None:
    """Weeks begin on Monday in the zone asked for: Sunday 16:00 UTC is Monday in Shanghai."""
    sunday = datetime(2026, 3, 8, 16, 0, tzinfo=UTC)
    rows = [course(started_at=sunday), course(started_at=sunday - timedelta(seconds=1), state="missed")]
    weeks = trend(rows, until=START + timedelta(days=2), weeks=3, zone=SHANGHAI)
    assert [str(week.starts) for week in weeks] == ["2026-02-23", "2026-03-02", "2026-03-09"]
    assert [(week.requests, week.kept) for week in weeks] == [(0, None), (1, 0.0), (1, 1.0)]
    assert weeks[2].response_s == 120


def test_a_period_that_ends_at_midnight_of_monday_ends_with_the_week_before() -> None:
    """The end of a period is not in it."""
    monday = datetime(2026, 3, 15, 16, 0, tzinfo=UTC)
    assert str(trend([], until=monday, weeks=1, zone=SHANGHAI)[0].starts) == "2026-03-09"


@given(st.lists(st.floats(0, 1e6), min_size=2, max_size=50))
def test_percentiles_are_the_librarys(values: list[float]) -> None:
    """Against `statistics`, and in their order."""
    found = spread(values)
    assert found.median is not None
    assert found.p90 is not None
    assert found.p90 == pytest.approx(quantiles(values, n=10, method="inclusive")[8])
    assert min(values) <= found.median <= found.p90 <= max(values)
    assert quantile(sorted(values), 0.0) == min(values)
