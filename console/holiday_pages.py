"""Pages: the public holidays that are known, and a year's notice: upload, preview, apply."""

import asyncio
import json
from typing import Annotated, Final

from fastapi import APIRouter, File, Form, Request, Response, UploadFile
from fastapi.responses import RedirectResponse
from sqlalchemy import Connection

from console.auth import Viewer, take_form
from console.desk_pages import frame
from console.guard import FORM, AdminDep, ReaderDep
from console.pages import Pages, PagesDep
from console.service_pages import SHOWN_MOVES
from handoff import almanac, directory, holiday_notice
from handoff.almanac import Covered
from handoff.errors import NoticeError
from handoff.hindsight import Move
from handoff.holiday_notice import Notice
from handoff.holidays import Year, read_notice

router = APIRouter(prefix="/desk/service/holidays")
NOTICE_LIMIT: Final = 128 * 1024


@router.get("")
async def holidays_page(request: Request, *, pages: PagesDep, viewer: ReaderDep) -> Response:
    """Covered years by country."""
    return await _show(request, pages, viewer)


@router.get("/{country}/{year}")
async def year_page(request: Request, *, pages: PagesDep, viewer: ReaderDep, country: str, year: int) -> Response:
    """One year's days."""
    found = await pages.deps.db.read(lambda conn: almanac.year(conn, country, year))
    return await _show(request, pages, viewer, year=found, status=200 if found else 404)


@router.post("/preview", dependencies=FORM)
async def preview(
    request: Request, *, pages: PagesDep, viewer: AdminDep,
    country: Annotated[str, Form()] = "", year: Annotated[str, Form()] = "", pasted: Annotated[str, Form()] = "",
    file: Annotated[UploadFile | None, File()] = None,
) -> Response:  # fmt: skip
    """What a notice changes: days, and the deadlines of open tickets."""
    sent = await file.read(NOTICE_LIMIT + 1) if file is not None else b""
    content = sent or pasted.encode()
    typed = {"country": country.strip().casefold(), "year": year.strip()}
    try:
        read = _read(content, typed)
    except NoticeError as error:
        return await _refused(request, pages, viewer, error, typed | {"pasted": pasted})
    now = pages.deps.clock()
    notice = await pages.deps.db.read(lambda conn: holiday_notice.preview(conn, read))
    moved = await asyncio.to_thread(notice.moves, now=now)
    return await _show(request, pages, viewer, notice=notice, moves=moved, typed=typed)


@router.post("/apply", dependencies=FORM)
async def apply(
    request: Request, *, pages: PagesDep, viewer: AdminDep,
    country: Annotated[str, Form()] = "", year: Annotated[str, Form()] = "", notice: Annotated[str, Form()] = "",
    once: Annotated[str, Form()] = "",
) -> Response:  # fmt: skip
    """Bring the previewed year in: a new version of the contract, and open tickets recomputed."""
    typed = {"country": country, "year": year}
    try:
        read = _read(notice.encode(), typed)
    except NoticeError as error:
        return await _refused(request, pages, viewer, error, typed)
    now, by = pages.deps.clock(), viewer.person.id
    reason = pages.say(request, "holidays.reason", country=read.country, year=read.year)

    def body(conn: Connection) -> None:
        if take_form(conn, once, person_id=by, now=now):
            holiday_notice.bring_in(conn, read, by=by, reason=reason, now=now)

    await pages.deps.db.write(body)
    return RedirectResponse(f"/desk/service/holidays/{read.country}/{read.year}", 303)


def as_text(year: Year) -> str:
    """A year as the JSON of a notice, for the form that applies it."""
    named = [
        (day, kind, name) for kind, days in (("off", year.off), ("makeup", year.makeup)) for day, name in days.items()
    ]
    rows = [{"date": str(day), "kind": kind, "name": name} for day, kind, name in sorted(named)]
    return json.dumps(rows, ensure_ascii=False)


def _read(content: bytes, typed: dict[str, str]) -> Year:
    if len(content) > NOTICE_LIMIT:
        raise NoticeError(0, "file", f"is larger than {NOTICE_LIMIT // 1024} KB")
    year = typed["year"]
    if not (year.isascii() and year.isdecimal() and len(year) == len("2027")):
        raise NoticeError(0, "year", f"{year!r} is no year")
    return read_notice(content, country=typed["country"], year=int(year))


async def _refused(
    request: Request, pages: Pages, viewer: Viewer, error: NoticeError, typed: dict[str, str]
) -> Response:
    where = pages.say(request, "holidays.line", n=error.line) if error.line else ""
    problem = pages.say(request, "holidays.error", where=where, field=error.field, why=error.why)
    return await _show(request, pages, viewer, problem=problem, typed=typed, status=422)


async def _show(
    request: Request, pages: Pages, viewer: Viewer, *, notice: Notice | None = None, moves: tuple[Move, ...] = (),
    year: Year | None = None, typed: dict[str, str] | None = None, problem: str | None = None, status: int = 200,
) -> Response:  # fmt: skip
    def load(conn: Connection) -> tuple[tuple[Covered, ...], dict[int, str]]:
        rows = almanac.covered(conn)
        return rows, directory.names(conn, [row.by_id for row in rows if row.by_id is not None])

    rows, names = await pages.deps.db.read(load)
    countries = {row.country: [each for each in rows if each.country == row.country] for row in rows}
    shown = await frame(pages, viewer, section="service") | {"countries": countries, "names": names}
    today = pages.deps.clock().date()
    shown |= {"typed": {"country": "china", "year": str(today.year + 1), "pasted": ""} | (typed or {})}
    shown |= {"notice": notice, "moves": moves, "text": as_text(notice.year) if notice else "", "year": year}
    return pages.page(request, "holidays.html", status=status, **shown | {"problem": problem, "shown": SHOWN_MOVES})
