"""Signals: "something changed", told to every process after the commit that changed it.

On SQLite they stay in the process; on PostgreSQL they travel by NOTIFY. They carry no state that is not in
the database: a subscriber that falls behind gets one `OVERFLOW` and reads the database again.
"""

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, text

CHANNEL: Final = "aftercare_signal"
MAX_PAYLOAD_BYTES: Final = 4000
_BOUND: Final = 256
_NOTIFY: Final = text("SELECT pg_notify(:channel, message) FROM unnest(CAST(:messages AS text[])) AS message")


@dataclass(frozen=True, slots=True)
class Signal:
    """A topic and a payload, usually the id of what changed."""

    topic: str
    payload: str


OVERFLOW: Final = Signal("overflow", "")


def signal(conn: Connection, topic: str, payload: str = "") -> None:
    """Tell every subscriber of `topic` after this transaction has committed; nothing is told on rollback.

    Raises:
        ValueError: the payload has 4,000 bytes or more in UTF-8.
    """
    if len(payload.encode(errors="replace")) >= MAX_PAYLOAD_BYTES:
        raise ValueError("a signal carries an id, not content")
    outbox(conn).append(Signal(topic, payload))


def decode(message: str) -> Signal:
    """The signal in a NOTIFY payload."""
    topic, payload = json.loads(message)
    return Signal(topic, payload)


class Subscription:
    """Signals of the chosen topics, in commit order, from the moment `listen` was entered."""

    def __init__(self, topics: Iterable[str]) -> None:
        self._topics = frozenset(topics)
        self._queue: deque[Signal] = deque()
        self._arrived = asyncio.Event()
        self._closed = False

    def __aiter__(self) -> AsyncIterator[Signal]:
        """Itself."""
        return self

    async def __anext__(self) -> Signal:
        """The next signal; ends when the database closes."""
        while not self._queue:
            if self._closed:
                raise StopAsyncIteration
            self._arrived.clear()
            await self._arrived.wait()
        return self._queue.popleft()

    def offer(self, item: Signal) -> None:
        """Take the signal if it is of our topics; when full, forget all and leave one overflow."""
        if item is not OVERFLOW and item.topic not in self._topics:
            return
        if item is OVERFLOW or len(self._queue) >= _BOUND:
            self._queue.clear()
            item = OVERFLOW
        self._queue.append(item)
        self._arrived.set()

    def end(self) -> None:
        """Deliver what is queued, then stop the iteration."""
        self._closed = True
        self._arrived.set()


class Hub:
    """The subscriptions of one process; used from its event loop only."""

    def __init__(self) -> None:
        self._subscriptions: set[Subscription] = set()

    @asynccontextmanager
    async def listen(self, *topics: str) -> AsyncIterator[Subscription]:
        """A subscription for as long as the block lasts."""
        subscription = Subscription(topics)
        self._subscriptions.add(subscription)
        try:
            yield subscription
        finally:
            self._subscriptions.discard(subscription)

    def publish(self, signals: Iterable[Signal]) -> None:
        """Offer each signal to each subscription."""
        for item in signals:
            for subscription in self._subscriptions:
                subscription.offer(item)

    def end(self) -> None:
        """End every subscription."""
        for subscription in self._subscriptions:
            subscription.end()


def tell(conn: Connection) -> None:
    """Hand the signals of the transaction under way to PostgreSQL, in one statement, each once."""
    told = list(dict.fromkeys(outbox(conn)))
    outbox(conn).clear()
    if told:
        messages = [json.dumps([item.topic, item.payload]) for item in told]
        conn.execute(_NOTIFY, {"channel": CHANNEL, "messages": messages})


def outbox(conn: Connection) -> list[Signal]:
    """The signals of the transaction under way."""
    info: dict[Any, Any] = conn.info
    kept: list[Signal] = info.setdefault("outbox", [])
    return kept
