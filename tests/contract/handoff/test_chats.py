"""A chat that moves or is lost, and what a colleague says straight in a client's chat."""

from datetime import timedelta

from bot import colleagues
from handoff import board, chats, directory, messages
from handoff.kinds import ChatKind, ClockKind, ClockState, EventKind, Tier
from tests.contract.handoff.conftest import World


async def test_a_moved_chat_takes_in_what_was_said_under_its_new_id(world: World) -> None:
    """Late news of the move: both halves become one chat, with its client, each thread once; again changes nothing."""
    client = world.clients[Tier.GOLD]

    async def said(chat: str, thread: str, key: str, client_id: int | None) -> int:
        def body(conn):
            now = world.clock()
            made = directory.ensure_chat(
                conn, platform="t", external_id=chat, kind=ChatKind.GROUP, client_id=client_id, now=now
            )
            talk = directory.ensure_conversation(conn, chat_id=made.id, thread=thread, now=now)
            who = directory.ensure_person(conn, platform="t", external_id="7", name="Mei", now=now)
            found = messages.accept(
                conn, conversation=talk, person=who, external_id=f"{chat}/{key}", text=key, at=now, now=now
            )
            assert found is not None
            return found.id

        return await world.db.write(body)

    first = await said("-1", "", "1", client.id)
    others = [await said("-1001", "", "1", None), await said("-1001", "40", "2", None)]
    for _ in range(2):
        moved = await world.db.write(lambda conn: chats.move(conn, platform="t", old="-1", new="-1001"))
    assert (moved.external_id, moved.client_id) == ("-1001", client.id)
    found = [await world.ask(messages.message, n) for n in (first, *others)]
    assert {message.chat_id for message in found} == {moved.id}
    assert found[0].conversation_id == found[1].conversation_id != found[2].conversation_id
    assert await world.ask(directory.find_chat, platform="t", external_id="-1") is None


async def test_moving_a_chat_that_nobody_knows(world: World) -> None:
    """Nothing to follow."""
    assert await world.db.write(lambda conn: chats.move(conn, platform="t", old="-5", new="-6")) is None


async def test_a_lost_chat_is_lost_since_the_first_time_until_it_is_back(world: World) -> None:
    """The first instant stays; whoever lets us in again ends it."""
    chat_id = world.conversations[Tier.GOLD].chat_id
    first = world.clock()
    await world.do(chats.lose, chat_id=chat_id)
    world.clock.advance(timedelta(hours=1))
    await world.do(chats.lose, chat_id=chat_id)
    assert (await world.ask(directory.chat, chat_id)).lost_at == first
    await world.db.write(lambda conn: chats.regain(conn, chat_id, now=world.clock()))
    assert (await world.ask(directory.chat, chat_id)).lost_at is None


async def test_a_colleagues_word_in_the_clients_chat_is_the_response(world: World) -> None:
    """It claims the ticket that nobody has and stops the first response clock, once; an emoji stops nothing."""
    await world.hear("换服务器")
    ticket = await world.open()

    async def speak(key: str, text: str) -> None:
        def body(conn):
            talk, now = world.conversations[Tier.GOLD], world.clock()
            said = messages.accept(
                conn, conversation=talk, person=world.ann, external_id=key, text=text, at=now, now=now, author="staff"
            )
            for _ in range(2):
                colleagues.spoke(conn, said, desk=world.desk, now=now)

        await world.db.write(body)

    async def first_response() -> ClockState:
        return next(c.state for c in await world.ask(board.clocks, ticket.id, world.clock()) if c.kind is ClockKind.FR)

    await speak("s1", "👌")
    assert await first_response() is ClockState.RUNNING
    await speak("s2", "您好，换到哪个机房？")
    assert await first_response() is ClockState.MET
    events = [event.kind for event in await world.ask(board.events, ticket.id)]
    assert events.count(EventKind.REPLIED) == events.count(EventKind.CLAIMED) == 1
    assert (await world.ask(board.ticket, ticket.id)).assignee_id == world.ann.id
