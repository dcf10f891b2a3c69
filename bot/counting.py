"""Counts requests by the part of the program they are for. Plain ASGI: streams stay streams."""

from time import perf_counter
from typing import Final

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.meters import Meters

AREAS: Final = (
    ("/static/", "static"),
    ("/widget.js", "static"),
    ("/desk", "desk"),
    ("/api/", "api"),
    ("/chat/", "chat"),
    ("/c/", "chat"),
    ("/embed/", "chat"),
    ("/p/", "client_page"),
    ("/rate/", "client_page"),
    ("/survey/", "client_page"),
    ("/leave/", "client_page"),
    ("/trainings/", "client_page"),
    ("/m/", "manual"),
    ("/manual-picture/", "manual"),
    ("/telegram/", "platform"),
    ("/slack/", "platform"),
    ("/hooks/", "hooks"),
    ("/healthz", "watch"),
    ("/readyz", "watch"),
    ("/metrics", "watch"),
)
OTHER: Final = "other"
_STREAM: Final = "text/event-stream"
_BROKE: Final = 500


def area_of(path: str) -> str:
    """The part of the program that answers a path; the front page is the chat's."""
    if path == "/":
        return "chat"
    return next((area for start, area in AREAS if path.startswith(start)), OTHER)


class Counting:
    """Times each request from its first byte to its last; an event stream is counted as open instead."""

    def __init__(self, app: ASGIApp, *, meters: Meters) -> None:
        self._app, self._meters = app, meters

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, and count."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        area, began, status, open_stream = area_of(scope["path"]), perf_counter(), _BROKE, None

        async def sending(message: Message) -> None:
            nonlocal status, open_stream
            if message["type"] == "http.response.start":
                status = message["status"]
                if Headers(raw=message["headers"]).get("content-type", "").startswith(_STREAM):
                    open_stream = self._meters.streaming(area)
                    open_stream.__enter__()
            await send(message)

        try:
            await self._app(scope, receive, sending)
        finally:
            if open_stream is not None:
                open_stream.__exit__(None, None, None)
            else:
                self._meters.request(area, status, perf_counter() - began)
