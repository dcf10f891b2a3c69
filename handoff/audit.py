"""The record of every staff action: who, from where, what, with which outcome. Transaction bodies.

A line is written in the transaction of the action itself. What a ticket's events tell already is not told again: the
line names them, and the two are read as one list.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Literal

from sqlalchemy import Connection, func, select

from handoff.audit_tables import audit
from handoff.rows import clean
from handoff.tables import ticket_event

Outcome = Literal["done", "repeated", "refused", "failed"]
TICKET: Final = "t"
"""The kind of what is about a ticket."""
_LONGEST: Final = 120
_TELLING: Final = "audit"


@dataclass(frozen=True, kw_only=True)
class Action:
    """What somebody did. `facts` holds choices and numbers, never passwords, tokens or what was written to anybody."""

    person_id: int | None
    via: str
    name: str
    kind: str = ""
    subject: str = ""
    session: str | None = None
    address: str | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)


def keep(
    conn: Connection,
    action: Action,
    *,
    outcome: Outcome = "done",
    events: tuple[int, int] | None = None,
    now: datetime,
) -> None:
    """Write one line; texts are cut, so that nobody fills the log from outside."""
    first, last = events or (None, None)
    conn.execute(
        audit.insert().values(
            at=now,
            person_id=action.person_id,
            via=action.via[:_LONGEST],
            session=action.session,
            address=clean(action.address or "")[:_LONGEST] or None,
            action=action.name[:_LONGEST],
            kind=action.kind[:_LONGEST],
            subject=clean(action.subject)[:_LONGEST],
            facts={name: _short(value) for name, value in action.facts.items()},
            outcome=outcome,
            first_event=first,
            last_event=last,
        )
    )


@dataclass
class Telling:
    """What the body of an action says of it while it runs."""

    facts: dict[str, Any] = field(default_factory=dict)
    repeated: bool = False


@contextmanager
def acting(conn: Connection, action: Action, *, now: datetime) -> Iterator[None]:
    """The block does the action; its line is written at the block's end, in the same transaction, or not at all."""
    before = conn.execute(select(func.max(ticket_event.c.id))).scalar() or 0
    telling = Telling()
    conn.info[_TELLING] = telling
    try:
        yield
    finally:
        conn.info.pop(_TELLING, None)
    told = Action(**{**vars(action), "facts": {**action.facts, **telling.facts}})
    outcome: Outcome = "repeated" if telling.repeated else "done"
    keep(conn, told, outcome=outcome, events=_events(conn, action.person_id, after=before), now=now)


def tell(conn: Connection, **facts: object) -> None:
    """Say more of the action under way in this transaction, such as what it changed from; without one, nothing."""
    telling: Telling | None = conn.info.get(_TELLING)
    if telling is not None:
        telling.facts |= facts


def repeated(conn: Connection) -> None:
    """The action under way was done before: a form that came twice."""
    telling: Telling | None = conn.info.get(_TELLING)
    if telling is not None:
        telling.repeated = True


def _events(conn: Connection, person_id: int | None, *, after: int) -> tuple[int, int] | None:
    """The first and the last event that the person wrote since."""
    mine = (ticket_event.c.id > after, ticket_event.c.actor_id == person_id)
    found = conn.execute(select(func.min(ticket_event.c.id), func.max(ticket_event.c.id)).where(*mine)).one()
    return (found[0], found[1]) if found[0] is not None else None


def _short(value: Any) -> Any:
    if isinstance(value, str):
        return clean(value)[:_LONGEST]
    return value if isinstance(value, bool | int | float) or value is None else clean(str(value))[:_LONGEST]
