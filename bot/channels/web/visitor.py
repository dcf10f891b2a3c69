"""Who is at the page: the signed cookie or token, the client's chat behind a key, the visit of a request."""

import hashlib
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, Final
from urllib.parse import urlsplit

from fastapi import Depends, HTTPException, Request
from sqlalchemy import Connection

from bot.channels.web.translations import PLATFORM
from bot.own_pages import OwnPages
from bot.reception import Room
from bot.triage import Rules
from console.texts import Texts
from handoff import chat_history, directory, visitors
from handoff.desk import Desk
from handoff.model import Chat, Client, Conversation, Person
from store.clock import Clock
from store.db import Database

COOKIE: Final = "aftercare_visitor"
TOKEN: Final = "x-visitor"  # noqa: S105 - a header's name
_LONGEST: Final = 600


@dataclass(frozen=True)
class Visitor:
    """A browser, or a user that the client's site vouches for; `name` is what the site calls them."""

    id: str
    name: str = ""


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
    public_url: str | None = None

    @property
    def room(self) -> Room:
        """What a press needs, as on any platform."""
        own_pages = OwnPages(public_url=self.public_url, secret=self.secret)
        return Room(desk=self.desk, rules=self.rules, texts=self.texts, own_pages=own_pages)

    def sign(self, visitor: str) -> str:
        """The cookie of a visitor."""
        return f"{visitor}.{self._signature(f'visitor:{visitor}')}"

    def visitor(self, cookie: str | None) -> str | None:
        """The visitor of a cookie of ours; None for none, or a forged one."""
        visitor, _, signature = (cookie or "").partition(".")
        return visitor if _same(signature, self._signature(f"visitor:{visitor}")) else None

    def token(self, key: str, visitor: Visitor) -> str:
        """What a framed page says who it is with: good for the chat of one client's key, for no other."""
        name = urlsafe_b64encode(visitor.name.encode("utf-8", "replace")).decode().rstrip("=")
        return f"{visitor.id}.{name}.{self._signature(f'token:{key}:{visitor.id}:{name}')}"

    def bearer(self, key: str, token: str) -> Visitor | None:
        """The visitor of a token of ours for this key; None for any other."""
        visitor, _, rest = token[:_LONGEST].partition(".")
        name, _, signature = rest.partition(".")
        if not _same(signature, self._signature(f"token:{key}:{visitor}:{name}")):
            return None
        return Visitor(visitor, urlsafe_b64decode(name + "=" * (-len(name) % 4)).decode("utf-8", "replace"))

    def file_signature(self, key: str, visitor: str, file: str) -> str:
        """What lets a framed page's picture load, as pictures carry no header."""
        return self._signature(f"file:{key}:{visitor}:{file}")

    def file_signed(self, key: str, visitor: str, file: str, signature: str) -> bool:
        """Whether that signature is ours."""
        return _same(signature, self.file_signature(key, visitor, file))

    def _signature(self, named: str) -> str:
        return hmac.new(self.secret, named.encode("utf-8", "replace"), hashlib.sha256).hexdigest()[:32]


@dataclass(frozen=True, kw_only=True)
class Visit:
    """A request's client and visitor, and the chat they have, once something was said.

    `owner` is whose the chat is: who came in by our own front door may be a client by now. `talks` are all
    conversations of the chat, `conversation` the newest; `framed`: by a token, without our cookie.
    """

    client: Client
    owner: Client
    visitor: str
    name: str
    api: str
    framed: bool = False
    chat: Chat | None = None
    talks: tuple[Conversation, ...] = ()
    person: Person | None = None

    @property
    def conversation(self) -> Conversation | None:
        """Where the visitor writes now."""
        return self.talks[-1] if self.talks else None

    @property
    def talk_ids(self) -> list[int]:
        """The ids of all conversations."""
        return [talk.id for talk in self.talks]


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
    """The visit of a request to a client's chat: 401 without a cookie or token of ours, 404 for no such client.

    A token counts alone: a framed page never speaks for whom the browser's cookie would name.
    """
    token = request.headers.get(TOKEN)
    if token is None:
        known = web.visitor(request.cookies.get(COOKIE))
        visitor = Visitor(known) if known else None
    else:
        visitor = web.bearer(key, token)
    if visitor is None:
        raise HTTPException(401, web.texts.say("web.no_cookie", request.state.language))
    found = await web.db.read(partial(visiting, key=key, visitor=visitor, framed=token is not None))
    if found is None:
        raise HTTPException(404)
    return found


Visiting = Annotated[Visit, Depends(visit_of)]


def visiting(conn: Connection, *, key: str, visitor: Visitor, framed: bool = False) -> Visit | None:
    """The visit of this visitor to the client with this web key; a transaction body."""
    client = directory.client_by_web_key(conn, key)
    if client is None:
        return None
    chat = directory.find_chat(conn, platform=PLATFORM, external_id=f"{client.slug}:{visitor.id}")
    bound = chat.client_id if chat else None
    return Visit(
        client=client,
        owner=client if bound is None else directory.client(conn, bound),
        visitor=visitor.id,
        name=visitor.name or visitors.called(visitor.id),
        api=f"/chat/api/{client.web_key}",
        framed=framed,
        chat=chat,
        talks=chat_history.talks(conn, chat.id) if chat else (),
        person=directory.find_person(conn, platform=PLATFORM, external_id=visitor.id),
    )


def again(conn: Connection, visit: Visit) -> Visit | None:
    """The same visit as it is now."""
    visitor = Visitor(visit.visitor, visit.name)
    return visiting(conn, key=visit.client.web_key, visitor=visitor, framed=visit.framed)


def vouched(client: Client, user: str, name: str) -> Visitor:
    """The visitor that a signed-in user of the client's site is, wherever they sign in."""
    digest = hashlib.sha256(f"{client.id}\0{user}".encode("utf-8", "replace")).hexdigest()
    return Visitor(f"u{digest[:30]}", name)


def _same(given: str, expected: str) -> bool:
    return bool(given) and hmac.compare_digest(given.encode("utf-8", "replace"), expected.encode())
