"""The staff chat, played over Slack: the real application, the real library, a strict server, our clock."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from handoff import board, messages, retraction
from handoff.kinds import Audience, Role
from handoff.model import Message as Stored
from handoff.model import Person, Ticket
from knowledge import e5
from tests.house import WORKING_HOURS, House, MovableClock
from tests.platforms import telegram
from tests.platforms.slack import Channel, Message, Refuse, SlackServer, Upload, User, View
from tests.platforms.slack import Settings as Workspace
from tests.platforms.slack.rules import escaped
from tests.slack_house import PATIENCE, code_for_client, labels, linked, press, running, staff_code

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 64
SIGNS = ("🔴", "🟠", "🔵", "🟢", "✅", "🤖")


@dataclass
class Room:
    """The client's channel is bound; the team's channel is a staff chat; Lin and Tom are linked."""

    house: House
    slack: SlackServer
    channel: Channel
    team: Channel
    mei: User
    lin: User
    tom: User
    lin_person: Person
    tom_person: Person

    async def read(self, body: Any, **facts: Any) -> Any:
        return await self.house.app.db.read(partial(body, **facts))

    async def card(self) -> Message:
        """The card of the newest ticket, once its thread is known."""
        card: Message = await self.slack.world.until(
            lambda: next((m for m in self.team.seen if m.text.startswith(SIGNS) and m.buttons), None),
            within=PATIENCE,
            what="a card in the team's channel",
        )
        await self.slack.world.until(lambda: self.team.replies(card.ts), within=PATIENCE, what="its thread")
        return card

    async def emergency(self) -> Message:
        """The client's site is down: the card is there."""
        self.channel.say(self.mei, "网站打不开了!!!")
        await self.channel.bot_says("T-", within=PATIENCE)
        return await self.card()

    async def press(self, user: User, on: Message, label: str) -> None:
        """Press a button, as soon as it is there."""
        await self.shows(on, label)
        await press(self.slack, user, on, label)

    async def shows(self, message: Message, *wanted: str) -> None:
        await self.slack.world.until(
            lambda: set(wanted) <= set(labels(message)), within=PATIENCE, what=f"{wanted} under {message.text!r}"
        )

    async def lacks(self, message: Message, *unwanted: str) -> None:
        await self.slack.world.until(
            lambda: not set(unwanted) & set(labels(message)), within=PATIENCE, what=f"no {unwanted}"
        )

    async def becomes(self, message: Message, containing: str) -> None:
        """Wait until a message says this."""
        await self.slack.world.until(
            lambda: containing in message.text, within=PATIENCE, what=f"{containing!r} in {message.text!r}"
        )

    async def heard(self, place: Channel, containing: str, *, times: int = 1) -> Message:
        """Wait until the bot has said this in a channel so often; the first time it did."""

        def found() -> Message | None:
            said = [m for m in place.seen if containing in m.text and not m.deleted]
            return said[0] if len(said) >= times else None

        message: Message = await self.slack.world.until(found, within=PATIENCE, what=f"{containing!r} in {place.name}")
        return message

    async def whispered(self, user: User, containing: str, *, place: Channel | None = None) -> Message:
        """Wait until the bot has shown this to one person alone."""
        where = place or self.team
        message: Message = await self.slack.world.until(
            lambda: next((m for m in where.whispers if containing in m.text and m.only_for == user.id), None),
            within=PATIENCE,
            what=f"{containing!r} for {user.name}",
        )
        return message

    def say(self, user: User, typed: str, *, thread: Message | None = None, **more: Any) -> Message:
        """A colleague types in the team's channel."""
        return self.team.say(user, escaped(typed), thread=thread, **more)

    async def ticket(self) -> Ticket:
        return await self.house.open_ticket()

    async def notes(self, ticket: Ticket) -> list[Stored]:
        said = await self.read(messages.dossier, ticket=ticket)
        return [m for m in said if m.audience is Audience.INTERNAL]

    async def eventually(self, ready: Callable[[], Awaitable[Any]]) -> Any:
        for _ in range(2000):
            if found := await ready():
                return found
            await asyncio.sleep(0.02)
        raise AssertionError("not within the bound")

    async def clocks(self, ticket: Ticket) -> dict[str, str]:
        shown = await self.read(board.clocks, ticket_id=ticket.id, now=self.house.clock())
        return {str(c.kind): str(c.state) for c in shown}


