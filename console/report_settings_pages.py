"""Pages: what we are called on reports, which we make of ourselves, and which each client gets."""

from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import Connection

from console.auth import take_form
from console.desk_pages import frame
from console.forms import typed_fields, typed_id
from console.guard import FORM, LeadDep, ReaderDep
from console.pages import PagesDep
from console.texts import LANGUAGES
from handoff import directory
from success.reports import office
from success.reports.model import CLIENTS, OURS, Choice, Office

router = APIRouter(prefix="/desk/report-settings")


@router.get("")
async def settings_page(request: Request, *, pages: PagesDep, viewer: ReaderDep, saved: str = "") -> Response:
    """Our side, and every client's choice."""

    def load(conn: Connection) -> dict[str, Any]:
        clients = directory.clients(conn)
        chosen = office.choices(conn, clients)
        return {"office": office.of(conn), "rows": [(each, chosen[each.id]) for each in clients]}

    shown = await frame(pages, viewer, section="care") | await pages.deps.db.read(load)
    shown |= {"kinds": CLIENTS, "ours": OURS, "languages": LANGUAGES, "saved": saved == "1"}
    shown |= {"most_minutes": office.MOST_MINUTES, "most_hourly": office.MOST_HOURLY, "longest": office.LONGEST_NAME}
    return pages.page(request, "report_settings.html", **shown)


@router.post("", dependencies=FORM)
async def put_office(request: Request, *, pages: PagesDep, viewer: LeadDep) -> Response:
    """Change our side."""
    typed, now, by = await typed_fields(request), pages.deps.clock(), viewer.person.id

    def body(conn: Connection) -> None:
        if not take_form(conn, typed.get("once", ""), person_id=by, now=now):
            return
        had = office.of(conn)
        minutes, hourly = typed_id(typed.get("minutes", "")), typed_id(typed.get("hourly", ""))
        wanted = Office(
            agency=typed.get("agency", ""), review="review" in typed, week="week" in typed,
            minutes=had.minutes if minutes is None else minutes, hourly=had.hourly if hourly is None else hourly,
            currency=typed.get("currency", had.currency),
        )  # fmt: skip
        office.put(conn, wanted, by=by, now=now)

    await pages.deps.db.write(body)
    return RedirectResponse("/desk/report-settings?saved=1", 303)


@router.post("/clients", dependencies=FORM)
async def choose(request: Request, *, pages: PagesDep, viewer: ReaderDep) -> Response:
    """Choose which reports each client gets; rows that did not change stay as they were."""
    typed, now, by = await typed_fields(request), pages.deps.clock(), viewer.person.id

    def body(conn: Connection) -> None:
        if not take_form(conn, typed.get("once", ""), person_id=by, now=now):
            return
        clients = directory.clients(conn)
        chosen = office.choices(conn, clients)
        for client in clients:
            if typed.get(f"shown-{client.id}") != "1":  # a client that came after the form was opened
                continue
            language = typed.get(f"language-{client.id}", "")
            ticked = {str(kind): f"{kind}-{client.id}" in typed for kind in CLIENTS}
            wanted = Choice(**ticked, language=language if language in LANGUAGES else None)
            if wanted != chosen[client.id]:
                office.choose(conn, client.id, wanted, by=by, now=now)

    await pages.deps.db.write(body)
    return RedirectResponse("/desk/report-settings?saved=1", 303)
