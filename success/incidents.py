"""The verbs of incidents. Transaction bodies: each appends events and keeps what is derived from them.

`by` is the person of ours who acts; `rule` the rule that does, where it is none. All raise NotFound for an unknown
incident and IncidentRefused where its state forbids the verb.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, delete, select, text, update

from handoff.rows import Row, clean
from store.db import insert_into
from success import tasks
from success.incident_errors import IncidentRefused
from success.incident_log import IS_LIVE, Incident, append, hold, incident, of_key
from success.incident_rules import (
    REOPENS,
    TITLE_LENGTH,
    Happening,
    IncidentState,
    Kind,
    Member,
    Severity,
    require,
)
from success.incident_tables import LIVE as LIVE_ROWS
from success.incident_tables import incident as incidents
from success.incident_tables import incident_member as members_table
from success.incident_troubles import dismissed
from success.tasks import TaskKind, TaskState

NOTE_LENGTH: Final = 4_000


@dataclass(frozen=True, kw_only=True)
class Cause:
    """What an incident is to be opened for."""

    key: str
    title: str
    severity: Severity = Severity.MAJOR
    server: str = ""
    started_at: datetime


@dataclass(frozen=True, kw_only=True)
class Raised:
    """The incident of a cause; `fresh`: it began with this, `again`: it had been over and goes on."""

    incident: Incident
    fresh: bool = False
    again: bool = False


def begin(
    conn: Connection, cause: Cause, *, members: Sequence[Member] = (), suggested: bool = False,
    by: int | None = None, rule: str = "", now: datetime,
) -> Raised:  # fmt: skip
    """The live incident of this cause, with these members: the one there is, the one just over, or a new one.

    A suggestion that is raised again, not as one, is opened thereby; a lead gets a task for each new suggestion. What
    a person dismissed is not suggested again while it lasts: that one is what is raised, and the members join it.
    """
    cause = replace(cause, key=clean(cause.key), server=clean(cause.server))
    known = _of_cause(conn, cause.key, now=now) or (dismissed(conn, cause.key, now=now) if suggested else None)
    if known is None:
        raised = _new(conn, cause, suggested=suggested, by=by, rule=rule, now=now)
    elif known.state is IncidentState.RESOLVED:
        raised = Raised(incident=append(conn, known.id, Happening.REOPENED, by=by, rule=rule, now=now), again=True)
    elif known.state is IncidentState.SUGGESTED and not suggested:
        opened = append(conn, known.id, Happening.CONFIRMED, by=by, rule=rule, now=now)
        _task_over(conn, known.id, TaskState.DONE, by=by, now=now)
        raised = Raised(incident=opened, fresh=True)
    else:
        raised = Raised(incident=known)
    for member in members:
        link(conn, raised.incident.id, member, by=by, rule=rule, now=now)
    return Raised(incident=incident(conn, raised.incident.id), fresh=raised.fresh, again=raised.again)


def confirm(conn: Connection, incident_id: int, *, by: int | None, rule: str = "", now: datetime) -> Incident:
    """Say that a suggestion is one incident indeed."""
    _require(conn, incident_id, "confirm")
    _task_over(conn, incident_id, TaskState.DONE, by=by, now=now)
    return append(conn, incident_id, Happening.CONFIRMED, by=by, rule=rule, now=now)


def dismiss(conn: Connection, incident_id: int, *, by: int, why: str = "", now: datetime) -> Incident:
    """Say that a suggestion is none."""
    _require(conn, incident_id, "dismiss")
    _task_over(conn, incident_id, TaskState.DROPPED, by=by, now=now)
    return append(conn, incident_id, Happening.DISMISSED, by=by, now=now, why=_text(why))


def monitor(conn: Connection, incident_id: int, *, by: int | None, rule: str = "", now: datetime) -> Incident:
    """The cause seems mended: it is watched."""
    _require(conn, incident_id, "monitor")
    return append(conn, incident_id, Happening.MONITORING, by=by, rule=rule, now=now)


def resolve(conn: Connection, incident_id: int, *, by: int | None, rule: str = "", now: datetime) -> Incident:
    """It is over."""
    _require(conn, incident_id, "resolve")
    return append(conn, incident_id, Happening.RESOLVED, by=by, rule=rule, now=now)


def reopen(conn: Connection, incident_id: int, *, by: int | None, rule: str = "", now: datetime) -> Incident:
    """It is not over after all. Raises IncidentRefused("again") where the same cause has another one by now."""
    known = _require(conn, incident_id, "reopen")
    other = _of_cause(conn, known.key, now=now)
    if other is not None and other.id != incident_id and other.live:
        raise IncidentRefused("again", other.number)
    return append(conn, incident_id, Happening.REOPENED, by=by, rule=rule, now=now)


def close(conn: Connection, incident_id: int, *, by: int, now: datetime) -> Incident:
    """Nothing is left to do about it."""
    _require(conn, incident_id, "close")
    return append(conn, incident_id, Happening.CLOSED, by=by, now=now)


def describe(
    conn: Connection, incident_id: int, *, title: str, severity: Severity, by: int | None, rule: str = "", now: datetime
) -> Incident:
    """Change what it is called and how bad it is. Raises IncidentRefused("title")."""
    known, title = _require(conn, incident_id, "describe"), " ".join(clean(title).split())
    if not title or len(title) > TITLE_LENGTH:
        raise IncidentRefused("title")
    if (title, severity) == (known.title, known.severity):
        return known
    facts = {"title": title, "severity": Severity(severity)}
    return append(conn, incident_id, Happening.DESCRIBED, by=by, rule=rule, now=now, **facts)


def note(
    conn: Connection, incident_id: int, text: str, *, by: int | None, rule: str = "", now: datetime, **facts: Any
) -> Incident:
    """Write down what was found or done. Raises IncidentRefused("empty")."""
    if not text.strip() and not facts:
        raise IncidentRefused("empty")
    hold(conn, incident_id)
    return append(conn, incident_id, Happening.NOTED, by=by, rule=rule, now=now, text=_text(text), **facts)


def record(
    conn: Connection, incident_id: int, kind: Happening, *, by: int | None, rule: str = "", now: datetime, **facts: Any
) -> Incident:
    """Append that something was said, called or written about it, which changes no state."""
    hold(conn, incident_id)
    return append(conn, incident_id, kind, by=by, rule=rule, now=now, **facts)


def link(
    conn: Connection, incident_id: int, member: Member, *, proposed: bool = False,
    by: int | None = None, rule: str = "", now: datetime,
) -> bool:  # fmt: skip
    """Let something belong to it, or propose that it does; whether that is new. What a person took out stays out,
    unless a person puts it back. A ticket leaves the other incident it was in. Nobody but the desk itself lets
    something join a dismissed suggestion: it is the same trouble, and a person has judged of that.
    """
    settled = by is None and hold(conn, incident_id).state is IncidentState.DISMISSED
    if not settled:
        _require(conn, incident_id, "link")
    row = _member(conn, incident_id, member)
    wanted = "suggested" if proposed else "linked"
    had = row["standing"] if row is not None else None
    if row is not None and had == "linked" and settled:
        conn.execute(update(members_table).where(members_table.c.id == row["id"]).values(at=now))
    if had in {wanted, "linked"} or (had == "left" and by is None):
        return False
    if member.kind is Kind.TICKET and not proposed and not settled:
        _leave_others(conn, incident_id, member, by=by, now=now)
    values = {"incident_id": incident_id, "kind": member.kind, "subject": member.subject, "standing": wanted}
    statement = insert_into(conn, members_table).values(values | {"at": now, "by_id": by})
    key = ["incident_id", "kind", "subject"]
    conn.execute(statement.on_conflict_do_update(index_elements=key, set_={"standing": wanted, "by_id": by}))
    if member.kind is not Kind.ALERT or by is not None:  # a storm's are told together, from the members
        happened = Happening.PROPOSED if proposed else Happening.LINKED
        facts = {"member": str(member.kind), "subject": member.subject}
        append(conn, incident_id, happened, by=by, rule=rule, now=now, **facts)
    return True


def unlink(conn: Connection, incident_id: int, member: Member, *, by: int, now: datetime) -> None:
    """Take something out: linked by mistake, or proposed and not so."""
    _require(conn, incident_id, "link")
    _take_out(conn, incident_id, member, by=by, now=now)


def lose(conn: Connection, incident_id: int, member: Member, *, why: str, title: str, now: datetime) -> None:
    """What is looked after no more belongs to it no more; should it be so again, it may come back by itself.

    `why` is kept with it (`removed`, `archived`), and `title`, by which it cannot be found later.
    """
    hold(conn, incident_id)
    mine = (members_table.c.incident_id == incident_id, members_table.c.kind == member.kind)
    gone = delete(members_table).where(*mine, members_table.c.subject == member.subject)
    if conn.execute(gone).rowcount:
        facts: Mapping[str, Any] = {"member": str(member.kind), "subject": member.subject, "why": why, "title": title}
        append(conn, incident_id, Happening.UNLINKED, by=None, now=now, **facts)


def _of_cause(conn: Connection, key: str, *, now: datetime) -> Incident | None:
    found = of_key(conn, key)
    if found is not None:
        return hold(conn, found.id)
    over = (incidents.c.key == key, incidents.c.state == IncidentState.RESOLVED)
    lately = incidents.c.resolved_at >= now - REOPENS
    query = select(incidents).where(*over, lately).order_by(incidents.c.id.desc()).limit(1)
    row = conn.execute(query).mappings().first()
    return None if row is None else hold(conn, row["id"])


def _new(conn: Connection, cause: Cause, *, suggested: bool, by: int | None, rule: str, now: datetime) -> Raised:
    kind = Happening.SUGGESTED if suggested else Happening.OPENED
    state = IncidentState.SUGGESTED if suggested else IncidentState.OPEN
    title = " ".join(clean(cause.title).split())[:TITLE_LENGTH] or cause.key
    values: dict[str, Any] = {
        "key": cause.key,
        "server": cause.server,
        "title": title,
        "severity": cause.severity,
    }
    values |= {"state": state, "started_at": min(cause.started_at, now), "at": now, "by_id": by, "rule": rule}
    statement = insert_into(conn, incidents).values(values)
    unless = statement.on_conflict_do_nothing(index_elements=["key"], index_where=text(LIVE_ROWS))
    made = conn.execute(unless.returning(incidents.c.id)).scalar_one_or_none()
    if made is None:  # another transaction was first
        found = of_key(conn, cause.key)
        assert found is not None
        return Raised(incident=found)
    facts = {"title": title, "severity": str(cause.severity)}
    opened = append(conn, made, kind, by=by, rule=rule, now=now, **facts)
    if suggested:
        _ask_a_lead(conn, opened, now=now)
    return Raised(incident=opened, fresh=True)


def _ask_a_lead(conn: Connection, suggestion: Incident, *, now: datetime) -> None:
    facts = {"number": suggestion.number, "title": suggestion.title}
    link = f"/desk/incidents/{suggestion.id}"
    origin = f"incident:{suggestion.id}"
    tasks.give(conn, TaskKind.INCIDENT, origin=origin, facts=facts, link=link, due_at=now, now=now)


def _task_over(conn: Connection, incident_id: int, state: TaskState, *, by: int | None, now: datetime) -> None:
    tasks.close_origin(conn, f"incident:{incident_id}", state, by=by, now=now)


def _require(conn: Connection, incident_id: int, verb: str) -> Incident:
    known = hold(conn, incident_id)
    require(known.state, verb)
    return known


def _member(conn: Connection, incident_id: int, member: Member) -> Row | None:
    mine = (members_table.c.incident_id == incident_id, members_table.c.kind == member.kind)
    query = select(members_table).where(*mine, members_table.c.subject == member.subject)
    return conn.execute(query).mappings().first()


def _leave_others(conn: Connection, incident_id: int, member: Member, *, by: int | None, now: datetime) -> None:
    query = select(members_table.c.incident_id).join(incidents, incidents.c.id == members_table.c.incident_id)
    elsewhere = (members_table.c.kind == member.kind, members_table.c.subject == member.subject, IS_LIVE)
    rest = (members_table.c.incident_id != incident_id, members_table.c.standing != "left")
    for other in conn.execute(query.where(*elsewhere, *rest)).scalars().all():
        _take_out(conn, other, member, by=by, now=now)


def _take_out(conn: Connection, incident_id: int, member: Member, *, by: int | None, now: datetime) -> None:
    mine = (members_table.c.incident_id == incident_id, members_table.c.kind == member.kind)
    standing_ = (members_table.c.subject == member.subject, members_table.c.standing != "left")
    gone = update(members_table).where(*mine, *standing_).values(standing="left", by_id=by)
    if conn.execute(gone).rowcount:
        facts: Mapping[str, Any] = {"member": str(member.kind), "subject": member.subject}
        append(conn, incident_id, Happening.UNLINKED, by=by, now=now, **facts)


def _text(text: str) -> str:
    return clean(text).strip()[:NOTE_LENGTH]
