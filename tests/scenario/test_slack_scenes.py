"""The acceptance scenes in a client's Slack channel: the real libraries against a strict Slack of our own."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from bot import reception
from bot.channels.slack.examining import examine
from bot.channels.slack.service import Slack
from bot.settings import Settings
from bot.shipped import load_rules, load_texts
from handoff import bindings, board, directory, messages, turn_records
from handoff.desk import Desk
from handoff.kinds import Audience, Author, Level, Outcome
from handoff.model import Message, Person, Turn
from knowledge import e5
from store.clock import utc_now
from store.db import Database
from tests.house import WORKING_HOURS, House, MovableClock
from tests.platforms.slack import Channel, SlackServer, User
from tests.platforms.slack import Message as Posted
from tests.platforms.slack import Settings as Workspace
from tests.platforms.slack.settings import EVERY_SCOPE
from tests.slack_house import PATIENCE, code_for_client, posted, running


@dataclass
class Room:
    """The application on Slack: the client's channel is bound, the agent's account is linked."""

    house: House
    slack: SlackServer
    channel: Channel
    mei: User
    wang: User
    lin: User
    agent: Person

    @property
    def bot(self) -> str:
        """What mentions the bot."""
        return self.slack.world.bot.mention

    async def read(self, body: Any, **facts: Any) -> Any:
        return await self.house.app.db.read(partial(body, **facts))

    async def queue(self) -> Any:
        """The open tickets."""
        return await self.read(board.queue, view="open", viewer_id=0, now=self.house.clock())

    async def stored(self) -> list[Message]:
        """What the channel's conversation holds, oldest first."""
        chat = await self.read(directory.find_chat, platform="slack", external_id=f"T0HOME/{self.channel.id}")
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

    def labels(self, message: Posted) -> list[str]:
        return [button["text"]["text"] for button in message.buttons.values()]


@pytest.fixture
def clock() -> MovableClock:
    """Slack's and ours."""
    return MovableClock(WORKING_HOURS)


@pytest.fixture
def transport(request: pytest.FixtureRequest) -> str:
    """How events come: through a socket, unless a scene is played in both ways."""
    return getattr(request, "param", "socket")


both_ways = pytest.mark.parametrize("transport", ["socket", "posted"], indirect=True)


@pytest.fixture
async def slack(clock: MovableClock, transport: str) -> AsyncIterator[SlackServer]:
    own = Workspace(socket_mode=transport == "socket", clock=lambda: clock().timestamp())
    async with SlackServer(own) as server:
        yield server


@pytest.fixture
async def room(
    *,
    indexed: Path,
    embedder: e5.E5Embedder,
    tmp_path: Path,
    slack: SlackServer,
    clock: MovableClock,
    transport: str,
) -> AsyncIterator[Room]:
    world = slack.world
    mei, wang, lin = (world.user(name) for name in ("mei", "wang", "lin"))
    started = running if transport == "socket" else posted
    async with started(indexed, embedder, tmp_path, slack, clock) as house:
        if transport == "socket":
            await slack.socket.connected(within=PATIENCE)
        agent = await house.agent()
        channel = world.channel("greenleaf", members=[mei, wang, lin])
        await slack.slash(lin, channel, "/aftercare", f"bind {await code_for_client(house, agent)}")
        own = await house.app.db.write(partial(bindings.code_for_colleague, person_id=agent.id, now=house.clock()))
        await slack.slash(lin, channel, "/aftercare", f"绑定 {own}")
        await channel.bot_whispers(agent.name, within=PATIENCE)
        yield Room(house, slack, channel, mei, wang, lin, agent)


@both_ways
async def test_1_routine(room: Room) -> None:
    """A mention gets eyes at once, then steps with their source and two buttons, in a thread under it."""
    asked = room.channel.say(room.mei, f"{room.bot} 后台密码忘了怎么办?")
    answer = await room.channel.bot_says("忘记密码", within=PATIENCE)
    assert any(call.method == "reactions.add" for call in room.slack.calls)
    assert answer.thread == asked.ts
    assert room.labels(answer) == ["已解决", "转人工"]
    assert "依据《" in answer.text
    await room.slack.press(room.mei, answer, "press:1")
    told = await room.channel.bot_says("T-", within=PATIENCE)
    assert told.thread == asked.ts
    ticket = await room.house.open_ticket()
    assert ticket.number in told.text
    assert (ticket.title, ticket.reason) == ("后台密码忘了怎么办?", "asked_for_person")
    await room.slack.world.until(lambda: not answer.buttons and not asked.reactions, within=PATIENCE)


