"""When people are on duty: shifts in their own zones, over midnight, through clock changes, around absences."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handoff.duty import (
    Absence,
    Presence,
    PresenceState,
    Roster,
    duty_until,
    hours_text,
    next_duty,
    on_duty,
    parse_shift,
)
from handoff.errors import RosterError
from handoff.policy import load
from handoff.routes import parse as parse_routes

CALENDARS = load().calendars
ALWAYS, GOLD = CALENDARS["A"], CALENDARS["G"]
WEEK = dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), "09:00-18:00")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def rostered(
    weekly: Any = WEEK, zone: str = "Asia/Shanghai", first: str = "2026-01-01", last: str | None = None
) -> Roster:
    return Roster(shifts=(parse_shift(person_id=1, zone=zone, weekly=weekly, first=first, last=last),))


@pytest.mark.parametrize(
    ("roster", "now", "there"),
    [
        (rostered(), "2026-03-09T01:00", True),  # 09:00 sharp in Shanghai
        (rostered(), "2026-03-09T00:59:59", False),
        (rostered(), "2026-03-09T09:59:59", True),
        (rostered(), "2026-03-09T10:00", False),  # 18:00 sharp
        (rostered(), "2026-03-08T02:00", False),  # Sunday
        (rostered(first="2026-03-10"), "2026-03-09T02:00", False),
        (rostered(first="2026-03-09"), "2026-03-09T02:00", True),
        (rostered(last="2026-03-08"), "2026-03-09T02:00", False),
        (rostered(last="2026-03-09"), "2026-03-09T02:00", True),
        (rostered(zone="America/New_York"), "2026-03-09T13:30", True),  # 09:30, the day after clocks went forward
        (rostered(zone="America/New_York"), "2026-03-06T13:30", False),  # 08:30, before
        (rostered(zone="America/New_York"), "2026-03-06T14:30", True),
        (rostered({"mon": "22:00-24:00", "tue": "00:00-06:00"}), "2026-03-09T15:00", True),
        (rostered({"mon": "22:00-24:00", "tue": "00:00-06:00"}), "2026-03-09T16:00", True),  # midnight
        (rostered({"mon": "22:00-24:00", "tue": "00:00-06:00"}), "2026-03-09T22:00", False),
        (Roster(), "2026-03-09T02:00", True),  # no shift: the tier's duty calendar
        (Roster(), "2026-03-09T15:10", False),
    ],
)
def test_a_shift_opens_as_its_own_wall_shows(roster: Roster, now: str, there: bool) -> None:
    """First and last day, opening and closing, another zone before and after its clock change, over midnight."""
    assert on_duty(roster, GOLD, at(now)) is there


@pytest.mark.parametrize(
    ("roster", "until"),
    [
        (rostered(), "2026-03-09T10:00"),
        (rostered({"mon": "09:00-24:00", "tue": "00:00-06:00"}), "2026-03-09T22:00"),
        (rostered(dict.fromkeys(("mon", "tue", "wed", "thu", "fri", "sat", "sun"), "00:00-24:00")), None),
        (Roster(shifts=rostered().shifts + rostered({"mon": "18:00-20:00"}).shifts), "2026-03-09T12:00"),
        (
            Roster(absences=(Absence(id=1, person_id=1, starts=at("2026-03-09T05:00"), ends=at("2026-03-10T00:00")),)),
            "2026-03-09T05:00",
        ),
        (Roster(), "2026-03-09T13:00"),
    ],
)
def test_how_long_a_duty_goes_on(roster: Roster, until: str | None) -> None:
    """Shifts that touch are one duty; a leave ends it; what never ends has no end."""
    assert duty_until(roster, GOLD, at("2026-03-09T02:00")) == (at(until) if until else None)


AWAY = Presence(state=PresenceState.AWAY)
LUNCH = Presence(state=PresenceState.AWAY, until=at("2026-03-09T05:00"))
LEAVE = (Absence(id=1, person_id=1, starts=at("2026-03-09T00:00"), ends=at("2026-03-11T16:00")),)


@pytest.mark.parametrize(
    ("roster", "now", "then"),
    [
        (rostered(), "2026-03-09T02:00", "2026-03-09T02:00"),
        (rostered(), "2026-03-09T12:00", "2026-03-10T01:00"),
        (rostered(), "2026-03-06T12:00", "2026-03-09T01:00"),  # over the weekend
        (Roster(shifts=rostered().shifts, absences=LEAVE), "2026-03-09T02:00", "2026-03-12T01:00"),
        (Roster(shifts=rostered().shifts, presence=LUNCH), "2026-03-09T04:00", "2026-03-09T05:00"),
        (Roster(shifts=rostered().shifts, presence=AWAY), "2026-03-09T04:00", None),
        (rostered(last="2026-03-09"), "2026-03-09T12:00", None),
        (rostered(first="2031-03-10"), "2026-03-09T12:00", "2031-03-10T01:00"),
    ],
)
def test_when_somebody_is_next_on_duty(roster: Roster, now: str, then: str | None) -> None:
    """The next shift that is no leave; nobody knows when somebody comes back who did not say."""
    assert next_duty(roster, GOLD, at(now)) == (at(then) if then else None)


@pytest.mark.parametrize(
    ("state", "until", "there"),
    [
        (PresenceState.AVAILABLE, None, True),
        (PresenceState.BUSY, None, True),
        (PresenceState.AWAY, None, False),
        (PresenceState.AWAY, "2026-03-09T02:00", True),  # just back
        (PresenceState.AWAY, "2026-03-09T02:00:01", False),
    ],
)
def test_presence_counts_until_it_ends(state: PresenceState, until: str | None, there: bool) -> None:
    """Busy people are there, those away are not until the instant they named."""
    roster = Roster(presence=Presence(state=state, until=at(until) if until else None))
    assert on_duty(roster, ALWAYS, at("2026-03-09T02:00")) is there


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"weekly": {"mon": "18:00-09:00"}}, "weekly.mon"),
        ({"weekly": {"mon": "09:00-09:00"}}, "weekly.mon"),
        ({"weekly": {"tue": "09:00-12:00, 11:00-13:00"}}, "weekly.tue"),
        ({"weekly": {"mon": "25:00-26:00"}}, "weekly.mon"),
        ({"weekly": {"mon": "09:00"}}, "weekly.mon"),
        ({"weekly": {"mon": "x" * 10_000}}, "weekly.mon"),
        ({"weekly": {"mon": "09:00-10:00," * 10_000}}, "weekly"),
        ({"weekly": {"funday": "09:00-10:00"}}, "weekly.funday"),
        ({"weekly": {"mon": "", "tue": " "}}, "weekly"),
        ({"weekly": {"mon": 7}}, "weekly.mon"),
        ({"zone": "Mars/Olympus"}, "zone"),
        ({"zone": "../../etc/passwd"}, "zone"),
        ({"zone": ""}, "zone"),
        ({"first": "2026-02-30"}, "first"),
        ({"first": ""}, "first"),
        ({"first": "1969-12-31"}, "first"),
        ({"last": "2101-01-01"}, "last"),
        ({"last": "2025-12-31"}, "last"),
    ],
)
def test_a_shift_that_cannot_be_meant_is_refused_by_its_field(changes: dict[str, Any], where: str) -> None:
    """Inverted, empty, overlapping and nonsense windows, unknown zones, dates that are none or in the wrong order."""
    facts: dict[str, Any] = {"zone": "Asia/Shanghai", "weekly": WEEK, "first": "2026-01-01", "last": None} | changes
    with pytest.raises(RosterError) as refused:
        parse_shift(person_id=1, **facts)
    assert refused.value.where == where
    assert len(str(refused.value)) < 300


@pytest.mark.parametrize(
    "typed", ["09:00-12:00, 13:00-18:00", "9:00–12:00；13：00～18：00", " 09:00-12:00 13:00-18:00 "]
)
def test_hours_are_read_as_people_type_them(typed: str) -> None:
    """Full-width marks and dashes of all kinds; what is stored reads back."""
    shift = parse_shift(person_id=1, zone="Asia/Tokyo", weekly={"mon": typed}, first=date(2026, 1, 1))
    assert shift.weekly == {"mon": [["09:00", "12:00"], ["13:00", "18:00"]]}
    assert hours_text(shift.weekly, "mon") == "09:00-12:00, 13:00-18:00"
    assert parse_shift(person_id=1, zone="Asia/Tokyo", weekly=shift.weekly, first="2026-01-01") == shift


ZONES = ("Asia/Shanghai", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu")
WINDOWS = ("00:00-06:00", "09:00-12:00, 13:00-18:00", "22:00-24:00", "00:00-24:00", "")
INSTANTS = st.datetimes(datetime(2024, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis wants them naive


@given(
    zone=st.sampled_from(ZONES),
    hours=st.lists(st.sampled_from(WINDOWS), min_size=7, max_size=7).filter(any),
    now=INSTANTS,
    leave=st.integers(0, 400),
)
def test_the_next_duty_is_the_first_instant_on_duty(zone: str, hours: list[str], now: datetime, leave: int) -> None:
    """Somebody is on duty at it and at no hour before it; a duty lasts until it says."""
    weekly = dict(zip(("mon", "tue", "wed", "thu", "fri", "sat", "sun"), hours, strict=True))
    away = Absence(id=1, person_id=1, starts=now, ends=now + timedelta(hours=leave))
    roster = Roster(shifts=rostered(weekly, zone, first="2024-02-01").shifts, absences=(away,) if leave else ())
    then = next_duty(roster, ALWAYS, now)
    assert then is not None
    assert on_duty(roster, ALWAYS, then)
    assert then >= now + timedelta(hours=leave)
    before = [now + timedelta(hours=n) for n in range(200) if now + timedelta(hours=n) < then]
    assert not any(on_duty(roster, ALWAYS, hour) for hour in before)
    until = duty_until(roster, ALWAYS, then)
    assert until is None or not on_duty(roster, ALWAYS, until)


def test_the_default_rules_can_be_read() -> None:
    """The file that ships names skills for categories, platinum's own team and three steps."""
    from handoff.routes import load as load_routes

    routes = load_routes()
    assert routes.teams == {"platinum": "vip"}
    assert [(step.name, step.after) for step in routes.steps] == [
        ("direct", timedelta(minutes=3)), ("phone", timedelta(minutes=5)), ("lead", timedelta(minutes=8)),
    ]  # fmt: skip
    assert parse_routes(routes.document) == routes
