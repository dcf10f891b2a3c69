"""Pages: what clients say when asked: recommendations by quarter with who would be asked next, stages of projects."""

from typing import Any, Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import Connection

from console.auth import take_form
from console.desk_pages import frame
from console.forms import typed_fields
from console.guard import FORM, AdminDep, ReaderDep
from console.pages import PagesDep
from console.survey_pages import survey_link
from handoff import directory
from handoff.figures import home_zone
from success import nps, surveys
from success.quarters import Quarter
from success.survey_rules import MOST_OF_CLIENT, SurveyKind

router = APIRouter(prefix="/desk/care")
_QUARTERS: Final = 8


@router.get("/nps")
async def nps_page(request: Request, *, pages: PagesDep, viewer: ReaderDep, quarter: str = "") -> Response:
    """A quarter's score with every answer, the quarters before it, and who would be asked next."""
    now = pages.deps.clock()

    def load(conn: Connection) -> dict[str, Any]:
        zone = home_zone(conn)
        this = Quarter.at(now, zone)
        wanted = Quarter.read(quarter) or this
        past = [this]
        for _ in range(_QUARTERS - 1):
            past.append(past[-1].before)
        scores = [(each, nps.of_period(conn, since=each.since(zone), until=each.until(zone))) for each in past]
        found = surveys.listed(conn, SurveyKind.NPS, quarter=str(wanted))
        upcoming, chosen = nps.preview(conn, now=now)
        ids = {each.person_id for each in found} | {each.contact.person_id for each in chosen}
        shown = {"scores": scores, "found": found, "upcoming": upcoming, "chosen": chosen, "off": nps.is_off(conn)}
        shown |= {"names": directory.names(conn, sorted(ids)), "most": MOST_OF_CLIENT, "wanted": wanted}
        clients = {each.client_id for each in found} | {each.contact.client_id for each in chosen}
        of_wanted = nps.of_period(conn, since=wanted.since(zone), until=wanted.until(zone))
        return shown | {"clients": directory.clients_of(conn, clients), "score": of_wanted}

    shown = await frame(pages, viewer, section="care") | await pages.deps.db.read(load)
    return pages.page(request, "nps.html", **shown)


@router.post("/nps/switch", dependencies=FORM)
async def switch_nps(request: Request, *, pages: PagesDep, viewer: AdminDep) -> Response:
    """Stop asking for recommendations, or begin again."""
    typed, now, by = await typed_fields(request), pages.deps.clock(), viewer.person.id

    def body(conn: Connection) -> None:
        if take_form(conn, typed.get("once", ""), person_id=by, now=now):
            nps.switch(conn, off=typed.get("state") == "off", by=by, now=now)

    await pages.deps.db.write(body)
    return RedirectResponse("/desk/care/nps", 303)


@router.get("/stages")
async def stages_page(request: Request, *, pages: PagesDep, viewer: ReaderDep) -> Response:
    """Every rating of a project's stage, asked for or given, the newest first."""

    def load(conn: Connection) -> dict[str, Any]:
        found = surveys.listed(conn, SurveyKind.STAGE)
        clients = directory.clients_of(conn, (each.client_id for each in found))
        names = directory.names(conn, sorted({each.person_id for each in found}))
        return {"found": found, "clients": clients, "names": names}

    shown = await frame(pages, viewer, section="care") | await pages.deps.db.read(load)
    base = (pages.deps.public_url or f"{request.url.scheme}://{request.headers.get('host', '')}").rstrip("/")
    links = {each.id: base + survey_link(each, secret=pages.deps.secret) for each in shown["found"]}
    return pages.page(request, "stages.html", **shown, links=links)
