"""What our people are to do for a client: given once by whatever caused it, closed by a person. Transaction bodies.

Its sentence is the text `task.<kind>` with the facts; the page behind it is `link`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Connection, func, select, update

from handoff import directory
from handoff.errors import NotFound
from handoff.rows import clean
from store.db import insert_into
from store.jobs import JsonValue
from store.signals import signal
from success.care_tables import task as tasks
from success.rating_rules import concerned

NOTE_LENGTH: Final = 2_000


class TaskKind(StrEnum):
    """Why somebody has something to do."""

    EXPIRY = "expiry"
    LOW_RATING = "low_rating"
    LOW_STAGE = "low_stage"
    DETRACTOR = "detractor"
    VISIT = "visit"
    INCIDENT = "incident"
    REPORT = "report"
    CAMPAIGN = "campaign"
    FINDING = "finding"
    REFERRAL = "referral"
    MAIL_FAILED = "mail_failed"
    TRAINING = "training"
    RULE = "rule"
    BRIEF = "brief"
    PROJECT = "project"
    OTHER = "other"


class TaskState(StrEnum):
    """`DROPPED`: there was nothing to do any more."""

    OPEN = "open"
    DONE = "done"
    DROPPED = "dropped"


@dataclass(frozen=True, kw_only=True)
class Task:
    """Something to do. Without an assignee it is everybody's who leads."""

    id: int
    origin: str
    kind: TaskKind
    client_id: int | None
    ticket_id: int | None
    assignee_id: int | None
    facts: Mapping[str, Any]
    link: str
    due_at: datetime
    state: TaskState
    at: datetime
    closed_at: datetime | None
    closed_by: int | None
    note: str


def give(
    conn: Connection,
    kind: TaskKind,
    *,
    origin: str,
    client_id: int | None = None,
    ticket_id: int | None = None,
    assignee_id: int | None = None,
    facts: Mapping[str, JsonValue] | None = None,
    link: str = "",
    due_at: datetime,
    by: int | None = None,
    now: datetime,
) -> Task | None:
    """Give a task; None where this origin gave one before, whatever became of it.

    Without an assignee it goes to the client's success manager, else to the first of whom it concerns.
    """
    row = {
        "origin": origin, "kind": kind, "client_id": client_id, "ticket_id": ticket_id, "facts": dict(facts or {}),
        "assignee_id": assignee_id or whose(conn, client_id), "link": link, "due_at": due_at,
        "state": TaskState.OPEN, "at": now, "by_id": by, "note": "",
    }  # fmt: skip
    statement = insert_into(conn, tasks).values(row).on_conflict_do_nothing(index_elements=["origin"])
    made = conn.execute(statement.returning(*tasks.c)).mappings().first()
    if made is None:
        return None
    signal(conn, "desk", "")
    return to_task(made)


def whose(conn: Connection, client_id: int | None) -> int | None:
    """Who looks after a client: its success manager, else the first lead or admin; None where there is nobody."""
    manager = directory.client(conn, client_id).success_id if client_id is not None else None
    return next(iter(concerned(manager_id=manager, staff=directory.staff(conn, active_only=True))), None)


def close(conn: Connection, task_id: int, state: TaskState, *, by: int | None, note: str = "", now: datetime) -> Task:
    """Close a task; one that is closed stays as it is. Raises NotFound."""
    values = {"state": TaskState(state), "closed_at": now, "closed_by": by, "note": clean(note)[:NOTE_LENGTH]}
    conn.execute(update(tasks).where(tasks.c.id == task_id, tasks.c.state == TaskState.OPEN).values(values))
    signal(conn, "desk", "")
    return task(conn, task_id)


def close_origin(conn: Connection, origin: str, state: TaskState, *, by: int | None, now: datetime) -> None:
    """Close the task of this origin, if there is an open one."""
    mine = (tasks.c.origin == origin, tasks.c.state == TaskState.OPEN)
    if conn.execute(update(tasks).where(*mine).values(state=state, closed_at=now, closed_by=by)).rowcount:
        signal(conn, "desk", "")


def retire(conn: Connection, origin: str, *, by: int | None, now: datetime) -> None:
    """Drop the task of this origin, if there is an open one; a closed one stays as it is. The origin may give again."""
    close_origin(conn, origin, TaskState.DROPPED, by=by, now=now)
    given = of_origin(conn, origin)
    if given is not None:
        conn.execute(update(tasks).where(tasks.c.id == given.id).values(origin=f"{origin}:{given.id}"))


def hand_over(conn: Connection, task_id: int, *, to: int) -> Task:
    """Give an open task to somebody else. Raises NotFound."""
    mine = (tasks.c.id == task_id, tasks.c.state == TaskState.OPEN)
    conn.execute(update(tasks).where(*mine).values(assignee_id=to))
    signal(conn, "desk", "")
    return task(conn, task_id)


def task(conn: Connection, task_id: int) -> Task:
    """The task with this id. Raises NotFound."""
    row = conn.execute(select(tasks).where(tasks.c.id == task_id)).mappings().first()
    if row is None:
        raise NotFound("task", task_id)
    return to_task(row)


def of_origin(conn: Connection, origin: str) -> Task | None:
    """What an origin gave."""
    row = conn.execute(select(tasks).where(tasks.c.origin == origin)).mappings().first()
    return None if row is None else to_task(row)


def open_of(conn: Connection, *, limit: int = 200) -> tuple[Task, ...]:
    """Open tasks of everybody, the one due first first; `task_lists` has those of one person."""
    query = select(tasks).where(tasks.c.state == TaskState.OPEN).order_by(tasks.c.due_at, tasks.c.id).limit(limit)
    return tuple(to_task(row) for row in conn.execute(query).mappings())


def of_client(conn: Connection, client_id: int, *, since: datetime | None = None, limit: int = 100) -> tuple[Task, ...]:
    """A client's tasks, open and closed, the newest first."""
    mine = [tasks.c.client_id == client_id]
    if since is not None:
        mine.append(tasks.c.at >= since)
    query = select(tasks).where(*mine).order_by(tasks.c.at.desc(), tasks.c.id.desc()).limit(limit)
    return tuple(to_task(row) for row in conn.execute(query).mappings())


def count_open(conn: Connection, person_id: int) -> int:
    """How many open tasks one person has."""
    mine = (tasks.c.state == TaskState.OPEN, tasks.c.assignee_id == person_id)
    return conn.execute(select(func.count()).select_from(tasks).where(*mine)).scalar_one()


def to_task(row: Mapping[Any, Any]) -> Task:
    """A row of `task`."""
    values = {name: row[name] for name in Task.__dataclass_fields__}
    return Task(**values | {"kind": TaskKind(row["kind"]), "state": TaskState(row["state"])})
