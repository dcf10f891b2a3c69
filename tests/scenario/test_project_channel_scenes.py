"""New work in a client's group: a proposal, its board, a rating, a change request, a week and a slip, by real libraries."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import Connection, func, select

from bot.project_work import LOOK
from handoff import accounts, board, directory, progress_links
from handoff.kinds import ClockKind, ClockState, Role, Tier
from handoff.model import Client, Person
from handoff.progress_links import Scope
from knowledge import e5
from store.jobs import enqueue
from store.tables import job
from success import tasks
from success.projects import boards, briefs, change_store, proposal_store
from success.projects.change_rules import ChangeState
from success.tasks import Task, TaskKind
from tests import slack_house, telegram_house
from tests.house import WORKING_HOURS, House, MovableClock
from tests.platforms.slack import Settings as Workspace
from tests.platforms.slack import SlackServer
from tests.platforms.telegram import World, telegram_server
from tests.telegram_house import PATIENCE, code_for_client


@dataclass
class Group:
    """A client's group on some platform: Mei, who may decide, and Wang, who may not."""

    house: House
    mention: str
    say: Callable[[str, str], object]
    found: Callable[[str], Awaitable[Any]]
    answered: Callable[[str], Awaitable[Any]]
    press: Callable[[str, Any, str], Awaitable[str]]
    becomes: Callable[[Any, str], Awaitable[object]]
    labels: Callable[[Any], list[str]]
    count: Callable[[str], int]
    file: Callable[[], Awaitable[str]]
    staff: dict[str, Person] = field(default_factory=dict)

    async def read(self, body: Callable[..., Any], *args: Any, **facts: Any) -> Any:
        return await self.house.app.db.read(lambda conn: body(conn, *args, **facts))

    async def client(self) -> Client:
        found: Client = await self.read(directory.client_by_slug, "demo")
        return found

    async def settle(self) -> Person:
        """The client is platinum, its managers are named, Mei may decide; whoever spoke is known."""
        mira = await self.house.agent("mira", role=Role.SUCCESS)
        bob = await self.house.agent("bob")
        self.staff = {"mira": mira, "bob": bob}
        client, now = await self.client(), self.house.clock()
        contacts = await self.read(accounts.contacts, client.id)
        mei = next(person for person, _ in contacts if person.name in {"陈梅", "mei"})

        def body(conn: Connection) -> None:
            facts = {"success_id": mira.id, "technical_id": bob.id, "tier": Tier.PLATINUM, "language": "zh-Hans"}
            directory.update_client(conn, client.id, **facts)
            powers = ["contract", "money"]
            accounts.authorise(conn, client_id=client.id, person_id=mei.id, powers=powers, by=mira.id, now=now)

        await self.house.app.db.write(body)
        return mei

    @asynccontextmanager
    async def desk(self) -> AsyncIterator["Desk"]:
        async with await self.house.desk(self.staff["mira"]) as browser:
            yield Desk(browser)

    async def looked(self) -> None:
        """Every project was looked at."""
        now = self.house.clock()
        await self.house.app.db.write(lambda conn: enqueue(conn, LOOK, {}, now=now))
        due = select(func.count()).where(job.c.queue == LOOK, job.c.closed_at.is_(None), job.c.run_at <= now)
        for _ in range(1000):
            if not await self.read(lambda conn: conn.execute(due).scalar_one()):
                return
            await asyncio.sleep(0.02)
        raise AssertionError("not within the bound")

    async def given(self, holds: Callable[[Task], bool]) -> list[Task]:
        """Open tasks of this kind, once there are some."""
        for _ in range(1000):
            if found := [each for each in await self.read(tasks.open_of) if holds(each)]:
                return found
            await asyncio.sleep(0.02)
        raise AssertionError("not within the bound")

    async def page(self, path: str) -> str:
        """What the client's page shows."""
        client, now = await self.client(), self.house.clock()
        facts: dict[str, Any] = {"client_id": client.id, "scope": Scope.GROUPS, "person_id": None, "now": now}
        facts |= {"by": self.staff["mira"].id, "expires_at": now + timedelta(days=9)}
        link = await self.house.app.db.write(lambda conn: progress_links.make(conn, **facts))
        async with self.house.visitor() as somebody:
            shown = await somebody.http.get(f"/p/{progress_links.token(link, secret=self.house.app.secret)}{path}")
        assert shown.status_code == 200
        return shown.text


@dataclass
class Desk:
    """A success manager's browser."""

    browser: httpx.AsyncClient

    async def submit(self, at: str, action: str, *, status: int = 303, **values: str) -> str:
        html = (await self.browser.get(at)).text
        tokens = {name: re.findall(rf'name="{name}" value="([^"]*)"', html)[0] for name in ("csrf", "once")}
        answer = await self.browser.post(action, data=tokens | values, headers={"Origin": "http://desk.test"})
        assert answer.status_code == status, answer.text[-2000:]
        return answer.headers.get("location", "") if status == 303 else answer.text


