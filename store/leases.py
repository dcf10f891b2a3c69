"""The worker's side of the jobs table: claim, hold, give back, close. Plain functions of a connection.

Whoever claims a job holds it until `due`, the end of its lease. Every change to a held job is fenced by its
owner and the number of its claim, so that a worker that stalled past its lease can no longer change anything.
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, and_, bindparam, delete, insert, literal, select, tuple_, update
from sqlalchemy.sql.elements import ColumnElement

from store.errors import LeaseLost
from store.jobs import COLUMNS, Job, JsonValue, as_job, lock_key, promote
from store.tables import job, job_step, rate

_ERROR_LENGTH: Final = 300


def claim(
    conn: Connection, queues: Collection[str], *, owner: str, limit: int, now: datetime, lease: timedelta
) -> list[Job]:
    """Take up to `limit` jobs of these queues that are due, those whose lease has run out included."""
    ready = (
        select(job.c.id)
        .where(job.c.due <= now, job.c.queue.in_(sorted(queues)))
        .order_by(job.c.due, job.c.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .cte("ready")  # PostgreSQL runs it once, so the limit holds
    )
    rows = conn.execute(
        update(job)
        .where(job.c.id.in_(select(ready.c.id)))
        .values(
            state="running",
            owner=owner,
            due=now + lease,
            claims=job.c.claims + 1,
            attempts=job.c.attempts + 1,
        )
        .returning(*COLUMNS)
    )
    return sorted((as_job(row) for row in rows), key=lambda claimed: (claimed.run_at, claimed.id))


def renew(conn: Connection, held: Collection[Job], *, until: datetime) -> set[tuple[int, int]]:
    """Prolong the leases of these jobs; (id, claims) of those that are still held."""
    fences = [(one.id, one.owner, one.claims) for one in held]
    fence = tuple_(job.c.id, job.c.owner, job.c.claims).in_(fences)
    rows = conn.execute(
        update(job).where(fence, job.c.state == "running").values(due=until).returning(job.c.id, job.c.claims)
    )
    return {(row.id, row.claims) for row in rows}


def close(conn: Connection, held: Job, *, now: datetime) -> None:
    """End a job and let the next of its key go. What stays for deduplication is empty.

    Raises:
        LeaseLost: nothing was changed.
    """
    lock_key(conn, held.queue, held.key)
    if held.dedup is None:
        _fenced(conn, held, delete(job))
    else:
        _fenced(
            conn,
            held,
            update(job).values(state="done", due=None, owner=None, body={}, error=None, closed_at=now),
        )
        conn.execute(delete(job_step).where(job_step.c.job_id == held.id))
    promote(conn, held.queue, held.key)


def give_back(conn: Connection, held: Job, *, run_at: datetime, counted: bool, error: str | None = None) -> None:
    """Let the job wait until `run_at`, in its place of its key; `counted` false returns the attempt.

    Raises:
        LeaseLost: nothing was changed.
    """
    lock_key(conn, held.queue, held.key)
    _fenced(
        conn,
        held,
        update(job).values(
            state="waiting",
            owner=None,
            run_at=run_at,
            due=run_at if held.key is None else None,
            attempts=held.attempts - (0 if counted else 1),
            error=error and error[:_ERROR_LENGTH],
        ),
    )
    promote(conn, held.queue, held.key)


def bury(conn: Connection, held: Job, *, now: datetime, error: str) -> None:
    """Make the job a dead letter and let the next of its key go. Its steps stay, for a replay.

    Raises:
        LeaseLost: nothing was changed.
    """
    lock_key(conn, held.queue, held.key)
    _fenced(
        conn,
        held,
        update(job).values(state="dead", owner=None, due=None, closed_at=now, error=error[:_ERROR_LENGTH]),
    )
    promote(conn, held.queue, held.key)


def steps(conn: Connection, job_id: int) -> dict[str, JsonValue]:
    """The results of the job's steps so far, by name."""
    rows = conn.execute(select(job_step.c.name, job_step.c.result).where(job_step.c.job_id == job_id))
    return {row.name: row.result for row in rows}


def checkpoint(conn: Connection, held: Job, name: str, result: JsonValue) -> None:
    """Keep a step's result.

    Raises:
        LeaseLost: nothing was kept.
    """
    row = select(job.c.id, literal(name), bindparam("result", result, type_=job_step.c.result.type))
    held_row = row.where(_fence(held)).with_for_update()
    keep = insert(job_step).from_select(["job_id", "name", "result"], held_row)
    if conn.execute(keep.returning(job_step.c.job_id)).one_or_none() is None:
        raise _lost(held)


def sweep(conn: Connection, *, now: datetime, keep: timedelta) -> None:
    """Forget closed jobs older than the dedup window `keep`, and rates that are whole again."""
    conn.execute(delete(rate).where(rate.c.full_at < now))
    old = job.c.closed_at < now - keep
    conn.execute(delete(job).where(old, job.c.closed_at.is_not(None), job.c.state == "done"))


def _fenced(conn: Connection, held: Job, change: Any) -> None:
    if conn.execute(change.where(_fence(held))).rowcount == 0:
        raise _lost(held)


def _fence(held: Job) -> ColumnElement[bool]:
    return and_(
        job.c.id == held.id,
        job.c.owner == held.owner,
        job.c.claims == held.claims,
        job.c.state == "running",
    )


def _lost(held: Job) -> LeaseLost:
    return LeaseLost(held.id, owner=held.owner or "", claims=held.claims)
