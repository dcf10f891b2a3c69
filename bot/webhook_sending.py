"""Webhooks leave the desk: durable jobs, in order for each endpoint and matter, never in the desk's way.

A request goes to an address that was vetted (`success.addresses`), follows no redirect, ends in time, and reads little
of the answer. Whatever is no 2xx is tried again over three days; an endpoint that nothing reaches for so long, or that
says 410, is switched off, and the admins are told.
"""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Final

import httpx
import structlog
from sqlalchemy import Connection

from bot.errors import BotError
from bot.webhook_body import body_of
from bot.webhooks import signed, signing_key
from handoff import board, directory, messages, webhook_log, webhooks
from handoff.casefile import lock, notify
from handoff.errors import NotFound
from handoff.kinds import Audience, NoticeKind, Role
from handoff.model import Json
from handoff.webhook_log import QUEUE, SWEEP, Delivery, DeliveryState
from handoff.webhooks import Endpoint, OffReason
from store.clock import Clock
from store.db import Database
from store.schedule import plan
from store.worker import GiveUp, Retry, Running, Worker
from success.addresses import PUBLIC, AddressError, Policy, Resolve, Vetted, system_resolver
from success.privacy import keeping

PAUSES: Final = tuple(timedelta(seconds=seconds) for seconds in (5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400))
"""5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h, 24 h: a little over three days."""
RETRY: Final = Retry(attempts=len(PAUSES) + 1)
MOST_BATCHES: Final = 200
WORN_OUT: Final = timedelta(days=3)
DEADLINE_S: Final = 15.0
ANSWER_READ: Final = 4096
SLOTS: Final = 4
NIGHTLY: Final = "17 3 * * *"
_GONE: Final = 410
_log: Final = structlog.get_logger()


class UndeliveredError(BotError):
    """The receiver did not take it; `retry_after` is when to try again."""

    def __init__(self, why: str, *, retry_after: timedelta | None) -> None:
        super().__init__(why)
        self.retry_after = retry_after


@dataclass(frozen=True, kw_only=True)
class Outgoing:
    """One request as it is to be made."""

    delivery: Delivery
    endpoint: Endpoint
    body: bytes
    headers: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What came of a request."""

    ms: int
    status: int | None = None
    error: str | None = None
    text: str | None = None


class Poster:
    """Makes one request, to a vetted address alone."""

    def __init__(
        self, *, policy: Policy = PUBLIC, resolve: Resolve = system_resolver, deadline_s: float = DEADLINE_S
    ) -> None:
        self._policy, self._resolve, self._deadline_s = policy, resolve, deadline_s

    async def post(self, url: str, *, body: bytes, headers: Mapping[str, str]) -> Answer:
        """What the receiver said, or why it said nothing; raises nothing of the network's."""
        began = time.monotonic()
        status, error, text = None, None, None
        try:
            async with asyncio.timeout(self._deadline_s):
                vetted = await self._policy.vet(url, resolve=self._resolve)
                status, text = await self._send(vetted, body, headers)
        except AddressError as refused:
            error = f"{type(refused).__name__}: {refused}"
        except (TimeoutError, httpx.HTTPError, httpx.InvalidURL, OSError) as failed:
            error = type(failed).__name__
        return Answer(ms=int((time.monotonic() - began) * 1000), status=status, error=error, text=text)

    async def _send(self, vetted: Vetted, body: bytes, headers: Mapping[str, str]) -> tuple[int, str]:
        told = {
            **headers,
            "Host": vetted.authority,
            "Accept-Encoding": "identity",
            "User-Agent": "Aftercare-Webhooks/1",
        }
        async with (
            httpx.AsyncClient(follow_redirects=False, timeout=self._deadline_s, trust_env=False) as http,
            http.stream(
                "POST", vetted.direct, content=body, headers=told, extensions={"sni_hostname": vetted.host}
            ) as answer,
        ):
            return answer.status_code, await _beginning(answer)


