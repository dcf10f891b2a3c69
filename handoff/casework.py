"""Under the desk's verbs: settle what was due, and keep what is derived from a ticket's events.

Every verb is `take` (which first writes what was due before now), `record` as often as needed, and `put`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, select, update

from handoff import asking, cards, directory, paging, roster
from handoff.casefile import Case, lock, notify, record, tell_client
from handoff.clocks import Course, courses, view
from handoff.kinds import ClockKind, ClockState, EventKind, NoticeKind, TicketState
from handoff.model import JsonValue, Ticket
from handoff.policy import Book
from handoff.routes import Routes
from handoff.rows import to_ticket
from handoff.tables import clock as clocks
from handoff.tables import ticket as tickets
from handoff.tables import timer as timers_table
from handoff.timers import Appointment, appointments, looks
from store.db import insert_into
from store.jobs import cancel, enqueue, reschedule
from store.signals import signal

CLOCK: Final = "clock"
SETTLED: Final = "settled"
"""The queue that hears of each ticket that was resolved, or is resolved no more: `{"ticket": id}`."""
MOVING: Final = frozenset({EventKind.ROUTED, EventKind.SILENT})
"""What hands the ticket on: each is settled alone, as what comes after it concerns somebody else."""
TOLD: Final = {
    EventKind.WARNED: NoticeKind.WARNING,
    EventKind.BREACHED: NoticeKind.BREACH,
    EventKind.UNACKNOWLEDGED: NoticeKind.UNACKNOWLEDGED,
    EventKind.FOLLOW_UP: NoticeKind.FOLLOW_UP,
    EventKind.WOKEN: NoticeKind.WOKEN,
}


def take(conn: Connection, book: Book, ticket_id: int, *, now: datetime) -> Case:
    """Lock a ticket and write what it was due for before `now`."""
    return _settle(conn, book, lock(conn, ticket_id), now=now)


def put(conn: Connection, book: Book, case: Case, *, now: datetime, fired: str | None = None) -> Ticket:
    """Bring what is derived from the events up to date: due events, the ticket's row, clocks, timers; and tell."""
    case = _settle(conn, book, case, now=now)
    run = courses(case.events, book)
    rows = [clock_row(book, course, now=now) for course in run]
    _save_clocks(conn, case.ticket.id, rows)
    routes = roster.routes_in_force(conn)
    due = appointments(case.events, case.was, run, book.of(case.was.policy), routes=routes, now=now)
    _arm(conn, case.ticket.id, looks(due), now=now, fired=fired)
    ticket = _save_ticket(conn, case, rows)
    _settled(conn, case, ticket, now=now)
    signal(conn, "desk", ticket.number)
    cards.wake(conn, ticket.id, now=now)
    if case.told_client:
        signal(conn, "chat", str(directory.conversation(conn, ticket.conversation_id).chat_id))
    return ticket


def _settled(conn: Connection, case: Case, ticket: Ticket, *, now: datetime) -> None:
    """Let whoever cares look at a ticket that was resolved or re-opened, in the order of its requester's."""
    if TicketState.RESOLVED not in {case.ticket.state, ticket.state} or case.ticket.state is ticket.state:
        return
    dedup, key = f"settled:{ticket.id}:{case.events[-1].seq}", f"person:{ticket.requester_id}"
    enqueue(conn, SETTLED, {"ticket": ticket.id}, key=key, dedup=dedup, now=now)


def _settle(conn: Connection, book: Book, case: Case, *, now: datetime) -> Case:
    """Write every event that was due before `now`, stamped with its own instant."""
    routes = roster.routes_in_force(conn)
    while due := _due(book, case, routes, now=now):
        if due[0].kind in MOVING:
            case = _move_on(conn, book, case, due[0], now=now)
            continue
        for item in due:
            case = record(conn, case, item.kind, at=item.at, now=now, data=item.data)
        _tell(conn, book, case, due, now=now)
        case = replace(case, told_client=case.told_client or due[-1].kind is EventKind.RESOLVED)
    return case


def _due(book: Book, case: Case, routes: Routes | None, *, now: datetime) -> list[Appointment]:
    """What is due, up to the first that changes what is due."""
    run = courses(case.events, book)
    due: list[Appointment] = []
    for item in appointments(case.events, case.was, run, book.of(case.was.policy), routes=routes, now=now):
        if item.at >= now or (due and item.kind in MOVING):
            break
        due.append(item)
        if item.kind in {EventKind.RESOLVED, *MOVING}:
            break
    return due


def _move_on(conn: Connection, book: Book, case: Case, item: Appointment, *, now: datetime) -> Case:
    contract = book.of(case.was.policy)
    if item.kind is EventKind.SILENT:
        return asking.pass_on(conn, contract, case, item, now=now)
    cause: asking.Cause = "duty" if item.data.get("cause") == "duty" else "passed"
    return asking.ask(conn, contract, case, cause=cause, at=item.at, now=now)


def _tell(conn: Connection, book: Book, case: Case, due: Sequence[Appointment], *, now: datetime) -> None:
    """Notices for staff (of a clock's several thresholds only the last) and for the client."""
    told = [item for item in due if item.kind in TOLD]
    last = {(item.timer, item.data.get("cycle"), item.data.get("step")): item for item in told}
    for item in last.values():
        if item.kind is EventKind.UNACKNOWLEDGED:
            paging.page(conn, book.of(case.was.policy), case, item.data, now=now)
        else:
            manager_id = _manager(conn, case, item)
            notify(conn, case, TOLD[item.kind], now=now, data=item.data, manager_id=manager_id)
    for item in due:
        if item.kind in {EventKind.REMINDED, EventKind.RESOLVED}:
            tell_client(conn, case, f"ticket.quiet.{item.kind}", now=now)


def _manager(conn: Connection, case: Case, item: Appointment) -> int | None:
    """Whom a missed resolution concerns as well: the client's success manager."""
    if item.kind is not EventKind.BREACHED or item.data.get("clock") != ClockKind.RS:
        return None
    return asking.managers(conn, case.ticket.client_id)[1]


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
        "asked_id": was.asked_id,
        "team": was.team,
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
