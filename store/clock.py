"""The one clock: a function without arguments that gives an aware UTC instant."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """Now, aware, in UTC."""
    return datetime.now(UTC)


class ManualClock:
    """A clock that moves only when told to; for tests and replays."""

    def __init__(self, start: datetime) -> None:
        self.set(start)

    def __call__(self) -> datetime:
        """The instant it was last set to."""
        return self._now

    def advance(self, delta: timedelta) -> None:
        """Move by `delta` (backwards if negative)."""
        self._now += delta

    def set(self, to: datetime) -> None:
        """Jump to the aware instant `to`."""
        if to.tzinfo is None:
            raise ValueError("an instant needs a time zone")
        self._now = to.astimezone(UTC)