async def test_1_only_the_asker_presses(room: Room) -> None:
    """Another contact's press is answered to them alone, and changes nothing."""
    room.channel.say(room.mei, f"{room.bot} 后台密码忘了怎么办?")
    answer = await room.channel.bot_says("忘记密码", within=PATIENCE)
    room.channel.say(room.wang, "我也想知道")
    assert (await room.slack.press(room.wang, answer, "press:1")).ok
    hint = await room.channel.bot_whispers("提问的人", within=PATIENCE)
    assert hint.only_for == room.wang.id
    assert room.labels(answer) == ["已解决", "转人工"]
    assert await room.queue() == ()


async def test_1_the_matter_goes_on_in_the_thread_and_at_the_top(room: Room) -> None:
    """A follow-up in the thread needs no mention and is answered there; one at the top knows what it is about."""
    asked = room.channel.say(room.mei, f"{room.bot} 首页标题怎么改")
    await room.channel.bot_says("标题", within=PATIENCE)
    room.channel.say(room.mei, "后台密码忘了怎么办?", thread=asked)
    second = await room.channel.bot_says("忘记密码", within=PATIENCE)
    assert second.thread == asked.ts
    room.channel.say(room.mei, "还是不行，转人工", thread=asked)
    told = await room.channel.bot_says("T-", within=PATIENCE)
    assert told.thread == asked.ts
    ticket = await room.house.open_ticket()
    top = room.channel.say(room.mei, f"{room.bot} 好了吗")
    status = await room.channel.bot_says(ticket.number, within=PATIENCE)
    assert status.thread == top.ts
    assert (await room.house.open_ticket()).id == ticket.id


@both_ways
async def test_2_burst(room: Room) -> None:
    """Three short messages of one person, the last to the bot, are one turn with one answer, under the last."""
    for text in ("在吗", "那个"):
        room.channel.say(room.mei, text)
    last = room.channel.say(room.mei, f"{room.bot} 首页标题怎么改")
    answer = await room.channel.bot_says("标题", within=PATIENCE)
    turn = await room.turn("首页标题怎么改")
    assert len(turn.message_ids) == 3
    assert turn.outcome is Outcome.ANSWERED
    assert [m.id for m in await room.stored() if m.author is Author.BOT] == [turn.reply_id]
    assert answer.thread == last.ts


@both_ways
async def test_3_emergency(room: Room) -> None:
    """Without a mention: an emergency ticket, number and time in the channel, first aid; the engineer is told."""
    room.channel.say(room.mei, "网站打不开了!!!")
    told = await room.channel.bot_says("T-", within=PATIENCE)
    ticket = await room.house.open_ticket()
    assert ticket.level is Level.EMERGENCY
    assert ticket.number in told.text
    assert "前会有同事回复您" in told.text
    notices = await room.read(board.notices, person_id=room.agent.id)
    assert "emergency" in [notice.kind for notice in notices]


@both_ways
async def test_4_not_in_the_manual(room: Room) -> None:
    """No invention: a colleague will answer, the ticket says why."""
    room.channel.say(room.mei, f"{room.bot} 你们能帮我把Shopify店铺的运费模板导到Wix里吗")
    told = await room.channel.bot_says("T-", within=PATIENCE)
    ticket = await room.house.open_ticket()
    assert ticket.reason == "not_in_manual"
    assert "Shopify" in ticket.summary
    runs = [run for block in told.blocks for part in block["elements"] for run in part.get("elements", [])]
    assert "link" not in [run["type"] for run in runs]


