"""The pages of the desk's figures: all of them, and one with what it rests on. Agents see their own."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import Connection
from starlette.exceptions import HTTPException

from console import number_charts, number_query, number_reading, numbers
from console.auth import Viewer
from console.desk_pages import frame
from console.errors import BadPeriod
from console.forms import reader_zone
from console.guard import READERS, ViewerDep
from console.number_query import PRESETS, STEPS
from console.number_query import Query as Asked
from console.number_reading import Numbers
from console.numbers import Wording
from console.pages import Pages, PagesDep
from handoff.indicators import Fact
from handoff.kinds import Level, Tier
from handoff.ticket_names import Named, named

router = APIRouter()
AT_ONCE: Final = 50
PLOTTED: Final = ("client", "level", "category", "agent")
_LONGEST: Final = 200


def asked(
    *, viewer: ViewerDep, period: str = "", first: Annotated[str, Query(alias="from")] = "",
    last: Annotated[str, Query(alias="to")] = "", by: str = "", client: str = "", level: str = "", category: str = "",
    tier: str = "", team: str = "", agent: str = "",
) -> Asked:  # fmt: skip
    """What an address asks for; an agent's own figures, whatever it says, for an agent."""
    mine = str(viewer.person.id) if only_own(viewer) else agent
    return Asked(
        period=period, first=first, last=last, by=by, client=client, level=level, category=category[:_LONGEST],
        tier=tier, team=team, agent=mine,
    )  # fmt: skip


AskedDep = Annotated[Asked, Depends(asked)]


def only_own(viewer: Viewer) -> bool:
    """Whether somebody sees the figures of their own tickets alone."""
    return viewer.person.role not in READERS


def narrowest(viewer: Viewer) -> Asked:
    """What is shown instead of what cannot be read."""
    return Asked(agent=str(viewer.person.id) if only_own(viewer) else "")


@dataclass(frozen=True, kw_only=True)
class _Line:
    """One fact of the list: its ticket where it has one."""

    fact: Fact
    at: datetime
    ticket: Named | None
    client: str | None
    value: str
    marks: tuple[str, ...]


@router.get("/numbers")
async def short_address() -> Response:
    """The page's short address."""
    return RedirectResponse("/desk/numbers", 303)


@router.get("/desk/numbers")
async def numbers_page(request: Request, pages: PagesDep, viewer: ViewerDep, asked: AskedDep) -> Response:
    """Tiles and plots; what cannot be read of the address is said, and the usual shown."""
    found, problem = await _read(request, pages, viewer, asked)
    say, of = Wording(pages.texts, request.state.language), found.figures.of
    drawn = [
        number_charts.trend_chart(found, of["tickets"], say),
        number_charts.trend_chart(found, of["first_response"], say),
    ]
    drawn += [number_charts.kept_chart(found, of["kept"], say), number_charts.distribution(of["first_response"], say)]
    drawn += [number_charts.part_chart(found, of["tickets"], dimension, say) for dimension in PLOTTED]
    values = {"tiles": numbers.tiles(found, say), "charts": drawn, "path": "/desk/numbers"}
    return await _page(request, pages, viewer, found, "numbers.html", problem=problem, **values)


@router.get("/desk/numbers/{name}")
async def number_page(
    request: Request, *, pages: PagesDep, viewer: ViewerDep, asked: AskedDep, name: str, page: int = 1
) -> Response:
    """One indicator: its course, its parts, and what it rests on."""
    if name not in {each.id for each in number_reading.registry()}:
        raise HTTPException(404)
    found, problem = await _read(request, pages, viewer, asked, name)
    say, figure = Wording(pages.texts, request.state.language), found.figures.of[name]
    ranked = numbers.worst_first(figure)
    page = min(max(1, page), max(1, -(-len(ranked) // AT_ONCE)))
    shown = ranked[(page - 1) * AT_ONCE : page * AT_ONCE]
    tickets = await pages.deps.db.read(lambda conn: named(conn, {one.ticket for one in shown if one.ticket}))
    values: dict[str, Any] = {
        "tile": numbers.tile(found, figure, say),
        "charts": number_charts.charts(found, figure, say),
        "lines": [_line(fact, found, tickets, say, name) for fact in shown],
        "all": len(ranked),
        "at": page,
        "at_once": AT_ONCE,
        "sorted": figure.indicator.better != "neither",
        "path": f"/desk/numbers/{name}",
    }
    return await _page(request, pages, viewer, found, "number.html", problem=problem, **values)


def _line(fact: Fact, found: Numbers, tickets: dict[int, Named], say: Wording, name: str) -> _Line:
    one = found.figures.of[name].indicator
    value = say(f"number.list.{'yes' if fact.value else 'no'}") if one.unit == "share" else say.value(one, fact.value)
    marks = tuple(say(f"number.mark.{mark}") for mark in fact.marks if mark in one.marks)
    return _Line(
        fact=fact,
        at=datetime.fromtimestamp(fact.at, UTC),
        ticket=tickets.get(fact.ticket or 0),
        client=found.names.client(fact.about.client_id),
        value=value,
        marks=marks,
    )


async def _read(request: Request, pages: Pages, viewer: Viewer, asked: Asked, *only: str) -> tuple[Numbers, str | None]:
    """The figures, or the usual ones and why what was asked cannot be read."""
    now, zone = pages.deps.clock(), reader_zone(request)

    def body(conn: Connection) -> tuple[Numbers, str | None]:
        try:
            return number_reading.read(conn, asked, now=now, zone=zone, only=only), None
        except BadPeriod as error:
            usual = number_reading.read(conn, narrowest(viewer), now=now, zone=zone, only=only)
            return usual, f"number.error.{error.why}"

    return await pages.deps.db.read(body)


async def _page(
    request: Request, pages: Pages, viewer: Viewer, found: Numbers, template: str, *, problem: str | None, **values: Any
) -> Response:
    shown = await frame(pages, viewer, section="numbers")
    if problem:
        shown["problem"] = pages.say(request, problem)
    bar = {
        "presets": PRESETS,
        "steps": STEPS,
        "choices": _choices(request, pages, found),
        "own": only_own(viewer),
        "found": found,
        "query": found.query,
        "period": found.period,
        "chosen": found.query.period or ("" if found.query.first or found.query.last else number_query.USUAL),
    }
    return pages.page(request, template, status=422 if problem else 200, **shown, **bar, **values)


def _choices(request: Request, pages: Pages, found: Numbers) -> dict[str, list[tuple[object, str]]]:
    """What the figures can be narrowed to, by name."""
    names = found.names
    return {
        "client": [(one.slug, one.name) for one in names.clients],
        "level": [(level, pages.say(request, f"level.{level}")) for level in Level],
        "tier": [(tier, pages.say(request, f"tier.{tier}")) for tier in Tier],
        "team": [(one.slug, one.name) for one in names.teams],
        "agent": [(one.id, one.name) for one in names.people if one.active or str(one.id) == found.query.agent],
    }
