"""Deliveries to the app: signed HTTP requests, and the schedule by which events are sent again."""

import asyncio
import hashlib
import hmac
import json
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import urlencode, urlsplit

import aiohttp

from tests.platforms.slack import payloads
from tests.platforms.slack.faults import Faults
from tests.platforms.slack.settings import Settings
from tests.platforms.slack.world import Event, World

STALE_BY = 6 * 60


@dataclass(frozen=True)
class Outcome:
    """What the app answered: acknowledged or not, Slack's reason if not, the HTTP status (0 without), the body."""

    ok: bool
    reason: str = ""
    status: int = 0
    body: Any = None
    no_retry: bool = False


@dataclass(frozen=True)
class Sending:
    """One request to make: `kind` is "events_api", "interactive" or "slash_commands"."""

    kind: str
    payload: dict[str, Any]
    retry: int = 0
    reason: str = ""
    forged: bool = False
    stale: bool = False


class Transport(Protocol):
    """A way to the app."""

    @property
    def ready(self) -> bool:
        """Whether there is an app to send to, now or in time."""

    async def send(self, sending: Sending) -> Outcome:
        """Make one request; no failure is raised."""


@dataclass(eq=False)
class Delivery:
    """An event on its way: its body, and every attempt with its outcome."""

    payload: dict[str, Any]
    attempts: list[tuple[Sending, Outcome]] = field(default_factory=list)
    done: bool = False

    @property
    def event(self) -> dict[str, Any]:
        """The inner event."""
        event: dict[str, Any] = self.payload["event"]
        return event

    @property
    def acknowledged(self) -> bool:
        """Whether the app acknowledged it."""
        return any(outcome.ok for _, outcome in self.attempts)


class HttpTransport:
    """Signed POSTs to the app's request URL, on loopback only."""

    def __init__(self, settings: Settings) -> None:
        self.url = ""
        self._settings = settings
        self._session: aiohttp.ClientSession | None = None

    @property
    def ready(self) -> bool:
        """Whether a request URL is known."""
        return bool(self.url)

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()

    async def verify(self, url: str) -> bool:
        """The handshake with which Slack accepts a request URL: it must give the challenge back."""
        assert urlsplit(url).hostname in {"127.0.0.1", "localhost"}, "loopback only"
        challenge = secrets.token_urlsafe(40)
        body = {"token": self._settings.verification_token, "challenge": challenge, "type": "url_verification"}
        outcome = await self._post(url, json.dumps(body), {"Content-Type": "application/json"}, Sending("", body))
        answer = outcome.body.get("challenge") if isinstance(outcome.body, dict) else outcome.body
        return outcome.ok and answer == challenge

    async def send(self, sending: Sending) -> Outcome:
        """POST it as Slack does: events as JSON, the rest as forms."""
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        if sending.kind == "events_api":
            headers["Content-Type"] = "application/json"
            body = json.dumps(sending.payload)
        elif sending.kind == "interactive":
            body = urlencode({"payload": json.dumps(sending.payload)})
        else:
            body = urlencode(sending.payload)
        if sending.retry:
            headers |= {"X-Slack-Retry-Num": str(sending.retry), "X-Slack-Retry-Reason": sending.reason}
        return await self._post(self.url, body, headers, sending)

    async def _post(self, url: str, body: str, headers: dict[str, str], sending: Sending) -> Outcome:
        if self._session is None:
            self._session = aiohttp.ClientSession(trust_env=False)
        timestamp = int(time.time()) - (STALE_BY if sending.stale else 0)
        secret = "not-the-secret" if sending.forged else self._settings.signing_secret
        headers |= {"X-Slack-Request-Timestamp": str(timestamp), "X-Slack-Signature": sign(secret, timestamp, body)}
        headers["User-Agent"] = "Slackbot 1.0 (+https://api.slack.com/robots)"
        patience = aiohttp.ClientTimeout(total=self._settings.ack_within)
        try:
            async with self._session.post(url, data=body.encode(), headers=headers, timeout=patience) as response:
                text = await response.text()
                return _outcome(response.status, response.headers.get("X-Slack-No-Retry") == "1", text)
        except TimeoutError:
            return Outcome(ok=False, reason="http_timeout")
        except aiohttp.ClientError:
            return Outcome(ok=False, reason="connection_failed")


