"""The acceptance scenes in a client's Telegram group: the real library against a strict Telegram of our own."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from bot import reception
from bot.channels.telegram.examining import examine
from bot.channels.telegram.service import Telegram
from bot.settings import Settings
from bot.shipped import load_rules, load_texts
from handoff import board, directory, messages, turn_records
from handoff.desk import Desk
from handoff.kinds import Audience, Author, Level, Outcome
from handoff.model import Message, Person, Turn
from knowledge import e5
from store.db import Database
from tests.house import WORKING_HOURS, House, MovableClock
from tests.platforms.telegram import Chat, TelegramServer, User, World, telegram_server
from tests.telegram_house import PATIENCE, code_for_client, linked, pushed, running


@dataclass
class Room:
    """The application on Telegram: the client's group is bound, the agent's account is linked."""

    house: House
    telegram: TelegramServer
    world: World
    group: Chat
    mei: User
    wang: User
    lin: User
    agent: Person

    async def read(self, body: Any, **facts: Any) -> Any:
        return await self.house.app.db.read(partial(body, **facts))

    async def stored(self) -> list[Message]:
        """What the group's conversation holds, oldest first."""
        chat = await self.read(directory.find_chat, platform="telegram", external_id=str(self.group.id))
        talk = await self.read(directory.find_conversation, chat_id=chat.id)
        return list(await self.read(messages.transcript, conversation_id=talk.id, audience=Audience.INTERNAL))

    async def turn(self, text: str) -> Turn:
        """The turn of the message with this text."""
        for _ in range(2000):
            found = [m for m in await self.stored() if m.text == text and m.turn_id is not None]
            if found:
                turn = await self.read(turn_records.turn_of_message, message_id=found[-1].id)
                assert turn is not None
                return turn
            await asyncio.sleep(0.02)
        raise AssertionError(f"no turn for {text!r}")


@pytest.fixture
def clock() -> MovableClock:
    """Telegram's and ours."""
    return MovableClock(WORKING_HOURS)


@pytest.fixture
async def telegram(clock: MovableClock) -> AsyncIterator[TelegramServer]:
    world = World(clock=clock)
    world.privacy = False
    async with telegram_server(world) as server:
        yield server


@pytest.fixture
def transport(request: pytest.FixtureRequest) -> str:
    """How updates come: we ask for them, unless a scene is played in both ways."""
    return getattr(request, "param", "polled")


both_ways = pytest.mark.parametrize("transport", ["polled", "pushed"], indirect=True)


@pytest.fixture
async def room(
    *,
    indexed: Path,
    embedder: e5.E5Embedder,
    tmp_path: Path,
    telegram: TelegramServer,
    clock: MovableClock,
    transport: str,
) -> AsyncIterator[Room]:
    world = telegram.world
    mei, wang, lin = world.user("陈梅", "mei"), world.user("王强", "wang"), world.user("Lin", "lin_agent")
    started = pushed if transport == "pushed" else running
    async with started(indexed, embedder, tmp_path, telegram, clock) as house:
        agent = await house.agent()
        group = world.supergroup("青禾 · 网站", mei, wang, lin)
        group.say(mei, f"/bind {await code_for_client(house, agent)}")
        await group.bot_says("青禾", within=PATIENCE)
        await linked(house, world, lin, agent)
        yield Room(house, telegram, world, group, mei, wang, lin, agent)


@both_ways
async def test_1_routine(room: Room) -> None:
    """A mention gets the sign of typing at once, then steps with their source and two buttons, as a reply."""
    asked = room.group.say(room.mei, f"{room.world.bot.mention} 后台密码忘了怎么办?")
    answer = await room.group.bot_says("忘记密码", within=PATIENCE)
    assert any(name.lower() == "sendchataction" for name, _ in room.world.calls)
    assert answer.reply_to is asked
    assert answer.labels == ["已解决", "转人工"]
    assert "依据《" in answer.text
    await room.world.press(room.mei, answer, "转人工", within=PATIENCE)
    told = await room.group.bot_says("T-", within=PATIENCE)
    ticket = await room.house.open_ticket()
    assert ticket.number in told.text
    assert (ticket.title, ticket.reason) == ("后台密码忘了怎么办?", "asked_for_person")


async def test_1_only_the_asker_presses(room: Room) -> None:
    """Another contact's press is answered with a word, and changes nothing."""
    room.group.say(room.mei, f"{room.world.bot.mention} 后台密码忘了怎么办?")
    answer = await room.group.bot_says("忘记密码", within=PATIENCE)
    room.group.say(room.wang, "我也想知道")
    toast = await room.world.press(room.wang, answer, "转人工", within=PATIENCE)
    assert "提问的人" in toast.text
    assert (
        await room.house.app.db.read(lambda c: board.queue(c, view="open", viewer_id=0, now=room.house.clock())) == ()
    )


