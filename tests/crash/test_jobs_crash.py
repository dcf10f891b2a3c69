"""kill -9 at random moments while jobs flow: nothing lost, nothing doubled, order kept."""

import asyncio
import json
import random
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from store.clock import utc_now
from store.db import Database
from store.jobs import depths, enqueue
from tests.databases import database_url, database_urls, postgres_server, postgres_urls

__all__ = ["database_url", "database_urls", "postgres_server", "postgres_urls"]

JOBS, KEYS, KILLS = 300, 20, 5
ROOT = Path(__file__).parents[2]
# Each job: three steps, each of which tells the outside (a line on stdout), then one result row by finish().
CHILD = """
import asyncio, sys
from datetime import timedelta
from sqlalchemy import text
from store.clock import utc_now
from store.db import Database
from store.worker import Worker

ADD = text("INSERT INTO result (job, chat, number) VALUES (:job, :chat, :number)")

async def main():
    database = await Database.open(sys.argv[1])

    async def handler(running):
        for step in "abc":
            async def work(step=step):
                print(running.job.id, step, flush=True)
                await asyncio.sleep(0.002)
            await running.step(step, work)
        row = {"job": running.job.id, "chat": running.job.key, "number": running.job.body["number"]}
        await running.finish(lambda conn: conn.execute(ADD, row).close())

    worker = Worker(database, clock=utc_now, owner=sys.argv[2], slots=8, lease=timedelta(seconds=1.5))
    worker.register("turn", handler)
    await worker.run(asyncio.Event())

asyncio.run(main())
"""


async def start(url: str, name: str) -> Process:
    return await asyncio.create_subprocess_exec(sys.executable, "-c", CHILD, url, name, stdout=PIPE, cwd=ROOT)


def make_result_table(conn: Connection) -> None:
    """No constraint: a double would be stored, and counted."""
    serial = "SERIAL" if conn.dialect.name == "postgresql" else "INTEGER"
    conn.execute(text(f"CREATE TABLE result (at {serial} PRIMARY KEY, job BIGINT, chat TEXT, number INTEGER)"))


def add_jobs(conn: Connection) -> None:
    for number in range(JOBS):
        key, dedup = f"chat {number % KEYS}", f"update:{number}"
        enqueue(conn, "turn", {"number": number}, now=utc_now(), key=key, dedup=dedup)


def results(conn: Connection) -> list[tuple[str, int]]:
    return [(row.chat, row.number) for row in conn.execute(text("SELECT chat, number FROM result ORDER BY at"))]


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    opened = await Database.open(database_url)
    await opened.write(make_result_table)
    await opened.write(add_jobs)
    yield opened
    await opened.close()


async def done(database: Database) -> int:
    return len(await database.read(results))


async def kill_at(database: Database, child: Process, *, count: int) -> list[str]:
    """Let the child work until `count` results are there and a random moment more; what it told the outside."""
    reading = asyncio.create_task(child.stdout.read())  # type: ignore[union-attr]
    async with asyncio.timeout(60):
        while await done(database) < count:  # noqa: ASYNC110 -- another process works
            await asyncio.sleep(0.01)
    await asyncio.sleep(random.uniform(0, 0.03))
    child.send_signal(signal.SIGKILL)
    await child.wait()
    return (await reading).decode().splitlines()


@pytest.mark.crash
async def test_five_kills_lose_and_double_nothing(database: Database, database_url: str) -> None:
    """300 jobs of 20 chats, a worker process killed five times; the sixth ends the work."""
    said: list[str] = []
    for life in range(KILLS + 1):
        child = await start(database_url, f"worker {life}")
        said += await kill_at(database, child, count=min(JOBS, (life + 1) * JOBS // (KILLS + 1)))
    found = await database.read(results)
    repeated = sum(count - 1 for count in Counter(said).values())
    figures = {
        "database": database.dialect,
        "kills": KILLS,
        "jobs": JOBS,
        "lost": JOBS - len(set(found)),
        "doubled": len(found) - len(set(found)),
        "steps": 3 * JOBS,
        "steps_repeated": repeated,
    }
    print(json.dumps(figures))
    assert (figures["lost"], figures["doubled"]) == (0, 0)
    for chat in {chat for chat, _ in found}:
        numbers = [number for one, number in found if one == chat]
        assert numbers == sorted(numbers)
    assert repeated <= KILLS * 8  # at most the steps under way in each of the slots
    assert await database.read(lambda conn: depths(conn, now=utc_now())) == []
