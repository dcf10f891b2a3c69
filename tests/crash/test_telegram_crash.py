"""kill -9 at each awkward moment of a Telegram message's way: the real program, and what Telegram saw afterwards."""

import asyncio
import json
import os
import shutil
import signal
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Connection
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from benchmarks.theatre.books import Books, bind
from benchmarks.theatre.on_telegram import OnTelegram
from benchmarks.theatre.stages import Said
from benchmarks.theatre.talk import Line
from benchmarks.theatre.verdict import Verdict, judge
from bot.settings import Settings
from handoff import directory, messages
from store.db import Database
from tests.platforms.telegram import Cut, Slow, TooMany
from tests.platforms.telegram.server import loopback
from tests.server import Server

pytestmark = [pytest.mark.crash, pytest.mark.timeout(300)]
PATIENCE_S = 60
QUESTION = "后台密码忘了怎么办?"


@dataclass
class Scene:
    """One bound group and the program, which can be killed and started again."""

    stage: OnTelegram
    server: Server
    books: Books
    said: list[Said] = field(default_factory=list)
    kills: list[tuple[float, float]] = field(default_factory=list)

    def say(self, text: str = QUESTION, *, person: int = 0) -> Said:
        number = len(self.said) + 1
        said = self.stage.say(Line(number=number, chat=0, person=person, text=text, asked="bot"))
        assert said is not None
        self.said.append(said)
        return said

    async def until(self, ready: Callable[[], object], what: str) -> None:
        for _ in range(PATIENCE_S * 50):
            if ready():
                return
            await asyncio.sleep(0.02)
        raise AssertionError(f"not within the bound: {what}")

    def stop(self) -> None:
        """The program stands still where it is, until it is killed."""
        os.kill(self.server.pid, signal.SIGSTOP)

    async def kill(self) -> None:
        at = time.monotonic()
        await asyncio.to_thread(self.server.end, signal.SIGKILL)
        self.kills.append((at, at))

    async def start(self) -> None:
        await asyncio.to_thread(self.server.start)

    async def polls(self) -> None:
        await self.until(lambda: self.stage.world.updates.waits, "it polls")

    async def verdict(self, record: Callable[[str, object], None]) -> Verdict:
        """Once all is worked off: what became of it."""
        await self.until(lambda: not self.stage.waiting and not self.books.busy(), "all is worked off")
        kept = self.books.read([self.stage.name])
        found = judge(self.said, self.stage.shown, kept, notes=self.stage.notes, kills=self.kills)
        counts = found.counts
        figures = {
            "lost": counts["not_stored"] + counts["no_turn"] + counts["not_shown"],
            "doubled": counts["two_turns"] + counts["shown_twice"],
            "doubled_of_hidden_fate": counts["hidden_fate"],
        }
        print(json.dumps(figures))
        record("figures", figures)
        assert found.clean, found
        return found


@asynccontextmanager
async def opened(indexed: Path, folder: Path, **environment: str) -> AsyncIterator[Scene]:
    """The program, not started yet."""
    data = folder / "data"
    shutil.copytree(indexed, data)
    stage, url = OnTelegram(chats=1), Settings(data=data).database
    async with stage.running() as told:
        await bind(url, stage.places)
        server = Server(data, **told, **environment)
        if "TELEGRAM_WEBHOOK_SECRET" in environment:
            server.environment["PUBLIC_URL"] = server.url
        scene = Scene(stage, server, Books(url))
        try:
            yield scene
        finally:
            scene.books.close()
            server.abandon()


@pytest.fixture
async def scene(indexed: Path, tmp_path: Path) -> AsyncIterator[Scene]:
    """A program that polls."""
    async with opened(indexed, tmp_path) as made:
        await made.start()
        await made.polls()
        yield made


async def test_fetched_and_not_stored(scene: Scene, record_property) -> None:
    """Telegram has handed it out, the program dies before it is stored: it is fetched again, at once."""
    scene.stop()
    scene.say()
    await scene.until(lambda: not scene.stage.world.updates.waits, "handed out")
    await scene.kill()
    assert scene.books.read(["telegram"]).stored == {}
    await scene.start()
    found = await scene.verdict(record_property)
    assert found.counts["marked"] == 0
    assert len(scene.stage.shown) == 1


