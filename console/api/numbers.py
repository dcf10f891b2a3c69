"""Resource: the figures, the same document that `aftercare numbers --json` prints."""

from dataclasses import replace
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response
from fastapi.responses import JSONResponse
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from sqlalchemy import Connection

from console import number_reading
from console.api.doors import CallerDep, door
from console.api.problems import invalid, missing
from console.errors import BadPeriod
from console.number_document import numbers_document
from console.number_query import Query as Asked
from console.number_query import Step
from console.pages import PagesDep
from handoff import directory
from handoff.indicators import Dimension
from handoff.kinds import Level, Tier
from handoff.tokens import Caller, Scope
from store.zones import find_zone

router = APIRouter(tags=["numbers"])


class Spread(BaseModel):
    """Seconds: their mean, their median, and the 90th of 100."""

    mean: float | None
    median: float | None
    p90: float | None


class Point(BaseModel):
    """An indicator in one part of its trend; null where it has none or is still to come."""

    since: AwareDatetime
    value: float | None


class Part(BaseModel):
    """An indicator of one client, level …; `of` is what the filter of that name takes, null where there is none."""

    of: str | None
    value: float | None
    n: int


class IndicatorDocument(BaseModel):
    """One indicator: seconds, a share or a rate from 0 to 1, a count, or points from −100 to 100."""

    id: str
    unit: Literal["seconds", "share", "count", "rate", "points"]
    better: Literal["lower", "higher", "neither"]
    goal: float | None = Field(description="Met below it where lower is better, at it or above where higher is.")
    met: bool | None
    value: float | None
    before: float | None = Field(description="The same of as many days before.")
    n: int = Field(description="How many facts it rests on.")
    rows: Literal[
        "clocks", "messages", "turns", "tickets", "ratings", "surveys", "visits", "agreements", "typed", "exams"
    ]
    counts: dict[str, int]
    spread: Spread | None
    spread_by_the_wall: Spread | None
    trend: list[Point]
    parts: dict[Dimension, list[Part]]


class NumbersDocument(BaseModel):
    """The desk's figures of a period. Keys may be added, none changes its meaning while `version` stands."""

    model_config = ConfigDict(extra="forbid")

    version: int
    since: AwareDatetime
    until: AwareDatetime = Field(description="Not in the period.")
    before: AwareDatetime
    asked_at: AwareDatetime
    zone: str
    step: Step
    filters: dict[str, str]
    indicators: list[IndicatorDocument]


@router.get("/numbers", response_model=NumbersDocument, summary="The figures", **door(Scope.NUMBERS_READ, 404))
async def numbers(
    *, pages: PagesDep, caller: CallerDep,
    period: Annotated[str, Query(description="today, 7d, 28d, 90d, month, last_month, year; else 28d.")] = "",
    first: Annotated[str, Query(alias="from", description="The first day, such as 2026-03-01.")] = "",
    last: Annotated[str, Query(alias="to", description="The last day, included.")] = "",
    by: Annotated[Step | Literal[""], Query(description="How the trend is parted.")] = "",
    zone: Annotated[str, Query(description="An IANA zone in which days begin; the desk's own by default.")] = "",
    client: Annotated[str, Query(description="A client's short name.")] = "",
    level: Level | None = None, category: str = "", tier: Tier | None = None,
    team: Annotated[str, Query(description="A team's short name.")] = "",
    agent: Annotated[str, Query(description="An assignee's id.")] = "",
    indicator: Annotated[list[str] | None, Query(description="Only these; all without.")] = None,
) -> Response:  # fmt: skip
    """Every indicator with its goal, change, trend and parts, narrowed by the filters; to its client by some tokens."""
    asked = Asked(
        period=period, first=first, last=last, by=by, client=client, level=level or "", category=category,
        tier=tier or "", team=team, agent=agent,
    )  # fmt: skip
    only, where = tuple(indicator or ()), find_zone(zone) if zone else None
    if zone and where is None:
        raise invalid("query.zone", "is no time zone")
    if not set(only) <= {one.id for one in number_reading.registry()}:
        raise invalid("query.indicator", "is no indicator")
    now = pages.deps.clock()

    def body(conn: Connection) -> dict[str, Any]:
        mine = replace(asked, client=_whose(conn, caller, client))
        return numbers_document(number_reading.read(conn, mine, now=now, zone=where, only=only))

    try:
        found = NumbersDocument.model_validate(await pages.deps.db.read(body))
    except BadPeriod as error:
        raise invalid("query", error.why) from None
    return JSONResponse(found.model_dump(mode="json"))


def _whose(conn: Connection, caller: Caller, client: str) -> str:
    """The client that is asked for, or the one that the token is for; raises Problem for another's."""
    if caller.client_id is None:
        return client
    own = directory.client(conn, caller.client_id).slug
    if client and client != own:
        raise missing("client")
    return own
