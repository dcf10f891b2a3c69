"""`aftercare run`: the desk, the web chat and the worker in one process, on one event loop."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, nullcontext
from dataclasses import replace
from functools import partial
from typing import Any

import uvicorn
from fastapi import FastAPI

from bot import commands, control, doctor
from bot.aftercare import Aftercare
from bot.channels.web.pages import routes as chat_pages
from bot.channels.web.routes import routes as web_routes
from bot.counting import Counting
from bot.errors import SettingsError
from bot.exposing import metrics
from console import app as console
from console import health

_GRACE_S = 3  # open event streams are cut after it


def web_app(app: Aftercare) -> FastAPI:
    """What this process answers: pages, chat and what platforms push where its role serves them; how it is, always."""
    pages = _pages(app) if app.role.serves else _bare(app)
    pages.include_router(metrics(app))
    pages.add_middleware(Counting, meters=app.meters)
    return pages


def _pages(app: Aftercare) -> FastAPI:
    pages = console.create(replace(app.console, health=partial(doctor.findings, app)))
    pages.state.chat = app.web
    pages.include_router(chat_pages)
    pages.include_router(web_routes)
    for channel in (app.telegram, app.slack):
        if channel is not None and channel.router is not None:
            pages.include_router(channel.router)
    return pages


def _bare(app: Aftercare) -> FastAPI:
    bare = FastAPI(title="Aftercare", docs_url=None, redoc_url=None, openapi_url=None)
    bare.include_router(health.routes(app.console))
    return bare


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
        log_config=None,
        access_log=False,
        proxy_headers=bool(app.settings.proxies),
        forwarded_allow_ips=app.settings.proxies,
        timeout_graceful_shutdown=_GRACE_S,
        server_header=False,
        lifespan="off",
    )
    server = uvicorn.Server(config)
    shared = app.settings.shared  # then commands run in processes of their own
    async with (
        nullcontext() if shared else control.serve(app.settings.data, _bound(app)),
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
