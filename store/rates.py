"""Rate limits shared by every process, one row for each bucket."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, select, update

from store.db import insert_into
from store.tables import rate

_LONGEST_LINE: Final = timedelta(minutes=30)
_ROUNDING: Final = 1e-6  # instants are whole microseconds


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


def room(conn: Connection, bucket: str, *, per: timedelta, limit: int, now: datetime) -> tuple[int, timedelta]:
    """How many events `take` would still allow at once, and how long until the bucket is whole again."""
    full_at = conn.execute(select(rate.c.full_at).where(rate.c.bucket == bucket)).scalar_one_or_none() or now
    used = min(max(full_at - now, timedelta(0)), per)
    return int((per - used) / (per / limit) + _ROUNDING), used


def book(conn: Connection, buckets: Collection[Bucket], *, now: datetime) -> Booked | Full:
    """Take one event from each of these buckets, or none from any.

    The generic cell rate algorithm (ITU-T I.371): an event costs `per / limit`; the bucket is whole again at
    `full_at`, which may lie at most `per + ahead` in the future.
    """
    waits, refused = timedelta(), timedelta()
    changes: dict[str, datetime] = {}
    for bucket in sorted(buckets, key=lambda one: one.name):  # one order for all: nobody waits in a circle
        full_at = _after_one(conn, bucket, now=now)
        waits = max(waits, full_at - bucket.per - now)
        refused = max(refused, full_at - bucket.per - bucket.ahead - now)
        changes[bucket.name] = full_at
    if refused:
        return Full(refused)
    for name, full_at in changes.items():
        _note(conn, name, full_at)
    return Booked(waits)


def book_in_turn(conn: Connection, own: Collection[Bucket], shared: Bucket, *, now: datetime) -> Booked | Full:
    """`book`, where everybody shares one of the buckets: those whom it refuses are told different instants.

    In the order in which they asked; coming then, each finds room, where all of them coming as soon as there is any
    would ask in vain again and again.
    """
    booked = book(conn, (*own, shared), now=now)
    free_at = _after_one(conn, shared, now=now) - shared.per - shared.ahead
    if isinstance(booked, Booked) or free_at <= now:
        return booked
    line = f"{shared.name}:line"
    known = _kept(conn, line, now=now, most=_LONGEST_LINE)
    place = max(known, free_at)
    _note(conn, line, place + shared.per / shared.limit)
    return Full(max(booked.wait, place - now))


def _after_one(conn: Connection, bucket: Bucket, *, now: datetime) -> datetime:
    """When a bucket would be whole again after one event more."""
    known = _kept(conn, bucket.name, now=now, most=bucket.per + bucket.ahead)
    return max(known, now) + bucket.per / bucket.limit


def _kept(conn: Connection, name: str, *, now: datetime, most: timedelta) -> datetime:
    """The instant kept under a name, locked; now where it lies too far ahead: the clock was set back."""
    conn.execute(insert_into(conn, rate).values(bucket=name, full_at=now).on_conflict_do_nothing())
    row = select(rate.c.full_at).where(rate.c.bucket == name).with_for_update()
    known: datetime = conn.execute(row).scalar_one()
    return now if known > now + most else known


def _note(conn: Connection, name: str, at: datetime) -> None:
    conn.execute(update(rate).where(rate.c.bucket == name).values(full_at=at))
