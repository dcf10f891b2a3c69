"""What the pages of figures show, as files: the same address with `.csv` or `.xlsx`."""

import asyncio
from collections.abc import Iterator
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import PlainTextResponse, StreamingResponse
from sqlalchemy import Connection

from console import number_files, number_reading, number_tables
from console.errors import BadPeriod
from console.forms import reader_zone
from console.guard import ViewerDep
from console.number_pages import AskedDep
from console.number_query import Query
from console.number_tables import Sheet
from console.numbers import Wording
from console.pages import Pages, PagesDep
from handoff.ticket_names import named

router = APIRouter()
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@router.get("/desk/numbers.csv")
async def numbers_csv(request: Request, pages: PagesDep, viewer: ViewerDep, asked: AskedDep) -> Response:
    """Three tables, one below the other."""
    del viewer
    try:
        name, sheets = await _sheets(request, pages, asked)
    except BadPeriod as error:
        return _refused(request, pages, error)
    return _download(number_files.csv_text(number_tables.lines(sheets)), f"{name}.csv", "text/csv; charset=utf-8")


@router.get("/desk/numbers.xlsx")
async def numbers_xlsx(request: Request, pages: PagesDep, viewer: ViewerDep, asked: AskedDep) -> Response:
    """A sheet for each table."""
    del viewer
    try:
        name, sheets = await _sheets(request, pages, asked)
    except BadPeriod as error:
        return _refused(request, pages, error)
    held = await asyncio.to_thread(number_files.workbook, sheets)
    return _download(number_files.pieces(held), f"{name}.xlsx", XLSX)


async def _sheets(request: Request, pages: Pages, asked: Query) -> tuple[str, tuple[Sheet, ...]]:
    now, zone, say = pages.deps.clock(), reader_zone(request), Wording(pages.texts, request.state.language)

    def body(conn: Connection) -> tuple[str, tuple[Sheet, ...]]:
        found = number_reading.read(conn, asked, now=now, zone=zone)
        tickets = named(conn, number_tables.ticket_ids(found))
        name = f"numbers-{found.period.first}-{found.period.last}"
        return name, number_tables.sheets(found, tickets, say)

    return await pages.deps.db.read(body)


def _download(body: Iterator[bytes], name: str, media_type: str) -> Response:
    headers: dict[str, Any] = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(body, media_type=media_type, headers=headers)


def _refused(request: Request, pages: Pages, error: BadPeriod) -> Response:
    return PlainTextResponse(pages.say(request, f"number.error.{error.why}"), status_code=422)