class WebhookSending:
    """The handlers of `webhook` and `webhook_sweep` jobs."""

    def __init__(self, db: Database, *, clock: Clock, poster: Poster, public_url: str | None) -> None:
        self._db, self._clock, self._poster, self._base = db, clock, poster, public_url or ""

    async def begin(self) -> None:
        """Have the log swept each night."""
        now = self._clock()
        await self._db.write(lambda conn: plan(conn, SWEEP, cron=NIGHTLY, zone="UTC", queue=SWEEP, body={}, now=now))

    async def send(self, running: Running) -> None:
        """Make one request. Raises UndeliveredError, or GiveUp where trying again cannot help."""
        delivery_id = int(str(running.job.body["delivery"]))
        outgoing = await self._db.read(partial(self._outgoing, delivery_id=delivery_id))
        if outgoing is None:
            return
        if not outgoing.endpoint.active:
            raise GiveUp("the endpoint is off")
        answer = await self._poster.post(outgoing.endpoint.url, body=outgoing.body, headers=outgoing.headers)
        if answer.status is not None and 200 <= answer.status < 300:  # noqa: PLR2004 -- HTTP's
            await running.finish(partial(self._taken, delivery_id=delivery_id, answer=answer))
            return
        await self._db.write(partial(self._tried, delivery_id=delivery_id, answer=answer))
        why = answer.error or f"answered {answer.status}"
        _log.info("webhook_not_taken", endpoint=outgoing.endpoint.id, delivery=delivery_id, why=why)
        if answer.status == _GONE:
            await self._db.write(partial(self._gone, outgoing=outgoing))
            raise GiveUp(why)
        place = min(running.job.attempts, len(PAUSES)) - 1
        raise UndeliveredError(why, retry_after=PAUSES[place])

    async def dead(self, running: Running, error: Exception) -> None:
        """A delivery that was given up; its endpoint is switched off where nothing got through for three days."""
        if running.job.queue == QUEUE:
            delivery_id = int(str(running.job.body["delivery"]))
            await running.bury(error, partial(self._given_up, delivery_id=delivery_id))

    async def sweep(self, _: Running) -> None:
        """Forget old deliveries, a few at a time; how old they may be is a rule of the desk."""

        def some(conn: Connection) -> int:
            kept = keeping.span(conn, "webhooks") or webhook_log.KEPT
            return webhook_log.sweep(conn, now=self._clock(), kept=kept)

        for _batch in range(MOST_BATCHES):
            if not await self._db.write(some):
                return

    def register(self, worker: Worker) -> None:
        """Let a worker send; a few at a time, so that slow receivers leave room for the desk's own work."""
        worker.register(QUEUE, self.send, retry=RETRY, slots=SLOTS)
        worker.register(SWEEP, self.sweep)

    def _outgoing(self, conn: Connection, *, delivery_id: int) -> Outgoing | None:
        try:
            delivery = webhook_log.delivery(conn, delivery_id)
            endpoint = webhooks.endpoint(conn, delivery.endpoint_id)
        except NotFound:
            return None
        if delivery.state is not DeliveryState.WAITING:
            return None
        now = self._clock()
        body = body_of(delivery, base=self._base, texts=_texts(conn, delivery) if endpoint.texts else None)
        keys = [signing_key(secret) for secret in endpoint.signing(now)]
        headers = signed(*keys, message_id=delivery.name, at=now, body=body)
        return Outgoing(delivery=delivery, endpoint=endpoint, body=body, headers=headers)

    def _taken(self, conn: Connection, *, delivery_id: int, answer: Answer) -> None:
        self._tried(conn, delivery_id=delivery_id, answer=answer)
        webhook_log.end(conn, delivery_id, DeliveryState.SENT, now=self._clock())

    def _tried(self, conn: Connection, *, delivery_id: int, answer: Answer) -> None:
        webhook_log.tried(
            conn,
            delivery_id,
            at=self._clock(),
            ms=answer.ms,
            status=answer.status,
            error=answer.error,
            answer=answer.text,
        )

    def _gone(self, conn: Connection, *, outgoing: Outgoing) -> None:
        webhooks.switch(conn, outgoing.endpoint.id, on=False, why=OffReason.GONE)
        _tell_admins(conn, outgoing.endpoint, outgoing.delivery, now=self._clock())

    def _given_up(self, conn: Connection, *, delivery_id: int) -> None:
        now = self._clock()
        webhook_log.end(conn, delivery_id, DeliveryState.FAILED, now=now)
        delivery = webhook_log.delivery(conn, delivery_id)
        try:
            endpoint = webhooks.endpoint(conn, delivery.endpoint_id)
        except NotFound:
            return
        if endpoint.active and endpoint.failing_since is not None and now - endpoint.failing_since >= WORN_OUT:
            webhooks.switch(conn, endpoint.id, on=False, why=OffReason.FAILURES)
            _tell_admins(conn, endpoint, delivery, now=now)


def _tell_admins(conn: Connection, endpoint: Endpoint, delivery: Delivery, *, now: datetime) -> None:
    """A notice hangs on a ticket: the one that could not be told of."""
    if delivery.ticket_id is None:
        return
    case = lock(conn, delivery.ticket_id)
    for person in directory.staff(conn, active_only=True):
        if person.role is Role.ADMIN:
            notify(conn, case, NoticeKind.WEBHOOK_OFF, to=person.id, now=now, data={"webhook": endpoint.name})


def _texts(conn: Connection, delivery: Delivery) -> Json:
    """What people wrote, as it stands now; never what is internal."""
    texts: dict[str, str] = {}
    ticket_id = delivery.ticket_id
    if ticket_id is not None:
        ticket = board.ticket(conn, ticket_id)
        texts |= {"title": ticket.title, "summary": ticket.summary}
    message = _message_id(delivery)
    found = messages.find(conn, message) if message is not None else None
    if found is not None and found.audience is Audience.CLIENT:
        texts["message"] = found.text
    return texts


def _message_id(delivery: Delivery) -> int | None:
    body = delivery.body
    part = body.get("message")
    if isinstance(part, Mapping):
        return int(str(part["id"]))
    event = body.get("event")
    facts = event.get("facts") if isinstance(event, Mapping) else None
    named = facts.get("message") if isinstance(facts, Mapping) else None
    return None if named is None else int(str(named))


async def _beginning(answer: httpx.Response) -> str:
    """The first bytes of an answer, as text; the rest is not read."""
    read = b""
    async for chunk in answer.aiter_raw():
        read += chunk
        if len(read) >= ANSWER_READ:
            break
    return read[:ANSWER_READ].decode("utf-8", "replace")
