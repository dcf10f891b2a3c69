"""Pages: one ticket, and the verbs on it as forms. A verb that does not work says why and loses no typed text."""

import asyncio
from collections.abc import Callable
from typing import Annotated, Final
from urllib.parse import quote

from fastapi import APIRouter, File, Form, Request, Response, UploadFile
from fastapi.responses import FileResponse, RedirectResponse
from sqlalchemy import Connection
from starlette.exceptions import HTTPException

from console.attachments import MAX_BYTES, MAX_FILES, drop, keep, named_by
from console.auth import Viewer, take_form
from console.desk_pages import show_queue
from console.errors import RefusedUpload
from console.forms import typed_id
from console.guard import FORM, ViewerDep
from console.pages import Pages, PagesDep
from console.ticket_view import MAX_TEXT, show_ticket
from handoff import board, messages, retraction
from handoff.desk import Desk
from handoff.errors import AlreadyClaimed, EmptyText, HandoffError, NotAllowed, NotFound, NotMergeable, NotReplied
from handoff.kinds import Audience, Level
from handoff.model import Attachment
from store.errors import DiskFull

router = APIRouter(prefix="/desk/t")
UNREAD: Final = 100
Verb = Callable[[Desk, Connection, int, Viewer], object]


@router.get("/{number}")
async def ticket_page(request: Request, *, pages: PagesDep, viewer: ViewerDep, number: str) -> Response:
    """The ticket; what its viewer was told about it counts as read."""
    person_id, now = viewer.person.id, pages.deps.clock()
    told = await pages.deps.db.read(lambda conn: _unread(conn, number, person_id))
    if told:
        await pages.deps.db.write(lambda conn: board.mark_read(conn, person_id=person_id, notice_ids=told, now=now))
    return await show_ticket(request, pages, viewer, number)


@router.get("/{number}/files/{file_id}")
async def ticket_file(pages: PagesDep, viewer: ViewerDep, number: str, file_id: str) -> Response:  # noqa: ARG001 - the viewer is the guard
    """A picture of the ticket's conversation."""
    found = await pages.deps.db.read(lambda conn: _attachment(conn, number, file_id))
    path = pages.deps.files / found.id if found else None
    if found is None or path is None or not path.is_file():
        raise HTTPException(404)
    inline = found.media_type.startswith("image/") and found.media_type != "image/svg+xml"
    kind = found.media_type if inline else "application/octet-stream"
    shown = "inline" if inline else "attachment"
    headers = {"Content-Security-Policy": "default-src 'none'; sandbox", "Cache-Control": "private, max-age=86400"}
    return FileResponse(path, media_type=kind, filename=found.name, content_disposition_type=shown, headers=headers)


@router.post("/{number}/claim", dependencies=FORM)
async def claim(
    request: Request, *, pages: PagesDep, viewer: ViewerDep, number: str,
    once: Annotated[str, Form()] = "", back: Annotated[str, Form()] = "",
) -> Response:  # fmt: skip
    """Take the ticket; from the queue, stay there."""
    now = pages.deps.clock()

    def verb(desk: Desk, conn: Connection, ticket_id: int, by: Viewer) -> object:
        return desk.claim(conn, ticket_id=ticket_id, by=by.person.id, now=now)

    problem = await _done(request, pages, viewer, number, once=once, verb=verb)
    if back == "queue":
        return await show_queue(request, pages, viewer, problem=problem, status=409) if problem else _to("/desk")
    return await _after(request, pages, viewer, number, problem)


@router.post("/{number}/reply", dependencies=FORM)
async def reply(
    request: Request, *, pages: PagesDep, viewer: ViewerDep, number: str,
    text: Annotated[str, Form()] = "", then: Annotated[str, Form()] = "", once: Annotated[str, Form()] = "",
    file: Annotated[list[UploadFile] | None, File()] = None,
) -> Response:  # fmt: skip
    """Answer the client; ``then`` may be ``wait`` or ``resolve``."""
    now = pages.deps.clock()
    problem = _unsendable(request, pages, text)
    if problem:
        return await _after(request, pages, viewer, number, problem, typed=text)
    try:
        pictures = await _kept(pages, file or [])
    except (RefusedUpload, DiskFull) as refused:
        problem = _unkept(request, pages, refused)
        return await _after(request, pages, viewer, number, problem, typed=text)

    def verb(desk: Desk, conn: Connection, ticket_id: int, by: Viewer) -> object:
        who, wait = by.person.id, then == "wait"
        said = desk.reply(conn, ticket_id=ticket_id, by=who, text=text, attachments=pictures, wait=wait, now=now)
        return desk.resolve(conn, ticket_id=ticket_id, by=who, now=now) if then == "resolve" else said

    problem = await _done(request, pages, viewer, number, once=once, verb=verb, pictures=pictures)
    return await _after(request, pages, viewer, number, problem, typed=text)