@pytest.fixture
def clock() -> MovableClock:
    """Slack's and ours."""
    return MovableClock(WORKING_HOURS)


@pytest.fixture
async def slack(clock: MovableClock) -> AsyncIterator[SlackServer]:
    async with SlackServer(Workspace(socket_mode=True, clock=lambda: clock().timestamp())) as server:
        yield server


@pytest.fixture
async def room(
    indexed: Path, embedder: e5.E5Embedder, tmp_path: Path, slack: SlackServer, clock: MovableClock
) -> AsyncIterator[Room]:
    world = slack.world
    mei, lin, tom = (world.user(name) for name in ("mei", "lin", "tom"))
    async with running(indexed, embedder, tmp_path, slack, clock, public_url="https://desk.example") as house:
        await slack.socket.connected(within=PATIENCE)
        lead = await house.agent("lead", role=Role.LEAD)
        people = [await house.agent("lin"), await house.agent("tom")]
        channel = world.channel("greenleaf", members=[mei, lin])
        team = world.channel("desk", members=[lin, tom], private=True)
        ack = await slack.slash(lin, channel, "/aftercare", f"bind {await code_for_client(house, lead)}")
        assert "青禾" in ack.body["text"]
        ack = await slack.slash(lin, team, "/aftercare", f"bind {await staff_code(house, lead)}")
        assert "已设为内部频道" in ack.body["text"]
        for user, person in zip((lin, tom), people, strict=True):
            await linked(house, slack, user, person, place=team)
        yield Room(house, slack, channel, team, mei, lin, tom, *people)


async def test_5_claim_and_relay(room: Room) -> None:
    """Scene 5: a card, claimed by one press; `>` leaves under the colleague's name, answers come back into the thread."""
    card = await room.emergency()
    ticket = await room.ticket()
    assert card.thread is None
    assert f"https://desk.example/desk/t/{ticket.number}" in card.text
    assert "消息列里以「&gt;」开头" in card.text
    asked = await room.heard(room.team, "网站打不开了")
    await room.press(room.lin, card, "认领")
    await room.channel.bot_says("Lin 已接手", within=PATIENCE)
    await room.becomes(card, "处理人：Lin")
    await room.lacks(card, "认领")
    assert (await room.clocks(ticket))["FR"] == "running"
    room.say(room.lin, "> 请看这个提示，先重启一下路由器", thread=card, files=[Upload("hint.png", PNG, "image/png")])
    told = await room.channel.bot_says("先重启一下路由器", within=PATIENCE)
    assert told.text.startswith("Lin\n")
    assert "&gt;" not in told.text
    sent = await room.slack.world.until(
        lambda: [m for m in room.channel.seen if m.files], within=PATIENCE, what="the picture"
    )
    assert sent[0].files[0].content == PNG
    mark = await room.heard(room.team, "已发客户")
    assert (mark.thread, asked.thread) in {(card.ts, card.ts), (card.ts, None)}
    assert (await room.clocks(ticket))["FR"] == "met"
    room.channel.say(room.mei, "重启了还是不行", files=[Upload("still.png", PNG, "image/png")])
    back = await room.heard(room.team, "重启了还是不行")
    assert back.thread == card.ts
    assert back.text.startswith("mei\n")
    await room.slack.world.until(
        lambda: [m for m in room.team.seen if m.files and m.thread == card.ts], within=PATIENCE, what="their picture"
    )
    assert sum("已发客户" in m.text for m in room.team.seen) == 1


