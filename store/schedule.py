"""Cron rows: a job enqueued at local times of a time zone, once whichever process ticks.

Fire times are local: one that a clock change repeats (a fold) fires the first time only; those it skips
(a gap) fire once, at the gap's end. Fires missed while nothing ran are made up for by one.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Row, delete, select, update

from store.db import insert_into
from store.errors import BadSchedule
from store.jobs import JsonValue, enqueue
from store.tables import schedule
from store.zones import find_zone

_BATCH: Final = 100
_SECOND: Final = timedelta(seconds=1)


def plan(
    conn: Connection,
    name: str,
    *,
    cron: str,
    zone: str,
    queue: str,
    body: Mapping[str, JsonValue],
    now: datetime,
) -> None:
    """Enqueue `body` in `queue` at the times of the five-field `cron` in the IANA `zone`, from `now` on.

    Planning a name again replaces what it had; with the same times, the next fire is kept.

    Raises:
        BadSchedule: the expression or the zone cannot be read.
    """
    row = {
        "cron": cron,
        "zone": zone,
        "queue": queue,
        "body": body,
        "next_at": next_fire(cron, zone, after=now),
    }
    same_times = (schedule.c.cron == cron) & (schedule.c.zone == zone)
    known = conn.execute(select(schedule.c.next_at).where(schedule.c.name == name, same_times)).scalar_one_or_none()
    row["next_at"] = known or row["next_at"]
    statement = insert_into(conn, schedule).values(name=name, **row)
    conn.execute(statement.on_conflict_do_update(index_elements=["name"], set_=row))


def unplan(conn: Connection, name: str) -> bool:
    """Forget the schedule. False if there is none of that name."""
    return conn.execute(delete(schedule).where(schedule.c.name == name)).rowcount > 0


def tick(conn: Connection, *, now: datetime) -> int:
    """Enqueue the jobs of all schedules that are due; how many.

    The job's dedup key is `cron:{name}:{local time}`, so that what was due happens once, even if
    the clocks of several machines differ.
    """
    due = conn.execute(
        select(schedule)
        .where(schedule.c.next_at <= now)
        .order_by(schedule.c.next_at)
        .limit(_BATCH)
        .with_for_update(skip_locked=True)
    ).all()
    return sum(_fire(conn, row, now=now) for row in due)


def next_fire(cron: str, zone: str, *, after: datetime) -> datetime:
    """The first instant after `after` that a local time of `cron` in `zone` stands for, in UTC.

    Raises:
        BadSchedule: the expression or the zone cannot be read, or never fires.
    """
    from cronsim import CronSim, CronSimError

    if len(cron.split()) != 5:  # noqa: PLR2004 -- fields
        raise BadSchedule("cron", cron)
    place = _zone(zone)
    local = after.astimezone(place).replace(tzinfo=None, fold=0)
    try:
        return next(instant for time in CronSim(cron, local) if (instant := _instant(time, place)) > after)
    except (CronSimError, StopIteration) as error:
        raise BadSchedule("cron", cron) from error


def _fire(conn: Connection, row: Row[*tuple[object, ...]], *, now: datetime) -> bool:
    local = row.next_at.astimezone(ZoneInfo(row.zone)).replace(tzinfo=None)
    dedup = f"cron:{row.name}:{local.isoformat(timespec='minutes')}"
    fired = enqueue(conn, row.queue, row.body, now=now, dedup=dedup)
    later = next_fire(row.cron, row.zone, after=now)
    conn.execute(update(schedule).where(schedule.c.name == row.name).values(next_at=later))
    return fired is not None


def _instant(local: datetime, zone: ZoneInfo) -> datetime:
    """The instant of a local time: the first of two in a fold, the gap's end for one in a gap."""
    instant = local.replace(tzinfo=zone).astimezone(UTC)
    if instant.astimezone(zone).replace(tzinfo=None) == local:
        return instant
    return _end_of_gap(local.replace(tzinfo=zone, fold=1).astimezone(UTC), instant, zone)


def _end_of_gap(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """The whole second, in (before, after], at which the zone's offset changes; by halving."""
    while (seconds := (after - before) // _SECOND) > 1:
        middle = before + seconds // 2 * _SECOND
        if middle.astimezone(zone).utcoffset() == before.astimezone(zone).utcoffset():
            before = middle
        else:
            after = middle
    return after


def _zone(name: str) -> ZoneInfo:
    zone = find_zone(name)
    if zone is None:
        raise BadSchedule("zone", name)
    return zone
