"""The real application for tests: manual, model and database are real, visitors speak HTTP; only the clock is ours."""

import asyncio
import hashlib
import shutil
import sys
import time
import uuid
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
from filelock import FileLock
from sqlalchemy import Connection

from bot.aftercare import Aftercare
from bot.app import open_app
from bot.commands import index
from bot.server import web_app
from bot.settings import Settings
from console import auth
from console.guard import SESSION_COOKIE
from handoff import board, directory
from handoff.kinds import Role
from handoff.model import Person, Ticket
from knowledge import e5
from store import jobs
from store.clock import utc_now
from tests.platforms.telegram.server import loopback

ROOT = Path(__file__).parents[1]
_STATES_KEPT = 4
WORKING_HOURS = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)  # a Tuesday, 10:00 in Shanghai


class MovableClock:
    """The real clock, shifted: it runs, and jumps when told."""

    def __init__(self, start: datetime) -> None:
        self._start, self._since, self._jumped = start, time.monotonic(), timedelta()

    def __call__(self) -> datetime:
        return self._start + timedelta(seconds=time.monotonic() - self._since) + self._jumped

    def jump(self, delta: timedelta) -> None:
        self._jumped += delta


@dataclass
class Visitor:
    """A client at the web chat's page, over HTTP."""

    http: httpx.AsyncClient
    api: str
    last: int = 0
    seen: list[dict[str, Any]] = field(default_factory=list)

    async def post(self, text: str, *, key: str | None = None, files: Any = None) -> httpx.Response:
        message = {"id": key or str(uuid.uuid4()), "text": text}
        if files:
            return await self.http.post(f"{self.api}/messages", data=message, files=files)
        return await self.http.post(f"{self.api}/messages", json=message)

    async def state(self) -> dict[str, Any]:
        response = await self.http.get(f"{self.api}/messages", params={"after": self.last})
        assert response.status_code == 200, response.text
        return response.json()

    async def settled(self) -> list[dict[str, Any]]:
        """What came since the last look, once nothing of ours is waiting for an answer."""
        for _ in range(1000):
            state = await self.state()
            if not state["typing"]:
                break
            await asyncio.sleep(0.02)
        else:
            raise AssertionError("no turn within the bound")
        news = [m for m in state["messages"] if not m["mine"]]
        self.last = max([self.last, *(m["id"] for m in state["messages"])])
        self.seen += state["messages"]
        return news

    async def say(self, text: str) -> list[dict[str, Any]]:
        """Type a message and read what comes back."""
        response = await self.post(text)
        assert response.status_code == 202, response.text
        return await self.settled()

    async def press(self, message: dict[str, Any], button: str) -> list[dict[str, Any]]:
        response = await self.http.post(f"{self.api}/press", json={"message": message["id"], "button": button})
        assert response.status_code == 204, response.text
        return await self.settled()


