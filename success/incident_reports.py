"""Post-mortems as they are kept: every version, by whom; one is finished by a person. Transaction bodies."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from handoff import board, directory
from handoff.kinds import EventKind
from handoff.model import Ticket
from handoff.rows import add, clean
from success import incidents
from success.incident_errors import IncidentRefused
from success.incident_log import Incident, hold
from success.incident_members import affected, counts, tickets_of
from success.incident_rules import Happening, Kind
from success.incident_tables import incident_report as reports
from success.incident_talk import of_incident
from success.postmortem import LONGEST, Answered, Line, Matter, Spoken


@dataclass(frozen=True, kw_only=True)
class Report:
    """One version of a post-mortem; `by_id` None: as it was drafted."""

    version: int
    text: str
    by_id: int | None
    at: datetime
    finished: bool


def matter(conn: Connection, known: Incident, timeline: tuple[Line, ...]) -> Matter:
    """What a post-mortem is drafted from; the timeline is the caller's, in words."""
    return Matter(
        number=known.number,
        title=known.title,
        severity=str(known.severity),
        started_at=known.started_at,
        ended_at=known.resolved_at,
        clients=[client.name for client in affected(conn, known)],
        alerts=counts(conn, [known.id]).get(known.id, {}).get(Kind.ALERT, 0),
        timeline=timeline,
        spoken=_spoken(conn, known.id),
        tickets=[_answered(conn, ticket) for ticket in tickets_of(conn, known.id)],
    )


def keep(
    conn: Connection, incident_id: int, text: str, *, seen: int, finished: bool = False, by: int | None, now: datetime
) -> Report:
    """Keep a version after `seen`. Raises IncidentRefused: `empty`, `long`, `changed`, `finished`."""
    hold(conn, incident_id)
    last, text = newest(conn, incident_id), clean(text).replace("\r\n", "\n").strip()
    if last is not None and last.finished:
        raise IncidentRefused("finished")
    if (last.version if last else 0) != seen:
        raise IncidentRefused("changed")
    if not text or len(text) > LONGEST:
        raise IncidentRefused("long" if text else "empty")
    if finished and by is None:
        raise IncidentRefused("nobody")
    values = {"incident_id": incident_id, "version": seen + 1, "text": text, "by_id": by, "at": now}
    made = _report(add(conn, reports, **values, finished=finished))
    facts: dict[str, Any] = {"version": made.version, "finished": finished}
    incidents.record(conn, incident_id, Happening.REPORTED, by=by, now=now, **facts)
    return made


def newest(conn: Connection, incident_id: int) -> Report | None:
    """The post-mortem as it stands."""
    mine = select(reports).where(reports.c.incident_id == incident_id)
    row = conn.execute(mine.order_by(reports.c.version.desc()).limit(1)).mappings().first()
    return None if row is None else _report(row)


def versions(conn: Connection, incident_id: int) -> tuple[Report, ...]:
    """Every version, the newest first."""
    mine = select(reports).where(reports.c.incident_id == incident_id).order_by(reports.c.version.desc())
    return tuple(_report(row) for row in conn.execute(mine).mappings())


def _spoken(conn: Connection, incident_id: int) -> list[Spoken]:
    """What was said, each batch once: in the words of its first chat."""
    by_batch: dict[str, list[Any]] = {}
    for each in of_incident(conn, incident_id):
        if each.state == "said":
            by_batch.setdefault(each.batch, []).append(each)
    return [Spoken(at=said[0].said_at, text=said[0].text, chats=len(said)) for said in by_batch.values()]


def _answered(conn: Connection, ticket: Ticket) -> Answered:
    events = board.events(conn, ticket.id)
    first = next((event.at for event in events if event.kind is EventKind.REPLIED), None)
    client = directory.client(conn, ticket.client_id).name if ticket.client_id else "–"
    return Answered(number=ticket.number, client=client, waited=first - ticket.since if first else None)


def _report(row: Mapping[Any, Any]) -> Report:
    return Report(**{name: row[name] for name in Report.__dataclass_fields__})
