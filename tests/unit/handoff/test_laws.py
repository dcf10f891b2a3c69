"""Laws of clocks and of whole tickets, whatever the calendar, the pauses and the order in which events come in."""

from datetime import UTC, datetime, time, timedelta
from itertools import accumulate
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handoff.business_time import Calendar, Unit, day_ends, deadline, open_time, parse_calendar
from handoff.clocks import courses, latest, view
from handoff.kinds import ClockKind, ClockState, EventKind, Level, Tier
from handoff.ledger import account
from handoff.model import TicketEvent
from handoff.policy import Book, load
from handoff.sla import Mark, Phase, Signal, Target, follow, read

BOOK = Book(current=load())
START = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
GREGORIAN = timedelta(days=146_097)
"""Four hundred years: as many whole weeks, and the same leap days."""
OFFICE = {day: [["09:00", "12:00"], ["13:30", "18:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}
ALWAYS = {day: [["00:00", "24:00"]] for day in (*OFFICE, "sat", "sun")}
ZONES = ("Asia/Shanghai", "America/New_York", "Europe/Berlin", "Australia/Lord_Howe")


def calendar(weekly: Any, zone: str) -> Calendar:
    return parse_calendar({"tz": zone, "weekly": weekly})


calendars = st.builds(calendar, st.sampled_from([OFFICE, ALWAYS]), st.sampled_from(ZONES))
amounts = st.integers(60, 40 * 3600)
waits = st.lists(st.integers(1, 3000).map(lambda minutes: timedelta(minutes=minutes)), max_size=6)


def paused(target: Target, lengths: list[timedelta], start: datetime = START) -> list[Mark]:
    """A clock that runs, pauses, runs, … for these lengths in turn."""
    signals = [Signal.PAUSE, Signal.RESUME] * len(lengths)
    turns = zip(accumulate(lengths, initial=timedelta()), [Signal.START, *signals], strict=False)
    return [Mark(at=start + after, signal=signal, targets=(target,)) for after, signal in turns]


@given(calendars, amounts, waits, st.timedeltas(timedelta(0), timedelta(days=30)))
def test_a_pause_takes_away_exactly_its_open_time(
    hours: Calendar, amount: int, lengths: list[timedelta], now: timedelta
) -> None:
    """What counts with pauses is what counts without them, less the open time of the pauses."""
    target = Target(amount=amount, calendar=hours)
    plain, marks = paused(target, []), paused(target, lengths)
    at = START + now
    halts = [mark.at for mark in marks if mark.signal is Signal.PAUSE and mark.at <= at]
    ends = [mark.at for mark in marks if mark.signal is Signal.RESUME]
    lost = sum((open_time(hours, a, min(b, at)) for a, b in zip(halts, [*ends, at], strict=False)), timedelta())
    with_pauses, without = read(marks, now=at), read(plain, now=at)
    assert abs(with_pauses.elapsed_s + lost.total_seconds() - without.elapsed_s) < 1


@given(calendars, amounts, waits)
def test_a_due_instant_is_where_the_runs_have_used_the_target_up(
    hours: Calendar, amount: int, lengths: list[timedelta]
) -> None:
    """The open time of the runs until then is the target; with pauses it is never due earlier than without."""
    target = Target(amount=amount, calendar=hours)
    marks = paused(target, lengths)
    later = marks[-1].at + timedelta(days=400)
    due = read(marks, now=later).due_at
    if due is None:  # it stands still, and had not used it up
        assert read(marks, now=later).phase is Phase.PAUSED
        return
    runs = follow(marks, later).runs
    used = sum((open_time(hours, run.start, min(run.end or due, due)) for run in runs if run.start < due), timedelta())
    assert used == timedelta(seconds=amount)
    plain = read(paused(target, []), now=later).due_at
    assert plain is not None
    assert due >= plain


@given(calendars, amounts, amounts, waits)
def test_a_larger_target_is_never_due_earlier(hours: Calendar, one: int, other: int, lengths: list[timedelta]) -> None:
    """Monotone in the target, whatever the pauses."""
    now = START + timedelta(days=500)
    small, large = (
        read(paused(Target(amount=n, calendar=hours), lengths), now=now).projected_due for n in sorted((one, other))
    )
    assert small is not None
    assert large is not None
    assert small <= large


@given(waits, st.timedeltas(timedelta(0), timedelta(days=3000)), st.sampled_from(list(Unit)))
def test_on_a_calendar_that_never_opens_nothing_is_ever_due(
    lengths: list[timedelta], now: timedelta, unit: Unit
) -> None:
    """No second counts, no warning comes, and asking for it ends."""
    reading = read(paused(Target(amount=5, calendar=calendar({}, "UTC"), unit=unit), lengths), now=START + now)
    assert (reading.elapsed_s, reading.due_at, reading.projected_due, reading.breached_at) == (0, None, None, None)
    assert reading.warned_at == (None, None)


@given(calendars, amounts, waits, st.integers(-3, 17), st.timedeltas(timedelta(0), timedelta(days=9)))
def test_clocks_run_alike_in_every_age(
    hours: Calendar, amount: int, lengths: list[timedelta], ages: int, now: timedelta
) -> None:
    """Four hundred years earlier or later (826 to 8826) all is the same, on a calendar without clock changes."""
    utc = parse_calendar({"tz": "UTC", "weekly": OFFICE if hours.windows(START.date())[0][0] else ALWAYS})
    target, moved = Target(amount=amount, calendar=utc), GREGORIAN * ages
    here = read(paused(target, lengths), now=START + now)
    there = read(paused(target, lengths, START + moved), now=START + now + moved)
    assert here.elapsed_s == there.elapsed_s
    assert here.projected_due is not None
    assert there.projected_due == here.projected_due + moved


@given(st.sampled_from(ZONES), st.datetimes(datetime(1965, 1, 1), datetime(2110, 1, 1)), st.integers(1, 200))  # noqa: DTZ001
def test_working_days_close_at_the_same_time_of_day_through_clock_changes(
    zone: str, filed: datetime, days: int
) -> None:
    """In either direction: the wall says 18:00, whatever UTC says."""
    hours = calendar(OFFICE, zone)
    due = deadline(hours, filed.replace(tzinfo=UTC), Unit.WORKDAY_EOD, days)
    assert due is not None
    assert due.astimezone(hours.zone).time() == time(18, 0)


@pytest.mark.parametrize("zone", ["America/New_York", "Europe/Berlin"])
@pytest.mark.parametrize("month", [3, 10, 11])
def test_a_day_on_a_calendar_that_never_closes_is_a_day_through_clock_changes(zone: str, month: int) -> None:
    """24 hours are 24 real hours in the weeks of the changes, spring and autumn."""
    hours = calendar(ALWAYS, zone)
    for day in range(1, 29):
        start = datetime(2026, month, day, 12, tzinfo=UTC)
        assert deadline(hours, start, Unit.BUSINESS_SECONDS, 86_400) == start + timedelta(days=1)


@given(st.integers(1600, 2400).map(lambda n: n * 4))
def test_a_leap_day_counts_where_it_is_one(year: int) -> None:
    """1900 and 2100 have none, 2000 and 2400 do."""
    leap = (datetime(year, 3, 1, tzinfo=UTC) - timedelta(days=1)).day == 29
    start = datetime(year, 2, 28, 1, tzinfo=UTC)
    ends = day_ends(calendar(ALWAYS, "UTC"), start, Unit.WORKDAY_EOD)
    assert next(ends) == datetime(year, 3, 1, tzinfo=UTC) if leap else datetime(year, 3, 2, tzinfo=UTC)


STEPS = (
    ("replied", {"holding": False}),
    ("replied", {"holding": True}),
    ("client_wrote", {"meaning": "content"}),
    ("client_wrote", {"meaning": "thanks"}),
    ("client_wrote", {"meaning": "assent"}),
    ("waited", {"on": "client"}),
    ("waited", {"on": "third_party"}),
    ("resolved", {}),
    ("reopened", {}),
    ("reopened", {"message": 3}),
    ("returned", {}),
    ("handed_off", {"message": 4}),
    ("claimed", {}),
    ("confirmed", {}),
    ("work_started", {}),
    ("merged", {"into": 9}),
    *(("level_set", {"level": str(level)}) for level in Level),
    *(("tier_set", {"tier": str(tier)}) for tier in Tier),
)


@st.composite
def stories(draw: st.DrawFn) -> list[TicketEvent]:
    """A ticket's events in the order of their recording; some count from before the one before them."""
    facts = {"level": draw(st.sampled_from(list(Level))), "tier": draw(st.sampled_from(list(Tier)))}
    opened = {name: str(value) for name, value in facts.items()} | {"policy": BOOK.current.version}
    steps = draw(st.lists(st.tuples(st.sampled_from(STEPS), st.integers(0, 2000), st.integers(0, 30)), max_size=10))
    events = [_event(1, START, START, "opened", opened)]
    for (kind, data), minutes, late in steps:
        recorded = events[-1].recorded_at + timedelta(minutes=minutes)
        events.append(_event(len(events) + 1, recorded - timedelta(minutes=late), recorded, kind, data))
        if kind == "merged":  # the desk takes no verb on such a ticket
            break
    return events


def _event(seq: int, at: datetime, recorded: datetime, kind: str, data: dict[str, Any]) -> TicketEvent:
    return TicketEvent(id=seq, ticket_id=1, seq=seq, at=at, recorded_at=recorded, kind=EventKind(kind), data=data)


def seen(events: list[TicketEvent], now: datetime) -> list[Any]:
    """Every course of a ticket as people see it."""
    return [(course.key, view(course, now=now, fractions=(0.75, 0.9))) for course in courses(events, BOOK)]


@given(stories(), st.randoms(use_true_random=False), st.timedeltas(timedelta(0), timedelta(days=20)))
def test_events_may_come_in_any_order_and_twice(events: list[TicketEvent], chance: Any, now: timedelta) -> None:
    """The order of their recording counts, each once."""
    muddled = [*events, *events[::2]]
    chance.shuffle(muddled)
    assert seen(muddled, START + now) == seen(events, START + now)
    assert account(muddled, BOOK, now=START + now) == account(events, BOOK, now=START + now)


@given(stories(), st.timedeltas(timedelta(0), timedelta(days=20)))
def test_no_story_breaks_a_clock(events: list[TicketEvent], now: timedelta) -> None:
    """Each clock has one unfinished run at most, none counts backwards, and one that was met was not late."""
    found = seen(events, events[-1].recorded_at + now)
    unfinished = [kind for (kind, _), clock in found if clock.state in {ClockState.RUNNING, ClockState.PAUSED}]
    assert len(unfinished) == len(set(unfinished))
    for _, clock in found:
        assert clock.elapsed_s >= 0
        if clock.state is ClockState.MET:
            assert clock.due_at is None or (clock.stopped_at is not None and clock.stopped_at <= clock.due_at)
        if clock.state is ClockState.MISSED:
            assert clock.breached


@given(st.lists(st.sampled_from([Level.QUESTION, Level.BUG, Level.EMERGENCY]), min_size=1, max_size=3), st.data())
def test_raising_a_level_never_makes_a_deadline_later(levels: list[Level], data: st.DataObject) -> None:
    """Step by step, for each tier and each clock."""
    tier = data.draw(st.sampled_from(list(Tier)))
    opened = {"level": "question", "tier": str(tier), "policy": BOOK.current.version}
    events = [_event(1, START, START, "opened", opened)]
    before: dict[ClockKind, datetime | None] = {}
    for n, level in enumerate(sorted(levels, key=lambda level: level.rank), 2):
        at = START + timedelta(minutes=n)
        events.append(_event(n, at, at, "level_set", {"level": str(level)}))
        clocks = {course.kind: course.reading(now=at, fractions=()) for course in latest(courses(events, BOOK))}
        for kind, reading in clocks.items():
            due = reading.projected_due
            assert due is not None
            assert (last := before.get(kind)) is None or due <= last
            before[kind] = due
