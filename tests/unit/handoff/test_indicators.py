"""What each figure means, on facts made by hand."""

from statistics import quantiles
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handoff.clock_facts import Run, _judged, timed, verdict_of
from handoff.indicators import (
    DIMENSIONS,
    About,
    Better,
    Fact,
    Figure,
    Indicator,
    Rows,
    Unit,
    count,
    mean,
    of_span,
    parts,
    quantile,
    spread,
    standing_at,
    trend,
    within,
)
from handoff.kinds import ClockKind, ClockState, Level, Tier
from handoff.measures import indicators

START = 1773021600
ABOUT = About(1, Level.BUG, "mail", Tier.GOLD, "web", 7)


def run(kind: str = "FR", state: str = "met", seconds: int = 60, **facts: Any) -> Run:
    values = {"late": False, "held": False, "started": START} | facts
    return Run(
        1,
        ClockKind(kind),
        ClockState(state),
        values["started"],
        seconds,
        2 * seconds,
        ABOUT,
        values["late"],
        values["held"],
    )


def indicator(**facts: Any) -> Indicator:
    values: dict[str, Any] = {
        "id": "x",
        "unit": Unit.SECONDS,
        "rows": Rows.CLOCKS,
        "facts": lambda _: (),
        "formula": mean,
    }
    return Indicator(**(values | facts))


def test_responses_nobody_gave_are_in_the_average_with_their_wait_so_far() -> None:
    """One answered after a minute, one resolved unanswered after two, one that runs for three."""
    facts = list(
        timed([run(seconds=60), run(state="unanswered", seconds=120), run(state="running", seconds=180)], ClockKind.FR)
    )
    assert mean(facts) == 120
    assert [fact.marks for fact in facts] == [(), ("open",), ("open",)]
    assert spread(fact.wall for fact in facts if fact.wall is not None).mean == 240


def test_cancelled_clocks_are_in_no_figure() -> None:
    """Merged away: neither met nor missed, and no time."""
    rows = [run(state="cancelled"), run(state="idle")]
    assert list(timed(rows, ClockKind.FR)) == []
    assert list(_judged(rows)) == []
    assert mean([]) is None


def test_a_resolution_counts_once_there_is_one() -> None:
    """What is still worked on would make the average better than it is."""
    rows = [run("RS", "met", 100), run("RS", "running", 1), run("RS", "paused", 1), run("RS", "missed", 300)]
    assert mean(list(timed(rows, ClockKind.RS))) == 200


def test_held_replies_are_told_apart() -> None:
    """They end the wait, and are marked."""
    assert [fact.marks for fact in timed([run(held=True), run()], ClockKind.FR)] == [("held",), ()]


@pytest.mark.parametrize(
    ("state", "late", "verdict"),
    [
        ("met", False, "met"),
        ("missed", True, "missed"),
        ("unanswered", False, "unanswered"),
        ("running", True, "late"),
        ("running", False, "running"),
        ("paused", True, "late"),
        ("paused", False, "running"),
        ("cancelled", False, None),
    ],
)
def test_each_clock_is_judged_once(state: str, verdict: str | None, *, late: bool) -> None:
    """Kept, not kept, or not judged yet."""
    assert verdict_of(run(state=state, late=late)) == verdict
    judged = list(_judged([run(state=state, late=late)]))
    expected = {"met": [1.0], "running": [], None: []}.get(verdict, [0.0])
    assert [fact.value for fact in judged] == expected


@pytest.mark.parametrize(
    ("better", "value", "met"),
    [
        (Better.LOWER, 14399.0, True),
        (Better.LOWER, 14400.0, False),  # "under four hours"
        (Better.HIGHER, 14400.0, True),  # "at least"
        (Better.HIGHER, 14399.0, False),
        (Better.NEITHER, 1.0, None),
        (Better.LOWER, None, None),
    ],
)
def test_a_goal_is_met_below_it_or_from_it_on(better: Better, value: float | None, met: bool | None) -> None:
    """By which way is better."""
    assert indicator(better=better, goal=14400.0).met(value) is met


