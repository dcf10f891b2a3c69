"""Fetching updates, one process at a time: the lease of a job that never ends elects it.

An update is confirmed by the offset of the next fetch, which is moved only once the update is stored.
"""

import asyncio
from collections.abc import Awaitable
from datetime import timedelta
from typing import Final, TypeVar

import structlog
from sqlalchemy import Connection
from telegram import Update

from bot.channels.telegram.account import ALLOWED, POLL_S, Account, Troubles
from bot.channels.telegram.arriving import NOT_STORED, Arrivals
from store import jobs
from store.clock import Clock
from store.worker import Retry, Running, Worker

log = structlog.get_logger()

QUEUE: Final = "telegram_poll"
_DEDUP: Final = "telegram"
_FOR_EVER: Final = Retry(attempts=1_000_000_000)  # killed workers count as attempts
_RESTS: Final = timedelta(seconds=1)  # until another process, or the next start, takes over
_READ_S: Final = POLL_S + 10.0
T = TypeVar("T")


def settle(conn: Connection, *, polls: bool, now: Clock) -> None:
    """Have somebody poll, or nobody. A transaction body; safe to run by every process at its start."""
    if polls:
        jobs.enqueue(conn, QUEUE, {}, dedup=_DEDUP, now=now())
    else:
        jobs.cancel(conn, QUEUE, dedup=_DEDUP)


class Polling:
    """The handler of the polling job."""

    def __init__(self, account: Account, arrivals: Arrivals, *, clock: Clock) -> None:
        self._account, self._arrivals, self._clock = account, arrivals, clock
        self._stop = asyncio.Event()
        self._alone = asyncio.Lock()
        self._offset: int | None = None
        self._troubles = Troubles()

    def register(self, worker: Worker) -> None:
        """Let a worker poll."""
        worker.register(QUEUE, self.poll, retry=_FOR_EVER, slots=1)

    def stop(self) -> None:
        """Come to an end soon."""
        self._stop.set()

    async def poll(self, running: Running) -> None:
        """Fetch and store until told to stop; then let the job wait for whoever takes it next."""
        async with self._alone:  # a lease that ran out may have started us twice
            hooked = True
            while not self._stop.is_set():
                try:
                    if hooked:
                        await self._unless_stopped(self._account.bot.delete_webhook())
                        hooked = False
                    await self._round()
                except NOT_STORED as error:
                    await self._unless_stopped(asyncio.sleep(self._troubles.meet(error)))
        await running.later(self._clock() + _RESTS)

    async def _round(self) -> None:
        """One fetch. What could not be stored is fetched again, with all that came after it."""
        fetching = self._account.bot.get_updates(
            offset=self._offset, timeout=POLL_S, read_timeout=_READ_S, allowed_updates=ALLOWED
        )
        updates = await self._unless_stopped(fetching)
        for update in sorted(updates or (), key=_number):
            await self._take(update)
            self._offset = update.update_id + 1
        self._troubles.over()

    async def _take(self, update: Update) -> None:
        """Store an update; one that we cannot read at all must not hold up the others."""
        try:
            await self._arrivals.take(update)
        except NOT_STORED:
            raise
        except Exception:
            log.exception("telegram_update_not_understood", update=update.update_id)

    async def _unless_stopped(self, work: Awaitable[T]) -> T | None:
        """The result of `work`, or None as soon as we are told to stop."""
        working, stopping = asyncio.ensure_future(work), asyncio.ensure_future(self._stop.wait())
        try:
            await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
            return await working if working.done() else None
        finally:
            for task in (working, stopping):
                task.cancel()
            await asyncio.wait({working, stopping})


def _number(update: Update) -> int:
    return update.update_id
