"""The desk's figures of a period and of the one before. Transaction bodies that only read."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from handoff import contracts
from handoff.evidence import Asked, Evidence
from handoff.indicators import Fact, Figure, Indicator, of_span, trend
from handoff.kinds import Level, Tier


@dataclass(frozen=True, kw_only=True)
class Figures:
    """Every indicator asked for, by its id; `trends` has each in every span between two neighbouring `edges`."""

    asked: Asked
    before: datetime
    edges: tuple[datetime, ...]
    of: dict[str, Figure]
    trends: dict[str, tuple[float | None, ...]]


def figures(
    conn: Connection, asked: Asked, indicators: Sequence[Indicator], *, before: datetime, edges: Sequence[datetime]
) -> Figures:
    """The figures of `asked`; the period before it begins at `before`. `edges` part its trend, both ends included."""
    evidence = Evidence(conn, replace(asked, since=before))
    instants, found, trends = [int(edge.timestamp()) for edge in edges], {}, {}
    for indicator in indicators:
        facts = asked.wanted(indicator.facts(evidence))
        found[indicator.id] = _figure(indicator, facts, asked, before)
        trends[indicator.id] = trend(indicator, facts, instants, now=evidence.now_s)
    return Figures(asked=asked, before=before, edges=tuple(edges), of=found, trends=trends)


def _figure(indicator: Indicator, facts: Sequence[Fact], asked: Asked, before: datetime) -> Figure:
    first, since, until, now = (int(at.timestamp()) for at in (before, asked.since, asked.until, asked.now))
    mine = of_span(indicator, facts, since=since, until=until, now=now)
    then = of_span(indicator, facts, since=first, until=since, now=now)
    return Figure(indicator=indicator, value=indicator.formula(mine), before=indicator.formula(then), facts=mine)


def home_zone(conn: Connection) -> ZoneInfo:
    """The zone in which the desk's days begin: that of its standard hours."""
    return contracts.book(conn).current.on_duty(Level.QUESTION, Tier.STANDARD).zone
