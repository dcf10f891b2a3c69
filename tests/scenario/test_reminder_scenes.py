"""Scene 12: what ends is told in the client's group and by e-mail, once, whatever happens in between."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, select

from handoff import archive, directory, messages, sites
from handoff.kinds import Role
from handoff.model import Client, Person
from handoff.site_rules import read_site
from handoff.sites import Site
from knowledge import e5
from store import jobs
from success import broadcasts, mail_contacts, mails, reminders, tasks
from success.broadcast_rules import Wanted
from success.errors import BroadcastRefused
from success.reminder_tables import reminder_notice as notices
from success.tasks import Task, TaskKind, TaskState
from tests.house import WORKING_HOURS, House, MovableClock
from tests.mail_house import PostOffice, post_office
from tests.platforms.telegram import Chat, TelegramServer, User, World, telegram_server
from tests.telegram_house import PATIENCE, code_for_client, linked, running

ICP_ENDS = date(2026, 12, 24)  # thirty days after the scenes begin, at ten on Tuesday, 24 November


@dataclass
class Room:
    """The application with a Telegram and a mail server, and one client in its group."""

    house: House
    world: World
    group: Chat
    mei: User
    wang: User
    lin: User
    manager: Person
    office: PostOffice

    async def write(self, body: Any) -> Any:
        return await self.house.app.db.write(body)

    async def client(self) -> Client:
        found = await self.house.app.db.read(lambda conn: directory.client_by_slug(conn, "demo"))
        assert found is not None
        return found

    async def site(self, *, known: datetime | None = None, **dates: str) -> Site:
        """A site of the client's that we have known for long."""
        client = await self.client()
        draft = read_site({"address": "https://qinghe.example", "name": "青禾官网"} | dates)
        since = known or self.house.clock() - timedelta(days=60)
        return await self.write(lambda conn: sites.add(conn, client_id=client.id, draft=draft, now=since))

    async def renewed(self, site: Site, **dates: str) -> None:
        draft = read_site({"address": site.address, "name": site.name} | dates)
        change = partial(sites.edit, client_id=site.client_id, site_id=site.id, draft=draft, by=self.manager.id)
        await self.write(lambda conn: change(conn, now=self.house.clock()))

    async def written_to(self, address: str, language: str | None = None) -> None:
        client = await self.client()
        keep = partial(mail_contacts.keep, client_id=client.id, address=address, language=language, by=None)
        await self.write(lambda conn: keep(conn, purposes=[mail_contacts.REMINDERS], now=self.house.clock()))

    async def look(self) -> None:
        """Have the desk look for what is due, now, and do all that follows."""
        await look(self.house)

    async def tasks(self) -> list[Task]:
        """What our people have to do about what ends; the quarterly visit is another room's."""
        client = await self.client()
        found = await self.house.app.db.read(lambda conn: tasks.of_client(conn, client.id))
        return [task for task in found if task.kind is TaskKind.EXPIRY]

    def said(self, containing: str) -> int:
        """How many messages of the bot's in the group say this."""
        return sum(containing in each.text for each in self.group.messages.values() if each.sender == self.world.bot)


async def look(house: House) -> None:
    await house.app.db.write(lambda conn: jobs.enqueue(conn, reminders.SWEEP, {}, now=house.clock()))
    await done(house)


async def done(house: House) -> None:
    """Wait until all that follows is done; the job that polls Telegram never is."""
    mine = {reminders.SWEEP, reminders.REMIND, reminders.ANSWERED, mails.SEND, messages.DELIVER}
    for _ in range(1000):
        depths = await house.app.db.read(partial(jobs.depths, now=house.clock()))
        if not any(depth.waiting or depth.running for depth in depths if depth.queue in mine):
            return
        await asyncio.sleep(0.02)
    raise AssertionError("not done within the bound")


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock(WORKING_HOURS)


@pytest.fixture
async def telegram(clock: MovableClock) -> AsyncIterator[TelegramServer]:
    world = World(clock=clock)
    world.privacy = False
    async with telegram_server(world) as server:
        yield server


@asynccontextmanager
async def opened(
    indexed: Path, embedder: e5.E5Embedder, folder: Path, telegram: TelegramServer, *, clock: MovableClock,
    office: PostOffice,
) -> AsyncIterator[House]:  # fmt: skip
    told = {"smtp_url": f"smtp://127.0.0.1:{office.port}", "mail_from": "晨光 <care@agency.example>"}
    told |= {"public_url": "https://desk.example"}
    async with running(indexed, embedder, folder, telegram, clock, **told) as house:
        yield house


