"""The web chat: a visitor's browser as a direct chat with one client's desk.

Pure translations above, a thin router below.
"""

import hashlib
import hmac
import json
import re
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Annotated, Any
from urllib.parse import urlsplit

from fastapi import APIRouter, Depends, HTTPException, Query, Request, Response
from fastapi.responses import FileResponse, HTMLResponse, JSONResponse
from pydantic import BaseModel, Field
from sqlalchemy import Connection
from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.datastructures import UploadFile

from bot import intake, replies
from bot.checks import URL
from bot.model import Inbound
from bot.triage import Rules
from console import attachments
from console.errors import RefusedUpload
from console.moments import iso
from console.pages import Pages
from console.rendering import message_html, page_link, plain_html
from console.texts import Texts
from handoff import board, directory, messages
from handoff.desk import Desk
from handoff.model import Attachment, Audience, Author, Chat, Client, Conversation, Message, Person, Ticket, TicketState
from store import rates
from store.clock import Clock
from store.db import Database

routes = APIRouter()

PLATFORM = "web"
API = "/chat/api/{key}"
COOKIE = "aftercare_visitor"
LONGEST = 8_000
_ROW_MAX = 2**53
_YEAR = 365 * 24 * 3600
_BURST = {"per": timedelta(seconds=20), "limit": 20}
_NEWCOMERS = {"per": timedelta(minutes=10), "limit": 120}


# --- translations -------------------------------------------------------------------------------------------------


def inbound(
    *,
    client: Client,
    visitor: str,
    key: str,
    text: str,
    files: tuple[Attachment, ...] = (),
    at: Any,
    name: str,
    reply_to: int | None = None,
    pressed: str | None = None,
) -> Inbound:
    """A visitor's message as the core knows it; the browser's own id of it makes a repeated send harmless."""
    return Inbound(
        platform=PLATFORM,
        chat=f"{client.slug}:{visitor}",
        person=visitor,
        name=name,
        message=key,
        text=text,
        attachments=files,
        addressed=True,
        reply_to=reply_to,
        pressed=pressed,
        client_id=client.id,
        at=at,
    )


def shown(message: Message, *, visitor_id: int | None, api: str, secret: bytes) -> dict[str, Any]:
    """A message as the chat page shows it; HTML is safe by construction."""
    mine = message.author is Author.CLIENT and message.person_id == visitor_id

    def href(cited: Any) -> str:
        return cited.url or page_link(cited.page, cited.anchor, secret=secret)

    html = (
        plain_html(message.text)
        if message.author is Author.CLIENT
        else message_html(
            message.text, citations=message.citations, href=href, allowed=frozenset(URL.findall(message.text))
        )
    )
    return {
        "id": message.id,
        "key": message.external_id if mine else None,
        "author": message.author.value,
        "mine": mine,
        "name": message.name,
        "html": html if message.text else "",
        "sources": [{"n": c.n, "title": c.title, "heading": c.heading, "url": href(c)} for c in message.citations],
        "video": message.video,
        "buttons": [{"id": b.id, "label": b.label} for b in message.buttons],
        "pressed": message.pressed,
        "images": [{"url": f"{api}/files/{a.id}", "name": a.name} for a in message.attachments],
        "at": iso(message.at),
        "ticket": None,
    }


# --- the visitor --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class WebChat:
    """What the routes need. `secret` signs visitors and page links."""

    db: Database
    desk: Desk
    rules: Rules
    texts: Texts
    clock: Clock
    secret: bytes
    files: Any
    default_client: str
    secure_cookies: bool

    def sign(self, visitor: str) -> str:
        """The cookie of a visitor."""
        return f"{visitor}.{self._signature(visitor)}"

    def visitor(self, cookie: str | None) -> str | None:
        """The visitor of a cookie of ours; None for none, or a forged one."""
        visitor, _, signature = (cookie or "").partition(".")
        return (
            visitor
            if signature
            and hmac.compare_digest(signature.encode("utf-8", "replace"), self._signature(visitor).encode())
            else None
        )

    def _signature(self, visitor: str) -> str:
        return hmac.new(self.secret, b"visitor:" + visitor.encode("utf-8", "replace"), hashlib.sha256).hexdigest()[:32]


