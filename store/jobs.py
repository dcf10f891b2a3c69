"""Durable jobs, as plain functions of a connection: call them inside transaction bodies.

A job is visible to workers once the transaction that enqueued it has committed. Jobs that share a queue and a
key run strictly in id order, one at a time (a later one waits for an earlier one's run-at and retries too);
jobs without a key run in parallel. A dead letter does not hold up its key.

A job that goes *ahead* has a run-at that lies before it was made: the jobs that are due run in the order of it. It
takes the jobs of its key that wait before it along, so their order stays.

PostgreSQL needs one thing more than SQLite, where writers follow each other anyway: an advisory lock for each
(queue, key), so that ids of one key are given in commit order and one head is chosen at a time.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Final, Literal

from sqlalchemy import (
    Connection,
    Row,
    and_,
    bindparam,
    case,
    delete,
    func,
    literal_column,
    null,
    select,
    text,
    update,
)
from sqlalchemy.sql.dml import ReturningInsert
from sqlalchemy.sql.elements import ColumnElement

from store.db import insert_for
from store.instant import Instant
from store.signals import signal
from store.tables import job

JsonValue = Mapping[str, "JsonValue"] | Sequence["JsonValue"] | str | int | float | bool | None
State = Literal["waiting", "running", "done", "dead"]
TOPIC: Final = "job"  # signalled with the queue's name when one of its jobs can run now
FIRST: Final = timedelta(days=1)
"""How far ahead the most urgent jobs go; nothing waits as long."""
SOON: Final = timedelta(hours=12)
"""How far ahead those go that come next."""
_LOCK: Final = text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))")


@dataclass(frozen=True, slots=True)
class Job:
    """One row of the jobs table. `attempts` counts the present one; `claims` and `owner` fence it."""

    id: int
    queue: str
    key: str | None
    dedup: str | None
    body: Mapping[str, JsonValue] = field(repr=False)  # logs never show it
    state: State
    run_at: datetime
    attempts: int
    claims: int
    owner: str | None
    error: str | None
    created_at: datetime

    @property
    def ahead(self) -> bool:
        """Whether it goes before those that have waited longer."""
        return self.run_at < self.created_at

    @property
    def since(self) -> datetime:
        """Since when it could run."""
        return max(self.run_at, self.created_at)


@dataclass(frozen=True, slots=True)
class QueueDepth:
    """What lies in one queue; `oldest_age_s` is of the oldest job that is ready and waits, 0 if none."""

    queue: str
    waiting: int
    scheduled: int
    running: int
    dead: int
    oldest_age_s: float


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A job that was given up: since when it was there, when its last attempt failed, and with what."""

    id: int
    queue: str
    key: str | None
    body: Mapping[str, JsonValue] = field(repr=False)
    error: str | None
    attempts: int
    created_at: datetime
    failed_at: datetime


COLUMNS: Final = (
    job.c.id, job.c.queue, job.c.key, job.c.dedup, job.c.body, job.c.state, job.c.run_at,
    job.c.attempts, job.c.claims, job.c.owner, job.c.error, job.c.created_at,
)  # fmt: skip


def enqueue(
    conn: Connection,
    queue: str,
    body: Mapping[str, JsonValue],
    *,
    now: datetime,
    key: str | None = None,
    dedup: str | None = None,
    run_at: datetime | None = None,
    lead: timedelta | None = None,
) -> int | None:
    """Add a job, to run at `run_at` (default `now`); with a `lead` (`FIRST`, `SOON`) at once and ahead of others.

    Returns:
        Its id, or None if a job with this (queue, dedup) exists: waiting, running, dead, or closed less than
        the worker's dedup window ago.
    """
    run_at = now - lead if lead else run_at or now
    lock_key(conn, queue, key)
    if lead and key is not None:
        _hasten(conn, queue, key, to=run_at)
    row = {
        "queue": queue, "key": key, "dedup": dedup, "body": body, "state": "waiting", "claims": 0, "attempts": 0,
        "run_at": run_at, "created_at": now, "in_queue": queue, "in_key": key, "first_due": run_at,
    }  # fmt: skip
    added = conn.execute(_insertion(conn.dialect.name), row).one_or_none()
    if added is None:
        return None
    _tell(conn, queue, added.due, now=now)
    job_id: int = added.id
    return job_id


def waits(conn: Connection, queue: str, key: str, *, since: datetime) -> bool:
    """Whether a job of this key waits that was added at `since` or before."""
    old = select(job.c.id).where(_OPEN, job.c.state == "waiting", job.c.created_at <= since).limit(1)
    return conn.execute(old, {"in_queue": queue, "in_key": key}).first() is not None


def earliest_ahead(conn: Connection, queue: str, key: str) -> datetime | None:
    """The run-at of what waits in a key and goes ahead of others; None if nothing does."""
    ahead = and_(_OPEN, job.c.state == "waiting", job.c.run_at < job.c.created_at)
    earliest = select(func.min(job.c.run_at, type_=Instant())).where(ahead)
    found: datetime | None = conn.execute(earliest, {"in_queue": queue, "in_key": key}).scalar_one()
    return found


