"""Server-Sent Events for the desk: what changed, never what it says; the browser asks again for that."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Final

from fastapi import APIRouter, Request, Response
from sqlalchemy import Connection
from sse_starlette import EventSourceResponse, ServerSentEvent

from console import bench_store
from console.auth import viewer_of
from console.guard import SESSION_COOKIE, ViewerDep
from console.pages import Pages, PagesDep
from handoff import attendance, board, directory, typing
from knowledge import runs
from store.signals import Signal, Subscription
from success.checks import asking as site_checks

router = APIRouter(prefix="/desk")
RECHECK_SECONDS: Final = 30.0
_EVERYBODY: Final = ""


@router.get("/events")
async def events(
    request: Request,
    pages: PagesDep,
    viewer: ViewerDep,
    *,
    ticket: str = "",
    manual: str = "",
    settings: str = "",
    checks: str = "",
) -> Response:
    """The stream: ``changed`` with a topic, and the ticket's number where one ticket changed.

    A page of the manual hears of the manual too, one of the settings of the bench, one of sites of their checks: of one
    site's by its id, or `all`.
    """
    chat = await pages.deps.db.read(lambda conn: _chat_of(conn, ticket))
    wanted = _Wanted(
        person=str(viewer.person.id),
        chat=chat,
        manual=bool(manual),
        settings=bool(settings),
        ticket=ticket,
        checks=checks,
    )
    return EventSourceResponse(_stream(request, pages, wanted), ping=15)


class _Wanted:
    """Which signals one page cares for: the desk's, its viewer's notices, its ticket's chat, the manual's runs."""

    def __init__(
        self, *, person: str, chat: str | None, manual: bool, settings: bool, ticket: str = "", checks: str = ""
    ) -> None:
        self._person = person
        self._own = {"chat": chat, attendance.TOPIC: ticket}
        self._manual = manual
        self._settings = settings
        self._checks = checks

    def news(self, signal: Signal) -> dict[str, str] | None:
        """What to tell the browser, or None."""
        match signal.topic:
            case "desk":
                return {"topic": "desk", "ticket": signal.payload}
            case "notice" if signal.payload in {_EVERYBODY, self._person}:
                return {"topic": "notice"}
            case "chat" | attendance.TOPIC as topic if signal.payload == self._own[topic]:
                return {"topic": topic}
            case (runs.TOPIC | site_checks.TOPIC) as topic if self._wants(signal):
                return {"topic": topic}
            case (bench_store.TOPIC | "overflow") as topic if self._settings or topic == "overflow":
                return {"topic": "all"}
        return None

    def _wants(self, signal: Signal) -> bool:
        return self._manual if signal.topic == runs.TOPIC else self._checks in {signal.payload, "all"}

    def writer(self, signal: Signal) -> str | None:
        """Who of the client's people is writing in the ticket's chat; None for anybody else."""
        who = typing.heard(signal.payload)
        return who.name if who.side == "client" and str(who.chat_id) == self._own["chat"] else None


async def _stream(request: Request, pages: Pages, wanted: _Wanted) -> AsyncIterator[ServerSentEvent]:
    topics = (
        "desk",
        "notice",
        "chat",
        attendance.TOPIC,
        runs.TOPIC,
        bench_store.TOPIC,
        typing.TOPIC,
        site_checks.TOPIC,
    )
    async with pages.deps.db.listen(*topics) as subscription:
        yield ServerSentEvent(comment="ready")
        while await _still_signed_in(request, pages):
            async for signal in for_a_while(subscription):
                news = wanted.news(signal)
                if signal.topic == typing.TOPIC and (writer := wanted.writer(signal)):
                    yield ServerSentEvent(event="typing", data=json.dumps({"name": writer}))
                if news is not None:
                    name = attendance.TOPIC if news["topic"] == attendance.TOPIC else "changed"
                    yield ServerSentEvent(event=name, data=json.dumps(news))


async def for_a_while(subscription: Subscription) -> AsyncIterator[Signal]:
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
