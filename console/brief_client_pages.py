"""Making a client of whom a brief is from."""

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import Connection
from starlette.exceptions import HTTPException

from console.auth import take_form
from console.brief_pages import show_brief
from console.client_pages import SLUG, read_record
from console.forms import typed_fields, typed_id
from console.guard import FORM, AdminDep
from console.pages import PagesDep
from handoff.errors import Duplicate
from success.intake import welcome
from success.intake.errors import IntakeRefused

router = APIRouter(prefix="/desk/briefs")


@router.post("/{brief_id}/client", dependencies=FORM)
async def make_client(request: Request, *, pages: PagesDep, viewer: AdminDep, brief_id: str) -> Response:
    """Make a client of them: their chat goes on as that client's."""
    which = typed_id(brief_id)
    if which is None:
        raise HTTPException(404)
    typed, now, by = await typed_fields(request), pages.deps.clock(), viewer.person.id
    slug, decides = typed.get("slug", "").strip().casefold(), typed.get("decides") == "yes"
    record, problem = read_record(typed)
    if problem is None and not SLUG.fullmatch(slug):
        problem = "clients.error.slug"

    def body(conn: Connection) -> None:
        if take_form(conn, typed.get("once", ""), person_id=by, now=now):
            welcome.welcome(conn, which, slug=slug, record=record, decides=decides, by=by, now=now)

    status = 422
    if problem is None:
        try:
            await pages.deps.db.write(body)
        except Duplicate:
            problem = "clients.error.taken"
        except IntakeRefused as refused:
            problem, status = f"briefs.error.{refused.why}", 409
    if problem is not None:
        said = pages.say(request, problem)
        return await show_brief(request, pages, viewer, which, problem=said, typed=typed, status=status)
    return RedirectResponse(f"/desk/briefs/{which}", 303)
