"""When to try again, and when to stop."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.errors import GiveUp
from store.running import Retry


class SlowDownError(Exception):
    """A platform's 429."""

    def __init__(self, retry_after: object) -> None:
        self.retry_after = retry_after


@pytest.mark.parametrize(
    ("attempt", "error", "seconds"),
    [
        (1, ValueError(), 1),
        (2, ValueError(), 2),
        (5, ValueError(), 16),
        (6, ValueError(), 20),  # the cap
        (7, ValueError(), None),  # the last attempt
        (8, ValueError(), None),
        (1, GiveUp(), None),
        (1, SlowDownError(timedelta(seconds=90)), 90),  # beyond the cap: the platform knows
        (7, SlowDownError(timedelta(seconds=90)), None),
        (1, SlowDownError("soon"), 1),  # not a timedelta: not ours to guess
    ],
)
def test_delay(attempt: int, error: Exception, seconds: float | None) -> None:
    """1, 2, 4 … seconds up to the cap; None is a dead letter."""
    retry = Retry(attempts=7, cap=timedelta(seconds=20))
    assert retry.delay(attempt, error) == (None if seconds is None else timedelta(seconds=seconds))


@given(
    attempts=st.integers(3, 10_000),
    factor=st.floats(1, 10),
    first=st.timedeltas(timedelta(0), timedelta(hours=1)),
    cap=st.timedeltas(timedelta(0), timedelta(days=30)),
)
def test_delays_grow_and_never_pass_the_cap(attempts: int, factor: float, first: timedelta, cap: timedelta) -> None:
    """Whatever the policy, without overflow."""
    retry = Retry(attempts=attempts, first=first, factor=factor, cap=cap)
    delays = [retry.delay(attempt, ValueError()) for attempt in (1, 1 + attempts // 2, attempts + 1)]
    assert delays.pop() is None
    grown = [delay for delay in delays if delay is not None]
    assert grown == sorted(grown)
    assert grown[-1] <= cap + timedelta(microseconds=1)
