"""What the desk shows: queues, tickets, events, clocks, notices. Transaction bodies that only read."""

import operator
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import reduce
from typing import Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    Table,
    and_,
    func,
    literal,
    or_,
    select,
    update,
)

from handoff import casefile, contracts
from handoff.bands import VIEWS, View, bands, parts
from handoff.business_time import Unit, open_time
from handoff.clocks import courses, latest
from handoff.clocks import view as read_view
from handoff.kinds import Audience, ClockKind, ClockState, TicketState
from handoff.merging import survivors
from handoff.model import ClockView, Notice, QueueRow, Ticket, TicketEvent
from handoff.policy import Book, parse_term
from handoff.rows import Row, first, id_of, one, to_notice, to_ticket
from handoff.sla import SECOND
from handoff.tables import client, clock, conversation, message, notice, person
from handoff.tables import ticket as tickets
from store.signals import signal

SHOWN_TEXT: Final = 200
MOST_COUNTED: Final = 1000
"""Beyond this, a view's size is "many": counting further would cost with every ticket."""


def queue(
    conn: Connection,
    *,
    view: View,
    viewer_id: int,
    now: datetime,
    limit: int = 200,
    where: Sequence[ColumnElement[bool]] = (),
) -> tuple[QueueRow, ...]:
    """A view of the queue: emergencies first, then what is due next; snoozed tickets come last.

    `where` narrows it (see `views.conditions`). A row's clock is the running one that is due first, else a paused one.
    """
    found = _first_rows(conn, view, viewer_id, now=now, limit=limit, where=where)
    ids = [row["id"] for row in found]
    columns = ("requester_id", "assignee_id", "asked_id")
    people = _names(conn, person, [who for column in columns for who in _values(found, column)])
    firms = _names(conn, client, _values(found, "client_id"))
    last = _last_messages(conn, _values(found, "conversation_id"))
    next_clocks = _next_clocks(conn, ids, now=now)
    return tuple(
        QueueRow(
            ticket=to_ticket(row),
            client_name=firms.get(row["client_id"]),
            requester_name=people.get(row["requester_id"], ""),
            assignee_name=people.get(row["assignee_id"]),
            asked_name=people.get(row["asked_id"]),
            next_clock=next_clocks.get(row["id"]),
            last_text=last[row["conversation_id"]]["text"] if row["conversation_id"] in last else row["title"],
            last_at=last[row["conversation_id"]]["at"] if row["conversation_id"] in last else row["opened_at"],
        )
        for row in found
    )


def counts(conn: Connection, *, viewer_id: int, now: datetime | None = None) -> Mapping[str, int]:
    """How many tickets each view has, at most MOST_COUNTED. Without `now`, late are those with a recorded breach."""
    found = conn.execute(select(*(_many(view, viewer_id, now) for view in VIEWS))).one()
    return {view: min(number, MOST_COUNTED) for view, number in zip(VIEWS, found, strict=True)}


def count(
    conn: Connection,
    *,
    view: View,
    viewer_id: int,
    now: datetime,
    where: Sequence[ColumnElement[bool]] = (),
    most: int = MOST_COUNTED,
) -> int:
    """How many tickets a narrowed view has, at most `most`."""
    return min(most, conn.execute(select(_many(view, viewer_id, now, where=where, most=most))).scalar_one())


def ticket(conn: Connection, ticket_id: int) -> Ticket:
    """The ticket with this id; raises NotFound."""
    return to_ticket(one(conn, tickets, ticket_id))


def hold(conn: Connection, ticket_id: int) -> None:
    """Let no other transaction change this ticket until this one ends."""
    conn.execute(select(tickets.c.id).where(tickets.c.id == ticket_id).with_for_update())


def ticket_by_number(conn: Connection, number: str) -> Ticket | None:
    """The ticket with this number, such as "T-1001"."""
    ticket_id = id_of(number)
    row = None if ticket_id is None else first(conn, tickets, tickets.c.id == ticket_id)
    return None if row is None else to_ticket(row)


