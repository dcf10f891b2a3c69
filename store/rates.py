"""Rate limits shared by every process, one row for each bucket."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, select, update

from store.db import insert_into
from store.tables import rate


@dataclass(frozen=True, kw_only=True)
class Bucket:
    """At most `limit` events at once, and as many again in each `per`: in any stretch of time T no more than
    `limit + T * limit / per`. Events may be booked `ahead`.
    """

    name: str
    per: timedelta
    limit: int
    ahead: timedelta = timedelta()


@dataclass(frozen=True)
class Booked:
    """Taken from every bucket, for the instant after `wait`."""

    wait: timedelta


@dataclass(frozen=True)
class Full:
    """Taken from none: there is no use in trying again before `wait` is over."""

    wait: timedelta


def take(conn: Connection, bucket: str, *, per: timedelta, limit: int, now: datetime) -> timedelta | None:
    """Take one of the `limit` events that `bucket` allows in any stretch of `per`, after a burst of `limit`.

    Returns:
        None: taken, go on. Otherwise nothing was taken: how long to wait before trying again.
    """
    match book(conn, [Bucket(name=bucket, per=per, limit=limit)], now=now):
        case Full(wait):
            return wait
    return None


def book(conn: Connection, buckets: Collection[Bucket], *, now: datetime) -> Booked | Full:
    """Take one event from each of these buckets, or none from any.

    The generic cell rate algorithm (ITU-T I.371): an event costs `per / limit`; the bucket is whole again at
    `full_at`, which may lie at most `per + ahead` in the future.
    """
    waits, refused = timedelta(), timedelta()
    changes: dict[str, datetime] = {}
    for bucket in sorted(buckets, key=lambda one: one.name):  # one order for all: nobody waits in a circle
        full_at = max(_full_at(conn, bucket, now=now), now) + bucket.per / bucket.limit
        waits = max(waits, full_at - bucket.per - now)
        refused = max(refused, full_at - bucket.per - bucket.ahead - now)
        changes[bucket.name] = full_at
    if refused:
        return Full(refused)
    for name, full_at in changes.items():
        conn.execute(update(rate).where(rate.c.bucket == name).values(full_at=full_at))
    return Booked(waits)


def _full_at(conn: Connection, bucket: Bucket, *, now: datetime) -> datetime:
    conn.execute(insert_into(conn, rate).values(bucket=bucket.name, full_at=now).on_conflict_do_nothing())
    row = select(rate.c.full_at).where(rate.c.bucket == bucket.name).with_for_update()
    known: datetime = conn.execute(row).scalar_one()
    clock_was_set_back = known > now + bucket.per + bucket.ahead  # it knows nothing of what was taken
    return now if clock_was_set_back else known