async def test_5_internal_talk_does_not_leave(room: Room) -> None:
    """Plain lines, a quotation with words about it, and what unlinked people say stay; an offered line goes by button."""
    card = await room.emergency()
    await room.press(room.lin, card, "认领")
    await room.channel.bot_says("Lin 已接手", within=PATIENCE)
    said = len(room.channel.seen)
    room.say(room.tom, "这家又欠费了吧", thread=card)
    room.say(room.tom, "> 网站打不开了\n他说的是哪个网站", thread=card)
    room.say(room.tom, "后台截图", thread=card, files=[Upload("back.png", PNG, "image/png")])
    room.say(room.tom, "中午吃什么")
    guest = room.slack.world.user("newbie")
    room.team.join(guest)
    room.say(guest, "> 我来回一句", thread=card)
    hint = await room.whispered(guest, "/aftercare bind")
    assert hint.thread == card.ts
    ticket = await room.ticket()

    async def noted() -> bool:
        notes = await room.notes(ticket)
        wanted = ["这家又欠费了吧", "│ 网站打不开了\n他说的是哪个网站", "后台截图"]
        return [m.text for m in notes] == wanted and bool(notes[2].attachments)

    await room.eventually(noted)
    room.say(room.lin, "我先看一下日志", thread=card)
    offer = await room.slack.world.until(
        lambda: next((m for m in room.team.seen if m.text == "未发给客户。"), None), within=PATIENCE, what="an offer"
    )
    assert (offer.thread, labels(offer)) == (card.ts, ["发给客户"])
    await room.house.idle()
    assert len(room.channel.seen) == said
    await room.press(room.tom, offer, "发给客户")
    await room.whispered(room.tom, "原作者")
    await room.press(room.lin, offer, "发给客户")
    await room.channel.bot_says("我先看一下日志", within=PATIENCE)
    await room.becomes(offer, "已发客户")
    assert labels(offer) == []
    assert not any("我来回一句" in m.text for m in room.channel.seen)


async def test_5_somebody_else_confirms(room: Room) -> None:
    """Whoever has not the ticket is asked first; nobody having it, an explicit reply takes it."""
    card = await room.emergency()
    room.say(room.lin, "> 您好，正在看", thread=card)
    await room.channel.bot_says("您好，正在看", within=PATIENCE)
    assert (await room.ticket()).assignee_id == room.lin_person.id
    room.say(room.tom, "> 我也补充一句\n> 共两行", thread=card)
    asked = await room.heard(room.team, "Lin 正在处理此工单")
    assert labels(asked) == ["仍然发送", "仅内部"]
    assert not any("我也补充一句" in m.text for m in room.channel.seen)
    await room.press(room.lin, asked, "仍然发送")
    await room.whispered(room.lin, "原作者")
    await room.press(room.tom, asked, "仍然发送")
    told = await room.channel.bot_says("我也补充一句", within=PATIENCE)
    assert told.text == "Tom\n我也补充一句\n共两行"
    await room.becomes(asked, "已发客户")
    assert (await room.ticket()).assignee_id == room.lin_person.id


async def test_5_a_race_for_a_card(room: Room) -> None:
    """Two press at once: one wins, the other is told who; the same press told twice counts once; strangers link first."""
    card = await room.emergency()
    stranger = room.slack.world.user("stranger")
    room.team.join(stranger)
    await room.press(stranger, card, "认领")
    assert "关联账号" in (await room.whispered(stranger, "/aftercare bind")).text
    room.slack.faults.delivery("drop_socket")
    await asyncio.gather(*(room.slack.press(user, card, "press:0") for user in (room.lin, room.tom)))
    await room.slack.socket.connected(within=PATIENCE)
    await room.lacks(card, "认领")
    told = await room.slack.world.until(
        lambda: [m for m in room.team.whispers if "已经接手了" in m.text], within=PATIENCE, what="who was first"
    )
    winner, loser = ("Lin", room.tom) if "Lin" in told[0].text else ("Tom", room.lin)
    assert told[0].only_for == loser.id
    assert f"处理人：{winner}" in card.text
    events = [str(e.kind) for e in await room.read(board.events, ticket_id=(await room.ticket()).id)]
    assert events.count("claimed") == 1


async def test_5_one_press_told_twice(room: Room) -> None:
    """Slack tells of the same press again: it is answered once; another press is another."""
    card = await room.emergency()
    claim = str(card.buttons["press:0"]["value"])
    await room.press(room.tom, card, "认领")
    await room.lacks(card, "认领")
    container = {"type": "message", "channel_id": room.team.id, "message_ts": card.ts}
    body: dict[str, Any] = {"type": "block_actions", "user": {"id": room.lin.id, "team_id": "T0HOME"}}
    slack = room.house.app.slack
    assert slack is not None
    for action_ts in ("1.1", "1.1", "1.1", "2.2"):
        action = {"type": "button", "value": claim, "action_ts": action_ts}
        assert await slack.arrivals.take({**body, "container": container, "actions": [action]}) == {}
    await room.press(room.lin, card, "稍后处理…")
    await room.shows(card, "明天上午")
    await room.house.idle()
    assert sum("Tom 已经接手了" in m.text for m in room.team.whispers) == 2