@both_ways
async def test_2_burst(room: Room) -> None:
    """Three short messages of one person, the last to the bot, are one turn with one answer."""
    for text in ("在吗", "那个", f"{room.world.bot.mention} 首页标题怎么改"):
        room.group.say(room.mei, text)
    answer = await room.group.bot_says("标题", within=PATIENCE)
    turn = await room.turn("首页标题怎么改")
    assert len(turn.message_ids) == 3
    assert turn.outcome is Outcome.ANSWERED
    assert [m.id for m in await room.stored() if m.author is Author.BOT] == [turn.reply_id]
    assert answer.labels


@both_ways
async def test_2_an_album_is_one_burst(room: Room) -> None:
    """Pictures sent together are one turn, with the caption as its text."""
    png = b"\x89PNG\r\n\x1a\n" + b"\0" * 64
    room.group.album(room.mei, [png, png, png], caption=f"{room.world.bot.mention} 后台密码忘了怎么办?")
    turn = await room.turn("后台密码忘了怎么办?")
    assert len(turn.message_ids) == 3
    assert len(list((room.house.app.settings.data / "files").iterdir())) == 3


@both_ways
async def test_3_emergency(room: Room) -> None:
    """Without a mention: an emergency ticket, number and time in the group, first aid; the engineer is told."""
    room.group.say(room.mei, "网站打不开了!!!")
    told = await room.group.bot_says("T-", within=PATIENCE)
    ticket = await room.house.open_ticket()
    assert ticket.level is Level.EMERGENCY
    assert ticket.number in told.text
    assert "前会有同事回复您" in told.text
    notices = await room.read(board.notices, person_id=room.agent.id)
    assert "emergency" in [notice.kind for notice in notices]


@both_ways
async def test_4_not_in_the_manual(room: Room) -> None:
    """No invention: a colleague will answer, the ticket says why."""
    room.group.say(room.mei, f"{room.world.bot.mention} 你们能帮我把Shopify店铺的运费模板导到Wix里吗")
    told = await room.group.bot_says("T-", within=PATIENCE)
    ticket = await room.house.open_ticket()
    assert ticket.reason == "not_in_manual"
    assert "Shopify" in ticket.summary
    assert not any(entity["type"] == "text_link" for entity in told.entities)


@both_ways
async def test_6_a_person_in_the_room(room: Room) -> None:
    """A colleague answers in the group: the ticket counts the response, the bot stays silent."""
    room.group.say(room.mei, f"{room.world.bot.mention} 转人工，我要换服务器")
    await room.group.bot_says("T-", within=PATIENCE)
    ticket = await room.house.open_ticket()
    room.group.say(room.lin, "您好，换到哪个机房？我来处理。")
    for _ in range(500):
        clocks = {c.kind: c.state for c in await room.read(board.clocks, ticket_id=ticket.id, now=room.house.clock())}
        if clocks["FR"] == "met":
            break
        await asyncio.sleep(0.02)
    assert clocks["FR"] == "met"
    assert (await room.read(board.ticket, ticket_id=ticket.id)).assignee_id == room.agent.id
    room.group.say(room.mei, f"{room.world.bot.mention} 后台密码忘了怎么办?")
    turn = await room.turn("后台密码忘了怎么办?")
    assert (turn.outcome, turn.reason) == (Outcome.SILENT, "person_handles")


async def test_commands_in_the_clients_language(room: Room) -> None:
    """Help, status and a person, through the paths that every channel has."""
    room.group.say(room.mei, "/help")
    await room.group.bot_says("/status", within=PATIENCE)
    room.group.say(room.mei, f"/status@{room.world.bot.username}")
    await room.group.bot_says("没有未完成的工单", within=PATIENCE)
    room.group.say(room.mei, "/human 我要换服务器")
    await room.group.bot_says("T-", within=PATIENCE)
    ticket = await room.house.open_ticket()
    room.group.say(room.mei, "/status")
    told = await room.group.bot_says(ticket.number, within=PATIENCE)
    assert "等待同事接手" in told.text


async def test_an_unbound_group_is_told_once(room: Room) -> None:
    """One polite line how to bind, then guests are answered like anybody; a wrong code binds nothing."""
    other = room.world.supergroup("新群", room.wang)
    other.say(room.wang, "大家好")
    await other.bot_says("/bind", within=PATIENCE)
    other.say(room.wang, "/bind nonsense")
    await other.bot_says("无效", within=PATIENCE)
    other.say(room.wang, f"{room.world.bot.mention} 后台密码忘了怎么办?")
    await other.bot_says("忘记密码", within=PATIENCE)
    assert sum("/bind" in message.text for message in other.seen) == 1
    chat = await room.read(directory.find_chat, platform="telegram", external_id=str(other.id))
    assert chat.client_id is None


