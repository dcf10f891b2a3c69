"""Laws of business time, its edges, and calendars that cannot be meant."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handoff.business_time import (
    Calendar,
    OpenSeconds,
    Unit,
    after_open_time,
    deadline,
    is_open,
    next_open,
    open_time,
    parse_calendar,
    spans_of,
)
from handoff.errors import CalendarError

ALWAYS = {day: [["00:00", "24:00"]] for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")}
OFFICE = {day: [["09:00", "12:00"], ["13:30", "18:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}
NIGHT = {
    "fri": [["22:00", "24:00"]],
    "sat": [["00:00", "06:00"], ["22:00", "24:00"]],
    "sun": [["00:00", "02:30"]],
}
ZONES = ("Asia/Shanghai", "America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Pacific/Apia")


def calendar(weekly: Any, zone: str = "Asia/Shanghai", **dates: Any) -> Calendar:
    return parse_calendar({"tz": zone, "weekly": weekly, **dates})


calendars = st.builds(calendar, st.sampled_from([ALWAYS, OFFICE, NIGHT]), st.sampled_from(ZONES))
instants = st.datetimes(datetime(2007, 1, 1), datetime(2031, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
lengths = st.timedeltas(timedelta(0), timedelta(days=40))


@given(calendars, instants, lengths, lengths)
def test_open_time_adds_up(hours: Calendar, start: datetime, first: timedelta, second: timedelta) -> None:
    """The open time of two stretches in a row is that of the whole."""
    middle = start + first
    whole = open_time(hours, start, middle + second)
    assert open_time(hours, start, middle) + open_time(hours, middle, middle + second) == whole
    assert timedelta(0) <= whole <= first + second


@given(calendars, instants, lengths, lengths)
def test_a_later_start_or_a_larger_target_is_never_due_earlier(
    hours: Calendar, start: datetime, delay: timedelta, amount: timedelta
) -> None:
    """Deadlines are monotone in the start and in the amount."""
    due = after_open_time(hours, start, amount)
    later = after_open_time(hours, start + delay, amount)
    larger = after_open_time(hours, start, amount + timedelta(minutes=1))
    assert due is not None
    assert later is not None
    assert larger is not None
    assert due <= later
    assert due < larger


@given(calendars, instants, lengths)
def test_a_deadline_is_the_first_instant_that_uses_the_amount_up(
    hours: Calendar, start: datetime, amount: timedelta
) -> None:
    """Exactly the amount is open until then, and less a moment before."""
    due = after_open_time(hours, start, amount)
    assert due is not None
    assert open_time(hours, start, due) == amount
    if amount:
        assert open_time(hours, start, due - timedelta(microseconds=1)) < amount


@given(calendars, instants, st.sampled_from([Unit.WORKDAY_EOD, Unit.WORKDAY_SAME_TIME]), st.integers(1, 9))
def test_working_days_end_after_the_day_of_filing(hours: Calendar, start: datetime, unit: Unit, days: int) -> None:
    """The day of filing is not counted, and one day more is never due earlier."""
    due, more = deadline(hours, start, unit, days), deadline(hours, start, unit, days + 1)
    assert due is not None
    assert more is not None
    assert hours.local_date(due) > hours.local_date(start)
    assert due <= more


@given(instants, st.integers(1, 10**9), st.sampled_from(list(Unit)))
def test_a_calendar_that_never_opens_never_ends_a_target(start: datetime, amount: int, unit: Unit) -> None:
    """It answers at once, and says never."""
    closed = calendar({}, special_dates={"2006-01-01": [["09:00", "10:00"]]})
    assert deadline(closed, start, unit, amount) is None
    assert next_open(closed, start) is None
    assert open_time(closed, start, start + timedelta(days=3000)) == timedelta(0)


@pytest.mark.parametrize(
    ("zone", "start", "hours"),
    [
        ("America/New_York", datetime(2026, 3, 8, 5, tzinfo=UTC), 23),  # the spring change
        ("America/New_York", datetime(2026, 11, 1, 4, tzinfo=UTC), 25),  # the autumn change
        ("Europe/Berlin", datetime(2026, 3, 28, 23, tzinfo=UTC), 23),
        ("Europe/Berlin", datetime(2026, 10, 24, 22, tzinfo=UTC), 25),
        ("Australia/Lord_Howe", datetime(2026, 4, 4, 13, tzinfo=UTC), 24.5),  # a change of half an hour
        ("Pacific/Apia", datetime(2011, 12, 30, 10, tzinfo=UTC), 24),  # the day after one that never was
        ("Asia/Shanghai", datetime(2028, 2, 28, 16, tzinfo=UTC), 24),  # 29 February
    ],
)
def test_a_day_is_as_long_as_it_really_was(zone: str, start: datetime, hours: float) -> None:
    """A calendar that is always open counts real seconds of a local day."""
    local = start.astimezone(ZoneInfo(zone))
    assert (local.hour, local.minute) == (0, 0)
    spans = spans_of(calendar(ALWAYS, zone), local.date())
    assert spans[0][0] == start
    assert sum((b - a for a, b in spans), timedelta()) == timedelta(hours=hours)


def test_time_counts_once_where_a_zone_skipped_a_day() -> None:
    """Samoa had no 30 December 2011; four calendar days there were three days long."""
    start = datetime(2011, 12, 28, 10, tzinfo=UTC)
    end = start + timedelta(days=3)
    assert open_time(calendar(ALWAYS, "Pacific/Apia"), start, end) == timedelta(days=3)


def test_a_leap_day_is_a_working_day() -> None:
    """29 February 2028 is a Tuesday."""
    due = deadline(calendar(OFFICE), datetime(2028, 2, 28, 3, tzinfo=UTC), Unit.WORKDAY_EOD, 1)
    assert due == datetime(2028, 2, 29, 10, tzinfo=UTC)


@pytest.mark.parametrize("year", [1, 1900, 1969, 2101, 2500, 9999])
def test_far_years_are_counted_or_never_but_do_not_break(year: int) -> None:
    """Dates before 1970 and after 2100, up to the ends of what a datetime holds."""
    hours = calendar(ALWAYS, "Asia/Shanghai")
    start = datetime(year, 6, 1, tzinfo=UTC)
    assert open_time(hours, start, start + timedelta(hours=5)) == timedelta(hours=5)
    assert deadline(hours, start, Unit.BUSINESS_SECONDS, 3600) == start + timedelta(hours=1)
    assert deadline(hours, start, Unit.BUSINESS_SECONDS, 10**12) is None
    edge = datetime.max.replace(tzinfo=UTC) if year > 2500 else datetime.min.replace(tzinfo=UTC)
    assert deadline(hours, edge, Unit.WORKDAY_EOD, 10**6) is None


def test_long_stretches_are_counted_whole() -> None:
    """Looking far ahead has a horizon, counting what was has none."""
    start, end = datetime(1950, 1, 1, tzinfo=UTC), datetime(2050, 1, 1, tzinfo=UTC)
    assert open_time(calendar(ALWAYS, "UTC"), start, end) == end - start


def test_a_special_date_beats_a_closed_one_and_a_reversed_stretch_is_empty() -> None:
    """Look-up order is special, closed, weekday; nothing counts backwards."""
    hours = calendar(OFFICE, closed_dates=["2026-03-09"], special_dates={"2026-03-09": [["10:00", "11:00"]]})
    start, end = datetime(2026, 3, 9, tzinfo=UTC), datetime(2026, 3, 9, 12, tzinfo=UTC)
    assert open_time(hours, start, end) == timedelta(hours=1)
    assert open_time(hours, end, start) == timedelta(0)
    assert is_open(hours, datetime(2026, 3, 9, 2, tzinfo=UTC))
    assert not is_open(hours, datetime(2026, 3, 9, 3, tzinfo=UTC))
    assert hours.windows(date(2026, 3, 10)) == ((540, 720), (810, 1080))


@pytest.mark.parametrize(
    ("document", "where"),
    [
        ({"tz": "Mars/Olympus"}, "tz"),
        ({"tz": ""}, "tz"),
        ({"tz": "../../etc/passwd"}, "tz"),
        ({"tz": "UTC", "weekly": []}, "weekly"),
        ({"tz": "UTC", "weekly": {"monday": []}}, "weekly.monday"),
        ({"tz": "UTC", "weekly": {"mon": "09:00-18:00"}}, "weekly.mon"),
        ({"tz": "UTC", "weekly": {"mon": [["18:00", "09:00"]]}}, "weekly.mon"),
        ({"tz": "UTC", "weekly": {"mon": [["09:00", "09:00"]]}}, "weekly.mon"),
        ({"tz": "UTC", "weekly": {"mon": [["09:00", "12:00"], ["11:00", "18:00"]]}}, "weekly.mon"),
        ({"tz": "UTC", "weekly": {"mon": [["09:00"]]}}, "weekly.mon"),
        ({"tz": "UTC", "weekly": {"mon": [["09:00", "24:01"]]}}, "weekly.mon"),
        ({"tz": "UTC", "weekly": {"mon": [["-1:00", "09:00"]]}}, "weekly.mon"),
        ({"tz": "UTC", "weekly": {"mon": [["9", "10"]]}}, "weekly.mon"),
        ({"tz": "UTC", "closed_dates": ["2026-02-30"]}, "closed_dates"),
        ({"tz": "UTC", "special_dates": {"tomorrow": []}}, "special_dates"),
        ({"tz": "UTC", "special_dates": {"2026-01-01": [["10:00", "9:00"]]}}, "special_dates.2026-01-01"),
    ],
)
def test_a_calendar_that_cannot_be_meant_is_refused(document: dict[str, Any], where: str) -> None:
    """The error names the field."""
    with pytest.raises(CalendarError) as refused:
        parse_calendar(document)
    assert refused.value.where == where


@given(calendars, instants, st.lists(lengths, min_size=1, max_size=5))
def test_many_starts_are_counted_as_each_alone(hours: Calendar, until: datetime, before: list[timedelta]) -> None:
    """One list of windows gives what `open_time` gives, whichever start comes first."""
    until = until.replace(microsecond=0)
    meter = OpenSeconds(hours, until)
    for length in before:
        start = (until - length).replace(microsecond=0)
        assert meter.since(int(start.timestamp())) == open_time(hours, start, until) // timedelta(seconds=1)
    assert meter.since(int(until.timestamp()) + 60) == 0
