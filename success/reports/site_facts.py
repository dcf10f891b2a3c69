"""How a client's sites do: lights, dates, security findings, visits. Transaction bodies that only read."""

from dataclasses import asdict
from datetime import date, timedelta
from itertools import pairwise
from typing import Any, Final

from sqlalchemy import Connection

from handoff import sites
from handoff.sites import Site
from handoff.spans import Span
from success.reports import lights
from success.reports.model import Facts
from success.reports.periods import DAY
from success.reports.sources import Finding, Security, Sources, Uptime
from success.traffic import store as traffic
from success.traffic.store import Traffic

AHEAD: Final = timedelta(days=62)
"""How far ahead last days are named."""
MOST_FINDINGS: Final = 12


def site_facts(
    conn: Connection, *, client_id: int, span: Span, earlier: Span, edges: tuple[date, ...], sources: Sources,
    today: date,
) -> Facts:  # fmt: skip
    """All that a report says of a client's sites. `today` is the day on which it is made."""
    found = sites.of_client(conn, client_id)
    secured = sources.security(conn, client_id, span.since, span.until) if found else None
    return {
        "sites": [_site(conn, each, secured, span=span, edges=edges, sources=sources, today=today) for each in found],
        "security": _security(secured, found),
        "traffic": [
            shown for each in found if (shown := _traffic(conn, each, span=span, earlier=earlier, edges=edges))
        ],
        "untold": [each.title for each in found if traffic.of_period(conn, each.id, span.first, span.last) is None],
        "next": _next(found, today),
    }


def _site(
    conn: Connection, site: Site, secured: Security | None, *, span: Span, edges: tuple[date, ...], sources: Sources,
    today: date,
) -> Facts:  # fmt: skip
    up = sources.uptime(conn, site.id, span.since, span.until)
    open_ = None if secured is None else [each for each in secured.open if each.site_id == site.id]
    last_days = site.expiries(today)
    shown = {
        "availability": lights.availability(up), "speed": lights.speed(up),
        "dates": lights.dates((each.on for each in last_days), today), "security": lights.security(open_),
    }  # fmt: skip
    return {
        "id": site.id, "title": site.title, "shown": site.shown, "main": site.main,
        "lights": {name: str(light) for name, light in shown.items()},
        "uptime": None if up is None else asdict(up),
        "speed": _speeds(conn, site, span=span, edges=edges, sources=sources),
        "dates": [{"what": each.what, "on": str(each.on), "days": each.days} for each in last_days],
        "findings": None if open_ is None else len(open_),
    }  # fmt: skip


def _speeds(
    conn: Connection, site: Site, *, span: Span, edges: tuple[date, ...], sources: Sources
) -> list[float | None]:
    """The median time to the first byte in each of the periods."""
    found: list[Uptime | None] = []
    for first, after in pairwise(edges):
        part = Span(first=first, last=after - DAY, zone=span.zone)
        found.append(sources.uptime(conn, site.id, part.since, part.until))
    return [each.first_byte_ms if each else None for each in found]


def _security(found: Security | None, known: tuple[Site, ...]) -> Facts | None:
    if found is None:
        return None
    titles = {each.id: each.title for each in known}
    order = {"down": 0, "broken": 1, "warning": 2}
    ranked = sorted(found.open, key=lambda each: (order.get(each.severity, 3), each.since, each.id))
    return {
        "open": [_finding(each, titles) for each in ranked[:MOST_FINDINGS]], "open_n": len(found.open),
        "fixed": [_finding(each, titles) for each in found.fixed[:MOST_FINDINGS]], "fixed_n": len(found.fixed),
        "fix_rate": found.fix_rate,
    }  # fmt: skip


def _finding(one: Finding, titles: dict[int, str]) -> Facts:
    return {
        "id": one.id, "site": titles.get(one.site_id, "–"), "key": one.key, "values": dict(one.values),
        "severity": one.severity, "since": str(one.since), "fixed_on": str(one.fixed_on) if one.fixed_on else None,
    }  # fmt: skip


def _traffic(conn: Connection, site: Site, *, span: Span, earlier: Span, edges: tuple[date, ...]) -> Facts | None:
    here = traffic.of_period(conn, site.id, span.first, span.last)
    if here is None:
        return None
    then = traffic.of_period(conn, site.id, earlier.first, earlier.last)
    return _told(here) | {
        "id": site.id, "title": site.title, "period": span.days,
        "before": None if then is None else {"visits": then.visits, "bounce": then.bounce, "days": then.days},
        "months": [
            [str(first), known.visits if (known := traffic.of_period(conn, site.id, first, after - DAY)) else None]
            for first, after in pairwise(edges)
        ],
    }  # fmt: skip


def _told(found: Traffic) -> Facts:
    parts: dict[str, Any] = asdict(found)
    return parts | {"daily": [[str(day), n] for day, n in found.daily]}


def _next(found: tuple[Site, ...], today: date) -> list[Facts]:
    """The last days that come within two months, and those that are over, the soonest first."""
    near = [
        {"what": each.what, "on": str(each.on), "days": each.days, "site": site.title}
        for site in found
        for each in site.expiries(today)
        if each.on <= today + AHEAD
    ]
    return sorted(near, key=lambda each: (each["on"], each["site"]))
