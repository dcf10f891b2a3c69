"""Copies and erasures of one person's data, as durable jobs; what was erased is erased again in a restored copy.

An erasure goes on by small transactions, so a process that is killed leaves it where it was. Copies lie in a folder of
their own for a day.
"""

import asyncio
from collections.abc import Iterable
from functools import partial
from pathlib import Path

import structlog
from sqlalchemy import Connection

from console import privacy_document
from console.texts import Texts
from handoff.errors import NotFound
from store.clock import Clock
from store.db import Database
from store.errors import StoreError
from store.schedule import plan
from store.worker import GiveUp, Running, Worker
from success.privacy import ageing, erasing, exporting, tombstones
from success.privacy.ageing import UNLINK
from success.privacy.erasing import ERASE
from success.privacy.exporting import EXPORT, Export
from success.privacy.tombstones import Tombstone

log = structlog.get_logger()
SWEEP = "privacy_sweep"
AGE = "privacy_age"
EACH_QUARTER = "*/15 * * * *"
EACH_NIGHT = "40 3 * * *"
MOST_BATCHES = 200
"""A night's work is bounded: the rest goes the next night."""


class Privacy:
    """The handlers. `files` is the folder of what people sent; `stones` the file of who was erased."""

    def __init__(self, db: Database, *, files: Path, stones: Path, texts: Texts, clock: Clock) -> None:
        self._db, self._files, self._stones, self._texts, self._clock = db, files, stones, texts, clock

    async def begin(self) -> None:
        """Erase again whom a restored copy has brought back, go on with what was given up, note who was erased."""
        lines = await asyncio.to_thread(tombstones.read, self._stones)
        again = await self._db.write(lambda conn: tombstones.replay(conn, lines, now=self._clock()))
        if again:
            log.warning("erased again after a restore", people=again)
        if taken_up := await self._db.write(lambda conn: erasing.resume(conn, now=self._clock())):
            log.warning("erasures taken up again", erasures=taken_up)
        known = await self._db.read(partial(erasing.listed, limit=100_000))
        done = [Tombstone.of(each) for each in known if each.state == "done"]
        await asyncio.to_thread(tombstones.write, self._stones, done)
        await self._db.write(self._plan)

    def _plan(self, conn: Connection) -> None:
        plan(conn, SWEEP, cron=EACH_QUARTER, zone="UTC", queue=SWEEP, body={}, now=self._clock())
        plan(conn, AGE, cron=EACH_NIGHT, zone="Asia/Shanghai", queue=AGE, body={}, now=self._clock())

    async def erase(self, running: Running) -> None:
        """The handler of `privacy_erase` jobs: `{"erasure": id}`."""
        which = int(str(running.job.body["erasure"]))
        asked = await self._db.read(lambda conn: erasing.find(conn, which))
        if asked is None:
            return
        await asyncio.to_thread(tombstones.write, self._stones, [Tombstone.of(asked)])
        await self.sweep(running)
        more = True
        while more:
            names = await self._db.read(lambda conn: erasing.next_files(conn, which))
            await asyncio.to_thread(_unlink, self._files, names)
            more = await self._db.write(lambda conn: erasing.step(conn, which, now=self._clock()))
        log.info("person erased", erasure=which)

    async def export(self, running: Running) -> None:
        """The handler of `privacy_export` jobs: `{"export": id}`."""
        which = int(str(running.job.body["export"]))
        asked = await self._db.read(lambda conn: exporting.find(conn, which))
        if asked is not None and asked.state == "waiting":
            await self._copy(running, asked)

    async def _copy(self, running: Running, asked: Export) -> None:
        try:
            facts = await self._db.read(lambda conn: exporting.gather(conn, asked.person_id))
        except NotFound:  # erased in the meantime
            await running.finish(lambda conn: exporting.failed(conn, asked.id))
            return
        room, name = exporting.folder(self._files), exporting.file_name()
        size = await asyncio.to_thread(
            privacy_document.write, room / name, facts, files=self._files, texts=self._texts, now=self._clock()
        )
        try:
            await running.finish(lambda conn: exporting.done(conn, asked.id, file=name, size=size, now=self._clock()))
        except StoreError:
            await asyncio.to_thread(_unlink, room, (name,))
            raise

    async def sweep(self, _: Running) -> None:
        """Take copies that are a day old from the disk, and what a killed process left beside them."""
        room = exporting.folder(self._files)
        for each in await self._db.read(lambda conn: exporting.expired(conn, now=self._clock())):
            await asyncio.to_thread(_unlink, room, (each.file,) if each.file else ())
            await self._db.write(partial(exporting.gone, export_id=each.id))

    async def age(self, _: Running) -> None:
        """Let go what the desk's rules keep no longer, some thousand rows a night."""
        for _batch in range(MOST_BATCHES):
            if not await self._db.write(lambda conn: ageing.age(conn, now=self._clock())):
                return

    async def unlink(self, running: Running) -> None:
        """The handler of `privacy_unlink` jobs, `{"files": names}`: what no row names any more leaves the disk."""
        names = running.job.body["files"]
        assert isinstance(names, list)
        await asyncio.to_thread(_unlink, self._files, map(str, names))

    async def dead(self, running: Running, error: Exception) -> None:
        """An export that cannot be made says so; an erasure stays a dead letter, which the page shows."""
        if running.job.queue == EXPORT:
            which = int(str(running.job.body["export"]))
            await running.bury(error, lambda conn: exporting.failed(conn, which))
        if running.job.queue == ERASE:
            log.error("erasure given up", job=running.job.id, error=type(error).__name__)

    def register(self, worker: Worker) -> None:
        """Let a worker do it."""
        worker.register(ERASE, self.erase, slots=1)
        worker.register(EXPORT, self.export, slots=1)
        worker.register(SWEEP, self.sweep, slots=1)
        worker.register(AGE, self.age, slots=1)
        worker.register(UNLINK, self.unlink, slots=1)


def _unlink(folder: Path, names: Iterable[str]) -> None:
    for name in names:
        if Path(name).name != name:  # no path from outside
            raise GiveUp("not a file of ours")
        (folder / name).unlink(missing_ok=True)
