"""Pages of projects: the list, a board with its stages and tasks, its weekly briefs; all work without scripts."""

from collections.abc import Callable
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import Connection

from console.auth import Viewer, take_form
from console.desk_pages import frame
from console.forms import typed_fields, typed_id
from console.guard import FORM, ReaderDep
from console.pages import Pages, PagesDep
from handoff import accounts, directory
from handoff.errors import NotFound
from success import surveys
from success.projects import boards, briefs, change_store
from success.projects.board_rules import now_in, read_halves, slips, written
from success.projects.boards import TaskDraft
from success.projects.errors import ProjectRefused
from success.projects.price_rules import Stage
from success.projects.wish import read_date
from success.reports.schedule import working_days

router = APIRouter(prefix="/desk/projects")
Verb = Callable[[Connection, int, dict[str, str]], None]
HISTORY: Final = 30


@router.get("")
async def list_page(
    request: Request, *, pages: PagesDep, viewer: ReaderDep, state: str = "open", client: str = ""
) -> Response:
    """Projects with where each stands; of one client if named."""
    now = pages.deps.clock()

    def load(conn: Connection) -> dict[str, Any]:
        one = directory.client_by_slug(conn, client) if client else None
        chosen = state if state in {boards.OPEN, boards.DONE} else ""
        found = boards.listed(conn, state=chosen, client_id=one.id if one is not None else None)
        clients = directory.clients_of(conn, {each.client_id for each in found})
        rows = []
        for each in found:
            at = now_in(boards.stages(conn, each.id))
            late = at is not None and at.due_on < accounts.today(clients[each.client_id], now)
            rows.append({"project": each, "client": clients[each.client_id], "stage": at, "late": late})
        return {"rows": rows}

    shown = await frame(pages, viewer, section="care") | await pages.deps.db.read(load)
    return pages.page(request, "projects.html", **shown, state=state, states=(boards.OPEN, boards.DONE))


@router.get("/{project_id}")
async def project_page(request: Request, *, pages: PagesDep, viewer: ReaderDep, project_id: int) -> Response:
    """One project's board."""
    return await _show(request, pages, viewer, project_id)


@router.post("/{project_id}/people", dependencies=FORM)
async def people(request: Request, *, pages: PagesDep, viewer: ReaderDep, project_id: int) -> Response:
    """Say who the managers are, and whom of the client's we ask."""

    def verb(conn: Connection, by: int, typed: dict[str, str]) -> None:
        del by
        chosen = {f"{name}_id": typed_id(typed.get(name, "")) for name in ("business", "technical", "person")}
        boards.staff(conn, project_id, **chosen)

    return await _do(request, pages, viewer, project_id, verb)


@router.post("/{project_id}/tasks", dependencies=FORM)
async def add_task(request: Request, *, pages: PagesDep, viewer: ReaderDep, project_id: int) -> Response:
    """Add a task."""

    def verb(conn: Connection, by: int, typed: dict[str, str]) -> None:
        boards.put_task(conn, project_id, _task(typed), by=by, now=pages.deps.clock())

    return await _do(request, pages, viewer, project_id, verb)


@router.post("/{project_id}/tasks/{task_id}", dependencies=FORM)
async def change_task(
    request: Request, *, pages: PagesDep, viewer: ReaderDep, project_id: int, task_id: int
) -> Response:
    """Change a task, finish it, open it again, or take it off the board."""
    now = pages.deps.clock()

    def verb(conn: Connection, by: int, typed: dict[str, str]) -> None:
        match typed.get("verb", ""):
            case "done" | "again" as said:
                boards.finish_task(conn, project_id, task_id, done=said == "done", by=by, now=now)
            case "remove":
                boards.remove_task(conn, project_id, task_id, by=by, now=now)
            case _:
                boards.put_task(conn, project_id, _task(typed), task_id=task_id, by=by, now=now)

    return await _do(request, pages, viewer, project_id, verb)


@router.post("/{project_id}/stages/{stage}", dependencies=FORM)
async def change_stage(
    request: Request, *, pages: PagesDep, viewer: ReaderDep, project_id: int, stage: str
) -> Response:
    """Close a stage, or give it another date."""
    now = pages.deps.clock()

    def verb(conn: Connection, by: int, typed: dict[str, str]) -> None:
        if typed.get("verb") == "close":
            boards.close_stage(conn, project_id, stage, by=by, now=now)
            return
        due_on = read_date(typed.get("due_on", ""), "milestones")
        if due_on is None:
            raise ProjectRefused("milestones")
        boards.move_stage(conn, project_id, stage, due_on=due_on, by=by, now=now)

    return await _do(request, pages, viewer, project_id, verb)


