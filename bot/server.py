"""`aftercare run`: the desk, the web chat and the worker in one process, on one event loop."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from typing import Any

import uvicorn
from fastapi import Depends, FastAPI, Response

from bot import commands, control, doctor
from bot.app import Aftercare
from bot.channels.web.pages import routes as chat_pages
from bot.channels.web.routes import routes as web_routes
from bot.errors import SettingsError
from bot.metrics_door import MetricsDoor
from console import app as console
from store.gauge import Gauge

_GRACE_S = 3  # open event streams are cut after it


def web_app(app: Aftercare) -> FastAPI:
    """The pages of the desk and the manual, the web chat, and the metrics, on one application."""
    pages = console.create(replace(app.console, health=partial(doctor.findings, app)))
    pages.state.chat = app.web
    pages.include_router(chat_pages)
    pages.include_router(web_routes)
    for channel in (app.telegram, app.slack):
        if channel is not None and channel.router is not None:
            pages.include_router(channel.router)

    gauge = Gauge(app.db, clock=app.clock)

    @pages.get("/metrics", include_in_schema=False, dependencies=[Depends(MetricsDoor(app.settings.metrics_token))])
    async def metrics() -> Response:
        app.meters.jobs(await gauge.depths())
        return Response(app.meters.exposition(), media_type="text/plain; version=0.0.4; charset=utf-8")

    return pages


def reserve(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes a free one.

    Raises:
        SettingsError: the port is taken, or may not be opened.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError as error:
        listening.close()
        raise SettingsError("PORT", f"cannot listen on {host}:{port} ({error.strerror}); set PORT to another") from None
    listening.listen(512)
    return listening


async def serve(app: Aftercare, listening: socket.socket, *, ready: Callable[[str], None]) -> None:
    """Serve until the process is told to stop; `ready` is called with the address once requests are answered."""
    host, port = listening.getsockname()[:2]
    config = uvicorn.Config(
        web_app(app),
        log_level=app.settings.log_level,
        access_log=False,
        timeout_graceful_shutdown=_GRACE_S,
        server_header=False,
        lifespan="off",
    )
    server = uvicorn.Server(config)
    async with (
        control.serve(app.settings.data, _bound(app)),
        _announced(server, lambda: ready(f"http://{host}:{port}")),
    ):
        await server.serve(sockets=[listening])


def _bound(app: Aftercare) -> control.Execute:
    async def execute(command: str, arguments: Any, emit: control.Emit) -> Any:
        return await commands.execute(app, command, arguments, emit)

    return execute


@asynccontextmanager
async def _announced(server: uvicorn.Server, ready: Callable[[], None]) -> AsyncIterator[None]:
    async def wait() -> None:
        while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
            await asyncio.sleep(0.02)
        ready()

    task = asyncio.create_task(wait())
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
