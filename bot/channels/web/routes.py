"""The shell: the pages of the chat and what they call. Decides nothing that another room could."""

import json
import secrets
from collections.abc import AsyncIterator
from datetime import timedelta
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Query, Request, Response
from fastapi.responses import FileResponse, HTMLResponse, JSONResponse
from sqlalchemy import Connection
from sse_starlette import EventSourceResponse, ServerSentEvent

from bot import intake
from bot.channels.web import reading
from bot.channels.web.bodies import read_body
from bot.channels.web.translations import LARGEST_ID, LONGEST, Press, inbound
from bot.channels.web.visitor import COOKIE, Visit, Visiting, Web, WebChat, same_origin, visiting, visitor_name
from bot.model import Inbound
from console import attachments
from console.pages import Pages
from handoff import directory, messages
from handoff.model import Attachment, Client
from store import rates
from store.clock import Clock

routes = APIRouter()

API = "/chat/api/{key}"
_YEAR = 365 * 24 * 3600
_BURST = {"per": timedelta(seconds=20), "limit": 20}
_NEWCOMERS = {"per": timedelta(minutes=10), "limit": 120}


@routes.get("/", response_class=HTMLResponse)
async def front(request: Request, web: Web) -> Response:
    """The chat of the default client."""
    return await _page(web, request, await web.db.read(lambda c: directory.client_by_slug(c, web.default_client)))


@routes.get("/c/{key}", response_class=HTMLResponse)
async def of_client(request: Request, web: Web, key: str) -> Response:
    """The chat of the client with this web key."""
    return await _page(web, request, await web.db.read(lambda conn: directory.client_by_web_key(conn, key)))


@routes.post(f"{API}/messages", status_code=202, dependencies=[Depends(same_origin)])
async def post(request: Request, web: Web, visit: Visiting) -> Response:
    """Take a message in; answered once it is stored."""
    if wait := await _too_fast(request, web, visit):
        return _refused(429, web.texts.say("web.slower", request.state.language), wait=wait)
    sent, files = await read_body(request, web)
    if not sent.text.strip() and not files:
        return _refused(422, web.texts.say("web.empty", request.state.language))
    return await _accept(web, visit, key=sent.id, text=sent.text, files=files)


@routes.get(f"{API}/messages")
async def read(web: Web, visit: Visiting, after: Annotated[int, Query(ge=0, le=LARGEST_ID)] = 0) -> JSONResponse:
    """What the visitor may see after a message, whether we are at it, and the open ticket."""
    return JSONResponse(await web.db.read(partial(reading.state, web=web, visit=visit, after=after)))


@routes.get(f"{API}/stream")
async def stream(web: Web, visit: Visiting) -> EventSourceResponse:
    """An event for each change of the visitor's chat."""
    return EventSourceResponse(_changes(web, visit), ping=15)


@routes.post(f"{API}/press", status_code=204, dependencies=[Depends(same_origin)])
async def press(web: Web, visit: Visiting, pressed: Press) -> Response:
    """Press a button under a message of ours."""
    said = await web.db.read(partial(reading.pressable, visit=visit, message_id=pressed.message))
    label = next((b.label for b in said.buttons if b.id == pressed.button), None) if said else None
    if said is None or label is None:
        raise HTTPException(404)
    arrived = inbound(
        client=visit.client,
        visitor=visit.visitor,
        key=f"press:{said.id}:{pressed.button}",
        text=label,
        at=web.clock(),
        name=visitor_name(visit.visitor),
        reply_to=said.id,
        pressed=pressed.button,
    )
    await web.db.write(partial(_press, inbound=arrived, visit=visit, clock=web.clock))
    return Response(status_code=204)


@routes.get(API + "/files/{file}")
async def picture(web: Web, visit: Visiting, file: str) -> FileResponse:
    """A picture of the visitor's own chat."""
    kept = await web.db.read(partial(reading.attachment, visit=visit, file=file))
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
        name=visitor_name(visit.visitor),
    )
    read = web.rules.read(text)
    hurry = read.whole or read.emergency
    with attachments.named_by(web.files, files):
        message = await web.db.write(lambda conn: intake.accept(conn, arrived, hurry=hurry, now=web.clock()))
    if message is None:  # the same message again, after a lost answer: it is stored already
        attachments.drop(web.files, files)
        message = await web.db.read(partial(reading.by_key, visit=visit, key=key))
    return JSONResponse({"id": message.id if message else None}, status_code=202)


def _refused(status: int, sentence: str, *, wait: timedelta | None = None) -> JSONResponse:
    headers = {"Retry-After": str(int(wait.total_seconds()) + 1)} if wait else {}
    return JSONResponse({"error": sentence}, status_code=status, headers=headers)


async def _changes(web: WebChat, visit: Visit) -> AsyncIterator[ServerSentEvent]:
    """One event a change of this visitor's chat; the page then reads what is new."""
    async with web.db.listen("chat") as subscription:
        current = await web.db.read(partial(visiting, key=visit.client.web_key, visitor=visit.visitor))
        async for signal in subscription:
            if current is None or current.chat is None:
                current = await web.db.read(partial(visiting, key=visit.client.web_key, visitor=visit.visitor))
            known = current.chat.id if current and current.chat else None
            if signal.topic == "overflow" or (known is not None and signal.payload == str(known)):
                yield ServerSentEvent(data="{}", event="changed")


def _press(conn: Connection, *, inbound: Inbound, visit: Visit, clock: Clock) -> None:
    assert visit.person is not None
    assert inbound.reply_to is not None
    assert inbound.pressed is not None
    now = clock()
    if messages.press(conn, inbound.reply_to, inbound.pressed, person_id=visit.person.id, now=now):
        intake.accept(conn, inbound, at_once=True, now=now)
