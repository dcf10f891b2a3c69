"""The modes of a client's Telegram group, requests that nobody answers, and autonomy earned and lost."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from handoff import board, directory, drafts, modes
from handoff.kinds import Author, Level, Mode, NoticeKind, Outcome, Role
from handoff.model import QueueRow, Turn
from knowledge import e5
from store import jobs
from tests.house import MovableClock
from tests.platforms.telegram import TelegramServer, User
from tests.scenario.test_telegram_scenes import (
    PATIENCE,
    Room,
    clock,
    code_for_client,
    linked,
    room,
    running,
    telegram,
    transport,
)

__all__ = ["clock", "room", "telegram", "transport"]
UNKNOWN = "你们能帮我把Shopify店铺的运费模板导到Wix里吗"
KNOWN = "后台密码忘了怎么办?"
TEN = timedelta(minutes=10, seconds=5)
QUEUES = {"turn", "deliver", "unanswered", "score_draft"}


async def put(room: Room, mode: Mode) -> int:
    """Put the group into a mode, as the desk's page does; its chat's id."""
    chat = await room.read(directory.find_chat, platform="telegram", external_id=str(room.group.id))
    change = partial(modes.change, chat_id=chat.id, mode=mode, by=room.agent.id, now=room.house.clock())
    await room.house.app.db.write(change)
    return int(chat.id)


async def tickets(room: Room) -> tuple[QueueRow, ...]:
    found: tuple[QueueRow, ...] = await room.read(board.queue, view="open", viewer_id=0, now=room.house.clock())
    return found


async def until(look: Callable[[], Awaitable[Any]], *, what: str) -> Any:
    """What `look` finds, as soon as it finds anything."""
    for _ in range(750):
        if found := await look():
            return found
        await asyncio.sleep(0.02)
    raise AssertionError(f"no {what} within the bound")


async def settle(room: Room) -> None:
    """Wait until nothing of the conversations is due; the platform's long poll goes on."""

    async def done() -> bool:
        depths = await room.read(jobs.depths, now=room.house.clock())
        return not any(depth.waiting or depth.running for depth in depths if depth.queue in QUEUES)

    await until(done, what="end of work")


async def turned(room: Room, who: User, text: str, *, stored: str | None = None) -> Turn:
    """Somebody says this; its turn, without waiting for the end of a burst."""
    room.group.say(who, text)
    text = stored or text

    async def arrived() -> bool:
        return any(message.text == text for message in await room.stored())

    await until(arrived, what="message")
    room.house.clock.jump(timedelta(seconds=11))
    return await room.turn(text)


async def heard(room: Room, *, since: int) -> list[str]:
    """What the bot has put into the group since, once it has nothing more to do."""
    await settle(room)
    return [message.text for message in (await room.stored())[since:] if message.author is not Author.CLIENT]


async def test_what_is_overheard_is_drafted_in_silence_and_scored(room: Room) -> None:
    """In the default mode nothing is said; what a colleague answers in several messages is held against the draft."""
    before = len(await room.stored())
    draft = await turned(room, room.mei, KNOWN)
    assert (draft.outcome, draft.reason) == (Outcome.SILENT, "shadow")
    assert await heard(room, since=before) == []
    room.house.clock.jump(timedelta(minutes=1))
    room.group.say(room.lin, "稍等")
    room.group.say(room.lin, "登录页点“忘记密码”，填注册邮箱，收到邮件后点链接设新密码，收不到看下垃圾箱")
    await until(lambda: _spoken(room, 2), what="second word of the colleague's")
    room.house.clock.jump(timedelta(minutes=2, seconds=1))
    tally = await until(lambda: _tallies(room), what="score")
    assert [(each.category, each.hits, each.answers) for each in tally] == [(draft.category, 1, 1)]
    room.house.clock.jump(TEN)
    await settle(room)
    assert await tickets(room) == ()


async def test_in_shadow_a_mention_is_drafted_and_a_person_still_comes(room: Room) -> None:
    """The bot answers nobody; who asks for a person gets one at once; an emergency is taken up."""
    await put(room, Mode.SHADOW)
    before = len(await room.stored())
    turn = await turned(room, room.mei, f"{room.world.bot.mention} {KNOWN}", stored=KNOWN)
    assert (turn.reason, turn.trace["shadow"]["outcome"]) == ("shadow", "answered")
    assert await heard(room, since=before) == []
    room.group.say(room.wang, f"{room.world.bot.mention} 转人工")
    await room.group.bot_says("T-", within=PATIENCE)
    assert [row.ticket.reason for row in await tickets(room)] == ["asked_for_person"]
    room.group.say(room.mei, "网站打不开了!!!")
    await room.group.bot_says("紧急", within=PATIENCE)


async def test_auto_answers_what_is_sure_and_leaves_the_rest_to_the_watch(room: Room) -> None:
    """Unasked, the manual's answer; where it has none, silence, and ten minutes later a ticket dated from the message."""
    await put(room, Mode.AUTO)
    room.group.say(room.mei, KNOWN)
    answer = await room.group.bot_says("忘记密码", within=PATIENCE)
    assert answer.labels == ["已解决", "转人工"]
    before = len(await room.stored())
    turn = await turned(room, room.wang, UNKNOWN)
    assert (turn.outcome, turn.reason, turn.ticket_id) == (Outcome.SILENT, "unsure", None)
    asked = next(message for message in await room.stored() if message.text == UNKNOWN)
    room.house.clock.jump(timedelta(minutes=9, seconds=30))
    await settle(room)
    assert await tickets(room) == ()
    room.house.clock.jump(timedelta(seconds=35))
    (row,) = await until(lambda: tickets(room), what="ticket")
    assert (row.ticket.reason, row.ticket.since, row.ticket.title) == ("unanswered", asked.at, UNKNOWN)
    assert row.requester_name == "王强"
    assert NoticeKind.ASKED in [notice.kind for notice in await room.read(board.notices, person_id=room.agent.id)]
    assert await heard(room, since=before) == [], "in office hours the group hears nothing extra"


