"""A client's training: invited to in the chat, attended by a button, quizzed there, told to the success manager."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from handoff import accounts, directory
from handoff.kinds import Role
from handoff.model import Client
from knowledge import e5
from success import tasks
from success.training import sessions
from success.training.rules import TrainingState
from success.training.sessions import Training
from tests import slack_house, telegram_house
from tests.house import WORKING_HOURS, House, MovableClock, Visitor
from tests.platforms.slack import Settings as Workspace
from tests.platforms.slack import SlackServer
from tests.platforms.telegram import World, telegram_server
from tests.telegram_house import PATIENCE, code_for_client
from tests.unit.console.world import field

QUIZ = "? 视频放在哪里最好？\n@ zh/content/video\n+ 视频平台，再嵌入\n- 直接传到网站空间\n\n? 首页背景视频多长？\n@ zh/content/video\n- 两分钟\n+ 15 秒以内"
VIDEO = "https://help.example.com/videos/content-video"


async def client_of(house: House) -> Client:
    found = await house.app.db.read(lambda conn: directory.client_by_slug(conn, "demo"))
    assert found is not None
    return found


async def training(house: House, number: int) -> Training:
    found: Training = await house.app.db.read(lambda conn: sessions.training(conn, number))
    return found


async def people(house: House) -> dict[str, int]:
    client = await client_of(house)
    rows = await house.app.db.read(lambda conn: accounts.contacts(conn, client.id))
    return {person.name: person.id for person, _ in rows}


@asynccontextmanager
async def lead_at_desk(house: House) -> AsyncIterator[Any]:
    """A success manager's browser; `do` sends a form of a training's page."""
    manager = await house.agent("sue", role=Role.SUCCESS)
    browser = await house.desk(manager)

    async def do(path: str, **typed: Any) -> str:
        page = (await browser.get(path)).text
        hidden = {"csrf": field(page, "csrf"), "once": f"{path}{len(typed)}{sorted(typed.items())}"}
        answer = await browser.post(path, data=hidden | typed, headers={"Origin": "http://desk.test"})
        assert answer.status_code == 303, answer.text[-3000:]
        return str(answer.headers["location"])

    yield browser, do
    await browser.aclose()


async def planned(house: House, do: Any, invited: list[int], *, ahead: timedelta = timedelta(hours=2)) -> str:
    client = await client_of(house)
    begins = (house.clock() + ahead).astimezone(accounts.zone_of(client))
    typed = {
        "client": "demo", "topic": "在网页里放视频", "place": "https://meet.example.com/1", "minutes": "45",
        "starts_at": begins.strftime("%Y-%m-%dT%H:%M"), "page": ["zh/content/video"], "questions": QUIZ,
        "person": [str(each) for each in invited],
    }  # fmt: skip
    return str(await do("/desk/care/trainings", **typed))


async def heard(visitor: Visitor, words: str) -> dict[str, Any]:
    """The message of ours with these words, once it is there."""
    for _ in range(600):
        state = await visitor.state()
        found = [each for each in state["messages"] if not each["mine"] and words in str(each)]
        if found:
            return found[-1]
        await asyncio.sleep(0.05)
    raise AssertionError(f"{words} was not said within the bound: {state['messages']}")


async def press(visitor: Visitor, message: dict[str, Any], label: str) -> int:
    button = next(each["id"] for each in message["buttons"] if each["label"] == label)
    answer = await visitor.http.post(f"{visitor.api}/press", json={"message": message["id"], "button": button})
    return answer.status_code


async def test_a_training_with_a_quiz_on_the_web_chat(house: House) -> None:
    """Invitation with material and video, "I am here", the quiz, one answer each, the result as a task."""
    async with house.visitor() as mei, house.visitor() as wang, lead_at_desk(house) as (browser, do):
        for visitor in (mei, wang):
            await visitor.say("怎么在网页里放视频？")
        for visitor in (mei, wang):
            visitor.last = 0
        known, own = await people(house), next(each for each in (await mei.state())["messages"] if each["mine"])
        everybody = [known[own["name"]], *(number for name, number in known.items() if name != own["name"])]
        assert len(everybody) == 2
        here = await planned(house, do, everybody[:1])
        await do(here, then="invite")
        invitation = await heard(mei, "邀请您参加培训")
        assert "2026-11-24 12:00 Asia/Shanghai" in str(invitation)
        assert VIDEO in str(invitation)
        assert "在网页里放视频" in str(invitation)
        assert "邀请您参加培训" not in str(await wang.state())
        assert await press(mei, invitation, "我已到场") == 204  # two hours early: it changes nothing
        held = await training(house, 1)
        assert not any(
            each.attended_at for each in await house.app.db.read(lambda conn: sessions.of_training(conn, held))
        )
        house.clock.jump(timedelta(hours=2))
        assert await press(mei, invitation, "我已到场") == 204
        await do(here, then="quiz")
        first, second = await heard(mei, "视频放在哪里最好"), await heard(mei, "首页背景视频多长")
        assert {each["label"] for each in first["buttons"]} == {"视频平台，再嵌入", "直接传到网站空间"}
        assert await press(wang, first, "视频平台，再嵌入") == 404  # somebody else's chat
        assert await press(mei, first, "直接传到网站空间") == 204
        await press(mei, first, "视频平台，再嵌入")  # again: the first one counts
        assert await press(mei, second, "15 秒以内") == 204
        await heard(mei, "答对 1/2 题")
        assert (await training(house, 1)).state is TrainingState.CLOSED
        task = await house.app.db.read(lambda conn: tasks.of_origin(conn, "training:1"))
        assert task is not None
        assert (task.facts["came"], task.facts["invited"], task.facts["share"]) == (1, 1, "0 %")
        page = (await browser.get(here)).text
        assert "1 / 2" in page
        assert "在网页里放视频" in (await browser.get("/desk/tasks?whose=all")).text or task.link == here


async def test_a_training_in_a_telegram_group(indexed: Path, embedder: e5.E5Embedder, tmp_path: Path) -> None:
    """One message for the group; who was there answers once each, who was not is told so."""
    clock = MovableClock(WORKING_HOURS)
    world = World(clock=clock)
    world.privacy = False
    async with telegram_server(world) as telegram:
        mei, wang = world.user("陈梅", "mei"), world.user("王强", "wang")
        async with telegram_house.running(indexed, embedder, tmp_path, telegram, clock) as house:
            agent = await house.agent()
            group = world.supergroup("青禾 · 网站", mei, wang)
            group.say(mei, f"/bind {await code_for_client(house, agent)}")
            await group.bot_says("青禾", within=PATIENCE)
            for user in (mei, wang):
                group.say(user, f"{world.bot.mention} 怎么在网页里放视频？")
                await group.bot_says("视频平台", within=PATIENCE)
            who = await people(house)

            async with lead_at_desk(house) as (_, do):
                here = await planned(house, do, [who["陈梅"], who["王强"]])
                await do(here, then="invite")
                invitation = await group.bot_says("邀请您参加培训", within=PATIENCE)
                clock.jump(timedelta(hours=2))
                await world.press(mei, invitation, "我已到场", within=PATIENCE)
                await do(here, then="quiz")
                question = await group.bot_says("视频放在哪里最好", within=PATIENCE)
                await group.bot_says("首页背景视频多长", within=PATIENCE)
                refused = await world.press(wang, question, "视频平台，再嵌入", within=PATIENCE)
                assert "请由提问的人" in refused.text
                await world.press(mei, question, "直接传到网站空间", within=PATIENCE)
                await world.press(mei, question, "视频平台，再嵌入", within=PATIENCE)
                held = await training(house, 1)

                def seats(conn: Connection) -> dict[int, tuple[int, int]]:
                    return {s.person_id: (s.marked.right, s.marked.answered) for s in sessions.of_training(conn, held)}

                assert await house.app.db.read(seats) == {who["陈梅"]: (0, 1), who["王强"]: (0, 0)}
                await do(here, then="close")
                task = await house.app.db.read(lambda conn: tasks.of_origin(conn, "training:1"))
                assert task is not None
                assert (task.facts["came"], task.facts["invited"]) == (1, 2)


async def test_who_was_invited_hears_of_another_time_and_is_reminded_once(house: House) -> None:
    """The day before the new time, by day there; the old time's reminder is not sent."""
    async with house.visitor() as mei, lead_at_desk(house) as (_, do):
        await mei.say("怎么在网页里放视频？")
        here = await planned(house, do, list((await people(house)).values()), ahead=timedelta(days=2, hours=4))
        await do(here, then="invite")
        await heard(mei, "邀请您参加培训")
        moved = (house.clock() + timedelta(days=4, hours=4)).astimezone(accounts.zone_of(await client_of(house)))
        await do(here, then="move", starts_at=moved.strftime("%Y-%m-%dT%H:%M"), minutes="30", place="会议室 2")
        told = await heard(mei, "改期了")
        assert f"{moved:%Y-%m-%d %H:%M} Asia/Shanghai" in str(told)
        assert "会议室 2" in str(told)
        house.clock.jump(timedelta(days=1, hours=1))  # the eve of the old time
        for _ in range(20):
            await asyncio.sleep(0.05)
        assert "提醒您参加培训" not in str(await mei.state())
        house.clock.jump(timedelta(days=2))  # the eve of the new one
        reminded = await heard(mei, "提醒您参加培训")
        assert f"{moved:%Y-%m-%d %H:%M}" in str(reminded)
        house.clock.jump(timedelta(hours=27))  # it begins
        assert await press(mei, reminded, "我已到场") == 204
        said = [each for each in (await mei.state())["messages"] if "提醒您参加培训" in str(each)]
        assert len(said) == 1
        seats = await house.app.db.read(lambda conn: sessions.of_training(conn, sessions.training(conn, 1)))
        assert [each.attended_at is not None for each in seats] == [True]


