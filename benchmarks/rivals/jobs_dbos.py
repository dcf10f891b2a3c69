"""DBOS on SQLite or PostgreSQL: a workflow a job, its row in a transaction of a datasource, what is outside as a step.

`DBOS_POLLING_S` is the queue's polling interval (its default is a second).
"""

import asyncio
import logging
import os
import time
from concurrent.futures import ThreadPoolExecutor

import sqlalchemy as sa
from dbos import DBOS, DBOSConfig, SQLAlchemyDatasource

from benchmarks.rivals.working import SLOTS, WORK_S, Books, System, play

QUEUE = "jobs"


class Dbos(System):
    packages = ("dbos", "SQLAlchemy")

    def __init__(self, url: str, books: Books) -> None:
        super().__init__(url, books)
        logging.getLogger("dbos").setLevel(logging.CRITICAL)
        config: DBOSConfig = {
            "name": "bench", "system_database_url": url, "application_version": "1", "executor_id": "one",
            "log_level": "CRITICAL",
        }  # fmt: skip
        DBOS(config=config)
        rows = f"sqlite:///{books.folder}/results.sqlite3" if url.startswith("sqlite") else url
        self._rows = sa.create_engine(rows.replace("postgresql://", "postgresql+psycopg://"))
        with self._rows.begin() as conn:
            conn.execute(sa.text("CREATE TABLE IF NOT EXISTS result (job BIGINT)"))
        source = self._source = SQLAlchemyDatasource.create(rows)
        self._threads = ThreadPoolExecutor(SLOTS)

        @source.transaction()
        def add(number: int) -> None:
            source.sql_session().execute(sa.text("INSERT INTO result VALUES (:job)"), {"job": number})

        @DBOS.step()
        def tell(number: int) -> None:
            books.tell(number)
            time.sleep(WORK_S)

        @DBOS.workflow()
        def plain(number: int) -> None:
            add(number)
            books.count()

        @DBOS.workflow()
        def paced(at: float) -> None:
            books.started(at)

        @DBOS.workflow()
        def told(number: int) -> None:
            tell(number)
            add(number)

        self._tasks = {"plain": plain, "paced": paced, "told": told}

    async def open(self, *, works: bool) -> None:
        if not works:
            DBOS.listen_queues(["nothing"])
        await asyncio.to_thread(DBOS.launch)
        polling = float(os.environ.get("DBOS_POLLING_S", "1.0"))
        await asyncio.to_thread(DBOS.register_queue, QUEUE, worker_concurrency=SLOTS, polling_interval_sec=polling)

    async def enqueue(self, job: str, given: float) -> None:
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._threads, DBOS.enqueue_workflow, QUEUE, self._tasks[job], given)

    async def rows(self) -> list[int]:
        with self._rows.connect() as conn:
            return list(conn.execute(sa.text("SELECT job FROM result")).scalars())

    async def close(self) -> None:
        """The process ends here anyway."""


if __name__ == "__main__":
    play(Dbos)