class Deliveries:
    """Sends what happened: events of one happening at the same time, happenings one after another.

    An event that is not acknowledged in time is sent again by the schedule, beside the later ones.
    """

    def __init__(self, world: World, faults: Faults, transport: Transport) -> None:
        self.log: list[Delivery] = []
        self._world, self._faults, self._transport = world, faults, transport
        self._queue: asyncio.Queue[list[Delivery]] = asyncio.Queue()
        self._worker: asyncio.Task[None] | None = None
        self._retries: set[asyncio.Task[None]] = set()

    def put(self, events: Sequence[Event]) -> None:
        """Queue the events of one happening; without an app to send to they are gone."""
        if not self._transport.ready:
            return
        batch = [Delivery(payloads.event_callback(event, self._world)) for event in events]
        self.log += batch
        self._queue.put_nowait(batch)
        if self._worker is None:
            self._worker = asyncio.create_task(self._work())

    async def settled(self, *, within: float = 20.0) -> None:
        """Wait until every event was acknowledged or given up."""
        await self._world.until(lambda: all(d.done for d in self.log), within=within, what="the end of the deliveries")

    async def close(self) -> None:
        """Give up what is under way."""
        tasks = [task for task in [self._worker, *self._retries] if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _work(self) -> None:
        while True:
            batch = await self._queue.get()
            order = self._faults.take_order()
            if not order:
                await asyncio.gather(*(self._first(delivery) for delivery in batch))
                continue
            while len(batch) < max(order, 2):
                batch += await self._queue.get()
            for delivery in reversed(batch):
                await self._first(delivery)

    async def _first(self, delivery: Delivery) -> None:
        forged, stale = self._faults.take_delivery("forged"), self._faults.take_delivery("stale")
        if forged or stale:
            await self._attempt(delivery, Sending("events_api", delivery.payload, forged=forged, stale=stale))
            self._finish(delivery)
            return
        sending = Sending("events_api", delivery.payload)
        times = 2 if self._faults.take_delivery("double") else 1
        outcomes = await asyncio.gather(*(self._attempt(delivery, sending) for _ in range(times)))
        if all(outcome.ok or outcome.no_retry for outcome in outcomes):
            self._finish(delivery)
            return
        task = asyncio.create_task(self._again(delivery))
        self._retries.add(task)
        task.add_done_callback(self._retries.discard)

    async def _again(self, delivery: Delivery) -> None:
        for number, delay in enumerate(self._world.settings.retry_delays, 1):
            reason = next(outcome.reason for _, outcome in reversed(delivery.attempts) if not outcome.ok)
            await asyncio.sleep(delay)
            outcome = await self._attempt(delivery, Sending("events_api", delivery.payload, number, reason))
            if outcome.ok or outcome.no_retry:
                break
        self._finish(delivery)

    async def _attempt(self, delivery: Delivery, sending: Sending) -> Outcome:
        outcome = await self._transport.send(sending)
        delivery.attempts.append((sending, outcome))
        self._world.touch()
        return outcome

    def _finish(self, delivery: Delivery) -> None:
        delivery.done = True
        self._world.touch()


def sign(secret: str, timestamp: int, body: str) -> str:
    """Slack's signature, version 0: HMAC-SHA256 of version, timestamp and body."""
    base = f"v0:{timestamp}:{body}".encode()
    return "v0=" + hmac.new(secret.encode(), base, hashlib.sha256).hexdigest()


def _outcome(status: int, no_retry: bool, text: str) -> Outcome:
    try:
        body = json.loads(text) if text else ""
    except ValueError:
        body = text
    ok = 200 <= status < 300
    return Outcome(ok=ok, reason="" if ok else "http_error", status=status, body=body, no_retry=no_retry)
