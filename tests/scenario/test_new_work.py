"""New work, whole: somebody wants a website; a brief, a client, a proposal, a project with ratings, changes, a week told.

Played on our own web chat and in a Telegram group, through the desk's pages as a manager uses them.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from functools import partial
from html import unescape
from pathlib import Path
from typing import Any, Protocol

import httpx
import pytest

from bot.project_work import LOOK
from handoff import board, directory
from handoff.kinds import ClockKind, ClockState, Role
from handoff.model import Client, Person
from knowledge import e5
from store import jobs
from store.jobs import enqueue
from success import tasks
from success.intake import store as intakes
from success.projects import boards, briefs, change_store, proposal_store
from success.projects.change_rules import ChangeState
from success.tasks import TaskKind
from tests.house import WORKING_HOURS, House, MovableClock, Visitor
from tests.platforms.telegram import Chat, Message, User, World, telegram_server
from tests.telegram_house import PATIENCE, running

_TAG = re.compile(r"<[^>]+>")
_FIELD = re.compile(r'<input[^>]*name="([^"]+)"[^>]*value="([^"]*)"|<input[^>]*value="([^"]*)"[^>]*name="([^"]+)"')
_AREA = re.compile(r'<textarea[^>]*name="([^"]+)"[^>]*>(.*?)</textarea>', re.DOTALL)
_CHOICE = re.compile(r'<select[^>]*name="([^"]+)"[^>]*>(.*?)</select>', re.DOTALL)
_CHOSEN = re.compile(r'<option value="([^"]*)"[^>]*selected')
_FIRST = re.compile(r'<option value="([^"]*)"')


async def until(ready: Callable[[], Awaitable[Any]], *, what: str) -> Any:
    """What is ready, once it is."""
    for _ in range(1200):
        if found := await ready():
            return found
        await asyncio.sleep(0.05)
    raise AssertionError(f"not within the bound: {what}")


class Side(Protocol):
    """Where the prospect writes."""

    async def say(self, text: str) -> None: ...
    async def call(self, text: str) -> None: ...
    async def heard(self, words: str) -> Any: ...
    async def press(self, said: Any, label: str) -> None: ...
    async def times(self, words: str) -> int: ...


@dataclass
class OnTheWeb:
    """A visitor of our own front door."""

    visitor: Visitor
    seen: set[int] = field(default_factory=set)

    async def say(self, text: str) -> None:
        assert (await self.visitor.post(text)).status_code == 202

    async def call(self, text: str) -> None:
        await self.say(text)

    async def heard(self, words: str) -> dict[str, Any]:
        """What is said with these words, and was not heard before."""
        for _ in range(1200):
            for each in (await self.visitor.state())["messages"]:
                said = unescape(_TAG.sub("\n", str(each["html"])))
                if not each["mine"] and each["id"] not in self.seen and words in said:
                    self.seen.add(each["id"])
                    return dict(each)
            await asyncio.sleep(0.05)
        raise AssertionError(f"{words!r} was not said: {(await self.visitor.state())['messages'][-4:]}")

    async def press(self, said: dict[str, Any], label: str) -> None:
        button = next(each["id"] for each in said["buttons"] if each["label"] == label)
        pressed = {"message": said["id"], "button": button}
        answer = await self.visitor.http.post(f"{self.visitor.api}/press", json=pressed)
        assert answer.status_code == 204, answer.text

    async def times(self, words: str) -> int:
        return sum(words in str(each["html"]) for each in (await self.visitor.state())["messages"])


@dataclass
class OnTelegram:
    """Somebody in a group that nobody has bound."""

    world: World
    group: Chat
    user: User

    async def say(self, text: str) -> None:
        """In the middle of its questions nobody names the bot."""
        self.group.say(self.user, text)

    async def call(self, text: str) -> None:
        self.group.say(self.user, f"{self.world.bot.mention} {text}")

    async def heard(self, words: str) -> Message:
        found: Message = await self.group.bot_says(words, within=PATIENCE)
        return found

    async def press(self, said: Message, label: str) -> None:
        await self.world.press(self.user, said, label, within=PATIENCE)

    async def times(self, words: str) -> int:
        return sum(words in each.text for each in self.group.seen)


@dataclass
class Agency:
    """The house and an admin's browser, who looks after new work too."""

    house: House
    desk: httpx.AsyncClient
    mira: Person
    bob: Person

    async def read(self, body: Any, *args: Any, **facts: Any) -> Any:
        return await self.house.app.db.read(lambda conn: body(conn, *args, **facts))

    async def submit(self, page: str, action: str, **typed: str) -> httpx.Response:
        """Send a form of a page with what it holds already, and what is typed over it."""
        html = (await self.desk.get(page)).text
        form = next(each for each in re.findall(r"<form.*?</form>", html, re.DOTALL) if f'action="{action}"' in each)
        held = {a or d: b or c for a, b, c, d in _FIELD.findall(form)} | dict(_AREA.findall(form))
        for name, options in _CHOICE.findall(form):
            held[name] = next(iter([*_CHOSEN.findall(options), *_FIRST.findall(options)]), "")
        values = {name: unescape(value) for name, value in held.items()} | typed
        answer = await self.desk.post(action, data=values, headers={"Origin": "http://desk.test"})
        assert answer.status_code == 303, (answer.status_code, _TAG.sub(" ", answer.text)[-3000:])
        return answer

    async def again(self) -> None:
        """Sign in anew, where the clock has gone past the session's end."""
        await self.desk.aclose()
        self.desk = await self.house.desk(self.mira)

    async def looked(self) -> None:
        """The hour's look at every project."""
        now = self.house.clock()
        await self.house.app.db.write(lambda conn: enqueue(conn, LOOK, {}, now=now))
        await until(self._rests, what="every project was looked at")

    async def _rests(self) -> bool:
        every = await self.house.app.db.read(partial(jobs.depths, now=self.house.clock()))
        return not any((each.waiting or each.running) for each in every if each.queue == LOOK)


