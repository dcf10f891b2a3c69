"""What a handler holds while its job runs, and what happens when it fails."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from sqlalchemy import Connection

from store import leases
from store.clock import Clock
from store.db import Database
from store.errors import GiveUp
from store.jobs import Job, JsonValue

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Retry:
    """How often, and when again: `first` after the first failure, times `factor` each time, at most `cap`."""

    attempts: int = 8
    first: timedelta = timedelta(seconds=1)
    factor: float = 2
    cap: timedelta = timedelta(minutes=5)

    def delay(self, attempt: int, error: BaseException) -> timedelta | None:
        """The pause after failure number `attempt` (from 1), or None for a dead letter.

        An error that has an attribute `retry_after: timedelta` names its own pause.
        """
        if isinstance(error, GiveUp) or attempt >= self.attempts:
            return None
        asked = getattr(error, "retry_after", None)
        if isinstance(asked, timedelta):
            return asked
        seconds = self.first.total_seconds() * self.factor ** min(attempt - 1, 100)
        return timedelta(seconds=min(seconds, self.cap.total_seconds()))


class Running:
    """A claimed job in the hands of its handler. Returning without `finish` or `later` closes the job."""

    def __init__(self, db: Database, job: Job, *, clock: Clock) -> None:
        self.job = job
        self.open, self.postponed = True, False
        self._db, self._clock = db, clock
        self._steps: dict[str, JsonValue] | None = {} if job.claims == 1 else None

    async def step(self, name: str, work: Callable[[], Awaitable[JsonValue]]) -> JsonValue:
        """The result of `work`, which is kept: a later attempt gets it without running `work` again.

        A crash between the end of `work` and the commit of its result runs it once more.

        Raises:
            LeaseLost: somebody else has the job now.
            TypeError, ValueError: the result is not JSON.
        """
        if self._steps is None:
            self._steps = await self._db.read(lambda conn: leases.steps(conn, self.job.id))
        if name not in self._steps:
            result: JsonValue = json.loads(json.dumps(await work(), allow_nan=False))
            await self._db.write(lambda conn: leases.checkpoint(conn, self.job, name, result))
            self._steps[name] = result
        return self._steps[name]

    async def finish(self, body: Callable[[Connection], T]) -> T:
        """Run `body` and close the job in one transaction.

        Raises:
            LeaseLost: somebody else has the job now; nothing of `body` was kept.
        """

        def close_and_run(conn: Connection) -> T:
            leases.close(conn, self.job, now=self._clock())
            return body(conn)

        result = await self._db.write(close_and_run)
        self.open = False
        return result

    async def bury(self, error: Exception, body: Callable[[Connection], object] | None = None) -> None:
        """Make the job a dead letter and run `body` in one transaction: neither happens without the other.

        Raises:
            LeaseLost: somebody else has the job now; nothing of `body` was kept.
        """
        said = f"{type(error).__name__}: {error}"

        def bury_and_run(conn: Connection) -> None:
            leases.bury(conn, self.job, now=self._clock(), error=said)
            if body is not None:
                body(conn)

        await self._db.write(bury_and_run)
        self.open = False

    async def later(self, run_at: datetime, *, yields: bool = False) -> None:
        """Let the job wait until `run_at`; this attempt does not count. `yields`: see `store.leases.give_back`.

        Raises:
            LeaseLost: somebody else has the job now.
        """
        await self._db.write(lambda conn: leases.give_back(conn, self.job, run_at=run_at, counted=False, yields=yields))
        self.open, self.postponed = False, True
