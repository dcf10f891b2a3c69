"""Server-Sent Events for the desk: what changed, never what it says; the browser asks again for that."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Final

from fastapi import APIRouter, Request, Response
from sqlalchemy import Connection
from sse_starlette import EventSourceResponse, ServerSentEvent

from console.auth import viewer_of
from console.guard import SESSION_COOKIE, ViewerDep
from console.pages import Pages, PagesDep
from handoff import board, directory
from knowledge import runs
from store.signals import Signal, Subscription

router = APIRouter(prefix="/desk")
RECHECK_SECONDS: Final = 30.0
_EVERYBODY: Final = ""


@router.get("/events")
async def events(
    request: Request, pages: PagesDep, viewer: ViewerDep, *, ticket: str = "", manual: str = ""
) -> Response:
    """The stream: ``changed`` with a topic, and the ticket's number where one ticket changed.

    A page of the manual hears of the manual too.
    """
    chat = await pages.deps.db.read(lambda conn: _chat_of(conn, ticket))
    wanted = _Wanted(person=str(viewer.person.id), chat=chat, manual=bool(manual))
    return EventSourceResponse(_stream(request, pages, wanted), ping=15)


class _Wanted:
    """Which signals one page cares for: the desk's, its viewer's notices, its ticket's chat, the manual's runs."""

    def __init__(self, *, person: str, chat: str | None, manual: bool) -> None:
        self._person = person
        self._chat = chat
        self._manual = manual

    def news(self, signal: Signal) -> dict[str, str] | None:
        """What to tell the browser, or None."""
        match signal.topic:
            case "desk":
                return {"topic": "desk", "ticket": signal.payload}
            case "notice" if signal.payload in {_EVERYBODY, self._person}:
                return {"topic": "notice"}
            case "chat" if signal.payload == self._chat:
                return {"topic": "chat"}
            case runs.TOPIC if self._manual:
                return {"topic": "manual"}
            case "overflow":
                return {"topic": "all"}
        return None


async def _stream(request: Request, pages: Pages, wanted: _Wanted) -> AsyncIterator[ServerSentEvent]:
    async with pages.deps.db.listen("desk", "notice", "chat", runs.TOPIC) as subscription:
        yield ServerSentEvent(comment="ready")
        while await _still_signed_in(request, pages):
            async for signal in _for_a_while(subscription):
                news = wanted.news(signal)
                if news is not None:
                    yield ServerSentEvent(event="changed", data=json.dumps(news))


async def _for_a_while(subscription: Subscription) -> AsyncIterator[Signal]:
    """Signals until it is time to look at the session again."""
    until = asyncio.get_running_loop().time() + RECHECK_SECONDS
    while True:
        try:
            async with asyncio.timeout_at(until):
                signal = await anext(subscription)
        except TimeoutError:
            return
        yield signal


async def _still_signed_in(request: Request, pages: Pages) -> bool:
    token = request.cookies.get(SESSION_COOKIE, "")
    now = pages.deps.clock()
    return await pages.deps.db.read(lambda conn: viewer_of(conn, token, now=now)) is not None


def _chat_of(conn: Connection, number: str) -> str | None:
    found = board.ticket_by_number(conn, number) if number else None
    return str(directory.conversation(conn, found.conversation_id).chat_id) if found else None
