"""A desk with very many open tickets, on both databases: prints one JSON object.

    python benchmarks/peaks.py [--sizes 10000 100000 1000000] [--fire 1000] [--only sqlite]

The real desk opens, answers and lets run 1,200 tickets (200 of them resolved); the database multiplies them until so
many are open, each with its events, clocks, armed timers and jobs. At each size: the query that finds due timers,
firing them through worker and desk, and the queue page; beside it what one would write instead, a sweep that reads
every running clock each minute. SQLite is a temporary file, PostgreSQL a private server; both synchronise to disk.
A million needs 3 GB of disk and some minutes.
"""

import argparse
import asyncio
import json
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median, quantiles
from typing import Any
from zoneinfo import ZoneInfo

sys.path.insert(0, str(Path(__file__).parents[1]))

from sqlalchemy import Connection, create_engine, make_url, text

from handoff import bands, board, contracts, directory, messages
from handoff.desk import Desk
from handoff.figures import figures as figures_of
from handoff.kinds import ChatKind, Level, Role, Tier
from handoff.policy import load
from store import leases
from store.clock import ManualClock
from store.db import Database
from store.worker import Running, Worker
from tests.postgres import private_postgres

NOW = datetime(2026, 11, 25, 7, 0, tzinfo=UTC)  # a Wednesday, 15:00 in Shanghai
OPEN, RESOLVED, ROOMS, AGENTS = 1000, 200, 120, 40
SEEDS = OPEN + RESOLVED
SLOTS = 8
MOST_IN_A_PERIOD = 100_000
# The columns that number the copies; all others are copied as they are.
COPIED = {
    "chat": {"id": ROOMS},
    "conversation": {"id": ROOMS, "chat_id": ROOMS},
    "ticket": {"id": SEEDS, "conversation_id": ROOMS},
    "message": {"id": 2 * SEEDS, "conversation_id": ROOMS, "chat_id": ROOMS, "ticket_id": SEEDS},
    "ticket_event": {"id": 0, "ticket_id": SEEDS},
    "clock": {"ticket_id": SEEDS},
    "timer": {"ticket_id": SEEDS},
}
JOBS = """
INSERT INTO job (queue, dedup, body, state, run_at, due, claims, attempts, created_at)
SELECT 'clock', 'clock:' || ticket_id || ':' || name || ':' || seq,
       CAST('{"ticket":' || ticket_id || ',"clock":"' || name || '"}' AS %s),
       'waiting', armed_at, armed_at, 0, 0, (SELECT min(created_at) FROM job)
FROM timer WHERE armed_at IS NOT NULL AND ticket_id > :first
"""
OTHER_JOBS = "DELETE FROM job WHERE state <> 'waiting' OR queue <> 'clock'"
SWEEP = "SELECT ticket_id, kind, cycle, started_at, due_at, breached_at FROM clock WHERE state = 'running'"


@dataclass
class Bench:
    """One database under measurement; `agent` is whose desk is looked at."""

    db: Database
    url: str
    clock: ManualClock
    desk: Desk
    worker: Worker
    agent: int
    fired: int = 0

    async def times(self, body: Callable[[Connection], object], runs: int) -> dict[str, float]:
        """How many ms the body takes, inside its transaction; `cpu_ms` is this thread's share of them."""

        def timed(conn: Connection) -> tuple[float, float]:
            began, used = time.perf_counter(), time.thread_time()
            body(conn)
            return (time.perf_counter() - began) * 1000, (time.thread_time() - used) * 1000

        found = [await self.db.read(timed) for _ in range(runs)]
        return spread([wall for wall, _ in found]) | {"cpu_ms": round(median(cpu for _, cpu in found), 2)}

    async def claims(self, at: datetime, runs: int) -> list[float]:
        """How many ms it takes to claim what is due, undone each time."""
        found: list[float] = []

        def claim(conn: Connection) -> None:
            began = time.perf_counter()
            leases.claim(conn, {"clock"}, owner="bench", limit=SLOTS, now=at, lease=timedelta(minutes=1))
            found.append((time.perf_counter() - began) * 1000)
            raise _Undo

        for _ in range(runs):
            with suppress(_Undo):
                await self.db.write(claim)
        return found


