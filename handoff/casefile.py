"""A locked ticket and what is written about it: events, notices to staff, words to the client. Transaction bodies."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, insert, select

from handoff import directory, routing, tokens, webhook_log
from handoff.errors import NotFound
from handoff.kinds import EventKind, Level, NoticeKind
from handoff.lifecycle import Standing, after, standing
from handoff.model import Json, JsonValue, Ticket, TicketEvent
from handoff.rows import add, to_event, to_ticket
from handoff.tables import notice as notices
from handoff.tables import ticket as tickets
from handoff.tables import ticket_event as events_table
from store.jobs import enqueue
from store.signals import signal

CLIENT_NOTICE: Final = "client_notice"
CAUSES: Final = "causes"
"""Under this name a connection knows which rules act in its transaction."""
HAPPENED: Final = "ticket_happened"
"""The queue that hears what happens to tickets: `{"ticket": id, "seq": number, "kind": kind}`, of `HEARD` alone."""
HEARD: Final = frozenset({EventKind.OPENED, EventKind.LEVEL_SET, EventKind.BREACHED, EventKind.UNACKNOWLEDGED})


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
    """Append one event, which counts from `at` (default `now`), and tell the webhooks that want to hear of it.

    What a colleague does through a token says so.
    """
    seq = case.events[-1].seq + 1 if case.events else 1
    token = tokens.acting(conn) if by is not None else None
    data = {**(data or {}), **({"token": token} if token else {})}
    values = {"ticket_id": case.ticket.id, "seq": seq, "at": at or now, "recorded_at": now, "kind": kind}
    event = to_event(add(conn, events_table, **values, actor_id=by, data=data))
    grown = replace(case, events=(*case.events, event), was=after(case.was, event))
    webhook_log.happened(conn, case.ticket, grown.was, event)
    if kind in HEARD:
        heard: dict[str, JsonValue] = {"ticket": case.ticket.id, "seq": seq, "kind": str(kind)}
        if causes := conn.info.get(CAUSES):
            heard["causes"] = list(causes)
        enqueue(conn, HAPPENED, heard, dedup=f"{case.ticket.id}:{seq}", now=now)
    return grown


def notify(
    conn: Connection,
    case: Case,
    kind: NoticeKind,
    *,
    now: datetime,
    to: int | None = None,
    data: Json | None = None,
    duty: Collection[int] | None = None,
    manager_id: int | None = None,
) -> None:
    """Tell the people it concerns (see `routing.recipients`), or only the person `to`."""
    told = (to,) if to is not None else _concerned(conn, case, kind, duty, manager_id)
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


def is_emergency(case: Case) -> bool:
    """Whether the ticket's level is the highest."""
    return case.was.level is Level.EMERGENCY


def _concerned(
    conn: Connection, case: Case, kind: NoticeKind, duty: Collection[int] | None, manager_id: int | None
) -> tuple[int | None, ...]:
    was = case.was
    return routing.recipients(
        kind,
        assignee_id=was.assignee_id,
        staff=directory.staff(conn, active_only=True),
        asked_id=was.asked_id,
        duty=duty,
        manager_id=manager_id,
        routed=was.routed,
    )
