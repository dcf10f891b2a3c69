"""What the database says to those who ask again and again: read at most once in some seconds."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final, Generic, TypeVar

from sqlalchemy import Connection

from store.clock import Clock
from store.db import Database

FRESH: Final = timedelta(seconds=10)
T = TypeVar("T")


class Gauge(Generic[T]):
    """What `body(connection, now=…)` reads, `FRESH` old at most."""

    def __init__(self, db: Database, body: Callable[[Connection, datetime], T], *, clock: Clock) -> None:
        self._db, self._body, self._clock = db, body, clock
        self._read: tuple[datetime, T] | None = None
        self._one = asyncio.Lock()

    async def value(self) -> T:
        """What it says. Those who ask at once wait for one reading; raises what a read raises, and asks anew then."""
        async with self._one:
            now = self._clock()
            if self._read is None or not timedelta(0) <= now - self._read[0] < FRESH:
                self._read = None
                self._read = now, await self._db.read(lambda conn: self._body(conn, now))
            return self._read[1]
