"""How full the queues are, for those who ask again and again: read at most once in some seconds."""

import asyncio
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from store.clock import Clock
from store.db import Database
from store.jobs import QueueDepth, depths

FRESH: Final = timedelta(seconds=10)


class Gauge:
    """The depths of all queues, `FRESH` old at most."""

    def __init__(self, db: Database, *, clock: Clock) -> None:
        self._db, self._clock = db, clock
        self._read_at: datetime | None = None
        self._depths: list[QueueDepth] = []
        self._one = asyncio.Lock()

    async def depths(self) -> list[QueueDepth]:
        """See `store.jobs.depths`. Those who ask at once wait for one reading."""
        async with self._one:
            now = self._clock()
            if self._read_at is None or not timedelta(0) <= now - self._read_at < FRESH:
                self._depths = await self._db.read(partial(depths, now=now))
                self._read_at = now
            return self._depths
