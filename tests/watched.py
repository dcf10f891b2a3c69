"""The real program as a process, on the web and on our strict Telegram, with a model over HTTP; what it tells."""

import asyncio
import json
import re
import shutil
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from benchmarks.theatre.books import bind
from benchmarks.theatre.on_telegram import OnTelegram
from benchmarks.theatre.talk import Line
from bot.settings import Settings
from tests.model_server import ModelServer, quotes
from tests.platforms.telegram.server import loopback
from tests.server import Server, until_ok

MODEL_KEY = "sk-the-key-of-the-tests-0123456789"


@dataclass
class Watched:
    """One program that runs, with its surroundings."""

    server: Server
    telegram: OnTelegram

    async def ask(self, text: str) -> int:
        """Ask on the web and wait for the answer; the number of the message."""
        async with httpx.AsyncClient(base_url=self.server.url, timeout=20, trust_env=False) as http:
            page = await until_ok(lambda: http.get("/"))
            found = re.search(r'data-api="([^"]+)"', page.text)
            assert found
            said = {"id": str(uuid.uuid4()), "text": text}
            sent = await until_ok(lambda: http.post(f"{found[1]}/messages", json=said))
            for _ in range(1200):
                state = (await until_ok(lambda: http.get(f"{found[1]}/messages"))).json()
                if not state["typing"] and any(not each["mine"] for each in state["messages"]):
                    return int(sent.json()["id"])
                await asyncio.sleep(0.05)
        raise AssertionError("nobody answers")

    async def ask_on_telegram(self, text: str) -> None:
        """Ask in the group and wait until the bot has said something to it."""
        before = len(self.telegram.shown)
        self.telegram.say(Line(number=before + 1, chat=0, person=0, text=text, asked="bot"))
        for _ in range(1200):
            if any(text.isascii() or shown.answers or "[1]" in shown.text for shown in self.telegram.shown[before:]):
                return
            await asyncio.sleep(0.05)
        raise AssertionError(self.server.printed()[-3000:])

    def log(self) -> list[dict[str, Any]]:
        """Its log so far: every line that begins as JSON is JSON."""
        return [json.loads(line) for line in self.server.printed().splitlines() if line.startswith("{")]

    async def logged(self, event: str, **facts: object) -> dict[str, Any]:
        """The first line of the log about this, once it is there."""
        for _ in range(600):
            for line in self.log():
                if line["event"] == event and facts.items() <= line.items():
                    return line
            await asyncio.sleep(0.05)
        raise AssertionError([line for line in self.log() if line["event"] == event][-5:])

    async def metrics(self) -> str:
        """What Prometheus would read now."""
        async with httpx.AsyncClient(base_url=self.server.url, timeout=20, trust_env=False) as http:
            return (await http.get("/metrics")).raise_for_status().text


@asynccontextmanager
async def program(indexed: Path, folder: Path, **environment: str) -> AsyncIterator[Watched]:
    """Run it on a copy of the indexed data, its log on."""
    data = folder / "data"
    await asyncio.to_thread(shutil.copytree, indexed, data)
    telegram = OnTelegram(chats=1)
    async with telegram.running() as told, loopback(ModelServer(says=quotes).app()) as port:
        await bind(Settings(data=data).database, telegram.places)
        model = {"OPENAI_BASE_URL": f"http://127.0.0.1:{port}", "OPENAI_API_KEY": MODEL_KEY, "NO_PROXY": "127.0.0.1"}
        server = Server(data, **told, **model, **({"AFTERCARE_LOG": "info"} | environment))
        try:
            await asyncio.to_thread(server.start)
            yield Watched(server, telegram)
        finally:
            await asyncio.to_thread(server.abandon)