async def test_a_group_that_moves_is_followed(room: Room) -> None:
    """A basic group becomes a supergroup: the conversation and its client go on under the new id."""
    world, house = room.world, room.house
    small = world.group("小群", room.mei)
    small.say(room.mei, f"/bind {await code_for_client(house, room.agent)}")
    await small.bot_says("青禾", within=PATIENCE)
    moved = world.migrate(small)
    moved.say(room.mei, f"{world.bot.mention} 后台密码忘了怎么办?")
    await moved.bot_says("忘记密码", within=PATIENCE)
    chat = await room.read(directory.find_chat, platform="telegram", external_id=str(moved.id))
    assert chat.client_id is not None
    assert await room.read(directory.find_chat, platform="telegram", external_id=str(small.id)) is None


async def test_doubled_replayed_and_reordered_updates_change_nothing(room: Room) -> None:
    """Each update twice, out of order, their confirmation lost: every message is stored and answered once."""
    room.world.updates.doubled = 4
    room.world.updates.reordered = 2
    room.world.updates.unconfirmed = 2
    room.group.say(room.mei, f"{room.world.bot.mention} 后台密码忘了怎么办?")
    await room.group.bot_says("忘记密码", within=PATIENCE)
    room.group.say(room.wang, "/help")
    await room.group.bot_says("/status", within=PATIENCE)
    stored = [message.external_id for message in await room.stored() if message.author is Author.CLIENT]
    assert len(stored) == len(set(stored))
    assert sum("忘记密码" in message.text for message in room.group.seen) == 1
    assert sum("/status" in message.text for message in room.group.seen) == 1


async def test_by_webhook(
    indexed: Path, embedder: e5.E5Embedder, tmp_path: Path, telegram: TelegramServer, clock: MovableClock
) -> None:
    """With a secret and an address Telegram pushes: the same answer, and doctor finds nothing to mend."""
    async with pushed(indexed, embedder, tmp_path, telegram, clock) as house:
        mei = telegram.world.user("陈梅", "mei")
        private = telegram.world.private(mei)
        private.say(mei, "后台密码忘了怎么办?")
        answer = await private.bot_says("忘记密码", within=PATIENCE)
        assert any(entity["type"] == "text_link" for entity in answer.entities)
        findings = {each.what: each for each in await examine(house.app.telegram)}
    assert [(each.what, each.state) for each in findings.values()] == [
        ("Telegram", "ok"),
        ("Telegram privacy mode", "ok"),
        ("Telegram updates", "ok"),
    ]


async def test_what_came_while_we_were_away_is_answered_once(
    indexed: Path, embedder: e5.E5Embedder, tmp_path: Path, telegram: TelegramServer, clock: MovableClock
) -> None:
    """Stopped and started again: what was said meanwhile is answered, what was answered is not again."""
    mei = telegram.world.user("陈梅", "mei")
    private = telegram.world.private(mei)
    async with running(indexed, embedder, tmp_path, telegram, clock):
        private.say(mei, "后台密码忘了怎么办?")
        await private.bot_says("忘记密码", within=PATIENCE)
    private.say(mei, "首页标题怎么改")
    telegram.world.updates.unconfirmed = 1
    async with running(indexed, embedder, tmp_path, telegram, clock):
        await private.bot_says("标题", within=PATIENCE)
    assert len(private.seen) == 2


async def test_doctor_says_how_to_mend(telegram: TelegramServer, tmp_path: Path) -> None:
    """Privacy mode on, somebody else's webhook, a secret without an address: each with what to do."""
    telegram.world.privacy = True
    told = Settings(
        data=tmp_path,
        telegram_token=telegram.world.token,
        telegram_api=telegram.base_url.removesuffix("/bot"),
        telegram_webhook_secret="a-secret-for-the-tests",
    )
    db = await Database.open(f"sqlite:///{tmp_path / 'db.sqlite3'}")
    room = reception.Room(desk=Desk(), rules=load_rules(), texts=load_texts())
    made = Telegram.make(told, db, room=room, files=tmp_path, clock=MovableClock(WORKING_HOURS), href=lambda _: None)
    assert made is not None
    _, privacy, updates = await examine(made)
    assert (privacy.state, updates.state) == ("warning", "warning")
    assert "/setprivacy" in privacy.mend
    assert "PUBLIC_URL" in updates.mend
    await made.account.bot.set_webhook("http://127.0.0.1:1/else")
    assert (await examine(made))[2].state == "bad"
    telegram.world.token = f"{telegram.world.bot.id}:another-token-than-the-one-that-is-set"
    (bad,) = await examine(made)
    assert (bad.state, "TELEGRAM_TOKEN" in bad.mend) == ("bad", True)
    await made.account.close()
    await db.close()
    (none,) = await examine(None)
    assert none.state == "ok"
