"""A request that nobody answers becomes a ticket, dated from its message (*May it speak*).

`watch` is part of the turn's transaction: it enqueues a look at a later time, so that a restart loses nothing. The look
decides on what was said since; a late, doubled or repeated one changes nothing more.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Final

import structlog
from sqlalchemy import Connection

from bot import gate, replies, waiting
from bot.model import Act, Situation
from bot.triage import Reading, Rules
from console.texts import Texts
from handoff import board, contracts, directory, messages, turn_records
from handoff.desk import Desk
from handoff.kinds import ChatKind, MessageKind, Mode, Outcome, TicketState
from handoff.model import Client, Message, Ticket, Turn
from knowledge.errors import KnowledgeError
from knowledge.service import Manual
from store.clock import Clock
from store.db import Database
from store.jobs import enqueue
from store.worker import Running, Worker

log = structlog.get_logger()

UNANSWERED: Final = "unanswered"
_LATECOMERS: Final = timedelta(minutes=1)  # after we were away, what came meanwhile is read first


def watch(conn: Connection, turn: Turn, *, act: Act, situation: Situation, now: datetime) -> None:
    """Look at a silent turn again later, if it reads as a request of a client's; part of the turn's transaction."""
    silent = turn.outcome is Outcome.SILENT and turn.reason in waiting.WATCHED and turn.ticket_id is None
    if not silent or situation.client is None or situation.chat.mode is Mode.OFF or act.kind is not MessageKind.CONTENT:
        return
    direct = situation.chat.kind is ChatKind.DIRECT
    found = waiting.request(
        act.reading,
        spoken_to=direct or any(piece.mentioned for piece in situation.pieces),
        whom=waiting.called(situation.text, colleagues=situation.colleagues),
        files=any(piece.attachments for piece in situation.pieces),
    )
    if found is None:
        return
    due = situation.pieces[0].at + contracts.book(conn).current.unanswered
    enqueue(
        conn,
        UNANSWERED,
        {"turn": turn.id, "plain": found.plain},
        key=f"conversation:{turn.conversation_id}",
        dedup=f"unanswered:{turn.id}",
        run_at=max(due, now + _LATECOMERS),
        now=now,
    )


@dataclass(frozen=True, kw_only=True)
class Unanswered:
    """The handler of those looks."""

    db: Database
    desk: Desk
    manual: Manual
    rules: Rules
    texts: Texts
    clock: Clock

    async def look(self, running: Running) -> None:
        """Open or join a ticket for the request, if it still waits for an answer."""
        body = running.job.body
        turn = await self.db.read(lambda conn: turn_records.turn(conn, int(str(body["turn"]))))
        category = turn.category or await self._category(turn)
        if bool(body["plain"]) and category is None:
            return  # a question, but none that the manual has a place for: clients among themselves
        ticket = await running.finish(
            partial(self._settle, turn_id=turn.id, category=category, plain=bool(body["plain"]))
        )
        if ticket is not None:
            log.info("unanswered", turn=turn.id, ticket=ticket.number)

    def register(self, worker: Worker) -> None:
        """Let a worker look."""
        worker.register(UNANSWERED, self.look)

    async def _category(self, turn: Turn) -> str | None:
        try:
            return await self.manual.category(turn.question)
        except KnowledgeError as error:  # without a manual a request is a request all the same
            log.warning("no category", error=type(error).__name__)
            return None

    def _settle(self, conn: Connection, *, turn_id: int, category: str | None, plain: bool) -> Ticket | None:
        now, turn = self.clock(), turn_records.turn(conn, turn_id)
        chat = directory.chat_of(conn, turn.conversation_id)
        asked = [message for key in turn.message_ids if (message := messages.find(conn, key))]
        if not asked or turn.ticket_id is not None or chat.client_id is None or chat.mode is Mode.OFF:
            return None
        if any(message.ticket_id for message in asked) or self._answered(conn, turn, plain=plain):
            return None
        reading = self.rules.read("\n".join(message.text for message in asked))
        ticket = self._joined(conn, turn, asked, reading=reading, category=category, now=now)
        if ticket is None:
            client = directory.client(conn, chat.client_id)
            ticket = self._opened(conn, turn, asked, client=client, category=category, now=now)
        turn_records.give_to_ticket(conn, turn.id, ticket.id)
        return ticket

    def _answered(self, conn: Connection, turn: Turn, *, plain: bool) -> str | None:
        later = messages.after(conn, turn.conversation_id, after_id=max(turn.message_ids))
        turns = turn_records.turns_of(conn, {said.turn_id for said in later if said.turn_id is not None})
        return waiting.answered(turn, later, plain=plain, turns=turns, read=self.rules.read)

    def _joined(
        self,
        conn: Connection,
        turn: Turn,
        asked: Sequence[Message],
        *,
        reading: Reading,
        category: str | None,
        now: datetime,
    ) -> Ticket | None:
        """One matter, one ticket: it goes on in an open one, or in the one that was given back to the bot."""
        unsolved = tuple(reversed(board.open_tickets(conn, turn.conversation_id)))
        returned = next((ticket for ticket in unsolved if ticket.state is TicketState.RETURNED), None)
        ours = [ticket for ticket in unsolved if ticket.state is not TicketState.RETURNED]
        ticket = gate.place(reading, category=category, open_tickets=ours)
        if ticket is None and returned is not None:
            return self.desk.hand_off(conn, ticket_id=returned.id, message_id=asked[0].id, now=now)
        for message in asked if ticket is not None else ():
            assert ticket is not None
            kind = MessageKind.CONTENT
            self.desk.client_message(conn, ticket_id=ticket.id, message_id=message.id, kind=kind, now=now)
        return ticket

    def _opened(
        self,
        conn: Connection,
        turn: Turn,
        asked: Sequence[Message],
        *,
        client: Client,
        category: str | None,
        now: datetime,
    ) -> Ticket:
        question = "\n".join(message.text for message in asked if message.text)
        question = question or self.texts.say("ticket.untitled", turn.language)
        ticket = self.desk.open(
            conn,
            conversation_id=turn.conversation_id,
            client_id=client.id,
            requester_id=turn.person_id or 0,
            level=turn.level,
            category=category,
            title=replies.title(question),
            summary=replies.summary(
                question,
                tried=(),
                passages=(),
                evidence=None,
                site=client.site,
                language=turn.language,
                texts=self.texts,
            ),
            reason=UNANSWERED,
            since=min(message.at for message in asked),
            now=now,
        )
        self._promise(conn, turn, ticket, zone=client.timezone, now=now)
        return ticket

    def _promise(self, conn: Connection, turn: Turn, ticket: Ticket, *, zone: str, now: datetime) -> None:
        """In service hours the group hears nothing extra: a colleague was told. At other times, when one will be."""
        promise = self.desk.promise(conn, ticket.id, now=now)
        if promise.opens_at is None:
            return
        text = replies.handed_off(
            ticket, promise, reason=UNANSWERED, zone=zone, language=turn.language, texts=self.texts, now=now
        )
        name = self.texts.say("bot.name", turn.language)
        messages.say(
            conn,
            conversation_id=turn.conversation_id,
            text=text,
            author="system",
            name=name,
            ticket_id=ticket.id,
            now=now,
        )
