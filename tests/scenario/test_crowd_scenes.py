"""More questions than the model can answer at once, in clients' Telegram groups: who hears what, and who goes first."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from bot.app import open_app
from bot.channels.telegram.arriving import MOST_TYPING
from bot.conversation import SLOTS
from bot.errors import ModelError
from bot.intake import TURN
from bot.llm import Json, Messages
from bot.prompts import Prompt
from bot.settings import Settings
from bot.shipped import load_texts
from console.texts import LANGUAGES
from handoff import directory, turn_records
from handoff.kinds import ChatKind, Tier
from knowledge import e5
from store import jobs
from tests.house import WORKING_HOURS, House, MovableClock
from tests.platforms.telegram import Chat, Message, User, World, telegram_server
from tests.telegram_house import PATIENCE

ENOUGH = MOST_TYPING + 4  # questions that hold every slot in which turns are had, and some that wait
TOLD = tuple(load_texts().say("crowd.kept", language) for language in LANGUAGES)


@dataclass
class Held:
    """A model that answers nobody until it is let go, and then fails: the manual's own words are sent."""

    name: str = "held"
    asked: int = 0
    free: asyncio.Event = field(default_factory=asyncio.Event)

    async def complete(self, messages: Messages, *, prompt: Prompt, schema: Json) -> Json:
        del messages, prompt, schema
        self.asked += 1
        await self.free.wait()
        raise ModelError("timeout")


@dataclass
class Festival:
    """Many groups, each with one who asks; the application whose model holds it up."""

    house: House
    world: World
    model: Held
    groups: list[tuple[Chat, User]]

    def ask(self, place: int, text: str = "首页标题怎么改?") -> Message:
        group, person = self.groups[place]
        return group.say(person, f"{self.world.bot.mention} {text}")

    async def hold_up(self) -> None:
        """Let as many ask as are answered at a time, until the model has all of them."""
        for place in range(SLOTS):
            self.ask(place)
        for _ in range(2000):
            if self.model.asked == SLOTS:
                return
            await asyncio.sleep(0.02)
        raise AssertionError(f"the model was asked {self.model.asked} times")

    async def line(self, length: int) -> None:
        """Until so many questions wait."""
        waiting = -1
        for _ in range(2000):
            line = partial(jobs.line, queue=TURN, now=self.house.clock(), limit=100)
            waiting = len(await self.house.app.db.read(line))
            if waiting == length:
                return
            await asyncio.sleep(0.02)
        raise AssertionError(f"{waiting} wait, not {length}")

    async def turn(self, place: int) -> int:
        """The number of the only turn in a group."""

        def body(conn: Any) -> int:
            chat = directory.find_chat(conn, platform="telegram", external_id=str(self.groups[place][0].id))
            assert chat is not None
            talk = directory.find_conversation(conn, chat_id=chat.id)
            assert talk is not None
            [turn] = turn_records.recent_turns(conn, talk.id)
            return turn.id

        return await self.house.app.db.read(body)

    def told(self, place: int) -> list[str]:
        """What the group heard about waiting."""
        return [each.text for each in self.groups[place][0].seen if each.text.startswith(TOLD)]


@pytest.fixture
async def festival(indexed: Path, embedder: e5.E5Embedder, tmp_path: Path) -> AsyncIterator[Festival]:
    clock = MovableClock(WORKING_HOURS)
    world, model = World(clock=clock), Held()
    world.privacy = False
    shutil.copytree(indexed, tmp_path / "data")
    async with telegram_server(world) as telegram:
        settings = Settings(
            data=tmp_path / "data",
            telegram_token=world.token,
            telegram_api=telegram.base_url.removesuffix("/bot"),
            progress_after_s=100,
        )
        groups = [
            (world.supergroup(f"群 {n}", user), user) for n in range(ENOUGH) for user in [world.user(f"客户 {n}")]
        ]
        async with open_app(settings, clock=clock, embedder=embedder, model=model) as app:

            def bind(conn: Any) -> None:
                for n, (group, _) in enumerate(groups):
                    firm = directory.add_client(conn, slug=f"c{n}", name=f"客户 {n}", tier=Tier.GOLD, now=clock())
                    directory.ensure_chat(
                        conn, platform="telegram", external_id=str(group.id), kind=ChatKind.GROUP, client_id=firm.id,
                        now=clock(),
                    )  # fmt: skip

            await app.db.write(bind)
            yield Festival(House(app, clock), world, model, groups)
            model.free.set()


