"""Under the desk's verbs: load and lock a ticket, append events, keep what is derived from them.

Every verb is `take` (which first writes what was due before now), `record` as often as needed, and `put`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, insert, select, update

from handoff import directory, routing
from handoff.clocks import Course, courses, view
from handoff.errors import NotFound
from handoff.lifecycle import Standing, after, standing
from handoff.model import ClockState, EventKind, Json, JsonValue, Level, NoticeKind, Ticket, TicketEvent
from handoff.policy import Book
from handoff.rows import add, to_event, to_ticket
from handoff.tables import clock as clocks
from handoff.tables import notice as notices
from handoff.tables import ticket as tickets
from handoff.tables import ticket_event as events_table
from handoff.tables import timer as timers_table
from handoff.timers import Appointment, appointments, looks
from store.db import insert_into
from store.jobs import cancel, enqueue, reschedule
from store.signals import signal

CLOCK: Final = "clock"
CLIENT_NOTICE: Final = "client_notice"
TOLD: Final = {
    EventKind.WARNED: NoticeKind.WARNING,
    EventKind.BREACHED: NoticeKind.BREACH,
    EventKind.UNACKNOWLEDGED: NoticeKind.UNACKNOWLEDGED,
    EventKind.FOLLOW_UP: NoticeKind.FOLLOW_UP,
    EventKind.WOKEN: NoticeKind.WOKEN,
}


@dataclass(frozen=True, kw_only=True)
class Case:
    """A locked ticket with its events and what they come to; `told_client`: the client's side changed."""

    ticket: Ticket
    events: tuple[TicketEvent, ...]
    was: Standing
    told_client: bool = False

    def has(self, kind: EventKind, **data: object) -> bool:
        """Whether such an event is recorded, with this data."""
        return any(event.kind is kind and data.items() <= dict(event.data).items() for event in self.events)


def lock(conn: Connection, ticket_id: int) -> Case:
    """Load a ticket that no other transaction can change meanwhile; raises NotFound."""
    row = conn.execute(select(tickets).where(tickets.c.id == ticket_id).with_for_update()).mappings().first()
    if row is None:
        raise NotFound("ticket", ticket_id)
    found = load_events(conn, ticket_id)
    return Case(ticket=to_ticket(row), events=found, was=standing(found))


def take(conn: Connection, book: Book, ticket_id: int, *, now: datetime) -> Case:
    """Lock a ticket and write what it was due for before `now`."""
    return _settle(conn, book, lock(conn, ticket_id), now=now)


def load_events(conn: Connection, ticket_id: int) -> tuple[TicketEvent, ...]:
    """A ticket's events in order."""
    query = select(events_table).where(events_table.c.ticket_id == ticket_id).order_by(events_table.c.seq)
    return tuple(to_event(row) for row in conn.execute(query).mappings())


def record(
    conn: Connection,
    case: Case,
    kind: EventKind,
    *,
    now: datetime,
    at: datetime | None = None,
    by: int | None = None,
    data: Json | None = None,
) -> Case:
    """Append one event, which counts from `at` (default `now`)."""
    seq = case.events[-1].seq + 1 if case.events else 1
    values = {"ticket_id": case.ticket.id, "seq": seq, "at": at or now, "recorded_at": now, "kind": kind}
    event = to_event(add(conn, events_table, **values, actor_id=by, data=dict(data or {})))
    return replace(case, events=(*case.events, event), was=after(case.was, event))


def put(conn: Connection, book: Book, case: Case, *, now: datetime, fired: str | None = None) -> Ticket:
    """Bring what is derived from the events up to date: due events, the ticket's row, clocks, timers; and tell."""
    case = _settle(conn, book, case, now=now)
    run = courses(case.events, book)
    rows = [clock_row(book, course, now=now) for course in run]
    _save_clocks(conn, case.ticket.id, rows)
    due = appointments(case.events, case.was, run, book.of(case.was.policy), now=now)
    _arm(conn, case.ticket.id, looks(due), now=now, fired=fired)
    ticket = _save_ticket(conn, case, rows)
    signal(conn, "desk", ticket.number)
    if case.told_client:
        signal(conn, "chat", str(directory.conversation(conn, ticket.conversation_id).chat_id))
    return ticket


def notify(
    conn: Connection, case: Case, kind: NoticeKind, *, now: datetime, to: int | None = None, data: Json | None = None
) -> None:
    """Tell the people it concerns, or only the person `to`."""
    told = (
        [to]
        if to is not None
        else routing.recipients(kind, assignee_id=case.was.assignee_id, staff=directory.staff(conn, active_only=True))
    )
    ticket = case.ticket
    shown = {"number": ticket.number, "title": ticket.title, "level": str(case.was.level), **(data or {})}
    values = {"ticket_id": ticket.id, "kind": kind, "text_key": f"notice.{kind}", "data": shown, "at": now}
    conn.execute(insert(notices), [{**values, "person_id": person_id} for person_id in told])
    for person_id in told:
        signal(conn, "notice", "" if person_id is None else str(person_id))


