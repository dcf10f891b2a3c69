"""Scene 10 on chat platforms: five buttons for the requester alone, a low one followed up, nothing asked twice."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from handoff import directory, messages
from handoff.casework import SETTLED
from handoff.kinds import Audience
from handoff.model import Ticket
from knowledge import e5
from store.tables import job
from success import nps, ratings, surveys, tasks
from success.rating_rules import next_morning
from success.survey_rules import SurveyKind
from success.tasks import TaskKind
from tests import slack_house, telegram_house
from tests.house import WORKING_HOURS, House, MovableClock
from tests.platforms.slack import Settings as Workspace
from tests.platforms.slack import SlackServer
from tests.platforms.telegram import Chat, User, World, telegram_server
from tests.platforms.telegram.state import Message as Sent
from tests.telegram_house import PATIENCE, code_for_client


@dataclass
class Room:
    """The application on Telegram, with two of a client's people in its group."""

    house: House
    world: World
    group: Chat
    mei: User
    wang: User
    agent: int

    async def read(self, body: Callable[..., Any], **facts: Any) -> Any:
        return await self.house.app.db.read(partial(body, **facts))

    async def resolved(self, text: str = "帮我把导航换个顺序", *, by: User | None = None) -> Ticket:
        """Somebody asks for a person in the group; the matter is resolved."""
        self.group.say(by or self.mei, f"{self.world.bot.mention} 转人工，{text}")
        await self.group.bot_says("T-", within=PATIENCE)
        ticket = await self.house.open_ticket()
        done: Ticket = await self.house.act("resolve", ticket_id=ticket.id, by=self.agent)
        return done

    async def looked(self) -> None:
        """Wait until every resolved or re-opened ticket was looked at, or put off."""
        open_now = (job.c.queue == SETTLED, job.c.closed_at.is_(None))
        for _ in range(1000):
            due = await self.read(lambda conn: conn.execute(select(job.c.run_at, job.c.state).where(*open_now)).all())
            if all(row.state == "waiting" and row.run_at > self.house.clock() for row in due):
                return
            await asyncio.sleep(0.02)
        raise AssertionError("not within the bound")

    async def kept(self, sent: Sent) -> None:
        """Wait until we know by what number the platform keeps a message of ours."""
        for _ in range(1000):
            chat = await self.read(directory.find_chat, platform="telegram", external_id=str(sent.chat.id))
            if await self.read(messages.by_external, chat_id=chat.id, external_id=f"{sent.chat.id}/{sent.id}"):
                return
            await asyncio.sleep(0.02)
        raise AssertionError("not within the bound")

    async def rated(self, ticket: Ticket, holds: Callable[[Any], bool]) -> Any:
        """The ticket's rating, once it is so."""
        for _ in range(1000):
            found = await self.read(ratings.of_ticket, ticket_id=ticket.id)
            if found is not None and holds(found):
                return found
            await asyncio.sleep(0.02)
        raise AssertionError(f"not within the bound: {found}")


@pytest.fixture
def clock() -> MovableClock:
    """The platform's and ours."""
    return MovableClock(WORKING_HOURS)


@pytest.fixture
async def room(*, indexed: Path, embedder: e5.E5Embedder, tmp_path: Path, clock: MovableClock) -> AsyncIterator[Room]:
    world = World(clock=clock)
    world.privacy = False
    async with telegram_server(world) as telegram:
        mei, wang, lin = world.user("陈梅", "mei"), world.user("王强", "wang"), world.user("Lin", "lin_agent")
        async with telegram_house.running(indexed, embedder, tmp_path, telegram, clock) as house:
            agent = await house.agent()
            group = world.supergroup("青禾 · 网站", mei, wang, lin)
            group.say(mei, f"/bind {await code_for_client(house, agent)}")
            await group.bot_says("青禾", within=PATIENCE)
            yield Room(house, world, group, mei, wang, agent.id)


