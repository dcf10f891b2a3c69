"""What the desk shows: queues, tickets, events, clocks, notices. Transaction bodies that only read."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Literal

from sqlalchemy import ColumnElement, Connection, Table, and_, exists, false, func, or_, select, update

from handoff import casework, contracts
from handoff.business_time import Unit, open_time
from handoff.clocks import courses, latest
from handoff.clocks import view as read_view
from handoff.lifecycle import WITH_PEOPLE
from handoff.merging import survivors
from handoff.model import (
    Audience,
    ClockKind,
    ClockState,
    ClockView,
    Level,
    Notice,
    QueueRow,
    Ticket,
    TicketEvent,
    TicketState,
)
from handoff.policy import Book, parse_term
from handoff.rows import Row, first, id_of, one, to_notice, to_ticket
from handoff.sla import SECOND
from handoff.tables import client, clock, message, notice, person
from handoff.tables import ticket as tickets
from store.signals import signal

View = Literal["open", "mine", "unclaimed", "late", "waiting", "resolved"]
VIEWS: Final[tuple[View, ...]] = ("open", "mine", "unclaimed", "late", "waiting", "resolved")
SHOWN_TEXT: Final = 200


def queue(conn: Connection, *, view: View, viewer_id: int, now: datetime, limit: int = 200) -> tuple[QueueRow, ...]:
    """A view of the queue: emergencies first, then what is due next; snoozed tickets come last.

    Among one's own, what one is asked to take comes before what one has.
    """
    query = select(tickets).where(_within(view, viewer_id, now))
    found = conn.execute(query.order_by(*_order(view, now)).limit(limit)).mappings().all()
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
    """How many tickets each view has. Without `now`, late are those whose breach is recorded."""
    numbers = [
        select(func.count()).select_from(tickets).where(_within(view, viewer_id, now)).scalar_subquery()
        for view in VIEWS
    ]
    return dict(zip(VIEWS, conn.execute(select(*numbers)).one(), strict=True))


def ticket(conn: Connection, ticket_id: int) -> Ticket:
    """The ticket with this id; raises NotFound."""
    return to_ticket(one(conn, tickets, ticket_id))


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
    return casework.load_events(conn, ticket_id)


def clocks(conn: Connection, ticket_id: int, now: datetime) -> tuple[ClockView, ...]:
    """A ticket's clocks at `now`, each one's last course, read from its events."""
    events = casework.load_events(conn, ticket_id)
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


def _within(view: View, viewer_id: int, now: datetime | None) -> ColumnElement[bool]:
    unsolved = tickets.c.state.in_(WITH_PEOPLE)
    match view:
        case "open":
            return unsolved
        case "mine":
            asked = and_(tickets.c.assignee_id.is_(None), tickets.c.asked_id == viewer_id)
            return and_(unsolved, or_(tickets.c.assignee_id == viewer_id, asked))
        case "unclaimed":
            return and_(unsolved, tickets.c.assignee_id.is_(None))
        case "late":
            return and_(unsolved, _late(now))
        case "waiting":
            return tickets.c.state == TicketState.WAITING
        case "resolved":
            return tickets.c.state == TicketState.RESOLVED


def _late(now: datetime | None) -> ColumnElement[bool]:
    if now is not None:
        return tickets.c.next_due < now
    running = and_(clock.c.ticket_id == tickets.c.id, clock.c.state == ClockState.RUNNING)
    return exists().where(running, clock.c.breached_at.is_not(None))


def _order(view: View, now: datetime) -> tuple[ColumnElement[Any], ...]:
    if view == "resolved":
        return tickets.c.resolved_at.desc(), tickets.c.id.desc()
    snoozed = func.coalesce(tickets.c.snoozed_until > now, false())
    asked_first = (tickets.c.assignee_id.is_not(None),) if view == "mine" else ()
    return (
        *asked_first,
        snoozed,
        tickets.c.level != Level.EMERGENCY,
        tickets.c.next_due.is_(None),
        tickets.c.next_due,
        tickets.c.urgent.desc(),
        tickets.c.id,
    )


def _next_clocks(conn: Connection, ticket_ids: Sequence[int], *, now: datetime) -> dict[int, ClockView]:
    """Each ticket's running clock that is due first."""
    running = and_(clock.c.ticket_id.in_(ticket_ids), clock.c.state == ClockState.RUNNING)
    query = select(clock).where(running, clock.c.due_at.is_not(None)).order_by(clock.c.due_at.desc())
    rows = {row["ticket_id"]: row for row in conn.execute(query).mappings()}
    book = contracts.book(conn) if rows else None
    return {} if book is None else {key: _from_row(row, book, now=now) for key, row in rows.items()}


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
    public = and_(message.c.conversation_id.in_(conversation_ids), message.c.audience == Audience.CLIENT)
    newest = select(func.max(message.c.id)).where(public).group_by(message.c.conversation_id)
    text = func.substr(message.c.text, 1, SHOWN_TEXT).label("text")
    query = select(message.c.conversation_id, text, message.c.at).where(message.c.id.in_(newest))
    return {row["conversation_id"]: row for row in conn.execute(query).mappings()}


def _names(conn: Connection, table: Table, ids: Sequence[int]) -> dict[int | None, str]:
    query = select(table.c.id, table.c.name).where(table.c.id.in_(set(ids)))
    return {row.id: row.name for row in conn.execute(query)}


def _values(rows: Sequence[Row], column: str) -> list[int]:
    return [row[column] for row in rows if row[column] is not None]