@pytest.mark.parametrize(
    ("better", "before", "now", "improved"),
    [
        (Better.LOWER, 10.0, 5.0, True),
        (Better.LOWER, 5.0, 10.0, False),
        (Better.HIGHER, 5.0, 10.0, True),
        (Better.HIGHER, 5.0, 5.0, None),
        (Better.NEITHER, 5.0, 10.0, None),
        (Better.HIGHER, None, 10.0, None),
    ],
)
def test_a_change_is_for_the_better_or_the_worse(
    better: Better, before: float | None, now: float, improved: bool | None
) -> None:
    """Or neither."""
    assert Figure(indicator=indicator(better=better), value=now, before=before, facts=()).improved is improved


def test_what_stands_is_read_at_the_end_with_its_age() -> None:
    """Opened before and not ended by then; what ends at that instant stands no more."""
    facts = [
        Fact(0, 0.0, ABOUT, until=101),
        Fact(50, 0.0, ABOUT),
        Fact(100, 0.0, ABOUT),
        Fact(10, 0.0, ABOUT, until=100),
    ]
    assert [fact.value for fact in standing_at(facts, 100)] == [100.0, 50.0]
    backlog = indicator(standing=True, formula=count)
    assert len(of_span(backlog, facts, since=0, until=1000, now=60)) == 3  # as of now, not of a day to come
    assert trend(backlog, facts, [0, 60, 120, 180], now=130) == (3.0, 2.0, 2.0)
    assert trend(backlog, facts, [0, 60, 120, 180], now=110) == (3.0, 2.0, None)


def test_a_trend_has_every_part_the_empty_ones_too() -> None:
    """A mean of nothing is nothing, a count of nothing is none; the future has neither."""
    facts = [Fact(5, 10.0, ABOUT), Fact(9, 20.0, ABOUT), Fact(25, 1.0, ABOUT)]
    edges = [0, 10, 20, 30, 40]
    assert trend(indicator(), facts, edges, now=30) == (15.0, None, 1.0, None)
    assert trend(indicator(formula=count), facts, edges, now=30) == (2.0, 0.0, 1.0, None)


facts_of = st.lists(
    st.builds(
        Fact,
        at=st.integers(0, 99),
        value=st.integers(0, 1000).map(float),
        about=st.builds(
            About, st.sampled_from([1, 2, None]), st.sampled_from(list(Level)), st.sampled_from(["mail", None]),
            st.sampled_from(list(Tier)), st.none(), st.sampled_from([7, 8, None]),
        ),
    ),
    max_size=60,
)  # fmt: skip


@given(facts_of)
def test_the_parts_are_the_whole(facts: list[Fact]) -> None:
    """Each fact is in one part of every dimension, and in one part of a trend: counts and sums add up."""
    for dimension in DIMENSIONS:
        parted = parts(facts, dimension)
        assert sum(len(part) for part in parted.values()) == len(facts)
        assert sum(mean(part) * len(part) for part in parted.values()) == pytest.approx(sum(f.value for f in facts))
        assert all(fact.about.part(dimension) == key for key, part in parted.items() for fact in part)
    course = trend(indicator(formula=count), facts, [0, 10, 35, 100], now=100)
    assert sum(value or 0 for value in course) == len(facts) == len(within(facts, 0, 100))


@given(st.lists(st.floats(0, 1e6), min_size=2, max_size=50))
def test_percentiles_are_the_librarys(values: list[float]) -> None:
    """Against `statistics`, and in their order."""
    found = spread(values)
    assert found.median is not None
    assert found.p90 is not None
    assert found.p90 == pytest.approx(quantiles(values, n=10, method="inclusive")[8])
    assert min(values) <= found.median <= found.p90 <= max(values)
    assert quantile(sorted(values), 0.0) == min(values)


def test_the_registry_finds_every_module_and_refuses_an_id_twice() -> None:
    """In the subjects' order; a room that has no such package adds nothing."""
    found = [one.id for one in indicators("handoff.measures", "handoff.no_such_room")]
    assert found[0] == "first_response"
    assert found.index("kept") < found.index("bot_resolved") < found.index("tickets")
    with pytest.raises(ValueError, match="one id"):
        indicators("handoff.measures", "handoff.measures")
