"""The durable jobs that bring what was said earlier into the desk's search."""

from handoff import search_index
from store.clock import Clock
from store.db import Database
from store.worker import Running, Worker


async def open_search(db: Database, *, clock: Clock) -> None:
    """Have swept what the index does not hold yet."""
    await db.write(lambda conn: search_index.begin(conn, now=clock()))


def register(worker: Worker, *, clock: Clock) -> None:
    """Let a worker sweep, one batch in each transaction."""

    async def sweep(running: Running) -> None:
        await running.finish(lambda conn: search_index.sweep(conn, running.job.body, now=clock()))

    worker.register(search_index.SWEEP, sweep, slots=1)
