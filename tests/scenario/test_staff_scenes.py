"""The staff chat, played over Telegram: the real application, the real library, a strict server, our clock."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from bot.channels.telegram import polling
from handoff import audit_list, bindings, board, directory, messages, retraction
from handoff.kinds import Audience, ChatPurpose, Role
from handoff.model import Message as Stored
from handoff.model import Person, Ticket
from handoff.source_tables import answer_source
from knowledge import e5
from store import jobs
from tests.house import WORKING_HOURS, House, MovableClock
from tests.platforms.telegram import Chat, Limits, Message, Slow, TelegramServer, User, World, telegram_server
from tests.telegram_house import PATIENCE, code_for_client, linked, running

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
        for _ in range(2000):
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


async def quiet(house: House) -> None:
    """Wait until the worker has nothing to do but to fetch updates."""
    for _ in range(2000):
        depths = await house.app.db.read(partial(jobs.depths, now=house.clock()))
        if not any(depth.waiting or depth.running for depth in depths if depth.queue != polling.QUEUE):
            return
        await asyncio.sleep(0.02)
    raise AssertionError("the worker was not done within the bound")


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
    await quiet(room.house)
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


async def test_5_internal_talk_does_not_leave(room: Room) -> None:
    """Plain words, replies to colleagues, and what unlinked people say stay: as notes of the ticket, or in the thread."""
    card = await room.emergency()
    topic = room.team.topics[card.thread_id]
    await room.world.press(room.lin, card, "认领", within=PATIENCE)
    await room.group.bot_says("Lin 已接手", within=PATIENCE)
    said = len(room.group.seen)
    first = room.team.say(room.tom, "这家又欠费了吧", topic=topic)
    room.team.say(room.lin, "别在客户面前说", reply_to=first, topic=topic)
    room.team.photo(room.tom, PNG, caption="后台截图", topic=topic)
    guest = room.world.user("新同事", "newbie")
    room.team.join(guest)
    room.team.say(guest, "> 我来回一句", topic=topic)
    await room.heard(room.team, "请先关联账号")
    ticket = await room.ticket()

    async def noted() -> bool:
        notes = [m for m in await room.thread(ticket) if m.audience is Audience.INTERNAL]
        return [m.text for m in notes] == ["这家又欠费了吧", "别在客户面前说", "后台截图"] and bool(
            notes[2].attachments
        )

    await room.eventually(noted)
    await quiet(room.house)
    assert len(room.group.seen) == said
    offer = await room.heard(room.team, "未发给客户。")
    await room.world.press(room.lin, offer, "发给客户", within=PATIENCE)
    await room.group.bot_says("别在客户面前说", within=PATIENCE)
    await room.team.bot_edits(offer, "已发客户", within=PATIENCE)
    assert offer.labels == []


async def test_5_somebody_else_confirms(room: Room) -> None:
    """Whoever has not the ticket is asked first; nobody having it, an explicit reply takes it."""
    card = await room.emergency()
    topic = room.team.topics[card.thread_id]
    room.team.say(room.lin, "> 您好，正在看", topic=topic)
    await room.group.bot_says("您好，正在看", within=PATIENCE)
    ticket = await room.ticket()
    assert ticket.assignee_id == room.lin_person.id
    room.team.say(room.tom, "> 我也补充一句", topic=topic)
    asked = await room.heard(room.team, "Lin 正在处理此工单")
    assert asked.labels == ["仍然发送", "仅内部"]
    assert not any("我也补充一句" in m.text for m in room.group.seen)
    answer = await room.world.press(room.lin, asked, "仍然发送", within=PATIENCE)
    assert "原作者" in answer.text
    await room.world.press(room.tom, asked, "仍然发送", within=PATIENCE)
    told = await room.group.bot_says("我也补充一句", within=PATIENCE)
    assert told.text == "Tom\n我也补充一句"
    await room.team.bot_edits(asked, "已发客户", within=PATIENCE)
    assert (await room.ticket()).assignee_id == room.lin_person.id


async def test_5_a_race_for_a_card(room: Room) -> None:
    """Two press at once: one wins, the other is told who; a doubled press changes nothing; strangers are sent to link."""
    card = await room.emergency()
    stranger = room.world.user("路人", "stranger")
    room.team.join(stranger)
    told = await room.world.press(stranger, card, "认领", within=PATIENCE)
    assert "关联账号" in told.text
    room.world.updates.doubled = 2
    presses = [room.world.press(user, card, "认领", within=PATIENCE) for user in (room.lin, room.tom)]
    answers = [(await press).text for press in presses]
    assert sorted(bool(text) for text in answers) == [False, True]
    assert any("Lin 已经接手了" in text or "Tom 已经接手了" in text for text in answers)
    await room.lacks(card, "认领")
    events = [str(e.kind) for e in await room.read(board.events, ticket_id=(await room.ticket()).id)]
    assert events.count("claimed") == 1
    told = await room.read(audit_list.entries, sieve=audit_list.Sieve())
    assert [entry.via for entry in told if entry.action == "claimed"] == ["telegram"]
    assert [entry.outcome for entry in told if entry.action == "chat.press"] == ["refused"]


async def test_4_menus(room: Room) -> None:
    """Assign by a second keyboard, snooze, raise, wait, resolve, re-open: the card and its topic follow."""
    room.group.say(room.mei, f"{room.world.bot.mention} 转人工，我要换服务器")
    card = await room.card()
    topic = room.team.topics[card.thread_id]
    await room.world.press(room.lin, card, "指派…", within=PATIENCE)
    await room.shows(card, "Tom", "« 返回")
    await room.world.press(room.lin, card, "Tom", within=PATIENCE)
    await room.team.bot_edits(card, "处理人：Tom", within=PATIENCE)
    await room.world.press(room.tom, card, "稍后处理…", within=PATIENCE)
    await room.shows(card, "明天上午")
    await room.world.press(room.tom, card, "明天上午", within=PATIENCE)
    await room.team.bot_edits(card, "💤 稍后处理：11月25日(周三)09:00", within=PATIENCE)
    refused = await room.world.press(room.tom, card, "等待客户", within=PATIENCE)
    assert "请先回复客户" in refused.text
    await room.world.press(room.tom, card, "升级…", within=PATIENCE)
    await room.shows(card, "紧急")
    await room.world.press(room.tom, card, "紧急", within=PATIENCE)
    await room.team.bot_edits(card, "🔴", within=PATIENCE)
    await room.world.press(room.tom, card, "已解决", within=PATIENCE)
    await room.shows(card, "重新打开")
    await room.world.until(lambda: topic.closed or None, within=PATIENCE, what="the topic is closed")
    assert topic.name.startswith("✅")
    await room.world.press(room.tom, card, "重新打开", within=PATIENCE)
    await room.shows(card, "已解决")
    await room.world.until(lambda: None if topic.closed else True, within=PATIENCE, what="the topic is open")
    await room.world.press(room.tom, card, "交还机器人", within=PATIENCE)
    await room.shows(card, "认领")
    assert "已交还机器人" in card.text


async def test_7_waiting(room: Room, clock: MovableClock) -> None:
    """Waiting pauses the resolution clock, the client's picture resumes it; thanks changes nothing."""
    card = await room.emergency()
    topic = room.team.topics[card.thread_id]
    ticket = await room.ticket()
    room.team.say(room.lin, "> 请发一下报错截图", topic=topic)
    await room.group.bot_says("报错截图", within=PATIENCE)
    await room.shows(card, "等待客户")
    await room.world.press(room.lin, card, "等待客户", within=PATIENCE)
    await room.team.bot_edits(card, "⏸ 解决：已暂停", within=PATIENCE)
    clock.jump(timedelta(hours=1))
    room.group.photo(room.mei, PNG)

    async def resumed() -> bool:
        clocks = {c.kind: c.state for c in await room.read(board.clocks, ticket_id=ticket.id, now=clock())}
        return clocks["RS"] == "running"

    await room.eventually(resumed)
    await room.world.until(lambda: None if "⏸" in card.text else True, within=PATIENCE, what="the card runs on")
    await room.world.press(room.lin, card, "已解决", within=PATIENCE)
    await room.shows(card, "重新打开")
    room.group.say(room.mei, "谢谢")

    async def heard() -> bool:
        return any(m.text == "谢谢" and m.turn_id is not None for m in await room.thread(ticket))

    await room.eventually(heard)
    await quiet(room.house)
    assert "重新打开" in card.labels