async def test_at_night_the_group_hears_the_honest_promise(room: Room) -> None:
    """Outside office hours an unanswered request is told when somebody will be there."""
    room.house.clock.jump(datetime(2026, 11, 24, 15, 10, tzinfo=UTC) - room.house.clock())
    await turned(room, room.mei, "上传图片报错了")
    room.house.clock.jump(TEN)
    told = await room.group.bot_says("T-", within=PATIENCE)
    assert "您的消息已登记" in told.text
    assert "明天" in told.text


async def test_a_colleague_who_is_called_and_stays_away(room: Room) -> None:
    """@ a colleague: what is said to them waits for them; a word of theirs settles it, small talk never counts."""
    for text in ("@Lin 首页那张图用昨天发的", "@王强 合同你看了吗?", "谢谢", "有人吗"):
        await turned(room, room.mei, text)
    room.house.clock.jump(TEN)
    (row,) = await until(lambda: tickets(room), what="ticket")
    assert row.ticket.title == "@Lin 首页那张图用昨天发的"
    await room.house.act("resolve", ticket_id=row.ticket.id, by=room.agent.id)
    room.house.clock.jump(timedelta(hours=1))
    await turned(room, room.mei, "@Lin 表单报错了")
    room.group.say(room.lin, "我看一下")
    await until(lambda: _spoken(room, 1), what="word of the colleague's")
    room.house.clock.jump(TEN)
    await settle(room)
    assert await tickets(room) == ()


async def test_off_is_silent_even_in_an_emergency(room: Room) -> None:
    """No word, no ticket, no later look."""
    await put(room, Mode.OFF)
    before = len(await room.stored())
    room.group.say(room.mei, f"{room.world.bot.mention} 网站打不开了!!!")
    turn = await room.turn("网站打不开了!!!")
    assert (turn.outcome, turn.reason) == (Outcome.SILENT, "off")
    room.house.clock.jump(TEN)
    assert await heard(room, since=before) == []
    assert await tickets(room) == ()


async def test_auto_is_lost_when_answers_do_not_help(room: Room) -> None:
    """Three clients whom the answers did not help: the chat is back in mention, and the leads hear why."""
    lead = await room.house.agent("mo", role=Role.LEAD)
    chat_id = await put(room, Mode.AUTO)
    for number, who in enumerate((room.mei, room.wang, room.mei)):
        assert (await room.read(directory.chat, chat_id=chat_id)).mode is Mode.AUTO
        room.group.say(who, KNOWN)
        await room.group.bot_says("忘记密码", within=PATIENCE)
        complaint = f"还是不行{'啊' * number}"
        assert (await turned(room, who, complaint)).reason == "not_solved"
        room.house.clock.jump(timedelta(minutes=20))
    assert (await room.read(directory.chat, chat_id=chat_id)).mode is Mode.MENTION
    (last, *_) = await room.read(modes.changes, chat_id=chat_id)
    assert (last.why, last.by_id, last.facts) == ("fell_back", None, {"unsolved": 3, "answers": 3})
    told = await room.read(board.notices, person_id=lead.id)
    assert [notice.data["unsolved"] for notice in told if notice.kind is NoticeKind.FELL_BACK] == [3]
    assert (await turned(room, room.wang, "首页标题怎么改")).reason == "shadow"


async def test_a_restart_forgets_no_request(
    indexed: Path, embedder: e5.E5Embedder, tmp_path: Path, telegram: TelegramServer, clock: MovableClock
) -> None:
    """Asked before the program stopped, looked at after it started again, and dated from when it was asked."""
    world = telegram.world
    mei, lin = world.user("陈梅", "mei"), world.user("Lin", "lin_agent")
    async with running(indexed, embedder, tmp_path, telegram, clock) as house:
        agent = await house.agent()
        group = world.supergroup("青禾", mei, lin)
        group.say(mei, f"/bind {await code_for_client(house, agent)}")
        await group.bot_says("青禾", within=PATIENCE)
        await linked(house, world, lin, agent)
        here = Room(house, telegram, world, group, mei, mei, lin, agent)
        await turned(here, mei, UNKNOWN)
        asked_at = next(message.at for message in await here.stored() if message.text == UNKNOWN)
    clock.jump(timedelta(hours=1))
    async with running(indexed, embedder, tmp_path, telegram, clock) as house:
        here = Room(house, telegram, world, group, mei, mei, lin, agent)
        (row,) = await until(lambda: tickets(here), what="ticket")
        assert (row.ticket.since, row.ticket.level) == (asked_at, Level.QUESTION)


async def _spoken(room: Room, many: int) -> bool:
    return sum(message.author is Author.STAFF for message in await room.stored()) >= many


async def _tallies(room: Room) -> Any:
    chat = await room.read(directory.find_chat, platform="telegram", external_id=str(room.group.id))
    return (await room.read(drafts.tallies, now=room.house.clock())).get(chat.id)


async def test_no_sign_of_typing_where_nothing_will_be_said(room: Room) -> None:
    """In `shadow` a mention is drafted in silence: nobody is led to wait for an answer."""
    await put(room, Mode.SHADOW)
    room.group.say(room.mei, f"{room.world.bot.mention} {KNOWN}")
    await room.turn(KNOWN)
    assert "sendchataction" not in {name.lower() for name, _ in room.world.calls}
