"""Rate limits shared by every process, one row for each bucket."""

from datetime import datetime, timedelta

from sqlalchemy import Connection, select, update

from store.db import insert_into
from store.tables import rate


def take(conn: Connection, bucket: str, *, per: timedelta, limit: int, now: datetime) -> timedelta | None:
    """Take one of the `limit` events that `bucket` allows in any stretch of `per`, after a burst of `limit`.

    The generic cell rate algorithm (ITU-T I.371): an event costs `per / limit`; the bucket is whole again at
    `full_at`, which may lie at most `per` ahead.

    Returns:
        None: taken, go on. Otherwise nothing was taken: how long to wait before trying again.
    """
    conn.execute(insert_into(conn, rate).values(bucket=bucket, full_at=now).on_conflict_do_nothing())
    row = select(rate.c.full_at).where(rate.c.bucket == bucket).with_for_update()
    known: datetime = conn.execute(row).scalar_one()
    if known > now + per:  # the clock was set back, and knows nothing of what was taken
        known = now
    full_at = max(known, now) + per / limit
    if full_at > now + per:
        return full_at - per - now
    conn.execute(update(rate).where(rate.c.bucket == bucket).values(full_at=full_at))
    return None