@router.post("/{project_id}/briefs/{brief_id}", dependencies=FORM)
async def decide_brief(
    request: Request, *, pages: PagesDep, viewer: ReaderDep, project_id: int, brief_id: int
) -> Response:
    """Write a week's brief over, let it go, or take it back."""
    now = pages.deps.clock()

    def verb(conn: Connection, by: int, typed: dict[str, str]) -> None:
        if briefs.brief(conn, brief_id).project_id != project_id:
            raise NotFound("brief", brief_id)
        edits = typed_id(typed.get("edits", ""))
        seen = -1 if edits is None else edits
        match typed.get("verb", ""):
            case "approve":
                written_over = typed.get("text", "").replace("\r\n", "\n").strip()
                if written_over and written_over != briefs.brief(conn, brief_id).text:
                    seen = briefs.edit(conn, brief_id, written_over, edits=seen).edits
                briefs.approve(conn, brief_id, edits=seen, by=by, now=now)
            case "withdraw":
                briefs.withdraw(conn, brief_id, by=by, now=now)
            case _:
                briefs.edit(conn, brief_id, typed.get("text", ""), edits=seen)

    return await _do(request, pages, viewer, project_id, verb)


async def _show(
    request: Request, pages: Pages, viewer: Viewer, project_id: int, *,
    problem: str | None = None, typed: dict[str, str] | None = None,
) -> Response:  # fmt: skip
    now = pages.deps.clock()

    def load(conn: Connection) -> dict[str, Any]:
        project = boards.project(conn, project_id)
        client = directory.client(conn, project.client_id)
        stages, tasks = boards.stages(conn, project_id), boards.tasks_of(conn, project_id)
        today = accounts.today(client, now)
        moved = boards.moved(conn, project_id, limit=HISTORY)
        staff = directory.staff(conn, active_only=True)
        who = {each.owner_id for each in tasks} | {each.by_id for each in moved} | set(project.managers)
        rated = {each.survey_id: surveys.survey(conn, each.survey_id) for each in stages if each.survey_id is not None}
        return {
            "project": project, "client": client, "stages": stages, "tasks": tasks, "today": today, "moved": moved,
            "slips": slips(stages, tasks, today=today, is_working=working_days(conn)), "staff": staff,
            "names": directory.names(conn, sorted(each for each in who if each is not None)),
            "contacts": [person for person, _ in accounts.contacts(conn, client.id)], "rated": rated,
            "briefs": briefs.of_project(conn, project_id), "at": now_in(stages),
            "changes": change_store.listed(conn, project_id=project_id),
        }  # fmt: skip

    shown = await frame(pages, viewer, section="care") | await pages.deps.db.read(load)
    shown |= {"problem": problem, "typed": typed or {}, "written": written, "stage_names": list(Stage)}
    return pages.page(request, "project.html", status=409 if problem else 200, **shown)


async def _do(request: Request, pages: Pages, viewer: Viewer, project_id: int, verb: Verb) -> Response:
    typed, now, by = await typed_fields(request), pages.deps.clock(), viewer.person.id

    def body(conn: Connection) -> None:
        boards.project(conn, project_id)
        if take_form(conn, typed.get("once", ""), person_id=by, now=now):
            verb(conn, by, typed)

    try:
        await pages.deps.db.write(body)
    except ProjectRefused as refused:
        problem = pages.say(request, f"projects.error.{refused.reason}")
        return await _show(request, pages, viewer, project_id, problem=problem, typed=typed)
    return RedirectResponse(f"/desk/projects/{project_id}", 303)


def _task(typed: dict[str, str]) -> TaskDraft:
    halves = read_halves(typed.get("days", "") or "0")
    if halves is None:
        raise ProjectRefused("days")
    return TaskDraft(
        title=typed.get("title", ""), stage=typed.get("stage", ""), owner_id=typed_id(typed.get("owner", "")),
        due_on=read_date(typed.get("due_on", ""), "due_on"), halves=halves,
    )  # fmt: skip