class _Undo(Exception):  # noqa: N818 - no fault
    pass


async def prepared(url: str) -> Bench:
    """The seeds, made by the desk's own verbs at their own times, with all that fell due until now."""
    db, clock, chance = await Database.open(url), ManualClock(NOW - timedelta(hours=6)), random.Random(1)
    desk = Desk()
    await db.write(lambda conn: contracts.adopt(conn, load(), now=clock()))
    worker = Worker(db, clock=clock, owner="bench", slots=SLOTS, lease=timedelta(days=1))
    agents, rooms = await db.write(lambda conn: (staff(conn, clock()), clients(conn, clock())))
    bench = Bench(db=db, url=url, clock=clock, desk=desk, worker=worker, agent=agents[0])

    async def fire(running: Running) -> None:
        ticket_id, name = int(str(running.job.body["ticket"])), str(running.job.body["clock"])
        await running.finish(lambda conn: desk.fire(conn, ticket_id=ticket_id, clock=name, now=clock()))
        bench.fired += 1

    worker.register("clock", fire)

    def some(conn: Connection, first: int) -> None:
        for n in range(first, first + 50):
            seed(conn, desk, n, room=rooms[n % ROOMS], by=agents[n % AGENTS], chance=chance)

    for first in range(0, SEEDS, 50):
        await db.write(lambda conn, first=first: some(conn, first))
    clock.set(NOW)
    await worker.drain()
    await db.write(
        lambda conn: conn.execute(text("DELETE FROM job WHERE state <> 'waiting' OR queue <> 'clock'")).close()
    )
    return bench


def staff(conn: Connection, now: datetime) -> list[int]:
    return [
        directory.add_staff(conn, login=f"agent{n}", name=f"Agent {n}", role=Role.AGENT if n else Role.LEAD, now=now).id
        for n in range(AGENTS)
    ]


def clients(conn: Connection, now: datetime) -> list[tuple[int, int, int]]:
    """Rooms of clients of each tier: client, conversation, contact."""
    found = []
    for n in range(ROOMS):
        tier = (Tier.PLATINUM, Tier.GOLD, Tier.STANDARD)[n % 3]
        firm = directory.add_client(conn, slug=f"c{n}", name=f"Client {n}", tier=tier, now=now)
        chat = directory.ensure_chat(
            conn, platform="bench", external_id=f"{n}", kind=ChatKind.GROUP, client_id=firm.id, now=now
        )
        talk = directory.ensure_conversation(conn, chat_id=chat.id, now=now)
        who = directory.ensure_person(conn, platform="bench", external_id=f"{n}", name="王", client_id=firm.id, now=now)
        found.append((firm.id, talk.id, who.id))
    return found


def seed(conn: Connection, desk: Desk, n: int, *, room: tuple[int, int, int], by: int, chance: random.Random) -> None:
    """A ticket from the last six hours: most are claimed, some answered, some waiting, the last resolved."""
    client_id, talk, who = room
    at = NOW - timedelta(seconds=chance.randrange(60, 6 * 3600))
    level = chance.choices([Level.EMERGENCY, Level.BUG, Level.QUESTION, Level.CHANGE], [1, 30, 60, 9])[0]
    said = messages.accept(
        conn, conversation=directory.conversation(conn, talk), person=directory.person(conn, who),
        external_id=f"m{n}", text="首页标题怎么改", at=at, now=at,
    )  # fmt: skip
    made = desk.open(
        conn, conversation_id=talk, client_id=client_id, requester_id=who, level=level, title="首页标题怎么改",
        summary="…", reason="not_in_manual", since=at, now=at,
    )  # fmt: skip
    assert said is not None
    messages.join_ticket(conn, [said.id], made.id)
    later = at + timedelta(seconds=30)
    if n >= OPEN:
        desk.resolve(conn, ticket_id=made.id, by=by, why="bench", now=later)
        return
    if n % 10 < 8:
        desk.claim(conn, ticket_id=made.id, by=by, now=later)
    if n % 10 < 3:
        reply_time = later + timedelta(seconds=10)
        desk.reply(conn, ticket_id=made.id, by=by, text="请发截图", wait=n % 10 == 0, now=reply_time)


