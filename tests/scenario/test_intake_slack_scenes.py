"""The needs questionnaire in a client's Slack channel: offered, answered by buttons and in words, taken over, given back."""

from typing import Any

from sqlalchemy import Connection

from console import intake_saying
from console.texts import Texts
from handoff import directory
from handoff.kinds import Outcome
from success.intake import store
from success.intake.brief import Brief
from success.intake.interview import State
from success.intake.values import Money
from tests.platforms.slack import Message, Upload
from tests.scenario.test_slack_scenes import Room, clock, room, slack, transport
from tests.scenario.test_slack_staff_scenes import PNG
from tests.slack_house import PATIENCE, labels, press

__all__ = ["clock", "room", "slack", "transport"]

TEXTS = Texts.shipped()


async def offered(room: Room) -> Message:
    """A colleague begins it on the channel's card of the desk."""
    chat = await room.read(directory.find_chat, platform="slack", external_id=f"T0HOME/{room.channel.id}")

    def body(conn: Connection) -> store.Interview:
        now = room.house.clock()
        return intake_saying.offer(conn, chat.id, by=room.agent.id, language="zh-Hans", texts=TEXTS, now=now)

    await room.house.app.db.write(body)
    return await room.channel.bot_says("现在开始吗", within=PATIENCE)


async def brief_of(room: Room) -> tuple[store.Interview, Brief]:
    def body(conn: Connection) -> tuple[store.Interview, Brief]:
        found = store.listed(conn)[0]
        return found, store.brief(conn, found.id)

    return await room.house.app.db.read(body)


async def pictures(room: Room) -> dict[str, Any]:
    found, _ = await brief_of(room)
    return await room.house.app.db.read(lambda conn: store.files(conn, found.id))


async def test_a_channel_answers_by_buttons_in_words_and_with_a_picture(room: Room) -> None:
    """Who pressed is asked; another is heard by a button or in the thread; a picture stays with its answer."""
    offer = await offered(room)
    assert labels(offer) == ["开始", "不用了"]
    await press(room.slack, room.mei, offer, "开始")
    industry = await room.channel.bot_says("什么行业", within=PATIENCE)
    await press(room.slack, room.wang, industry, "餐饮食品")
    audience = await room.channel.bot_says("主要给谁看", within=PATIENCE)
    assert "记下了：行业" in audience.text
    room.channel.say(room.mei, "都有", thread=audience)
    functions = await room.channel.bot_says("能做什么", within=PATIENCE)
    room.channel.say(room.wang, "我觉得预算5万就够了")
    assert (await room.turn("我觉得预算5万就够了")).outcome is Outcome.SILENT
    room.channel.say(room.mei, "展示就行，不卖东西，預算八到十萬港幣", thread=functions)
    look = await room.channel.bot_says("什么风格", within=PATIENCE)
    assert "80,000–100,000 港元" in look.text
    room.channel.say(room.mei, "", thread=look, files=[Upload("mood.png", PNG, "image/png")])
    references = await room.channel.bot_says("参考", within=PATIENCE)
    assert "图片" in references.text
    found, brief = await brief_of(room)
    assert {each.question: each.name for each in brief.evidence} == {
        "industry": "wang", "audience": "mei", "functions": "mei", "budget": "mei", "look": "mei",
    }  # fmt: skip
    assert brief.budget == Money(currency="HKD", low=80_000, high=100_000)
    assert (brief.functions, brief.audience.keys) == (("show",), ("business", "consumer"))
    assert [len(files) for files in (await pictures(room)).values()] == [1]
    assert found.person_id == next(each.person_id for each in brief.evidence if each.name == "mei")


async def test_a_colleague_takes_over_in_the_channel_and_gives_back(room: Room) -> None:
    """A colleague who writes there has it: nothing is taken until they give it back; then the question comes again."""
    offer = await offered(room)
    await press(room.slack, room.mei, offer, "开始")
    industry = await room.channel.bot_says("什么行业", within=PATIENCE)
    room.channel.say(room.lin, "我来和您聊聊", thread=industry)
    room.channel.say(room.mei, "我们做瓷砖的，预算8万", thread=industry)
    await room.turn("我们做瓷砖的，预算8万")
    found, brief = await brief_of(room)
    assert found.held
    assert brief.evidence == ()

    def back(conn: Connection) -> None:
        intake_saying.give_back(conn, found.id, texts=TEXTS, now=room.house.clock())

    await room.house.app.db.write(back)
    again = await room.channel.bot_says("接着说项目需求", within=PATIENCE)
    assert "什么行业" in again.text
    room.channel.say(room.mei, "我们做瓷砖的，预算8万", thread=again)
    noted = await room.channel.bot_says("80,000", within=PATIENCE)
    await press(room.slack, room.mei, noted, "先到这")
    await room.channel.bot_says("都记着呢", within=PATIENCE)
    found, brief = await brief_of(room)
    assert (found.state, brief.industry.other) == (State.PAUSED, "我们做瓷砖的")
