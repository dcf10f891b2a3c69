"""Whether clients are looked after and stay, what service brings, what training comes to."""

from calendar import isleap
from collections.abc import Iterator
from datetime import date, datetime
from typing import Final

from sqlalchemy import select

from handoff.contract_tables import agreement as agreements
from handoff.evidence import Evidence
from handoff.figures import home_zone
from handoff.indicators import NOTHING, About, Better, Fact, Indicator, Rows, Unit, mean, weighted
from handoff.spans import midnight
from handoff.tables import client as clients
from success import typed_figures
from success.feedback_tables import visit as visits
from success.feedback_tables import visit_plan as plans
from success.quarters import Quarter

PLACE: Final = 6
EVERYBODY: Final = 1.0
KEPT: Final = 0.75
SERVICE: Final = 0.3
PASSED: Final = 0.9
TYPED: Final = "/desk/care/figures"
_FEBRUARY, _LEAP_DAY = 2, 29


def visited(evidence: Evidence) -> Iterator[Fact]:
    """Each visit that was due in the span by now: 1 where one was held in its quarter."""
    conn, asked = evidence.conn, evidence.asked
    held = {(row.client_id, str(Quarter.of(row.held_on))) for row in conn.execute(select(visits))}
    query = select(plans.c.client_id, plans.c.quarter, plans.c.due_at, clients.c.slug, clients.c.archived_at).where(
        plans.c.client_id == clients.c.id, plans.c.due_at >= asked.since, plans.c.due_at < asked.until
    )
    for row in conn.execute(query):
        done = (row.client_id, row.quarter) in held
        left = row.archived_at is not None and row.archived_at <= row.due_at
        if done or (row.due_at <= asked.now and not left):
            page = f"/desk/clients/{row.slug}/feedback#visits"
            yield Fact(_s(row.due_at), float(done), _about(evidence, row.client_id), page=page)


def stayed(evidence: Evidence) -> Iterator[Fact]:
    """Each client on the day a year of its contract ended in the span: 1 where it was under contract that day too.

    The days are the yearly returns of the day its first agreement began; it counts where it was under contract a year
    before.
    """
    conn, asked, zone = evidence.conn, evidence.asked, home_zone(evidence.conn)
    query = select(agreements.c.client_id, agreements.c.starts_on, agreements.c.ends_on, clients.c.slug).where(
        agreements.c.client_id == clients.c.id, agreements.c.replaced_at.is_(None)
    )
    spans: dict[tuple[int, str], list[tuple[date, date | None]]] = {}
    for row in conn.execute(query):
        spans.setdefault((row.client_id, row.slug), []).append((row.starts_on, row.ends_on))
    first, last = (at.astimezone(zone).date() for at in (asked.since, min(asked.until, asked.now)))
    for (client_id, slug), mine in spans.items():
        began = min(starts for starts, _ in mine)
        for year in range(max(began.year + 1, first.year), last.year + 1):
            day, before = _in_year(began, year), _in_year(began, year - 1)
            at = midnight(day, zone)
            if asked.since <= at < asked.until and at <= asked.now and _covered(mine, before):
                page, about = f"/desk/clients/{slug}", _about(evidence, client_id)
                yield Fact(_s(at), float(_covered(mine, day)), about, page=page)


def earned(evidence: Evidence) -> Iterator[Fact]:
    """Each month that was typed: the share of service, by how much came in."""
    zone = home_zone(evidence.conn)
    for month in typed_figures.revenue(evidence.conn):
        if month.share is not None:
            at = _s(midnight(typed_figures.first_of(month.month), zone))
            yield Fact(at, month.share, NOTHING, weight=float(month.total), page=f"{TYPED}#revenue")


def trained(evidence: Evidence) -> Iterator[Fact]:
    """Each session: the share that passed, by how many took part."""
    zone = home_zone(evidence.conn)
    for each in typed_figures.training(evidence.conn):
        at, share = _s(midnight(each.held_on, zone)), each.passed / each.took_part
        yield Fact(at, share, NOTHING, weight=float(each.took_part), page=f"{TYPED}#training")


def _covered(mine: list[tuple[date, date | None]], day: date) -> bool:
    return any(starts <= day and (ends is None or ends >= day) for starts, ends in mine)


def _in_year(day: date, year: int) -> date:
    """The same day of another year; the first of March where a year has no leap day."""
    if (day.month, day.day) == (_FEBRUARY, _LEAP_DAY) and not isleap(year):
        return date(year, _FEBRUARY + 1, 1)
    return day.replace(year=year)


def _about(evidence: Evidence, client_id: int) -> About:
    return About(client_id=client_id, tier=evidence.tiers.get(client_id))


def _s(at: datetime) -> int:
    return int(at.timestamp())


INDICATORS: Final = (
    Indicator(
        id="visit_coverage", unit=Unit.SHARE, rows=Rows.VISITS, better=Better.HIGHER, goal=EVERYBODY, facts=visited,
        formula=mean,
    ),
    Indicator(
        id="retention", unit=Unit.SHARE, rows=Rows.AGREEMENTS, better=Better.HIGHER, goal=KEPT, facts=stayed,
        formula=mean,
    ),
    Indicator(
        id="service_share", unit=Unit.RATE, rows=Rows.TYPED, better=Better.HIGHER, goal=SERVICE, facts=earned,
        formula=weighted,
    ),
    Indicator(
        id="training_passed", unit=Unit.RATE, rows=Rows.TYPED, better=Better.HIGHER, goal=PASSED, facts=trained,
        formula=weighted,
    ),
)  # fmt: skip