async def test_stored_and_not_confirmed(scene: Scene, record_property) -> None:
    """Stored, but Telegram never hears so: it hands the message out again, which changes nothing."""
    scene.stage.world.faults.order("getUpdates", Cut(), times=1000)
    said = scene.say()
    await scene.until(lambda: said.version in scene.books.read(["telegram"]).stored, "stored")
    await scene.kill()
    assert scene.stage.waiting == 1
    scene.stage.world.faults.forget()
    await scene.start()
    await scene.verdict(record_property)
    assert len(scene.said) == 1


async def test_in_the_middle_of_a_turn(indexed: Path, tmp_path: Path, record_property) -> None:
    """The model is at it when the program dies: the next life takes the turn over at once, and answers once."""
    asked = asyncio.Event()

    async def model(scope: Scope, receive: Receive, send: Send) -> None:
        first = not asked.is_set()
        asked.set()
        if first:  # until the asker has gone
            while (await receive())["type"] != "http.disconnect":
                pass
            return
        await PlainTextResponse("busy", 503)(scope, receive, send)

    async with (
        loopback(model) as port,
        opened(indexed, tmp_path, OPENAI_BASE_URL=f"http://127.0.0.1:{port}/v1") as scene,
    ):
        await scene.start()
        await scene.polls()
        scene.say()
        await scene.until(asked.is_set, "the model is asked")
        await scene.kill()
        assert scene.books.read(["telegram"]).turns == {}
        await scene.start()
        await scene.verdict(record_property)
        assert len(scene.stage.shown) == 1


async def test_sent_and_not_marked(scene: Scene, record_property) -> None:
    """The answer is there, the program dies before it hears so: it cannot know, says so, and sends it once more."""
    scene.stage.world.faults.order("sendMessage", Slow(PATIENCE_S))
    scene.say()
    await scene.until(lambda: scene.stage.shown, "shown")
    await scene.kill()
    await scene.start()
    found = await scene.verdict(record_property)
    assert found.counts["hidden_fate"] == found.counts["marked"] == 1


@pytest.mark.parametrize("fault", [TooMany(5), Slow(PATIENCE_S)], ids=["between parts", "in the second part"])
async def test_half_of_a_long_answer(indexed: Path, tmp_path: Path, record_property, fault: TooMany | Slow) -> None:
    """Three parts, dead after the first: the first is never repeated, the second only where its fate is hidden."""
    hidden = isinstance(fault, Slow)
    async with opened(indexed, tmp_path) as scene:
        await say_long(scene)
        world = scene.stage.world
        world.faults.order("sendMessage", Slow(0))
        world.faults.order("sendMessage", fault)
        await scene.start()
        await scene.until(lambda: len(scene.stage.shown) == 1 + hidden and not world.faults.left, "half out")
        state = "sending" if hidden else "queued"
        await scene.until(lambda: scene.books.read(["telegram"]).deliveries[state], "it has heard of the fault")
        await scene.kill()
        await scene.start()
        found = await scene.verdict(record_property)
        initials = [one.text.replace(scene.stage.notes[1], "").strip()[0] for one in scene.stage.shown]
        assert initials == (["a", "c", "c", "e"] if hidden else ["a", "c", "e"])
        assert found.counts["marked"] == hidden


async def test_a_webhook_in_flight(indexed: Path, tmp_path: Path, record_property) -> None:
    """Telegram posts it to a program that dies before it answers: it is posted again until it is taken, once."""
    async with opened(indexed, tmp_path, TELEGRAM_WEBHOOK_SECRET="a-secret-of-some-length") as scene:
        await scene.start()
        await scene.until(lambda: scene.stage.world.updates.webhook_info()["url"], "the webhook is set")
        scene.stop()
        scene.say()
        await scene.until(scene.server.unread, "it lies at the program's door")
        await scene.kill()
        await scene.start()
        await scene.verdict(record_property)
        assert len(scene.stage.shown) == 1


async def say_long(scene: Scene) -> None:
    """A long answer is waiting to be sent."""
    db = await Database.open(Settings(data=scene.server.data).database)

    def body(conn: Connection) -> None:
        now, place = datetime.now(UTC), scene.stage.places[0]
        chat = directory.find_chat(conn, platform=place.platform, external_id=place.chat)
        assert chat is not None
        talk = directory.ensure_conversation(conn, chat_id=chat.id, now=now)
        text = "\n\n".join(letter * 1500 for letter in "abcdef")
        messages.say(conn, conversation_id=talk.id, text=text, author="bot", name="Bot", now=now)

    await db.write(body)
    await db.close()