@both_ways
async def test_6_a_person_in_the_room(room: Room) -> None:
    """A colleague answers in the thread: the ticket counts the response, the bot stays silent."""
    asked = room.channel.say(room.mei, f"{room.bot} 转人工，我要换服务器")
    await room.channel.bot_says("T-", within=PATIENCE)
    ticket = await room.house.open_ticket()
    room.channel.say(room.lin, "您好，换到哪个机房？我来处理。", thread=asked)
    for _ in range(500):
        clocks = {c.kind: c.state for c in await room.read(board.clocks, ticket_id=ticket.id, now=room.house.clock())}
        if clocks["FR"] == "met":
            break
        await asyncio.sleep(0.02)
    assert clocks["FR"] == "met"
    assert (await room.read(board.ticket, ticket_id=ticket.id)).assignee_id == room.agent.id
    room.channel.say(room.mei, f"{room.bot} 后台密码忘了怎么办?")
    turn = await room.turn("后台密码忘了怎么办?")
    assert (turn.outcome, turn.reason) == (Outcome.SILENT, "person_handles")


@both_ways
async def test_15_night(room: Room) -> None:
    """At 23:10 a gold client hears, honestly, that a person will be there in the morning."""
    room.house.clock.jump(timedelta(hours=13, minutes=10))
    room.channel.say(room.mei, f"{room.bot} 转人工，我要换服务器")
    told = await room.channel.bot_says("T-", within=PATIENCE)
    assert "11月25日" in told.text or "明天" in told.text
    ticket = await room.house.open_ticket()
    due = {c.kind: c.due_at for c in await room.read(board.clocks, ticket_id=ticket.id, now=room.house.clock())}
    assert due["FR"] is not None
    assert due["FR"] >= room.house.clock().replace(hour=1, minute=0) + timedelta(hours=9, minutes=49)


@both_ways
async def test_commands_are_answered_to_who_typed_them(room: Room) -> None:
    """Help, status and a person, in words of either language; only the ticket is told to all."""
    slack, channel, mei = room.slack, room.channel, room.mei
    for typed, hears in (("", "/aftercare status"), ("帮助", "/aftercare human"), ("状态", "没有未完成的工单")):
        ack = await slack.slash(mei, channel, "/aftercare", typed)
        assert hears in ack.body["text"]
    assert (await slack.slash(mei, channel, "/aftercare", "人工 我要换服务器")).ok
    told = await channel.bot_says("T-", within=PATIENCE)
    ticket = await room.house.open_ticket()
    assert ticket.number in told.text
    ack = await slack.slash(mei, channel, "/aftercare", "status")
    assert ticket.number in ack.body["text"]
    assert "等待同事接手" in ack.body["text"]
    assert sum("没有未完成" in message.text for message in channel.seen) == 0


async def test_an_unbound_channel_is_told_once(room: Room) -> None:
    """One polite line how to bind, then guests are answered like anybody; a wrong code binds nothing."""
    other = room.slack.world.channel("new", members=[room.wang])
    other.say(room.wang, "大家好")
    await other.bot_says("/aftercare bind", within=PATIENCE)
    ack = await room.slack.slash(room.wang, other, "/aftercare", "bind nonsense")
    assert "无效" in ack.body["text"]
    other.say(room.wang, f"{room.bot} 后台密码忘了怎么办?")
    await other.bot_says("忘记密码", within=PATIENCE)
    assert sum("/aftercare bind" in message.text for message in other.seen) == 1
    chat = await room.read(directory.find_chat, platform="slack", external_id=f"T0HOME/{other.id}")
    assert chat.client_id is None


async def test_a_code_in_plain_words(room: Room) -> None:
    """In a direct message a colleague's code links; in a channel others have read it, so it is spent."""
    world, house = room.slack.world, room.house
    zhao = world.user("zhao")
    agent = await house.agent("zhao")
    shown = world.channel("shown", members=[zhao])
    code = await house.app.db.write(partial(bindings.code_for_colleague, person_id=agent.id, now=house.clock()))
    shown.say(zhao, f"{room.bot} bind {code}")
    await shown.bot_says("私聊", within=PATIENCE)
    fresh = await house.app.db.write(partial(bindings.code_for_colleague, person_id=agent.id, now=house.clock()))
    direct = world.direct(zhao)
    direct.say(zhao, f"绑定 {fresh}")
    await direct.bot_says("Zhao", within=PATIENCE)
    for place in (shown, direct):
        chat = await room.read(directory.find_chat, platform="slack", external_id=f"T0HOME/{place.id}")
        talk = await room.read(directory.find_conversation, chat_id=chat.id)
        kept = await room.read(messages.transcript, conversation_id=talk.id, audience=Audience.INTERNAL)
        assert not any(code in m.text or fresh in m.text for m in kept)