async def test_14_who_waits_long_hears_it_once(festival: Festival) -> None:
    """The place in line and the word for what is urgent, in the asker's language; then the answer, and no more of it."""
    await festival.hold_up()
    festival.ask(SLOTS)
    await festival.line(1)
    festival.ask(SLOTS + 1, "How do I refund an order?")
    await festival.line(2)
    festival.groups[SLOTS + 2][0].say(festival.groups[SLOTS + 2][1], "周五一起吃饭")
    await festival.line(3)
    festival.house.clock.jump(timedelta(seconds=25))
    told = await festival.groups[SLOTS][0].bot_says("急", within=PATIENCE)
    assert "第1位" not in told.text
    assert "下一个就是" in told.text
    english = await festival.groups[SLOTS + 1][0].bot_says("urgent", within=PATIENCE)
    assert "number 2 in line" in english.text
    festival.house.clock.jump(timedelta(seconds=25))
    festival.ask(SLOTS, "那手机版呢?")
    await asyncio.sleep(6)  # one look more
    assert [len(festival.told(place)) for place in range(ENOUGH)] == [0] * SLOTS + [1, 1] + [0] * (ENOUGH - SLOTS - 2)
    festival.model.free.set()
    answer = await festival.groups[SLOTS][0].bot_says("依据", within=PATIENCE)
    assert answer.labels == ["已解决", "转人工"]
    await festival.groups[SLOTS + 1][0].bot_says("Based on", within=PATIENCE)
    await festival.line(0)
    assert [len(festival.told(place)) for place in range(ENOUGH)] == [0] * SLOTS + [1, 1] + [0] * (ENOUGH - SLOTS - 2)


async def test_14_an_emergency_does_not_stand_in_line(festival: Festival) -> None:
    """Every slot waits for the model, others stand in line: the site that is down has its ticket all the same."""
    await festival.hold_up()
    for place in (SLOTS, SLOTS + 1):
        festival.ask(place)
    await festival.line(2)
    group, person = festival.groups[SLOTS + 3]
    group.say(person, "网站打不开了!!!")
    told = await group.bot_says("T-", within=PATIENCE)
    assert not festival.model.free.is_set()
    assert (await festival.house.open_ticket()).number in told.text
    await festival.line(2)


async def test_14_urgent_comes_next(festival: Festival) -> None:
    """Who waits in line and writes that it is urgent goes before those who came earlier."""
    await festival.hold_up()
    for place in range(SLOTS, SLOTS + 3):
        festival.ask(place)
    await festival.line(3)
    festival.house.clock.jump(timedelta(seconds=25))
    group, person = festival.groups[SLOTS + 2]
    await group.bot_says("急", within=PATIENCE)
    group.say(person, "急")
    await festival.line(2)
    festival.model.free.set()
    order: list[int] = []
    for place in range(SLOTS, SLOTS + 3):
        await festival.groups[place][0].bot_says("依据", within=PATIENCE)
        order.append(await festival.turn(place))
    assert order[2] < min(order[:2])


async def test_signs_of_typing_are_given_to_some_only(festival: Festival) -> None:
    """Each costs as much as a message: in a rush they would take the time of what is asked."""
    for place in range(ENOUGH):
        festival.ask(place)
    await festival.line(ENOUGH - SLOTS)
    typing = {int(sent["chat_id"]) for name, sent in festival.world.calls if name.lower() == "sendchataction"}
    assert 0 < len(typing) <= MOST_TYPING
