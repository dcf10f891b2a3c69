"""Pages for admins: who may sign in."""

import re
from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import Connection
from starlette.exceptions import HTTPException

from console.auth import Viewer, end_sessions, issue_one_time_password, password_pending, take_form
from console.desk_pages import frame
from console.guard import FORM, AdminDep
from console.pages import Pages, PagesDep
from handoff import audit, directory, roster
from handoff.errors import Duplicate
from handoff.kinds import PersonKind, Role
from handoff.model import Person

router = APIRouter(prefix="/desk/people")
NAME_LENGTH: Final = 60
_LOGIN: Final = re.compile(r"[a-z0-9][a-z0-9._-]{1,31}")


@dataclass(frozen=True, kw_only=True)
class _Row:
    person: Person
    pending: bool


@dataclass(frozen=True, kw_only=True)
class _Draft:
    name: str = ""
    login: str = ""
    role: str = Role.AGENT


@router.get("")
async def people_page(request: Request, *, pages: PagesDep, viewer: AdminDep) -> Response:
    """Everybody of ours."""
    return await _show(request, pages, viewer)


@router.post("", dependencies=FORM)
async def add_person(
    request: Request, *, pages: PagesDep, viewer: AdminDep,
    name: Annotated[str, Form()] = "", login: Annotated[str, Form()] = "", role: Annotated[str, Form()] = "",
    once: Annotated[str, Form()] = "",
) -> Response:  # fmt: skip
    """Add a colleague and show the one-time password, this once."""
    draft = _Draft(name=" ".join(name.split()), login=login.strip().lower(), role=role)
    problem = _wrong(draft)
    if problem:
        return await _refused(request, pages, viewer, problem, draft)
    now, by = pages.deps.clock(), viewer.person.id

    def body(conn: Connection) -> tuple[Person, str] | None:
        if not take_form(conn, once, person_id=by, now=now):
            return None
        made = directory.add_staff(conn, login=draft.login, name=draft.name, role=Role(draft.role), now=now)
        return made, issue_one_time_password(conn, made.id, now=now)

    try:
        made = await pages.deps.db.write(body)
    except Duplicate:
        return await _refused(request, pages, viewer, "people.error.taken", draft)
    return await _show(request, pages, viewer, issued=made)


@router.post("/{person_id}/password", dependencies=FORM)
async def reset_password(
    request: Request, *, pages: PagesDep, viewer: AdminDep, person_id: int, once: Annotated[str, Form()] = ""
) -> Response:
    """A fresh one-time password; the colleague is signed out everywhere."""
    now, by = pages.deps.clock(), viewer.person.id

    def body(conn: Connection) -> tuple[Person, str] | None:
        who = _colleague(conn, person_id)
        if not who.active or not take_form(conn, once, person_id=by, now=now):
            return None
        audit.tell(conn, name=who.name)
        return who, issue_one_time_password(conn, who.id, now=now)

    issued = await pages.deps.db.write(body)
    if issued and person_id == by:
        viewer = Viewer(person=viewer.person, session=viewer.session, seen_at=now, must_change=True)
    return await _show(request, pages, viewer, issued=issued)


@router.post("/{person_id}/role", dependencies=FORM)
async def set_role(
    request: Request, *, pages: PagesDep, viewer: AdminDep, person_id: int, role: Annotated[str, Form()] = "",
    once: Annotated[str, Form()] = "",
) -> Response:  # fmt: skip
    """Give a colleague another role, which holds from their next page on; nobody changes their own."""
    now, by = pages.deps.clock(), viewer.person.id
    if person_id == by:
        return await _refused(request, pages, viewer, "people.error.self_role", _Draft())
    if role not in set(Role):
        return await _refused(request, pages, viewer, "people.error.role", _Draft())

    def body(conn: Connection) -> None:
        who = _colleague(conn, person_id)
        if not take_form(conn, once, person_id=by, now=now):
            return
        audit.tell(conn, was=str(who.role), role=role, name=who.name)
        directory.set_role(conn, who.id, Role(role))
        roster.changed(conn, now=now)

    await pages.deps.db.write(body)
    return RedirectResponse("/desk/people", 303)


@router.post("/{person_id}/active", dependencies=FORM)
async def set_active(
    request: Request, *, pages: PagesDep, viewer: AdminDep, person_id: int, active: Annotated[str, Form()] = ""
) -> Response:
    """Let a colleague in, or keep them out; keeping out ends their sessions at once."""
    now = pages.deps.clock()
    if person_id == viewer.person.id:
        return await _refused(request, pages, viewer, "people.error.self", _Draft())

    def body(conn: Connection) -> None:
        who = _colleague(conn, person_id)
        audit.tell(conn, active=bool(active), name=who.name)
        directory.set_active(conn, who.id, bool(active))
        roster.changed(conn, now=now)
        if not active:
            end_sessions(conn, who.id)

    await pages.deps.db.write(body)
    return RedirectResponse("/desk/people", 303)


async def _show(
    request: Request, pages: Pages, viewer: Viewer, *, issued: tuple[Person, str] | None = None,
    problem: str | None = None, draft: _Draft | None = None, status: int = 200,
) -> Response:  # fmt: skip
    rows = await pages.deps.db.read(
        lambda conn: [_Row(person=who, pending=password_pending(conn, who.id)) for who in directory.staff(conn)]
    )
    shown = await frame(pages, viewer, section="people")
    person, word = issued or (None, None)
    shown |= {"people": rows, "roles": list(Role), "draft": draft or _Draft(), "problem": problem}
    return pages.page(request, "people.html", status=status, **shown, once_person=person, once_password=word)


async def _refused(request: Request, pages: Pages, viewer: Viewer, problem: str, draft: _Draft) -> Response:
    return await _show(request, pages, viewer, problem=pages.say(request, problem), draft=draft, status=422)


def _wrong(draft: _Draft) -> str | None:
    if not draft.name or len(draft.name) > NAME_LENGTH:
        return "people.error.name"
    if not _LOGIN.fullmatch(draft.login):
        return "people.error.login"
    return None if draft.role in set(Role) else "people.error.role"


def _colleague(conn: Connection, person_id: int) -> Person:
    who = directory.person(conn, person_id)
    if who.kind is not PersonKind.STAFF:
        raise HTTPException(404)
    return who
