"""What goes out to webhooks: written with what happened, in one transaction, and kept with every try. Bodies.

What is kept holds ids, states and instants, no text that anybody wrote: texts are looked up when it is sent.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from sqlalchemy import Connection, delete, select, update

from handoff import directory, webhooks
from handoff.api_tables import webhook_attempt as attempts
from handoff.api_tables import webhook_delivery as deliveries
from handoff.errors import NotFound
from handoff.lifecycle import Standing
from handoff.model import Json, JsonValue, Message, Ticket, TicketEvent
from handoff.rows import Row, add, clean, first, number_of
from handoff.webhooks import MESSAGE, TYPES
from store.jobs import enqueue

QUEUE: Final = "webhook"
SWEEP: Final = "webhook_sweep"
KEPT: Final = timedelta(days=30)
SWEPT: Final = 500
ANSWER_KEPT: Final = 500
TOLD: Final = frozenset(
    {
        "on", "to", "level", "tier", "policy", "clock", "cycle", "percent", "message", "meaning", "holding", "into",
        "number", "until", "why", "step", "cause", "token",
    }
)  # fmt: skip
"""What of an event's facts is passed on; a colleague's words are not."""
_IDS: Final = frozenset({"to", "message"})


class DeliveryState(StrEnum):
    """How far something has come."""

    WAITING = "waiting"
    SENT = "sent"
    FAILED = "failed"


@dataclass(frozen=True, kw_only=True, slots=True)
class Delivery:
    """One thing that an endpoint is told; `name` is its webhook-id. `tries` counts the requests made."""

    id: int
    name: str
    endpoint_id: int
    type: str
    ticket_id: int | None
    body: Json
    state: DeliveryState
    tries: int
    at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Attempt:
    """One request: what came back, or why nothing did; `answer` is the beginning of what was said."""

    n: int
    at: datetime
    ms: int
    status: int | None
    error: str | None
    answer: str | None

    @property
    def fine(self) -> bool:
        """Whether the receiver took it."""
        return self.status is not None and 200 <= self.status < 300  # noqa: PLR2004 -- HTTP's


def happened(conn: Connection, ticket: Ticket, was: Standing, event: TicketEvent) -> None:
    """Tell those who want to hear what has just happened to a ticket, which now stands as `was` says."""
    type_ = TYPES.get(event.kind)
    if type_ is None:
        return
    for endpoint in webhooks.active(conn):
        if endpoint.wants(type_, ticket.client_id):
            body: Json = {"ticket": _ticket(ticket, was), "event": _event(event)}
            _post(conn, endpoint.id, type_, body, ticket_id=ticket.id, about=f"t{ticket.id}", now=event.recorded_at)


def said(conn: Connection, message: Message, *, now: datetime) -> None:
    """Tell those who want to hear of a message to or from a client, in a chat that is bound to it."""
    wanting = [endpoint for endpoint in webhooks.active(conn) if MESSAGE in endpoint.types]
    client_id = directory.chat(conn, message.chat_id).client_id if wanting else None
    about = f"t{message.ticket_id}" if message.ticket_id else f"c{message.conversation_id}"
    for endpoint in wanting:
        if client_id is not None and endpoint.wants(MESSAGE, client_id):
            body: Json = {"message": _message(message, client_id)}
            _post(conn, endpoint.id, MESSAGE, body, ticket_id=message.ticket_id, about=about, now=now)


def delivery(conn: Connection, delivery_id: int) -> Delivery:
    """The delivery with this id; raises NotFound."""
    row = first(conn, deliveries, deliveries.c.id == delivery_id)
    if row is None:
        raise NotFound("delivery", delivery_id)
    return _delivery(row)


def recent(
    conn: Connection,
    endpoint_id: int,
    *,
    state: DeliveryState | None = None,
    before_id: int | None = None,
    limit: int = 50,
) -> tuple[Delivery, ...]:
    """What an endpoint was told, the latest first."""
    query = select(deliveries).where(deliveries.c.endpoint_id == endpoint_id)
    if state is not None:
        query = query.where(deliveries.c.state == state)
    if before_id is not None:
        query = query.where(deliveries.c.id < before_id)
    rows = conn.execute(query.order_by(deliveries.c.id.desc()).limit(limit)).mappings()
    return tuple(_delivery(row) for row in rows)


def tries(conn: Connection, delivery_ids: Sequence[int]) -> dict[int, tuple[Attempt, ...]]:
    """Every request that was made for these, in order."""
    query = (
        select(attempts).where(attempts.c.delivery_id.in_(delivery_ids)).order_by(attempts.c.delivery_id, attempts.c.n)
    )
    found: dict[int, tuple[Attempt, ...]] = {}
    for row in conn.execute(query).mappings():
        found[row["delivery_id"]] = (*found.get(row["delivery_id"], ()), _attempt(row))
    return found


def tried(
    conn: Connection,
    delivery_id: int,
    *,
    at: datetime,
    ms: int,
    status: int | None,
    error: str | None,
    answer: str | None,
) -> Attempt:
    """Keep one request, and what it came to for the endpoint."""
    counted = update(deliveries).where(deliveries.c.id == delivery_id).values(tries=deliveries.c.tries + 1)
    row = conn.execute(counted.returning(deliveries.c.tries, deliveries.c.endpoint_id)).one()
    said_back = clean(answer)[:ANSWER_KEPT] if answer else None
    values: dict[str, object] = {"delivery_id": delivery_id, "n": row.tries, "at": at, "ms": ms}
    made = _attempt(add(conn, attempts, **values, status=status, error=error, answer=said_back))
    if made.fine:
        webhooks.reached(conn, row.endpoint_id)
    else:
        webhooks.unreached(conn, row.endpoint_id, now=at)
    return made


def end(conn: Connection, delivery_id: int, state: DeliveryState, *, now: datetime) -> None:
    """Say how a delivery ended."""
    conn.execute(update(deliveries).where(deliveries.c.id == delivery_id).values(state=state, ended_at=now))


def send_again(conn: Connection, delivery_id: int, *, now: datetime) -> bool:
    """Send one again, under the same webhook-id; False if it is waiting anyway. Raises NotFound."""
    again = update(deliveries).where(deliveries.c.id == delivery_id, deliveries.c.state != DeliveryState.WAITING)
    values = {"state": DeliveryState.WAITING, "ended_at": None, "sends": deliveries.c.sends + 1}
    row = conn.execute(again.values(values).returning(*deliveries.c)).mappings().first()
    if row is None:
        delivery(conn, delivery_id)
        return False
    _queue(conn, row, now=now)
    return True


def send_failed_again(conn: Connection, endpoint_id: int, *, since: datetime, now: datetime) -> int:
    """Send again what failed since then, in its order; how many."""
    failed = (deliveries.c.endpoint_id == endpoint_id, deliveries.c.state == DeliveryState.FAILED)
    query = select(deliveries.c.id).where(*failed, deliveries.c.at >= since).order_by(deliveries.c.id)
    return sum(send_again(conn, delivery_id, now=now) for delivery_id in conn.execute(query).scalars().all())


def sweep(conn: Connection, *, now: datetime, kept: timedelta = KEPT, limit: int = SWEPT) -> int:
    """Forget what ended more than `kept` ago: the next few; how many."""
    old = (deliveries.c.at < now - kept, deliveries.c.state != DeliveryState.WAITING)
    ids = conn.execute(select(deliveries.c.id).where(*old).order_by(deliveries.c.id).limit(limit)).scalars().all()
    conn.execute(delete(attempts).where(attempts.c.delivery_id.in_(ids)))
    return conn.execute(delete(deliveries).where(deliveries.c.id.in_(ids))).rowcount


def _post(
    conn: Connection, endpoint_id: int, type_: str, body: Json, *, ticket_id: int | None, about: str, now: datetime
) -> None:
    """Write the delivery and its job; those about one matter go to an endpoint in their order."""
    values: dict[str, object] = {"name": f"msg_{secrets.token_hex(16)}", "endpoint_id": endpoint_id, "type": type_}
    values |= {"ticket_id": ticket_id, "body": {**body, "about": about}, "state": DeliveryState.WAITING}
    _queue(conn, add(conn, deliveries, **values, tries=0, sends=1, at=now), now=now)


def _queue(conn: Connection, row: Row, *, now: datetime) -> None:
    key = f"{row['endpoint_id']}:{row['body']['about']}"
    enqueue(conn, QUEUE, {"delivery": row["id"]}, key=key, dedup=f"{row['id']}:{row['sends']}", now=now)


def _ticket(ticket: Ticket, was: Standing) -> Json:
    return {
        "id": ticket.number,
        "client": _id(ticket.client_id),
        "state": str(was.state),
        "level": str(was.level),
        "tier": str(was.tier),
        "assignee": _id(was.assignee_id),
        "team": was.team,
    }


def _event(event: TicketEvent) -> Json:
    facts = {name: value for name, value in event.data.items() if name in TOLD}
    facts |= {name: str(facts[name]) for name in _IDS & facts.keys() if isinstance(facts[name], int)}
    if "into" in facts:
        facts["into"] = facts.pop("number", None) or number_of(int(str(facts["into"])))
    told: dict[str, JsonValue] = {"id": str(event.id), "seq": event.seq, "kind": str(event.kind)}
    told |= {"at": event.at.isoformat(), "recorded_at": event.recorded_at.isoformat()}
    return told | {"actor": _id(event.actor_id), "token": facts.pop("token", None), "facts": facts}


def _message(message: Message, client_id: int | None) -> Json:
    return {
        "id": str(message.id),
        "conversation": str(message.conversation_id),
        "client": _id(client_id),
        "ticket": number_of(message.ticket_id) if message.ticket_id else None,
        "author": str(message.author),
        "person": _id(message.person_id),
        "at": message.at.isoformat(),
    }


def _id(value: int | None) -> str | None:
    return None if value is None else str(value)


def _delivery(row: Row) -> Delivery:
    return Delivery(
        id=row["id"],
        name=row["name"],
        endpoint_id=row["endpoint_id"],
        type=row["type"],
        ticket_id=row["ticket_id"],
        body=row["body"],
        state=DeliveryState(row["state"]),
        tries=row["tries"],
        at=row["at"],
        ended_at=row["ended_at"],
    )


def _attempt(row: Row) -> Attempt:
    return Attempt(
        n=row["n"], at=row["at"], ms=row["ms"], status=row["status"], error=row["error"], answer=row["answer"]
    )
