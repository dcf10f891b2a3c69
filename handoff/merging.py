"""Two tickets that turn out to be one matter. Transaction bodies."""

from datetime import datetime
from typing import Final

from sqlalchemy import Connection, select, update

from handoff import contracts
from handoff.casefile import Case, record, tell_client
from handoff.casework import put, take
from handoff.errors import NotMergeable
from handoff.kinds import EventKind, TicketState
from handoff.lifecycle import UNSOLVED, require
from handoff.model import Json, Ticket
from handoff.tables import message as messages
from handoff.tables import ticket as tickets

TOLD: Final = "ticket.merged"


def merge(conn: Connection, *, ticket_id: int, into: int, by: int, now: datetime) -> Ticket:
    """Let the ticket go on in another of the same client's: its clocks are cancelled, its messages join the other.

    The requester is told. The ticket that goes on. Raises NotMergeable.
    """
    if ticket_id == into:
        raise NotMergeable("itself")
    book = contracts.book(conn)
    locked = {key: take(conn, book, key, now=now) for key in sorted((ticket_id, into))}
    away, survivor = locked[ticket_id], locked[into]
    _refuse(away, survivor)
    tell_client(conn, away, TOLD, now=now)
    gone: Json = {"into": into, "number": survivor.ticket.number}
    put(conn, book, record(conn, away, EventKind.MERGED, now=now, by=by, data=gone), now=now)
    conn.execute(update(messages).where(messages.c.ticket_id == ticket_id).values(ticket_id=into))
    came: Json = {"ticket": ticket_id, "number": away.ticket.number}
    return put(conn, book, record(conn, survivor, EventKind.ABSORBED, now=now, by=by, data=came), now=now)


def survivor(conn: Connection, ticket_id: int) -> int:
    """The ticket that this one lives on in; itself if it was never merged away."""
    query = select(tickets.c.merged_into).where(tickets.c.id == ticket_id, tickets.c.state == TicketState.MERGED)
    into = conn.execute(query).scalar_one_or_none()
    return ticket_id if into is None else survivor(conn, into)


def survivors(conn: Connection, conversation_id: int) -> tuple[int, ...]:
    """The tickets that a conversation's merged ones live on in."""
    gone = (tickets.c.conversation_id == conversation_id, tickets.c.state == TicketState.MERGED)
    query = select(tickets.c.merged_into).where(*gone, tickets.c.merged_into.is_not(None)).distinct()
    return tuple({survivor(conn, into) for into in conn.execute(query).scalars()})


def _refuse(away: Case, survivor: Case) -> None:
    for case in (away, survivor):
        require(case.was, "merge", *UNSOLVED)
    one_client = away.ticket.client_id is not None and away.ticket.client_id == survivor.ticket.client_id
    if not one_client and away.ticket.conversation_id != survivor.ticket.conversation_id:
        raise NotMergeable("client")
