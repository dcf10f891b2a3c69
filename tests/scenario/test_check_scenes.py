"""網站打不開: the running program looks at the client's site by itself, over real connections to a site on loopback."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot import commands
from bot.app import open_app
from bot.errors import BotError
from bot.outward import Outward
from bot.settings import Settings
from handoff import directory, messages, sites
from handoff.site_rules import read_site
from handoff.sites import Site
from knowledge import e5
from success import checks
from success.checks.model import State
from tests import hostile
from tests.hostile import Asked
from tests.house import WORKING_HOURS, House, MovableClock


@pytest.fixture
async def served() -> AsyncIterator[hostile.Site]:
    """A shop whose server answers with an error."""

    async def answer(asked: Asked) -> None:
        await asked.reply("<html><title>Shop</title></html>", status=502)

    async with hostile.site(answer) as site:
        yield site


@pytest.fixture
async def looking(
    indexed: Path, embedder: e5.E5Embedder, tmp_path: Path, served: hostile.Site
) -> AsyncIterator[tuple[House, Site]]:
    """The program, whose probe may reach the shop; the demo client's main site is the shop."""
    clock = MovableClock(WORKING_HOURS)
    shutil.copytree(indexed, tmp_path / "data")
    outward = Outward(probe=hostile.probe())
    opening = open_app(Settings(data=tmp_path / "data"), clock=clock, embedder=embedder, outward=outward)
    async with opening as app:

        def shop(conn: object) -> Site:
            client = directory.client_by_slug(conn, "demo")  # type: ignore[arg-type]
            assert client is not None
            draft = replace(read_site({"name": "Shop"}), address=served.url())
            return sites.add(conn, client_id=client.id, draft=draft, main=True, now=clock())  # type: ignore[arg-type]

        yield House(app, clock), await app.db.write(shop)


async def test_the_ticket_carries_a_check_within_seconds(looking: tuple[House, Site], served: hostile.Site) -> None:
    """The client cries; the ticket has the answer of its site as an internal note, which the client never sees."""
    house, _ = looking
    async with house.visitor() as visitor:
        await visitor.say("网站打不开了!!!")
        ticket = await house.open_ticket()
        for _ in range(500):
            said = await house.app.db.read(lambda conn: messages.ticket_messages(conn, ticket.id, audience="internal"))
            notes = [each.text for each in said if each.author == "system" and each.audience == "internal"]
            if notes:
                break
            await asyncio.sleep(0.02)
        [note] = notes
        assert "502" in note
        assert "127.0.0.1" in note
        assert served.asked
        await visitor.settled()
        assert visitor.seen
        assert "127.0.0.1" not in str(visitor.seen)


async def test_the_command_looks_now(looking: tuple[House, Site]) -> None:
    """By number, by address, by client; what is found comes with words; what is no site is said."""
    house, site = looking
    found = await commands.execute(house.app, "check", {"what": str(site.id), "quick": True}, lambda _: None)
    [told] = found["sites"]
    assert (told["ended"], told["verdict"], told["status"]) == (True, "down", 502)
    assert told["findings"][0]["key"] == "http.server_error"
    assert "502" in told["findings"][0]["matter"]
    assert told["findings"][0]["advice"]
    latest = await house.app.db.read(lambda conn: checks.latest(conn, site.id))
    assert latest is not None
    assert (latest.state, latest.failures) == (State.UNKNOWN, 1)
    with pytest.raises(BotError):
        await commands.execute(house.app, "check", {"what": "nobody"}, lambda _: None)
