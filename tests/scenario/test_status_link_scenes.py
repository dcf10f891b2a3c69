"""`/status` gives the private link to the client's own page, to whom it may be given; the web chat has it as a button."""

import re
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import httpx
import pytest

from bot.server import web_app
from handoff import directory, modes, progress_links
from handoff.kinds import Mode
from handoff.progress_links import Link, Scope
from knowledge import e5
from tests.house import WORKING_HOURS, House, MovableClock
from tests.platforms.telegram import TelegramServer, World, telegram_server
from tests.telegram_house import PATIENCE, code_for_client, running

PUBLIC = "https://help.example"
LINK = re.compile(re.escape(PUBLIC) + r"(/p/[\w-]{38})(?![\w-])")


@pytest.fixture
async def telegram() -> AsyncIterator[TelegramServer]:
    world = World(clock=MovableClock(WORKING_HOURS))
    world.privacy = False
    async with telegram_server(world) as server:
        yield server


@pytest.fixture
async def reachable(
    indexed: Path, embedder: e5.E5Embedder, tmp_path: Path, telegram: TelegramServer
) -> AsyncIterator[House]:
    """The application on Telegram, with an address that the world can reach."""
    clock = MovableClock(WORKING_HOURS)
    async with running(indexed, embedder, tmp_path, telegram, clock, public_url=PUBLIC) as house:
        yield house


def browser(house: House) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app=web_app(house.app)),
        base_url="http://desk.test",
        headers={"Accept-Language": "zh-CN"},
    )


async def links(house: House) -> tuple[Link, ...]:
    client = await house.app.db.read(partial(directory.client_by_slug, slug="demo"))
    assert client is not None
    return await house.app.db.read(partial(progress_links.of_client, client_id=client.id))


async def test_a_group_gets_the_page_of_its_client(reachable: House, telegram: TelegramServer) -> None:
    """The same link each time; it opens the group's ticket in Chinese; a revoked one is replaced; a community gets none."""
    world, house = telegram.world, reachable
    mei, agent = world.user("陈梅", "mei"), await house.agent()
    group = world.supergroup("青禾 · 网站", mei)
    group.say(mei, "/status")
    assert not LINK.search((await group.bot_says("没有未完成的工单", within=PATIENCE)).text)
    group.say(mei, f"/bind {await code_for_client(house, agent)}")
    await group.bot_says("青禾", within=PATIENCE)
    group.say(mei, "/human 我要换服务器")
    await group.bot_says("T-", within=PATIENCE)
    ticket = await house.open_ticket()

    group.say(mei, "/status")
    first = LINK.search((await group.bot_says("全部进度", within=PATIENCE)).text)
    assert first is not None
    async with browser(house) as http:
        page = (await http.get(first[1])).text
        assert ticket.number in page
        assert "等待我们处理" in page
    group.say(mei, f"/status@{world.bot.username}")
    again = LINK.search((await group.bot_says("全部进度", within=PATIENCE)).text)
    assert again is not None
    assert again[1] == first[1]

    [made] = await links(house)
    assert (made.scope, made.by_id) == (Scope.GROUPS, None)
    await house.app.db.write(
        partial(progress_links.revoke, client_id=made.client_id, link_id=made.id, by=agent.id, now=house.clock())
    )
    group.say(mei, "/status")
    fresh = LINK.search((await group.bot_says("全部进度", within=PATIENCE)).text)
    assert fresh is not None
    async with browser(house) as http:
        assert (await http.get(first[1])).status_code == 404
        assert (await http.get(fresh[1])).status_code == 200

    private = world.private(mei)
    private.say(mei, "/status")
    own = LINK.search((await private.bot_says("您的全部请求", within=PATIENCE)).text)
    assert own is not None
    async with browser(house) as http:
        assert ticket.number in (await http.get(own[1])).text
    assert [each.scope for each in await links(house)][:1] == [Scope.OWN]

    chat = await house.app.db.read(partial(directory.find_chat, platform="telegram", external_id=str(group.id)))
    assert chat is not None
    await house.app.db.write(
        partial(modes.change, chat_id=chat.id, mode=Mode.COMMUNITY, by=agent.id, now=house.clock())
    )
    group.say(mei, "/status")
    told = await group.bot_says(ticket.number, within=PATIENCE)
    assert not LINK.search(told.text)


async def test_a_visitor_of_the_web_chat_sees_their_own_requests(house: House) -> None:
    """The button leads to the visitor's requests alone; who has not written yet stays in the chat."""
    async with house.visitor() as first, house.visitor() as second:
        key = first.api.rsplit("/", 1)[1]
        await first.say("转人工，首页打不开图片")
        ticket = await house.open_ticket()
        led = await first.http.get(f"/c/{key}/requests")
        assert re.fullmatch(r"/p/[\w-]{38}", led.headers["location"])
        page = (await first.http.get(led.headers["location"])).text
        assert ticket.number in page
        assert f"/c/{key}/requests" in (await first.http.get("/")).text
        assert (await second.http.get(f"/c/{key}/requests")).headers["location"] == f"/c/{key}"
        await second.say("在吗")
        theirs = await second.http.get((await second.http.get(f"/c/{key}/requests")).headers["location"])
        assert theirs.status_code == 200
        assert ticket.number not in theirs.text
    async with browser(house) as stranger:
        assert (await stranger.get("/c/nobody/requests")).status_code == 404
