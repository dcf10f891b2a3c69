"""Pages for admins: whom the desk lets ask for a project, and the form that they are asked by."""

from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import Connection

from console.auth import Viewer, take_form
from console.desk_pages import frame
from console.forms import LongTexts, typed_fields, typed_id
from console.guard import FORM, AdminDep
from console.pages import Pages, PagesDep
from handoff import directory
from success.intake import forms_kept, prospects
from success.intake.errors import FormBroken, Problem
from success.intake.form_reading import LONGEST

router = APIRouter(prefix="/desk/brief-settings", route_class=LongTexts)


@router.post("", dependencies=FORM)
async def allow_prospects(request: Request, *, pages: PagesDep, viewer: AdminDep) -> Response:
    """Say who may ask for a project."""
    typed, now, by = await typed_fields(request), pages.deps.clock(), viewer.person.id
    door = typed_id(typed.get("door", ""))

    def body(conn: Connection) -> None:
        if take_form(conn, typed.get("once", ""), person_id=by, now=now):
            prospects.allow(conn, allowed=typed.get("allowed") == "yes", door_id=door, by=by, now=now)

    await pages.deps.db.write(body)
    return RedirectResponse("/desk/briefs#settings", 303)


@router.get("/form")
async def form_page(
    request: Request, *, pages: PagesDep, viewer: AdminDep, version: str = "", form: str = forms_kept.WEBSITE
) -> Response:
    """A form as it is written: the one of that key in force, or another version."""

    def load(conn: Connection) -> str:
        kept = forms_kept.listed(conn)
        chosen = next((each.source for each in kept if each.version == version), None)
        return chosen or forms_kept.source_in_force(conn, form)

    return await _edit(request, pages, viewer, await pages.deps.db.read(load))


@router.post("/form", dependencies=FORM)
async def publish_form(request: Request, *, pages: PagesDep, viewer: AdminDep) -> Response:
    """Put a form in force, for those who begin from now on."""
    typed, now, by = await typed_fields(request), pages.deps.clock(), viewer.person.id
    source = typed.get("source", "").replace("\r\n", "\n")

    def body(conn: Connection) -> str:
        if take_form(conn, typed.get("once", ""), person_id=by, now=now):
            return forms_kept.publish(conn, source, by=by, now=now).key
        return forms_kept.WEBSITE

    try:
        key = await pages.deps.db.write(body)
    except FormBroken as broken:
        return await _edit(request, pages, viewer, source, problems=broken.problems)
    return RedirectResponse(f"/desk/brief-settings/form?form={key}", 303)


async def _edit(
    request: Request, pages: Pages, viewer: Viewer, source: str, *, problems: tuple[Problem, ...] = ()
) -> Response:
    language = request.state.language

    def load(conn: Connection) -> dict[str, Any]:
        kept = forms_kept.listed(conn)
        people = sorted({each.by_id for each in kept if each.by_id is not None})
        return {
            "kept": kept, "names": directory.names(conn, people),
            "in_force": {each.version: each for each in forms_kept.offered(conn)},
            "titles": {each.version: forms_kept.parsed(each.source).name[language] for each in kept},
        }  # fmt: skip

    shown = await frame(pages, viewer, section="care") | await pages.deps.db.read(load)
    shown |= {"source": source, "problems": problems, "longest": LONGEST}
    return pages.page(request, "brief_form.html", status=422 if problems else 200, **shown)
