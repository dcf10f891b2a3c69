"""Lists for other programs: page by page, of everything or of one client alone. Transaction bodies that only read.

`client_id` None sees all; with one, no row of another client's is ever in an answer.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, func, select

from handoff.bands import View, bands
from handoff.kinds import Audience, ChatKind, ChatPurpose, Level, Mode, PersonKind, TicketState
from handoff.messages import about
from handoff.model import Chat, Client, Message, Person, Ticket, TicketEvent
from handoff.rows import to_chat, to_client, to_event, to_message, to_person, to_ticket
from handoff.tables import chat as chats
from handoff.tables import client as clients
from handoff.tables import message as messages
from handoff.tables import person as people
from handoff.tables import ticket as tickets
from handoff.tables import ticket_event as events


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """Which tickets; empty means any. `assignee_id` 0: nobody's."""

    client_id: int | None = None
    states: tuple[TicketState, ...] = ()
    levels: tuple[Level, ...] = ()
    assignee_id: int | None = None
    team: str | None = None
    updated_since: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Listed:
    """A ticket with the number and the instant of its latest event, and when its next clock is due."""

    ticket: Ticket
    version: int
    updated_at: datetime
    next_due: datetime | None


def ticket_page(conn: Connection, wanted: Wanted, *, before_id: int | None, limit: int) -> tuple[Listed, ...]:
    """Tickets, the newest first, those before `before_id`."""
    query = select(tickets).where(*_wanted(wanted))
    if before_id is not None:
        query = query.where(tickets.c.id < before_id)
    rows = conn.execute(query.order_by(tickets.c.id.desc()).limit(limit)).mappings().all()
    return _listed(conn, [(to_ticket(row), row["next_due"]) for row in rows])


def queue_page(
    conn: Connection, view: View, *, viewer_id: int, client_id: int | None, now: datetime, limit: int
) -> tuple[Listed, ...]:
    """A view of the queue, the most urgent first."""
    mine = () if client_id is None else (tickets.c.client_id == client_id,)
    rows: list[tuple[Ticket, datetime | None]] = []
    for band in bands(view, viewer_id, now=now):
        query = select(tickets).where(*band.where, *mine).order_by(*band.order).limit(limit - len(rows))
        rows += [(to_ticket(row), row["next_due"]) for row in conn.execute(query).mappings()]
        if len(rows) == limit:
            break
    return _listed(conn, rows)


def listed(conn: Connection, ticket: Ticket) -> Listed:
    """One ticket as lists show it."""
    due = conn.execute(select(tickets.c.next_due).where(tickets.c.id == ticket.id)).scalar_one()
    return _listed(conn, [(ticket, due)])[0]


def event_page(conn: Connection, ticket_id: int, *, after_seq: int, limit: int) -> tuple[TicketEvent, ...]:
    """What happened to a ticket after an event, in order."""
    mine = (events.c.ticket_id == ticket_id, events.c.seq > after_seq)
    rows = conn.execute(select(events).where(*mine).order_by(events.c.seq).limit(limit)).mappings()
    return tuple(to_event(row) for row in rows)


def message_page(conn: Connection, ticket: Ticket, *, inside: bool, after_id: int, limit: int) -> tuple[Message, ...]:
    """What was said about a ticket's matter after a message, in order.

    `inside`: our own notes as well, and the conversation around it, in which there may be another client's matter.
    """
    mine = about(ticket) if inside else messages.c.ticket_id == ticket.id
    seen = (Audience.CLIENT, Audience.INTERNAL) if inside else (Audience.CLIENT,)
    query = select(messages).where(mine, messages.c.audience.in_(seen), messages.c.id > after_id)
    return tuple(to_message(row) for row in conn.execute(query.order_by(messages.c.id).limit(limit)).mappings())


def client_page(conn: Connection, *, client_id: int | None, after_id: int, limit: int) -> tuple[Client, ...]:
    """Clients, the oldest first."""
    mine = () if client_id is None else (clients.c.id == client_id,)
    query = select(clients).where(clients.c.id > after_id, *mine).order_by(clients.c.id).limit(limit)
    return tuple(to_client(row) for row in conn.execute(query).mappings())


def contact_page(conn: Connection, client_id: int, *, after_id: int, limit: int) -> tuple[Person, ...]:
    """A client's people, in the order in which they came."""
    mine = (people.c.client_id == client_id, people.c.kind == PersonKind.CLIENT, people.c.id > after_id)
    return tuple(
        to_person(row)
        for row in conn.execute(select(people).where(*mine).order_by(people.c.id).limit(limit)).mappings()
    )


