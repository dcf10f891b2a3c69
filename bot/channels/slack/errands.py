"""What follows an acknowledgement; none of it may do harm, and none of it is missed."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any, Final

_MOST: Final = 200


class Errands:
    """Runs work beside what comes in, `most` at a time; what is too much is left out."""

    def __init__(self, *, most: int = _MOST) -> None:
        self._most = most
        self._running: set[asyncio.Task[None]] = set()

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        """Begin it, unless there is too much already."""
        if len(self._running) >= self._most:
            work.close()
            return
        task = asyncio.create_task(work, name="slack-errand")
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def close(self) -> None:
        """End what is still under way."""
        for task in self._running:
            task.cancel()
        if self._running:
            await asyncio.wait(self._running)


class Turns:
    """One at a time of what has the same name."""

    def __init__(self) -> None:
        self._locks: dict[str, asyncio.Lock] = {}

    @asynccontextmanager
    async def alone(self, name: str) -> AsyncIterator[None]:
        """For as long as the block lasts nobody else has this name."""
        lock = self._locks.setdefault(name, asyncio.Lock())
        try:
            async with lock:
                yield
        finally:
            if not lock.locked():
                self._locks.pop(name, None)