def open_tickets(conn: Connection, conversation_id: int) -> tuple[Ticket, ...]:
    """A conversation's tickets that are not resolved, oldest first; those that its merged ones live on in too."""
    open_states = tickets.c.state.not_in((TicketState.RESOLVED, TicketState.MERGED))
    mine = or_(tickets.c.conversation_id == conversation_id, tickets.c.id.in_(survivors(conn, conversation_id)))
    query = select(tickets).where(mine, open_states)
    return tuple(to_ticket(row) for row in conn.execute(query.order_by(tickets.c.id)).mappings())


def latest_ticket(conn: Connection, conversation_id: int) -> Ticket | None:
    """A conversation's newest ticket, whatever its state."""
    query = select(tickets).where(tickets.c.conversation_id == conversation_id)
    row = conn.execute(query.order_by(tickets.c.id.desc()).limit(1)).mappings().first()
    return None if row is None else to_ticket(row)


def tickets_of_client(conn: Connection, client_id: int, *, limit: int = 50) -> tuple[Ticket, ...]:
    """A client's newest tickets."""
    query = select(tickets).where(tickets.c.client_id == client_id).order_by(tickets.c.id.desc())
    return tuple(to_ticket(row) for row in conn.execute(query.limit(limit)).mappings())


def open_counts(conn: Connection) -> Mapping[int, int]:
    """How many unfinished tickets each client has; those with none are left out."""
    unsolved = tickets.c.state.not_in((TicketState.RESOLVED, TicketState.MERGED))
    query = select(tickets.c.client_id, func.count()).where(unsolved, tickets.c.client_id.is_not(None))
    return {row[0]: row[1] for row in conn.execute(query.group_by(tickets.c.client_id))}


def events(conn: Connection, ticket_id: int) -> tuple[TicketEvent, ...]:
    """What happened to a ticket, in order."""
    return casefile.load_events(conn, ticket_id)


def clocks(conn: Connection, ticket_id: int, now: datetime) -> tuple[ClockView, ...]:
    """A ticket's clocks at `now`, each one's last course, read from its events."""
    events = casefile.load_events(conn, ticket_id)
    if not events:
        return ()
    book = contracts.book(conn)
    return tuple(
        read_view(course, now=now, fractions=book.of(course.policy).warnings)
        for course in latest(courses(events, book))
    )


def notices(conn: Connection, *, person_id: int, unread: bool = True, limit: int = 50) -> tuple[Notice, ...]:
    """What this person should know, newest first; notices to everybody are everybody's."""
    query = select(notice).where(_told(person_id))
    if unread:
        query = query.where(notice.c.read_at.is_(None))
    return tuple(to_notice(row) for row in conn.execute(query.order_by(notice.c.id.desc()).limit(limit)).mappings())


def mark_read(conn: Connection, *, person_id: int, notice_ids: Sequence[int] | None = None, now: datetime) -> int:
    """Mark this person's notices read, all or only these; how many were unread."""
    mine = [_told(person_id), notice.c.read_at.is_(None)]
    if notice_ids is not None:
        mine.append(notice.c.id.in_(notice_ids))
    done = conn.execute(update(notice).where(*mine).values(read_at=now)).rowcount
    if done:
        signal(conn, "notice", str(person_id))
    return done


def _told(person_id: int) -> ColumnElement[bool]:
    return or_(notice.c.person_id == person_id, notice.c.person_id.is_(None))


def _first_rows(
    conn: Connection, view: View, viewer_id: int, *, now: datetime, limit: int, where: Sequence[ColumnElement[bool]]
) -> list[Row]:
    """A view's first tickets, band after band, until there are enough."""
    rows: list[Row] = []
    for band in bands(view, viewer_id, now=now):
        query = select(tickets).where(*band.where, *where).order_by(*band.order)
        rows += conn.execute(query.limit(limit - len(rows))).mappings()
        if len(rows) == limit:
            break
    return rows