@dataclass(frozen=True, kw_only=True)
class Visit:
    """A request's client and visitor, and the chat they have, once something was said."""

    client: Client
    visitor: str
    api: str
    chat: Chat | None = None
    conversation: Conversation | None = None
    person: Person | None = None


class Text(BaseModel):
    """A message as JSON."""

    id: str = Field(min_length=8, max_length=64, pattern=r"^[A-Za-z0-9-]+$")
    text: str = Field(max_length=LONGEST)


class Press(BaseModel):
    """A press of a button under a message."""

    message: int = Field(ge=1, le=_ROW_MAX)
    button: str = Field(max_length=40)


def _same_origin(request: Request) -> None:
    """Only our own page may post: a foreign site cannot speak in a visitor's name."""
    origin = request.headers.get("origin")
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise HTTPException(403, "cross-site request")
    if origin and urlsplit(origin).netloc != request.headers.get("host"):
        raise HTTPException(403, "cross-site request")


def chat_of(request: Request) -> WebChat:
    """The application's web chat (a FastAPI dependency)."""
    chat: WebChat = request.app.state.chat
    return chat


Web = Annotated[WebChat, Depends(chat_of)]


async def visit_of(request: Request, web: Web, key: str) -> Visit:
    """The visit of a request to a client's chat: 401 without our cookie, 404 for no such client."""
    visitor = web.visitor(request.cookies.get(COOKIE))
    if visitor is None:
        raise HTTPException(401, web.texts.say("web.no_cookie", request.state.language))
    found = await web.db.read(partial(_visit, key=key, visitor=visitor))
    if found is None:
        raise HTTPException(404)
    return found


Visiting = Annotated[Visit, Depends(visit_of)]


@routes.get("/", response_class=HTMLResponse)
async def front(request: Request, web: Web) -> Response:
    """The chat of the default client."""
    return await _page(web, request, await web.db.read(lambda c: directory.client_by_slug(c, web.default_client)))


@routes.get("/c/{key}", response_class=HTMLResponse)
async def of_client(request: Request, web: Web, key: str) -> Response:
    """The chat of the client with this web key."""
    return await _page(web, request, await web.db.read(lambda conn: directory.client_by_web_key(conn, key)))


@routes.post(f"{API}/messages", status_code=202, dependencies=[Depends(_same_origin)])
async def post(request: Request, web: Web, visit: Visiting) -> Response:
    """Take a message in; answered once it is stored."""
    if wait := await _too_fast(request, web, visit):
        return _refused(429, web.texts.say("web.slower", request.state.language), wait=wait)
    sent, files = await _body(request, web)
    if not sent.text.strip() and not files:
        return _refused(422, web.texts.say("web.empty", request.state.language))
    return await _accept(web, visit, key=sent.id, text=sent.text, files=files)


@routes.get(f"{API}/messages")
async def read(web: Web, visit: Visiting, after: Annotated[int, Query(ge=0, le=_ROW_MAX)] = 0) -> JSONResponse:
    """What the visitor may see after a message, whether we are at it, and the open ticket."""
    return JSONResponse(await web.db.read(partial(_state, web=web, visit=visit, after=after)))


@routes.get(f"{API}/stream")
async def stream(web: Web, visit: Visiting) -> EventSourceResponse:
    """An event for each change of the visitor's chat."""
    return EventSourceResponse(_changes(web, visit), ping=15)


@routes.post(f"{API}/press", status_code=204, dependencies=[Depends(_same_origin)])
async def press(web: Web, visit: Visiting, pressed: Press) -> Response:
    """Press a button under a message of ours."""
    said = await web.db.read(partial(_pressable, visit=visit, message_id=pressed.message))
    label = next((b.label for b in said.buttons if b.id == pressed.button), None) if said else None
    if said is None or label is None:
        raise HTTPException(404)
    arrived = inbound(
        client=visit.client,
        visitor=visit.visitor,
        key=f"press:{said.id}:{pressed.button}",
        text=label,
        at=web.clock(),
        name=_name(visit.visitor),
        reply_to=said.id,
        pressed=pressed.button,
    )
    await web.db.write(partial(_press, inbound=arrived, visit=visit, clock=web.clock))
    return Response(status_code=204)


