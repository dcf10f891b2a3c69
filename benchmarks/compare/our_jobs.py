"""Our jobs table, measured by the script that every other system's is measured by."""

import asyncio
import os
from contextlib import ExitStack

from sqlalchemy import text

from benchmarks.rivals.working import SLOTS, WORK_S, Books, System, play
from store import leases, lock
from store.clock import utc_now
from store.db import Database
from store.jobs import enqueue
from store.worker import Running, Worker

ADD = text("INSERT INTO result VALUES (:job)")


class Ours(System):
    """The row commits with the job; what is outside is a step. It sits in its folder as the program does: what a killed
    worker held is taken over when the next one starts."""

    packages = ("aftercare", "SQLAlchemy")

    def __init__(self, url: str, books: Books) -> None:
        super().__init__(url, books)
        self._seats = ExitStack()

    async def open(self, *, works: bool) -> None:
        self._db = await Database.open(self.url)
        await self._db.write(lambda conn: conn.execute(text("CREATE TABLE IF NOT EXISTS result (job BIGINT)")).close())
        if works:
            seat = self._seats.enter_context(lock.sit(self.books.folder))
            await self._db.write(lambda conn: leases.inherit(conn, seat=seat, now=utc_now()))
            worker = Worker(self._db, clock=utc_now, owner=f"bench:{os.getpid()}@{seat}", slots=SLOTS)
            for name in ("plain", "paced", "told"):
                worker.register(name, getattr(self, f"_{name}"))
            self._worker = asyncio.create_task(worker.run(asyncio.Event()))

    async def _plain(self, running: Running) -> None:
        await running.finish(lambda conn: conn.execute(ADD, {"job": running.job.body["given"]}).close())
        self.books.count()

    async def _paced(self, running: Running) -> None:
        self.books.started(float(running.job.body["given"]))  # type: ignore[arg-type]

    async def _told(self, running: Running) -> None:
        number = int(running.job.body["given"])  # type: ignore[call-overload]

        async def tell() -> None:
            self.books.tell(number)
            await asyncio.sleep(WORK_S)

        await running.step("tell", tell)
        await running.finish(lambda conn: conn.execute(ADD, {"job": number}).close())

    async def enqueue(self, job: str, given: float) -> None:
        await self._db.write(lambda conn: enqueue(conn, job, {"given": given}, now=utc_now()))

    async def rows(self) -> list[int]:
        return await self._db.read(lambda conn: list(conn.execute(text("SELECT job FROM result")).scalars()))

    async def close(self) -> None:
        """The process ends here anyway."""


if __name__ == "__main__":
    play(Ours)