async def test_8_late(room: Room, clock: MovableClock) -> None:
    """A warning before the deadline, the breach after it, once each in the thread; nobody answering, a direct message."""
    card = await room.emergency()
    private = room.world.private(room.lin)
    await quiet(room.house)
    clock.jump(timedelta(minutes=4))
    told = await room.heard(private, "尚无人接手")
    assert told.labels == ["认领"]
    await room.world.press(room.tom, card, "认领", within=PATIENCE)
    await room.lacks(card, "认领")
    await quiet(room.house)
    late = await room.world.press(room.lin, told, "认领", within=PATIENCE)
    assert "Tom 已经接手了" in late.text
    clock.jump(timedelta(minutes=45))
    await room.heard(room.team, "预警：首次响应")
    await quiet(room.house)
    clock.jump(timedelta(minutes=12))
    breach = await room.heard(room.team, "超时：首次响应")
    assert "@Tom" in breach.text
    await room.team.bot_edits(card, "首次响应：自11月24日", within=PATIENCE)
    await quiet(room.house)
    assert sum("超时：首次响应" in m.text for m in room.team.seen) == 1


async def test_commands_for_colleagues(room: Room) -> None:
    """The queue and one's own, why a deadline is what it is; in the staff chat and in a direct chat, nowhere else."""
    card = await room.emergency()
    topic = room.team.topics[card.thread_id]
    ticket = await room.ticket()
    await room.world.press(room.tom, card, "认领", within=PATIENCE)
    await room.lacks(card, "认领")
    room.team.say(room.lin, "/queue")
    listed = await room.team.bot_says(f"🔴 {ticket.number} 青禾茶业", within=PATIENCE)
    assert "Tom" in listed.text
    private = room.world.private(room.lin)
    private.say(room.lin, "/mine")
    await private.bot_says("没有未结工单", within=PATIENCE)
    room.team.say(room.lin, "/why", topic=topic)
    why = await room.team.bot_says("首次响应", within=PATIENCE)
    assert why.thread_id == topic.id
    private.say(room.lin, f"/why {ticket.number}")
    await private.bot_says("首次响应", within=PATIENCE)
    room.team.say(room.lin, "/why")
    await room.team.bot_says("哪张工单", within=PATIENCE)
    private.say(room.lin, "/help")
    await private.bot_says("/queue", within=PATIENCE)
    said = len(room.group.seen)
    room.group.say(room.mei, "/queue")
    await quiet(room.house)
    assert not any("🔴" in m.text for m in room.group.seen[said:])
    names = [each["command"] for each in room.world.commands[("default", "zh")]]
    assert names == ["status", "human", "help"]
    assert ["queue", "mine", "why", "help"] in [
        [each["command"] for each in shown]
        for (scope, _), shown in room.world.commands.items()
        if str(room.team.id) in scope
    ]


