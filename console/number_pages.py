"""The page of the desk's figures, for leads and admins."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import Connection

from console import numbers
from console.desk_pages import frame
from console.errors import BadPeriod
from console.guard import LeadDep
from console.numbers import Period
from console.pages import Pages, PagesDep
from handoff import directory
from handoff.figures import figures, home_zone
from handoff.indicators import Figures
from handoff.model import Client

router = APIRouter()


@dataclass(frozen=True, kw_only=True)
class _Found:
    period: Period
    clients: tuple[Client, ...]
    chosen: str
    figures: Figures
    problem: str | None


@router.get("/numbers")
async def short_address() -> Response:
    """The page's short address."""
    return RedirectResponse("/desk/numbers", 303)


@router.get("/desk/numbers")
async def numbers_page(
    request: Request, *, pages: PagesDep, viewer: LeadDep, client: str = "",
    first: Annotated[str, Query(alias="from")] = "", last: Annotated[str, Query(alias="to")] = "",
) -> Response:  # fmt: skip
    """Cards, the table by level and tier, and the trend; what cannot be read of the filter is said."""
    found = await pages.deps.db.read(lambda conn: _read(conn, pages, client=client, first=first, last=last))
    shown = await frame(pages, viewer, section="numbers")
    if found.problem:
        shown["problem"] = pages.say(request, f"number.error.{found.problem}")
    language, weeks = request.state.language, found.figures.trend
    return pages.page(
        request,
        "numbers.html",
        status=422 if found.problem else 200,
        **shown,
        period=found.period,
        clients=found.clients,
        chosen=found.chosen,
        cards=numbers.cards(found.figures, pages.texts, language),
        table=numbers.table(found.figures),
        weeks=weeks,
        kept=numbers.kept_chart(weeks),
        response=numbers.response_chart(weeks, pages.texts, language),
    )


def _read(conn: Connection, pages: Pages, *, client: str, first: str, last: str) -> _Found:
    now, zone, clients = pages.deps.clock(), home_zone(conn), directory.clients(conn)
    mine = next((one for one in clients if one.slug == client), None)
    problem = "client" if client and mine is None else None
    try:
        asked = numbers.period(first, last, now=now, zone=zone)
    except BadPeriod as error:
        asked, problem = numbers.period("", "", now=now, zone=zone), error.why
    found = figures(conn, since=asked.since, until=asked.until, now=now, zone=zone, client_id=mine.id if mine else None)
    return _Found(period=asked, clients=clients, chosen=mine.slug if mine else "", figures=found, problem=problem)