@dataclass
class House:
    """The running application, its clock, and shortcuts for the desk's side."""

    app: Aftercare
    clock: MovableClock

    @asynccontextmanager
    async def visitor(self, path: str = "/") -> AsyncIterator[Visitor]:
        transport = httpx.ASGITransport(app=web_app(self.app))
        async with httpx.AsyncClient(transport=transport, base_url="http://desk.test") as http:
            page = await http.get(path)
            assert page.status_code == 200, page.text
            api = page.text.split('data-api="')[1].split('"')[0]
            yield Visitor(http, api)

    async def agent(self, login: str = "lin", *, role: Role = Role.AGENT) -> Person:
        return await self.app.db.write(
            lambda conn: directory.add_staff(conn, login=login, name=login.title(), role=role, now=self.clock())
        )

    async def desk(self, person: Person) -> httpx.AsyncClient:
        """A browser in which a colleague is signed in, in English."""
        transport = httpx.ASGITransport(app=web_app(self.app))
        browser = httpx.AsyncClient(transport=transport, base_url="http://desk.test", headers={"Accept-Language": "en"})

        def enter(conn: Connection) -> str:
            auth._store_password(conn, person.id, hashed="-", one_time=False, now=self.clock())
            return auth.open_session(conn, person.id, now=self.clock())

        browser.cookies.set(SESSION_COOKIE, await self.app.db.write(enter), domain="desk.test", path="/")
        return browser

    async def open_ticket(self) -> Ticket:
        rows = await self.app.db.read(lambda conn: board.queue(conn, view="open", viewer_id=0, now=self.clock()))
        assert len(rows) == 1, rows
        return rows[0].ticket

    async def idle(self) -> None:
        """Wait until the worker has nothing due, within bounds."""
        for _ in range(1000):
            depths = await self.app.db.read(partial(jobs.depths, now=self.clock()))
            if not any(depth.waiting or depth.running for depth in depths):
                return
            await asyncio.sleep(0.02)
        raise AssertionError("the worker was not done within the bound")

    async def act(self, verb: str, **values: Any) -> Any:
        """A verb of the desk, in a transaction of its own."""
        return await self.app.db.write(lambda conn: getattr(self.app.desk, verb)(conn, **values, now=self.clock()))


@asynccontextmanager
async def front_door() -> AsyncIterator[tuple[str, list[Any]]]:
    """An address on loopback, for the application that is put into the list once it is there."""
    outside: list[Any] = []

    async def door(scope: Any, receive: Any, send: Any) -> None:
        await outside[0](scope, receive, send)

    async with loopback(door) as port:
        yield f"http://127.0.0.1:{port}", outside


@pytest.fixture(scope="session")
def embedder() -> e5.E5Embedder:
    """The embedded model, made once for this environment."""
    return e5.prepare(Path(sys.prefix) / "aftercare-test-model")


@pytest.fixture(scope="session")
def indexed(embedder: e5.E5Embedder) -> Path:
    """A data folder with the sample manual indexed; tests work on copies.

    Made once, and again when the program or the manual has changed since: it lies in the environment, as the model.
    """
    room = Path(sys.prefix) / "aftercare-test-index"
    room.mkdir(exist_ok=True)
    state = _state_of_the_program()
    data, made = room / state / "data", room / state / "made"

    async def make() -> None:
        clock = MovableClock(min(WORKING_HOURS - timedelta(hours=1), utc_now()))  # past for every test
        async with open_app(Settings(data=data), clock=clock, embedder=embedder) as app:
            report = await index(app, {}, lambda _: None)
            assert report["published"], report

    with FileLock(room / "indexed.lock"):
        if not made.exists():
            for stale in sorted(room.glob("*/"), key=lambda each: each.stat().st_mtime)[:-_STATES_KEPT]:
                shutil.rmtree(stale)
            shutil.rmtree(data.parent, ignore_errors=True)  # what a run that was broken off has begun
            data.parent.mkdir()
            with ThreadPoolExecutor(1) as apart:  # a browser's tests have an event loop running in this thread
                apart.submit(asyncio.run, make()).result()
            made.touch()
    return data


def _state_of_the_program() -> str:
    """A name that changes with every file of the program and of the sample manual."""
    found = hashlib.sha256()
    for folder in ("store", "knowledge", "handoff", "success", "console", "bot", "prompts", "manual"):
        for file in sorted(each for each in (ROOT / folder).rglob("*") if each.is_file() and each.suffix != ".pyc"):
            found.update(f"{file.relative_to(ROOT)}\0".encode() + file.read_bytes() + b"\0")
    return found.hexdigest()[:16]


@pytest.fixture
async def house(indexed: Path, embedder: e5.E5Embedder, tmp_path: Path) -> AsyncIterator[House]:
    """The application on a copy of the indexed data, at ten on a working morning."""
    clock = MovableClock(WORKING_HOURS)
    shutil.copytree(indexed, tmp_path / "data")
    async with open_app(Settings(data=tmp_path / "data"), clock=clock, embedder=embedder) as app:
        yield House(app, clock)