async def test_4_menus(room: Room) -> None:
    """Assign by a second keyboard, snooze, raise, wait, resolve, re-open: the card follows, a tick says it is done."""
    room.channel.say(room.mei, f"{room.slack.world.bot.mention} 转人工，我要换服务器")
    card = await room.card()
    await room.press(room.lin, card, "指派…")
    await room.shows(card, "Tom", "« 返回")
    await room.press(room.lin, card, "Tom")
    await room.becomes(card, "处理人：Tom")
    await room.press(room.tom, card, "稍后处理…")
    await room.press(room.tom, card, "明天上午")
    await room.becomes(card, "💤 稍后处理：11月25日(周三)09:00")
    await room.press(room.tom, card, "等待客户")
    await room.whispered(room.tom, "请先回复客户")
    await room.press(room.tom, card, "升级…")
    await room.press(room.tom, card, "紧急")
    await room.becomes(card, "🔴")
    await room.press(room.tom, card, "已解决")
    await room.shows(card, "重新打开")
    assert card.text.startswith("✅")
    await room.slack.world.until(lambda: "white_check_mark" in card.reactions, within=PATIENCE, what="the tick")
    await room.press(room.tom, card, "重新打开")
    await room.shows(card, "已解决")
    await room.slack.world.until(lambda: "white_check_mark" not in card.reactions, within=PATIENCE, what="no tick")
    await room.press(room.tom, card, "交还机器人")
    await room.shows(card, "认领")
    assert "已交还机器人" in card.text


async def test_7_waiting(room: Room, clock: MovableClock) -> None:
    """Waiting pauses the resolution clock, the client's picture resumes it; thanks changes nothing."""
    card = await room.emergency()
    ticket = await room.ticket()
    room.say(room.lin, "> 请发一下报错截图", thread=card)
    await room.channel.bot_says("报错截图", within=PATIENCE)
    await room.press(room.lin, card, "等待客户")
    await room.becomes(card, "⏸ 解决：已暂停")
    await room.house.idle()
    clock.jump(timedelta(hours=1))
    room.channel.say(room.mei, "", files=[Upload("error.png", PNG, "image/png")])

    async def resumed() -> bool:
        return (await room.clocks(ticket))["RS"] == "running"

    await room.eventually(resumed)
    await room.slack.world.until(lambda: "⏸" not in card.text, within=PATIENCE, what="the card runs on")
    await room.press(room.lin, card, "已解决")
    await room.shows(card, "重新打开")
    room.channel.say(room.mei, "谢谢")

    async def heard() -> bool:
        said = await room.read(messages.dossier, ticket=ticket)
        return any(m.text == "谢谢" and m.turn_id is not None for m in said)

    await room.eventually(heard)
    await room.house.idle()
    assert "重新打开" in labels(card)


async def test_8_late(room: Room, clock: MovableClock) -> None:
    """Nobody takes an emergency: a direct message where none was before; then warning and breach, once each."""
    card = await room.emergency()
    await room.house.idle()
    clock.jump(timedelta(minutes=4))
    private = room.slack.world.direct(room.lin)
    told = await room.heard(private, "尚无人接手")
    assert labels(told) == ["认领"]
    await room.press(room.tom, card, "认领")
    await room.lacks(card, "认领")
    await room.press(room.lin, told, "认领")
    await room.whispered(room.lin, "Tom 已经接手了", place=private)
    await room.house.idle()
    clock.jump(timedelta(minutes=45))
    await room.heard(room.team, "预警：首次响应")
    await room.house.idle()
    clock.jump(timedelta(minutes=12))
    breach = await room.heard(room.team, "超时：首次响应")
    assert "@Tom" in breach.text
    assert breach.thread == card.ts
    await room.becomes(card, "首次响应：自11月24日")
    await room.house.idle()
    assert sum("超时：首次响应" in m.text for m in room.team.seen) == 1
    assert sum("尚无人接手" in m.text for m in private.seen) == 1


