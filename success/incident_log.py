"""Incidents as they are kept: reading them, and appending what happened. Transaction bodies."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, func, select, update

from handoff.errors import NotFound
from handoff.rows import add
from store.signals import signal
from success.incident_rules import (
    LIVE,
    NUMBER,
    STORM_WITHIN,
    Happening,
    IncidentEvent,
    IncidentState,
    Severity,
    Standing,
    after,
    standing,
)
from success.incident_tables import incident as incidents
from success.incident_tables import incident_event as events_table

LIVE_STATES: Final = tuple(sorted(LIVE))
IS_LIVE: Final = incidents.c.state.in_(LIVE_STATES)


@dataclass(frozen=True, kw_only=True)
class Incident:
    """One cause that hurts several. `by_id` None: `rule` opened it, or the desk saw it itself."""

    id: int
    key: str
    server: str
    title: str
    severity: Severity
    state: IncidentState
    started_at: datetime
    resolved_at: datetime | None
    closed_at: datetime | None
    at: datetime
    by_id: int | None
    rule: str

    @property
    def number(self) -> str:
        """What people call it."""
        return NUMBER.format(self.id)

    @property
    def live(self) -> bool:
        """Whether it is not over, nor dismissed."""
        return self.state in LIVE


def incident(conn: Connection, incident_id: int) -> Incident:
    """The incident with this id. Raises NotFound."""
    row = conn.execute(select(incidents).where(incidents.c.id == incident_id)).mappings().first()
    if row is None:
        raise NotFound("incident", incident_id)
    return incident_of(row)


def hold(conn: Connection, incident_id: int) -> Incident:
    """The same, which no other transaction can change meanwhile."""
    query = select(incidents).where(incidents.c.id == incident_id).with_for_update()
    row = conn.execute(query).mappings().first()
    if row is None:
        raise NotFound("incident", incident_id)
    return incident_of(row)


def events(conn: Connection, incident_id: int) -> tuple[IncidentEvent, ...]:
    """What happened, in order."""
    query = select(events_table).where(events_table.c.incident_id == incident_id).order_by(events_table.c.seq)
    return tuple(_event(row) for row in conn.execute(query).mappings())


def stands(conn: Connection, incident_id: int) -> Standing:
    """What the events come to."""
    return standing(events(conn, incident_id))


def live(conn: Connection) -> tuple[Incident, ...]:
    """What is not over, the worst and newest first."""
    query = select(incidents).where(incidents.c.state.in_(LIVE_STATES)).order_by(incidents.c.id.desc())
    found = [incident_of(row) for row in conn.execute(query).mappings()]
    return tuple(sorted(found, key=lambda each: (each.state is IncidentState.SUGGESTED, -each.severity.rank)))


def past(conn: Connection, *, before_id: int | None = None, limit: int = 50) -> tuple[Incident, ...]:
    """What is over, the newest first."""
    query = select(incidents).where(incidents.c.state.not_in(LIVE_STATES))
    if before_id is not None:
        query = query.where(incidents.c.id < before_id)
    return tuple(
        incident_of(row) for row in conn.execute(query.order_by(incidents.c.id.desc()).limit(limit)).mappings()
    )


def opened_by_alerts(conn: Connection, *, now: datetime) -> int:
    """How many live incidents alerts have opened lately."""
    lately = (incidents.c.at >= now - STORM_WITHIN, incidents.c.state.in_(LIVE_STATES), incidents.c.rule != "")
    return conn.execute(select(func.count()).select_from(incidents).where(*lately)).scalar_one()


def of_key(conn: Connection, key: str) -> Incident | None:
    """The live incident of a cause."""
    row = conn.execute(select(incidents).where(incidents.c.key == key, IS_LIVE)).mappings().first()
    return None if row is None else incident_of(row)


def append(
    conn: Connection, incident_id: int, kind: Happening, *, by: int | None, rule: str = "", now: datetime, **facts: Any
) -> Incident:
    """Append what happened to an incident that is held, and keep what is derived from it."""
    was = incident(conn, incident_id)
    newest = select(func.max(events_table.c.seq)).where(events_table.c.incident_id == incident_id)
    seq = (conn.execute(newest).scalar_one_or_none() or 0) + 1
    event = IncidentEvent(seq=seq, at=now, kind=kind, by_id=by, rule=rule, facts=facts)
    values: dict[str, Any] = {"incident_id": incident_id, "seq": seq, "at": now, "kind": kind, "by_id": by}
    add(conn, events_table, **values, rule=rule, facts=dict(facts))
    now_is = after(_standing(was), event)
    kept: dict[str, Any] = {"state": now_is.state, "title": now_is.title, "severity": now_is.severity}
    kept |= {"resolved_at": now_is.resolved_at, "closed_at": now_is.closed_at}
    conn.execute(update(incidents).where(incidents.c.id == incident_id).values(kept))
    signal(conn, "desk", "")
    return incident(conn, incident_id)


def _standing(was: Incident) -> Standing:
    return Standing(
        state=was.state, title=was.title, severity=was.severity, resolved_at=was.resolved_at, closed_at=was.closed_at
    )


def incident_of(row: Mapping[Any, Any]) -> Incident:
    """A row of `incident`."""
    values = {name: row[name] for name in Incident.__dataclass_fields__}
    return Incident(**values | {"state": IncidentState(row["state"]), "severity": Severity(row["severity"])})


def _event(row: Mapping[Any, Any]) -> IncidentEvent:
    values = {name: row[name] for name in IncidentEvent.__dataclass_fields__}
    return IncidentEvent(**values | {"kind": Happening(row["kind"])})
