"""Wrong answers of the bot's that our people took back, and the pages that they came from. Transaction bodies."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, select

from handoff import contracts, directory, messages, sources
from handoff.casefile import record
from handoff.casework import put, take
from handoff.errors import NotFound
from handoff.kinds import Audience, Author, EventKind
from handoff.model import Json, Ticket
from handoff.rows import number_of
from handoff.tables import ticket_event as events
from store.jobs import enqueue

RETRACT: Final = "retract"
_SHOWN: Final = 50


@dataclass(frozen=True, kw_only=True)
class Flagged:
    """A page that gave an answer which was taken back, in that ticket; `title` is what it was called then."""

    page: str
    title: str
    ticket: str
    by: str
    at: datetime


def retract(conn: Connection, *, ticket_id: int, message_id: int, by: int, now: datetime) -> Ticket:
    """Take an answer of the bot's back, once: the client's message will say that a colleague's answer counts.

    The event names the pages that it came from. From now on it rests on nothing: nobody need correct it. Raises
    NotFound for anything else than such an answer.
    """
    person = directory.colleague(conn, by)
    book = contracts.book(conn)
    case = take(conn, book, ticket_id, now=now)
    said = messages.find(conn, message_id)
    if said is None or said.conversation_id != case.ticket.conversation_id or not is_answer(said.author, said.audience):
        raise NotFound("answer", message_id)
    if not case.has(EventKind.RETRACTED, message=message_id):
        pages = [{"page": cited.page, "title": cited.title} for cited in said.citations]
        data: Json = {"message": message_id, "pages": pages}
        case = record(conn, case, EventKind.RETRACTED, now=now, by=person.id, data=data)
        sources.forget(conn, message_id)
        enqueue(conn, RETRACT, {"message": message_id}, key=f"chat:{said.chat_id}", now=now)
    return put(conn, book, case, now=now)


def is_answer(author: Author, audience: Audience) -> bool:
    """Whether a message is the bot's, to a client."""
    return author is Author.BOT and audience is Audience.CLIENT


def flagged(conn: Connection) -> tuple[Flagged, ...]:
    """The pages of the answers that were taken back, the latest first."""
    mine = select(events).where(events.c.kind == EventKind.RETRACTED).order_by(events.c.id.desc()).limit(_SHOWN)
    rows = conn.execute(mine).mappings().all()
    names = directory.names(conn, [row["actor_id"] for row in rows])
    return tuple(
        Flagged(
            page=page["page"],
            title=page["title"],
            ticket=number_of(row["ticket_id"]),
            by=names.get(row["actor_id"], ""),
            at=row["at"],
        )
        for row in rows
        for page in row["data"]["pages"]
    )
