"""The chat's page: by itself, and framed by a client's own site; and the script that frames it."""

import json
import secrets
from datetime import timedelta
from functools import partial
from typing import Any
from urllib.parse import quote, urlsplit

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse
from sqlalchemy import Connection

from bot.channels.web.translations import LONGEST, User
from bot.channels.web.visitor import COOKIE, Visit, Visitor, Web, WebChat, same_origin, visiting, vouched
from console import attachments
from console.pages import Pages
from console.progress_address import progress_path
from console.texts import LANGUAGES
from console.web import POLICY
from console.widgets import Widget, ancestors, signature_holds, user_secret, widget_of
from handoff import directory, progress_links
from handoff.model import Client
from store import rates
from success.privacy import consent
from success.privacy.consent import Notice

routes = APIRouter()

SCRIPT = "widget.js"
_YEAR = 365 * 24 * 3600
_TRIES = {"per": timedelta(minutes=10), "limit": 120}


@routes.get("/", response_class=HTMLResponse)
async def front(request: Request, web: Web) -> Response:
    """The chat of the default client."""
    return await _alone(web, request, await web.db.read(lambda c: directory.client_by_slug(c, web.default_client)))


@routes.get("/c/{key}", response_class=HTMLResponse)
async def of_client(request: Request, web: Web, key: str) -> Response:
    """The chat of the client with this web key."""
    return await _alone(web, request, await web.db.read(lambda conn: directory.client_by_web_key(conn, key)))


@routes.get("/c/{key}/requests")
async def own_requests(request: Request, web: Web, key: str) -> Response:
    """The visitor's own page; the chat, for somebody who has not asked anything yet."""
    if await web.db.read(lambda conn: directory.client_by_web_key(conn, key)) is None:
        raise HTTPException(404)
    visit = await _visit(web, request, key)
    if visit is None or visit.chat is None or visit.person is None:
        return RedirectResponse(f"/c/{quote(key)}", 303)
    who, client_id, now = visit.person.id, visit.owner.id, web.clock()
    link = await web.db.write(lambda conn: progress_links.for_person(conn, client_id, who, now=now))
    headers = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
    return RedirectResponse(progress_path(link, secret=web.secret), 303, headers=headers)


@routes.get("/embed/{key}", response_class=HTMLResponse)
async def framed(request: Request, web: Web, key: str) -> Response:
    """The chat inside a page of the client's own site: only the origins that are set for the client may frame it.

    It knows its visitor by a token that the framing page keeps, never by a cookie, so nothing that a browser adds to
    a request by itself can speak for a visitor. Opened by itself it is the client's chat.
    """
    if request.headers.get("sec-fetch-dest") == "document":
        return RedirectResponse(f"/c/{key}", 303)
    found = await web.db.read(partial(_client, key=key))
    if found is None:
        raise HTTPException(404)
    client, widget = found
    fresh = web.token(client.web_key, Visitor(secrets.token_urlsafe(18)))
    public = urlsplit(request.app.state.pages.deps.public_url or "")
    ours = {f"{request.url.scheme}://{request.headers.get('host', '')}", f"{public.scheme}://{public.netloc}"}
    frame = {"token": fresh, "origins": json.dumps([*widget.origins, *ours]), "alone": f"/c/{client.web_key}"}
    response = _page(web, request, client, frame=frame)
    response.headers["Content-Security-Policy"] = POLICY.replace("frame-ancestors 'none'", ancestors(widget.origins))
    return response


@routes.post("/chat/api/{key}/identify", dependencies=[Depends(same_origin)])
async def identify(request: Request, web: Web, key: str, user: User) -> Response:
    """A token for the user whom the client's site vouches for; 403 for a signature that is not the site's."""
    address = request.client.host if request.client else "?"

    def body(conn: Connection) -> tuple[timedelta | None, tuple[Client, Widget] | None]:
        wait = rates.take(conn, f"web-identify:{address}", **_TRIES, now=web.clock())  # type: ignore[arg-type]
        return wait, _client(conn, key)

    wait, found = await web.db.write(body)
    if wait:
        return JSONResponse({"error": web.texts.say("web.slower", request.state.language)}, status_code=429)
    if found is None:
        raise HTTPException(404)
    client, widget = found
    if not signature_holds(user_secret(web.secret, widget), user.user, user.name, user.signature):
        raise HTTPException(403, "signature")
    return JSONResponse({"token": web.token(client.web_key, vouched(client, user.user, user.name))})


@routes.get(f"/{SCRIPT}", include_in_schema=False)
async def script(request: Request) -> Response:
    """The widget: the one script that a client's site loads, with its few words in every language."""
    pages: Pages = request.app.state.pages
    words = {tag: pages.texts.under("widget.js.", tag) for tag in LANGUAGES}
    source = pages.assets.files[SCRIPT].decode().replace('"%WORDS%"', json.dumps(words, ensure_ascii=False))
    headers = {"Cache-Control": "public, max-age=3600", "Cross-Origin-Resource-Policy": "cross-origin"}
    return Response(source, media_type="text/javascript; charset=utf-8", headers=headers)


async def _visit(web: WebChat, request: Request, key: str) -> Visit | None:
    visitor = web.visitor(request.cookies.get(COOKIE))
    return await web.db.read(partial(visiting, key=key, visitor=Visitor(visitor))) if visitor else None


async def _alone(web: WebChat, request: Request, client: Client | None) -> Response:
    if client is None:
        raise HTTPException(404)
    visit = await _visit(web, request, client.web_key)
    who = visit.person.id if visit is not None and visit.person is not None else None
    notice = await web.db.read(lambda conn: consent.due(conn, who, request.state.language))
    response = _page(web, request, client, has_asked=visit is not None and visit.chat is not None, notice=notice)
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


def _page(
    web: WebChat, request: Request, client: Client, *, frame: dict[str, str] | None = None, has_asked: bool = False,
    notice: Notice | None = None,
) -> Response:  # fmt: skip
    """The chat; who framed it knows its visitor by no cookie, so the way to their own page is only in the other."""
    pages: Pages = request.app.state.pages
    language = request.state.language
    shown: dict[str, Any] = {
        "agency": web.texts.say("web.agency", language),
        "client_name": client.name,
        "api": f"/chat/api/{client.web_key}",
        "js_texts": json.dumps(pages.texts.under("chat.js.", language), ensure_ascii=False),
        "max_mb": attachments.MAX_BYTES // 1024 // 1024,
        "max_files": attachments.MAX_FILES,
        "max_text": LONGEST,
        "store_key": f"aftercare:{client.web_key[:8]}",
        "examples": [pages.say(request, f"chat.example.{n}") for n in range(1, 5)],
        "frame": frame,
        "requests": "" if frame else f"/c/{client.web_key}/requests",
        "has_asked": has_asked,
        "notice": notice,
    }
    return pages.page(request, "chat.html", **shown)


def _client(conn: Connection, key: str) -> tuple[Client, Widget] | None:
    client = directory.client_by_web_key(conn, key)
    return None if client is None else (client, widget_of(conn, client.id))