async def furnished(house: House, telegram: TelegramServer, office: PostOffice) -> Room:
    world = telegram.world
    mei, wang, lin = world.user("陈梅", "mei"), world.user("王强", "wang"), world.user("Lin", "lin_agent")
    agent = await house.agent()
    manager = await house.agent("su", role=Role.SUCCESS)
    group = world.supergroup("青禾 · 网站", mei, wang, lin)
    group.say(mei, f"/bind {await code_for_client(house, agent)}")
    await group.bot_says("青禾", within=PATIENCE)
    await linked(house, world, lin, agent)
    room = Room(house, world, group, mei, wang, lin, manager, office)
    client = await room.client()
    await room.write(lambda conn: directory.update_client(conn, client.id, success_id=manager.id))
    return room


@pytest.fixture
async def room(
    indexed: Path, embedder: e5.E5Embedder, tmp_path: Path, telegram: TelegramServer, clock: MovableClock
) -> AsyncIterator[Room]:
    async with (
        post_office() as office,
        opened(indexed, embedder, tmp_path, telegram, clock=clock, office=office) as house,
    ):
        yield await furnished(house, telegram, office)


async def test_12_expiry(room: Room) -> None:
    """The ICP filing ends in thirty days: the group is told with what to prepare, a letter goes out, a task, once."""
    await room.written_to("li@qinghe.example")
    await room.written_to("wong@qinghe.example", "en")
    await room.site(icp_on=str(ICP_ENDS), domain_on=str(ICP_ENDS))
    await room.look()
    said = await room.group.bot_says("ICP 备案", within=PATIENCE)
    assert "12月24日" in said.text
    assert "还有 30 天" in said.text
    assert "营业执照" in said.text, "the list of the manual's page"
    assert "备案需要准备哪些材料" in said.text
    assert "域名" in said.text, "both in one message"
    assert said.labels == ["收到，正在处理", "3 天后再提醒"]
    letters = {letter["To"]: letter for letter in await room.office.came(2)}
    assert letters["li@qinghe.example"]["Subject"] == "有 2 项即将到期"
    chinese = letters["li@qinghe.example"].get_body(("plain",))
    assert chinese is not None
    assert "https://desk.example/m/zh/icp/materials" in chinese.get_content()
    english = letters["wong@qinghe.example"].get_body(("plain",))
    assert english is not None
    assert "in 30 days" in english.get_content()
    given = await room.tasks()
    assert {(task.facts["what"], task.assignee_id, task.facts["told"]) for task in given} == {
        ("icp", room.manager.id, "chat_and_mail"),
        ("domain", room.manager.id, "chat_and_mail"),
    }
    for _ in range(3):
        await room.look()
    assert room.said("即将到期") == 1
    assert len(room.office.letters) == 2
    assert len(await room.tasks()) == 2


async def test_12_acknowledged_by_any_contact(room: Room) -> None:
    """Somebody who never wrote presses; all see who; two weeks ahead nothing comes, a week ahead it does."""
    await room.site(icp_on=str(ICP_ENDS))
    await room.look()
    said = await room.group.bot_says("ICP 备案", within=PATIENCE)
    await room.world.press(room.lin, said, "收到，正在处理", within=PATIENCE)
    assert said.labels, "our own people do not answer for the client"
    await room.world.press(room.wang, said, "收到，正在处理", within=PATIENCE)
    await room.group.bot_edits(said, "✓ 王强：收到，正在处理", within=PATIENCE)
    assert said.labels == []
    room.house.clock.jump(timedelta(days=16))
    await room.look()
    assert room.said("ICP 备案") == 1
    room.house.clock.jump(timedelta(days=7))
    await room.look()
    assert room.said("还有 7 天") == 1


async def test_12_again_in_three_days(room: Room) -> None:
    """Put off, it comes once more on Friday at ten, and not twice."""
    await room.site(icp_on=str(ICP_ENDS))
    await room.look()
    said = await room.group.bot_says("ICP 备案", within=PATIENCE)
    await room.world.press(room.mei, said, "3 天后再提醒", within=PATIENCE)
    await room.group.bot_edits(said, "11月27日", within=PATIENCE)
    room.house.clock.jump(timedelta(days=2))
    await room.look()
    assert room.said("ICP 备案") == 1
    room.house.clock.jump(timedelta(days=1))
    await room.look()
    await room.look()
    assert room.said("还有 27 天") == 1
    room.house.clock.jump(timedelta(days=1))
    await room.look()
    assert room.said("ICP 备案") == 2


async def test_12_renewed(room: Room) -> None:
    """The date moves on: the task is done by itself, nothing more comes, and the new date begins anew."""
    site = await room.site(icp_on=str(ICP_ENDS))
    await room.look()
    await room.renewed(site, icp_on="2027-12-24")
    await room.look()
    assert [task.state for task in await room.tasks()] == [TaskState.DONE]
    room.house.clock.jump(timedelta(days=16))
    await room.look()
    assert room.said("ICP 备案") == 1
    await room.renewed(site, icp_on="2026-12-24")  # it was a mistake
    await room.look()
    assert room.said("ICP 备案") == 1, "just typed: not before ten tomorrow"
    room.house.clock.jump(timedelta(days=1))
    await room.look()
    assert room.said("还有 13 天") == 1