@router.post("/{number}/note", dependencies=FORM)
async def note(
    request: Request, *, pages: PagesDep, viewer: ViewerDep, number: str,
    text: Annotated[str, Form()] = "", once: Annotated[str, Form()] = "",
) -> Response:  # fmt: skip
    """Write an internal note."""
    now = pages.deps.clock()

    def verb(desk: Desk, conn: Connection, ticket_id: int, by: Viewer) -> object:
        return desk.note(conn, ticket_id=ticket_id, by=by.person.id, text=text, now=now)

    problem = _unsendable(request, pages, text) or await _done(request, pages, viewer, number, once=once, verb=verb)
    return await _after(request, pages, viewer, number, problem, typed=text, tab="note")


@router.post("/{number}/transfer", dependencies=FORM)
async def transfer(
    request: Request, *, pages: PagesDep, viewer: ViewerDep, number: str,
    to: Annotated[str, Form()] = "", once: Annotated[str, Form()] = "",
) -> Response:  # fmt: skip
    """Give the ticket to a colleague."""
    now = pages.deps.clock()
    heir = typed_id(to)

    def verb(desk: Desk, conn: Connection, ticket_id: int, by: Viewer) -> object:
        if heir is None:
            raise NotFound("colleague", to)
        return desk.transfer(conn, ticket_id=ticket_id, to=heir, by=by.person.id, now=now)

    problem = await _done(request, pages, viewer, number, once=once, verb=verb)
    return await _after(request, pages, viewer, number, problem)


@router.post("/{number}/level", dependencies=FORM)
async def set_level(
    request: Request, *, pages: PagesDep, viewer: ViewerDep, number: str,
    level: Annotated[str, Form()] = "", once: Annotated[str, Form()] = "",
) -> Response:  # fmt: skip
    """Change the level."""
    now = pages.deps.clock()
    if level not in set(Level):
        return await _after(request, pages, viewer, number, pages.say(request, "error.level"))

    def verb(desk: Desk, conn: Connection, ticket_id: int, by: Viewer) -> object:
        return desk.set_level(conn, ticket_id=ticket_id, level=Level(level), by=by.person.id, now=now)

    problem = await _done(request, pages, viewer, number, once=once, verb=verb)
    return await _after(request, pages, viewer, number, problem)


@router.post("/{number}/merge", dependencies=FORM)
async def merge(
    request: Request, *, pages: PagesDep, viewer: ViewerDep, number: str,
    into: Annotated[str, Form()] = "", once: Annotated[str, Form()] = "",
) -> Response:  # fmt: skip
    """Let the ticket go on in another one."""
    now = pages.deps.clock()

    def verb(desk: Desk, conn: Connection, ticket_id: int, by: Viewer) -> object:
        other = board.ticket_by_number(conn, into)
        if other is None:
            raise NotMergeable("unknown")
        return desk.merge(conn, ticket_id=ticket_id, into=other.id, by=by.person.id, now=now)

    problem = await _done(request, pages, viewer, number, once=once, verb=verb)
    return await _after(request, pages, viewer, number, problem)


@router.post("/{number}/retract", dependencies=FORM)
async def retract(
    request: Request, *, pages: PagesDep, viewer: ViewerDep, number: str,
    message: Annotated[str, Form()] = "", once: Annotated[str, Form()] = "",
) -> Response:  # fmt: skip
    """Take a wrong answer of the bot's back; the client's message will say so."""
    now, which = pages.deps.clock(), typed_id(message)

    def verb(desk: Desk, conn: Connection, ticket_id: int, by: Viewer) -> object:
        del desk
        if which is None:
            raise NotFound("answer", message)
        return retraction.retract(conn, ticket_id=ticket_id, message_id=which, by=by.person.id, now=now)

    problem = await _done(request, pages, viewer, number, once=once, verb=verb)
    return await _after(request, pages, viewer, number, problem)


