"""When festivals are, when we look ahead, which hours nobody has."""

from datetime import UTC, date, datetime, timedelta

import pytest

from success.campaign_rules import EVERY, NEW_YEARS, gaps, instants, look_due, presets

FIRST = date(2026, 11, 11)
SHANGHAI = "Asia/Shanghai"


def at(day: int, hour: int, *, month: int = 11) -> datetime:
    return datetime(2026, month, day, hour, tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "done", "due"),
    [
        (at(3, 10), (), None),  # eight days ahead
        (at(4, 0), (), None),  # 08:00 there
        (at(4, 1), (), 7), (at(4, 1), (7,), None),  # 09:00
        (at(7, 1), (), 7),  # missed, made up for
        (at(10, 1), (), 1), (at(10, 1), (7,), 1), (at(10, 1), (1, 7), None),
        (at(11, 1), (7,), 1),  # the first day itself still
        (at(12, 1), (), None),
    ],
)  # fmt: skip
def test_when_it_is_looked_ahead(now: datetime, done: tuple[int, ...], due: int | None) -> None:
    """Seven days and one day before, from nine in the client's morning, each once, the nearest alone."""
    assert look_due(FIRST, zone=SHANGHAI, done=done, now=now) == due


def test_the_known_festivals() -> None:
    """The next of each, the soonest first; the lunar year by its table."""
    found = presets(date(2026, 11, 12))
    assert [each.name for each in found] == ["black_friday", "double12", "new_year", "618", "double11"]
    assert found[0].starts_on == date(2026, 11, 27)
    assert found[2].ends_on == date(2027, 2, 13)
    assert all(day.year == year for year, day in NEW_YEARS.items())
    assert {each.name for each in presets(date(2050, 1, 1))} == {"618", "double11", "double12", "black_friday"}


@pytest.mark.parametrize(("year", "friday"), [(2025, 28), (2026, 27), (2027, 26), (2028, 24), (2029, 23)])
def test_black_friday(year: int, friday: int) -> None:
    """The day after the fourth Thursday."""
    found = next(each for each in presets(date(year, 11, 1)) if each.name == "black_friday")
    assert found.starts_on == date(year, 11, friday)


def test_the_hours_of_a_campaign_through_a_clock_change() -> None:
    """From midnight to midnight of the zone, without end where somebody means a year."""
    found = instants(date(2026, 10, 31), date(2026, 11, 1), zone="America/New_York")
    assert found[0].isoformat() == "2026-10-31T00:00:00-04:00"
    assert found[-1].date() == date(2026, 11, 1)
    assert len(instants(date(2026, 1, 1), date(2027, 1, 1), zone=SHANGHAI)) < 500


def test_gaps_are_stretches() -> None:
    """Instants without anybody that follow each other are one."""
    start = at(11, 0)
    covered = [(start + n * EVERY, there) for n, there in enumerate((True, False, False, True, False))]
    assert gaps(covered) == (
        (start + EVERY, start + 3 * EVERY),
        (start + 4 * EVERY, start + 5 * EVERY),
    )
    assert gaps([(start, True), (start + timedelta(hours=3), True)]) == ()
