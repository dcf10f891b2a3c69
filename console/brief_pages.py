"""Pages: what people want built, as briefs: the list, one brief with its evidence, and what colleagues do with it."""

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import Connection
from starlette.exceptions import HTTPException

from console import intake_saying
from console.auth import Viewer, take_form
from console.brief_view import shown
from console.client_frame import kept
from console.desk_pages import frame
from console.file_answers import file_answer
from console.forms import typed_fields, typed_id
from console.guard import FORM, ReaderDep
from console.pages import Pages, PagesDep
from console.texts import LANGUAGES
from handoff import accounts, directory, messages
from handoff.kinds import Audience, Role, Tier
from handoff.model import Attachment
from success.intake import forms_kept, notes, prospects, store
from success.intake.errors import IntakeRefused

router = APIRouter(prefix="/desk/briefs")


@router.get("")
async def briefs_page(request: Request, *, pages: PagesDep, viewer: ReaderDep, over: str = "") -> Response:
    """The briefs that are under way or wait for a person; or those that are closed."""
    return await show_list(request, pages, viewer, over=bool(over))


@router.post("", dependencies=FORM)
async def begin_interview(request: Request, *, pages: PagesDep, viewer: ReaderDep) -> Response:
    """Offer the questionnaire in a chat, in the viewer's name."""
    typed, now, by = await typed_fields(request), pages.deps.clock(), viewer.person.id
    which = typed_id(typed.get("chat", ""))
    if which is None:
        raise HTTPException(404)

    def body(conn: Connection) -> int | None:
        directory.chat(conn, which)
        if not take_form(conn, typed.get("once", ""), person_id=by, now=now):
            return None
        language = request.state.language
        form = typed.get("form") or forms_kept.WEBSITE
        return intake_saying.offer(conn, which, by=by, language=language, texts=pages.texts, form=form, now=now).id

    try:
        made = await pages.deps.db.write(body)
    except IntakeRefused as refused:
        return await show_list(request, pages, viewer, problem=pages.say(request, f"briefs.error.{refused.why}"))
    return RedirectResponse(f"/desk/briefs/{made}" if made else "/desk/briefs", 303)


@router.get("/{brief_id}")
async def brief_page(request: Request, *, pages: PagesDep, viewer: ReaderDep, brief_id: str) -> Response:
    """One brief: its answers with who said them, what is missing and doubtful, what came with them."""
    return await show_brief(request, pages, viewer, _id(brief_id))


@router.get("/{brief_id}/files/{file_id}")
async def brief_file(pages: PagesDep, viewer: ReaderDep, brief_id: str, file_id: str) -> Response:  # noqa: ARG001 - the viewer is the guard
    """A picture that came with an answer."""
    which = _id(brief_id)

    def load(conn: Connection) -> Attachment | None:
        found = store.one(conn, which)
        kept = {each for files in store.files(conn, which).values() for each, _ in files} | {*store.early(conn, found)}
        if file_id not in kept:
            return None
        return messages.attachment(conn, found.conversation_id, file_id, audience=Audience.CLIENT)

    return file_answer(pages.deps.files, await pages.deps.db.read(load))


@router.post("/{brief_id}/hold", dependencies=FORM)
async def take_over(request: Request, *, pages: PagesDep, viewer: ReaderDep, brief_id: str) -> Response:
    """Have it: nothing is asked until it is given back."""
    now, by = pages.deps.clock(), viewer.person.id
    return await _do(request, pages, viewer, brief_id, lambda conn, which, _: store.hold(conn, which, by=by, now=now))


@router.post("/{brief_id}/give-back", dependencies=FORM)
async def give_back(request: Request, *, pages: PagesDep, viewer: ReaderDep, brief_id: str) -> Response:
    """Let the program go on, with the question that waits."""
    now, texts = pages.deps.clock(), pages.texts

    def body(conn: Connection, which: int, _: dict[str, str]) -> None:
        intake_saying.give_back(conn, which, texts=texts, now=now)

    return await _do(request, pages, viewer, brief_id, body)


@router.post("/{brief_id}/ask", dependencies=FORM)
async def ask_again(request: Request, *, pages: PagesDep, viewer: ReaderDep, brief_id: str) -> Response:
    """Ask a question again, or one that is missing."""
    now, texts = pages.deps.clock(), pages.texts

    def body(conn: Connection, which: int, typed: dict[str, str]) -> None:
        intake_saying.ask_again(conn, which, typed.get("question", ""), texts=texts, now=now)

    return await _do(request, pages, viewer, brief_id, body)