async def test_10_in_the_group_only_the_requesters_press_counts(room: Room) -> None:
    """No direct chat: five buttons in the group, as an answer to the requester; a 3 is followed up, once."""
    ticket = await room.resolved()
    asked = await room.group.bot_says("您对这次处理满意吗", within=PATIENCE)
    assert asked.text.startswith("陈梅")
    assert asked.labels == ["1", "2", "3", "4", "5"]
    assert asked.reply_to is not None
    assert asked.reply_to.sender is room.mei
    toast = await room.world.press(room.wang, asked, "5", within=PATIENCE)
    assert "提问的人" in toast.text
    await room.world.press(room.mei, asked, "3", within=PATIENCE)
    await room.group.bot_edits(asked, "抱歉", within=PATIENCE)
    assert asked.labels == []
    assert (await room.rated(ticket, lambda found: found.value is not None)).value == 3
    room.group.say(room.mei, "等了太久", reply_to=asked)
    await room.group.bot_says("谢谢，已记录", within=PATIENCE)
    assert (await room.rated(ticket, lambda found: bool(found.comment))).comment == "等了太久"
    given = [task for task in await room.read(tasks.open_of) if task.kind is TaskKind.LOW_RATING]
    assert [task.facts for task in given] == [{"number": ticket.number, "value": 3}]
    given = [task for task in await room.read(tasks.open_of) if task.kind is TaskKind.LOW_RATING]
    assert len(given) == 1


async def test_10_the_requester_is_asked_in_their_direct_chat(room: Room) -> None:
    """Who has written to the bot is asked there, and the group hears nothing; a number in reply counts as well."""
    private = room.world.private(room.mei)
    private.say(room.mei, "在吗")
    await private.bot_says(within=PATIENCE)
    ticket = await room.resolved()
    asked = await private.bot_says("您对这次处理满意吗", within=PATIENCE)
    await room.kept(asked)
    private.say(room.mei, "5", reply_to=asked)
    await private.bot_edits(asked, "谢谢", within=PATIENCE)
    assert (await room.rated(ticket, lambda found: found.value is not None)).value == 5
    chat = await room.read(directory.find_chat, platform="telegram", external_id=str(room.group.id))
    talk = await room.read(directory.find_conversation, chat_id=chat.id)
    said = await room.read(messages.transcript, conversation_id=talk.id, audience=Audience.INTERNAL)
    assert not any("满意" in each.text for each in said)


async def test_10_nobody_is_asked_twice_in_a_week_nor_at_night(room: Room, clock: MovableClock) -> None:
    """Resolved at night it is asked in the morning; the next matter of the week is not asked about."""
    clock.jump(timedelta(hours=12, minutes=30))
    ticket = await room.resolved()
    await room.looked()
    assert await room.read(ratings.of_ticket, ticket_id=ticket.id) is None
    morning = next_morning("Asia/Shanghai", clock())
    assert morning is not None
    clock.jump(morning - clock() + timedelta(minutes=1))
    await room.group.bot_says("您对这次处理满意吗", within=PATIENCE)
    other = await room.resolved("再改一下页脚")
    await room.looked()
    assert await room.read(ratings.of_ticket, ticket_id=other.id) is None


async def test_10_an_emergency_in_reply_is_no_comment(room: Room) -> None:
    """What is urgent is dealt with, wherever it is written."""
    await room.resolved()
    asked = await room.group.bot_says("您对这次处理满意吗", within=PATIENCE)
    await room.world.press(room.mei, asked, "2", within=PATIENCE)
    await room.group.bot_edits(asked, "抱歉", within=PATIENCE)
    room.group.say(room.mei, "网站打不开了!!!", reply_to=asked)
    told = await room.group.bot_says("T-", within=PATIENCE)
    assert (await room.house.open_ticket()).number in told.text


async def test_10_a_press_while_it_is_open_again_waits(room: Room) -> None:
    """Re-opened, the buttons stay and say why; resolved again they count, and nobody is asked a second time."""
    ticket = await room.resolved()
    asked = await room.group.bot_says("您对这次处理满意吗", within=PATIENCE)
    await room.house.act("reopen", ticket_id=ticket.id, by=room.agent)
    await room.looked()
    toast = await room.world.press(room.mei, asked, "4", within=PATIENCE)
    assert "重新处理" in toast.text
    await room.house.act("resolve", ticket_id=ticket.id, by=room.agent)
    await room.looked()
    await room.world.press(room.mei, asked, "4", within=PATIENCE)
    assert (await room.rated(ticket, lambda found: found.value is not None)).value == 4
    chat = await room.read(directory.find_chat, platform="telegram", external_id=str(room.group.id))
    talk = await room.read(directory.find_conversation, chat_id=chat.id)
    said = await room.read(messages.transcript, conversation_id=talk.id, audience=Audience.INTERNAL)
    assert sum(len(each.buttons) == 5 or "已记录您的评分" in each.text for each in said) == 1