@asynccontextmanager
async def agency(house: House) -> AsyncIterator[Agency]:
    mira, bob = await house.agent("mira", role=Role.ADMIN), await house.agent("bob")
    desk = Agency(house, await house.desk(mira), mira, bob)
    demo = await desk.read(directory.client_by_slug, "demo")
    await desk.submit("/desk/briefs", "/desk/brief-settings", allowed="yes", door=str(demo.id))
    yield desk
    await desk.desk.aclose()


async def a_brief(side: Side, desk: Agency) -> str:
    """The prospect says what they want, as people do; the brief's page."""
    await side.call("你好，我们想做个网站")
    await side.press(await side.heard("现在开始吗"), "开始")
    await side.heard("什么行业")
    await side.say("我们做茶叶的，卖给消费者，想在网上卖茶，预算8-12万，明年四月底前上线")
    noted = await side.heard("80,000–120,000")
    assert noted
    await side.say("预算改成10万左右")
    await side.heard("100,000")
    for _ in range(12):
        (found,) = await desk.read(intakes.listed)
        if found.state == "ready":
            break
        asked = found.standing.asked
        said = {"products": "两百款左右", "look": "简洁、自然，有茶山的感觉", "references": "https://tea.example.com"}
        await side.say(said.get(str(asked), "还没想好"))
        await until(lambda a=asked: moved_on(desk, a), what=f"more than {asked} is asked")
    await side.heard("都齐了")
    (found,) = await desk.read(intakes.listed)
    assert (found.state, found.client_id) == ("ready", None)
    page = await desk.desk.get(found.link)
    assert "100,000" in page.text
    assert "茶山" in page.text, [(e.question, e.value) for e in (await desk.read(intakes.brief, found.id)).evidence]
    return str(found.link)


async def moved_on(desk: Agency, asked: str | None) -> bool:
    (found,) = await desk.read(intakes.listed)
    return found.standing.asked != asked or found.state == "ready"


async def a_client(desk: Agency, brief: str) -> Client:
    """The prospect becomes a client, looked after by both managers."""
    typed = {"name": "青山茶业", "slug": "qingshan", "tier": "platinum", "decides": "yes"}
    await desk.submit(brief, f"{brief}/client", **typed, success_id=str(desk.mira.id))
    client = await desk.read(directory.client_by_slug, "qingshan")
    technical = desk.bob.id
    await desk.house.app.db.write(lambda conn: directory.update_client(conn, client.id, technical_id=technical))
    assert client is not None
    return await desk.read(directory.client, client.id)  # type: ignore[no-any-return]


async def a_proposal(side: Side, desk: Agency, brief: str) -> str:
    """Drafted from the brief, finished by a person, sent, accepted in the chat; the project's page."""
    number = brief.rsplit("/", 1)[1]
    made = await desk.submit(f"/desk/proposals/new?brief={number}", "/desk/proposals")
    here = made.headers["location"]
    page = (await desk.desk.get(here)).text
    assert "青山茶业" in page
    assert "To be settled" in page
    assert await side.times("授权联系人") == 0, "nothing is sent before somebody approves"
    await desk.submit(here, f"{here}/edit", open="", remarks="价格含两次培训。")
    await desk.submit(here, f"{here}/approve")
    offer = await side.heard("第 2 版")
    await side.press(offer, "接受此版本")
    (project,) = await until(lambda: desk.read(boards.listed), what="the project begins")
    (kept,) = await desk.read(proposal_store.latest)
    record = await desk.read(proposal_store.acceptance, kept.id)
    assert (record.n, record.way) == (2, "chat")
    await until(lambda: side.times("已由"), what="the record stands in the chat")
    assert project.managers == (desk.mira.id, desk.bob.id)
    assert project.person_id == record.person_id
    return f"/desk/projects/{project.id}"


async def a_stage(side: Side, desk: Agency, project: str) -> None:
    """Closed on the board; the contact is asked in the chat; a three is the success manager's task."""
    await desk.submit(project, f"{project}/stages/needs", verb="close")
    question = await side.heard("的需求阶段")
    await side.press(question, "3")
    low = await until(lambda: of_kind(desk, TaskKind.LOW_STAGE), what="the alert")
    assert [each.assignee_id for each in low] == [desk.mira.id]
    assert "3 / 5" in (await desk.desk.get(project)).text


