"""Pages: a quarter's return visits, client by client, and their table as a file."""

from collections.abc import Iterator
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse
from sqlalchemy import Connection

from console.desk_pages import frame
from console.guard import ReaderDep
from console.number_files import csv_text
from console.number_tables import Cell
from console.pages import Pages, PagesDep
from handoff import directory
from handoff.figures import home_zone
from success import visits
from success.quarters import Quarter
from success.visits import Coverage, State

router = APIRouter(prefix="/desk/care/visits")
GOAL: Final = 1.0
_COLUMNS: Final = ("client", "state", "due", "held_on", "way", "met", "by", "summary", "agreed")


@router.get("")
async def visits_page(request: Request, *, pages: PagesDep, viewer: ReaderDep, quarter: str = "") -> Response:
    """Who was visited in a quarter, who is to be, and who is overdue."""
    shown = await frame(pages, viewer, section="care") | await pages.deps.db.read(_load(pages, quarter))
    return pages.page(request, "visits.html", **shown, states=list(State), goal=GOAL)


@router.get("/export.csv")
async def visits_file(request: Request, *, pages: PagesDep, viewer: ReaderDep, quarter: str = "") -> Response:  # noqa: ARG001
    """The same as a table for a spreadsheet."""
    found = await pages.deps.db.read(_load(pages, quarter))
    covered: Coverage = found["covered"]
    lines = list(_lines(request, pages, covered, found["names"]))
    named = f'attachment; filename="visits-{covered.quarter}.csv"'
    return StreamingResponse(csv_text(lines), media_type="text/csv", headers={"Content-Disposition": named})


def _load(pages: Pages, quarter: str) -> Any:
    now = pages.deps.clock()

    def load(conn: Connection) -> dict[str, Any]:
        wanted = Quarter.read(quarter) or Quarter.at(now, home_zone(conn))
        names = {person.id: person.name for person in directory.staff(conn)}
        covered = visits.coverage(conn, wanted, now=now)
        return {"covered": covered, "quarters": visits.quarters(conn, now=now), "names": names}

    return load


def _lines(request: Request, pages: Pages, covered: Coverage, names: dict[int, str]) -> Iterator[tuple[Cell, ...]]:
    def say(key: str) -> str:
        return pages.say(request, key)

    yield tuple(say(f"visits.column.{name}") for name in _COLUMNS)
    for line in covered.lines:
        held, first = line.visit, (line.client.name, say(f"visits.state.{line.state}"), line.due_at)
        if held is None:
            yield (*first, None, None, None, names.get(line.client.success_id or 0), None, None)
            continue
        told = (held.met, names.get(held.by_id or 0), held.summary, "\n".join(held.agreed))
        yield (*first, held.held_on, say(f"visits.way.{held.way}"), *told)
