"""The durable job behind the desk's *preview* and *publish*: it runs where the index is, and tells how far it is."""

import asyncio
import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import Any

import structlog

from knowledge import runs
from knowledge.errors import AlreadyIndexing, KnowledgeError
from knowledge.model import Progress
from knowledge.runs import QUEUE, Run
from knowledge.service import Manual
from store.clock import Clock
from store.db import Database
from store.running import Retry
from store.worker import Running, Worker

log = structlog.get_logger()
#: How long a run waits for another process that builds a version.
_AGAIN = timedelta(seconds=3)
_TELL_EVERY_S = 0.5


class ManualRuns:
    """Does the runs that the desk asked for."""

    def __init__(self, db: Database, *, manual: Manual, source: Path, clock: Clock) -> None:
        self._db, self._manual, self._source, self._clock = db, manual, source, clock

    def register(self, worker: Worker) -> None:
        """Let a worker do them, one at a time."""
        worker.register(QUEUE, self.work, retry=Retry(attempts=3), slots=1)

    async def work(self, running: Running) -> None:
        """Preview or publish, and keep the report."""
        number = int(str(running.job.body["run"]))
        run = await self._db.read(lambda conn: runs.find(conn, number))
        if run is None or not run.open:
            return
        error: str | None = None
        report: Mapping[str, Any] | None = None
        try:
            report = await self._done(run)
        except AlreadyIndexing:
            await running.later(self._clock() + _AGAIN)
            return
        except KnowledgeError as refused:
            error = f"{type(refused).__name__}: {refused}"
        now = self._clock()
        await running.finish(lambda conn: runs.ended(conn, number, now=now, report=report, error=error))

    async def _done(self, run: Run) -> Mapping[str, Any]:
        teller = _Teller(self._db, run.id)
        telling = asyncio.create_task(teller.run())
        try:
            if run.kind == "preview":
                made: Any = await self._manual.preview(self._source, progress=teller.tell, spend=run.force)
            else:
                made = await self._manual.index(
                    self._source,
                    by=run.by,
                    reason=run.reason,
                    force=run.force,
                    expects=run.expects,
                    progress=teller.tell,
                )
        finally:
            telling.cancel()
            with suppress(asyncio.CancelledError):
                await telling
        return await asyncio.to_thread(as_json, made)

    async def dead(self, running: Running, error: Exception) -> None:
        """A run that was given up is told as failed."""
        if running.job.queue != QUEUE:
            return
        number, now = int(str(running.job.body["run"])), self._clock()
        said = f"{type(error).__name__}: {error}"
        log.error("manual run failed", run=number, error=type(error).__name__)
        await running.bury(error, lambda conn: runs.ended(conn, number, now=now, error=said))


class _Teller:
    """Writes down how far a run is, twice a second at most."""

    def __init__(self, db: Database, number: int) -> None:
        self._db, self._number = db, number
        self._last: Progress | None = None
        self._news = asyncio.Event()

    def tell(self, progress: Progress) -> None:
        self._last = progress
        self._news.set()

    async def run(self) -> None:
        while True:
            await self._news.wait()
            self._news.clear()
            last = self._last
            assert last is not None
            await self._db.write(lambda conn, last=last: runs.told(conn, self._number, last))  # type: ignore[misc]
            await asyncio.sleep(_TELL_EVERY_S)


def as_json(report: Any) -> Any:
    """A report as JSON has it; what it cost with the sum of money."""
    facts: dict[str, Any] = json.loads(json.dumps(asdict(report), default=str))
    for name in ("cost", "would_cost"):
        if cost := getattr(report, name, None):
            facts[name]["amount"] = cost.amount
    return facts
