"""The shell: what the chat's page calls. Decides nothing that another room could."""

from datetime import timedelta
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Query, Request, Response
from fastapi.responses import FileResponse, JSONResponse
from sqlalchemy import Connection
from sse_starlette import EventSourceResponse

from bot import following, intake, pressing
from bot.arrived import Author
from bot.channels.web import reading
from bot.channels.web.bodies import read_body
from bot.channels.web.events import changes
from bot.channels.web.translations import LARGEST_ID, PLATFORM, Press, Rate, inbound
from bot.channels.web.visitor import Visit, Visiting, Visitor, Web, WebChat, again, same_origin, visit_of, visiting
from bot.model import Inbound
from bot.triage import Reading
from console import attachments
from console.file_answers import file_answer
from handoff import board, chat_history, directory, typing
from handoff.errors import NotFound
from handoff.model import Attachment, Message
from store import rates
from store.clock import Clock
from store.signals import signal
from success import ratings
from success.errors import RatingRefused
from success.privacy import consent

routes = APIRouter()

API = "/chat/api/{key}"
OURS = [Depends(same_origin)]
_BURST = {"per": timedelta(seconds=20), "limit": 20}
_NEWCOMERS = {"per": timedelta(minutes=10), "limit": 120}
_ADDRESS = {"per": timedelta(minutes=10), "limit": 1200}
_HINTS = {"per": timedelta(seconds=30), "limit": 15}


@routes.post(f"{API}/messages", status_code=202, dependencies=OURS)
async def post(request: Request, web: Web, visit: Visiting) -> Response:
    """Take a message in; answered once it is stored."""
    if wait := await _too_fast(request, web, visit):
        return _refused(429, web.texts.say("web.slower", request.state.language), wait=wait)
    sent, files = await read_body(request, web)
    if not sent.text.strip() and not files:
        return _refused(422, web.texts.say("web.empty", request.state.language))
    language = request.state.language
    return await _accept(web, visit, key=sent.id, text=sent.text, files=files, language=language)


@routes.get(f"{API}/messages")
async def read(
    web: Web,
    visit: Visiting,
    after: Annotated[int, Query(ge=0, le=LARGEST_ID)] = 0,
    before: Annotated[int | None, Query(ge=1, le=LARGEST_ID)] = None,
) -> JSONResponse:
    """What the visitor may see after a message, or before one, whether we are at it, and the open ticket."""
    return JSONResponse(await web.db.read(partial(reading.state, web=web, visit=visit, after=after, before=before)))


@routes.get(f"{API}/stream")
async def stream(web: Web, visit: Visiting) -> EventSourceResponse:
    """An event for each change of the visitor's chat."""
    return EventSourceResponse(changes(web, visit), ping=15)


@routes.post(f"{API}/press", status_code=204, dependencies=OURS)
async def press(request: Request, web: Web, visit: Visiting, pressed: Press) -> Response:
    """Press a button under a message of ours."""
    said = await web.db.read(partial(reading.pressable, visit=visit, message_id=pressed.message))
    button = next((each for each in said.buttons if each.id == pressed.button), None) if said else None
    if said is None or button is None or visit.chat is None:
        raise HTTPException(404)
    author = Author(id=visit.visitor, name=visit.name)
    became = await web.db.write(
        partial(pressing.take, said=said, button=button, chat=visit.chat, author=author, room=web.room, now=web.clock())
    )
    if became == "unauthorised":
        return _refused(403, web.texts.say("chat.press.unauthorised", request.state.language))
    return Response(status_code=204)


@routes.post(f"{API}/rating", status_code=204, dependencies=OURS)
async def rate(request: Request, web: Web, visit: Visiting, rated: Rate) -> Response:
    """Say how a resolved matter of one's own went."""

    def body(conn: Connection) -> None:
        ticket = board.ticket_by_number(conn, rated.ticket)
        if ticket is None or visit.person is None or ticket.conversation_id not in visit.talk_ids:
            raise HTTPException(404)
        said = {"value": rated.value, "comment": rated.comment, "channel": visit.chat.platform if visit.chat else ""}
        ratings.answer(conn, ticket_id=ticket.id, person_id=visit.person.id, **said, now=web.clock())  # type: ignore[arg-type]

    try:
        await web.db.write(body)
    except (RatingRefused, NotFound) as refused:
        reason = getattr(refused, "reason", "not_resolved")
        return _refused(409, request.app.state.pages.say(request, f"rating.refused.{reason}"))
    return Response(status_code=204)


