"""How Slack reaches us: one Bolt application, through signed requests or through sockets that we open.

Bolt checks signatures and timestamps and answers the address check. We store in its middleware before it acknowledges,
and before it asks Slack who we are: where that fails, Bolt would acknowledge what nobody has.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any, Final

import structlog
from fastapi import APIRouter, Request, Response
from slack_bolt.adapter.fastapi.async_handler import AsyncSlackRequestHandler
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.response import BoltResponse
from slack_sdk.socket_mode.aiohttp import SocketModeClient

from bot.channels.slack.account import TROUBLE, Account, Troubles, code
from bot.channels.slack.arriving import NOT_STORED, Arrivals

log = structlog.get_logger()

PATH: Final = "/slack/events"
_SPOKEN: Final = frozenset({"url_verification", "ssl_check"})  # Bolt answers these by itself
_PING_S: Final = 5.0
_CLOSING_S: Final = 5.0


def bolt(account: Account, arrivals: Arrivals, *, secret: str | None) -> AsyncApp:
    """The application; without a secret it takes what comes through our own sockets only."""

    async def store(body: Mapping[str, Any], next: Callable[[], Awaitable[None]]) -> BoltResponse | None:  # noqa: A002
        if body.get("type") in _SPOKEN or "ssl_check" in body:
            await next()
            return None
        try:
            answer = await arrivals.take(body)
        except NOT_STORED as error:
            log.warning("slack_request_not_stored", error=code(error))
            return BoltResponse(status=503, body="not stored, please send it again")
        except Exception:  # our own fault, or nothing that we can read: told, it must not hold up the others
            log.exception("slack_request_skipped", kind=body.get("type"))
            return BoltResponse(status=200)
        return BoltResponse(status=200, body=dict(answer) or "")

    return AsyncApp(
        client=account.client,
        signing_secret=secret or "",
        request_verification_enabled=secret is not None,
        before_authorize=store,
        logger=_quiet(),
    )


def router(app: AsyncApp) -> APIRouter:
    """The route for events, presses and commands. The application limits the body's size."""
    routes, handler = APIRouter(), AsyncSlackRequestHandler(app)

    @routes.post(PATH, include_in_schema=False)
    async def take(request: Request) -> Response:
        body = await request.body()
        stamped = request.headers.get("x-slack-request-timestamp", "")
        try:
            body.decode()
            int(stamped)
            request.headers.get("x-slack-signature", "").encode("ascii")  # the library falls over any other letter
        except ValueError:
            return Response("no request of Slack's", status_code=400)
        return await handler.handle(request)

    return routes


@asynccontextmanager
async def socket(app: AsyncApp, account: Account, *, token: str, ping_s: float = _PING_S) -> AsyncIterator[None]:
    """A socket to Slack for as long as the block lasts; lost, it is opened again. Any number of processes may."""
    quiet, api = _quiet(), account.client
    client = AsyncSocketModeHandler(app, token, logger=quiet, web_client=api, ping_interval=ping_s).client
    client.proxy = account.proxy
    keeping = asyncio.create_task(_keep(client, account, token=token, ping_s=ping_s), name="slack-socket")
    try:
        yield
    finally:
        keeping.cancel()
        with suppress(asyncio.CancelledError):
            await keeping
        tasks = (client.message_processor, client.current_session_monitor, client.message_receiver)
        with suppress(TimeoutError):
            await asyncio.wait_for(client.close(), _CLOSING_S)  # type: ignore[no-untyped-call]
        await asyncio.gather(*(task for task in tasks if task is not None), return_exceptions=True)


async def _keep(client: SocketModeClient, account: Account, *, token: str, ping_s: float) -> None:
    """Connect, again and again until it works; then tell when the connection is lost and when it is back."""
    troubles = Troubles()
    while True:
        try:
            client.wss_uri = str((await account.client.apps_connections_open(app_token=token))["url"])
            break
        except TROUBLE as error:
            await asyncio.sleep(troubles.meet(error))
    connecting = asyncio.create_task(client.connect(), name="slack-connecting")  # type: ignore[no-untyped-call]
    try:
        await asyncio.wait({connecting}, timeout=2 * ping_s)
        while True:
            if await client.is_connected():
                troubles.over()
            else:
                troubles.meet(ConnectionError("the socket is gone"))
                client.wss_uri = None  # the library would try the same address for ever, which opens one socket, once
            await asyncio.sleep(2 * ping_s)
    finally:
        connecting.cancel()
        await asyncio.wait({connecting})


def _quiet() -> logging.Logger:
    """The library's log without its retelling of what was said, and of what we tell ourselves."""
    logger = logging.getLogger("aftercare.slack")
    logger.setLevel(logging.CRITICAL)
    return logger