async def test_direct_messages_are_answered_beside_the_question(room: Room) -> None:
    """No thread where nobody asked for one, and in the thread where somebody did."""
    direct = room.slack.world.direct(room.mei)
    asked = direct.say(room.mei, "后台密码忘了怎么办?")
    assert (await direct.bot_says("忘记密码", within=PATIENCE)).thread is None
    direct.say(room.mei, "首页标题怎么改", thread=asked)
    assert (await direct.bot_says("标题", within=PATIENCE)).thread == asked.ts


async def test_doubled_and_reordered_events_change_nothing(room: Room) -> None:
    """Each event twice, out of order, an acknowledgement lost: every message is stored and answered once."""
    room.slack.faults.delivery("double", times=4)
    room.slack.faults.delivery("reorder", times=2)
    room.slack.faults.delivery("drop_socket")
    room.channel.say(room.mei, f"{room.bot} 后台密码忘了怎么办?")
    await room.channel.bot_says("忘记密码", within=PATIENCE)
    await room.slack.settled(within=PATIENCE)
    stored = [message.external_id for message in await room.stored() if message.author is Author.CLIENT]
    assert len(stored) == len(set(stored))
    assert sum("忘记密码" in message.text for message in room.channel.seen) == 1


async def test_what_came_while_we_were_away_is_answered_once(
    indexed: Path, embedder: e5.E5Embedder, tmp_path: Path, clock: MovableClock
) -> None:
    """Stopped and started again: what Slack kept for us is answered, what was answered is not again."""
    own = Workspace(socket_mode=True, retry_delays=(0.0, 5.0, 10.0), hold=30.0, clock=lambda: clock().timestamp())
    async with SlackServer(own) as slack:
        mei = slack.world.user("mei")
        direct = slack.world.direct(mei)
        async with running(indexed, embedder, tmp_path, slack, clock):
            direct.say(mei, "后台密码忘了怎么办?")
            await direct.bot_says("忘记密码", within=PATIENCE)
        direct.say(mei, "首页标题怎么改")
        async with running(indexed, embedder, tmp_path, slack, clock):
            await direct.bot_says("标题", within=PATIENCE)
        assert len(direct.seen) == 2


async def test_doctor_says_how_to_mend(tmp_path: Path, clock: MovableClock) -> None:
    """A scope that is missing, a socket that is refused, a token that is dead: each with what to do."""
    own = Workspace(socket_mode=True, scopes=EVERY_SCOPE - {"files:read"}, app_scopes=frozenset())
    db = await Database.open(f"sqlite:///{tmp_path / 'db.sqlite3'}")
    room = reception.Room(desk=Desk(), rules=load_rules(), texts=load_texts())
    async with SlackServer(own) as slack:
        made = Slack.make(
            Settings(
                data=tmp_path, slack_bot_token=own.bot_token, slack_app_token=own.app_token, slack_api=slack.api_url
            ),
            db,
            room=room,
            files=tmp_path,
            clock=utc_now,
            href=lambda _: None,
        )
        assert made is not None
        token, scopes, events, time = await examine(made)
        assert (token.state, scopes.state, events.state, time.state) == ("ok", "bad", "bad", "ok")
        assert "files:read" in scopes.found
        assert "connections:write" in events.mend
        slack.world.installed = False
        (bad,) = await examine(made)
        assert (bad.state, "SLACK_BOT_TOKEN" in bad.mend) == ("bad", True)
        await made.account.close()
    await db.close()
    (none,) = await examine(None)
    assert none.state == "ok"
