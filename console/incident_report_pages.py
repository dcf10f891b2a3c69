"""Pages: what is written when an incident is over; every version is kept, a lead finishes it."""

from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from markupsafe import Markup
from sqlalchemy import Connection
from starlette.exceptions import HTTPException

from console.auth import Viewer, take_form
from console.desk_pages import frame
from console.forms import typed_fields, typed_id
from console.guard import FORM, LeadDep, ViewerDep
from console.incident_view import problem_words
from console.incident_words import as_lines, timeline
from console.pages import Pages, PagesDep
from console.rendering import page_html
from console.ticket_view import viewers_zone
from success import incident_reports as reports
from success.incident_errors import IncidentRefused
from success.incident_log import incident
from success.incident_members import names
from success.postmortem import LONGEST, draft

router = APIRouter(prefix="/desk/incidents/{n}/report")


@router.get("")
async def report_page(request: Request, *, pages: PagesDep, viewer: ViewerDep, n: str) -> Response:
    """The post-mortem as it stands: drafted from the events until somebody keeps one."""
    return await _show(request, pages, viewer, _id(n))


@router.post("", dependencies=FORM)
async def keep_report(request: Request, *, pages: PagesDep, viewer: ViewerDep, n: str) -> Response:
    """Keep a version."""
    return await _keep(request, pages, viewer, _id(n), finished=False)


@router.post("/finish", dependencies=FORM)
async def finish_report(request: Request, *, pages: PagesDep, viewer: LeadDep, n: str) -> Response:
    """Keep the last version: nothing is changed after it."""
    return await _keep(request, pages, viewer, _id(n), finished=True)


async def _keep(request: Request, pages: Pages, viewer: Viewer, which: int, *, finished: bool) -> Response:
    typed, now, by = await typed_fields(request), pages.deps.clock(), viewer.person.id
    text, seen = typed.get("text", ""), typed_id(typed.get("seen", "")) or 0

    def body(conn: Connection) -> None:
        if take_form(conn, typed.get("once", ""), person_id=by, now=now):
            reports.keep(conn, which, text, seen=seen, finished=finished, by=by, now=now)

    try:
        await pages.deps.db.write(body)
    except IncidentRefused as error:
        problem = problem_words(request, pages, error)
        return await _show(request, pages, viewer, which, problem=problem, typed=text)
    return RedirectResponse(f"/desk/incidents/{which}/report", 303)


async def _show(
    request: Request, pages: Pages, viewer: Viewer, which: int, *, problem: str | None = None, typed: str | None = None
) -> Response:
    language = request.state.language

    def load(conn: Connection) -> dict[str, Any]:
        known = incident(conn, which)
        kept = reports.versions(conn, which)
        written = as_lines(timeline(conn, known, pages.texts, language))
        facts: dict[str, Any] = {"incident": known, "versions": kept, "matter": reports.matter(conn, known, written)}
        return facts | {"names": names(conn, [each.by_id for each in kept])}

    loaded = await pages.deps.db.read(load)
    last = next(iter(loaded["versions"]), None)
    drafted = draft(loaded["matter"], say=pages.texts.say, language=language, zone=viewers_zone(request, None))
    text = typed if typed is not None else last.text if last else drafted
    shown = await frame(pages, viewer, section="care") | loaded
    shown |= {"text": text, "last": last, "drafted": drafted, "problem": problem, "longest": LONGEST}
    shown["html"] = Markup(page_html(text, anchors={}))  # noqa: S704 - safe by construction
    return pages.page(request, "incident_report.html", status=409 if problem else 200, **shown)


def _id(text: str) -> int:
    found = typed_id(text)
    if found is None:
        raise HTTPException(404)
    return found
