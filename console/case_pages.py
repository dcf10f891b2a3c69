"""Routes of a ticket's page beside its verbs: who is here, putting aside, taking over, one message's address."""

from typing import Annotated, Final

from fastapi import APIRouter, Form, Request, Response
from sqlalchemy import Connection
from starlette.exceptions import HTTPException

from console.auth import Viewer
from console.case_snooze import until
from console.case_verbs import PressDep, Refusal, after, done, to
from console.forms import typed_id
from console.guard import FORM, ViewerDep
from console.pages import PagesDep
from console.ticket_view import SHOWN_MESSAGES, known_ticket, viewers_zone
from handoff import attendance, board, directory, reading, typing
from handoff.attendance import Doing
from handoff.desk import Desk
from handoff.errors import PastInstant
from handoff.overtaken import INWARD, OUTWARD

router = APIRouter(prefix="/desk/t")
_LONGEST_TAB: Final = 16
_AROUND: Final = 20  # messages above a linked one


@router.get("/{number}/attending")
async def attending(request: Request, *, pages: PagesDep, viewer: ViewerDep, number: str) -> Response:
    """Who else is on the ticket's page, as a piece of it."""
    now, me = pages.deps.clock(), viewer.person.id

    def load(conn: Connection) -> tuple[attendance.Attendant, ...]:
        return attendance.attending(conn, known_ticket(conn, number).id, besides=me, now=now)

    return pages.page(request, "_case_attending.html", attendants=await pages.deps.db.read(load))


@router.post("/{number}/attending", dependencies=FORM)
async def attend(
    pages: PagesDep, viewer: ViewerDep, number: str, *,
    tab: Annotated[str, Form()] = "", doing: Annotated[str, Form()] = "", upto: Annotated[str, Form()] = "",
) -> Response:  # fmt: skip
    """The page is open and looked at; ``doing`` "left": it was closed."""
    now, me, newest = pages.deps.clock(), viewer.person.id, typed_id(upto)
    if not (tab.isascii() and tab.isalnum() and len(tab) <= _LONGEST_TAB) or doing not in {*Doing, "left"}:
        raise HTTPException(400)

    def body(conn: Connection) -> None:
        ticket = known_ticket(conn, number)
        ticket_id = ticket.id
        if doing == "left":
            attendance.leave(conn, ticket_id=ticket_id, person_id=me, tab=tab)
            return
        if doing == Doing.WRITING:
            chat_id = directory.conversation(conn, ticket.conversation_id).chat_id
            typing.tell(conn, chat_id=chat_id, side="staff", name=viewer.person.name)
        attendance.attend(conn, ticket_id=ticket_id, person_id=me, tab=tab, doing=Doing(doing), now=now)
        if newest is not None:
            reading.read_on(conn, ticket_id=ticket_id, person_id=me, upto=newest, now=now)

    await pages.deps.db.write(body)
    return Response(status_code=204)


@router.post("/{number}/snooze", dependencies=FORM)
async def snooze(
    request: Request, *, pages: PagesDep, viewer: ViewerDep, pressed: PressDep,
    choice: Annotated[str, Form()] = "", date: Annotated[str, Form()] = "",
) -> Response:  # fmt: skip
    """Put the ticket aside until a choice, or a date and time in the viewer's zone."""
    now = pages.deps.clock()
    number = pressed.number
    client = await pages.deps.db.read(lambda conn: _client_zone(conn, number))
    at = until(choice, date, now=now, zone=viewers_zone(request, client))
    if at is None:
        refused = Refusal(sentence=pages.say(request, "case.snooze.unreadable"))
        return await after(request, pages, viewer, pressed, refused)

    def verb(desk: Desk, conn: Connection, ticket_id: int, by: Viewer) -> object:
        if at <= now:
            raise PastInstant(at)
        return desk.snooze(conn, ticket_id=ticket_id, by=by.person.id, until=at, now=now)

    refusal = await done(request, pages, viewer, pressed, verb=verb, watch=OUTWARD)
    return await after(request, pages, viewer, pressed, refusal, fields={"choice": choice, "date": date})


@router.post("/{number}/mine", dependencies=FORM)
async def mine(request: Request, *, pages: PagesDep, viewer: ViewerDep, pressed: PressDep) -> Response:
    """Take the ticket over, from whoever has it."""
    now = pages.deps.clock()

    def verb(desk: Desk, conn: Connection, ticket_id: int, by: Viewer) -> object:
        me = by.person.id
        if board.ticket(conn, ticket_id).assignee_id is None:
            return desk.claim(conn, ticket_id=ticket_id, by=me, now=now)
        return desk.transfer(conn, ticket_id=ticket_id, to=me, by=me, now=now)

    refusal = await done(request, pages, viewer, pressed, verb=verb, watch=INWARD)
    return await after(request, pages, viewer, pressed, refusal)


@router.get("/{number}/m/{message_id}")
async def one_message(pages: PagesDep, viewer: ViewerDep, number: str, message_id: str) -> Response:  # noqa: ARG001 - the viewer is the guard
    """Where a message stands on its ticket's page, however old it is."""
    which = typed_id(message_id)

    def find(conn: Connection) -> int | None:
        return None if which is None else reading.depth(conn, which, ticket=known_ticket(conn, number))

    depth = await pages.deps.db.read(find)
    if depth is None:
        raise HTTPException(404)
    shown = f"?shown={depth + _AROUND}" if depth + _AROUND > SHOWN_MESSAGES else ""
    return to(f"/desk/t/{number}{shown}#m{which}")


def _client_zone(conn: Connection, number: str) -> str | None:
    ticket = known_ticket(conn, number)
    return directory.client(conn, ticket.client_id).timezone if ticket.client_id is not None else None
