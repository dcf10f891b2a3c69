"""kill -9 at random moments while deadlines pass: every warning and breach once, stamped with its own instant."""

import asyncio
import json
import random
import signal
import sys
import time
from asyncio.subprocess import Process
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, func, select

from handoff import contracts, directory
from handoff.desk import Desk
from handoff.kinds import ChatKind, EventKind, Level, NoticeKind, Role, Tier
from handoff.policy import load
from handoff.tables import notice, ticket, ticket_event, timer
from store.db import Database
from store.jobs import depths
from tests.databases import database, database_url, database_urls, postgres_server, postgres_urls

__all__ = ["database", "database_url", "database_urls", "postgres_server", "postgres_urls"]

TICKETS, KILLS = 500, 5
BATCH = 50
START = datetime(2026, 3, 9, 2, 0, tzinfo=UTC)
SPEED = 900  # seconds of the desk in one of ours: the four hours in which all falls due pass in twenty seconds
WITHIN = timedelta(minutes=30)  # in which the tickets come in
ROOT = Path(__file__).parents[2]
# Platinum's question on a calendar that is always open: first response in 1 h, answer in 4 h.
DUE = {
    ("FR", 75): timedelta(minutes=45),
    ("FR", 90): timedelta(minutes=54),
    ("FR", 100): timedelta(hours=1),
    ("RS", 75): timedelta(hours=3),
    ("RS", 90): timedelta(hours=3, minutes=36),
    ("RS", 100): timedelta(hours=4),
}
TOTAL = TICKETS * len(DUE)
# The desk's worker as the application runs it, under a clock that goes on while no process lives.
CHILD = """
import asyncio, sys, time
from datetime import datetime, timedelta
from handoff.desk import Desk
from store.db import Database
from store.worker import Worker

url, name, start, zero, speed = sys.argv[1:]

def clock():
    return datetime.fromisoformat(start) + timedelta(seconds=(time.time() - float(zero)) * float(speed))

async def main():
    database = await Database.open(url)
    desk = Desk()

    async def fire(running):
        ticket, timer = int(running.job.body["ticket"]), str(running.job.body["clock"])
        await running.finish(lambda conn: desk.fire(conn, ticket_id=ticket, clock=timer, now=clock()))

    worker = Worker(database, clock=clock, owner=name, slots=8, lease=timedelta(minutes=30))
    worker.register("clock", fire)
    await worker.run(asyncio.Event())

asyncio.run(main())
"""


async def start(url: str, *, life: int, zero: float) -> Process:
    facts = (url, f"worker {life}", START.isoformat(), str(zero), str(SPEED))
    return await asyncio.create_subprocess_exec(sys.executable, "-c", CHILD, *facts, cwd=ROOT)


async def fill(opened: Database) -> None:
    """A client, somebody to be told, and tickets whose clocks start over half an hour."""
    contract = load()

    def people(conn: Connection) -> dict[str, int]:
        directory.add_staff(conn, login="lead", name="Lead", role=Role.LEAD, now=START)
        firm = directory.add_client(conn, slug="p", name="Platinum Ltd", tier=Tier.PLATINUM, now=START)
        chat = directory.ensure_chat(
            conn, platform="web", external_id="p", kind=ChatKind.GROUP, client_id=firm.id, now=START
        )
        talk = directory.ensure_conversation(conn, chat_id=chat.id, now=START)
        who = directory.ensure_person(conn, platform="web", external_id="u", name="王", client_id=firm.id, now=START)
        return {"client_id": firm.id, "conversation_id": talk.id, "requester_id": who.id}

    desk = Desk()
    await opened.write(lambda conn: contracts.adopt(conn, contract, now=START))
    known = await opened.write(people)
    words = {"title": "首页标题怎么改", "summary": "…", "reason": "not_in_manual"}

    def tickets(conn: Connection, numbers: range) -> None:
        for number in numbers:
            since = START + WITHIN * number / TICKETS
            desk.open(conn, **known, **words, level=Level.QUESTION, since=since, now=since)

    for first in range(0, TICKETS, BATCH):
        await opened.write(lambda conn, first=first: tickets(conn, range(first, min(first + BATCH, TICKETS))))


