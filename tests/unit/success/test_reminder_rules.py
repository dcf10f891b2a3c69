"""When a client is reminded: the days, the zone's 10:00, what is missed, what is put off."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from success.reminder_rules import OVER, STEPS, Lapse, Step, at_ten, day_of, due, in_one, planned, snoozed_until

SHANGHAI, BERLIN, NEW_YORK = ZoneInfo("Asia/Shanghai"), ZoneInfo("Europe/Berlin"), ZoneInfo("America/New_York")
LONG_AGO = datetime(2025, 1, 1, tzinfo=UTC)
GOLDEN = {date(2026, 10, n) for n in range(1, 8)}  # a week without work
MAKE_UP = {date(2026, 9, 27), date(2026, 10, 10)}  # a Sunday and a Saturday on which people work


def off(day: date) -> bool:
    """Weekends and the golden week; not the make-up days."""
    return day not in MAKE_UP and (day.weekday() >= 5 or day in GOLDEN)


def lapse(last_on: date, *, known_at: datetime = LONG_AGO, subject: str = "site:1:icp") -> Lapse:
    return Lapse(subject=subject, what="icp", title="shop.example", last_on=last_on, known_at=known_at)


@pytest.mark.parametrize(
    ("last_on", "step", "day"),
    [
        ("2026-04-15", 30, "2026-03-16"),  # a Monday, as it is
        ("2026-04-13", 30, "2026-03-13"),  # 14 March is a Saturday: Friday
        ("2026-04-14", 30, "2026-03-13"),  # a Sunday: Friday
        ("2026-10-08", 7, "2026-09-30"),  # inside the golden week: the day before it
        ("2026-10-04", 7, "2026-09-27"),  # a make-up Sunday is a working day
        ("2026-03-16", 1, "2026-03-13"),  # the end is a Monday: Friday, three days ahead
        ("2026-03-14", OVER, "2026-03-15"),  # the day after, Sunday or not: our own people alone
    ],
)
def test_the_day_of_a_step(last_on: str, step: int, day: str) -> None:
    """Days ahead by the calendar; a day off gives way to the working day before."""
    assert day_of(date.fromisoformat(last_on), step, is_off=off) == date.fromisoformat(day)


def test_a_very_long_closure_moves_nothing() -> None:
    """A client that is closed for months is reminded on the day itself."""
    assert day_of(date(2026, 4, 15), 7, is_off=lambda _: True) == date(2026, 4, 8)


@pytest.mark.parametrize(
    ("zone", "day", "instant"),
    [
        (SHANGHAI, date(2026, 3, 9), "2026-03-09T02:00"),
        (BERLIN, date(2026, 3, 28), "2026-03-28T09:00"),  # the day before the clocks go forward
        (BERLIN, date(2026, 3, 29), "2026-03-29T08:00"),  # and that day
        (BERLIN, date(2026, 10, 25), "2026-10-25T09:00"),  # they went back in the night
        (NEW_YORK, date(2026, 3, 8), "2026-03-08T14:00"),
        (NEW_YORK, date(2026, 11, 1), "2026-11-01T15:00"),
    ],
)
def test_ten_is_ten(zone: ZoneInfo, day: date, instant: str) -> None:
    """10:00 on the wall, whatever the clocks did that night."""
    assert at_ten(day, zone) == datetime.fromisoformat(instant).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "taken", "step"),
    [
        ("2026-03-16T01:59", (), None),  # 09:59: not yet
        ("2026-03-16T02:00", (), 30),  # 10:00
        ("2026-03-16T12:59", (), 30),  # missed this morning: 20:59 is still by day
        ("2026-03-16T13:00", (), None),  # 21:00: it waits for the morning
        ("2026-03-17T01:00", (), None),  # 09:00 the next day
        ("2026-03-17T02:00", (), 30),
        ("2026-03-16T02:00", (30,), None),  # it was said
        ("2026-04-01T02:00", (30,), 14),
        ("2026-04-08T02:00", (), 7),  # three were missed: the nearest alone
        ("2026-04-08T02:00", (7,), None),  # nothing farther comes after it
        ("2026-04-14T02:00", (30, 14, 7), 1),
        ("2026-04-15T02:00", (30, 14, 7), 1),  # on the last day itself it is late, and still said
        ("2026-04-16T01:59", (30,), None),  # over: nothing to the client any more
        ("2026-04-16T02:00", (30, 14, 7, 1), OVER),
        ("2026-04-16T02:00", (), OVER),
        ("2026-04-16T15:00", (1,), OVER),  # our own people, at night too
        ("2026-05-15T02:00", (), OVER),
        ("2026-05-17T02:00", (), None),  # a month over: long known, or not worth a word
        ("2026-04-20T02:00", (OVER,), None),
    ],
)
def test_what_is_due(now: str, taken: tuple[int, ...], step: int | None) -> None:
    """The last day is Wednesday, 15 April, in Shanghai."""
    found = due(
        lapse(date(2026, 4, 15)), already=taken, zone=SHANGHAI, is_off=off, now=datetime.fromisoformat(now + "+00:00")
    )
    assert (found.step if found else None) == step


def test_late_on_a_weekend() -> None:
    """What was missed waits for Monday; if it ends before that, it is said on the day off."""
    saturday = datetime(2026, 3, 14, 3, 0, tzinfo=UTC)
    late = {"already": (), "zone": SHANGHAI, "is_off": off, "now": saturday}
    assert due(lapse(date(2026, 4, 10)), **late) is None
    found = due(lapse(date(2026, 4, 10)), **late | {"now": saturday + timedelta(days=2)})
    assert (found.step if found else None) == 30
    soon = due(lapse(date(2026, 3, 15)), **late)
    assert (soon.step if soon else None) == 1


def test_a_date_that_was_just_put_in() -> None:
    """It is not shouted at once: the next 10:00 comes first, so that it can be put right."""
    typed = datetime(2026, 3, 26, 6, 0, tzinfo=UTC)  # 14:00, twenty days ahead
    mine = lapse(date(2026, 4, 15), known_at=typed)
    how = {"already": (), "zone": SHANGHAI, "is_off": off}
    assert due(mine, **how, now=typed + timedelta(hours=1)) is None
    found = due(mine, **how, now=datetime(2026, 3, 27, 2, 0, tzinfo=UTC))
    assert (found.step if found else None) == 30


@pytest.mark.parametrize(("now", "step"), [("2026-04-01T02:00", None), ("2026-04-08T02:00", 7)])
def test_a_client_who_is_at_it(now: str, step: int | None) -> None:
    """Who said so is left in peace two weeks ahead, and asked again a week ahead."""
    at = datetime.fromisoformat(now + "+00:00")
    found = due(lapse(date(2026, 4, 15)), already=(30,), acknowledged=True, zone=SHANGHAI, is_off=off, now=at)
    assert (found.step if found else None) == step


def test_steps_that_fall_together() -> None:
    """Around a long holiday two steps may fall on one day: the nearer is the one."""
    days = {date(2026, 4, 1) + timedelta(days=n) for n in range(9)}
    steps = planned(lapse(date(2026, 4, 15)), zone=SHANGHAI, is_off=lambda day: day in days)
    assert [each.step for each in steps] == [30, 7, 1, OVER]
    assert steps[1].at == at_ten(date(2026, 3, 31), SHANGHAI)


@pytest.mark.parametrize(
    ("now", "lasts", "again"),
    [
        ("2026-03-16T03:00", ("2026-04-15",), "2026-03-19"),
        ("2026-03-12T03:00", ("2026-04-11",), "2026-03-13"),  # Sunday: the working day before
        ("2026-03-13T03:00", ("2026-04-12",), "2026-03-16"),
        ("2026-03-20T03:00", ("2026-03-22",), "2026-03-22"),  # only days off before the end: the last day itself
        ("2026-03-16T03:00", ("2026-04-15", "2026-03-17"), "2026-03-17"),  # the soonest counts
        ("2026-03-17T03:00", ("2026-03-17",), None),
    ],
)
def test_later(now: str, lasts: tuple[str, ...], again: str | None) -> None:
    """In three days, no later than the last day; today it is nothing."""
    at = datetime.fromisoformat(now + "+00:00")
    found = snoozed_until([date.fromisoformat(each) for each in lasts], zone=SHANGHAI, is_off=off, now=at)
    assert found == (at_ten(date.fromisoformat(again), SHANGHAI) if again else None)


def test_one_message() -> None:
    """The soonest first; what is over is for us."""
    steps = [
        Step(lapse=lapse(date(2026, 4, day), subject=f"site:{day}:icp"), step=step, at=LONG_AGO)
        for day, step in ((20, 7), (14, 1), (12, OVER))
    ]
    theirs, ours = in_one(steps)
    assert [each.lapse.last_on.day for each in theirs] == [14, 20]
    assert [each.step for each in ours] == [OVER]


@given(
    last_on=st.dates(date(2026, 1, 1), date(2030, 12, 31)),
    zone=st.sampled_from([SHANGHAI, BERLIN, NEW_YORK, ZoneInfo("Australia/Lord_Howe"), ZoneInfo("America/St_Johns")]),
    closed=st.sets(st.integers(-45, 5), max_size=25),
)
def test_a_year_of_looking_says_each_step_at_most_once(last_on: date, zone: ZoneInfo, closed: set[int]) -> None:
    """Looked at every few hours: nearer and nearer steps, never at night, never to the client when it is over."""
    shut = {last_on + timedelta(days=n) for n in closed}
    taken: list[int] = []
    now = at_ten(last_on, zone) - timedelta(days=60)
    while now < at_ten(last_on, zone) + timedelta(days=5):
        found = due(lapse(last_on), already=taken, zone=zone, is_off=lambda day: day in shut, now=now)
        if found is not None:
            local = now.astimezone(zone)
            assert found.step == OVER or (10 <= local.hour < 21 and local.date() <= last_on)
            assert not taken or found.step < taken[-1]
            taken.append(found.step)
        now += timedelta(hours=5)
    assert set(taken) <= {*STEPS, OVER}
    assert taken[-1] == OVER
