"""What rules hear of: kept in the transaction of its cause, once for each origin, and looked at soon after."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, Text, cast, delete, func, select, update

from handoff.casefile import CAUSES
from handoff.model import Client, JsonValue
from handoff.rows import Row, to_client
from handoff.tables import client as clients
from store.db import insert_into
from store.jobs import enqueue
from success.rule_deciding import Seen, value_of
from success.rule_model import Happens
from success.rule_tables import rule_event as events
from success.rule_tables import rule_firing as firings

HAPPENED: Final = "rules"
"""The queue that hears of new events: `{"events": [id, …]}`."""
KEPT: Final = timedelta(days=90)
FIRINGS_KEPT: Final = timedelta(days=400)
"""What rules did can be read for a year and a month."""
SWEPT: Final = 500
MOST_READ: Final = 5_000
_BATCH: Final = 200
_ADDED: Final = frozenset({"client", "client_name", "tier"})
"""What an event says of its client, which is not kept with it."""


@dataclass(frozen=True, kw_only=True)
class Event:
    """Something to be told of: `origin` is unique to it."""

    origin: str
    kind: Happens
    facts: Mapping[str, JsonValue]


def happened(
    conn: Connection, kind: Happens | str, facts: Mapping[str, JsonValue], now: datetime, *, origin: str
) -> bool:
    """Tell the rules that something happened, in the transaction in which it did; False if they were told before.

    `facts` is what conditions compare and texts name. These names mean the same everywhere: `client_id`, `ticket_id`,
    `site_id`, `task_id`, `alert_id`, `server`, `severity`, `labels`, `value`; what is known of the client, the site and
    the ticket is added when it is looked at.
    """
    return bool(happened_all(conn, [Event(origin=origin, kind=Happens(kind), facts=facts)], now))


def happened_all(conn: Connection, told: Sequence[Event], now: datetime) -> int:
    """The same of many things at once; how many are new."""
    chain = list(conn.info.get(CAUSES, ()))
    new: list[int] = []
    for each in told:
        row = {"origin": each.origin, "kind": each.kind, "facts": dict(each.facts), "chain": chain, "at": now}
        statement = insert_into(conn, events).values(row).on_conflict_do_nothing(index_elements=["origin"])
        made = conn.execute(statement.returning(events.c.id)).scalar_one_or_none()
        if made is not None:
            new.append(made)
    for start in range(0, len(new), _BATCH):
        enqueue(conn, HAPPENED, {"events": new[start : start + _BATCH]}, now=now)
    return len(new)


@contextmanager
def causing(conn: Connection, chain: Sequence[str]) -> Iterator[None]:
    """Let everything that happens in this block, and what comes of it, say which rules led to it."""
    info: dict[Any, Any] = conn.info
    before = info.get(CAUSES)
    info[CAUSES] = tuple(chain)
    try:
        yield
    finally:
        if before is None:
            del info[CAUSES]
        else:
            info[CAUSES] = before


def take(conn: Connection, event_id: int, *, now: datetime) -> Seen | None:
    """An event that nobody has looked at yet, from now on looked at; None for any other."""
    mine = (events.c.id == event_id, events.c.handled_at.is_(None))
    row = conn.execute(update(events).where(*mine).values(handled_at=now).returning(*events.c)).mappings().first()
    return None if row is None else _seen(conn, [row])[0]


def event(conn: Connection, event_id: int) -> Seen | None:
    """The event with this id."""
    row = conn.execute(select(events).where(events.c.id == event_id)).mappings().first()
    return None if row is None else _seen(conn, [row])[0]


def of_ids(conn: Connection, event_ids: Collection[int]) -> tuple[Seen, ...]:
    """The events with these ids."""
    return _seen(conn, conn.execute(select(events).where(events.c.id.in_(event_ids))).mappings().all())


def since(conn: Connection, start: datetime) -> tuple[Seen, ...]:
    """What happened from then on, in order; at most the newest `MOST_READ`."""
    query = select(events).where(events.c.at >= start).order_by(events.c.id.desc()).limit(MOST_READ)
    rows = conn.execute(query).mappings().all()
    return _seen(conn, rows[::-1])


def recovered(conn: Connection, site_id: int, *, after: Seen) -> bool:
    """Whether a site came back after an event."""
    later = select(events.c.facts).where(events.c.kind == Happens.SITE_RECOVERED, events.c.id > after.id)
    return any(facts.get("site_id") == site_id for facts in conn.execute(later).scalars())


def counted(conn: Connection, kind: Happens, name: str, value: object, span: timedelta, *, upto: Seen) -> int:
    """How many events of a kind with this value of a field there were within a time up to one of them."""
    lately = (events.c.kind == kind, events.c.at >= upto.at - span, events.c.id <= upto.id)
    query = select(events).where(*lately).order_by(events.c.id.desc()).limit(MOST_READ)
    text = str(value)
    if name not in _ADDED and text.isascii() and text.isalnum():  # such a text is kept as it is written
        query = query.where(cast(events.c.facts, Text).contains(text, autoescape=True))
    return sum(value_of(each.facts, name) == value for each in _seen(conn, conn.execute(query).mappings().all()))


def _seen(conn: Connection, rows: Sequence[Row]) -> tuple[Seen, ...]:
    """Events with what is known of their clients."""
    ids = {row["facts"].get("client_id") for row in rows} - {None}
    found = conn.execute(select(clients).where(clients.c.id.in_(ids))).mappings() if ids else ()
    known = {each["id"]: to_client(each) for each in found}
    return tuple(_with_client(row, known.get(row["facts"].get("client_id"))) for row in rows)


def _with_client(row: Row, client: Client | None) -> Seen:
    facts: dict[str, Any] = dict(row["facts"])
    if client is not None:
        facts |= {"client": client.slug, "client_name": client.name, "tier": str(client.tier)}
    return Seen(
        id=row["id"],
        kind=Happens(row["kind"]),
        facts=facts,
        at=row["at"],
        chain=tuple(str(each) for each in row["chain"]),
    )


def sweep(conn: Connection, *, now: datetime, limit: int = SWEPT) -> int:
    """Forget firings that are old, and events that are old and led to nothing that is kept: the next few; how many."""
    past = select(firings.c.id).where(firings.c.at < now - FIRINGS_KEPT).order_by(firings.c.id).limit(limit)
    forgotten = conn.execute(past).scalars().all()
    conn.execute(delete(firings).where(firings.c.id.in_(forgotten)))
    led = select(firings.c.event_id)
    old = (events.c.at < now - KEPT, events.c.handled_at.is_not(None), events.c.id.not_in(led))
    gone = conn.execute(select(events.c.id).where(*old).order_by(events.c.id).limit(limit)).scalars().all()
    conn.execute(delete(events).where(events.c.id.in_(gone)))
    return len(forgotten) + len(gone)


def waiting(conn: Connection) -> int:
    """How many events nobody has looked at."""
    return conn.execute(select(func.count()).select_from(events).where(events.c.handled_at.is_(None))).scalar_one()
