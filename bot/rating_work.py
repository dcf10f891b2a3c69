"""After a ticket was resolved: its requester is asked how it went, by day, once; a re-opened one is not asked about."""

from collections.abc import Collection
from functools import partial

from sqlalchemy import Connection

from bot.asking import Asking
from handoff import board, directory
from handoff.casework import SETTLED
from handoff.kinds import TicketState
from handoff.model import Ticket
from store.clock import Clock
from store.db import Database
from store.worker import Running, Worker
from success import ratings
from success.rating_rules import Ask, Later, Leave
from success.reach import Reach


class AskingForRatings:
    """The handler of `settled` jobs: `{"ticket": id}`. `askable` are the platforms where a request is shown by itself;
    elsewhere it is put by `asking`.
    """

    def __init__(self, db: Database, *, askable: Collection[str], asking: Asking | None = None, clock: Clock) -> None:
        self._db, self._askable, self._asking, self._clock = db, askable, asking, clock

    async def look(self, running: Running) -> None:
        """Ask, put it off until morning, or take the request back."""
        ticket_id = int(str(running.job.body["ticket"]))
        if self._asking is not None and (who := await self._db.read(partial(self._afar, ticket_id=ticket_id))):
            await self._asking.open_doors(who)
        decided = await self._db.write(partial(self._consider, ticket_id=ticket_id))
        if isinstance(decided, Later):
            await running.later(decided.at)

    def register(self, worker: Worker) -> None:
        """Let a worker ask."""
        worker.register(SETTLED, self.look)

    def _afar(self, conn: Connection, *, ticket_id: int) -> int | None:
        """The requester, where they are to be asked on a platform that shows no requests by itself."""
        ticket = board.ticket(conn, ticket_id)
        far = directory.chat_of(conn, ticket.conversation_id).platform not in self._askable
        return ticket.requester_id if far and ticket.state is TicketState.RESOLVED else None

    def _consider(self, conn: Connection, *, ticket_id: int) -> Ask | Later | Leave:
        now, asking = self._clock(), self._asking

        def bring(conn: Connection, ticket: Ticket, reach: Reach) -> None:
            assert asking is not None, "without it there is no way"
            asking.questions.csat(conn, ticket, reach, now=now)

        ways = asking.ways if asking is not None else None
        return ratings.consider(conn, ticket_id, askable=self._askable, ways=ways, bring=bring, now=now)