def chat_page(conn: Connection, client_id: int, *, after_id: int, limit: int) -> tuple[Chat, ...]:
    """A client's chats, in the order in which they came."""
    mine = (chats.c.client_id == client_id, chats.c.purpose == ChatPurpose.CLIENT, chats.c.id > after_id)
    return tuple(
        to_chat(row) for row in conn.execute(select(chats).where(*mine).order_by(chats.c.id).limit(limit)).mappings()
    )


def usual_chat(
    conn: Connection, client_id: int, *, requester_id: int | None, but: Collection[Mode] = ()
) -> Chat | None:
    """Where a client is reached: the chat in which the requester wrote last, without one the group used last.

    Never somebody else's direct chat: what is told there is for them alone. Only chats that we get through to, `but`
    those in one of these modes.
    """
    through = (chats.c.client_id == client_id, chats.c.purpose == ChatPurpose.CLIENT, chats.c.lost_at.is_(None))
    mine = (*through, chats.c.mode.not_in(but)) if but else through
    said = select(func.max(messages.c.id)).where(messages.c.chat_id == chats.c.id)
    last = (said if requester_id is None else said.where(messages.c.person_id == requester_id)).scalar_subquery()
    fit = chats.c.kind == ChatKind.GROUP if requester_id is None else last.is_not(None)
    query = select(chats).where(*mine, fit).order_by(func.coalesce(last, 0).desc(), chats.c.id.desc())
    found = conn.execute(query.limit(1)).mappings().first()
    return None if found is None else to_chat(found)


def staff_page(conn: Connection, *, client_id: int | None, after_id: int, limit: int) -> tuple[Person, ...]:
    """Our people; for one client, those who look after it or have had its tickets."""
    mine: list[ColumnElement[bool]] = [people.c.kind == PersonKind.STAFF, people.c.id > after_id]
    if client_id is not None:
        mine.append(people.c.id.in_(_around(conn, client_id)))
    query = select(people).where(*mine).order_by(people.c.id).limit(limit)
    return tuple(to_person(row) for row in conn.execute(query).mappings())


def is_around(conn: Connection, person_id: int, client_id: int | None) -> bool:
    """Whether somebody of ours is in that list."""
    return client_id is None or person_id in _around(conn, client_id)


def _around(conn: Connection, client_id: int) -> set[int]:
    managers = conn.execute(
        select(clients.c.success_id, clients.c.technical_id).where(clients.c.id == client_id)
    ).first()
    holders = select(tickets.c.assignee_id).where(tickets.c.client_id == client_id).distinct()
    found = {*(managers or ()), *conn.execute(holders).scalars()}
    return {who for who in found if who is not None}


def _wanted(wanted: Wanted) -> list[ColumnElement[bool]]:
    where: list[ColumnElement[bool]] = []
    if wanted.client_id is not None:
        where.append(tickets.c.client_id == wanted.client_id)
    if wanted.states:
        where.append(tickets.c.state.in_(wanted.states))
    if wanted.levels:
        where.append(tickets.c.level.in_(wanted.levels))
    if wanted.assignee_id is not None:
        where.append(
            tickets.c.assignee_id == wanted.assignee_id if wanted.assignee_id else tickets.c.assignee_id.is_(None)
        )
    if wanted.team is not None:
        where.append(tickets.c.team == wanted.team)
    if wanted.updated_since is not None:
        changed = select(events.c.ticket_id).where(events.c.recorded_at >= wanted.updated_since)
        where.append(tickets.c.id.in_(changed))
    return where


def _listed(conn: Connection, rows: Sequence[tuple[Ticket, datetime | None]]) -> tuple[Listed, ...]:
    ids = [ticket.id for ticket, _ in rows]
    newest = select(events.c.ticket_id, func.max(events.c.seq), func.max(events.c.recorded_at))
    found = conn.execute(newest.where(events.c.ticket_id.in_(ids)).group_by(events.c.ticket_id)).all()
    last = {ticket_id: (seq, at) for ticket_id, seq, at in found}
    return tuple(
        Listed(ticket=ticket, version=last[ticket.id][0], updated_at=last[ticket.id][1], next_due=due)
        for ticket, due in rows
    )
