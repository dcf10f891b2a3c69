"""Pages: one ticket, and the verbs on it as forms. A verb that does not work says why and loses no typed text."""

import asyncio
from functools import partial
from typing import Annotated, Final

from fastapi import APIRouter, File, Form, Request, Response, UploadFile
from sqlalchemy import Connection
from starlette.exceptions import HTTPException

from console.attachments import MAX_BYTES, MAX_FILES, keep
from console.auth import Viewer
from console.case_replies import Reply, ReplyDep, send
from console.case_verbs import PressDep, Refusal, Verb, after, done, to, unkept
from console.desk_pages import show_queue_again
from console.errors import RefusedUpload
from console.file_answers import file_answer
from console.forms import typed_id
from console.guard import FORM, ViewerDep
from console.pages import Pages, PagesDep
from console.ticket_view import MAX_TEXT, Written, show_ticket
from handoff import board, messages, reading, retraction
from handoff.desk import Desk
from handoff.errors import NotFound, NotMergeable
from handoff.kinds import Level
from handoff.model import Attachment
from handoff.overtaken import INWARD, OUTWARD, Change, state_of
from store.errors import DiskFull
from success.projects import changes

router = APIRouter(prefix="/desk/t")
UNREAD: Final = 100
_LIVE: Final = "x-live"
_WATCHED: Final[dict[str, frozenset[Change]]] = {"wait": OUTWARD, "resolve": OUTWARD, "return": OUTWARD}


@router.get("/{number}")
async def ticket_page(request: Request, *, pages: PagesDep, viewer: ViewerDep, number: str) -> Response:
    """The ticket; what its viewer was told about it counts as read, and a fresh visit moves the mark of the unread."""
    person_id, now, fresh = viewer.person.id, pages.deps.clock(), _LIVE not in request.headers
    told = await pages.deps.db.read(lambda conn: _unread(conn, number, person_id))

    def looked(conn: Connection) -> None:
        if told:
            board.mark_read(conn, person_id=person_id, notice_ids=told, now=now)
        if fresh and (found := board.ticket_by_number(conn, number)) is not None:
            newest = state_of(conn, found).message
            reading.visit(conn, ticket_id=found.id, person_id=person_id, upto=newest, now=now)

    if told or fresh:
        await pages.deps.db.write(looked)
    return await show_ticket(request, pages, viewer, number)


@router.get("/{number}/files/{file_id}")
async def ticket_file(pages: PagesDep, viewer: ViewerDep, number: str, file_id: str) -> Response:  # noqa: ARG001 - the viewer is the guard
    """A picture of the ticket's conversation."""
    found = await pages.deps.db.read(lambda conn: _attachment(conn, number, file_id))
    return file_answer(pages.deps.files, found)


@router.post("/{number}/claim", dependencies=FORM)
async def claim(
    request: Request, *, pages: PagesDep, viewer: ViewerDep, pressed: PressDep, back: Annotated[str, Form()] = ""
) -> Response:
    """Take the ticket; from the queue, stay there."""
    now = pages.deps.clock()

    def verb(desk: Desk, conn: Connection, ticket_id: int, by: Viewer) -> object:
        return desk.claim(conn, ticket_id=ticket_id, by=by.person.id, now=now)

    refusal = await done(request, pages, viewer, pressed, verb=verb)
    if back.partition("?")[0] == "queue":
        if refusal:
            return await show_queue_again(request, pages, viewer, back, problem=refusal.sentence)
        return to("/desk" + back.removeprefix("queue"))
    return await after(request, pages, viewer, pressed, refusal)


@router.post("/{number}/reply", dependencies=FORM)
async def reply(
    request: Request, *, pages: PagesDep, viewer: ViewerDep, pressed: PressDep, said: ReplyDep,
    file: Annotated[list[UploadFile] | None, File()] = None,
) -> Response:  # fmt: skip
    """Answer the client, unless somebody did meanwhile; ``then`` may be ``wait`` or ``resolve``."""
    chosen = [each for each in file or [] if each.filename]
    written = Written(text=said.text, macro=said.macro, suggestion=said.suggestion, pictures=bool(chosen))
    refusal = _unsendable(request, pages, said.text)
    if refusal is None:
        try:
            pictures = await _kept(pages, chosen)
        except (RefusedUpload, DiskFull) as refused:
            refusal = Refusal(sentence=unkept(request, pages, refused))
        else:
            verb = _sending(pages, said, pictures)
            refusal = await done(request, pages, viewer, pressed, verb=verb, watch=OUTWARD, pictures=pictures)
    return await after(request, pages, viewer, pressed, refusal, written=written, fields={"then": said.then})


def _sending(pages: Pages, said: Reply, pictures: tuple[Attachment, ...]) -> Verb:
    now = pages.deps.clock()

    def verb(desk: Desk, conn: Connection, ticket_id: int, by: Viewer) -> object:
        return send(conn, said, desk=desk, deps=pages.deps, ticket_id=ticket_id, by=by, pictures=pictures, now=now)

    return verb


@router.post("/{number}/note", dependencies=FORM)
async def note(
    request: Request, *, pages: PagesDep, viewer: ViewerDep, pressed: PressDep, text: Annotated[str, Form()] = ""
) -> Response:
    """Write an internal note."""
    now = pages.deps.clock()

    def verb(desk: Desk, conn: Connection, ticket_id: int, by: Viewer) -> object:
        return desk.note(conn, ticket_id=ticket_id, by=by.person.id, text=text, now=now)

    refusal = _unsendable(request, pages, text) or await done(request, pages, viewer, pressed, verb=verb)
    return await after(request, pages, viewer, pressed, refusal, written=Written(text=text, tab="note"))