@router.post("/{brief_id}/assign", dependencies=FORM)
async def assign_brief(request: Request, *, pages: PagesDep, viewer: ReaderDep, brief_id: str) -> Response:
    """Give it to a colleague."""
    now = pages.deps.clock()

    def body(conn: Connection, which: int, typed: dict[str, str]) -> None:
        store.assign(conn, which, to=typed_id(typed.get("to", "")) or 0, now=now)

    return await _do(request, pages, viewer, brief_id, body)


@router.post("/{brief_id}/note", dependencies=FORM)
async def note_brief(request: Request, *, pages: PagesDep, viewer: ReaderDep, brief_id: str) -> Response:
    """Write beside it, for colleagues alone."""
    now, by = pages.deps.clock(), viewer.person.id

    def body(conn: Connection, which: int, typed: dict[str, str]) -> None:
        notes.write_note(conn, which, typed.get("text", ""), by=by, now=now)

    return await _do(request, pages, viewer, brief_id, body)


@router.post("/{brief_id}/close", dependencies=FORM)
async def close_brief(request: Request, *, pages: PagesDep, viewer: ReaderDep, brief_id: str) -> Response:
    """Close it for good."""
    now, by = pages.deps.clock(), viewer.person.id
    return await _do(request, pages, viewer, brief_id, lambda conn, which, _: store.close(conn, which, by=by, now=now))


async def show_list(
    request: Request, pages: Pages, viewer: Viewer, *, over: bool = False, problem: str | None = None
) -> Response:
    """The list, with what an admin sets beside it."""

    def load(conn: Connection) -> dict[str, Any]:
        found = store.listed(conn, done=over)
        made = {each.id: store.brief(conn, each.id) for each in found}
        clients = {client.id: client for client in directory.clients(conn)}
        return {
            "found": found, "made": made, "clients": clients, "allowed": prospects.prospects(conn),
            "names": directory.names(conn, sorted(store.named(found))),
        }  # fmt: skip

    loaded = await frame(pages, viewer, section="care") | await pages.deps.db.read(load)
    loaded |= {"over": over, "problem": problem, "is_admin": viewer.person.role is Role.ADMIN}
    return pages.page(request, "briefs.html", status=409 if problem else 200, **loaded)


async def show_brief(
    request: Request, pages: Pages, viewer: Viewer, which: int, *,
    problem: str | None = None, typed: dict[str, str] | None = None, status: int | None = None,
) -> Response:  # fmt: skip
    """One brief; with a problem, what was typed is kept. Raises 404."""
    language = request.state.language
    loaded = await pages.deps.db.read(lambda conn: shown(conn, which, language=language, texts=pages.texts))
    loaded = await frame(pages, viewer, section="care") | loaded | {"problem": problem, "typed": kept(typed)}
    loaded |= {"tiers": list(Tier), "languages": LANGUAGES, "zone": accounts.DEFAULT_ZONE}
    loaded |= {"is_admin": viewer.person.role is Role.ADMIN}
    return pages.page(request, "brief.html", status=status or (409 if problem else 200), **loaded)


async def _do(
    request: Request, pages: Pages, viewer: Viewer, brief_id: str,
    verb: Callable[[Connection, int, dict[str, str]], object],
) -> Response:  # fmt: skip
    """Do what a form says, once; 404 for what is not there, the page with a sentence for what is refused."""
    which, typed, now = _id(brief_id), await typed_fields(request), pages.deps.clock()

    def body(conn: Connection) -> None:
        store.one(conn, which)
        if take_form(conn, typed.get("once", ""), person_id=viewer.person.id, now=now):
            verb(conn, which, typed)

    try:
        await pages.deps.db.write(body)
    except IntakeRefused as refused:
        problem = pages.say(request, f"briefs.error.{refused.why}")
        return await show_brief(request, pages, viewer, which, problem=problem)
    return RedirectResponse(f"/desk/briefs/{which}", 303)


def _id(text: str) -> int:
    found = typed_id(text)
    if found is None:
        raise HTTPException(404)
    return found