def written(conn: Connection) -> int:
    kinds = ticket_event.c.kind.in_([EventKind.WARNED, EventKind.BREACHED])
    return conn.execute(select(func.count()).where(kinds)).scalar_one()


def armed(conn: Connection) -> int:
    return conn.execute(select(func.count()).where(timer.c.armed_at.is_not(None))).scalar_one()


def left(conn: Connection) -> int:
    """Of the clock's jobs; those of other rooms have no worker here."""
    mine = (depth for depth in depths(conn, now=START) if depth.queue == "clock")
    return sum(depth.waiting + depth.scheduled + depth.running for depth in mine)


async def until(opened: Database, count: int) -> None:
    """Until so many events are written, or nothing is left to do."""
    async with asyncio.timeout(180):
        while await opened.read(written) < count and await opened.read(left):  # noqa: ASYNC110 -- another process works
            await asyncio.sleep(0.02)


async def kill(child: Process) -> None:
    child.send_signal(signal.SIGKILL)
    await child.wait()


def events(conn: Connection) -> Iterator[tuple[tuple[int, str, int], datetime, datetime]]:
    """What each event says, its instant, and the ticket's start."""
    query = select(ticket_event.c.ticket_id, ticket_event.c.data, ticket_event.c.at, ticket.c.since).join_from(
        ticket_event, ticket
    )
    for row in conn.execute(query.where(ticket_event.c.kind.in_([EventKind.WARNED, EventKind.BREACHED]))):
        yield (row.ticket_id, str(row.data["clock"]), int(row.data["percent"])), row.at, row.since


def told(conn: Connection) -> Counter[tuple[object, ...]]:
    """How often each person was told of each threshold."""
    query = select(notice.c.ticket_id, notice.c.person_id, notice.c.data)
    kinds = notice.c.kind.in_([NoticeKind.WARNING, NoticeKind.BREACH])
    return Counter(
        (row.ticket_id, row.person_id, row.data["clock"], row.data["percent"])
        for row in conn.execute(query.where(kinds))
    )


@pytest.mark.crash
@pytest.mark.timeout(600)
async def test_five_kills_miss_and_double_no_deadline(database: Database, database_url: str, record_property) -> None:
    """1,000 timers of 500 tickets, the worker killed five times: 3,000 thresholds, each once, each at its instant."""
    await fill(database)
    timers = await database.read(armed)
    zero = time.time() - timedelta(minutes=40).total_seconds() / SPEED  # shortly before the first warning
    for life in range(KILLS + 1):
        child = await start(database_url, life=life, zero=zero)
        await until(database, TOTAL * (life + 1) // (KILLS + 1) if life < KILLS else TOTAL + 1)
        await asyncio.sleep(random.uniform(0, 0.05))
        await kill(child)
    found = await database.read(lambda conn: list(events(conn)))
    counted = Counter(key for key, _, _ in found)
    figures = {
        "database": database.dialect,
        "timers": timers,
        "kills": KILLS,
        "thresholds": TOTAL,
        "missed": TOTAL - len(counted),
        "doubled": sum(counted.values()) - len(counted),
        "wrong_instant": sum(at != since + DUE[clock, percent] for (_, clock, percent), at, since in found),
        "notices_doubled": sum(n - 1 for n in (await database.read(told)).values()),
        "dead": sum(depth.dead for depth in await database.read(lambda conn: depths(conn, now=START))),
        "seconds": round(time.time() - zero),
    }
    print(json.dumps(figures))
    record_property("figures", figures)
    assert timers == 2 * TICKETS
    names = ("missed", "doubled", "wrong_instant", "notices_doubled", "dead")
    assert {name: figures[name] for name in names} == dict.fromkeys(names, 0)
