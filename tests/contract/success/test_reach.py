"""By which way a question for one person goes: their own chat, the group it is about, a letter, the page they wrote on."""

from typing import Any

import pytest
from sqlalchemy import Connection

from handoff import directory, messages
from handoff.kinds import ChatKind, Mode, Tier
from handoff.model import Chat, Person
from success.reach import Reach, Way, Ways
from tests.contract.handoff.conftest import World


async def somebody(world: World, *, mode: Mode = Mode.AUTO) -> tuple[Person, Chat, Chat]:
    """A contact who wrote on the web and sits in the client's group; both chats."""

    def body(conn: Connection) -> tuple[Person, Chat, Chat]:
        now, client = world.clock(), world.clients[Tier.GOLD]
        facts: dict[str, Any] = {"client_id": client.id, "mode": mode, "now": now}
        page = directory.ensure_chat(conn, platform="web", external_id="gold:v", kind=ChatKind.DIRECT, **facts)
        group = directory.ensure_chat(conn, platform="telegram", external_id="-3", kind=ChatKind.GROUP, **facts)
        who = directory.ensure_person(conn, platform="web", external_id="v", name="Mei", client_id=client.id, now=now)
        talk = directory.ensure_conversation(conn, chat_id=page.id, now=now)
        messages.accept(conn, conversation=talk, person=who, external_id="1", text="hi", at=now, now=now)
        return who, page, group

    return await world.db.write(body)


async def way(world: World, ways: Ways, who: Person, group: Chat | None = None) -> Reach | None:
    found: Reach | None = await world.ask(ways.to, who, group=group, page=True)
    return found


async def test_the_page_is_the_last_way(world: World) -> None:
    """A matter of the group's is asked there, a letter goes before the page, and without any of it the link stays."""
    who, page, group = await somebody(world)
    letters = Ways(platforms={"telegram"}, pages={"web"}, addresses=lambda *_: "mei@client.example", links=True)
    there = Ways(platforms={"telegram"}, pages={"web"})
    assert await way(world, letters, who, group) == Reach(way=Way.GROUP, chat=group)
    assert await way(world, letters, who) == Reach(way=Way.MAIL, address="mei@client.example")
    assert await way(world, there, who) == Reach(way=Way.DIRECT, chat=page)
    assert await way(world, Ways(platforms={"telegram"}), who) is None


@pytest.mark.parametrize("mode", [Mode.OFF, Mode.COMMUNITY])
async def test_where_nothing_may_be_said_nothing_is_asked(world: World, mode: Mode) -> None:
    """Neither in the group nor on the page."""
    who, _, group = await somebody(world, mode=mode)
    assert await way(world, Ways(platforms={"telegram"}, pages={"web"}), who, group) is None


async def test_nobody_is_asked_on_a_page_about_anything_else(world: World) -> None:
    """A ticket's rating stands there already; who only looked around is not asked for a recommendation."""
    who, *_ = await somebody(world)
    assert await world.ask(Ways(pages={"web"}).to, who) is None
