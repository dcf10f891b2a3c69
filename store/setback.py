"""A wall clock that was set back: what was timed by it while it was ahead must not wait until it comes there again.

Instants that people agreed on (a deadline, a cron time) stay; a job that looks at one too early changes nothing.
"""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, and_, case, null, select, update
from sqlalchemy.sql.elements import ColumnElement

from store.tables import job

TOLERANCE: Final = timedelta(seconds=5)  # clocks of several machines differ; less than this is only a short wait


def noticed(conn: Connection, *, last: datetime | None, now: datetime) -> timedelta | None:
    """How far the clock went back since it was `last` looked at, or since the newest job was made; None if it did not.

    The job tells it to a process that was started later.
    """
    newest = conn.execute(select(job.c.created_at).order_by(job.c.id.desc()).limit(1)).scalar_one_or_none()
    back = max((seen for seen in (last, newest) if seen is not None), default=now) - now
    return back if back > TOLERANCE else None


def mend(conn: Connection, *, back: timedelta, now: datetime, lease: timedelta) -> None:
    """Let jobs made, tried or held by the clock that was ahead be due as long from now as they were from then."""
    waiting = job.c.state == "waiting"
    made = select(job.c.id, job.c.run_at, job.c.created_at).where(waiting, job.c.created_at > now)
    for made_job in conn.execute(made).all():
        wait = max(made_job.run_at - made_job.created_at, timedelta(0))
        _move(conn, job.c.id == made_job.id, now + wait)
    tried = select(job.c.id, job.c.run_at).where(
        waiting, job.c.created_at <= now, job.c.run_at > now, job.c.attempts > 0, job.c.error.is_not(None)
    )
    for tried_job in conn.execute(tried).all():
        _move(conn, job.c.id == tried_job.id, max(tried_job.run_at - back, now))
    conn.execute(update(job).where(job.c.created_at > now).values(created_at=now))
    held = and_(job.c.state == "running", job.c.due > now + lease)
    conn.execute(update(job).where(held).values(due=now + lease))


def _move(conn: Connection, which: ColumnElement[bool], run_at: datetime) -> None:
    due = case((job.c.due.is_(None), null()), else_=run_at)
    conn.execute(update(job).where(which, job.c.state == "waiting").values(run_at=run_at, due=due))
