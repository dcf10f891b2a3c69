"""What a test may order to go wrong, for the next calls of a method or the next deliveries."""

from collections import defaultdict, deque
from dataclasses import dataclass


@dataclass(frozen=True)
class TooMany:
    """HTTP 429 with Retry-After in whole seconds; nothing is done."""

    retry_after: int = 1


@dataclass(frozen=True)
class Html:
    """An HTML page instead of JSON, as a broken edge server sends it; nothing is done."""

    status: int = 500


@dataclass(frozen=True)
class Refuse:
    """`ok: false` with this code; nothing is done."""

    code: str = "internal_error"


@dataclass(frozen=True)
class Cut:
    """The connection is cut, before the effect or after it."""

    after: bool = False


@dataclass(frozen=True)
class Slow:
    """The effect happens at once, the answer comes this many seconds later."""

    seconds: float = 1.0


Fault = TooMany | Html | Refuse | Cut | Slow


def prevents(fault: Fault | None) -> bool:
    """Whether the fault comes in the place of the effect."""
    return isinstance(fault, TooMany | Html | Refuse) or (isinstance(fault, Cut) and not fault.after)


DELIVERY_FAULTS = frozenset({"double", "reorder", "forged", "stale", "drop_socket"})


class Faults:
    """Orders waiting to be used; each is used once."""

    def __init__(self) -> None:
        self._calls: dict[str, deque[Fault]] = defaultdict(deque)
        self._deliveries: dict[str, int] = dict.fromkeys(DELIVERY_FAULTS, 0)

    def call(self, method: str, fault: Fault, *, times: int = 1) -> None:
        """The next `times` calls of the method fail so; more orders queue behind. Uploads and
        downloads are methods "upload" and "download"."""
        self._calls[method].extend([fault] * times)

    def delivery(self, kind: str, *, times: int = 1) -> None:
        """The next `times` events come "double", or only with a wrong signature ("forged"), or only with an old
        timestamp under a right signature ("stale"); "reorder" turns the order of the next `times` around (2 at least);
        "drop_socket" loses the acknowledgement of an envelope, and the connection with it.
        """
        assert kind in DELIVERY_FAULTS, kind
        self._deliveries[kind] += times

    def take_call(self, method: str) -> Fault | None:
        """The fault for this call, if one was ordered."""
        waiting = self._calls[method]
        return waiting.popleft() if waiting else None

    def take_delivery(self, kind: str) -> bool:
        """Whether this delivery goes wrong in this way."""
        if not self._deliveries[kind]:
            return False
        self._deliveries[kind] -= 1
        return True

    def take_order(self) -> int:
        """How many events are to be turned around; 0 for none."""
        count, self._deliveries["reorder"] = self._deliveries["reorder"], 0
        return count
