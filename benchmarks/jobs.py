"""Durable jobs on this machine, on both databases: prints one JSON object.

    python benchmarks/jobs.py [--jobs 1000] [--workflows 400]

SQLite runs on a temporary file with full synchronisation; PostgreSQL is a private server, started here, with
fsync on unless `--no-fsync`. Twenty callers enqueue at once; one worker of twenty slots runs in this process.
"""

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from statistics import quantiles

sys.path.insert(0, str(Path(__file__).parents[1]))

from sqlalchemy import Connection, text

from store.clock import utc_now
from store.db import Database
from store.jobs import enqueue
from store.worker import Running, Worker
from tests.postgres import private_postgres

SLOTS = 20


async def measure(url: str, jobs: int, workflows: int) -> dict[str, float]:
    """All figures of one database."""
    database = await Database.open(url)
    await database.write(lambda conn: conn.execute(text("CREATE TABLE result (job BIGINT)")).close())
    waits: list[float] = []
    done = asyncio.Event()
    left = 0

    def count() -> None:
        nonlocal left
        left -= 1
        if left == 0:
            done.set()

    async def plain(running: Running) -> None:
        await running.finish(save(running.job.id))
        count()

    async def workflow(running: Running) -> None:
        for name in "abc":
            await running.step(name, lambda: asyncio.sleep(0, {"answer": 1}))
        await running.finish(save(running.job.id))
        count()

    async def paced(running: Running) -> None:
        waits.append((time.time() - running.job.body["at"]) * 1000)  # type: ignore[operator]
        count()

    worker = Worker(database, clock=utc_now, owner="benchmark", slots=SLOTS)
    for queue, handler in {"plain": plain, "workflow": workflow, "paced": paced}.items():
        worker.register(queue, handler)
    stop = asyncio.Event()
    running = asyncio.create_task(worker.run(stop))

    async def flow(queue: str, number: int) -> float:
        nonlocal left
        left = number
        done.clear()
        began = time.perf_counter()
        await at_once(lambda n: add(database, queue, n), number)
        await done.wait()
        return number / (time.perf_counter() - began)

    figures = {"plain_jobs_per_s": round(await flow("plain", jobs), 1)}
    figures["workflows_per_s"] = round(await flow("workflow", workflows), 1)
    left = 300
    done.clear()
    for number in range(300):
        await add(database, "paced", number)
        await asyncio.sleep(0.01)
    await done.wait()
    cuts = quantiles(waits, n=100)
    figures |= {"enqueue_to_start_p50_ms": round(cuts[49], 1), "enqueue_to_start_p95_ms": round(cuts[94], 1)}
    stop.set()
    await running
    await database.close()
    return figures


def save(job_id: int) -> Callable[[Connection], None]:
    """One row of ours in the transaction that closes the job."""
    return lambda conn: conn.execute(text("INSERT INTO result VALUES (:job)"), {"job": job_id}).close()


async def add(database: Database, queue: str, number: int) -> None:
    """One job in its own transaction, as a message would bring it."""
    body = {"at": time.time()}
    await database.write(
        lambda conn: enqueue(conn, queue, body, now=utc_now(), key=f"{number % 50}", dedup=f"{queue}:{number}")
    )


async def at_once(call: Callable[[int], Awaitable[None]], number: int) -> None:
    """`call` for each number, twenty at a time."""
    numbers = iter(range(number))

    async def caller() -> None:
        for one in numbers:
            await call(one)

    await asyncio.gather(*(caller() for _ in range(SLOTS)))


def main() -> None:
    """Measure both, print one object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=1000)
    parser.add_argument("--workflows", type=int, default=400)
    parser.add_argument("--no-fsync", action="store_true")
    options = parser.parse_args()
    figures: dict[str, object] = {}
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/jobs.db"
        figures["sqlite"] = asyncio.run(measure(url, options.jobs, options.workflows))
    with private_postgres(fsync=not options.no_fsync) as server:
        if server is not None:
            figures["postgresql"] = asyncio.run(measure(f"{server}/postgres", options.jobs, options.workflows))
    print(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