async def test_a_training_in_a_slack_channel(indexed: Path, embedder: e5.E5Embedder, tmp_path: Path) -> None:
    """Invitation and quiz in the channel, presses through Slack's own blocks; each person answers once."""
    clock = MovableClock(WORKING_HOURS)
    async with SlackServer(Workspace(socket_mode=True, clock=lambda: clock().timestamp())) as slack:
        mei, wang, lin = (slack.world.user(name) for name in ("mei", "wang", "lin"))
        async with slack_house.running(indexed, embedder, tmp_path, slack, clock) as house:
            await slack.socket.connected(within=PATIENCE)
            agent = await house.agent()
            channel = slack.world.channel("greenleaf", members=[mei, wang, lin])
            await slack.slash(lin, channel, "/aftercare", f"bind {await code_for_client(house, agent)}")
            for user in (mei, wang):
                channel.say(user, f"{slack.world.bot.mention} 怎么在网页里放视频？")
                await channel.bot_says("视频平台", within=PATIENCE)
            who = await people(house)
            async with lead_at_desk(house) as (_, do):
                here = await planned(house, do, list(who.values()))
                await do(here, then="invite")
                invitation = await channel.bot_says("邀请您参加培训", within=PATIENCE)
                clock.jump(timedelta(hours=2))
                await slack_house.press(slack, mei, invitation, "我已到场")
                await _until(house, lambda seats: sum(each.attended_at is not None for each in seats) == 1)
                await do(here, then="quiz")
                question = await channel.bot_says("视频放在哪里最好", within=PATIENCE)
                second = await channel.bot_says("首页背景视频多长", within=PATIENCE)
                await slack_house.press(slack, wang, question, "视频平台，再嵌入")
                assert (await channel.bot_whispers("请由提问的人", within=PATIENCE)).only_for == wang.id
                await slack_house.press(slack, mei, question, "视频平台，再嵌入")
                await slack_house.press(slack, mei, question, "直接传到网站空间")
                await slack_house.press(slack, mei, second, "15 秒以内")
                await _until(house, lambda seats: [s.marked.right for s in seats if s.attended_at] == [2])
                assert (await training(house, 1)).state is TrainingState.CLOSED


async def _until(house: House, so: Any) -> None:
    """Wait until the seats of the training are so."""
    for _ in range(600):
        seats = await house.app.db.read(lambda conn: sessions.of_training(conn, sessions.training(conn, 1)))
        if so(seats):
            return
        await asyncio.sleep(0.05)
    raise AssertionError(f"not so within the bound: {seats}")