@routes.get(API + "/files/{file}")
async def picture(web: Web, visit: Visiting, file: str) -> FileResponse:
    """A picture of the visitor's own chat."""
    kept = await web.db.read(partial(_attachment, visit=visit, file=file))
    if kept is None:
        raise HTTPException(404)
    return FileResponse(
        web.files / kept.id, media_type=kept.media_type, headers={"Cache-Control": "private, max-age=86400"}
    )


async def _page(web: WebChat, request: Request, client: Client | None) -> Response:
    if client is None:
        raise HTTPException(404)
    pages: Pages = request.app.state.pages
    language = request.state.language
    response = pages.page(
        request,
        "chat.html",
        agency=web.texts.say("web.agency", language),
        client_name=client.name,
        api=f"/chat/api/{client.web_key}",
        js_texts=json.dumps(pages.texts.under("chat.js.", language), ensure_ascii=False),
        max_mb=attachments.MAX_BYTES // 1024 // 1024,
        max_files=attachments.MAX_FILES,
        max_text=LONGEST,
        store_key=f"aftercare:{client.web_key[:8]}",
        examples=[pages.say(request, f"chat.example.{n}") for n in range(1, 5)],
    )
    if web.visitor(request.cookies.get(COOKIE)) is None:
        response.set_cookie(
            COOKIE,
            web.sign(secrets.token_urlsafe(18)),
            max_age=_YEAR,
            httponly=True,
            samesite="lax",
            secure=web.secure_cookies,
        )
    return response


async def _body(request: Request, web: WebChat) -> tuple[Text, tuple[Attachment, ...]]:
    """The message of a JSON or a multipart request, its pictures checked and kept."""
    language = request.state.language
    try:
        if not request.headers.get("content-type", "").startswith("multipart/"):
            return Text.model_validate_json(await request.body()), ()
        async with request.form(max_files=attachments.MAX_FILES, max_fields=4) as form:
            sent = Text(id=str(form.get("id", "")), text=str(form.get("text", "")))
            uploads = [part for part in form.getlist("file") if isinstance(part, UploadFile)]
            kept = [
                attachments.keep(web.files, name=upload.filename or "", content=await upload.read())
                for upload in uploads
            ]
            return sent, tuple(kept)
    except ValueError as error:
        raise HTTPException(422, web.texts.say("web.unreadable", language, most=LONGEST)) from error
    except RefusedUpload as error:
        raise HTTPException(415, web.texts.say(f"web.upload.{error.reason}", language, name=error.name)) from error


async def _too_fast(request: Request, web: WebChat, visit: Visit) -> timedelta | None:
    """How long this visitor, or this address's newcomers, should wait; asked before anything is read or kept."""
    buckets = [(f"web:{visit.visitor}", _BURST)]
    if visit.chat is None:
        buckets.append((f"web-new:{request.client.host if request.client else '?'}", _NEWCOMERS))

    def body(conn: Connection) -> timedelta | None:
        waits = (rates.take(conn, name, **allowed, now=web.clock()) for name, allowed in buckets)  # type: ignore[arg-type]
        return next((wait for wait in waits if wait), None)

    return await web.db.write(body)


async def _accept(web: WebChat, visit: Visit, *, key: str, text: str, files: tuple[Attachment, ...]) -> Response:
    arrived = inbound(
        client=visit.client,
        visitor=visit.visitor,
        key=key,
        text=text,
        files=files,
        at=web.clock(),
        name=_name(visit.visitor),
    )
    reading = web.rules.read(text)
    hurry = reading.whole or reading.emergency
    message = await web.db.write(lambda conn: intake.accept(conn, arrived, hurry=hurry, now=web.clock()))
    if message is None:  # the same message again, after a lost answer: it is stored already
        message = await web.db.read(partial(_by_key, visit=visit, key=key))
    return JSONResponse({"id": message.id if message else None}, status_code=202)


def _refused(status: int, sentence: str, *, wait: timedelta | None = None) -> JSONResponse:
    headers = {"Retry-After": str(int(wait.total_seconds()) + 1)} if wait else {}
    return JSONResponse({"error": sentence}, status_code=status, headers=headers)