@router.post("/{number}/transfer", dependencies=FORM)
async def transfer(
    request: Request, *, pages: PagesDep, viewer: ViewerDep, pressed: PressDep, to: Annotated[str, Form()] = ""
) -> Response:
    """Give the ticket to a colleague."""
    now, heir = pages.deps.clock(), typed_id(to)

    def verb(desk: Desk, conn: Connection, ticket_id: int, by: Viewer) -> object:
        if heir is None:
            raise NotFound("colleague", to)
        return desk.transfer(conn, ticket_id=ticket_id, to=heir, by=by.person.id, now=now)

    refusal = await done(request, pages, viewer, pressed, verb=verb, watch=INWARD)
    return await after(request, pages, viewer, pressed, refusal, fields={"to": to})


@router.post("/{number}/level", dependencies=FORM)
async def set_level(
    request: Request, *, pages: PagesDep, viewer: ViewerDep, pressed: PressDep, level: Annotated[str, Form()] = ""
) -> Response:
    """Change the level."""
    now = pages.deps.clock()
    if level not in set(Level):
        refused = Refusal(sentence=pages.say(request, "error.level"))
        return await after(request, pages, viewer, pressed, refused)

    def verb(desk: Desk, conn: Connection, ticket_id: int, by: Viewer) -> object:
        return desk.set_level(conn, ticket_id=ticket_id, level=Level(level), by=by.person.id, now=now)

    refusal = await done(request, pages, viewer, pressed, verb=verb, watch=INWARD)
    return await after(request, pages, viewer, pressed, refusal, fields={"level": level})


@router.post("/{number}/merge", dependencies=FORM)
async def merge(
    request: Request, *, pages: PagesDep, viewer: ViewerDep, pressed: PressDep, into: Annotated[str, Form()] = ""
) -> Response:
    """Let the ticket go on in another one."""
    now = pages.deps.clock()

    def verb(desk: Desk, conn: Connection, ticket_id: int, by: Viewer) -> object:
        other = board.ticket_by_number(conn, into)
        if other is None:
            raise NotMergeable("unknown")
        return desk.merge(conn, ticket_id=ticket_id, into=other.id, by=by.person.id, now=now)

    refusal = await done(request, pages, viewer, pressed, verb=verb, watch=INWARD)
    return await after(request, pages, viewer, pressed, refusal, fields={"into": into})


@router.post("/{number}/retract", dependencies=FORM)
async def retract(
    request: Request, *, pages: PagesDep, viewer: ViewerDep, pressed: PressDep, message: Annotated[str, Form()] = ""
) -> Response:
    """Take a wrong answer of the bot's back; the client's message will say so."""
    now, which = pages.deps.clock(), typed_id(message)

    def verb(desk: Desk, conn: Connection, ticket_id: int, by: Viewer) -> object:
        del desk
        if which is None:
            raise NotFound("answer", message)
        return retraction.retract(conn, ticket_id=ticket_id, message_id=which, by=by.person.id, now=now)

    return await after(request, pages, viewer, pressed, await done(request, pages, viewer, pressed, verb=verb))


@router.post("/{number}/{name}", dependencies=FORM)
async def simple_verb(
    request: Request, *, pages: PagesDep, viewer: ViewerDep, pressed: PressDep, name: str
) -> Response:
    """The verbs without further fields."""
    if name not in _SIMPLE:
        raise HTTPException(404)
    watch = _WATCHED.get(name, frozenset())
    refusal = await done(request, pages, viewer, pressed, verb=_simple(name, pages), watch=watch)
    return await after(request, pages, viewer, pressed, refusal)


_SIMPLE: Final = frozenset({"wait", "resolve", "reopen", "return", "raise", "confirm", "start"})


def _simple(name: str, pages: Pages) -> Verb:
    now = pages.deps.clock()

    def verb(desk: Desk, conn: Connection, ticket_id: int, by: Viewer) -> object:
        verbs = {
            "wait": desk.wait, "resolve": desk.resolve, "reopen": desk.reopen, "return": desk.return_to_bot,
            "raise": desk.reprioritise, "confirm": partial(changes.confirm_by_desk, desk=desk),
            "start": partial(changes.start_by_desk, desk=desk),
        }  # fmt: skip
        return verbs[name](conn, ticket_id=ticket_id, by=by.person.id, now=now)  # type: ignore[operator]

    return verb


def _unread(conn: Connection, number: str, person_id: int) -> list[int]:
    found = board.ticket_by_number(conn, number)
    unread = board.notices(conn, person_id=person_id, limit=UNREAD)
    return [notice.id for notice in unread if found and notice.ticket_id == found.id]


def _attachment(conn: Connection, number: str, file_id: str) -> Attachment | None:
    ticket = board.ticket_by_number(conn, number)
    if ticket is None:
        return None
    return messages.ticket_attachment(conn, ticket, file_id)


async def _kept(pages: Pages, files: list[UploadFile]) -> tuple[Attachment, ...]:
    pictures = [(file.filename or "", await file.read(MAX_BYTES + 1)) for file in files[:MAX_FILES]]
    return await asyncio.to_thread(keep, pages.deps.files, pictures)


def _unsendable(request: Request, pages: Pages, text: str) -> Refusal | None:
    if len(text) <= MAX_TEXT:
        return None
    return Refusal(sentence=pages.say(request, "error.too_long", limit=MAX_TEXT))
