"""The HTTP side: `/bot<TOKEN>/<method>` and `/file/bot<TOKEN>/<path>` on a free loopback port of the test's own loop."""

import asyncio
import inspect
import json
import re
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Any

import uvicorn
from starlette.datastructures import UploadFile
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from tests.platforms.telegram import messages, surroundings
from tests.platforms.telegram.faults import Cut, Fault, Gateway, Slow, TooMany
from tests.platforms.telegram.refusals import ApiError, bad, not_found, too_many, unauthorized
from tests.platforms.telegram.requests import Asked, Uploaded
from tests.platforms.telegram.world import World

__all__ = ["TelegramServer", "loopback", "telegram_server"]

METHODS: dict[str, Any] = {**messages.METHODS, **surroundings.METHODS}
PART_BYTES = 64 * 1024 * 1024
TOKEN = re.compile(r"\d{3,}:[A-Za-z0-9_-]{30,}")


class TelegramServer:
    """A running server over a `World`. `base_url` and `base_file_url` are what python-telegram-bot's builder takes.

    `broken` holds what went wrong in the server itself; `telegram_server` raises it at the end.
    """

    def __init__(self, world: World) -> None:
        self.world, self.port = world, 0
        self.broken: list[Exception] = []
        self.closing = asyncio.Event()
        self._routes = Router(  # no Starlette: that would answer 500 before a connection is cut
            routes=[
                Route("/bot{token}/{method}", self._call, methods=["GET", "POST"]),
                Route("/file/bot{token}/{path:path}", self._download),
            ]
        )

    @property
    def base_url(self) -> str:
        """Where methods are; the token follows."""
        return f"http://127.0.0.1:{self.port}/bot"

    @property
    def base_file_url(self) -> str:
        """Where files are; the token follows."""
        return f"http://127.0.0.1:{self.port}/file/bot"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The ASGI application; a cut connection is cut here, below any answer."""
        try:
            await self._routes(scope, receive, send)
        except _CutConnection:
            send.__self__.transport.abort()  # type: ignore[attr-defined]  # uvicorn's cycle of this request
            await asyncio.sleep(0.01)  # until it has noticed, else it would write an answer of its own
        except ClientDisconnect:
            return
        except Exception as error:
            self.broken.append(error)
            raise

    async def _call(self, request: Request) -> Response:
        method = request.path_params["method"]
        try:
            _check_token(request.path_params["token"], self.world)
            return await self._answer(method, await _asked(request, self.world))
        except ApiError as error:
            after = error.parameters.get("retry_after")
            headers = {"Retry-After": str(after)} if after else {}
            return JSONResponse(error.json(), error.code, headers)

    async def _answer(self, method: str, asked: Asked) -> Response:
        if method.lower() not in METHODS:
            raise not_found()
        fault = self.world.faults.take(method)
        if (failed := _before(fault)) is not None:
            return failed
        self.world.calls.append((method, asked.values))
        result = METHODS[method.lower()](asked)
        result = await result if inspect.isawaitable(result) else result
        await self._after(fault)
        extra = {} if not isinstance(result, tuple) else {"description": result[1]}
        return JSONResponse({"ok": True, "result": result[0] if extra else result} | extra)

    async def _after(self, fault: Fault | None) -> None:
        """What a fault does once everything took place."""
        if fault == Cut(after_effect=True):
            raise _CutConnection
        if isinstance(fault, Slow):
            with suppress(TimeoutError):
                await asyncio.wait_for(self.closing.wait(), fault.seconds)

    async def _download(self, request: Request) -> Response:
        try:
            _check_token(request.path_params["token"], self.world)
            fault = self.world.faults.take("download")
            if (failed := _before(fault)) is not None:
                return failed
            path = request.path_params["path"]
            stored = next((each for each in self.world.files.values() if each.path == path), None)
            if stored is None or len(stored.content) > self.world.download_bytes:
                raise not_found()
        except ApiError as error:
            return JSONResponse(error.json(), error.code)
        await self._after(fault)
        return Response(stored.content, media_type="application/octet-stream")


class _CutConnection(Exception):  # noqa: N818 - no error: it was ordered
    """The connection is to end without an answer."""


def _before(fault: Fault | None) -> Response | None:
    """What a fault does before anything takes place; None if nothing."""
    match fault:
        case TooMany(retry_after):
            raise too_many(retry_after)
        case Gateway(status):
            page = f"<html><head><title>{status}</title></head><body><h1>{status}</h1><hr>nginx</body></html>"
            return HTMLResponse(page, status)
        case Cut(after_effect=False):
            raise _CutConnection
    return None


def _check_token(token: str, world: World) -> None:
    if not TOKEN.fullmatch(token):
        raise not_found()
    if token != world.token:
        raise unauthorized()


async def _asked(request: Request, world: World) -> Asked:
    """The call's parameters, wherever they are."""
    values: dict[str, Any] = dict(request.query_params)
    kind = request.headers.get("content-type", "").partition(";")[0]
    if kind == "application/json":
        return Asked(world, values | _object(await request.body()))
    files: dict[str, Uploaded] = {}
    if kind in {"multipart/form-data", "application/x-www-form-urlencoded"}:
        async with request.form(max_part_size=PART_BYTES) as form:
            for name, value in form.multi_items():
                if isinstance(value, UploadFile):
                    mime = value.content_type or "application/octet-stream"
                    files[name] = Uploaded(value.filename or name, mime, await value.read())
                else:
                    values[name] = value
    return Asked(world, values, files)


def _object(body: bytes) -> dict[str, Any]:
    try:
        given = json.loads(body or b"{}")
    except ValueError:
        given = None
    if not isinstance(given, dict):
        raise bad("can't parse JSON object")
    return given


class _Uvicorn(uvicorn.Server):
    """Leaves the signals to the test run, and ends when told instead of looking every tenth of a second."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ended = asyncio.Event()

    async def main_loop(self) -> None:
        await self.ended.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        for _ in range(1000):
            if not self.server_state.connections and not self.server_state.tasks:
                break
            await asyncio.sleep(0.005)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@asynccontextmanager
async def loopback(app: ASGIApp) -> AsyncIterator[int]:
    """Serve an ASGI application in this event loop; the free loopback port it got."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        config = uvicorn.Config(app, http="h11", ws="none", lifespan="off", log_config=None, access_log=False)
        runner = _Uvicorn(config)
        task = asyncio.create_task(runner.serve(sockets=[listener]))
        try:
            for _ in range(5000):
                if runner.started:
                    break
                await asyncio.sleep(0.001)
            assert runner.started, "the server does not start"
            yield int(listener.getsockname()[1])
        finally:
            runner.should_exit = True
            runner.ended.set()
            await task


@asynccontextmanager
async def telegram_server(world: World | None = None) -> AsyncIterator[TelegramServer]:
    """Run the server in this event loop, on a free loopback port, over a new world if none is given."""
    server = TelegramServer(world or World())
    async with loopback(server) as server.port:
        try:
            yield server
        finally:
            server.closing.set()
            await server.world.updates.close()
    if server.broken:
        raise ExceptionGroup("the Telegram of the tests broke", server.broken)
