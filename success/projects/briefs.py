"""Weekly project briefs: drafted from what moved, written over, approved, sent once. Transaction bodies."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, select, update

from handoff import directory
from handoff.errors import NotFound
from handoff.rows import clean
from store.db import insert_into
from store.jobs import enqueue
from store.signals import signal
from success import proactive, tasks
from success.projects import authority, boards
from success.projects.errors import ProjectRefused
from success.projects.tables import project_brief as briefs
from success.projects.watch import PATIENCE, Week
from success.tasks import TaskKind, TaskState

SEND: Final = "project_brief_send"
"""The queue of approved briefs: `{"brief": id}`."""
DRAFT, APPROVED, SENT, WITHDRAWN = "draft", "approved", "sent", "withdrawn"
LONGEST: Final = 3_000


@dataclass(frozen=True, kw_only=True)
class Brief:
    """One project's week as its client is told it."""

    id: int
    project_id: int
    client_id: int
    first_on: date
    last_on: date
    language: str
    text: str
    edits: int
    state: str
    at: datetime
    approved_at: datetime | None
    approved_by: int | None
    sent_at: datetime | None
    message_id: int | None
    why: str


def draft(conn: Connection, week: Week, *, now: datetime) -> Brief | None:
    """Keep a week's draft and have somebody look at it; None where there is one. Older drafts are withdrawn."""
    row = {
        "project_id": week.project_id, "client_id": week.client_id, "first_on": week.span.first,
        "last_on": week.span.last, "language": week.language, "text": week.text, "edits": 0, "state": DRAFT, "at": now,
        "why": "",
    }  # fmt: skip
    statement = insert_into(conn, briefs).values(row).on_conflict_do_nothing(index_elements=["project_id", "first_on"])
    made = conn.execute(statement.returning(*briefs.c)).mappings().first()
    if made is None:
        return None
    found = _brief(made)
    old = (briefs.c.project_id == week.project_id, briefs.c.state == DRAFT, briefs.c.first_on < week.span.first)
    for each in conn.execute(select(briefs.c.id).where(*old)).scalars().all():
        withdraw(conn, each, by=None, why="superseded", now=now)
    project = boards.project(conn, week.project_id)
    facts = {"text": "brief", "title": project.title}
    tasks.give(
        conn, TaskKind.PROJECT, origin=_origin(found), client_id=week.client_id, assignee_id=project.business_id,
        facts=facts, link=f"/desk/projects/{project.id}#brief", due_at=now + PATIENCE, now=now,
    )  # fmt: skip
    return found


def edit(conn: Connection, brief_id: int, text: str, *, edits: int) -> Brief:
    """Write a draft over. Raises NotFound, ProjectRefused: ``state``, ``changed``, ``text``."""
    found = brief(conn, brief_id, lock=True)
    said = clean(text).strip()
    if found.state != DRAFT:
        raise ProjectRefused("state")
    if found.edits != edits:
        raise ProjectRefused("changed")
    if not said or len(said) > LONGEST:
        raise ProjectRefused("text")
    return _update(conn, found, text=said, edits=edits + 1)


def approve(conn: Connection, brief_id: int, *, edits: int, by: int, now: datetime) -> Brief:
    """A person lets it go: by day, to the client's group, without one to the chat of a contact who decides on new work.

    Raises NotFound, ProjectRefused: ``state``, ``changed``, ``nobody``.
    """
    found = brief(conn, brief_id, lock=True)
    if found.state != DRAFT:
        raise ProjectRefused("state")
    if found.edits != edits:
        raise ProjectRefused("changed")
    if authority.place(conn, found.client_id, authority.IN_SCOPE) is None:
        raise ProjectRefused("nobody")
    run_at = proactive.by_day(directory.client(conn, found.client_id), now)
    enqueue(conn, SEND, {"brief": brief_id}, dedup=f"project_brief:{brief_id}", run_at=run_at, now=now)
    tasks.close_origin(conn, _origin(found), TaskState.DONE, by=by, now=now)
    return _update(conn, found, state=APPROVED, approved_at=now, approved_by=by)


def due(conn: Connection, brief_id: int) -> Brief | None:
    """The brief to be sent now; None where it went."""
    found = brief(conn, brief_id, lock=True)
    return found if found.state == APPROVED else None


def sent(conn: Connection, brief_id: int, *, message_id: int, now: datetime) -> None:
    """Keep that it left, in the transaction that sends it."""
    _update(conn, brief(conn, brief_id), state=SENT, sent_at=now, message_id=message_id)


def withdraw(conn: Connection, brief_id: int, *, by: int | None, why: str = "", now: datetime) -> Brief:
    """Take a draft back. Raises NotFound, ProjectRefused."""
    found = brief(conn, brief_id, lock=True)
    if found.state != DRAFT:
        raise ProjectRefused("state")
    tasks.close_origin(conn, _origin(found), TaskState.DROPPED, by=by, now=now)
    return _update(conn, found, state=WITHDRAWN, why=why)


def brief(conn: Connection, brief_id: int, *, lock: bool = False) -> Brief:
    """The brief with this id. Raises NotFound."""
    query = select(briefs).where(briefs.c.id == brief_id)
    row = conn.execute(query.with_for_update() if lock else query).mappings().first()
    if row is None:
        raise NotFound("brief", brief_id)
    return _brief(row)


def of_project(conn: Connection, project_id: int, *, states: Sequence[str] = (), limit: int = 60) -> tuple[Brief, ...]:
    """A project's briefs, the newest first."""
    where: list[ColumnElement[bool]] = [briefs.c.project_id == project_id]
    where += [briefs.c.state.in_(states)] if states else []
    rows = conn.execute(select(briefs).where(*where).order_by(briefs.c.first_on.desc()).limit(limit)).mappings()
    return tuple(_brief(row) for row in rows)


def _origin(found: Brief) -> str:
    return f"project_brief:{found.id}"


def _update(conn: Connection, found: Brief, **values: Any) -> Brief:
    changed = update(briefs).where(briefs.c.id == found.id).values(values).returning(*briefs.c)
    signal(conn, "desk", "")
    return _brief(conn.execute(changed).mappings().one())


def _brief(row: Mapping[Any, Any]) -> Brief:
    return Brief(**{name: row[name] for name in Brief.__dataclass_fields__})
