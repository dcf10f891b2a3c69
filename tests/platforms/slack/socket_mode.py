"""Socket Mode: WebSocket connections that the app opens, envelopes in them, acknowledgements back."""

import asyncio
import json
import uuid
from contextlib import suppress
from typing import Any

from aiohttp import WSMsgType, web

from tests.platforms.slack.deliveries import Outcome, Sending
from tests.platforms.slack.faults import Faults
from tests.platforms.slack.world import World

HOST = "applink-test"


class Connection:
    """One open connection, and the envelopes in it that wait for their acknowledgement."""

    def __init__(self, socket: web.WebSocketResponse, request: web.Request) -> None:
        self.socket, self._request = socket, request
        self.waiting: dict[str, asyncio.Future[Outcome]] = {}
        self.doomed: set[str] = set()
        self.leaving = False

    @property
    def open(self) -> bool:
        """Whether envelopes may go into it."""
        return not self.socket.closed and not self.leaving

    def drop(self) -> None:
        """Cut it without a word."""
        self.leaving = True
        if self._request.transport is not None:
            self._request.transport.abort()
        self.lose()

    def lose(self) -> None:
        """What waits in it will not be acknowledged any more."""
        self.leaving = True
        for future in self.waiting.values():
            if not future.done():
                future.set_result(Outcome(ok=False, reason="timeout"))

    def acknowledge(self, envelope_id: str, payload: Any) -> None:
        """An acknowledgement came in; that of a doomed envelope is lost, with the connection."""
        if envelope_id in self.doomed:
            self.drop()
            return
        future = self.waiting.get(envelope_id)
        if future is not None and not future.done():
            future.set_result(Outcome(ok=True, body="" if payload is None else payload))


class SocketMode:
    """The server's side of all connections; each envelope goes into the next one in turn."""

    def __init__(self, world: World, faults: Faults) -> None:
        self.connections: list[Connection] = []
        self._world, self._faults = world, faults
        self._turn = 0

    @property
    def ready(self) -> bool:
        """Always: what happens before the app connects waits for it."""
        return True

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """One connection, as long as it lasts; a ticket that was used or is too old opens none."""
        if not self._world.tickets.use(request.query.get("ticket", "")):
            return web.Response(status=404, text="unknown ticket")
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        if len(self.open) >= self._world.settings.most_connections:
            await socket.send_json(
                {"type": "disconnect", "reason": "too_many_websockets", "debug_info": {"host": HOST}}
            )
            await socket.close()
            return socket
        connection = Connection(socket, request)
        self.connections.append(connection)
        await socket.send_json(self._hello())
        self._world.touch()
        try:
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    answer = json.loads(message.data)
                    connection.acknowledge(str(answer.get("envelope_id")), answer.get("payload"))
        finally:
            connection.lose()
            self._world.touch()
        return socket

    @property
    def open(self) -> list[Connection]:
        """The connections in use."""
        return [connection for connection in self.connections if connection.open]

    async def connected(self, count: int = 1, *, within: float = 20.0) -> None:
        """Wait until this many connections are open."""
        await self._world.until(lambda: len(self.open) == count, within=within, what=f"{count} connections")

    async def send(self, sending: Sending) -> Outcome:
        """Put it into a connection and wait for the acknowledgement; events wait for a connection, too."""
        assert not sending.forged, "Socket Mode has no signatures"
        assert not sending.stale, "Socket Mode has no timestamps"
        connection = await self._next(wait=sending.kind == "events_api")
        if connection is None:
            return Outcome(ok=False, reason="timeout")
        envelope_id = str(uuid.uuid4())
        future = connection.waiting[envelope_id] = asyncio.get_running_loop().create_future()
        if self._faults.take_delivery("drop_socket"):
            connection.doomed.add(envelope_id)
        try:
            await connection.socket.send_json(_envelope(envelope_id, sending))
            return await asyncio.wait_for(future, self._world.settings.ack_within)
        except (TimeoutError, ConnectionError):
            return Outcome(ok=False, reason="timeout")
        finally:
            del connection.waiting[envelope_id]

    async def ask_to_leave(self, reason: str = "refresh_requested") -> None:
        """Tell the oldest connection that it will be closed ("refresh_requested") or soon will be ("warning")."""
        connection = self.open[0]
        connection.leaving = True
        await connection.socket.send_json({"type": "disconnect", "reason": reason, "debug_info": {"host": HOST}})

    def drop(self) -> None:
        """Cut every connection without a word."""
        for connection in self.open:
            connection.drop()
        self._world.touch()

    async def close(self) -> None:
        """Close every connection properly."""
        for connection in self.connections:
            with suppress(ConnectionError):
                await connection.socket.close()

    async def _next(self, *, wait: bool) -> Connection | None:
        if wait and not self.open:
            with suppress(AssertionError):
                await self._world.until(lambda: self.open, within=self._world.settings.hold)
        if not self.open:
            return None
        self._turn += 1
        return self.open[self._turn % len(self.open)]

    def _hello(self) -> dict[str, Any]:
        debug = {"host": HOST, "build_number": 10, "approximate_connection_time": 18060}
        info = {"app_id": self._world.settings.app_id}
        return {"type": "hello", "num_connections": len(self.open), "connection_info": info, "debug_info": debug}


def _envelope(envelope_id: str, sending: Sending) -> dict[str, Any]:
    """The envelope; an event says how often it was sent before."""
    body: dict[str, Any] = {"envelope_id": envelope_id, "type": sending.kind, "payload": sending.payload}
    if sending.kind == "events_api":
        retries = {"retry_attempt": sending.retry, "retry_reason": sending.reason}
        return {**body, "accepts_response_payload": False, **retries}
    return {**body, "accepts_response_payload": True}
