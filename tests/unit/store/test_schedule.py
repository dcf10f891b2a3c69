"""Fire times of cron rows, where clocks change too."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.errors import BadSchedule
from store.schedule import next_fire


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("cron", "zone", "after", "fires"),
    [
        ("0 9 * * *", "UTC", "2026-03-02 08:59", ["2026-03-02 09:00", "2026-03-03 09:00"]),
        ("0 9 * * *", "UTC", "2026-03-02 09:00", ["2026-03-03 09:00"]),
        ("0 9 * * mon-fri", "Asia/Shanghai", "2026-03-06 02:00", ["2026-03-09 01:00"]),
        ("*/20 8 1 * *", "Asia/Shanghai", "2026-03-02 00:00", ["2026-04-01 00:00", "2026-04-01 00:20"]),
        ("0 0 29 2 *", "UTC", "2026-03-02 00:00", ["2028-02-29 00:00"]),
        # Berlin, 29 March 2026: 02:00-03:00 is skipped; 02:30 fires at the gap's end, 03:00 local
        ("30 2 * * *", "Europe/Berlin", "2026-03-28 12:00", ["2026-03-29 01:00", "2026-03-30 00:30"]),
        ("*/15 2 * * *", "Europe/Berlin", "2026-03-29 00:30", ["2026-03-29 01:00", "2026-03-30 00:00"]),
        # Berlin, 25 October 2026: 02:00-03:00 is repeated; 02:30 fires the first time only
        ("30 2 * * *", "Europe/Berlin", "2026-10-24 12:00", ["2026-10-25 00:30", "2026-10-26 01:30"]),
        ("*/30 * * * *", "Europe/Berlin", "2026-10-25 00:15", ["2026-10-25 00:30", "2026-10-25 02:00"]),
        ("*/30 * * * *", "Europe/Berlin", "2026-10-25 01:15", ["2026-10-25 02:00"]),
        # Lord Howe moves by half an hour: 02:00-02:30 is skipped on 4 October 2026
        ("15 2 * * *", "Australia/Lord_Howe", "2026-10-03 00:00", ["2026-10-03 15:30"]),
        # Apia skipped the whole of 30 December 2011
        ("0 12 30 12 *", "Pacific/Apia", "2011-12-29 00:00", ["2011-12-30 10:00"]),
    ],
)
def test_next_fire(cron: str, zone: str, after: str, fires: list[str]) -> None:
    """Local times, each once."""
    instant = utc(after)
    for expected in fires:
        instant = next_fire(cron, zone, after=instant)
        assert instant == utc(expected)


@given(
    after=st.integers(0, 6 * 366 * 24 * 3600),
    minutes=st.integers(0, 59),
    zone=st.sampled_from(["Europe/Berlin", "Australia/Lord_Howe", "America/St_Johns", "Asia/Shanghai"]),
)
def test_a_daily_time_fires_once_a_local_day(after: int, minutes: int, zone: str) -> None:
    """Two fires in a row are a day apart, give or take a clock change; the first is the very next one."""
    begin = utc("2024-01-01 00:00") + timedelta(seconds=after)
    first = next_fire(f"{minutes} 2 * * *", zone, after=begin)
    second = next_fire(f"{minutes} 2 * * *", zone, after=first)
    assert timedelta(0) < first - begin <= timedelta(hours=25)
    assert timedelta(hours=23) <= second - first <= timedelta(hours=25)


@pytest.mark.parametrize(
    ("cron", "zone", "part"),
    [
        ("61 * * * *", "UTC", "cron"),
        ("* * * *", "UTC", "cron"),
        ("0 * * * * *", "UTC", "cron"),
        ("", "UTC", "cron"),
        ("0 0 30 2 *", "UTC", "cron"),  # never
        ("0 9 * * *", "Mars/Olympus", "zone"),
        ("0 9 * * *", "../../etc/passwd", "zone"),
        ("0 9 * * *", "", "zone"),
    ],
)
def test_what_cannot_be_read_is_refused(cron: str, zone: str, part: str) -> None:
    """The error names the part."""
    with pytest.raises(BadSchedule) as caught:
        next_fire(cron, zone, after=utc("2026-03-02 00:00"))
    assert caught.value.part == part