async def _changes(web: WebChat, visit: Visit) -> AsyncIterator[ServerSentEvent]:
    """One event a change of this visitor's chat; the page then reads what is new."""
    async with web.db.listen("chat") as subscription:
        current = await web.db.read(partial(_visit, key=visit.client.web_key, visitor=visit.visitor))
        async for signal in subscription:
            if current is None or current.chat is None:
                current = await web.db.read(partial(_visit, key=visit.client.web_key, visitor=visit.visitor))
            known = current.chat.id if current and current.chat else None
            if signal.topic == "overflow" or (known is not None and signal.payload == str(known)):
                yield ServerSentEvent(data="{}", event="changed")


# --- transaction bodies -------------------------------------------------------------------------------------------


def _visit(conn: Connection, *, key: str, visitor: str) -> Visit | None:
    client = directory.client_by_web_key(conn, key)
    if client is None:
        return None
    chat = directory.find_chat(conn, platform=PLATFORM, external_id=f"{client.slug}:{visitor}")
    return Visit(
        client=client,
        visitor=visitor,
        api=f"/chat/api/{client.web_key}",
        chat=chat,
        conversation=directory.find_conversation(conn, chat_id=chat.id) if chat else None,
        person=directory.find_person(conn, platform=PLATFORM, external_id=visitor),
    )


def _state(conn: Connection, *, web: WebChat, visit: Visit, after: int) -> dict[str, Any]:
    if visit.conversation is None or visit.person is None:
        return {"messages": [], "typing": False, "ticket": None}
    found = messages.transcript(conn, visit.conversation.id, audience=Audience.CLIENT, after_id=max(0, after))
    waiting = messages.unhandled(conn, conversation_id=visit.conversation.id, person_id=visit.person.id)
    return {
        "messages": [shown(m, visitor_id=visit.person.id, api=visit.api, secret=web.secret) for m in found],
        "typing": bool(waiting),
        "ticket": _banner(conn, web=web, visit=visit),
    }


def _banner(conn: Connection, *, web: WebChat, visit: Visit) -> dict[str, Any] | None:
    """The newest open ticket of the chat, with one true line."""
    assert visit.conversation is not None
    tickets = board.open_tickets(conn, visit.conversation.id)
    if not tickets:
        return None
    ticket: Ticket = tickets[-1]
    now = web.clock()
    turns = messages.recent_turns(conn, visit.conversation.id, limit=1)
    language = turns[0].language if turns else "zh-Hans"
    assignee = directory.person(conn, ticket.assignee_id).name if ticket.assignee_id else None
    line = replies.progress(
        ticket,
        clocks=board.clocks(conn, ticket.id, now),
        promise=web.desk.promise(conn, ticket.id, now=now),
        assignee=assignee,
        zone=visit.client.timezone,
        language=language,
        texts=web.texts,
        now=now,
    )
    state = "resolved" if ticket.state is TicketState.RESOLVED else ticket.state.value
    return {"number": ticket.number, "state": state, "line": line}


def _pressable(conn: Connection, *, visit: Visit, message_id: int) -> Message | None:
    if visit.conversation is None:
        return None
    near = messages.transcript(
        conn, visit.conversation.id, audience=Audience.CLIENT, after_id=max(0, message_id - 1), limit=1
    )
    return next((m for m in near if m.id == message_id), None)


def _press(conn: Connection, *, inbound: Inbound, visit: Visit, clock: Clock) -> None:
    assert visit.person is not None
    assert inbound.reply_to is not None
    assert inbound.pressed is not None
    now = clock()
    if messages.press(conn, inbound.reply_to, inbound.pressed, person_id=visit.person.id, now=now):
        intake.accept(conn, inbound, at_once=True, now=now)


def _by_key(conn: Connection, *, visit: Visit, key: str) -> Message | None:
    if visit.conversation is None:
        return None
    found = messages.transcript(conn, visit.conversation.id, audience=Audience.CLIENT)
    return next((m for m in found if m.external_id == key), None)


def _attachment(conn: Connection, *, visit: Visit, file: str) -> Attachment | None:
    if visit.conversation is None or not re.fullmatch(r"[A-Za-z0-9_-]{10,60}", file):
        return None
    return messages.attachment(conn, visit.conversation.id, file, audience=Audience.CLIENT)


def _name(visitor: str) -> str:
    """A name to tell visitors apart by; browsers have none."""
    digest = hashlib.sha256(visitor.encode()).hexdigest()
    return f"访客 {digest[:4].upper()}"