@router.post("/{number}/{name}", dependencies=FORM)
async def simple_verb(
    request: Request, *, pages: PagesDep, viewer: ViewerDep, number: str, name: str,
    once: Annotated[str, Form()] = "",
) -> Response:  # fmt: skip
    """The verbs without further fields: wait, resolve, reopen, return."""
    now = pages.deps.clock()

    def verb(desk: Desk, conn: Connection, ticket_id: int, by: Viewer) -> object:
        verbs = {"wait": desk.wait, "resolve": desk.resolve, "reopen": desk.reopen, "return": desk.return_to_bot}
        return verbs[name](conn, ticket_id=ticket_id, by=by.person.id, now=now)  # type: ignore[operator]

    if name not in {"wait", "resolve", "reopen", "return"}:
        raise HTTPException(404)
    problem = await _done(request, pages, viewer, number, once=once, verb=verb)
    return await _after(request, pages, viewer, number, problem)


async def _done(
    request: Request, pages: Pages, viewer: Viewer, number: str, *,
    once: str, verb: Verb, pictures: tuple[Attachment, ...] = (),
) -> str | None:  # fmt: skip
    """Do a verb in one transaction, once for each form; the sentence that says why it did not work, or None."""
    person_id, now = viewer.person.id, pages.deps.clock()

    def body(conn: Connection) -> bool:
        found = board.ticket_by_number(conn, number)
        if found is None:
            raise NotFound("ticket", number)
        if first := take_form(conn, once, person_id=person_id, now=now):
            verb(pages.deps.desk, conn, found.id, viewer)
        return first

    try:
        with named_by(pages.deps.files, pictures):
            first = await pages.deps.db.write(body)
    except HandoffError as error:
        return _sentence(request, pages, error)
    except DiskFull as error:
        return _unkept(request, pages, error)
    if not first:  # the same form again: its pictures are kept already
        drop(pages.deps.files, pictures)
    return None


def _sentence(request: Request, pages: Pages, error: HandoffError) -> str:  # noqa: PLR0911 - one return for each
    match error:
        case AlreadyClaimed():
            return pages.say(request, "error.claimed", name=error.by.name)
        case NotReplied():
            return pages.say(request, "error.not_replied")
        case NotAllowed():
            return pages.say(request, "error.not_allowed", state=pages.say(request, f"state.{error.state}"))
        case NotMergeable():
            return pages.say(request, f"error.merge.{error.why}")
        case EmptyText():
            return pages.say(request, "error.empty")
        case NotFound(what="colleague" | "person"):
            return pages.say(request, "error.nobody")
        case NotFound(what="ticket"):
            raise HTTPException(404)
    return pages.say(request, "error.handoff")


async def _after(
    request: Request, pages: Pages, viewer: Viewer, number: str, problem: str | None, *,
    typed: str = "", tab: str = "reply",
) -> Response:  # fmt: skip
    """Back to the ticket; with a problem, the ticket as it now stands, what was typed, and why."""
    if problem is None:
        return _to(f"/desk/t/{quote(number)}")
    return await show_ticket(request, pages, viewer, number, problem=problem, typed=typed, tab=tab, status=409)


def _to(path: str) -> Response:
    return RedirectResponse(path, 303)


def _unread(conn: Connection, number: str, person_id: int) -> list[int]:
    found = board.ticket_by_number(conn, number)
    unread = board.notices(conn, person_id=person_id, limit=UNREAD)
    return [notice.id for notice in unread if found and notice.ticket_id == found.id]


def _attachment(conn: Connection, number: str, file_id: str) -> Attachment | None:
    ticket = board.ticket_by_number(conn, number)
    if ticket is None:
        return None
    return messages.attachment(conn, ticket.conversation_id, file_id, audience=Audience.INTERNAL)


async def _kept(pages: Pages, files: list[UploadFile]) -> tuple[Attachment, ...]:
    chosen = [file for file in files if file.filename][:MAX_FILES]
    pictures = [(file.filename or "", await file.read(MAX_BYTES + 1)) for file in chosen]
    return await asyncio.to_thread(keep, pages.deps.files, pictures)


def _unkept(request: Request, pages: Pages, why: RefusedUpload | DiskFull) -> str:
    if isinstance(why, DiskFull):
        return pages.say(request, "error.507.text")
    return pages.say(request, f"error.file_{why.reason}", name=why.name)


def _unsendable(request: Request, pages: Pages, text: str) -> str | None:
    return pages.say(request, "error.too_long", limit=MAX_TEXT) if len(text) > MAX_TEXT else None
