"""When the roster changes, tickets that ask nobody are routed again, each in a transaction of its own."""

from functools import partial

from sqlalchemy import Connection

from handoff import asking, roster
from handoff.desk import Desk
from store.clock import Clock
from store.db import Database
from store.worker import Running, Worker


class Rerouting:
    """The handler of `reroute` jobs."""

    def __init__(self, db: Database, *, desk: Desk, clock: Clock) -> None:
        self._db, self._desk, self._clock = db, desk, clock

    async def again(self, running: Running) -> None:
        """Route every ticket that nobody has and nobody is asked to take."""
        del running
        for ticket_id in await self._db.read(asking.unasked):
            await self._db.write(partial(self._route, ticket_id=ticket_id))

    def register(self, worker: Worker) -> None:
        """Let a worker route again."""
        worker.register(roster.REROUTE, self.again, slots=1)

    def _route(self, conn: Connection, *, ticket_id: int) -> None:
        self._desk.route(conn, ticket_id=ticket_id, now=self._clock())