async def test_a_wrong_answer_is_retracted_in_one_press(room: Room) -> None:
    """The client's message says that a colleague's answer counts; the page is listed; pressing again changes nothing."""
    room.group.say(room.mei, f"{room.world.bot.mention} 后台密码忘了怎么办?")
    answer = await room.group.bot_says("忘记密码", within=PATIENCE)
    await room.world.press(room.mei, answer, "转人工", within=PATIENCE)
    card = await room.card()
    ticket = await room.ticket()
    copied = await room.heard(room.team, "忘记密码")
    assert copied.thread_id == card.thread_id
    assert copied.labels == ["撤回此答案"]
    await room.world.press(room.lin, copied, "撤回此答案", within=PATIENCE)
    await room.group.bot_edits(answer, "请以同事的回复为准", within=PATIENCE)
    assert answer.labels == []
    await room.team.bot_edits(copied, "已撤回", within=PATIENCE)
    flagged = await room.read(retraction.flagged)
    assert [each.ticket for each in flagged][:1] == [ticket.number]
    await room.heard(room.team, "撤回了机器人的一条回答")


async def test_a_suggested_reply(room: Room) -> None:
    """What the manual has nearest is suggested with its source: sent as it is, under the presser's name."""
    room.group.say(room.mei, f"{room.world.bot.mention} 你们能帮我把Shopify店铺的运费模板导到Wix里吗")
    card = await room.card()
    draft = await room.heard(room.team, "建议回复（未发送）")
    assert draft.labels == ["直接发送", "修改后发送", "不用"]
    assert draft.thread_id == card.thread_id
    topic = room.team.topics[card.thread_id]
    await room.world.press(room.lin, draft, "修改后发送", within=PATIENCE)
    asked = await room.heard(room.team, "请回复本消息")
    await quiet(room.house)
    room.team.say(room.lin, "可以的，请把模板文件发来。", reply_to=asked, topic=topic)
    await room.group.bot_says("请把模板文件发来", within=PATIENCE)
    await room.world.press(room.tom, draft, "直接发送", within=PATIENCE)
    confirm = await room.heard(room.team, "Lin 正在处理此工单")
    await room.world.press(room.tom, confirm, "仍然发送", within=PATIENCE)
    told = await room.group.bot_says("依据《", within=PATIENCE)
    assert told.text.startswith("Tom\n")
    await room.team.bot_edits(draft, "Tom 已发送", within=PATIENCE)
    await room.heard(room.team, "已发客户", times=2)


