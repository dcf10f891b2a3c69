"""The clock that tests hold in their hands."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from store.clock import ManualClock, utc_now


def test_now_is_aware_and_utc() -> None:
    """No naive instant enters the program."""
    assert utc_now().utcoffset() == timedelta(0)


def test_a_manual_clock_moves_only_when_told() -> None:
    """Forwards, backwards, and from any zone into UTC."""
    clock = ManualClock(datetime(2026, 3, 2, 17, tzinfo=timezone(timedelta(hours=8))))
    assert clock() == clock() == datetime(2026, 3, 2, 9, tzinfo=UTC)
    clock.advance(timedelta(hours=-1))
    assert clock().isoformat() == "2026-03-02T08:00:00+00:00"


def test_a_naive_instant_is_refused() -> None:
    """A wall clock without a zone is no instant."""
    with pytest.raises(ValueError, match="time zone"):
        ManualClock(datetime(2026, 3, 2))  # noqa: DTZ001