@asynccontextmanager
async def on_telegram(indexed: Path, embedder: e5.E5Embedder, folder: Path) -> AsyncIterator[Group]:
    clock = MovableClock(WORKING_HOURS)
    world = World(clock=clock)
    world.privacy = False
    async with telegram_server(world) as telegram:
        users = {"mei": world.user("陈梅", "mei"), "wang": world.user("王强", "wang")}
        async with telegram_house.running(indexed, embedder, folder, telegram, clock) as house:
            agent = await house.agent()
            group = world.supergroup("青禾 · 网站", *users.values())
            group.say(users["mei"], f"/bind {await code_for_client(house, agent)}")
            await group.bot_says("青禾", within=PATIENCE)

            async def found(words: str) -> Any:
                def look() -> Any:
                    return next((each for each in reversed(group.seen) if words in each.text), None)

                return await world.until(look, within=PATIENCE, what=words)

            async def file() -> str:
                def look() -> Any:
                    return next((each.body["document"] for each in group.seen if "document" in each.body), None)

                return str((await world.until(look, within=PATIENCE, what="a file"))["file_name"])

            async def press(who: str, message: Any, label: str) -> str:
                return (await world.press(users[who], message, label, within=PATIENCE)).text or ""

            yield Group(
                house=house, mention=world.bot.mention, say=lambda who, text: group.say(users[who], text), found=found,
                press=press, becomes=lambda message, words: group.bot_edits(message, words, within=PATIENCE),
                labels=lambda message: message.labels, count=lambda words: sum(words in m.text for m in group.seen),
                file=file, answered=lambda words: group.bot_says(words, within=PATIENCE),
            )  # fmt: skip


@asynccontextmanager
async def on_slack(indexed: Path, embedder: e5.E5Embedder, folder: Path) -> AsyncIterator[Group]:
    clock = MovableClock(WORKING_HOURS)
    async with SlackServer(Workspace(socket_mode=True, clock=lambda: clock().timestamp())) as slack:
        world = slack.world
        users = {name: world.user(name) for name in ("mei", "wang")}
        async with slack_house.running(indexed, embedder, folder, slack, clock) as house:
            await slack.socket.connected(within=PATIENCE)
            agent = await house.agent()
            channel = world.channel("greenleaf", members=list(users.values()))
            await slack.slash(users["mei"], channel, "/aftercare", f"bind {await code_for_client(house, agent)}")

            async def found(words: str) -> Any:
                def look() -> Any:
                    said = [*channel.messages.values(), *world.direct(users["mei"]).messages.values()]
                    return next((each for each in reversed(said) if words in each.text), None)

                return await world.until(look, within=PATIENCE, what=words)

            async def file() -> str:
                def look() -> Any:
                    return [file.name for each in channel.seen for file in each.files]

                return str((await world.until(look, within=PATIENCE, what="a file"))[0])

            async def press(who: str, message: Any, label: str) -> str:
                before = len(channel.whispers)
                await slack_house.press(slack, users[who], message, label)
                if who == "mei":
                    return ""
                heard = await world.until(lambda: channel.whispers[before:], within=PATIENCE, what="a whisper")
                return str(heard[0].text)

            async def becomes(message: Any, words: str) -> object:
                return await world.until(lambda: words in message.text, within=PATIENCE, what=words)

            yield Group(
                house=house, mention=world.bot.mention, say=lambda who, text: channel.say(users[who], text),
                found=found, press=press, becomes=becomes, labels=slack_house.labels,
                count=lambda words: sum(words in each.text for each in channel.messages.values()),
                file=file, answered=lambda words: channel.bot_says(words, within=PATIENCE),
            )  # fmt: skip


@pytest.fixture(params=[on_telegram, on_slack], ids=["telegram", "slack"])
async def group(
    request: pytest.FixtureRequest, indexed: Path, embedder: e5.E5Embedder, tmp_path: Path
) -> AsyncIterator[Group]:
    """The client's group; both people have said something, so that they are known."""
    async with request.param(indexed, embedder, tmp_path) as made:
        for who in ("mei", "wang"):
            made.say(who, f"{made.mention} 后台密码忘了怎么办?")
            await made.answered("忘记密码")
        await made.settle()
        yield made


async def offered(group: Group, desk: Desk) -> tuple[str, Any]:
    """A proposal's page, and as it was put to the group."""
    wish = {"title": "茶铺官网", "slug": "demo", "functions": "在线商城\n预约表单", "language": "zh-Hans"}
    here = await desk.submit("/desk/proposals/new", "/desk/proposals", **wish)
    await desk.submit(here, f"{here}/edit", n="1", open="", remarks="含一次培训")
    assert group.count("方案「茶铺官网」") == 0
    await desk.submit(here, f"{here}/approve", n="2")
    return here, await group.found("方案「茶铺官网」")


async def begun(group: Group, desk: Desk) -> int:
    """A project whose proposal Mei accepted."""
    _, offer = await offered(group, desk)
    await group.press("mei", offer, "接受此版本")
    await group.becomes(offer, "已由")
    (project,) = await group.read(boards.listed)
    return int(project.id)