async def test_commands_for_colleagues(room: Room) -> None:
    """The queue, one's own, why a deadline is what it is: to who typed them, anywhere; clients get their own help."""
    card = await room.emergency()
    ticket = await room.ticket()
    await room.press(room.tom, card, "认领")
    await room.lacks(card, "认领")
    await room.house.idle()
    slack, before = room.slack, len(room.team.seen) + len(room.channel.seen)

    async def typed(user: User, place: Channel, text: str) -> str:
        return str((await slack.slash(user, place, "/aftercare", text)).body["text"])

    for word in ("queue", "队列", "佇列"):
        listed = await typed(room.lin, room.team, word)
        assert f"🔴 {ticket.number} 青禾茶业" in listed
        assert "Tom" in listed
    assert "没有未结工单" in await typed(room.lin, room.channel, "我的")
    assert ticket.number in await typed(room.tom, room.team, "mine")
    for word in ("why", "为什么", "為什麼"):
        assert "首次响应" in await typed(room.lin, room.team, f"{word} {ticket.number}")
    assert "/aftercare why T-1001" in await typed(room.lin, room.team, "why")
    assert "/aftercare queue" in await typed(room.lin, room.team, "帮助")
    assert "/aftercare queue" in await typed(room.lin, room.team, "人工")
    assert "/aftercare status" in await typed(room.mei, room.channel, "queue")
    stranger = slack.world.user("stranger")
    room.team.join(stranger)
    assert "/aftercare bind" in await typed(stranger, room.team, "queue")
    await room.house.idle()
    assert len(room.team.seen) + len(room.channel.seen) == before
    assert (await room.ticket()).id == ticket.id


async def test_a_wrong_answer_is_retracted_in_one_press(room: Room) -> None:
    """The client's message says that a colleague's answer counts; the page is listed."""
    room.channel.say(room.mei, f"{room.slack.world.bot.mention} 后台密码忘了怎么办?")
    answer = await room.channel.bot_says("忘记密码", within=PATIENCE)
    await room.press(room.mei, answer, "转人工")
    card = await room.card()
    ticket = await room.ticket()
    copied = await room.heard(room.team, "忘记密码")
    assert (copied.thread, labels(copied)) == (card.ts, ["撤回此答案"])
    await room.press(room.lin, copied, "撤回此答案")
    await room.becomes(answer, "请以同事的回复为准")
    assert labels(answer) == []
    await room.becomes(copied, "已撤回")
    flagged = await room.read(retraction.flagged)
    assert [each.ticket for each in flagged][:1] == [ticket.number]


async def test_a_correction_follows(room: Room) -> None:
    """A colleague edits what was sent: the client's message says what it says now."""
    card = await room.emergency()
    sent = room.say(room.lin, "> 预计今晚恢愎", thread=card)
    told = await room.channel.bot_says("预计今晚恢愎", within=PATIENCE)
    await room.heard(room.team, "已发客户")
    room.team.edit(sent, escaped("> 预计今晚恢复"))
    await room.becomes(told, "预计今晚恢复")
    await room.slack.world.until(
        lambda: any("修改也已同步" in m.text for m in room.team.seen), within=PATIENCE, what="the mark"
    )


async def test_a_lost_channel_is_told_once(room: Room) -> None:
    """The client's channel is archived: the staff chat hears of it once, also when something then fails to arrive."""
    await room.emergency()
    ticket = await room.ticket()
    room.channel.archive(room.mei)
    await room.heard(room.team, "「greenleaf」收不到消息了")
    await room.house.act("reply", ticket_id=ticket.id, by=room.tom_person.id, text="在吗")
    await room.house.idle()
    assert sum("收不到消息了" in m.text for m in room.team.seen) == 1


async def suggested(room: Room) -> tuple[Message, Message]:
    """A ticket with a card and a suggested reply."""
    room.channel.say(room.mei, f"{room.slack.world.bot.mention} 你们能帮我把Shopify店铺的运费模板导到Wix里吗")
    card = await room.card()
    draft = await room.heard(room.team, "建议回复（未发送）")
    assert (draft.thread, labels(draft)) == (card.ts, ["直接发送", "修改后发送", "不用"])
    return card, draft


def written(text: str | None) -> dict[str, Any]:
    """The state of the form's field."""
    return {"written": {"written": {"type": "plain_text_input", "value": text}}}


async def test_a_suggested_reply_is_changed_in_a_form(room: Room) -> None:
    """The text stands in a form, errors show in it; what is sent goes once, under the sender's name, and is marked."""
    _, draft = await suggested(room)
    await room.press(room.lin, draft, "修改后发送")
    await room.slack.world.until(lambda: room.slack.world.views, within=PATIENCE, what="the form")
    (view,) = room.slack.world.views.values()
    (field,) = [block for block in view.blocks if block["type"] == "input"]
    assert field["element"]["initial_value"]
    assert "[1]" not in field["element"]["initial_value"]
    empty = await room.slack.submit(view, written(None))
    assert empty.errors == {"written": "还没有写内容。"}
    sent = await room.slack.submit(view, written("可以的，请把模板文件发来。"))
    assert (sent.errors, view.open) == (None, False)
    told = await room.channel.bot_says("请把模板文件发来", within=PATIENCE)
    assert told.text == "Lin\n可以的，请把模板文件发来。"
    await room.becomes(draft, "Lin 已发送")
    assert labels(draft) == []
    await room.heard(room.team, "已发客户")
    view.open = True
    late = await room.slack.submit(view, written("再发一次"))
    assert late.errors == {"written": "此按钮已失效。"}
    await room.house.idle()
    assert not any("再发一次" in m.text for m in room.channel.seen)


