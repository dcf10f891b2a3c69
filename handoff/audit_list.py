"""The lines of the audit log and the tickets' events of our people, read as one list. Transaction bodies."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    Integer,
    Select,
    and_,
    cast,
    func,
    literal,
    or_,
    select,
    union_all,
)

from handoff.audit import TICKET
from handoff.audit_tables import audit
from handoff.kinds import PersonKind
from handoff.model import Json
from handoff.rows import id_of, number_of
from handoff.tables import person, ticket_event

PAGE: Final = 50
_EVENT: Final = 1  # of two lines of one instant a ticket's event comes first
_LINE: Final = 0
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICRO: Final = timedelta(microseconds=1)


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One thing that somebody of ours did. `event` says that a ticket's event tells it; `action` is then its kind."""

    at: datetime
    source: int
    id: int
    person_id: int | None
    name: str | None
    via: str | None
    session: str | None
    address: str | None
    action: str
    kind: str
    subject: str
    facts: Json
    outcome: str

    @property
    def event(self) -> bool:
        """Whether it is an event of a ticket."""
        return self.source == _EVENT

    @property
    def cursor(self) -> str:
        """Where a page that ends with this entry goes on."""
        return f"{(self.at - _EPOCH) // _MICRO}_{self.source}_{self.id}"


@dataclass(frozen=True, kw_only=True)
class Sieve:
    """Which entries are wanted; what is not set lets everything through."""

    person_id: int | None = None
    action: str = ""
    subject: str = ""
    since: datetime | None = None
    until: datetime | None = None


def entries(conn: Connection, sieve: Sieve, *, before: str = "", limit: int = PAGE) -> tuple[Entry, ...]:
    """The latest entries first, after those that the cursor `before` ends with; a cursor that is none begins anew."""
    parts = [part.order_by(*_ordered(part)).limit(limit) for part in _parts(sieve, _read_cursor(before))]
    both = union_all(*(select(part.subquery()) for part in parts)).subquery()
    found = select(both, person.c.name).outerjoin(person, person.c.id == both.c.person_id)
    rows = conn.execute(found.order_by(both.c.at.desc(), both.c.source.desc(), both.c.id.desc()).limit(limit))
    return tuple(_entry(dict(row)) for row in rows.mappings())


def actions(conn: Connection) -> tuple[str, ...]:
    """The actions that stand in the log, by name."""
    return tuple(conn.execute(select(audit.c.action).distinct().order_by(audit.c.action)).scalars())


def _parts(sieve: Sieve, cursor: tuple[datetime, int, int] | None) -> Sequence[Select[Any]]:
    return [part for part in (_lines(sieve, cursor), _events(sieve, cursor)) if part is not None]


def _lines(sieve: Sieve, cursor: tuple[datetime, int, int] | None) -> Select[Any]:
    c = audit.c
    wanted = [c.first_event.is_(None), *_between(c.at, c.id, _LINE, sieve, cursor)]
    wanted += [c.person_id == sieve.person_id] if sieve.person_id is not None else []
    wanted += [c.action == sieve.action] if sieve.action else []
    wanted += (
        [or_(c.subject == sieve.subject, c.subject.startswith(f"{sieve.subject}/", autoescape=True))]
        if sieve.subject
        else []
    )
    columns = (c.person_id, c.via, c.session, c.address, c.action, c.kind, c.subject, c.facts, c.outcome)
    return select(c.at, literal(_LINE, Integer).label("source"), c.id, *columns).where(*wanted)


def _events(sieve: Sieve, cursor: tuple[datetime, int, int] | None) -> Select[Any] | None:
    """What our people did to tickets, wherever; with from where it came, if that is known."""
    e = ticket_event.c
    told = and_(audit.c.person_id == e.actor_id, e.id.between(audit.c.first_event, audit.c.last_event))
    wanted = [person.c.kind == PersonKind.STAFF, *_between(e.recorded_at, e.id, _EVENT, sieve, cursor)]
    wanted += [e.actor_id == sieve.person_id] if sieve.person_id is not None else []
    wanted += [e.kind == sieve.action.removeprefix("ticket.")] if sieve.action else []
    if sieve.subject:
        ticket_id = id_of(sieve.subject)
        if ticket_id is None:
            return None
        wanted.append(e.ticket_id == ticket_id)
    if sieve.action and not sieve.action.startswith("ticket."):
        return None
    from_where = (audit.c.via, audit.c.session, audit.c.address)
    subject = func.coalesce(cast(e.ticket_id, audit.c.subject.type), "").label("subject")
    told_as = (e.kind.label("action"), literal(TICKET).label("kind"), subject, e.data.label("facts"))
    row = select(
        e.recorded_at.label("at"), literal(_EVENT, Integer).label("source"), e.id, e.actor_id.label("person_id"),
        *from_where, *told_as, literal("done").label("outcome"),
    )  # fmt: skip
    return row.join(person, person.c.id == e.actor_id).outerjoin(audit, told).where(*wanted)


def _between(
    at: Any, number: Any, source: int, sieve: Sieve, cursor: tuple[datetime, int, int] | None
) -> list[ColumnElement[bool]]:
    wanted: list[ColumnElement[bool]] = [at >= sieve.since] if sieve.since else []
    wanted += [at < sieve.until] if sieve.until else []
    if cursor is not None:
        when, last_source, last = cursor
        tie = number < last if source == last_source else literal(source < last_source)
        wanted.append(or_(at < when, and_(at == when, tie)))
    return wanted


def _ordered(part: Select[Any]) -> tuple[Any, ...]:
    found = part.selected_columns
    return found.at.desc(), found.id.desc()


def _read_cursor(text: str) -> tuple[datetime, int, int] | None:
    stamp, _, rest = text.partition("_")
    source, _, number = rest.partition("_")
    try:
        return _EPOCH + int(stamp) * _MICRO, int(source), int(number)
    except (ValueError, OverflowError):
        return None


def _entry(row: dict[str, Any]) -> Entry:
    if row["source"] == _EVENT:
        row["subject"] = number_of(int(row["subject"]))
    return Entry(**row)