async def test_a_proposal_is_accepted_in_the_group(group: Group) -> None:
    """With its button and Word file; Wang is told that an authorised contact decides; Mei accepts, once; the board is there."""
    async with group.desk() as desk:
        here, offer = await offered(group, desk)
        assert group.labels(offer) == ["接受此版本"]
        assert "第 2 版" in offer.text
        assert "可接受的联系人：" in offer.text
        assert (await group.file()).endswith(".docx")
        assert "授权联系人" in await group.press("wang", offer, "接受此版本")
        assert await group.read(boards.listed) == ()
        assert group.labels(offer) == ["接受此版本"]
        await group.press("mei", offer, "接受此版本")
        await group.becomes(offer, "已由")
        assert group.labels(offer) == []
        record = await group.read(proposal_store.acceptance, int(here.rsplit("/", 1)[1]))
        assert (record.n, record.way) == (2, "chat")
        assert record.hash[:8] in offer.text
        (project,) = await group.read(boards.listed)
        shown = await group.page(f"/projects/{project.id}")
        assert "在线商城" in shown
        assert "Mira" in shown
        assert "Bob" in shown


async def test_a_stage_is_rated_in_the_chat_and_a_week_is_told_once(group: Group) -> None:
    """Three of five reaches the success manager; the week's brief goes once somebody lets it; a slip warns both, once."""
    async with group.desk() as desk:
        project_id = await begun(group, desk)
        here = f"/desk/projects/{project_id}"
        await desk.submit(here, f"{here}/stages/needs", verb="close")
        asked = await group.found("请您评价「茶铺官网」的需求阶段")
        assert group.labels(asked) == ["1", "2", "3", "4", "5"]
        await group.press("mei", asked, "3")
        await group.becomes(asked, "抱歉")
        low = await group.given(lambda each: each.kind is TaskKind.LOW_STAGE)
        assert [each.assignee_id for each in low] == [group.staff["mira"].id]
    group.house.clock.jump(datetime(2026, 11, 30, 3, tzinfo=UTC) - group.house.clock())
    await group.looked()
    async with group.desk() as desk:
        (brief,) = await group.read(briefs.of_project, project_id)
        assert group.count("上周进展") == 0
        await desk.submit(here, f"{here}/briefs/{brief.id}", verb="approve", edits=str(brief.edits))
        await desk.submit(here, f"{here}/briefs/{brief.id}", verb="approve", edits=str(brief.edits), status=409)
        await group.found("上周进展")
        await group.looked()
        assert group.count("上周进展") == 1
        assert "阶段完成：需求" in await group.page(f"/projects/{project_id}")
    design = (await group.read(boards.stages, project_id))[1]
    late = datetime.combine(design.due_on + timedelta(days=1), time(3), UTC)
    group.house.clock.jump(late - group.house.clock())
    await group.looked()
    await group.looked()
    slips = [each for each in await group.read(tasks.open_of) if each.facts.get("text") == "late"]
    mine = [each.assignee_id for each in slips if each.facts["stage"] == "design"]
    assert sorted(mine) == sorted(each.id for each in group.staff.values())


async def test_a_change_request_is_confirmed_in_the_group(group: Group) -> None:
    """Quoted, quoted anew, confirmed by Mei alone; on the board; the plan's clock runs, and platinum's stops at the start."""
    async with group.desk() as desk:
        project_id = await begun(group, desk)
        group.say("mei", f"{group.mention} 转人工，请把导航换个顺序")
        await group.found("T-")
        ticket = await group.house.open_ticket()
        form = f"/desk/changes/new?ticket={ticket.number}"
        facts = {"title": "换导航", "says": "导航换个顺序", "scope": "quoted", "project": str(project_id)}
        here = await desk.submit(form, "/desk/changes", **facts, ticket=ticket.number, days_design="0.5")
        await desk.submit(here, f"{here}/start", status=409)
        await desk.submit(here, f"{here}/send")
        old = await group.found("合计 ¥750")
        change = await group.read(change_store.listed)
        await desk.submit(f"{here}/edit", f"{here}/edit", **facts, days_design="1", seen=change[0].hash)
        await group.becomes(old, "内容已更新")
        assert group.labels(old) == []
        await desk.submit(here, f"{here}/send")
        asked = await group.found("合计 ¥1,500")
        assert "导航换个顺序" in asked.text
        assert "授权联系人" in await group.press("wang", asked, "确认")
        await group.press("mei", asked, "确认")
        await group.becomes(asked, "已由")
        (found,) = await group.read(change_store.listed)
        assert (found.state, found.total) == (ChangeState.CONFIRMED, 1_500)
        assert "换导航" in {each.title for each in await group.read(boards.tasks_of, project_id)}

        async def clock(kind: ClockKind) -> ClockState:
            every = await group.read(board.clocks, ticket.id, group.house.clock())
            return next(each.state for each in every if each.kind is kind)

        assert await clock(ClockKind.RS) is ClockState.RUNNING
        assert await clock(ClockKind.WS) is ClockState.RUNNING
        await group.house.act("claim", ticket_id=ticket.id, by=group.staff["bob"].id)
        await desk.submit(here, f"{here}/start")
        assert await clock(ClockKind.WS) is ClockState.MET