async def test_a_suggestion_is_not_sent_once_its_page_is_withdrawn(room: Room) -> None:
    """Neither as it stands nor to be copied: the colleague hears why, the client gets nothing of it."""
    room.group.say(room.mei, f"{room.world.bot.mention} 你们能帮我把Shopify店铺的运费模板导到Wix里吗")
    await room.card()
    draft = await room.heard(room.team, "建议回复（未发送）")
    suggested = await room.read(lambda conn: conn.execute(select(answer_source.c.page)).scalars().all())
    for page in set(suggested):
        await room.house.app.manual.withdraw(page, by="ada")
    for label in ("直接发送", "修改后发送"):
        answer = await room.world.press(room.lin, draft, label, within=PATIENCE)
        assert "现在不能查看" in (answer.text or "")
    assert draft.labels == ["直接发送", "修改后发送", "不用"]


async def test_what_is_done_in_the_desk_shows_in_the_thread(room: Room) -> None:
    """A note and a reply of the web page stand in the thread, once each; nothing is sent twice."""
    card = await room.emergency()
    ticket = await room.ticket()
    await room.house.act("note", ticket_id=ticket.id, by=room.tom_person.id, text="机房在重启")
    noted = await room.heard(room.team, "机房在重启")
    assert noted.thread_id == card.thread_id
    assert noted.text.startswith("Tom · 内部备注\n")
    await room.house.act("reply", ticket_id=ticket.id, by=room.tom_person.id, text="机房重启中，十分钟内恢复")
    await room.group.bot_says("十分钟内恢复", within=PATIENCE)
    copied = await room.heard(room.team, "十分钟内恢复")
    assert copied.text.startswith("Tom 回复客户\n")
    await quiet(room.house)
    assert sum("十分钟内恢复" in m.text for m in room.team.seen) == 1
    assert sum("十分钟内恢复" in m.text for m in room.group.seen) == 1
    assert not any("机房在重启" in m.text for m in room.group.seen)


async def test_codes_keep_chats_apart(room: Room) -> None:
    """A client's group becomes no staff chat, a staff chat no client's; the codes that others read are spent."""
    code = await staff_code(room.house, room.lin_person)
    room.group.say(room.lin, f"/bind {code}")
    await room.group.bot_says("不能设为内部群", within=PATIENCE)
    other = room.world.supergroup("新内部群", room.lin)
    other.say(room.lin, f"/bind {code}")
    await other.bot_says("无效", within=PATIENCE)
    room.team.say(room.lin, f"/bind {await code_for_client(room.house, room.lin_person)}")
    await room.team.bot_says("不能绑定客户", within=PATIENCE)
    chat = await room.read(directory.find_chat, platform="telegram", external_id=str(room.team.id))
    assert (chat.client_id, chat.purpose) == (None, ChatPurpose.STAFF)


async def test_what_is_said_in_the_staff_chat_is_never_a_clients(room: Room) -> None:
    """Questions and outages there make no turns and no tickets."""
    room.team.say(room.lin, "网站打不开了!!!")
    room.team.say(room.tom, f"{room.world.bot.mention} 后台密码忘了怎么办?")
    room.team.say(room.lin, "/help")
    await room.team.bot_says("/queue", within=PATIENCE)
    await quiet(room.house)
    assert await room.read(board.queue, view="open", viewer_id=0, now=room.house.clock()) == ()
    assert not any("忘记密码" in m.text for m in room.team.seen)


async def test_a_lost_chat_is_told_once(room: Room) -> None:
    """The client's group puts the bot out: the staff chat hears of it once, also when something then fails to arrive."""
    await room.emergency()
    ticket = await room.ticket()
    room.group.kick(room.world.bot, by=room.mei)
    await room.heard(room.team, "「青禾 · 网站」收不到消息了")
    await room.house.act("reply", ticket_id=ticket.id, by=room.tom_person.id, text="在吗")
    await quiet(room.house)
    assert sum("收不到消息了" in m.text for m in room.team.seen) == 1