async def test_a_recommendation_is_asked_for_by_day_and_a_low_one_followed_up(room: Room, clock: MovableClock) -> None:
    """The quarter's plan asks in the direct chat, 0 to 10, and why; a detractor is a task, once."""
    private = room.world.private(room.mei)
    private.say(room.mei, "在吗")
    await private.bot_says(within=PATIENCE)
    room.group.say(room.mei, f"{room.world.bot.mention} 后台密码忘了怎么办?")
    await room.group.bot_says("忘记密码", within=PATIENCE)
    planned = await room.house.app.db.write(lambda conn: nps.plan_quarter(conn, now=clock()))
    assert planned == 1
    (survey,) = await room.read(surveys.listed, kind=SurveyKind.NPS)
    by_day = next_morning("Asia/Shanghai", survey.due_at) or survey.due_at
    clock.jump(by_day - clock() + timedelta(minutes=1))
    asked = await private.bot_says("推荐我们", within=PATIENCE)
    assert asked.labels == [str(n) for n in range(11)]
    at = asked.date if isinstance(asked.date, datetime) else datetime.fromtimestamp(asked.date, UTC)
    assert next_morning("Asia/Shanghai", at) is None
    await room.world.press(room.mei, asked, "6", within=PATIENCE)
    await private.bot_edits(asked, "主要原因", within=PATIENCE)
    private.say(room.mei, "价格偏高", reply_to=asked)
    await private.bot_says("谢谢，已记录", within=PATIENCE)
    (survey,) = await room.read(surveys.listed, kind=SurveyKind.NPS)
    assert (survey.value, survey.comment, survey.way) == (6, "价格偏高", "telegram")
    assert [task.kind for task in await room.read(tasks.open_of)].count(TaskKind.DETRACTOR) == 1
    assert await room.house.app.db.write(lambda conn: nps.plan_quarter(conn, now=clock())) == 0


async def test_10_slack_opens_a_direct_chat(
    indexed: Path, embedder: e5.E5Embedder, tmp_path: Path, clock: MovableClock
) -> None:
    """Slack lets us write first: asked in direct messages, thanked in place; why is told in the thread."""
    async with SlackServer(Workspace(socket_mode=True, clock=lambda: clock().timestamp())) as slack:
        mei, lin = slack.world.user("mei"), slack.world.user("lin")
        async with slack_house.running(indexed, embedder, tmp_path, slack, clock) as house:
            await slack.socket.connected(within=PATIENCE)
            agent = await house.agent()
            channel = slack.world.channel("greenleaf", members=[mei, lin])
            await slack.slash(lin, channel, "/aftercare", f"bind {await code_for_client(house, agent)}")
            channel.say(mei, f"{slack.world.bot.mention} 转人工，帮我把导航换个顺序")
            await channel.bot_says("T-", within=PATIENCE)
            ticket = await house.open_ticket()
            await house.act("resolve", ticket_id=ticket.id, by=agent.id)
            private = slack.world.direct(mei)
            asked = await private.bot_says("您对这次处理满意吗", within=PATIENCE)
            assert slack_house.labels(asked) == ["1", "2", "3", "4", "5"]
            await slack_house.press(slack, mei, asked, "1")
            await slack.world.until(lambda: "抱歉" in asked.text, within=PATIENCE, what="thanks")
            assert asked.buttons == {}
            private.say(mei, "没人回我", thread=asked)
            await private.bot_says("谢谢，已记录", within=PATIENCE)
            found = await house.app.db.read(partial(ratings.of_ticket, ticket_id=ticket.id))
            assert found is not None
            assert (found.value, found.comment, found.channel) == (1, "没人回我", "slack")
            assert not any("满意吗" in message.text for message in channel.timeline())
