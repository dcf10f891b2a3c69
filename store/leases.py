"""The worker's side of the jobs table: claim, hold, give back, close. Plain functions of a connection.

Whoever claims a job holds it until `due`, the end of its lease. Every change to a held job is fenced by its
owner and the number of its claim, so that a worker that stalled past its lease can no longer change anything.
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import (
    JSON,
    Connection,
    Delete,
    Integer,
    Text,
    Update,
    and_,
    bindparam,
    delete,
    insert,
    select,
    tuple_,
    update,
)
from sqlalchemy.sql.dml import ReturningUpdate
from sqlalchemy.sql.elements import ColumnElement

from store.errors import LeaseLost
from store.jobs import COLUMNS, Job, JsonValue, as_job, earliest_ahead, lock_key, promote
from store.tables import job, job_step, rate

_ERROR_LENGTH: Final = 300

# Built once: putting a statement together costs more than running it.
_FENCE: Final = and_(
    job.c.id == bindparam("held_id"),
    job.c.owner == bindparam("held_owner"),
    job.c.claims == bindparam("held_claims"),
    job.c.state == "running",
)
_DUE: Final = and_(job.c.due <= bindparam("at"), job.c.queue.in_(bindparam("queues", expanding=True)))
_DUE_QUEUES: Final = select(job.c.queue).where(_DUE).distinct()


def _claiming(*which: ColumnElement[bool]) -> ReturningUpdate[*tuple[Any, ...]]:
    ready = (
        select(job.c.id)
        .where(_DUE, *which)
        .order_by(job.c.due, job.c.id)
        .limit(bindparam("most", type_=Integer))
        .with_for_update(skip_locked=True)
        .cte("ready")  # PostgreSQL runs it once, so the limit holds
    )
    taken = {"state": "running", "owner": bindparam("claimer"), "due": bindparam("until")}
    counted = {"claims": job.c.claims + 1, "attempts": job.c.attempts + 1}
    return update(job).where(job.c.id.in_(select(ready.c.id))).values(**taken, **counted).returning(*COLUMNS)


_CLAIM: Final = _claiming()
_CLAIM_AHEAD: Final = _claiming(job.c.run_at < job.c.created_at)
_FORGET: Final = delete(job).where(_FENCE)
_ENTOMB: Final = (
    update(job).where(_FENCE).values(state="done", due=None, owner=None, body={}, error=None, closed_at=bindparam("at"))
)
_FORGET_STEPS: Final = delete(job_step).where(job_step.c.job_id == bindparam("held_id"))
_GIVE_BACK: Final = (
    update(job)
    .where(_FENCE)
    .values(
        state="waiting",
        owner=None,
        run_at=bindparam("again_at"),
        due=bindparam("again_due"),
        attempts=bindparam("counted"),
        error=bindparam("said"),
    )
)
_BURY: Final = (
    update(job)
    .where(_FENCE)
    .values(state="dead", owner=None, due=None, closed_at=bindparam("at"), error=bindparam("said"))
)
_KEEP_STEP: Final = (
    insert(job_step)
    .from_select(
        ["job_id", "name", "result"],
        select(job.c.id, bindparam("step", type_=Text), bindparam("value", type_=JSON)).where(_FENCE).with_for_update(),
    )
    .returning(job_step.c.job_id)
)


def due_queues(conn: Connection, queues: Collection[str], *, now: datetime) -> set[str]:
    """Which of these queues have a job that could be claimed."""
    return set(conn.execute(_DUE_QUEUES, {"queues": sorted(queues), "at": now}).scalars())


def claim(
    conn: Connection,
    queues: Collection[str],
    *,
    owner: str,
    limit: int,
    now: datetime,
    lease: timedelta,
    ahead: bool = False,
) -> list[Job]:
    """Take up to `limit` jobs of these queues that are due, those whose lease has run out included.

    `ahead`: only of those that go ahead of others.
    """
    wanted = {"queues": sorted(queues), "claimer": owner, "most": limit, "at": now, "until": now + lease}
    claimed = [as_job(row) for row in conn.execute(_CLAIM_AHEAD if ahead else _CLAIM, wanted)]
    return sorted(claimed, key=lambda one: (one.run_at, one.id))


def renew(conn: Connection, held: Collection[Job], *, until: datetime) -> set[tuple[int, int]]:
    """Prolong the leases of these jobs; (id, claims) of those that are still held."""
    fences = [(one.id, one.owner, one.claims) for one in held]
    fence = tuple_(job.c.id, job.c.owner, job.c.claims).in_(fences)
    change = update(job).where(fence, job.c.state == "running").values(due=until)
    return {(row.id, row.claims) for row in conn.execute(change.returning(job.c.id, job.c.claims))}


def inherit(conn: Connection, *, seat: str, now: datetime) -> int:
    """End the leases of owners that sat there before (store/lock.py), who are dead; the number of jobs set free.

    Call it before the one who sits there now claims anything. Each counts as an attempt, as of any killed worker.
    """
    theirs = (job.c.state == "running", job.c.owner.endswith(f"@{seat}", autoescape=True), job.c.due > now)
    return conn.execute(update(job).where(*theirs).values(due=now)).rowcount


def close(conn: Connection, held: Job, *, now: datetime) -> None:
    """End a job and let the next of its key go. What stays for deduplication is empty.

    Raises:
        LeaseLost: nothing was changed.
    """
    lock_key(conn, held.queue, held.key)
    if held.dedup is None:
        _change(conn, held, _FORGET)
    else:
        _change(conn, held, _ENTOMB, at=now)
        conn.execute(_FORGET_STEPS, {"held_id": held.id})
    promote(conn, held.queue, held.key)


def give_back(
    conn: Connection, held: Job, *, run_at: datetime, counted: bool, error: str | None = None, yields: bool = False
) -> None:
    """Let the job wait until `run_at`, in its place of its key; `counted` false returns the attempt.

    `yields`: not if one behind it goes ahead of others, which came while this one ran.

    Raises:
        LeaseLost: nothing was changed.
    """
    lock_key(conn, held.queue, held.key)
    if yields and held.key is not None:
        run_at = earliest_ahead(conn, held.queue, held.key) or run_at
    due = run_at if held.key is None else None
    attempts = held.attempts - (0 if counted else 1)
    said = error and error[:_ERROR_LENGTH]
    _change(conn, held, _GIVE_BACK, again_at=run_at, again_due=due, counted=attempts, said=said)
    promote(conn, held.queue, held.key)


def bury(conn: Connection, held: Job, *, now: datetime, error: str) -> None:
    """Make the job a dead letter and let the next of its key go. Its steps stay, for a replay.

    Raises:
        LeaseLost: nothing was changed.
    """
    lock_key(conn, held.queue, held.key)
    _change(conn, held, _BURY, at=now, said=error[:_ERROR_LENGTH])
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
    if conn.execute(_KEEP_STEP, {**_fence(held), "step": name, "value": result}).one_or_none() is None:
        raise _lost(held)


def sweep(conn: Connection, *, now: datetime, keep: timedelta) -> None:
    """Forget closed jobs older than the dedup window `keep`, and rates that are whole again."""
    conn.execute(delete(rate).where(rate.c.full_at < now))
    old = job.c.closed_at < now - keep
    conn.execute(delete(job).where(old, job.c.closed_at.is_not(None), job.c.state == "done"))


def _change(conn: Connection, held: Job, statement: Update | Delete, **values: object) -> None:
    if conn.execute(statement, {**_fence(held), **values}).rowcount == 0:
        raise _lost(held)


def _fence(held: Job) -> dict[str, object]:
    return {"held_id": held.id, "held_owner": held.owner, "held_claims": held.claims}


def _lost(held: Job) -> LeaseLost:
    return LeaseLost(held.id, owner=held.owner or "", claims=held.claims)
