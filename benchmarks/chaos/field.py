"""What is played on: the program in several processes, strict platforms, a model, and the link that can be cut."""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from fastapi import FastAPI
from starlette.responses import HTMLResponse, PlainTextResponse
from starlette.types import Receive, Scope, Send

from benchmarks.chaos.partition import Apart
from benchmarks.theatre.books import Books, bind
from benchmarks.theatre.on_slack import OnSlack
from benchmarks.theatre.on_telegram import OnTelegram
from benchmarks.theatre.stages import Stage
from bot.settings import shipped
from tests.fleet import Fleet, fleet
from tests.model_server import ModelServer, quotes
from tests.platforms.telegram.server import loopback

ROLES = ("web", "bot", "bot", "worker", "worker")
PARTS = ("zh/cms", "zh/accounts", "zh/mail")
"""Of the sample manual: enough to answer from, indexed in seconds."""
_CHATS = 30

Mood = Literal["well", "busy", "gone", "slow", "wrong"]


@dataclass
class Model:
    """A model server that answers, or fails in every way there is; then answers are quoted from the manual."""

    mood: Mood = "well"
    well: FastAPI = field(default_factory=lambda: ModelServer(says=quotes).app())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["path"] = scope["path"].removeprefix("/v1")
        match self.mood:
            case "well":
                await self.well(scope, receive, send)
            case "busy":
                await PlainTextResponse("busy", 503)(scope, receive, send)
            case "wrong":
                await HTMLResponse("<html>a proxy's page</html>", 200)(scope, receive, send)
            case "slow":
                await asyncio.sleep(120)
            case "gone":
                raise ConnectionResetError


@dataclass
class Field:
    """Everything, running."""

    fleet: Fleet
    telegram: OnTelegram
    slack: OnSlack
    model: Model
    books: Books
    apart: Apart | None = None
    down: list[tuple[float, float]] = field(default_factory=list)
    """Spans in which the fate of what was sent may be hidden from the program."""

    @property
    def stages(self) -> tuple[Stage, ...]:
        """The platforms that clients write on, in turn. Each bot holds a socket to Slack; one of them asks Telegram."""
        return self.telegram, self.slack


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[Field]:
    """The whole field, ready, with a standby of the database."""
    telegram, slack, model = OnTelegram(chats=_CHATS), OnSlack(chats=_CHATS), Model()
    manual = folder / "manual"
    for part in PARTS:
        shutil.copytree(shipped("manual") / part, manual / part)
    async with AsyncExitStack() as stack:
        told: dict[str, str] = {}
        for stage in (telegram, slack):
            told |= await stack.enter_async_context(stage.running())
        port = await stack.enter_async_context(loopback(model))
        told |= {
            "OPENAI_BASE_URL": f"http://127.0.0.1:{port}/v1",
            "AFTERCARE_MANUAL": str(manual),
            "AFTERCARE_LOG": "warning",
        }
        made = await stack.enter_async_context(fleet(folder, ROLES, environment=told, standby=True))
        apart = await stack.enter_async_context(Apart.made(made, folder, told))
        await made.start()
        await bind(made.url, [*telegram.places, *slack.places])
        books = Books(made.url)
        stack.callback(books.close)
        yield Field(made, telegram, slack, model, books, apart=apart)
        await made.end()


def troubles_in_logs(printed: Mapping[str, str]) -> dict[str, int]:
    """What the processes said of their troubles, counted by event."""
    found: dict[str, int] = {}
    for text in printed.values():
        for line in text.splitlines():
            if line.startswith("{"):
                try:
                    event = str(json.loads(line).get("event"))
                except ValueError:
                    continue
                found[event] = found.get(event, 0) + 1
    return dict(sorted(found.items(), key=lambda each: -each[1]))
