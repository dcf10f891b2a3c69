"""What the desk lets a client know by itself: who took over, that it is done, that we wait. In their language."""

from functools import partial

from sqlalchemy import Connection

from console.texts import Texts
from handoff import board, directory, merging, messages, turn_records
from handoff.casefile import CLIENT_NOTICE
from store.clock import Clock
from store.db import Database
from store.worker import Running, Worker


class ClientNotices:
    """The handler of `client_notice` jobs: `{"ticket": id, "text_key": key}`."""

    def __init__(self, db: Database, *, texts: Texts, clock: Clock) -> None:
        self._db, self._texts, self._clock = db, texts, clock

    async def tell(self, running: Running) -> None:
        """Say one sentence about a ticket in its conversation."""
        body = running.job.body
        await running.finish(partial(self._say, ticket_id=int(str(body["ticket"])), key=str(body["text_key"])))

    def _say(self, conn: Connection, *, ticket_id: int, key: str) -> None:
        ticket = board.ticket(conn, ticket_id)
        if key == "ticket.claimed" and ticket.assignee_id is None:
            return  # given away meanwhile: the sentence would no longer be true
        conversation_id = ticket.conversation_id
        turns = turn_records.recent_turns(conn, conversation_id, limit=1)
        language = turns[0].language if turns else "zh-Hans"
        values = {"number": ticket.number}
        if key == merging.TOLD:
            ticket = board.ticket(conn, merging.survivor(conn, ticket.id))
            values["into"] = ticket.number
        if ticket.assignee_id is not None and key == "ticket.claimed":
            values["name"] = directory.person(conn, ticket.assignee_id).name
        messages.say(
            conn,
            conversation_id=conversation_id,
            text=self._texts.say(key, language, **values),
            author="system",
            name=self._texts.say("bot.name", language),
            ticket_id=ticket.id,
            now=self._clock(),
        )

    def register(self, worker: Worker) -> None:
        """Let a worker tell clients."""
        worker.register(CLIENT_NOTICE, self.tell)
