"""What happens to tickets is looked at for incidents; what clients may hear later is said when its time has come."""

from functools import partial

from sqlalchemy import Connection

from console.texts import Texts
from handoff import board
from handoff.casefile import HAPPENED
from handoff.desk import Desk
from handoff.errors import NotFound
from handoff.kinds import EventKind
from store.clock import Clock
from store.db import Database
from store.worker import Running, Worker
from success import campaigns, incident_talk, incident_watch, rule_causes
from success.incident_talk import SAID

_WATCHED = frozenset({EventKind.OPENED, EventKind.LEVEL_SET})


class IncidentWork:
    """The handlers of `ticket_happened` and `incident_said` jobs. `texts` is the desk's catalogue."""

    def __init__(self, db: Database, *, desk: Desk, texts: Texts, clock: Clock) -> None:
        self._db, self._desk, self._texts, self._clock = db, desk, texts, clock

    async def happened(self, running: Running) -> None:
        """A ticket was opened, raised, or is late."""
        body, now = running.job.body, self._clock()
        ticket_id, kind = int(str(body["ticket"])), EventKind(str(body["kind"]))
        causes = body.get("causes")
        chain = [str(each) for each in causes] if isinstance(causes, list) else []

        def look(conn: Connection) -> None:
            seq = int(str(body["seq"]))
            rule_causes.ticket_changed(conn, ticket_id=ticket_id, seq=seq, kind=kind, causes=chain, now=now)
            if kind is EventKind.OPENED:
                campaigns.note(conn, board.ticket(conn, ticket_id), say=self._texts.say, now=now)
            if kind in _WATCHED:
                incident_watch.ticket_came(conn, ticket_id, say=self._texts.say, now=now)

        try:
            await running.finish(look)
        except NotFound:  # gone meanwhile
            return

    async def say(self, running: Running) -> None:
        """Say what waited, or look again later."""
        said_id, now = int(str(running.job.body["said"])), self._clock()
        deliver = partial(incident_talk.deliver, said_id=said_id, desk=self._desk, now=now)
        again = await self._db.write(deliver)
        if again is not None:
            await running.later(again)

    def register(self, worker: Worker) -> None:
        """Let a worker look and say."""
        worker.register(HAPPENED, self.happened)
        worker.register(SAID, self.say)
