"""Pages: the register of complaints, and what becomes of each."""

from datetime import date
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import Connection
from starlette.exceptions import HTTPException

from console.auth import Viewer, take_form
from console.client_frame import kept
from console.desk_pages import frame
from console.feedback_pages import change_here
from console.forms import typed_fields, typed_id
from console.guard import FORM, ReaderDep
from console.pages import Pages, PagesDep
from handoff import directory
from handoff.figures import home_zone
from handoff.model import Client
from success import complaints, ratings, surveys
from success.complaints import ComplaintState, Source, Work
from success.errors import FeedbackRefused

router = APIRouter()
_MOST: Final = 200


@router.get("/desk/care/complaints")
async def complaints_page(request: Request, *, pages: PagesDep, viewer: ReaderDep) -> Response:
    """The register: what is open first."""
    return await _show(request, pages, viewer)


@router.post("/desk/care/complaints/{complaint_id}", dependencies=FORM)
async def work_on_complaint(request: Request, *, pages: PagesDep, viewer: ReaderDep, complaint_id: int) -> Response:
    """Say what the cause is, what is done, by whom, until when, and how far it is."""
    typed, now, by = await typed_fields(request), pages.deps.clock(), viewer.person.id

    def body(conn: Connection) -> bool:
        if not take_form(conn, typed.get("once", ""), person_id=by, now=now):
            return True
        return complaints.work_on(conn, complaint_id, _work(typed), by=by, now=now) is not None

    try:
        there = await pages.deps.db.write(body)
    except FeedbackRefused as refused:
        problem = pages.say(request, f"complaints.error.{refused.reason}")
        return await _show(request, pages, viewer, problem=problem, typed=typed | {"id": str(complaint_id)})
    if not there:
        raise HTTPException(404)
    return RedirectResponse(f"/desk/care/complaints#complaint-{complaint_id}", 303)


@router.post("/desk/clients/{slug}/complaints", dependencies=FORM)
async def register_complaint(request: Request, *, pages: PagesDep, viewer: ReaderDep, slug: str) -> Response:
    """Write a complaint down: by hand, or of a ticket, a low rating, a survey; of each of those once."""
    now = pages.deps.clock()

    def change(conn: Connection, client: Client, typed: dict[str, str], by: int) -> None:
        source, ticket_id, origin = _origin(conn, client, typed)
        complaints.register(
            conn, client_id=client.id, matter=typed.get("matter", ""), source=source, ticket_id=ticket_id,
            origin=origin, by=by, now=now,
        )  # fmt: skip

    return await change_here(request, pages, viewer, slug, change, kind="complaints")


def _origin(conn: Connection, client: Client, typed: dict[str, str]) -> tuple[Source, int | None, str]:
    """Where a complaint comes from, its ticket, and what makes it one."""
    ticket, survey_id = typed.get("ticket", "").strip(), typed_id(typed.get("survey", ""))
    if survey_id is not None:
        found = surveys.survey(conn, survey_id)
        if found is None or found.client_id != client.id:
            raise FeedbackRefused("survey")
        return Source(found.kind), None, f"survey:{found.id}"
    if not ticket:
        return Source.HAND, None, f"hand:{client.id}:{typed.get('once', '')}"
    ticket_id = complaints.of_ticket(conn, ticket, client_id=client.id)
    rated = typed.get("source") == Source.RATING and ratings.of_ticket(conn, ticket_id) is not None
    return Source.RATING if rated else Source.TICKET, ticket_id, f"ticket:{ticket_id}"


def _work(typed: dict[str, str]) -> Work:
    try:
        due_on = date.fromisoformat(typed.get("due_on", "").strip())
    except ValueError as error:
        raise FeedbackRefused("due_on") from error
    if typed.get("state") not in set(ComplaintState):
        raise FeedbackRefused("state")
    return Work(
        cause=typed.get("cause", ""), measure=typed.get("measure", ""), owner_id=typed_id(typed.get("owner", "")),
        state=ComplaintState(typed["state"]), due_on=due_on,
    )  # fmt: skip


async def _show(
    request: Request, pages: Pages, viewer: Viewer, *, problem: str | None = None, typed: dict[str, str] | None = None
) -> Response:
    def load(conn: Connection) -> dict[str, Any]:
        found = complaints.listed(conn, limit=_MOST)
        clients = directory.clients_of(conn, (each.client_id for each in found))
        staff, today = directory.staff(conn), pages.deps.clock().astimezone(home_zone(conn)).date()
        shown: dict[str, Any] = {"found": found, "clients": clients, "names": {each.id: each.name for each in staff}}
        return shown | {"staff": [each for each in staff if each.active], "today": today}

    shown = await frame(pages, viewer, section="care") | await pages.deps.db.read(load)
    shown |= {"problem": problem, "typed": kept(typed), "states": list(ComplaintState), "longest": complaints.LONGEST}
    return pages.page(request, "complaints.html", status=422 if problem else 200, **shown)
