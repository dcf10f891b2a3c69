"""Old checks become one row a day; security tests stay whole, as the months' record. Transaction bodies."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

from sqlalchemy import Connection, delete, select

from store.db import insert_into
from store.jobs import JsonValue, enqueue
from success.check_tables import site_check_day as days
from success.check_tables import site_check_run as runs
from success.checks.model import Cause, Kind, State
from success.checks.reading import summed
from success.privacy import keeping

TIDY: Final = "site_check_tidy"
NIGHTLY: Final = "41 2 * * *"
KEEP: Final = timedelta(days=90)
_BATCH: Final = 40


def tidy(conn: Connection, body: Mapping[str, JsonValue], *, now: datetime, keep: timedelta | None = None) -> bool:
    """Sum up some days of sites that are older than `keep`; another job goes on with more. Whether there were any.

    By default what the desk's rule `checks` says.
    """
    keep = keep or keeping.span(conn, "checks") or KEEP
    cutoff = datetime.combine((now - keep).date(), time(), UTC)
    old = (runs.c.at < cutoff, runs.c.kind != str(Kind.SECURITY))
    oldest = select(runs.c.site_id, runs.c.at).where(*old).order_by(runs.c.at).limit(_BATCH)
    groups = {(row.site_id, row.at.astimezone(UTC).date()) for row in conn.execute(oldest)}
    for site_id, day in sorted(groups):
        _sum_up(conn, site_id, day)
    if groups:
        number = int(str(body.get("n", 0))) + 1
        enqueue(conn, TIDY, {"n": number}, dedup=f"{now.isoformat()}:{number}", now=now)
    return bool(groups)


def _sum_up(conn: Connection, site_id: int, day: date) -> None:
    begins = datetime.combine(day, time(), UTC)
    mine = (runs.c.site_id == site_id, runs.c.at >= begins, runs.c.at < begins + timedelta(days=1))
    wanted = (runs.c.client_id, runs.c.cause, runs.c.verdict, runs.c.first_byte_ms, runs.c.total_ms)
    rows: list[dict[str, Any]] = [dict(row) for row in conn.execute(select(*wanted).where(*mine)).mappings()]
    counted = [row for row in rows if row["cause"] == str(Cause.SCHEDULE) and row["verdict"] != str(State.UNKNOWN)]
    values = asdict(summed(day, counted)) | {"site_id": site_id, "client_id": rows[0]["client_id"]}
    statement = insert_into(conn, days).values(values)
    conn.execute(statement.on_conflict_do_nothing(index_elements=["site_id", "day"]))
    conn.execute(delete(runs).where(*mine, runs.c.kind != str(Kind.SECURITY)))
