"""The facts of a client's reports: its month, its week, its quarter. Transaction bodies that only read."""

from datetime import datetime
from typing import Final

from sqlalchemy import Connection, select

from handoff import accounts, agreements, directory
from handoff.kinds import TicketState
from handoff.lifecycle import UNSOLVED
from handoff.model import Client
from handoff.rows import to_ticket
from handoff.spans import Span
from handoff.tables import ticket as tickets
from success.reports import office, service_facts, site_facts
from success.reports.advice import advice
from success.reports.joined import JOINED
from success.reports.model import WEEKLY, Facts, Kind
from success.reports.periods import before, edges
from success.reports.service_facts import Desk
from success.reports.sources import Sources

VERSION: Final = 1
BACK: Final = {Kind.HEALTH: 6, Kind.QUARTER: 6, Kind.BRIEF: 8}
MOST_OPEN: Final = 12


def facts_of_client(
    conn: Connection, kind: Kind, client: Client, span: Span, *, sources: Sources = JOINED, now: datetime
) -> Facts:
    """All that a report of this client says of a period, as of now."""
    earlier, parts = before(kind, span), edges(kind, span, back=BACK[kind])
    desk = Desk(conn, client_id=client.id, edges=parts, span=span, now=now)
    today = now.astimezone(span.zone).date()
    found: Facts = {
        "version": VERSION,
        "kind": str(kind),
        "agency": office.of(conn).agency,
        "client": {"id": client.id, "slug": client.slug, "name": client.name, "tier": str(client.tier)},
        "manager": directory.person(conn, client.success_id).name if client.success_id else "",
        "first": str(span.first),
        "last": str(span.last),
        "zone": span.zone.key,
        "made": str(today),
        "weekly": kind in WEEKLY,
        "earlier": str(earlier.first),
        "service": service_facts.service(conn, desk, client_id=client.id, earlier=earlier),
        "bot": service_facts.bot(desk, earlier=earlier),
        "told": service_facts.told(conn, span, client.id),
        "categories": [list(each) for each in service_facts.categories(desk.here("tickets"))],
        "satisfaction": service_facts.satisfaction(conn, span, earlier=earlier, client_id=client.id),
        "used": _used(conn, client, now=now),
        "rows": service_facts.rows(conn, desk, client_id=client.id),
    }
    found |= site_facts.site_facts(
        conn, client_id=client.id, span=span, earlier=earlier, edges=parts, sources=sources, today=today
    )
    found |= _open(conn, client, span)
    found["nps"] = _as_facts(sources.nps(conn, client.id, span.since, span.until))
    return found | {"advice": advice(found)}


def _open(conn: Connection, client: Client, span: Span) -> Facts:
    """What is in hand now: the weightiest by name, and how many there are in all."""
    query = select(tickets).where(tickets.c.client_id == client.id, tickets.c.state.in_(UNSOLVED))
    found = [to_ticket(row) for row in conn.execute(query).mappings()]
    found.sort(key=lambda one: (-one.level.rank, one.id))
    names = directory.names(conn, [one.assignee_id for one in found if one.assignee_id])
    told = [
        {
            "id": one.id, "number": one.number, "title": one.title, "level": str(one.level), "state": str(one.state),
            "who": names.get(one.assignee_id or 0, ""),
            "opened_on": str(one.opened_at.astimezone(span.zone).date()),
        }
        for one in found[:MOST_OPEN]
    ]  # fmt: skip
    return {"open": told, "open_n": len(found), "waiting_n": sum(one.state is TicketState.WAITING for one in found)}


def _used(conn: Connection, client: Client, *, now: datetime) -> list[Facts]:
    """What the agreement grants each year, and how much of it is used."""
    agreement = accounts.covering(conn, client, now=now).agreement
    if agreement is None:
        return []
    balances = agreements.balances(agreement, accounts.uses(conn, client.id), accounts.today(client, now))
    return [
        {"name": each.entitlement.name, "amount": each.entitlement.amount, "unit": each.entitlement.unit,
         "used": each.used}
        for each in balances
    ]  # fmt: skip


def _as_facts(found: object) -> Facts | None:
    return None if found is None else dict(vars(found))
