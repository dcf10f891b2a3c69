"""The contract at the start of a process, and the durable jobs that keep open tickets and clocks in line with it."""

import asyncio
from pathlib import Path

from sqlalchemy import Connection

from handoff import alignment, almanac, contracts, policy
from handoff.alignment import TIERS
from handoff.casework import CLOCK
from handoff.contracts import ALIGN
from handoff.desk import Desk
from handoff.holiday_library import CHINA, library_years
from store.clock import Clock
from store.db import Database
from store.schedule import plan
from store.worker import Running, Worker

EACH_HOUR = "3 * * * *"  # days begin at another hour in each client's zone


def contract_file(data: Path) -> Path:
    """The contract of this installation: `contract.yaml` in the data folder, else the default one."""
    own = data / "contract.yaml"
    return own if own.is_file() else policy.DEFAULT


async def open_contract(db: Database, data: Path, *, clock: Clock) -> None:
    """Bring the tables of holidays and the contract in force up to what the libraries and the file say."""
    path = contract_file(data)
    document = await asyncio.to_thread(policy.read_file, path)
    named = {CHINA} | policy.countries(document) | await db.read(_observed)
    years = await asyncio.to_thread(lambda: list(library_years(named, today=clock().date())))

    def begin(conn: Connection) -> None:
        now = clock()
        contracts.lock(conn)
        almanac.seed(conn, years, now=now)
        contracts.start(conn, document, own=path != policy.DEFAULT, now=now)
        plan(conn, TIERS, cron=EACH_HOUR, zone="UTC", queue=TIERS, body={}, now=now)

    await db.write(begin)


def register(worker: Worker, *, desk: Desk, clock: Clock) -> None:
    """Let a worker warn and tell of breaches, once each, and bring open tickets in line, one batch at a time."""

    async def fire(running: Running) -> None:
        ticket_id, name = int(str(running.job.body["ticket"])), str(running.job.body["clock"])
        await running.finish(lambda conn: desk.fire(conn, ticket_id=ticket_id, clock=name, now=clock()))

    async def align(running: Running) -> None:
        await running.finish(lambda conn: alignment.work(conn, running.job.body, now=clock()))

    async def heed(running: Running) -> None:
        await running.finish(lambda conn: alignment.heed_days(conn, now=clock()))

    worker.register(CLOCK, fire)
    worker.register(ALIGN, align, slots=1)
    worker.register(TIERS, heed, slots=1)


def _observed(conn: Connection) -> frozenset[str]:
    adopted = contracts.in_force(conn)
    return policy.countries(contracts.version(conn, adopted.version).root) if adopted else frozenset()
