"""Runs jobs: claims what is due, hands it to the queue's handler, renews its lease, retries, buries.

A handler may run again from its start at any time (a crash, a lost lease), so its effects outside the
database are at-least-once: `Running.step` keeps results already paid for, `Running.finish` commits once.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Coroutine, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from time import perf_counter
from typing import Any, Final, Literal

import structlog
from sqlalchemy import Connection
from structlog.contextvars import bound_contextvars

from store import leases, setback
from store.clock import Clock
from store.db import Database
from store.errors import AttemptsExhausted, DatabaseBusy, DatabaseGone, DiskFull, GiveUp, LeaseLost, StoreError
from store.jobs import TOPIC, Job
from store.running import Retry, Running
from store.schedule import tick

__all__ = ["GiveUp", "Handler", "OnDead", "Retry", "Running", "Worker"]

DEDUP_WINDOW: Final = timedelta(days=7)  # longer than any platform redelivers
_RETRY: Final = Retry()
_POLL_S: Final = 1.0
_FEW: Final = 2  # queues that are not worth a question whether something is due there
_SWEEP_EVERY: Final = timedelta(hours=1)
_GRACE_S: Final = 10.0  # for running handlers, when told to stop
_log: Final = structlog.get_logger("store.worker")


Handler = Callable[[Running], Awaitable[None]]
Result = Literal["done", "later", "failed", "dead", "lost"]
OnDead = Callable[[Running, Exception], Awaitable[None]]
"""Told of a job that was given up, before it is buried: `Running.bury` does both in one transaction.

