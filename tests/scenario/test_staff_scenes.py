"""The staff chat, played over Telegram: the real application, the real library, a strict server, our clock."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from handoff import bindings, board, messages
from handoff.kinds import Role
from handoff.model import Message as Stored
from handoff.model import Person, Ticket
from knowledge import e5
from tests.house import WORKING_HOURS, House, MovableClock
from tests.platforms.telegram import Chat, Limits, Message, TelegramServer, User, World, telegram_server
from tests.telegram_house import PATIENCE, code_for_client, linked, running

pytestmark = pytest.mark.xdist_group("scenario")
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 64


@dataclass
class Room:
    """The client's group is bound; the team's group is a staff chat with topics; Lin and Tom are linked."""

    house: House
    telegram: TelegramServer
    group: Chat
    team: Chat
    mei: User
    lin: User
    tom: User
    lin_person: Person
    tom_person: Person

    @property
    def world(self) -> World:
        return self.telegram.world

    async def read(self, body: Any, **facts: Any) -> Any:
        return await self.house.app.db.read(partial(body, **facts))

    async def card(self, containing: str = "T-", *, within: float = PATIENCE) -> Message:
        """The card of the newest ticket."""

        def found() -> Message | None:
            return next((m for m in self.team.seen if m.text.startswith(("🔴", "🟠", "🔵", "🟢")) and m.labels), None)

        card = await self.world.until(found, within=within, what="a card in the team's group")
        assert containing in card.text
        return card

    async def emergency(self) -> Message:
        """The client's site is down: the card is there."""
        self.group.say(self.mei, "网站打不开了!!!")
        await self.group.bot_says("T-", within=PATIENCE)
        return await self.card()

    async def shows(self, message: Message, *labels: str) -> None:
        """Wait until a message has these buttons."""
        await self.world.until(
            lambda: True if set(labels) <= set(message.labels) else None,
            within=PATIENCE,
            what=f"{labels} under {message}",
        )

    async def lacks(self, message: Message, *labels: str) -> None:
        """Wait until a message has none of these buttons."""
        await self.world.until(
            lambda: None if set(labels) & set(message.labels) else True,
            within=PATIENCE,
            what=f"no {labels} under {message}",
        )

    async def heard(self, place: Chat, containing: str, *, times: int = 1) -> Message:
        """Wait until the bot has said this in a chat; the first time it did."""

        def found() -> Message | None:
            said = [m for m in place.seen if containing in m.text and not m.deleted]
            return said[0] if len(said) >= times else None

        return await self.world.until(found, within=PATIENCE, what=f"the bot says {containing!r} in {place}")

    async def ticket(self) -> Ticket:
        return await self.house.open_ticket()

    async def thread(self, ticket: Ticket) -> list[Stored]:
        """Everything on the ticket's page."""
        return list(await self.read(messages.dossier, ticket=ticket))

    async def eventually(self, ready: Callable[[], Awaitable[Any]]) -> Any:
        for _ in range(700):
            if found := await ready():
                return found
            await asyncio.sleep(0.02)
        raise AssertionError("not within the bound")


@pytest.fixture
def clock() -> MovableClock:
    """Telegram's and ours."""
    return MovableClock(WORKING_HOURS)


@pytest.fixture
async def telegram(clock: MovableClock) -> AsyncIterator[TelegramServer]:
    world = World(clock=clock, limits=Limits.lifted())
    world.privacy = False
    async with telegram_server(world) as server:
        yield server


@pytest.fixture(params=[True], ids=["topics"])
def has_topics(request: pytest.FixtureRequest) -> bool:
    """Whether the team's group is a forum."""
    return bool(request.param)


async def staff_code(house: House, lead: Person) -> str:
    return await house.app.db.write(
        partial(
            bindings.code_for_staff_chat, by=lead.id, language="zh-Hans", timezone="Asia/Shanghai", now=house.clock()
        )
    )


@pytest.fixture
async def room(
    *,
    indexed: Path,
    embedder: e5.E5Embedder,
    tmp_path: Path,
    telegram: TelegramServer,
    clock: MovableClock,
    has_topics: bool,
) -> AsyncIterator[Room]:
    world = telegram.world
    mei, lin, tom = world.user("陈梅", "mei"), world.user("Lin", "lin_agent"), world.user("Tom", "tom_agent")
    async with running(indexed, embedder, tmp_path, telegram, clock, public_url="https://desk.example") as house:
        house.app.telegram.channel.limits = None
        lead = await house.agent("lead", role=Role.LEAD)
        people = [await house.agent("lin"), await house.agent("tom")]
        group = world.supergroup("青禾 · 网站", mei, lin)
        group.say(mei, f"/bind {await code_for_client(house, lead)}")
        await group.bot_says("青禾", within=PATIENCE)
        team = world.supergroup("售后", lin, tom, forum=has_topics)
        team.promote(world.bot)
        team.say(lin, f"/bind {await staff_code(house, lead)}")
        await team.bot_says("已设为内部群", within=PATIENCE)
        for user, person in zip((lin, tom), people, strict=True):
            await linked(house, world, user, person)
        yield Room(house, telegram, group, team, mei, lin, tom, *people)


async def test_5_claim_and_relay(room: Room) -> None:
    """Scene 5: a card, claimed by one press; explicit replies leave, the client's answers come back, pictures both ways."""
    card = await room.emergency()
    ticket = await room.ticket()
    topic = room.team.topics[card.thread_id]
    assert ticket.number in topic.name
    assert f"https://desk.example/desk/t/{ticket.number}" in card.text
    asked = await room.heard(room.team, "网站打不开了")
    await room.world.press(room.lin, card, "认领", within=PATIENCE)
    await room.group.bot_says("Lin 已接手", within=PATIENCE)
    await room.lacks(card, "认领")
    assert "处理人：Lin" in card.text
    clocks = {c.kind: c.state for c in await room.read(board.clocks, ticket_id=ticket.id, now=room.house.clock())}
    assert clocks["FR"] == "running"
    room.team.photo(room.lin, PNG, caption="请看这个提示，先重启一下路由器", reply_to=asked, topic=topic)
    told = await room.group.bot_says("先重启一下路由器", within=PATIENCE)
    assert told.text.startswith("Lin\n")
    picture = await room.world.until(
        lambda: next((m for m in room.group.seen if "photo" in m.body), None), within=PATIENCE, what="the picture"
    )
    assert room.world.files[picture.file_id].content == PNG
    mark = await room.heard(room.team, "已发客户")
    assert mark.thread_id == topic.id
    clocks = {c.kind: c.state for c in await room.read(board.clocks, ticket_id=ticket.id, now=room.house.clock())}
    assert clocks["FR"] == "met"
    room.group.photo(room.mei, PNG, caption="重启了还是不行")
    back = await room.heard(room.team, "重启了还是不行")
    assert back.thread_id == topic.id
    assert back.text.startswith("陈梅\n")
    await room.world.until(
        lambda: next((m for m in room.team.seen if "photo" in m.body), None),
        within=PATIENCE,
        what="the client's picture",
    )
    assert sum("已发客户" in m.text for m in room.team.seen) == 1
    shown = [m.text for m in await room.thread(ticket)]
    assert shown.count("请看这个提示，先重启一下路由器") == 1
