"""Fetching updates, one process at a time: the lease of a job that never ends elects it.

An update is confirmed by the offset of the next fetch, which is moved only once it, and all before it, are stored.
"""

import asyncio
from collections.abc import Awaitable, Sequence
from datetime import timedelta
from typing import Final, TypeVar

import structlog
from sqlalchemy import Connection
from telegram import Update

from bot.channels.telegram.account import Account, Troubles
from bot.channels.telegram.arriving import NOT_STORED, Arrivals
from bot.channels.telegram.fetched import Fetched
from store import jobs
from store.clock import Clock
from store.worker import Retry, Running, Worker

log = structlog.get_logger()

QUEUE: Final = "telegram_poll"
_DEDUP: Final = "telegram"
_FOR_EVER: Final = Retry(attempts=1_000_000_000)  # killed workers count as attempts
_RESTS: Final = timedelta(seconds=1)  # until another process, or the next start, takes over
_HANDS: Final = 24  # updates that are being stored at a time: they share commits, so that a rush is taken in
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
        self._hands = asyncio.Semaphore(_HANDS)
        self._offset: int | None = None
        self._troubles = Troubles()

    @property
    def polls(self) -> bool:
        """Whether this process is the one that fetches now."""
        return self._alone.locked()

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
        given = await self._unless_stopped(self._account.fetch(self._offset)) or Fetched(updates=(), last=None)
        updates = given.updates
        refused = [each for each in await asyncio.gather(*map(self._lane, _lanes(updates))) if each is not None]
        if refused:
            self._offset, error = min(refused, key=lambda each: each[0])
            raise error
        if given.last is not None:
            self._offset = given.last + 1
        self._troubles.over()

    async def _lane(self, updates: Sequence[Update]) -> tuple[int, Exception] | None:
        """Store a chat's updates in their order; the number of the first that could not be stored, and why."""
        for update in updates:
            async with self._hands:
                try:
                    await self._take(update)
                except NOT_STORED as error:
                    return update.update_id, error
        return None

    async def _take(self, update: Update) -> None:
        """Store an update; one that fails by our own fault, or cannot be read, is told and holds nobody up."""
        try:
            await self._arrivals.take(update)
        except NOT_STORED:
            raise
        except Exception:
            log.exception("telegram_update_skipped", update=update.update_id)

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


def _lanes(updates: Sequence[Update]) -> list[list[Update]]:
    """The updates that must follow each other: of each chat, and all of them where one may bear on another chat."""
    lanes: dict[int | None, list[Update]] = {}
    together = any(map(_reaches_out, updates))
    for update in updates:
        chat = update.effective_chat
        lanes.setdefault(None if together or chat is None else chat.id, []).append(update)
    return list(lanes.values())


def _reaches_out(update: Update) -> bool:
    """Whether it may change what another chat's message means: a group takes another's place, a code is used."""
    message = update.message
    moves = message is not None and (message.migrate_to_chat_id or message.migrate_from_chat_id)
    return bool(moves or (message is not None and (message.text or "").startswith("/")))