async def of_kind(desk: Agency, kind: TaskKind) -> list[Any]:
    return [each for each in await desk.read(tasks.open_of) if each.kind is kind]


async def a_change(side: Side, desk: Agency) -> None:
    """The client asks for more; quoted by the day, confirmed in the chat, begun: platinum's clock is met."""
    await side.call("转人工，请再加一个会员积分的页面")
    (project,) = await desk.read(boards.listed)
    (ticket,) = await until(lambda: desk.read(board.tickets_of_client, project.client_id), what="a ticket")
    form = f"/desk/changes/new?ticket={ticket.number}"
    asked = {"title": "会员积分页", "says": "再加一个会员积分的页面", "scope": "quoted", "days_development": "2"}
    here = (await desk.submit(form, "/desk/changes", **asked)).headers["location"]
    await desk.submit(here, f"{here}/send")
    question = await side.heard("变更单")
    await side.press(question, "确认")
    await until(lambda: confirmed(desk), what="the change request is confirmed")
    clocks = {each.kind: each for each in await desk.read(board.clocks, ticket.id, desk.house.clock())}
    assert clocks[ClockKind.RS].state is ClockState.RUNNING
    await desk.house.act("claim", ticket_id=ticket.id, by=desk.bob.id)
    await desk.submit(here, f"{here}/start")
    clocks = {each.kind: each for each in await desk.read(board.clocks, ticket.id, desk.house.clock())}
    assert clocks[ClockKind.WS].state is ClockState.MET


async def confirmed(desk: Agency) -> bool:
    return {each.state for each in await desk.read(change_store.listed)} == {ChangeState.CONFIRMED}


async def a_week(side: Side, desk: Agency, project: str) -> None:
    """On Monday what moved is a draft; written over, sent once. A stage that is late warns both managers once."""
    number = int(project.rsplit("/", 1)[1])
    now = desk.house.clock()
    monday = datetime.combine(now.date() + timedelta(days=7 - now.weekday()), time(3), UTC)
    desk.house.clock.jump(monday - now)
    await desk.looked()
    await desk.again()
    (brief,) = [each for each in await desk.read(briefs.of_project, number) if each.sent_at is None]
    assert "阶段完成：需求" in brief.text
    assert await side.times("阶段完成：需求") == 0, "a draft stays in the house"
    await desk.submit(project, f"{project}/briefs/{brief.id}", verb="approve")
    await side.heard("阶段完成：需求")
    await desk.looked()
    assert await side.times("阶段完成：需求") == 1

    design = (await desk.read(boards.stages, number))[1]
    late = datetime.combine(design.due_on + timedelta(days=1), time(3), UTC)
    desk.house.clock.jump(late - desk.house.clock())
    for _ in range(2):
        await desk.looked()
    slips = [each for each in await desk.read(tasks.open_of) if each.facts.get("text") == "late"]
    mine = [each.assignee_id for each in slips if each.facts["stage"] == "design"]
    assert sorted(map(str, mine)) == sorted(map(str, (desk.mira.id, desk.bob.id)))


async def story(side: Side, desk: Agency) -> None:
    brief = await a_brief(side, desk)
    client = await a_client(desk, brief)
    project = await a_proposal(side, desk, brief)
    await a_stage(side, desk, project)
    await a_change(side, desk)
    await a_week(side, desk, project)
    assert [each.client_id for each in await desk.read(boards.listed)] == [client.id]


async def test_on_the_web_chat(house: House) -> None:
    """A visitor of our own front door becomes a client in the same window."""
    async with agency(house) as desk, house.visitor() as visitor:
        side = OnTheWeb(visitor)
        await story(side, desk)
        (paper,) = [file for each in (await visitor.state())["messages"] for file in each["files"]]
        assert paper["name"].endswith(".docx")
        word = await visitor.http.get(paper["url"])
        assert word.content.startswith(b"PK")
        assert word.headers["content-disposition"].startswith("attachment")
        shown = await visitor.http.get(f"/c/{visitor.api.rsplit('/', 1)[1]}/requests", follow_redirects=True)
        assert "青山茶业" in shown.text, "the page of what they asked for is the new client's"


@pytest.mark.timeout(240)
async def test_in_a_telegram_group(indexed: Path, embedder: e5.E5Embedder, tmp_path: Path) -> None:
    """A group that nobody has bound is the new client's afterwards."""
    clock = MovableClock(WORKING_HOURS)
    world = World(clock=clock)
    world.privacy = False
    async with telegram_server(world) as telegram:
        mei, wang = world.user("陈梅", "mei"), world.user("王强", "wang")
        async with running(indexed, embedder, tmp_path, telegram, clock) as house, agency(house) as desk:
            group = world.supergroup("青山茶业 新官网", mei, wang)
            group.say(mei, "大家好")
            await story(OnTelegram(world, group, mei), desk)
