"""How far each colleague has read a ticket, and single messages of its talk. Transaction bodies."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, func, select

from handoff.case_tables import sight
from handoff.kinds import Audience
from handoff.messages import about
from handoff.model import Message, Ticket
from handoff.rows import to_message
from handoff.tables import message as messages
from store.db import insert_into


def visit(conn: Connection, *, ticket_id: int, person_id: int, upto: int, now: datetime) -> None:
    """A colleague opens a ticket whose newest message is `upto`: what they had not seen by then is unread."""
    row = {"ticket_id": ticket_id, "person_id": person_id, "upto": upto, "before": upto, "at": now}
    statement = insert_into(conn, sight).values(row)
    again = {"before": sight.c.upto, "upto": upto, "at": now}
    conn.execute(statement.on_conflict_do_update(index_elements=["ticket_id", "person_id"], set_=again))


def read_on(conn: Connection, *, ticket_id: int, person_id: int, upto: int, now: datetime) -> None:
    """The page that stays open has shown messages up to this one; it is never taken back."""
    mine = (sight.c.ticket_id == ticket_id, sight.c.person_id == person_id, sight.c.upto < upto)
    conn.execute(sight.update().where(*mine).values(upto=upto, at=now))


def read_before(conn: Connection, *, ticket_id: int, person_id: int) -> int | None:
    """The newest message that a colleague had seen before this visit; None on the first."""
    mine = (sight.c.ticket_id == ticket_id, sight.c.person_id == person_id)
    found: int | None = conn.execute(select(sight.c.before).where(*mine)).scalar_one_or_none()
    return found


def several(conn: Connection, message_ids: Collection[int], *, ticket: Ticket) -> dict[int, Message]:
    """Those of these messages that belong to a ticket's talk, by id."""
    query = select(messages).where(messages.c.id.in_(message_ids), *_of(ticket))
    return {row["id"]: to_message(row) for row in conn.execute(query).mappings()}


def depth(conn: Connection, message_id: int, *, ticket: Ticket) -> int | None:
    """How many messages of a ticket's talk there are from this one on; None if it is none of them."""
    if message_id not in several(conn, [message_id], ticket=ticket):
        return None
    later = select(func.count()).select_from(messages).where(*_of(ticket), messages.c.id >= message_id)
    return int(conn.execute(later).scalar_one())


def _of(ticket: Ticket) -> tuple[ColumnElement[bool], ...]:
    return about(ticket), messages.c.audience != Audience.STAFF