Whatever it leaves unburied the worker buries; what it raises is logged, but for the database's own errors, after
which the job is given up again once its lease has run out.
"""

Told = Callable[[str, Result, timedelta, float], None]
"""Told of each run: its queue, what came of it, how late it began, and the seconds it took."""
Named = Callable[[Job], Mapping[str, object]]
"""What every line of the log says of a job while it runs, besides its number and its queue."""


def _says_nothing(_job: Job) -> Mapping[str, object]:
    return {}


@dataclass(frozen=True, slots=True)
class _Line:
    """A registered queue."""

    handler: Handler
    retry: Retry
    slots: int
    spare: bool


class Worker:
    """Runs up to `slots` jobs at a time, of the queues that it `takes`: others are left to other processes.

    `spare` more run of what goes ahead of others (see `store.jobs`), in queues that may use them. `owner` names this
    process in the table, for people.
    """

    def __init__(
        self,
        db: Database,
        *,
        clock: Clock,
        owner: str,
        slots: int = 8,
        spare: int = 2,
        lease: timedelta = timedelta(seconds=60),
        on_dead: OnDead | None = None,
        on_run: Told | None = None,
        named: Named = _says_nothing,
        takes: Callable[[str], bool] = lambda _: True,
    ) -> None:
        self._db, self._clock, self._owner = db, clock, owner
        self._on_run, self._named, self._takes = on_run, named, takes
        self._slots, self._spare, self._lease, self._on_dead = slots, spare, lease, on_dead
        self._lines: dict[str, _Line] = {}
        self._called: set[str] = set()  # queues that may have something to run
        self._running: dict[asyncio.Task[None], Job] = {}
        self._wake = asyncio.Event()
        self._swept_at: datetime | None = None
        self._tended_at: datetime | None = None

    def register(
        self, queue: str, handler: Handler, *, retry: Retry = _RETRY, slots: int | None = None, spare: bool = False
    ) -> None:
        """Let this worker run the jobs of `queue`, at most `slots` of them at a time, if it takes that queue.

        `spare`: what goes ahead there may use the spare slots besides.
        """
        if self._takes(queue):
            self._lines[queue] = _Line(handler, retry, min(slots or self._slots, self._slots), spare)

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set; then let running handlers end, and give back those that take too long."""
        stopping = asyncio.create_task(stop.wait())
        stopping.add_done_callback(lambda _: self._wake.set())
        try:
            async with _beside(self._poll(), self._heed_signals(), self._renew()):
                while not stop.is_set():
                    await self._wake.wait()
                    self._wake.clear()
                    await self._start_calmly()
                await self._let_end()
        finally:
            stopping.cancel()
            await self._cancel_running()

    async def drain(self) -> int:
        """Run what is due now, and what that leads to, until nothing is due; the number of jobs run."""
        started = 0
        await self._db.write(self._tend)
        try:
            async with _beside(self._renew()):
                while True:
                    idle = not self._running  # else a job that ends during the claim makes room it did not use
                    self._call(*self._lines)
                    fresh = await self._start()
                    started += fresh
                    if idle and not fresh:
                        return started
                    if self._running:
                        await asyncio.wait(self._running, return_when=asyncio.FIRST_COMPLETED)
        finally:
            await self._cancel_running()

    async def _start_calmly(self) -> None:
        try:
            await self._start()
        except Exception as error:  # noqa: BLE001 -- the poll tries again
            _log.error("jobs_not_claimed", exc_info=error)

    async def _start(self) -> int:
        """Claim and start what fits; the number of jobs started."""
        room = self._slots + self._spare - len(self._running)
        called = {queue for queue in self._called if self._lines[queue].spare or self._free(queue) > 0}
        if not called or room <= 0:
            return 0
        self._called -= called
        claimed: list[Job] | None = None
        try:
            claimed = await self._db.write(lambda conn: self._claim(conn, called, room))
        finally:
            if claimed is None or len(claimed) >= room - self._spare:  # not all of them were looked at
                self._called |= called
        for job in claimed:
            task = asyncio.create_task(self._handle(job), name=f"job-{job.id}")
            self._running[task] = job
            task.add_done_callback(partial(self._ended, job))
        return len(claimed)

    def _claim(self, conn: Connection, called: Collection[str], room: int) -> list[Job]:
        """One statement for the queues that may use all the slots, one for each other that has something to run."""
        roomy = {queue for queue in called if self._lines[queue].slots == self._slots}
        narrow = {queue for queue in called if queue not in roomy and self._free(queue) > 0}
        claimed: list[Job] = []

        def take(queues: Collection[str], most: int, *, ahead: bool = False) -> None:
            if queues and most > 0:
                facts: Any = {"owner": self._owner, "now": self._clock(), "lease": self._lease, "ahead": ahead}
                claimed.extend(leases.claim(conn, queues, limit=most, **facts))

        def left() -> int:
            return room - self._spare - len(claimed)

        take(roomy, left())
        if len(narrow) > _FEW and left() > 0:
            narrow = leases.due_queues(conn, narrow, now=self._clock())
        for queue in sorted(narrow):
            take({queue}, min(self._free(queue), left()))
        full = {queue for queue in called if self._lines[queue].spare and (left() <= 0 or self._free(queue) <= 0)}
        take(full, room - len(claimed), ahead=True)
        return claimed

    def _free(self, queue: str) -> int:
        return self._lines[queue].slots - self._count(queue)

    def _count(self, queue: str) -> int:
        return sum(job.queue == queue for job in self._running.values())

    def _call(self, *queues: str) -> None:
        """Look for jobs in these queues again."""
        self._called.update(queues)
        self._wake.set()

    def _ended(self, job: Job, task: asyncio.Task[None]) -> None:
        del self._running[task]
        self._call(job.queue)
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("job_outcome_lost", exc_info=error)  # its lease will run out

    async def _handle(self, job: Job) -> None:
        """Run a job, with its name in every line of the log."""
        waited, began = self._clock() - job.since, perf_counter()
        with bound_contextvars(job=job.id, queue=job.queue, **self._named(job)):
            result = await self._outcome(job)
        if self._on_run is not None:
            self._on_run(job.queue, result, waited, perf_counter() - began)

    async def _outcome(self, job: Job) -> Result:
        running = Running(self._db, job, clock=self._clock)
        line = self._lines[job.queue]
        try:
            _refuse_exhausted(job, line.retry)
            await line.handler(running)
            if running.open:
                await self._db.write(lambda conn: leases.close(conn, job, now=self._clock()))
        except LeaseLost:
            _log.warning("lease_lost")
            return "lost"
        except asyncio.CancelledError as error:
            if not _is_cancelled():  # something inside the handler was
                return await self._failed(running, line, RuntimeError(repr(error)))
            await self._db.write(lambda conn: _try_give_back(conn, job))
            raise
        except Exception as error:  # noqa: BLE001 -- whatever a handler raises is its job's failure
            return await self._failed(running, line, error)
        return "later" if running.postponed else "done"

    async def _failed(self, running: Running, line: _Line, error: Exception) -> Result:
        job = running.job
        delay = line.retry.delay(job.attempts, error)
        said = f"{type(error).__name__}: {error}"
        if delay is not None:
            _log.warning("job_failed", attempt=job.attempts, retry_in_s=delay.total_seconds(), exc_info=error)
            run_at = self._clock() + delay
            again = partial(leases.give_back, held=job, run_at=run_at, counted=True, error=said)
            await self._until_taken(lambda: self._db.write(again), away_s=self._lease.total_seconds())
            return "failed"
        _log.error("job_dead", attempt=job.attempts, exc_info=error)
        await self._until_taken(lambda: self._bury(running, error))
        return "dead"

    async def _until_taken(self, write: Callable[[], Awaitable[None]], *, away_s: float = 0.0) -> None:
        """Write how a job ended, again and again while the database has no room or no time for it.

        One that is away is waited for `away_s` seconds; after a lease's time the job is anybody's.
        """
        while True:
            try:
                return await write()
            except (DiskFull, DatabaseBusy, DatabaseGone) as error:
                if isinstance(error, DatabaseGone):
                    away_s -= _POLL_S
                if away_s < 0:
                    raise
                _log.error("job_outcome_not_stored", error=f"{type(error).__name__}: {error}")
                await asyncio.sleep(_POLL_S)

    async def _bury(self, running: Running, error: Exception) -> None:
        if self._on_dead is not None:
            try:
                await self._on_dead(running, error)
            except StoreError:
                raise
            except Exception as worse:  # noqa: BLE001 -- a dead letter must not be tried for ever
                _log.error("nobody_told", exc_info=worse)
        if running.open:
            await running.bury(error)

    async def _poll(self) -> None:
        """The net under the signals: fire schedules, sweep, and look for jobs, each second."""
        while True:
            try:
                await self._db.write(self._tend)
            except Exception as error:  # noqa: BLE001 -- the next second tries again
                _log.error("schedules_not_ticked", exc_info=error)
            self._call(*self._lines)
            await asyncio.sleep(_POLL_S)

    def _tend(self, conn: Connection) -> None:
        now = self._clock()
        if back := setback.noticed(conn, last=self._tended_at, now=now):
            _log.warning("clock_set_back", seconds=back.total_seconds())
            setback.mend(conn, back=back, now=now, lease=self._lease)
        self._tended_at = now
        tick(conn, now=now)
        if self._swept_at is None or now - self._swept_at >= _SWEEP_EVERY:
            leases.sweep(conn, now=now, keep=DEDUP_WINDOW)
            self._swept_at = now

    async def _heed_signals(self) -> None:
        async with self._db.listen(TOPIC) as subscription:
            async for signal in subscription:
                if signal.topic != TOPIC:
                    self._call(*self._lines)
                elif signal.payload in self._lines:
                    self._call(signal.payload)

    async def _renew(self) -> None:
        """Prolong the leases of running jobs, again and again."""
        while True:
            await asyncio.sleep(self._lease.total_seconds() / 3)
            try:
                await self._renew_once()
            except Exception as error:  # noqa: BLE001 -- two more tries fit in a lease
                _log.error("leases_not_renewed", exc_info=error)

    async def _renew_once(self) -> None:
        """Prolong the leases; stop a handler whose job somebody else has."""
        held = dict(self._running)
        if not held:
            return
        until = self._clock() + self._lease
        kept = await self._db.write(lambda conn: leases.renew(conn, held.values(), until=until))
        for task, job in held.items():
            if (job.id, job.claims) not in kept:
                task.cancel()

    async def _let_end(self) -> None:
        if self._running:
            await asyncio.wait(self._running, timeout=_GRACE_S)

    async def _cancel_running(self) -> None:
        for task in list(self._running):
            task.cancel()
        if self._running:
            await asyncio.wait(list(self._running))


@asynccontextmanager
async def _beside(*loops: Coroutine[None, None, None]) -> AsyncIterator[None]:
    """The loops, which outlive their own failures, run beside the block."""
    tasks = [asyncio.create_task(loop) for loop in loops]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


def _try_give_back(conn: Connection, job: Job) -> None:
    try:
        leases.give_back(conn, job, run_at=job.run_at, counted=False)
    except LeaseLost:
        return  # it was closed, or is somebody else's


def _refuse_exhausted(job: Job, retry: Retry) -> None:
    """A job that kills its workers leaves no error: its attempts are counted by its claims."""
    if job.attempts > retry.attempts:
        raise AttemptsExhausted(job.id, attempts=job.attempts - 1)


def _is_cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
