"""A real browser on a real server: Chromium by playwright, the console on loopback in a thread of its own."""

import asyncio
import os
import shutil
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.unit.console.world import PASSWORD, World, opened_world

FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One browser for all tests; each test has its own contexts."""
    path = shutil.which("chromium")
    if path is None:
        reason = "Chromium is not installed (Debian: apt-get install chromium)"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    expect.set_options(timeout=20_000)  # these machines are shared
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@dataclass
class Served:
    """A console that answers on loopback; `run` does something in its event loop and waits."""

    url: str
    world: World
    run: Callable[[Any], Any]
    chromium: Browser
    contexts: list[BrowserContext] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    def page(self, path: str = "/desk", *, login: str | None = "lin", **options: Any) -> Page:
        """A fresh browser context, signed in unless `login` is None, at a path."""
        context = self.chromium.new_context(**({"locale": "en-GB", "timezone_id": "Asia/Shanghai"} | options))
        self.contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.on("pageerror", lambda error: self.said.append(str(error)))
        page.on("console", lambda line: self.said.append(line.text) if "Content Security Policy" in line.text else None)
        if login is not None:
            page.goto(f"{self.url}/desk/sign-in")
            page.fill("#login", login)
            page.fill("#password", PASSWORD)
            page.keyboard.press("Enter")
            page.wait_for_url("**/desk")
        if login is None or path != "/desk":
            page.goto(self.url + path)
        return page


@pytest.fixture
def served(tmp_path: Path, chromium: Browser) -> Iterator[Served]:
    """A served console; no script may fail and nothing may break the content policy."""
    loop = asyncio.new_event_loop()
    started: Future[tuple[uvicorn.Server, int, World]] = Future()
    thread = threading.Thread(target=_serve, args=(loop, tmp_path, started), daemon=True)
    thread.start()
    server, port, world = started.result(timeout=60)

    def run(coroutine: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, loop).result(timeout=30)

    console = Served(url=f"http://127.0.0.1:{port}", world=world, run=run, chromium=chromium)
    yield console
    for context in console.contexts:
        context.close()
    server.should_exit = True
    thread.join(timeout=30)
    assert console.said == []


def _serve(loop: asyncio.AbstractEventLoop, folder: Path, started: Future[tuple[uvicorn.Server, int, World]]) -> None:
    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        runner.run(_serving(folder, started))


async def _serving(folder: Path, started: Future[tuple[uvicorn.Server, int, World]]) -> None:
    async with opened_world(folder, real_time=True) as world:
        with socket.socket() as listening:
            listening.bind(("127.0.0.1", 0))
            config = uvicorn.Config(world.app, log_level="error", timeout_graceful_shutdown=1, lifespan="off")
            server = uvicorn.Server(config)
            server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
            started.set_result((server, listening.getsockname()[1], world))
            await server.serve(sockets=[listening])