async def test_a_form_is_no_way_around_whoever_has_the_ticket(room: Room) -> None:
    """Claimed while the form was open: nothing goes; opened anew, the form says whose it is, and sending confirms."""
    card, draft = await suggested(room)
    await room.press(room.tom, draft, "修改后发送")
    await room.slack.world.until(lambda: room.slack.world.views, within=PATIENCE, what="the form")
    (view,) = room.slack.world.views.values()
    await room.press(room.lin, card, "认领")
    await room.channel.bot_says("Lin 已接手", within=PATIENCE)
    refused = await room.slack.submit(view, written("我来答"))
    assert "Lin 正在处理此工单" in (refused.errors or {})["written"]
    await room.press(room.tom, draft, "修改后发送")
    await room.slack.world.until(lambda: len(room.slack.world.views) == 2, within=PATIENCE, what="another form")
    again = list(room.slack.world.views.values())[1]
    assert "Lin 正在处理此工单" in again.blocks[0]["text"]["text"]
    assert again.body["submit"]["text"] == "仍然发送"
    assert (await room.slack.submit(again, written("我来补充"))).errors is None
    told = await room.channel.bot_says("我来补充", within=PATIENCE)
    assert told.text.startswith("Tom\n")
    assert not any("我来答" in m.text for m in room.channel.seen)


async def test_a_suggested_reply_as_it_is(room: Room) -> None:
    """Sent by one press with its sources, under the presser's name; where no form opens, a message makes up for it."""
    _, draft = await suggested(room)
    room.slack.faults.call("views.open", Refuse("expired_trigger_id"))
    await room.press(room.lin, draft, "修改后发送")
    asked = await room.heard(room.team, "以「&gt;」开头写上修改后的内容")
    assert asked.thread == draft.thread
    await room.press(room.lin, draft, "直接发送")
    told = await room.channel.bot_says("依据《", within=PATIENCE)
    assert told.text.startswith("Lin\n")
    await room.becomes(draft, "Lin 已发送")
    await room.heard(room.team, "已发客户")


def home_words(view: View) -> str:
    """Everything that a page says."""
    shown = (block.get("text") or {"text": ""} for block in view.blocks)
    return "\n".join(str(text["text"]) for text in shown)


async def home(room: Room, user: User, containing: str) -> View:
    """Wait until a user's page says this."""
    view: View = await room.slack.world.until(
        lambda: (view := room.slack.world.home(user)) and containing in home_words(view) and view,
        within=PATIENCE,
        what=f"{containing!r} on {user.name}'s page",
    )
    return view


async def test_app_home(room: Room) -> None:
    """A colleague sees the queue and takes a ticket there; too late, they are told who was first; others see a guide."""
    card = await room.emergency()
    ticket = await room.ticket()
    room.slack.open_home(room.lin)
    view = await home(room, room.lin, f"🔴 {ticket.number}")
    room.slack.open_home(room.tom)
    toms = await home(room, room.tom, f"🔴 {ticket.number}")
    claim = f"claim:{ticket.id}"
    (opens,) = [part for block in view.blocks for part in block.get("elements", []) if part.get("url")]
    assert opens["url"] == f"https://desk.example/desk/t/{ticket.number}"
    assert (await room.slack.press(room.lin, view, claim)).ok
    await room.channel.bot_says("Lin 已接手", within=PATIENCE)
    await room.becomes(card, "处理人：Lin")
    await room.slack.world.until(
        lambda: claim not in str(room.slack.world.homes[room.lin.id].blocks), within=PATIENCE, what="the page anew"
    )
    assert (await room.slack.press(room.tom, toms, claim)).ok
    assert f"🔴 {ticket.number}" not in home_words(await home(room, room.tom, "Lin 已经接手了"))
    await room.press(room.lin, card, "已解决")
    await home(room, room.lin, "您名下没有未结工单")
    room.slack.open_home(room.mei)
    assert ticket.number not in home_words(await home(room, room.mei, "/aftercare bind"))
    room.slack.open_home(room.mei, tab="messages")
    await room.slack.settled(within=PATIENCE)


