"""Pages: what our people are to do for clients: mine, all that is open, what is closed."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, get_args

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import Connection

from console.auth import Viewer, take_form
from console.desk_pages import frame
from console.errors import Forbidden
from console.forms import typed_fields, typed_id
from console.guard import FORM, READERS, ViewerDep
from console.pages import Pages, PagesDep
from console.task_words import sentence
from handoff import directory
from handoff.model import Client
from success import task_lists, tasks
from success.task_lists import Which
from success.tasks import NOTE_LENGTH, Task, TaskState

router = APIRouter(prefix="/desk/tasks")
_ENDS: Final = {"done": TaskState.DONE, "drop": TaskState.DROPPED}


@dataclass(frozen=True, kw_only=True)
class Row:
    """A task as it is shown."""

    task: Task
    words: str
    client: Client | None
    late: bool
    touchable: bool


@router.get("")
async def tasks_page(
    request: Request, pages: PagesDep, viewer: ViewerDep, *, view: str = "mine", client: str = ""
) -> Response:
    """A list of tasks, the overdue first; agents see their own."""
    return await _show(request, pages, viewer, view=view, client=client)


@router.post("/{task_id}/close", dependencies=FORM)
async def close_task(request: Request, *, pages: PagesDep, viewer: ViewerDep, task_id: int) -> Response:
    """Say that a task is done, or that there was nothing to do any more."""
    typed, now, by = await typed_fields(request), pages.deps.clock(), viewer.person.id
    state = _ENDS.get(typed.get("state", ""))
    if state is None:
        return await _back_with(request, pages, viewer, typed, "tasks.error.state")

    def body(conn: Connection) -> None:
        _touchable(conn, task_id, viewer)
        if take_form(conn, typed.get("once", ""), person_id=by, now=now):
            tasks.close(conn, task_id, state, by=by, note=typed.get("note", ""), now=now)

    await pages.deps.db.write(body)
    return _back(typed)


@router.post("/{task_id}/hand-over", dependencies=FORM)
async def hand_over_task(request: Request, *, pages: PagesDep, viewer: ViewerDep, task_id: int) -> Response:
    """Give a task to a colleague."""
    typed, now = await typed_fields(request), pages.deps.clock()
    to = typed_id(typed.get("to", ""))

    def body(conn: Connection) -> bool:
        _touchable(conn, task_id, viewer)
        if to not in {person.id for person in directory.staff(conn, active_only=True)}:
            return False
        if take_form(conn, typed.get("once", ""), person_id=viewer.person.id, now=now):
            tasks.hand_over(conn, task_id, to=to)
        return True

    if not await pages.deps.db.write(body):
        return await _back_with(request, pages, viewer, typed, "tasks.error.to")
    return _back(typed)


def rows_of(conn: Connection, request: Request, pages: Pages, viewer: Viewer, found: Sequence[Task]) -> list[Row]:
    """Tasks as the viewer sees them."""
    now, language = pages.deps.clock(), request.state.language
    clients = directory.clients_of(conn, (each.client_id for each in found))
    return [
        Row(
            task=each,
            words=sentence(pages.texts, language, each),
            client=clients.get(each.client_id or 0),
            late=each.state is TaskState.OPEN and each.due_at < now,
            touchable=task_lists.may_touch(each, person_id=viewer.person.id, own=own_only(viewer)),
        )
        for each in found
    ]


def own_only(viewer: Viewer) -> bool:
    """Whether somebody sees their own tasks alone."""
    return viewer.person.role not in READERS


def people(conn: Connection) -> dict[str, Any]:
    """Whom tasks are given to, and what people are called."""
    staff = directory.staff(conn)
    return {
        "task_staff": [person for person in staff if person.active],
        "task_names": {person.id: person.name for person in staff},
        "task_note": NOTE_LENGTH,
    }


async def _show(
    request: Request, pages: Pages, viewer: Viewer, *, view: str, client: str, problem: str | None = None
) -> Response:
    which = _which(view)

    def load(conn: Connection) -> dict[str, Any]:
        mine = directory.client_by_slug(conn, client) if client else None
        own, who = own_only(viewer), viewer.person.id
        found = task_lists.listed(conn, which, person_id=who, own=own, client_id=mine.id if mine else None)
        shown: dict[str, Any] = {"rows": rows_of(conn, request, pages, viewer, found), **people(conn)}
        clients = () if own else directory.clients(conn)
        sizes = task_lists.counts(conn, person_id=who, own=own)
        return shown | {"clients": clients, "client_chosen": mine.slug if mine else "", "sizes": sizes}

    shown = await frame(pages, viewer, section="tasks") | await pages.deps.db.read(load)
    shown |= {"which": which, "lists": task_lists.WHICH, "problem": problem, "most": task_lists.MOST}
    shown |= {"counted": task_lists.COUNTED}
    return pages.page(request, "tasks.html", status=422 if problem else 200, **shown)


def _which(view: str) -> Which:
    return next((each for each in get_args(Which) if each == view), "mine")


def _touchable(conn: Connection, task_id: int, viewer: Viewer) -> Task:
    found = tasks.task(conn, task_id)
    if not task_lists.may_touch(found, person_id=viewer.person.id, own=own_only(viewer)):
        raise Forbidden("role")
    return found


def _back(typed: dict[str, str]) -> Response:
    """To the list that the form came from, or to the client's page."""
    view, client = typed.get("view", ""), typed.get("client", "")
    if typed.get("then") == "client" and client.replace("-", "").isalnum() and client.isascii():
        return RedirectResponse(f"/desk/clients/{client}/feedback#tasks", 303)
    chosen = f"&client={client}" if client.replace("-", "").isalnum() and client.isascii() else ""
    return RedirectResponse(f"/desk/tasks?view={_which(view)}{chosen}", 303)


async def _back_with(request: Request, pages: Pages, viewer: Viewer, typed: dict[str, str], problem: str) -> Response:
    view, client, said = typed.get("view", ""), typed.get("client", ""), pages.say(request, problem)
    return await _show(request, pages, viewer, view=view, client=client, problem=said)