def line(conn: Connection, queue: str, *, now: datetime, limit: int) -> list[Job]:
    """The jobs of a queue that could run and wait all the same, in the order in which they will be taken."""
    mine = (job.c.queue == queue, job.c.state == "waiting", job.c.due <= now)
    return [
        as_job(row) for row in conn.execute(select(*COLUMNS).where(*mine).order_by(job.c.due, job.c.id).limit(limit))
    ]


def reschedule(
    conn: Connection, queue: str, *, dedup: str, run_at: datetime, now: datetime, only_sooner: bool = False
) -> bool:
    """Move a waiting job to another time. False if there is none, or it runs already, or it is closed.

    `only_sooner`: one that would run before then keeps its place in line.
    """
    due = case((job.c.due.is_(None), null()), else_=run_at)
    which = and_(_waiting(queue, dedup), job.c.run_at > run_at) if only_sooner else _waiting(queue, dedup)
    moved = conn.execute(update(job).where(which).values(run_at=run_at, due=due).returning(job.c.due)).one_or_none()
    if moved is None:
        return False
    _tell(conn, queue, moved.due, now=now)
    return True


def cancel(conn: Connection, queue: str, *, dedup: str) -> bool:
    """Remove a waiting job, which frees its dedup key. False if none waits (it may run)."""
    key = conn.execute(select(job.c.key).where(_waiting(queue, dedup))).scalar_one_or_none()
    lock_key(conn, queue, key)
    gone = conn.execute(delete(job).where(_waiting(queue, dedup)).returning(job.c.due)).one_or_none()
    if gone is None:
        return False
    if gone.due is not None:
        promote(conn, queue, key)
    return True


def dead_letters(conn: Connection, *, limit: int = 50) -> list[Job]:
    """The newest dead letters, with the error that killed them."""
    rows = conn.execute(select(*COLUMNS).where(_DEAD).order_by(job.c.closed_at.desc()).limit(limit))
    return [as_job(row) for row in rows]


def letters(conn: Connection, *, queue: str | None = None, limit: int = 50) -> list[DeadLetter]:
    """The newest dead letters, of one queue or of all."""
    named = (
        job.c.id,
        job.c.queue,
        job.c.key,
        job.c.body,
        job.c.error,
        job.c.attempts,
        job.c.created_at,
        job.c.closed_at,
    )
    mine = (_DEAD,) if queue is None else (_DEAD, job.c.queue == queue)
    rows = conn.execute(select(*named).where(*mine).order_by(job.c.closed_at.desc(), job.c.id.desc()).limit(limit))
    return [DeadLetter(*row) for row in rows]


def replay_some(conn: Connection, queue: str, *, now: datetime, limit: int = 200) -> list[int]:
    """`replay` the oldest dead letters of a queue; their ids, none where there are no more."""
    oldest = select(job.c.id).where(_DEAD, job.c.queue == queue).order_by(job.c.id).limit(limit)
    return [each for each in conn.execute(oldest).scalars().all() if replay(conn, each, now=now)]


def unfinished(conn: Connection, queue: str, *, since: datetime) -> list[Job]:
    """The jobs of a queue that wait or run, and those that were given up at `since` or later."""
    mine = select(*COLUMNS).where(job.c.queue == queue)
    standing = (mine.where(job.c.closed_at.is_(None)), mine.where(_DEAD, job.c.closed_at >= since))
    return [as_job(row) for query in standing for row in conn.execute(query.order_by(job.c.id))]


def replay(conn: Connection, job_id: int, *, now: datetime) -> bool:
    """Let a dead letter run again, with all its attempts, in its old place of its key. False if not dead."""
    found = conn.execute(select(job.c.queue, job.c.key).where(job.c.id == job_id, _DEAD)).one_or_none()
    if found is None:
        return False
    lock_key(conn, found.queue, found.key)
    revived = conn.execute(
        update(job)
        .where(job.c.id == job_id, _DEAD)
        .values(state="waiting", run_at=now, due=None, attempts=0, owner=None, error=None, closed_at=None)
    )
    if revived.rowcount == 0:
        return False
    _put_in_front(conn, job_id, found.queue, found.key)
    return True


def revive(conn: Connection, queue: str, *, dedup: str, now: datetime) -> bool:
    """`replay` the dead letter with this dedup key. False if there is none."""
    found = conn.execute(select(job.c.id).where(job.c.queue == queue, job.c.dedup == dedup, _DEAD)).scalar_one_or_none()
    return found is not None and replay(conn, found, now=now)


def drop(conn: Connection, job_id: int) -> bool:
    """Delete a dead letter, which frees its dedup key. False if not dead."""
    return conn.execute(delete(job).where(job.c.id == job_id, _DEAD)).rowcount > 0


