"""The page of prices: those in force as they are written, and for admins writing and publishing others."""

from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import Connection

from console.auth import Viewer, take_form
from console.desk_pages import frame
from console.forms import typed_fields
from console.guard import FORM, AdminDep, ReaderDep
from console.pages import Pages, PagesDep
from console.proposal_sheet import money
from handoff import directory
from handoff.kinds import Role
from success.incident_errors import Problem
from success.projects import price_book
from success.projects.errors import PricesBroken
from success.projects.price_rules import PAYABLE
from success.rule_reading import LONGEST

router = APIRouter(prefix="/desk/prices")


@router.get("")
async def prices_page(request: Request, *, pages: PagesDep, viewer: ReaderDep) -> Response:
    """The prices in force."""
    return await _show(request, pages, viewer)


@router.post("", dependencies=FORM)
async def publish(request: Request, *, pages: PagesDep, viewer: AdminDep) -> Response:
    """Put prices in force; what cannot be meant is said by line, and nothing changes."""
    typed, now, by = await typed_fields(request), pages.deps.clock(), viewer.person.id
    source = typed.get("source", "").replace("\r\n", "\n")

    def body(conn: Connection) -> None:
        if take_form(conn, typed.get("once", ""), person_id=by, now=now):
            price_book.publish(conn, source, by=by, now=now)

    try:
        await pages.deps.db.write(body)
    except PricesBroken as broken:
        return await _show(request, pages, viewer, source=source, problems=broken.problems)
    return RedirectResponse("/desk/prices", 303)


async def _show(
    request: Request, pages: Pages, viewer: Viewer, *, source: str | None = None, problems: tuple[Problem, ...] = ()
) -> Response:
    def load(conn: Connection) -> dict[str, Any]:
        version, prices = price_book.in_force(conn)
        kept = price_book.versions(conn)
        names = directory.names(conn, sorted({each.by_id for each in kept if each.by_id is not None}))
        return {"version": version, "prices": prices, "versions": kept, "names": names}

    shown = await frame(pages, viewer, section="care") | await pages.deps.db.read(load)
    shown |= {"source": shown["version"].source if source is None else source, "problems": problems}
    shown |= {"money": money, "payable": PAYABLE, "longest": LONGEST, "may_write": viewer.person.role is Role.ADMIN}
    return pages.page(request, "prices.html", status=422 if problems else 200, **shown)