@pytest.mark.parametrize("has_topics", [False], ids=["no topics"], indirect=True)
async def test_a_staff_chat_that_was_lost_gets_the_cards_it_missed(room: Room) -> None:
    """The team's group puts the bot out: an emergency finds nobody there; once it is let in again, its card comes."""
    room.team.kick(room.world.bot, by=room.tom)
    await quiet(room.house)
    room.group.say(room.mei, "网站打不开了!!!")
    await room.group.bot_says("T-", within=PATIENCE)
    await quiet(room.house)
    assert not [m for m in room.team.seen if "T-1001" in m.text]
    room.team.join(room.world.bot, by=room.tom)
    assert "T-1001" in (await room.card()).text


async def test_a_correction_follows(room: Room) -> None:
    """A colleague edits what was sent: the client's message says what it says now."""
    card = await room.emergency()
    topic = room.team.topics[card.thread_id]
    sent = room.team.say(room.lin, "> 预计今晚恢愎", topic=topic)
    told = await room.group.bot_says("预计今晚恢愎", within=PATIENCE)
    await room.heard(room.team, "已发客户")
    room.team.edit(room.lin, sent, "> 预计今晚恢复")
    await room.group.bot_edits(told, "预计今晚恢复", within=PATIENCE)
    await room.heard(room.team, "修改也已同步")


@pytest.mark.parametrize("has_topics", [False], ids=["no topics"], indirect=True)
async def test_a_staff_chat_without_topics(room: Room) -> None:
    """A ticket's lines reply to its card, and what leaves is what replies to the card or to the client's words."""
    card = await room.emergency()
    copied = await room.heard(room.team, "陈梅\n网站打不开了")
    assert copied.reply_to is card
    await room.world.press(room.lin, card, "认领", within=PATIENCE)
    await room.group.bot_says("Lin 已接手", within=PATIENCE)
    await quiet(room.house)
    idle = room.team.say(room.tom, "中午吃什么")
    room.team.say(room.lin, "随便", reply_to=idle)
    room.team.say(room.lin, "马上处理", reply_to=copied)
    await room.group.bot_says("马上处理", within=PATIENCE)
    mark = await room.heard(room.team, "已发客户")
    assert mark.reply_to.text == "马上处理"
    shown = [m.text for m in await room.thread(await room.ticket())]
    assert "中午吃什么" not in shown
    assert not any("随便" in m.text or "中午" in m.text for m in room.group.seen)


async def test_a_crash_between_sending_and_marking(
    indexed: Path, embedder: e5.E5Embedder, tmp_path: Path, telegram: TelegramServer, clock: MovableClock
) -> None:
    """The answer arrived, its answer was lost, the process ended: sent once more with its sign, marked once."""
    world = telegram.world
    mei, lin = world.user("陈梅", "mei"), world.user("Lin", "lin_agent")
    async with running(indexed, embedder, tmp_path, telegram, clock) as house:
        house.app.telegram.channel.limits = None
        agent = await house.agent("lin", role=Role.LEAD)
        group, team = world.supergroup("青禾", mei), world.supergroup("售后", lin, forum=True)
        team.promote(world.bot)
        group.say(mei, f"/bind {await code_for_client(house, agent)}")
        await group.bot_says("青禾", within=PATIENCE)
        team.say(lin, f"/bind {await staff_code(house, agent)}")
        await team.bot_says("已设为内部群", within=PATIENCE)
        await linked(house, world, lin, agent)
        group.say(mei, "网站打不开了!!!")
        card = await team.bot_says("T-", within=PATIENCE)
        await quiet(house)
        world.faults.order("sendMessage", Slow(30))
        team.say(lin, "> 正在恢复", topic=team.topics[card.thread_id])
        await group.bot_says("正在恢复", within=PATIENCE)
        assert not any("已发客户" in m.text for m in team.seen)
    async with running(indexed, embedder, tmp_path, telegram, clock) as house:
        house.app.telegram.channel.limits = None
        clock.jump(timedelta(minutes=2))
        await world.until(
            lambda: next((m for m in team.seen if "已发客户" in m.text), None), within=PATIENCE, what="the mark"
        )
        await quiet(house)
    assert sum("已发客户" in m.text for m in team.seen) == 1
    assert sum(m.text.startswith("发送中断后重发") for m in group.seen) <= 1