def multiply(bench: Bench, have: int, wanted: int) -> None:
    """Copy the seeds until `wanted` tickets are open, with all that belongs to them."""
    url = make_url(bench.url)
    engine = create_engine(url.set(drivername="postgresql+psycopg") if url.drivername != "sqlite" else url)
    with engine.connect() as conn:
        postgres = conn.dialect.name == "postgresql"
        conn.execute(text("SET session_replication_role = replica" if postgres else "PRAGMA foreign_keys = OFF"))
        conn.commit()
        first, last = have // OPEN, wanted // OPEN - 1
        for table, moved in COPIED.items():
            conn.execute(text(_copy(conn, table, moved)), {"first": first, "last": last})
        conn.execute(text(JOBS % ("JSON" if postgres else "TEXT")), {"first": first * SEEDS})
        conn.commit()
        if postgres:
            _catch_up(conn)
    engine.dispose()


def _copy(conn: Connection, table: str, moved: dict[str, int]) -> str:
    columns = [row[0] for row in conn.execute(text(f"SELECT * FROM {table} LIMIT 0")).cursor.description]
    values = {name: f"{table}.{name} + n * {step}" for name, step in moved.items() if step}
    if table == "chat":
        values["external_id"] = "external_id || '-' || n"
    if table == "ticket_event":
        columns.remove("id")
    chosen = ", ".join(values.get(name, f"{table}.{name}") for name in columns)
    key = "id" if table in {"chat", "conversation", "ticket"} else "ticket_id"
    most = ROOMS if table in {"chat", "conversation"} else SEEDS
    return (
        f"INSERT INTO {table} ({', '.join(columns)}) "
        "WITH RECURSIVE copy(n) AS (SELECT CAST(:first AS INTEGER) UNION ALL SELECT n + 1 FROM copy WHERE n < :last) "
        f"SELECT {chosen} FROM copy CROSS JOIN {table} WHERE {table}.{key} <= {most}"
    )


def _catch_up(conn: Connection) -> None:
    """What autovacuum does in its own time, and sequences behind the copies."""
    for table in ("chat", "conversation", "ticket", "message"):
        conn.execute(text(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))"))
    conn.commit()
    conn.connection.dbapi_connection.autocommit = True  # type: ignore[union-attr]
    conn.connection.dbapi_connection.execute("VACUUM ANALYZE")  # type: ignore[union-attr]


async def figures(bench: Bench, size: int, fire: int) -> dict[str, Any]:
    """Everything that is measured at one size."""
    now = bench.clock()
    dues = await bench.db.read(
        lambda conn: conn.execute(text("SELECT count(*) FROM job WHERE due IS NOT NULL")).scalar_one()
    )
    found: dict[str, Any] = {"timers_armed": dues}
    found["due_query_none_due"] = spread(await bench.claims(now, 60))
    soon = await bench.db.read(lambda conn: nth_due(conn, fire))
    found["due_query_many_due"] = spread(await bench.claims(soon, 60))
    found |= await fired(bench, soon)
    for view in bands.VIEWS:
        body = lambda conn, view=view: board.queue(conn, view=view, viewer_id=bench.agent, now=bench.clock())  # noqa: E731
        found[f"queue_{view}"] = await bench.times(body, 12)
    found["counts"] = await bench.times(lambda conn: board.counts(conn, viewer_id=bench.agent, now=bench.clock()), 12)
    if size <= MOST_IN_A_PERIOD:
        found["numbers_of_them_all"] = await bench.times(lambda conn: numbers(conn, bench.clock()), 2)
    found["instead_sweep_each_minute"] = await bench.times(lambda conn: sweep(conn, now), 2)
    return found


