"""An emergency that nobody takes leaves the desk: a call through the pager's webhook, and words in direct chats.

Calls are signed as Standard Webhooks says (standardwebhooks.com, symmetric `v1`), sent at least once with an id that
stays the same, and given up loudly: the leads are told whenever nobody could be phoned.
"""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Final, Protocol

import httpx
import structlog
from sqlalchemy import Connection

from bot.errors import PagerError
from bot.settings import Settings
from bot.webhooks import is_loopback, signed, signing_key
from handoff import board, directory, paging
from handoff.model import Person, Ticket
from store.clock import Clock
from store.db import Database
from store.jobs import Job, JsonValue
from store.worker import Retry, Running, Worker

RETRY: Final = Retry(attempts=8, first=timedelta(seconds=2), cap=timedelta(minutes=1))
DEADLINE_S: Final = 10.0
LONGEST_WAIT: Final = timedelta(minutes=1)
_OK: Final = range(200, 300)
log: Final = structlog.get_logger()


@dataclass(frozen=True, kw_only=True)
class Call:
    """One call. `id` is the same however often it is sent; `at` is when the desk decided on it."""

    id: str
    at: datetime
    data: Mapping[str, JsonValue]


class Pager(Protocol):
    """Something that phones people."""

    async def send(self, call: Call) -> None:
        """Have somebody phoned; raises PagerError. One with `retry_after` is obeyed, any is retried with backoff."""


class DirectChat(Protocol):
    """Something that writes to a colleague in a chat of theirs."""

    async def tell(self, person: Person, ticket: Ticket) -> bool:
        """Say that an emergency waits; False if there is no direct chat with the person."""


class NoDirectChat:
    """No channel has direct chats with colleagues: they have the notice, and the browser shows it."""

    async def tell(self, person: Person, ticket: Ticket) -> bool:
        """Nothing to write to."""
        del person, ticket
        return False


class WebhookPager:
    """Posts each call to a URL, over https or to this machine; follows no redirect, reads no answer."""

    def __init__(self, url: str, secret: bytes, *, clock: Clock, deadline_s: float = DEADLINE_S) -> None:
        self._url, self._secret, self._clock, self._deadline_s = url, secret, clock, deadline_s

    async def send(self, call: Call) -> None:
        """Post the call; anything but a 2xx in time raises PagerError."""
        body = json.dumps(
            {"type": "emergency.unacknowledged", "timestamp": call.at.isoformat(), "data": call.data},
            ensure_ascii=False,
        ).encode()
        headers = signed(self._secret, message_id=call.id, at=self._clock(), body=body)
        try:
            async with asyncio.timeout(self._deadline_s):
                status, wait = await self._post(body, headers)
        except (TimeoutError, httpx.HTTPError, httpx.InvalidURL) as error:
            raise PagerError(type(error).__name__) from error
        if status not in _OK:
            raise PagerError(f"answered {status}", retry_after=wait)

    async def _post(self, body: bytes, headers: Mapping[str, str]) -> tuple[int, timedelta | None]:
        here = is_loopback(self._url)  # a proxy of the environment would be asked for it too
        async with (
            httpx.AsyncClient(follow_redirects=False, timeout=self._deadline_s, trust_env=not here) as http,
            http.stream("POST", self._url, content=body, headers=headers) as answer,
        ):
            return answer.status_code, _wait(answer.headers.get("retry-after", ""))


class Paging:
    """The handlers of `page` and `direct` jobs. Without a pager the leads hear that nobody could be phoned."""

    def __init__(
        self, db: Database, *, clock: Clock, pager: Pager | None, direct: DirectChat, public_url: str | None
    ) -> None:
        self._db, self._clock, self._pager, self._direct, self._public_url = db, clock, pager, direct, public_url

    async def call(self, running: Running) -> None:
        """Phone somebody about an emergency, unless somebody has taken it meanwhile."""
        job = running.job
        call = await self._db.read(partial(self._call, job=job))
        if call is None:
            return
        if self._pager is None:
            await running.finish(partial(self._unphoned, job=job, why="no_pager"))
            return
        try:
            await self._pager.send(call)
        except PagerError as error:
            log.warning("pager_failed", call=call.id, attempt=job.attempts, error=str(error))
            raise

    async def tell(self, running: Running) -> None:
        """Write to one colleague on duty, unless somebody has taken the emergency meanwhile."""
        body = running.job.body
        found = await self._db.read(
            partial(_addressed, ticket_id=_whole(body["ticket"]), person_id=_whole(body["person"]))
        )
        if found is not None:
            await self._direct.tell(*found)

    async def dead(self, running: Running, error: Exception) -> None:
        """A call that was given up is told to the leads."""
        job = running.job
        if job.queue == paging.PAGE:
            why = str(error) if isinstance(error, PagerError) else type(error).__name__
            await running.bury(error, partial(self._unphoned, job=job, why=why))

    def register(self, worker: Worker) -> None:
        """Let a worker page."""
        worker.register(paging.PAGE, self.call, retry=RETRY)
        worker.register(paging.DIRECT, self.tell)

    def _unphoned(self, conn: Connection, *, job: Job, why: str) -> None:
        ticket_id, call = _whole(job.body["ticket"]), str(job.body["call"])
        paging.unphoned(conn, ticket_id, call=call, why=why, now=self._clock())

    def _call(self, conn: Connection, *, job: Job) -> Call | None:
        ticket_id = _whole(job.body["ticket"])
        if not paging.still_paged(conn, ticket_id):
            return None
        ticket = board.ticket(conn, ticket_id)
        client = directory.client(conn, ticket.client_id) if ticket.client_id else None
        link = f"{self._public_url}/desk/t/{ticket.number}" if self._public_url else None
        data: dict[str, JsonValue] = {"ticket": ticket.number, "title": ticket.title, "tier": str(ticket.tier)}
        data |= {"client": client.name if client else None, "since": ticket.since.isoformat(), "url": link}
        return Call(id=str(job.body["call"]), at=job.created_at, data=data)


def _wait(text: str) -> timedelta | None:
    """Retry-After in seconds, bounded: an emergency does not wait for long."""
    return min(timedelta(seconds=int(text[:6])), LONGEST_WAIT) if text.isascii() and text.isdigit() else None


def _addressed(conn: Connection, *, ticket_id: int, person_id: int) -> tuple[Person, Ticket] | None:
    if not paging.still_paged(conn, ticket_id):
        return None
    return directory.person(conn, person_id), board.ticket(conn, ticket_id)


def _whole(value: JsonValue) -> int:
    return int(str(value))


def pager_of(settings: Settings, *, clock: Clock) -> Pager | None:
    """The pager that the settings name; None where they name none."""
    if settings.pager_url is None or settings.pager_secret is None:
        return None
    key = signing_key(settings.pager_secret.get_secret_value())
    return WebhookPager(settings.pager_url.get_secret_value(), key, clock=clock)
