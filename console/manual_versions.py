"""Pages: the kept versions, back to one of them, and the log of who changed what may be found."""

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from console.auth import Viewer, take_form
from console.forms import typed_id
from console.guard import FORM, AdminDep, ViewerDep
from console.manual_frame import manual_frame, who
from console.pages import Pages, PagesDep
from knowledge import record
from knowledge.errors import KnowledgeError

router = APIRouter(prefix="/desk/manual")
_LINES = 300


@router.get("/_versions")
async def versions_page(request: Request, pages: PagesDep, viewer: ViewerDep) -> Response:
    """Who published what, when, and how it does."""
    return await _show(request, pages, viewer)


@router.post("/_rollback", dependencies=FORM)
async def rollback(
    request: Request, *, pages: PagesDep, viewer: AdminDep, version: Annotated[str, Form()] = "",
    reason: Annotated[str, Form()] = "", once: Annotated[str, Form()] = "",
) -> Response:  # fmt: skip
    """Make an earlier version live, at once."""
    number, now, person_id = typed_id(version) or 0, pages.deps.clock(), viewer.person.id
    if await pages.deps.db.write(lambda conn: take_form(conn, once, person_id=person_id, now=now)):
        try:
            await pages.deps.manual.rollback(number, by=who(viewer), reason=reason.strip()[:300])
        except KnowledgeError:
            said = pages.say(request, "manual.no_version", version=version[:20])
            return await _show(request, pages, viewer, problem=said, status=409)
    return RedirectResponse("/desk/manual/_versions", 303)


async def _show(
    request: Request, pages: Pages, viewer: Viewer, *, problem: str | None = None, status: int = 200
) -> Response:
    shown = await manual_frame(pages, viewer, tab="versions")
    shown |= {"kept": await pages.deps.manual.versions(), "problem": problem}
    return pages.page(request, "manual_versions.html", status=status, **shown)


@router.get("/_log")
async def log_page(request: Request, pages: PagesDep, viewer: ViewerDep) -> Response:
    """Who published, overrode, withdrew, rolled back, edited, and why; latest first."""
    lines = await pages.deps.db.read(lambda conn: record.entries(conn, limit=_LINES))
    return pages.page(request, "manual_log.html", **await manual_frame(pages, viewer, tab="log"), lines=lines)
