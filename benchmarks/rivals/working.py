"""What every job system's script shares: what is measured, and how jobs tell that they ran.

A script is called with a mode, an address and a folder. ``pace JOBS WAITS`` measures in one process: twenty callers
enqueue, a worker of twenty slots runs, and each job writes a row; then one job each ten milliseconds, timed from the
call that enqueues it to its first line. ``fill JOBS`` enqueues and ends; ``work`` runs until it is killed; ``rows``
prints which rows there are. A job of ``fill`` first tells the outside (a line in a file, as a message would be sent),
waits a little, then writes its row.
"""

import asyncio
import json
import os
import sys
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from importlib.metadata import version
from pathlib import Path
from statistics import quantiles

from benchmarks.rivals.told import answer, memory

SLOTS, PAUSE_S, WORK_S = 20, 0.01, 0.005


class Books:
    """What jobs report, from whatever thread they run in."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.waits, self._left = folder, list[float](), 0
        self._lock, self._loop, self._done = threading.Lock(), asyncio.get_running_loop(), asyncio.Event()
        self._told = os.open(folder / "told", os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    def expect(self, jobs: int) -> None:
        self._left = jobs
        self._done.clear()

    def count(self) -> None:
        with self._lock:
            self._left -= 1
            if self._left == 0:
                self._loop.call_soon_threadsafe(self._done.set)

    def started(self, at: float) -> None:
        self.waits.append((time.time() - at) * 1000)
        self.count()

    def tell(self, number: int) -> None:
        os.write(self._told, f"{number}\n".encode())

    async def all_done(self) -> None:
        async with asyncio.timeout(600):
            await self._done.wait()


class System(ABC):
    """Knows three jobs: ``plain(number)`` writes a row, ``paced(at)`` notes that it starts, ``told(number)`` tells the
    outside and writes a row."""

    packages: tuple[str, ...]

    def __init__(self, url: str, books: Books) -> None:
        self.url, self.books = url, books

    @abstractmethod
    async def open(self, *, works: bool) -> None: ...
    @abstractmethod
    async def enqueue(self, job: str, given: float) -> None: ...
    @abstractmethod
    async def close(self) -> None: ...
    @abstractmethod
    async def rows(self) -> list[int]: ...


async def pace(system: System, *, jobs: int, waits: int) -> dict[str, object]:
    books = system.books
    books.expect(jobs)
    began = time.perf_counter()
    await at_once(lambda number: system.enqueue("plain", number), jobs)
    enqueued = time.perf_counter() - began
    await books.all_done()
    spent = time.perf_counter() - began
    books.expect(waits)
    for _ in range(waits):
        await system.enqueue("paced", time.time())
        await asyncio.sleep(PAUSE_S)
    await books.all_done()
    cuts = quantiles(books.waits, n=100, method="inclusive")
    return {
        "jobs_per_s": jobs / spent, "enqueued_per_s": jobs / enqueued,
        "start_ms": {"p50": cuts[49], "p95": cuts[94]}, "memory_mb": memory(),
    }  # fmt: skip


async def at_once(call: Callable[[int], Awaitable[None]], number: int) -> None:
    """`call` for each number, by twenty callers."""
    numbers = iter(range(number))

    async def caller() -> None:
        for one in numbers:
            await call(one)

    await asyncio.gather(*(caller() for _ in range(SLOTS)))


async def main(kind: type[System]) -> None:
    mode, url, folder, *numbers = sys.argv[1:]
    system = kind(url, Books(Path(folder)))
    await system.open(works=mode in {"pace", "work"})
    match mode:
        case "pace":
            found = await pace(system, jobs=int(numbers[0]), waits=int(numbers[1]))
            answer(found | {"versions": {name: version(name) for name in kind.packages}})
        case "fill":
            await at_once(lambda number: system.enqueue("told", number), int(numbers[0]))
            answer({})
        case "work":
            print(json.dumps("works"), flush=True)
            await asyncio.sleep(3600)
        case "rows":
            answer({"rows": await system.rows()})
    await system.close()
    os._exit(0)  # some leave threads behind that never end


def play(kind: type[System]) -> None:
    asyncio.run(main(kind))
