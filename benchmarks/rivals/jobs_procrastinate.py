"""procrastinate on PostgreSQL: twenty at a time, woken by NOTIFY; stalled jobs tried again as its documentation shows.

The documented task for that runs every ten minutes; here its body runs every five seconds, with the default of 30
seconds without a heartbeat, so that one need not wait so long.
"""

import asyncio
import logging

from procrastinate import App, PsycopgConnector

from benchmarks.rivals.working import SLOTS, WORK_S, Books, System, play

LOOK_S = 5


class Procrastinate(System):
    packages = ("procrastinate", "psycopg")

    def __init__(self, url: str, books: Books) -> None:
        super().__init__(url, books)
        logging.getLogger("procrastinate").setLevel(logging.CRITICAL)
        self._app = App(connector=PsycopgConnector(conninfo=url, min_size=4, max_size=SLOTS))
        self._beside: list[asyncio.Task[None]] = []

        @self._app.task(name="plain")
        async def plain(number: int) -> None:
            await self._add(number)
            books.count()

        @self._app.task(name="paced")
        async def paced(at: float) -> None:
            books.started(at)

        @self._app.task(name="told")
        async def told(number: int) -> None:
            books.tell(number)
            await asyncio.sleep(WORK_S)
            await self._add(number)

        self._tasks = {"plain": (plain, "number"), "paced": (paced, "at"), "told": (told, "number")}

    async def _add(self, number: int) -> None:
        await self._app.connector.execute_query_async("INSERT INTO result VALUES (%(job)s)", job=number)

    async def open(self, *, works: bool) -> None:
        await self._app.open_async()
        if not await self._app.check_connection_async():
            await self._app.schema_manager.apply_schema_async()
            await self._app.connector.execute_query_async("CREATE TABLE IF NOT EXISTS result (job BIGINT)")
        if works:
            self._beside = [
                asyncio.create_task(self._app.run_worker_async(concurrency=SLOTS, install_signal_handlers=False)),
                asyncio.create_task(self._again()),
            ]

    async def _again(self) -> None:
        while True:
            for job in await self._app.job_manager.get_stalled_jobs():
                await self._app.job_manager.retry_job(job)
            await asyncio.sleep(LOOK_S)

    async def enqueue(self, job: str, given: float) -> None:
        task, name = self._tasks[job]
        await task.defer_async(**{name: given})

    async def rows(self) -> list[int]:
        found = await self._app.connector.execute_query_all_async("SELECT job FROM result")
        return [int(row["job"]) for row in found]

    async def close(self) -> None:
        for task in self._beside:
            task.cancel()
        await asyncio.gather(*self._beside, return_exceptions=True)


if __name__ == "__main__":
    play(Procrastinate)
