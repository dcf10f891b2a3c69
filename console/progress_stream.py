"""The event stream of a client's page: that something changed for this link, and when the link has ended."""

import hashlib
import json
from collections.abc import AsyncIterator
from typing import Final

from fastapi import APIRouter, Response
from sqlalchemy import Connection
from sse_starlette import EventSourceResponse, ServerSentEvent

from console.live import for_a_while
from console.pages import Pages, PagesDep
from console.progress_guard import HEADERS, HeldDep
from handoff import progress, progress_links
from handoff.progress_links import Held
from handoff.sites import CHANGED
from store.db import Database
from store.signals import Signal

router = APIRouter(prefix="/p/{token}")
ENDED: Final = "ended"


@router.get("/events")
async def events(*, pages: PagesDep, held: HeldDep, token: str, request: str = "") -> Response:
    """`changed` without a word on what, and only when this link shows something else than before."""
    return EventSourceResponse(_stream(pages, held, token, request), ping=15, headers=HEADERS)


class _Ear:
    """Which signals may concern a link: those of its client's tickets, chats, files, sites and links."""

    def __init__(self, db: Database, held: Held) -> None:
        self._db = db
        self._held = held
        self._known: dict[Signal, bool] = {}

    async def hears(self, signal: Signal) -> bool:
        """Whether to look again; asked once for each ticket and chat."""
        if signal not in self._known:
            self._known[signal] = await self._db.read(lambda conn: self._concerned(conn, signal))
        return self._known[signal]

    def forget(self) -> None:
        """A chat may have got another client."""
        self._known.clear()

    def _concerned(self, conn: Connection, signal: Signal) -> bool:
        match signal.topic:
            case "desk" if signal.payload:
                return progress.concerns(conn, self._held, signal.payload)
            case "chat":
                return progress.is_their_chat(conn, self._held, signal.payload)
            case _ if signal.topic == CHANGED:
                return signal.payload == str(self._held.client.id)
        return True


async def _stream(pages: Pages, held: Held, token: str, number: str) -> AsyncIterator[ServerSentEvent]:
    """Look again when it may concern this link, and now and then; tell a difference, and end with the link.

    What changes nothing here (others' tickets, internal notes) is never told, not even that it happened.
    """
    ear = _Ear(pages.deps.db, held)
    async with pages.deps.db.listen("desk", "chat", CHANGED) as subscription:
        before = await _look(pages, token, number)
        yield ServerSentEvent(comment="ready")
        while before is not None:
            async for signal in for_a_while(subscription):
                if not await ear.hears(signal):
                    continue
                before, last = await _look(pages, token, number), before
                if before is None:
                    break
                if before != last:
                    yield ServerSentEvent(event="changed", data="{}")
            else:
                ear.forget()
                before, last = await _look(pages, token, number), before
                if before not in (last, None):
                    yield ServerSentEvent(event="changed", data="{}")
    yield ServerSentEvent(event="changed", data=json.dumps({ENDED: True}))


async def _look(pages: Pages, token: str, number: str) -> str | None:
    """A digest of all that the link shows now; None once it holds no longer."""
    now, secret, desk = pages.deps.clock(), pages.deps.secret, pages.deps.desk

    def body(conn: Connection) -> str | None:
        held = progress_links.held(conn, token, secret=secret, now=now)
        if held is None:
            return None
        shown: tuple[object, ...] = (
            progress.overview(conn, held, desk=desk, now=now),
            held.client,
            held.link.expires_at,
        )
        if number:
            shown += (progress.detail(conn, held, number, desk=desk, now=now),)
        return hashlib.sha256(repr(shown).encode("utf-8", "replace")).hexdigest()

    return await pages.deps.db.read(body)