def depths(conn: Connection, *, now: datetime) -> list[QueueDepth]:
    """How full each queue is, by name; queues without jobs are not listed. Closed jobs are not read."""
    ready = and_(job.c.state == "waiting", job.c.run_at <= now)
    since = case((job.c.run_at < job.c.created_at, job.c.created_at), else_=job.c.run_at)
    rows = conn.execute(
        select(
            job.c.queue,
            func.count(case((ready, 1))).label("waiting"),
            func.count(case((and_(job.c.state == "waiting", job.c.run_at > now), 1))).label("scheduled"),
            func.count(case((job.c.state == "running", 1))).label("running"),
            func.min(case((ready, since)), type_=Instant()).label("oldest"),
        )
        .where(job.c.closed_at.is_(None))
        .group_by(job.c.queue)
    )
    found = {row.queue: row for row in rows}
    letters = conn.execute(select(job.c.queue, func.count().label("dead")).where(_DEAD).group_by(job.c.queue))
    dead = {row.queue: row.dead for row in letters}
    return [_depth(queue, found.get(queue), dead.get(queue, 0), now=now) for queue in sorted({*found, *dead})]


def _depth(queue: str, row: Row[*tuple[Any, ...]] | None, dead: int, *, now: datetime) -> QueueDepth:
    if row is None:
        return QueueDepth(queue, waiting=0, scheduled=0, running=0, dead=dead, oldest_age_s=0.0)
    age = (now - row.oldest).total_seconds() if row.oldest else 0.0
    return QueueDepth(queue, row.waiting, row.scheduled, row.running, dead, age)


def as_job(row: Row[*tuple[Any, ...]]) -> Job:
    """A job from a row of `COLUMNS`."""
    return Job(*row)


def lock_key(conn: Connection, queue: str, key: str | None) -> None:
    """Let no other transaction add to, close or reorder this key until this one ends."""
    if key is not None and conn.dialect.name == "postgresql":
        conn.execute(_LOCK, {"key": f"{queue}\x1f{key}"})


def promote(conn: Connection, queue: str, key: str | None) -> None:
    """Make the first waiting job of the key its head. The key must be locked and have no head."""
    if key is None:
        return
    if conn.execute(_PROMOTE, {"in_queue": queue, "in_key": key}).rowcount:
        signal(conn, TOPIC, queue)


_OPEN: Final = and_(job.c.queue == bindparam("in_queue"), job.c.key == bindparam("in_key"), job.c.closed_at.is_(None))
_HEAD: Final = select(func.min(job.c.id)).where(_OPEN, job.c.state == "waiting").scalar_subquery()
_EARLY: Final = bindparam("early", type_=Instant)
_HASTEN: Final = (
    update(job)
    .where(_OPEN, job.c.state == "waiting", job.c.run_at > _EARLY)
    .values(run_at=_EARLY, due=case((job.c.due.is_(None), null()), else_=_EARLY))
)
_PROMOTE: Final = update(job).where(job.c.id == _HEAD).values(due=job.c.run_at)
_DEAD: Final = job.c.state == literal_column("'dead'")  # literal, as partial indexes want it


def _put_in_front(conn: Connection, job_id: int, queue: str, key: str | None) -> None:
    """Find the place of a revived job: head at once if it has no key or comes before a head that waits."""
    if key is None:
        conn.execute(update(job).where(job.c.id == job_id).values(due=job.c.run_at))
        signal(conn, TOPIC, queue)
        return
    head = conn.execute(
        select(job.c.id, job.c.state).where(_OPEN, job.c.due.is_not(None)).with_for_update(),
        {"in_queue": queue, "in_key": key},
    ).one_or_none()
    if head is not None and head.state == "running":
        return
    if head is not None:
        conn.execute(update(job).where(job.c.id == head.id).values(due=None))
    promote(conn, queue, key)


@cache  # putting a statement together costs more than running it
def _insertion(dialect: str) -> ReturningInsert[*tuple[Any, ...]]:
    """A job becomes the head of its key unless one is open; without a key it always does (no key equals NULL)."""
    open_before = select(job.c.id).where(_OPEN).exists()
    due = select(case((open_before, null()), else_=bindparam("first_due", type_=Instant))).scalar_subquery()
    unique = (
        insert_for(dialect, job)
        .values(due=due)
        .on_conflict_do_nothing(index_elements=["queue", "dedup"], index_where=text("dedup IS NOT NULL"))
    )
    return unique.returning(job.c.id, job.c.due)


def _hasten(conn: Connection, queue: str, key: str, *, to: datetime) -> None:
    """Let the waiting jobs of a key go ahead of others, in their own order."""
    if conn.execute(_HASTEN, {"in_queue": queue, "in_key": key, "early": to}).rowcount:
        signal(conn, TOPIC, queue)


def _waiting(queue: str, dedup: str) -> ColumnElement[bool]:
    return and_(job.c.queue == queue, job.c.dedup == dedup, job.c.state == "waiting")


def _tell(conn: Connection, queue: str, due: datetime | None, *, now: datetime) -> None:
    if due is not None and due <= now:
        signal(conn, TOPIC, queue)
