"""The figures that a page, an export or the API shows, with the names in them. Transaction bodies that only read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from console import formats, number_query
from console.errors import BadPeriod
from console.forms import typed_id
from console.number_query import Period, Query, Step
from handoff import directory, roster
from handoff.evidence import Asked
from handoff.figures import Figures, figures, home_zone
from handoff.indicators import Indicator
from handoff.measures import indicators
from handoff.model import Client, Person
from handoff.roster import Team
from handoff.spans import midnight

ROOMS: Final = ("handoff.measures", "success.measures")


def registry() -> tuple[Indicator, ...]:
    """Every indicator there is."""
    return indicators(*ROOMS)


@dataclass(frozen=True, kw_only=True)
class Names:
    """What the ids in figures are called."""

    clients: tuple[Client, ...]
    people: tuple[Person, ...]
    teams: tuple[Team, ...]

    def client(self, client_id: object) -> str | None:
        """A client's name."""
        return next((one.name for one in self.clients if one.id == client_id), None)

    def agent(self, person_id: object) -> str | None:
        """A colleague's name."""
        return next((one.name for one in self.people if one.id == person_id), None)

    def team(self, slug: object) -> str | None:
        """A team's name."""
        return next((one.name for one in self.teams if one.slug == slug), None)


@dataclass(frozen=True, kw_only=True)
class Numbers:
    """All of it: what was asked, the figures, and names. `step` parts the trend."""

    query: Query
    period: Period
    step: Step
    figures: Figures
    names: Names

    def lead(self, language: str) -> tuple[str, str, str]:
        """The first and the last day, and what people call the zone."""
        first, last = (formats.day(day, language) for day in (self.period.first, self.period.last))
        return first, last, formats.zone_name(self.period.zone, language)

    @property
    def narrowed(self) -> Mapping[str, str]:
        """What the figures are narrowed to, in the words of an address."""
        names = ("client", "level", "category", "tier", "team", "agent")
        return {name: getattr(self.query, name) for name in names if getattr(self.query, name)}


def read(conn: Connection, query: Query, *, now: datetime, zone: ZoneInfo | None, only: Sequence[str] = ()) -> Numbers:
    """The figures of a query, in the reader's zone or the desk's; `only` these indicators. Raises BadPeriod."""
    names = Names(clients=directory.clients(conn), people=directory.staff(conn), teams=roster.teams(conn))
    asked_for = number_query.period(query, now=now, zone=zone or home_zone(conn))
    step = asked_for.step(query.by)
    edges = [midnight(day, asked_for.zone) for day in asked_for.edges(step)]
    wanted = [each for each in registry() if not only or each.id in only]
    asked = _asked(query, asked_for, names, now)
    found = figures(conn, asked, wanted, before=asked_for.before.since, edges=edges)
    return Numbers(query=query, period=asked_for, step=step, figures=found, names=names)


def _asked(query: Query, period: Period, names: Names, now: datetime) -> Asked:
    return Asked(
        since=period.since,
        until=period.until,
        now=now,
        client_id=_client(query.client, names),
        level=number_query.level(query),
        category=query.category or None,
        tier=number_query.tier(query),
        team=_team(query.team, names),
        agent_id=_agent(query.agent, names),
    )


def _client(slug: str, names: Names) -> int | None:
    found = next((one.id for one in names.clients if one.slug == slug), None)
    if slug and found is None:
        raise BadPeriod("client")
    return found


def _team(slug: str, names: Names) -> str | None:
    if slug and slug not in {one.slug for one in names.teams}:
        raise BadPeriod("team")
    return slug or None


def _agent(typed: str, names: Names) -> int | None:
    found = next((one.id for one in names.people if one.id == typed_id(typed)), None)
    if typed and found is None:
        raise BadPeriod("agent")
    return found
