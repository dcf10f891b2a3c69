"""Pages: one ticket, and the verbs on it as forms. A verb that does not work says why and loses no typed text."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Annotated, Any, Final
from urllib.parse import quote, unquote
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from fastapi import APIRouter, File, Form, Request, Response, UploadFile
from fastapi.responses import FileResponse, RedirectResponse
from markupsafe import Markup
from sqlalchemy import Connection
from starlette.exceptions import HTTPException

from console.attachments import MAX_BYTES, MAX_FILES, keep
from console.auth import Viewer, take_form
from console.desk_pages import frame, show_queue
from console.errors import RefusedUpload
from console.guard import FORM, ViewerDep
from console.pages import Pages, PagesDep
from console.rendering import message_html
from console.views import Wording, people_in, reason_words, timeline
from console.why import accounts
from handoff import board, directory, messages
from handoff.desk import Desk
from handoff.errors import AlreadyClaimed, EmptyText, HandoffError, NotAllowed, NotFound, NotReplied
from handoff.model import Attachment, Audience, Client, ClockView, Level, Message, Person, Ticket, TicketEvent, Turn
from knowledge.errors import KnowledgeError
from knowledge.model import Audience as PageAudience
from knowledge.model import Passage, Scope

router = APIRouter(prefix="/desk/t")
MAX_TEXT: Final = 20_000
SHOWN_MESSAGES: Final = 400
SHOWN_TURNS: Final = 20
ZONE_COOKIE: Final = "zone"
UNREAD: Final = 100
ID_DIGITS: Final = 19
SOP_PASSAGES: Final = 3
Verb = Callable[[Desk, Connection, int, Viewer], object]


@dataclass(frozen=True, kw_only=True)
class _Dossier:
    ticket: Ticket
    client: Client | None
    requester: Person
    assignee: Person | None
    events: tuple[TicketEvent, ...]
    clocks: tuple[ClockView, ...]
    transcript: tuple[Message, ...]
    turn: Turn | None
    names: dict[int, str]
    colleagues: tuple[Person, ...]


@router.get("/{number}")
async def ticket_page(request: Request, *, pages: PagesDep, viewer: ViewerDep, number: str) -> Response:
    """The ticket; what its viewer was told about it counts as read."""
    person_id, now = viewer.person.id, pages.deps.clock()
    told = await pages.deps.db.read(lambda conn: _unread(conn, number, person_id))
    if told:
        await pages.deps.db.write(lambda conn: board.mark_read(conn, person_id=person_id, notice_ids=told, now=now))
    return await _show(request, pages, viewer, number)


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
    except RefusedUpload as refused:
        problem = pages.say(request, f"error.file_{refused.reason}", name=refused.name)
        return await _after(request, pages, viewer, number, problem, typed=text)

    def verb(desk: Desk, conn: Connection, ticket_id: int, by: Viewer) -> object:
        who, wait = by.person.id, then == "wait"
        said = desk.reply(conn, ticket_id=ticket_id, by=who, text=text, attachments=pictures, wait=wait, now=now)
        return desk.resolve(conn, ticket_id=ticket_id, by=who, now=now) if then == "resolve" else said

    problem = await _done(request, pages, viewer, number, once=once, verb=verb)
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
    heir = int(to) if to.isascii() and to.isdecimal() and len(to) < ID_DIGITS else None

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


async def _done(request: Request, pages: Pages, viewer: Viewer, number: str, *, once: str, verb: Verb) -> str | None:
    """Do a verb in one transaction, once for each form; the sentence that says why it did not work, or None."""
    person_id, now = viewer.person.id, pages.deps.clock()

    def body(conn: Connection) -> None:
        found = board.ticket_by_number(conn, number)
        if found is None:
            raise NotFound("ticket", number)
        if take_form(conn, once, person_id=person_id, now=now):
            verb(pages.deps.desk, conn, found.id, viewer)

    try:
        await pages.deps.db.write(body)
    except HandoffError as error:
        return _sentence(request, pages, error)
    return None


def _sentence(request: Request, pages: Pages, error: HandoffError) -> str:
    match error:
        case AlreadyClaimed():
            return pages.say(request, "error.claimed", name=error.by.name)
        case NotReplied():
            return pages.say(request, "error.not_replied")
        case NotAllowed():
            return pages.say(request, "error.not_allowed", state=pages.say(request, f"state.{error.state}"))
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
    return await _show(request, pages, viewer, number, problem=problem, typed=typed, tab=tab, status=409)


def _to(path: str) -> Response:
    return RedirectResponse(path, 303)


async def _show(
    request: Request, pages: Pages, viewer: Viewer, number: str, *,
    problem: str | None = None, typed: str = "", tab: str = "reply", status: int = 200,
) -> Response:  # fmt: skip
    now = pages.deps.clock()
    dossier = await pages.deps.db.read(lambda conn: _dossier(conn, number, now=now))
    if dossier is None:
        raise HTTPException(404)
    language = request.state.language
    wording = Wording(texts=pages.texts, language=language, names=dossier.names)
    shown: dict[str, Any] = vars(dossier) | await frame(pages, viewer, section="ticket")
    lines = timeline(dossier.transcript, dossier.events, wording, zone=_zone(request))
    shown |= {"lines": lines, "levels": list(Level)}
    ledger = await pages.deps.db.read(lambda conn: pages.deps.desk.ledger(conn, dossier.ticket.id, now=now))
    shown |= {"why": accounts(ledger, pages.texts, language)}
    shown |= {"reason": reason_words(dossier.ticket.reason, pages.texts, language), "max_text": MAX_TEXT}
    shown |= {"sop": await _sop(pages, dossier), "typed": typed, "tab": tab, "problem": problem}
    return pages.page(request, "ticket.html", status=status, **shown)


def _zone(request: Request) -> tzinfo:
    """The reader's zone, as the page's script told it; UTC before it did, or if it told nonsense."""
    try:
        return ZoneInfo(unquote(request.cookies.get(ZONE_COOKIE, "UTC"))[:64])
    except (ValueError, OSError, ZoneInfoNotFoundError):
        return UTC


def _dossier(conn: Connection, number: str, *, now: datetime) -> _Dossier | None:
    ticket = board.ticket_by_number(conn, number)
    if ticket is None:
        return None
    events = board.events(conn, ticket.id)
    turns = messages.recent_turns(conn, ticket.conversation_id, SHOWN_TURNS)
    mine = (turn for turn in turns if turn.ticket_id == ticket.id)
    return _Dossier(
        ticket=ticket,
        client=directory.client(conn, ticket.client_id) if ticket.client_id else None,
        requester=directory.person(conn, ticket.requester_id),
        assignee=directory.person(conn, ticket.assignee_id) if ticket.assignee_id else None,
        events=events,
        clocks=board.clocks(conn, ticket.id, now),
        transcript=messages.transcript(conn, ticket.conversation_id, audience=Audience.INTERNAL, limit=SHOWN_MESSAGES),
        turn=next(mine, turns[0] if turns else None),
        names=directory.names(conn, sorted(people_in(events))),
        colleagues=directory.staff(conn, active_only=True),
    )


async def _sop(pages: Pages, dossier: _Dossier) -> list[dict[str, Any]]:
    """For an emergency, what our internal pages say; nothing where there is no index."""
    ticket = dossier.ticket
    if ticket.level is not Level.EMERGENCY or pages.deps.manual.version is None:
        return []
    client = dossier.client
    scope = Scope(audiences=frozenset({PageAudience.INTERNAL}), client=client.slug if client else None)
    asked = dossier.turn.question if dossier.turn and dossier.turn.question else ticket.title
    try:
        found = await pages.deps.manual.search(asked, scope=scope, limit=SOP_PASSAGES)
    except KnowledgeError:
        return []
    return [_passage(passage) for passage in found.passages]


def _passage(passage: Passage) -> dict[str, Any]:
    href = f"/desk/manual/{quote(passage.page)}" + (f"#{quote(passage.anchor)}" if passage.anchor else "")
    html = Markup(message_html(passage.text))  # noqa: S704 - safe by construction
    return {"chunk": passage.chunk, "title": passage.title, "heading": passage.heading, "html": html, "href": href}


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
    kept = []
    for file in [file for file in files if file.filename][:MAX_FILES]:
        content = await file.read(MAX_BYTES + 1)
        kept.append(keep(pages.deps.files, name=file.filename or "", content=content))
    return tuple(kept)


def _unsendable(request: Request, pages: Pages, text: str) -> str | None:
    return pages.say(request, "error.too_long", limit=MAX_TEXT) if len(text) > MAX_TEXT else None