def _many(
    view: View,
    viewer_id: int,
    now: datetime | None,
    *,
    where: Sequence[ColumnElement[bool]] = (),
    most: int = MOST_COUNTED,
) -> ColumnElement[int]:
    """The size of a view, counted as far as `most` in each of its parts."""
    found = [
        select(literal(1)).where(*part.where, *where).order_by(*part.order).limit(most)  # the order brings the index
        for part in parts(view, viewer_id, now=now)
    ]
    numbers = [select(func.count()).select_from(few.subquery()).scalar_subquery() for few in found]
    return reduce(operator.add, numbers)


def _next_clocks(conn: Connection, ticket_ids: Sequence[int], *, now: datetime) -> dict[int, ClockView]:
    """Each ticket's running clock that is due first; of one that has none, a clock that is paused."""
    query = select(clock).where(clock.c.ticket_id.in_(ticket_ids))
    paused = query.where(clock.c.state == ClockState.PAUSED).order_by(clock.c.kind.desc(), clock.c.cycle)
    running = query.where(clock.c.state == ClockState.RUNNING, clock.c.due_at.is_not(None))
    rows = {row["ticket_id"]: row for row in conn.execute(paused).mappings()}
    rows |= {row["ticket_id"]: row for row in conn.execute(running.order_by(clock.c.due_at.desc())).mappings()}
    if not rows:
        return {}
    book = contracts.book(conn)
    return {
        key: _from_row(row, book, now=now) if row["state"] == ClockState.RUNNING else _stopped(row, book)
        for key, row in rows.items()
    }


def _stopped(row: Row, book: Book) -> ClockView:
    """A paused clock from its cache row: what was used up when it stopped is used up now."""
    target = parse_term(row["target"], "target", book.of(row["policy"]).calendars).target
    return ClockView(
        kind=ClockKind(row["kind"]),
        state=ClockState(row["state"]),
        started_at=row["started_at"],
        due_at=None,
        target=row["target"],
        elapsed_s=row["elapsed_s"],
        remaining_s=target.amount - row["elapsed_s"] if target.unit is Unit.BUSINESS_SECONDS else None,
        breached=row["breached_at"] is not None,
        breached_at=row["breached_at"],
        held_at=row["held_at"],
    )


def _from_row(row: Row, book: Book, *, now: datetime) -> ClockView:
    """A running clock from its cache row: since then it has run on."""
    target = parse_term(row["target"], "target", book.of(row["policy"]).calendars).target
    elapsed = row["elapsed_s"] + open_time(target.calendar, row["read_at"], now) // SECOND
    due = row["due_at"]
    left = open_time(target.calendar, now, due) - open_time(target.calendar, due, now)
    late = due < now
    return ClockView(
        kind=ClockKind(row["kind"]),
        state=ClockState.RUNNING,
        started_at=row["started_at"],
        due_at=due,
        target=row["target"],
        elapsed_s=elapsed,
        remaining_s=target.amount - elapsed if target.unit is Unit.BUSINESS_SECONDS else left // SECOND,
        breached=late,
        breached_at=(row["breached_at"] or due) if late else None,
        held_at=row["held_at"],
    )


def _last_messages(conn: Connection, conversation_ids: Sequence[int]) -> dict[int, Row]:
    """The last message of each conversation that its client sees, shortened."""
    public = and_(message.c.conversation_id == conversation.c.id, message.c.audience == Audience.CLIENT)
    last = select(message.c.id).where(public).order_by(message.c.id.desc()).limit(1).scalar_subquery()
    newest = select(last).where(conversation.c.id.in_(conversation_ids))
    text = func.substr(message.c.text, 1, SHOWN_TEXT).label("text")
    query = select(message.c.conversation_id, text, message.c.at).where(message.c.id.in_(newest))
    return {row["conversation_id"]: row for row in conn.execute(query).mappings()}


def _names(conn: Connection, table: Table, ids: Sequence[int]) -> dict[int | None, str]:
    query = select(table.c.id, table.c.name).where(table.c.id.in_(set(ids)))
    return {row.id: row.name for row in conn.execute(query)}


def _values(rows: Sequence[Row], column: str) -> list[int]:
    return [row[column] for row in rows if row[column] is not None]
