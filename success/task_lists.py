"""Tasks as pages list them: of one person or of everybody, open or closed, of one client. Transaction bodies."""

from datetime import datetime
from typing import Final, Literal

from sqlalchemy import ColumnElement, Connection, func, or_, select

from success.care_tables import task as tasks
from success.tasks import Task, TaskState, to_task

Which = Literal["mine", "open", "closed"]
WHICH: Final[tuple[Which, ...]] = ("mine", "open", "closed")
MOST: Final = 200
COUNTED: Final = 100


def listed(
    conn: Connection, which: Which, *, person_id: int, own: bool, client_id: int | None = None, limit: int = MOST
) -> tuple[Task, ...]:
    """Tasks: open ones by when they are due, so that the overdue come first; closed ones the latest first.

    `own`: the person sees what is theirs alone, also of all open and of the closed.
    """
    where = _whose(which, person_id, own=own)
    if client_id is not None:
        where.append(tasks.c.client_id == client_id)
    ended = (tasks.c.closed_at.desc(), tasks.c.id.desc())
    order = ended if which == "closed" else (tasks.c.due_at, tasks.c.id)
    rows = conn.execute(select(tasks).where(*where).order_by(*order).limit(limit)).mappings()
    return tuple(to_task(row) for row in rows)


def counts(conn: Connection, *, person_id: int, own: bool) -> dict[Which, int]:
    """How many tasks each list of open ones holds, as far as they are counted."""
    found: dict[Which, int] = {}
    for which in ("mine", "open"):
        rows = select(tasks.c.id).where(*_whose(which, person_id, own=own)).limit(COUNTED).subquery()
        found[which] = conn.execute(select(func.count()).select_from(rows)).scalar_one()
    return found


def overdue(conn: Connection, *, person_id: int, own: bool, now: datetime) -> int:
    """How many of the open tasks on a person's list are late; with `own` nobody's tasks are not on it."""
    late = (*_whose("mine", person_id, own=own), tasks.c.due_at < now)
    return conn.execute(select(func.count()).select_from(tasks).where(*late)).scalar_one()


def may_touch(found: Task, *, person_id: int, own: bool) -> bool:
    """Whether a person may close this task or hand it over."""
    return not own or found.assignee_id == person_id


def _whose(which: Which, person_id: int, *, own: bool) -> list[ColumnElement[bool]]:
    is_open = tasks.c.state == TaskState.OPEN
    where: list[ColumnElement[bool]] = [~is_open if which == "closed" else is_open]
    if own:
        where.append(tasks.c.assignee_id == person_id)
    elif which == "mine":
        where.append(or_(tasks.c.assignee_id == person_id, tasks.c.assignee_id.is_(None)))
    return where
