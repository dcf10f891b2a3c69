"""Pages: what a client thinks of us, on the tab of its page: ratings, visits, and what is to do for it."""

from datetime import date
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import Connection

from console import progress_words, rating_pages, task_pages
from console.auth import Viewer
from console.client_frame import Change, changed, show_tab
from console.forms import typed_fields, typed_id
from console.guard import FORM, ReaderDep
from console.pages import Pages, PagesDep
from console.site_pages import reader
from console.survey_pages import survey_link
from handoff import accounts, directory
from handoff.figures import home_zone
from handoff.model import Client
from success import complaints, nps, surveys, tasks, visits
from success.errors import FeedbackRefused
from success.survey_rules import Stage, SurveyKind
from success.surveys import PROJECT_LENGTH
from success.visits import MET_LENGTH, SUMMARY_LENGTH, Report, Way

router = APIRouter(prefix="/desk/clients/{slug}")
_TAB: Final = "feedback"
_TASKS: Final = 30
_VISITS: Final = 12
_ANSWERS: Final = 30


@router.get("/feedback")
async def feedback_page(request: Request, *, pages: PagesDep, viewer: ReaderDep, slug: str) -> Response:
    """What the client thinks of us, and what is to do for it."""
    return await show(request, pages, viewer, slug)


@router.post("/visits", dependencies=FORM)
async def write_up_visit(request: Request, *, pages: PagesDep, viewer: ReaderDep, slug: str) -> Response:
    """Write up a visit; the points agreed on become tasks."""
    now = pages.deps.clock()

    def change(conn: Connection, client: Client, typed: dict[str, str], by: int) -> None:
        visits.write_up(conn, client.id, _report(typed), by=by, now=now)

    return await change_here(request, pages, viewer, slug, change, kind="visits")


@router.post("/stages", dependencies=FORM)
async def ask_for_stage(request: Request, *, pages: PagesDep, viewer: ReaderDep, slug: str) -> Response:
    """Have one of the client's people asked how a project's stage went."""
    now = pages.deps.clock()

    def change(conn: Connection, client: Client, typed: dict[str, str], by: int) -> None:
        who, project = typed_id(typed.get("person", "")), typed.get("project", "")
        if who is None:
            raise FeedbackRefused("person")
        stage = typed.get("stage", "")
        surveys.ask_stage(conn, client_id=client.id, person_id=who, project=project, stage=stage, by=by, now=now)

    return await change_here(request, pages, viewer, slug, change, kind="stages")


async def change_here(
    request: Request, pages: Pages, viewer: Viewer, slug: str, change: Change, *, kind: str
) -> Response:
    """Change something and go back to its place on the tab; what cannot be kept is said there."""
    typed = await typed_fields(request)
    try:
        await changed(pages, viewer, slug, typed, change)
    except FeedbackRefused as refused:
        problem = pages.say(request, f"{kind}.error.{refused.reason}")
        return await show(request, pages, viewer, slug, problem=problem, typed=typed | {"form": kind})
    return RedirectResponse(f"/desk/clients/{slug}/{_TAB}#{kind}", 303)


async def show(
    request: Request, pages: Pages, viewer: Viewer, slug: str, *,
    problem: str | None = None, typed: dict[str, str] | None = None,
) -> Response:  # fmt: skip
    """The tab; with a problem, what was typed is kept."""
    now, who = pages.deps.clock(), reader(request, pages)

    def load(conn: Connection, client: Client) -> dict[str, Any]:
        found = tasks.of_client(conn, client.id, limit=_TASKS)
        ranked = sorted(found, key=lambda each: (each.state != "open", each.due_at if each.state == "open" else now))
        shown = {"rows": task_pages.rows_of(conn, request, pages, viewer, ranked), **task_pages.people(conn)}
        shown |= {"visits": visits.of_client(conn, client.id, limit=_VISITS), "ways": list(Way)}
        shown |= {"desk_today": now.astimezone(home_zone(conn)).date(), "met_length": MET_LENGTH}
        shown |= {"summary_length": SUMMARY_LENGTH, **rating_pages.of_client(conn, client)}
        shown |= _opinions(conn, request, pages, client)
        return shown | {"reader": who, "words": progress_words}

    return await show_tab(request, pages, viewer, slug, tab=_TAB, load=load, problem=problem, typed=typed)


def _opinions(conn: Connection, request: Request, pages: Pages, client: Client) -> dict[str, Any]:
    """What its people said when asked, and its complaints."""
    stages = surveys.listed(conn, SurveyKind.STAGE, client_id=client.id, limit=_ANSWERS)
    recommended = surveys.listed(conn, SurveyKind.NPS, client_id=client.id, limit=_ANSWERS)
    people = [person for person, _ in accounts.contacts(conn, client.id)]
    names = directory.names(conn, sorted({each.person_id for each in (*stages, *recommended)}))
    base = (pages.deps.public_url or f"{request.url.scheme}://{request.headers.get('host', '')}").rstrip("/")
    links = {each.id: base + survey_link(each, secret=pages.deps.secret) for each in (*stages, *recommended)}
    shown: dict[str, Any] = {"stages": stages, "recommended": recommended, "people": people, "said_by": names}
    shown |= {"links": links, "stage_names": list(Stage), "project_length": PROJECT_LENGTH}
    shown |= {"score": nps.of_period(conn, client_id=client.id), "complaint_length": complaints.LONGEST}
    return shown | {"complaints": complaints.listed(conn, client_id=client.id, limit=_ANSWERS)}


def _report(typed: dict[str, str]) -> Report:
    try:
        held_on = date.fromisoformat(typed.get("held_on", "").strip())
    except ValueError as error:
        raise FeedbackRefused("held_on") from error
    if typed.get("way") not in set(Way):
        raise FeedbackRefused("way")
    return Report(
        held_on=held_on, way=Way(typed["way"]), met=typed.get("met", ""), summary=typed.get("summary", ""),
        agreed=tuple(typed.get("agreed", "").splitlines()),
    )  # fmt: skip
