"""Who is at the page: the signed cookie, the client's chat behind a key, the visit of a request."""

import hashlib
import hmac
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends, HTTPException, Request
from sqlalchemy import Connection

from bot.channels.web.translations import PLATFORM
from bot.triage import Rules
from console.texts import Texts
from handoff import directory
from handoff.desk import Desk
from handoff.model import Chat, Client, Conversation, Person
from store.clock import Clock
from store.db import Database

COOKIE = "aftercare_visitor"


@dataclass(frozen=True, kw_only=True)
class WebChat:
    """What the routes need. `secret` signs visitors and page links."""

    db: Database
    desk: Desk
    rules: Rules
    texts: Texts
    clock: Clock
    secret: bytes
    files: Path
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


def same_origin(request: Request) -> None:
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
    found = await web.db.read(partial(visiting, key=key, visitor=visitor))
    if found is None:
        raise HTTPException(404)
    return found


Visiting = Annotated[Visit, Depends(visit_of)]


def visiting(conn: Connection, *, key: str, visitor: str) -> Visit | None:
    """The visit of this visitor to the client with this web key; a transaction body."""
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


def visitor_name(visitor: str) -> str:
    """A name to tell visitors apart by; browsers have none."""
    digest = hashlib.sha256(visitor.encode()).hexdigest()
    return f"访客 {digest[:4].upper()}"
