"""Middleware around every page: security headers, the body's size, the language. Plain ASGI: streams stay streams."""

import re
from collections.abc import Iterable, Mapping
from typing import Final
from urllib.parse import parse_qs

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from console.texts import LANGUAGES, negotiate

POLICY: Final = (
    "default-src 'self'; img-src 'self' blob:; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)
HEADERS: Final = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}
PRIVATE: Final = ("/desk", "/chat", "/embed", "/p/", "/api/")
_FRAMED: Final = "frame-ancestors 'self'"
BODY_LIMIT: Final = 256 * 1024
UPLOAD_LIMIT: Final = 64 * 1024 * 1024
LANGUAGE_COOKIE: Final = "language"
_YEAR: Final = 31536000
_LONG_NUMBER: Final = re.compile(r"\D*\d{10,}")  # longer than an INTEGER's


class SecurityHeaders:
    """Adds the headers above; pages of the desk and the chat are never stored by a browser or a proxy."""

    def __init__(self, app: ASGIApp, *, https: bool) -> None:
        self._app = app
        self._headers = HEADERS | ({"Strict-Transport-Security": f"max-age={_YEAR}"} if https else {})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, with headers on the response's start."""

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                framed = _FRAMED in headers.get("Content-Security-Policy", "")
                for name, value in self._headers.items():
                    if not (framed and name == "X-Frame-Options"):  # which knows no list of origins
                        headers.setdefault(name, value)
                if scope["path"].startswith(PRIVATE):
                    headers.setdefault("Cache-Control", "no-store")
            await send(message)

        await self._app(scope, receive, sending if scope["type"] == "http" else send)


class BodyLimit:
    """Refuses a body above the limit of its path with 413, also one that lies about its length."""

    def __init__(
        self, app: ASGIApp, *, limit: int = BODY_LIMIT, larger: Mapping[str, int], refuse: ASGIApp | None = None
    ) -> None:
        self._app = app
        self._limit = limit
        self._larger = larger
        self._refuse = refuse or _too_large

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Count what comes in; once it is too much, the application's answer is dropped for a 413."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit = self._of(scope["path"])
        stated = Headers(scope=scope).get("content-length", "0")
        if not stated.isdecimal() or int(stated) > limit:
            await self._refuse(scope, receive, send)
            return
        counted = _Counted(receive, send, limit)
        await self._app(scope, counted.receive, counted.send)
        if counted.exceeded and not counted.started:
            await self._refuse(scope, receive, send)

    def _of(self, path: str) -> int:
        return max((size for start, size in self._larger.items() if path.startswith(start)), default=self._limit)


class _Counted:
    def __init__(self, receive: Receive, send: Send, limit: int) -> None:
        self._receive = receive
        self._send = send
        self._left = limit
        self.exceeded = False
        self.started = False

    async def receive(self) -> Message:
        message = await self._receive()
        self._left -= len(message.get("body", b""))
        if self._left < 0:
            self.exceeded = True
            return {"type": "http.disconnect"}
        return message

    async def send(self, message: Message) -> None:
        if self.exceeded and not self.started:
            return
        self.started = True
        await self._send(message)


async def _too_large(scope: Scope, receive: Receive, send: Send) -> None:
    await PlainTextResponse("too large", status_code=413)(scope, receive, send)


def names_nothing(path: Mapping[str, object]) -> bool:
    """Whether one of a path's parameters is a number that is too long for a row to have it."""
    return any(_LONG_NUMBER.fullmatch(str(value)) for value in path.values())


class PageLanguage:
    """Chooses ``request.state.language``: ``?lang=`` (kept in a cookie), else the cookie, else Accept-Language."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Put the language into the request's state."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        asked = _first(parse_qs(scope["query_string"].decode("latin-1")).get("lang", ()))
        kept = _cookie(headers.get("cookie", ""), LANGUAGE_COOKIE)
        language = negotiate(headers.get("accept-language", ""), chosen=asked if asked in LANGUAGES else kept)
        scope.setdefault("state", {})["language"] = language

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start" and asked in LANGUAGES:
                cookie = f"{LANGUAGE_COOKIE}={asked}; Path=/; Max-Age={_YEAR}; SameSite=Lax"
                MutableHeaders(scope=message).append("Set-Cookie", cookie)
            await send(message)

        await self._app(scope, receive, sending)


def _first(values: Iterable[str]) -> str | None:
    return next(iter(values), None)


def _cookie(header: str, name: str) -> str | None:
    for part in header.split(";"):
        key, _, value = part.strip().partition("=")
        if key == name:
            return value
    return None
