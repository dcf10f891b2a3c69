"""A prospect becomes a client on both databases: the chat, its people and its tickets go over, nobody else's do."""

from typing import Any

import pytest
from sqlalchemy import Connection

from handoff import accounts, board, directory, messages
from handoff.errors import Duplicate
from handoff.kinds import ChatKind, Level, PersonKind, Tier
from success.intake import prospects, store, welcome
from success.intake.errors import IntakeRefused
from tests.contract.handoff.conftest import World

RECORD = {"name": "Tea & Co", "tier": "gold", "timezone": "Asia/Shanghai", "language": "zh-Hans"}


async def prospect(world: World, *, at: int | None = None, kind: ChatKind = ChatKind.DIRECT) -> tuple[int, int]:
    """An interview with somebody in an unbound chat, or in one of client `at`; who they are."""

    def body(conn: Connection) -> tuple[int, int]:
        now = world.clock()
        chat = directory.ensure_chat(conn, platform="telegram", external_id="-5", kind=kind, client_id=at, now=now)
        talk = directory.ensure_conversation(conn, chat_id=chat.id, now=now)
        who = [
            directory.ensure_person(conn, platform="telegram", external_id=name, name=name, client_id=at, now=now)
            for name in ("Mei", "Wang")
        ]
        ours = directory.ensure_person(
            conn, platform="telegram", external_id="Lin", name="Lin", kind=PersonKind.STAFF, now=now
        )
        for person in (*who, ours):
            messages.accept(
                conn, conversation=talk, person=person, external_id=person.name, text="hello", at=now, now=now
            )
        found = store.open_one(conn, conversation_id=talk.id, language="zh-Hans", person_id=who[0].id, now=now)
        return found.id, who[0].id

    return await world.db.write(body)


async def welcomed(world: World, interview: int, **more: Any) -> Any:
    usual: dict[str, Any] = {"slug": "tea", "record": RECORD, "decides": True, "by": world.lead.id}
    return await world.do(welcome.welcome, interview_id=interview, **usual | more)


async def test_an_unbound_chat_becomes_the_clients(world: World) -> None:
    """Everybody who wrote there is the client's now, our colleague is not; who was asked may accept."""
    interview, mei = await prospect(world, kind=ChatKind.GROUP)
    made = await welcomed(world, interview)
    assert (made.name, made.tier) == ("Tea & Co", Tier.GOLD)
    found = await world.ask(store.one, interview)
    assert found.client_id == made.id
    held = {person.name: powers for person, powers in await world.ask(accounts.contacts, made.id)}
    assert held == {"Mei": ("money", "contract"), "Wang": ()}
    lin = await world.db.read(lambda conn: directory.find_person(conn, platform="telegram", external_id="Lin"))
    assert lin is not None
    assert lin.client_id is None
    with pytest.raises(IntakeRefused, match="client"):
        await welcomed(world, interview, slug="again")
    assert mei in {person.id for person, _ in await world.ask(accounts.contacts, made.id)}


async def test_from_our_own_front_door(world: World) -> None:
    """Its visitors count as prospects; other chats of that client stay where they are."""
    door = world.clients[Tier.STANDARD]
    await world.do(prospects.allow, allowed=True, door_id=door.id, by=world.lead.id)
    interview, mei = await prospect(world, at=door.id)
    assert (await world.ask(store.one, interview)).client_id is None
    kept = world.contacts[Tier.STANDARD]
    made = await welcomed(world, interview, decides=False)
    person = await world.ask(directory.person, mei)
    assert person.client_id == made.id
    assert (await world.ask(directory.person, kept.id)).client_id == door.id
    assert not await world.ask(accounts.is_authorised, mei, "contract")


async def test_its_tickets_go_along(world: World) -> None:
    """What was opened in the chat before is the new client's, with its tier."""
    interview, mei = await prospect(world)
    talk = (await world.ask(store.one, interview)).conversation_id

    facts = {"title": "x", "summary": "x", "reason": "asked", "level": Level.QUESTION, "since": world.clock()}
    ticket = await world.do(world.desk.open, conversation_id=talk, client_id=None, requester_id=mei, **facts)
    made = await welcomed(world, interview)
    assert [each.id for each in await world.ask(board.tickets_of_client, made.id)] == [ticket.id]


async def test_who_is_a_client_is_not_made_one(world: World) -> None:
    """Nothing changes for one that is bound already."""
    interview, _ = await prospect(world, at=world.clients[Tier.GOLD].id)
    with pytest.raises(IntakeRefused, match="client"):
        await welcomed(world, interview)


async def test_a_name_that_is_taken(world: World) -> None:
    """Nobody goes over to somebody else's client."""
    interview, _ = await prospect(world)
    with pytest.raises(Duplicate):
        await welcomed(world, interview, slug=world.clients[Tier.PLATINUM].slug)
    assert (await world.ask(store.one, interview)).client_id is None
