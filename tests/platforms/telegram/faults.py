"""What can go wrong on the way: faults that a test orders, and the rate limits."""

import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.platforms.telegram.refusals import too_many

__all__ = ["Cut", "Fault", "Faults", "Gateway", "Limits", "Meter", "Rate", "Slow", "TooMany"]


@dataclass(frozen=True, slots=True)
class TooMany:
    """429 with retry_after, in seconds; nothing takes place."""

    retry_after: int = 1


@dataclass(frozen=True, slots=True)
class Gateway:
    """An HTML page of a proxy instead of an answer (500, 502, 504); nothing takes place."""

    status: int = 502


@dataclass(frozen=True, slots=True)
class Cut:
    """The connection ends without an answer, before or after the effect took place."""

    after_effect: bool = False


@dataclass(frozen=True, slots=True)
class Slow:
    """The effect takes place at once, its answer comes so many seconds later."""

    seconds: float


Fault = TooMany | Gateway | Cut | Slow


class Faults:
    """Faults for the next calls of a method, first ordered, first met."""

    def __init__(self) -> None:
        self._ordered: list[tuple[str, Fault]] = []

    def order(self, method: str, fault: Fault, *, times: int = 1) -> None:
        """Let the next `times` calls of a method meet a fault.

        "download" is the fetching of a file, "*" any method but getUpdates.
        """
        self._ordered += [(method.lower(), fault)] * times

    def take(self, method: str) -> Fault | None:
        """The fault this call meets, used up; None if it goes well."""
        names = {method.lower()} if method.lower() == "getupdates" else {method.lower(), "*"}
        for place, (name, fault) in enumerate(self._ordered):
            if name in names:
                del self._ordered[place]
                return fault
        return None

    def forget(self) -> None:
        """Take back what nobody met yet."""
        self._ordered.clear()

    @property
    def left(self) -> int:
        """How many ordered faults nobody met yet."""
        return len(self._ordered)


@dataclass(frozen=True, slots=True)
class Rate:
    """At most `count` messages in any `seconds`."""

    count: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Limits:
    """Telegram's limits on sending; None lifts one. The sources are the limits in the bots' FAQ.

    A chat takes a message a second on the average and a short burst; a group 20 a minute; all chats together 30 a second.
    Sent and edited messages count, each item of an album by itself.
    """

    chat: Rate | None = Rate(3, 3.0)
    group: Rate | None = Rate(20, 60.0)
    total: Rate | None = Rate(30, 1.0)

    @classmethod
    def lifted(cls) -> "Limits":
        """No limit at all."""
        return cls(None, None, None)


@dataclass(slots=True)
class Meter:
    """Counts what was sent, by sliding windows over `now`, in seconds of any steady clock."""

    now: Callable[[], float]
    limits: Limits = field(default_factory=Limits)
    _sent: dict[tuple[str, int], deque[float]] = field(default_factory=dict)

    def charge(self, chat_id: int, *, group: bool, count: int = 1) -> None:
        """Count `count` messages to a chat.

        Raises:
            ApiError: 429; nothing is counted then.
        """
        limits = [("chat", chat_id, self.limits.chat), ("total", 0, self.limits.total)]
        if group:
            limits.append(("group", chat_id, self.limits.group))
        now = self.now()
        windows = [(self._window(name, key, rate, now), rate) for name, key, rate in limits if rate is not None]
        waits = [_wait(window, rate, now) for window, rate in windows]
        if any(wait > 0 for wait in waits):
            raise too_many(max(1, math.ceil(max(waits))))
        for window, _ in windows:
            window.extend([now] * count)

    def _window(self, name: str, key: int, rate: Rate, now: float) -> deque[float]:
        window = self._sent.setdefault((name, key), deque())
        while window and window[0] <= now - rate.seconds:
            window.popleft()
        return window


def _wait(window: deque[float], rate: Rate, now: float) -> float:
    """Seconds until one more fits."""
    return 0.0 if len(window) < rate.count else window[-rate.count] + rate.seconds - now
