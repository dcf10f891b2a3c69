"""huey on SQLite: its consumer with threads, its own polling; synchronised to disk, as everybody here is."""

import asyncio
import logging
import time
from concurrent.futures import ThreadPoolExecutor

from huey import SqliteHuey

from benchmarks.rivals.results import Results
from benchmarks.rivals.working import SLOTS, WORK_S, Books, System, play


class Huey(System):
    packages = ("huey",)

    def __init__(self, url: str, books: Books) -> None:
        super().__init__(url, books)
        logging.getLogger("huey").setLevel(logging.ERROR)
        self._huey = SqliteHuey(filename=url, fsync=True, timeout=30, results=False)
        self._results, self._threads = Results(books.folder), ThreadPoolExecutor(SLOTS)

        @self._huey.task()
        def plain(number: int) -> None:
            self._results.add(number)
            books.count()

        @self._huey.task()
        def paced(at: float) -> None:
            books.started(at)

        @self._huey.task()
        def told(number: int) -> None:
            books.tell(number)
            time.sleep(WORK_S)
            self._results.add(number)

        self._tasks = {"plain": plain, "paced": paced, "told": told}
        self._consumer = None

    async def open(self, *, works: bool) -> None:
        if works:
            self._consumer = self._huey.create_consumer(workers=SLOTS, worker_type="thread", periodic=False)
            self._consumer.start()

    async def enqueue(self, job: str, given: float) -> None:
        await asyncio.get_running_loop().run_in_executor(self._threads, self._tasks[job], given)

    async def rows(self) -> list[int]:
        return self._results.all()

    async def close(self) -> None:
        if self._consumer is not None:
            self._consumer.stop(graceful=False)


if __name__ == "__main__":
    play(Huey)