@routes.post(f"{API}/anew", status_code=204, dependencies=OURS)
async def anew(request: Request, web: Web, visit: Visiting) -> Response:
    """Begin another conversation, once the matter of this one is settled; pressed twice it is one."""

    def body(conn: Connection) -> bool:
        now_is = again(conn, visit)
        if now_is is None or now_is.chat is None or now_is.conversation is None:
            return True
        if chat_history.silent(conn, now_is.conversation.id):
            return True
        if not reading.may_begin_anew(conn, now_is):
            return False
        thread = str(len(now_is.talks) + 1)
        directory.ensure_conversation(conn, chat_id=now_is.chat.id, thread=thread, now=web.clock())
        signal(conn, "chat", str(now_is.chat.id))
        return True

    begun = await web.db.write(body)
    return Response(status_code=204) if begun else _refused(409, request.app.state.pages.say(request, "chat.not_anew"))


@routes.post(f"{API}/typing", status_code=204, dependencies=OURS)
async def writes(web: Web, visit: Visiting) -> Response:
    """The visitor writes: the desk's pages of this chat are told. Nothing is kept, and too many are dropped."""

    def body(conn: Connection) -> None:
        if visit.chat and not rates.take(conn, f"web-typing:{visit.chat.id}", **_HINTS, now=web.clock()):  # type: ignore[arg-type]
            typing.tell(conn, chat_id=visit.chat.id, side="client", name=visit.name)

    await web.db.write(body)
    return Response(status_code=204)


@routes.get(API + "/files/{file}")
async def picture(request: Request, web: Web, *, key: str, file: str, v: str = "", s: str = "") -> FileResponse:
    """A file of the visitor's own chat: pictures are shown, others saved; a framed page's is signed, as it comes
    without cookie and header.
    """
    visit = await _owner(request, web, key, file=file, visitor=v, signature=s)
    kept = await web.db.read(partial(reading.attachment, visit=visit, file=file)) if visit else None
    return file_answer(web.files, kept)


async def _owner(request: Request, web: WebChat, key: str, *, file: str, visitor: str, signature: str) -> Visit | None:
    if not visitor:
        return await visit_of(request, web, key)
    if not web.file_signed(key, visitor, file, signature):
        return None
    return await web.db.read(partial(visiting, key=key, visitor=Visitor(visitor)))


async def _too_fast(request: Request, web: WebChat, visit: Visit) -> timedelta | None:
    """How long this visitor, or this address, should wait; asked before anything is read or kept."""
    address = request.client.host if request.client else "?"
    buckets = [(f"web:{visit.visitor}", _BURST), (f"web-from:{address}", _ADDRESS)]
    if visit.chat is None:
        buckets.append((f"web-new:{address}", _NEWCOMERS))

    def body(conn: Connection) -> timedelta | None:
        waits = (rates.take(conn, name, **allowed, now=web.clock()) for name, allowed in buckets)  # type: ignore[arg-type]
        return next((wait for wait in waits if wait), None)

    return await web.db.write(body)


async def _accept(
    web: WebChat, visit: Visit, *, key: str, text: str, files: tuple[Attachment, ...], language: str
) -> Response:
    arrived = inbound(
        client=visit.client,
        visitor=visit.visitor,
        key=key,
        text=text,
        files=files,
        at=web.clock(),
        name=visit.name,
        thread=visit.conversation.thread if visit.conversation else "",
    )
    read = web.rules.read(text)
    hurry = read.whole or read.emergency
    with attachments.named_by(web.files, files):
        message = await web.db.write(
            partial(_take_in, inbound=arrived, hurry=hurry, reading=read, language=language, clock=web.clock)
        )
    if message is None:  # the same message again, after a lost answer: it is stored already
        attachments.drop(web.files, files)
        message = await web.db.read(partial(reading.by_key, visit=visit, key=key))
    else:
        following.stored(message, platform=PLATFORM)
    return JSONResponse({"id": message.id if message else None}, status_code=202)


def _take_in(
    conn: Connection, *, inbound: Inbound, hurry: bool, reading: Reading, language: str, clock: Clock
) -> Message | None:
    """Store it, and that its writer saw the privacy notice above which they wrote."""
    message = intake.accept(conn, inbound, hurry=hurry, reading=reading, now=clock())
    if message is not None and message.person_id is not None:
        consent.shown(conn, message.person_id, language, now=clock())
    return message


def _refused(status: int, sentence: str, *, wait: timedelta | None = None) -> JSONResponse:
    headers = {"Retry-After": str(int(wait.total_seconds()) + 1)} if wait else {}
    return JSONResponse({"error": sentence}, status_code=status, headers=headers)
