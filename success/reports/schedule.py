"""Which reports are due now, whoever was not there when they were; each is drafted once. Transaction bodies.

A client that was with us for less than a quarter of a period has no report of it, unless a person orders one.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, func, select

from handoff import accounts, contracts, directory
from handoff.figures import home_zone
from handoff.kinds import Level, Tier
from handoff.model import Client
from handoff.spans import Span
from handoff.tables import client as clients
from store.db import Instant
from store.jobs import enqueue
from store.schedule import plan
from success import proactive
from success.report_tables import report as reports
from success.reports import office, store
from success.reports.model import CLIENTS, OURS, Kind
from success.reports.periods import IsWorking, due_at, finished, tells

SWEEP: Final = "reports"
"""The queue, and the schedule, of the look for what is due."""
DRAFT: Final = "report_draft"
"""The queue of drafts to be made: `{"kind", "client" (or None), "first"}`."""
EACH_HOUR: Final = "7 * * * *"  # nine o'clock comes at another hour to each client


@dataclass(frozen=True, kw_only=True)
class Due:
    """A report to be drafted."""

    kind: Kind
    client_id: int | None
    span: Span


def begin(conn: Connection, *, now: datetime) -> None:
    """Plan the look."""
    plan(conn, SWEEP, cron=EACH_HOUR, zone="UTC", queue=SWEEP, body={}, now=now)


def sweep(conn: Connection, *, now: datetime) -> int:
    """Have drafted what is due; how many. Of a period missed long ago nothing is made up for but the latest."""
    found = due(conn, now=now)
    for each in found:
        body = {"kind": str(each.kind), "client": each.client_id, "first": str(each.span.first)}
        name = f"{each.kind}:{store.subject(each.client_id)}:{each.span.first}"
        enqueue(conn, DRAFT, body, dedup=name, now=now)
    return len(found)


def due(conn: Connection, *, now: datetime) -> tuple[Due, ...]:
    """The reports whose time has come and that were never made, nor withdrawn by a person."""
    is_working = working_days(conn)
    known = _known(conn)
    found = [*_of_clients(conn, now, is_working), *_ours(conn, now, is_working)]
    return tuple(
        each for each in found if (store.subject(each.client_id), str(each.kind), each.span.first) not in known
    )


def working_days(conn: Connection) -> IsWorking:
    """Whether we are at work on a day, by our standard hours: public holidays and make-up days are known to them."""
    hours = contracts.book(conn).current.on_duty(Level.QUESTION, Tier.STANDARD)
    return lambda day: bool(hours.windows(day))


def zone_of(conn: Connection, client: Client | None) -> ZoneInfo:
    """By which days a report of this client counts, or (None) one of ours."""
    return accounts.zone_of(client) if client else home_zone(conn)


def language_of(conn: Connection, client: Client) -> str:
    """What a client's reports are written in."""
    return office.choice(conn, client).language or proactive.language_of(client)


def _of_clients(conn: Connection, now: datetime, is_working: IsWorking) -> list[Due]:
    served = directory.clients(conn)
    chosen = office.choices(conn, served)
    since = {row.id: row.created_at for row in conn.execute(select(clients.c.id, clients.c.created_at))}
    found = []
    for client in served:
        for kind in filter(chosen[client.id].wants, CLIENTS):
            span = finished(kind, now, accounts.zone_of(client))
            if tells(span, since=since[client.id]) and due_at(span, is_working) <= now:
                found.append(Due(kind=kind, client_id=client.id, span=span))
    return found


def _ours(conn: Connection, now: datetime, is_working: IsWorking) -> list[Due]:
    zone, ours = home_zone(conn), office.of(conn)
    begun: datetime | None = conn.execute(select(func.min(clients.c.created_at, type_=Instant))).scalar_one()
    found = [Due(kind=kind, client_id=None, span=finished(kind, now, zone)) for kind in filter(ours.wants, OURS)]
    fresh = [each for each in found if begun is not None and begun < each.span.until]
    return [each for each in fresh if due_at(each.span, is_working) <= now]


def _known(conn: Connection) -> set[tuple[str, str, date]]:
    """What was made. One that a person withdrew is not made again by itself."""
    columns = (reports.c.subject, reports.c.kind, reports.c.first_on)
    return {(row[0], row[1], row[2]) for row in conn.execute(select(*columns).distinct())}


def order(
    conn: Connection, kind: Kind, *, client_id: int | None, span: Span, by: int | None = None, now: datetime
) -> None:
    """Have a report drafted that somebody asks for."""
    body = {"kind": str(kind), "client": client_id, "first": str(span.first), "by": by}
    enqueue(conn, DRAFT, body, now=now)