@pytest.mark.parametrize("gone", ["site", "client"])
async def test_12_gone_before(room: Room, gone: str) -> None:
    """A site that is taken off the list, a client that is archived: nothing goes out, the task is dropped."""
    site = await room.site(icp_on=str(ICP_ENDS))
    await room.look()
    client = await room.client()

    def go(conn: Connection) -> None:
        now = room.house.clock()
        if gone == "site":
            sites.remove(conn, client_id=client.id, site_id=site.id, by=room.manager.id, now=now)
        else:
            archive.archive(conn, client.id, by=room.manager.id, now=now)

    await room.write(go)
    room.house.clock.jump(timedelta(days=23))
    await room.look()
    assert room.said("ICP 备案") == 1
    assert [task.state for task in await room.tasks()] == [TaskState.DROPPED]


async def test_12_over(room: Room) -> None:
    """The day after, our own people have a task; the client hears nothing."""
    await room.site(icp_on=str(ICP_ENDS))
    room.house.clock.jump(timedelta(days=31))
    await room.look()
    assert room.said("ICP 备案") == 0
    (task,) = await room.tasks()
    assert (task.facts["text"], task.facts["what"]) == ("expiry_over", "icp")


async def test_12_through_a_restart(
    indexed: Path, embedder: e5.E5Embedder, tmp_path: Path, telegram: TelegramServer, clock: MovableClock
) -> None:
    """Off for three weeks: of what was missed the nearest is said, once; what was said is not said again."""
    async with post_office() as office:
        async with opened(indexed, embedder, tmp_path, telegram, clock=clock, office=office) as house:
            room = await furnished(house, telegram, office)
            await room.written_to("li@qinghe.example")
            await room.site(icp_on=str(ICP_ENDS))
            await room.look()
            await room.group.bot_says("还有 30 天", within=PATIENCE)
            await office.came(1)
        clock.jump(timedelta(days=23))
        async with opened(indexed, embedder, tmp_path, telegram, clock=clock, office=office) as house:
            await look(house)
            await room.group.bot_says("还有 7 天", within=PATIENCE)
            await office.came(2)
            await look(house)
            assert room.said("ICP 备案") == 2
            rows = await house.app.db.read(lambda conn: conn.execute(select(notices.c.id)).all())
            assert (len(rows), len(office.letters)) == (2, 2)


async def told_to_all(room: Room, text: str) -> None:
    """A broadcast to everybody, approved."""
    told = {"title": "通知", "texts": {"zh-Hans": text}, "wanted": Wanted(), "by_mail": True, "local_at": ""}

    def body(conn: Connection) -> None:
        now, by = room.house.clock(), room.manager.id
        made = broadcasts.keep(conn, broadcast_id=None, by=by, now=now, **told)  # type: ignore[arg-type]
        broadcasts.approve(conn, made.id, seen=broadcasts.version(made), by=by, now=now)

    await room.write(body)


async def test_a_broadcast_and_no_more_of_them(room: Room) -> None:
    """News come to the group and to who gets them by letter; one press and no more come, but reminders do."""
    client = await room.client()
    keep = partial(mail_contacts.keep, client_id=client.id, address="li@qinghe.example", by=None)
    await room.write(lambda conn: keep(conn, purposes=[mail_contacts.BROADCASTS], now=room.house.clock()))
    await told_to_all(room, "国庆期间照常值班。")
    said = await room.group.bot_says("国庆期间", within=PATIENCE)
    assert said.labels == ["不再接收此类通知"]
    (letter,) = await room.office.came(1)
    assert letter["List-Unsubscribe"].startswith("<https://desk.example/leave/")
    await room.world.press(room.wang, said, "不再接收此类通知", within=PATIENCE)
    await room.group.bot_edits(said, "王强：不再接收此类通知", within=PATIENCE)
    await told_to_all(room, "又一条通知。")
    await room.office.came(2)
    await room.site(icp_on=str(ICP_ENDS))
    await room.look()
    await room.group.bot_says("ICP 备案", within=PATIENCE)
    assert room.said("又一条通知") == 0


async def test_no_more_in_a_word(room: Room) -> None:
    """Somebody writes 退订 after a broadcast: it is obeyed with a word, and opens no ticket; before one it is not ours."""
    await told_to_all(room, "国庆期间照常值班。")
    await room.group.bot_says("国庆期间", within=PATIENCE)
    room.group.say(room.mei, "退订。")
    await room.group.bot_says("本群不再接收此类通知", within=PATIENCE)
    await told_to_all_refused(room)


async def told_to_all_refused(room: Room) -> None:
    """It would reach nobody."""
    with pytest.raises(BroadcastRefused, match="nobody"):
        await told_to_all(room, "又一条通知。")