def tell_client(conn: Connection, case: Case, text_key: str, *, now: datetime) -> None:
    """Have the client told something about the ticket in its own language, in the order of its chat."""
    chat_id = directory.conversation(conn, case.ticket.conversation_id).chat_id
    body: dict[str, JsonValue] = {"ticket": case.ticket.id, "text_key": text_key}
    enqueue(conn, CLIENT_NOTICE, body, key=f"chat:{chat_id}", now=now)


def _settle(conn: Connection, book: Book, case: Case, *, now: datetime) -> Case:
    """Write every event that was due before `now`, stamped with its own instant."""
    while due := _due(book, case, now=now):
        for item in due:
            case = record(conn, case, item.kind, at=item.at, now=now, data=item.data)
        _tell(conn, case, due, now=now)
        case = replace(case, told_client=case.told_client or due[-1].kind is EventKind.RESOLVED)
    return case


def _due(book: Book, case: Case, *, now: datetime) -> list[Appointment]:
    """What is due, up to the first that changes what is due."""
    run = courses(case.events, book)
    due: list[Appointment] = []
    for item in appointments(case.events, case.was, run, book.of(case.was.policy), now=now):
        if item.at >= now:
            break
        due.append(item)
        if item.kind is EventKind.RESOLVED:
            break
    return due


def _tell(conn: Connection, case: Case, due: Sequence[Appointment], *, now: datetime) -> None:
    """Notices for staff (of a clock's several thresholds only the last) and for the client."""
    last = {(item.timer, item.data.get("cycle")): item for item in due if item.kind in TOLD}
    for item in last.values():
        notify(conn, case, TOLD[item.kind], now=now, data=item.data)
    for item in due:
        if item.kind in {EventKind.REMINDED, EventKind.RESOLVED}:
            tell_client(conn, case, f"ticket.quiet.{item.kind}", now=now)


def _save_ticket(conn: Connection, case: Case, rows: Sequence[Mapping[str, object]]) -> Ticket:
    was = case.was
    dues = [row["due_at"] for row in rows if row["state"] == ClockState.RUNNING]
    values = {
        "level": was.level,
        "tier": was.tier,
        "policy": was.policy,
        "state": was.state,
        "assignee_id": was.assignee_id,
        "resolved_at": was.resolved_at,
        "snoozed_until": was.snoozed_until,
        "urgent": was.urgent,
        "merged_into": was.merged_into,
        "next_due": min((due for due in dues if isinstance(due, datetime)), default=None),
    }
    mine = tickets.c.id == case.ticket.id
    return to_ticket(conn.execute(update(tickets).where(mine).values(**values).returning(*tickets.c)).mappings().one())


def clock_row(book: Book, course: Course, *, now: datetime) -> dict[str, object]:
    """What is kept of a course for queries, by the columns of `clock`."""
    seen = view(course, now=now, fractions=book.of(course.policy).warnings)
    return {
        "kind": str(course.kind),
        "cycle": course.cycle,
        "state": str(seen.state),
        "started_at": seen.started_at,
        "due_at": seen.due_at,
        "stopped_at": seen.stopped_at,
        "breached_at": seen.breached_at,
        "held_at": seen.held_at,
        "target": seen.target,
        "policy": course.policy,
        "elapsed_s": seen.elapsed_s,
        "read_at": now,
    }


def _save_clocks(conn: Connection, ticket_id: int, rows: Iterable[Mapping[str, object]]) -> None:
    key = ["ticket_id", "kind", "cycle"]
    for row in rows:
        statement = insert_into(conn, clocks).values(ticket_id=ticket_id, **row)
        changes = {name: value for name, value in row.items() if name not in key}
        conn.execute(statement.on_conflict_do_update(index_elements=key, set_=changes))


def _arm(conn: Connection, ticket_id: int, wanted: Mapping[str, datetime], *, now: datetime, fired: str | None) -> None:
    """Let each timer look at the ticket when it is wanted to; the `fired` one has used its job up."""
    rows = conn.execute(select(timers_table).where(timers_table.c.ticket_id == ticket_id)).mappings()
    armed = {row["name"]: (row["seq"], row["armed_at"]) for row in rows}
    for name in {*wanted, *armed}:
        seq, at = armed.get(name, (0, None))
        look = wanted.get(name)
        if at == look and name != fired:
            continue
        seq = _move(conn, ticket_id, name, seq, look, now=now)
        values = {"seq": seq, "armed_at": look}
        statement = insert_into(conn, timers_table).values(ticket_id=ticket_id, name=name, **values)
        conn.execute(statement.on_conflict_do_update(index_elements=["ticket_id", "name"], set_=values))


def _move(conn: Connection, ticket_id: int, name: str, seq: int, look: datetime | None, *, now: datetime) -> int:
    """Cancel, move or replace the timer's job; its new number."""
    dedup = f"clock:{ticket_id}:{name}:{seq}"
    if look is None:
        cancel(conn, CLOCK, dedup=dedup)
        return seq
    if seq and reschedule(conn, CLOCK, dedup=dedup, run_at=look, now=now):
        return seq
    body: dict[str, JsonValue] = {"ticket": ticket_id, "clock": name}
    enqueue(conn, CLOCK, body, now=now, run_at=look, dedup=f"clock:{ticket_id}:{name}:{seq + 1}")
    return seq + 1


def is_emergency(case: Case) -> bool:
    """Whether the ticket's level is the highest."""
    return case.was.level is Level.EMERGENCY