@pytest.mark.parametrize(
    ("locale", "mine"),
    [("zh-CN", "我的工单"), ("zh-TW", "我的工單"), ("en-GB", "Your tickets"), ("ja-JP", "Your tickets")],
)
async def test_app_home_speaks_the_readers_language(room: Room, locale: str, mine: str) -> None:
    """By the locale of their account."""
    room.tom.locale = locale
    room.house.clock.jump(timedelta(hours=2))
    room.slack.open_home(room.tom)
    await home(room, room.tom, mine)


async def test_what_a_colleague_takes_back(room: Room) -> None:
    """A line that was sent says to the client that it was taken back; an offered one is not sent any more."""
    card = await room.emergency()
    sent = room.say(room.lin, "> 预计今晚恢复", thread=card)
    told = await room.channel.bot_says("预计今晚恢复", within=PATIENCE)
    await room.heard(room.team, "已发客户")
    plain_line = room.say(room.lin, "好像不对", thread=card)
    offer = await room.slack.world.until(
        lambda: next((m for m in room.team.seen if m.text == "未发给客户。"), None), within=PATIENCE, what="an offer"
    )
    room.team.delete(plain_line)
    await room.lacks(offer, "发给客户")
    room.team.delete(sent)
    await room.becomes(told, "已撤回")
    assert "预计今晚恢复" not in told.text
    await room.slack.world.until(
        lambda: any("客户看到已撤回" in m.text for m in room.team.seen), within=PATIENCE, what="the mark"
    )


async def test_the_client_on_telegram_the_team_on_slack(
    indexed: Path, embedder: e5.E5Embedder, tmp_path: Path, slack: SlackServer, clock: MovableClock
) -> None:
    """Across platforms: the card, what leaves and what comes back, a picture each way, corrections."""
    client_side = telegram.World(clock=clock, limits=telegram.Limits.lifted())
    client_side.privacy = False
    chen, lin = client_side.user("陈梅", "mei"), slack.world.user("lin")
    team = slack.world.channel("desk", members=[lin])
    async with (
        telegram.telegram_server(client_side) as server,
        running(
            indexed,
            embedder,
            tmp_path,
            slack,
            clock,
            telegram_token=client_side.token,
            telegram_api=server.base_url.removesuffix("/bot"),
        ) as house,
    ):
        await slack.socket.connected(within=PATIENCE)
        agent = await house.agent("lin", role=Role.LEAD)
        group = client_side.supergroup("青禾 · 网站", chen)
        group.say(chen, f"/bind {await code_for_client(house, agent)}")
        await group.bot_says("青禾", within=PATIENCE)
        await slack.slash(lin, team, "/aftercare", f"bind {await staff_code(house, agent)}")
        await linked(house, slack, lin, agent, place=team)
        group.photo(chen, PNG, caption="网站打不开了!!!")
        card = await team.bot_says("T-", within=PATIENCE)
        await slack.world.until(
            lambda: [m for m in team.replies(card.ts) if m.files and m.files[0].content == PNG],
            within=PATIENCE,
            what="the client's picture",
        )
        await press(slack, lin, card, "认领")
        await group.bot_says("Lin 已接手", within=PATIENCE)
        sent = team.say(lin, escaped("> 请看图重启"), thread=card, files=[Upload("hint.png", PNG, "image/png")])
        told = await group.bot_says("请看图重启", within=PATIENCE)
        assert told.text == "Lin\n请看图重启"
        picture = await client_side.until(
            lambda: next((m for m in group.seen if "photo" in m.body), None), within=PATIENCE, what="the picture"
        )
        assert client_side.files[picture.file_id].content == PNG
        team.edit(sent, escaped("> 请看图重启路由器"))
        await group.bot_edits(told, "请看图重启路由器", within=PATIENCE)
        group.say(chen, "好的，谢谢")
        back = await slack.world.until(
            lambda: next((m for m in team.replies(card.ts) if "好的，谢谢" in m.text), None),
            within=PATIENCE,
            what="the client's thanks",
        )
        assert back.text == "陈梅\n好的，谢谢"