def nth_due(conn: Connection, n: int) -> datetime:
    """The instant at which the n-th timer from now is due."""
    from store.tables import job

    query = job.select().with_only_columns(job.c.due).where(job.c.due.is_not(None))
    found: datetime = conn.execute(query.order_by(job.c.due, job.c.id).offset(n - 1).limit(1)).scalar_one()
    return found


async def fired(bench: Bench, at: datetime) -> dict[str, float]:
    """Let what is due until then be fired by the worker."""
    bench.clock.set(at)
    before, began, used = bench.fired, time.perf_counter(), time.process_time()
    await bench.worker.drain()
    took, cpu, done = time.perf_counter() - began, time.process_time() - used, bench.fired - before
    return {"fired": done, "fired_per_s": round(done / took, 1), "cpu_ms_each": round(cpu * 1000 / done, 2)}


def numbers(conn: Connection, now: datetime) -> None:
    """Every indicator, all of the tickets in the period."""
    figures_of(conn, since=now - timedelta(days=28), until=now + timedelta(days=1), now=now, zone=ZoneInfo("UTC"))


def sweep(conn: Connection, now: datetime) -> int:
    """The alternative: read every running clock and look which is late."""
    shown = now.replace(tzinfo=None).isoformat(" ") if conn.dialect.name == "sqlite" else now
    return sum(row.due_at is not None and row.due_at < shown for row in conn.execute(text(SWEEP)))  # type: ignore[operator]


def spread(times: list[float]) -> dict[str, float]:
    """p50 and p95 in ms."""
    cuts = quantiles(times, n=20, method="inclusive")
    return {"p50_ms": round(median(times), 2), "p95_ms": round(cuts[18], 2)}


async def measure(url: str, sizes: Sequence[int], fire: int) -> dict[str, Any]:
    """All sizes of one database, each grown from the one before."""
    bench = await prepared(url)
    found, have = {}, OPEN
    for size in sizes:
        began = time.perf_counter()
        await asyncio.to_thread(multiply, bench, have, size)
        grown = round(time.perf_counter() - began, 1)
        found[f"{size} open"] = {"made_in_s": grown} | await figures(bench, size, fire)
        print(json.dumps({f"{bench.db.dialect} {size}": found[f"{size} open"]}), file=sys.stderr)
        have = size
    await bench.db.close()
    return found


def rounds(sizes: Sequence[int]) -> Iterator[int]:
    """Sizes as whole multiples of the seeds, ascending."""
    yield from sorted({max(2, round(size / OPEN)) * OPEN for size in sizes})


def main() -> None:
    """Measure both, print one object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[2_000, 20_000])
    parser.add_argument("--fire", type=int, default=300, help="how many timers to fire at each size")
    parser.add_argument("--only", choices=["sqlite", "postgresql"])
    options = parser.parse_args()
    sizes = list(rounds(options.sizes))
    found: dict[str, Any] = {}
    if options.only != "postgresql":
        folder = tempfile.mkdtemp()
        try:
            found["sqlite"] = asyncio.run(measure(f"sqlite:///{folder}/peaks.db", sizes, options.fire))
            size = (Path(folder) / "peaks.db").stat().st_size
            found["sqlite"]["file_gb"] = round(size / 1e9, 2)
        finally:
            shutil.rmtree(folder)
    if options.only != "sqlite":
        with private_postgres(fsync=True) as server:
            if server is not None:
                found["postgresql"] = asyncio.run(measure(f"{server}/postgres", sizes, options.fire))
    print(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
