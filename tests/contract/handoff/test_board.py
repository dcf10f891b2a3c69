"""What the desk looks things up by, and the verbs that change nothing twice, on both databases."""

from datetime import timedelta

import pytest

from handoff import board, directory, messages
from handoff.errors import NotFound
from handoff.kinds import Audience, ClockState, Level, Mode, Role, TicketState, Tier
from tests.contract.handoff.conftest import MONDAY, World


async def test_tickets_are_found_by_number_conversation_and_client(world: World) -> None:
    """Solved ones are not open any more, but they are still the latest."""
    first, second = await world.open(), await world.open()
    elsewhere = await world.open(tier=Tier.STANDARD)
    await world.do(world.desk.resolve, ticket_id=second.id, by=None, why="solved")
    assert (await world.ask(board.ticket_by_number, "t-1001")).id == first.id
    assert await world.ask(board.ticket_by_number, "T-9999") is None
    assert await world.ask(board.ticket_by_number, "drop table") is None
    assert [t.id for t in await world.ask(board.open_tickets, first.conversation_id)] == [first.id]
    assert (await world.ask(board.latest_ticket, first.conversation_id)).id == second.id
    found = await world.ask(board.tickets_of_client, world.clients[Tier.GOLD].id)
    assert [t.id for t in found] == [second.id, first.id]
    assert elsewhere.client_id == world.clients[Tier.STANDARD].id
    with pytest.raises(NotFound):
        await world.ask(board.ticket, 999)


async def test_a_conversation_without_a_ticket_has_none(world: World) -> None:
    """And a database without a contract has no clocks."""
    conversation = world.conversations[Tier.GOLD].id
    assert await world.ask(board.latest_ticket, conversation) is None
    assert await world.ask(board.open_tickets, conversation) == ()
    assert await world.ask(board.clocks, 1, world.clock()) == ()
    assert await world.ask(board.queue, view="open", viewer_id=world.ann.id, now=world.clock()) == ()


async def test_notices_are_read_by_the_one_they_are_for(world: World) -> None:
    """Reading mine leaves those of others; nothing is read twice."""
    await world.open()
    second = await world.open()
    mine = await world.ask(board.notices, person_id=world.ann.id)
    assert [notice.ticket_id for notice in mine] == [second.id, second.id - 1]
    assert await world.do(board.mark_read, person_id=world.ann.id, notice_ids=[mine[0].id]) == 1
    assert await world.do(board.mark_read, person_id=world.ann.id) == 1
    assert await world.do(board.mark_read, person_id=world.ann.id) == 0
    assert await world.ask(board.notices, person_id=world.ann.id) == ()
    assert len(await world.ask(board.notices, person_id=world.ann.id, unread=False)) == 2
    assert len(await world.ask(board.notices, person_id=world.bob.id)) == 2


async def test_a_notice_that_found_nobody_waits_for_whoever_comes(world: World) -> None:
    """With no active colleague the arrival of a ticket is still written down."""
    for who in (world.ann, world.bob, world.lead):
        await world.db.write(lambda conn, who=who: directory.set_active(conn, who.id, False))
    await world.open()
    cy = await world.do(directory.add_staff, login="cy", name="Cy", role=Role.AGENT)
    assert [notice.kind for notice in await world.ask(board.notices, person_id=cy.id)] == ["opened"]


async def test_resolved_tickets_are_listed_newest_first(world: World) -> None:
    """By when they were resolved; the last line of the talk is shown, shortened, and never an internal one."""
    first, second = await world.open(), await world.open(tier=Tier.STANDARD)
    await world.hear("长" * 500)
    await world.do(world.desk.note, ticket_id=first.id, by=world.ann.id, text="秘密")
    await world.do(world.desk.resolve, ticket_id=second.id, by=world.ann.id)
    world.clock.advance(timedelta(minutes=1))
    await world.do(world.desk.resolve, ticket_id=first.id, by=world.ann.id)
    rows = await world.ask(board.queue, view="resolved", viewer_id=world.ann.id, now=world.clock())
    assert [row.ticket.id for row in rows] == [first.id, second.id]
    assert rows[0].last_text == "长" * 200
    assert rows[1].last_text == second.title
    assert rows[0].next_clock is None


async def test_snoozed_tickets_come_last(world: World) -> None:
    """Until they wake up."""
    first, second = await world.open(), await world.open(since=MONDAY + timedelta(minutes=0))
    await world.do(world.desk.snooze, ticket_id=first.id, by=world.ann.id, until=MONDAY + timedelta(hours=1))
    rows = await world.ask(board.queue, view="open", viewer_id=world.ann.id, now=world.clock())
    assert [row.ticket.id for row in rows] == [second.id, first.id]


async def test_a_late_working_day_target_shows_how_late_in_the_queue(world: World) -> None:
    """The queue's clock is the ticket's own clock, late ones too."""
    ticket = await world.open(Level.BUG, tier=Tier.PLATINUM)
    await world.do(world.desk.reply, ticket_id=ticket.id, by=world.ann.id, text="在修")
    world.clock.advance(timedelta(days=1, hours=10))
    (row,) = await world.ask(board.queue, view="late", viewer_id=world.ann.id, now=world.clock())
    own = (await world.clocks(ticket))["RS"]
    assert row.next_clock == own
    assert own.breached
    assert own.remaining_s is not None
    assert own.remaining_s <= 0


async def test_a_change_request_is_confirmed_and_started(world: World) -> None:
    """Platinum's four clocks, through the desk's verbs."""
    ticket = await world.open(Level.CHANGE, tier=Tier.PLATINUM)
    assert await world.clocks(ticket) == {}
    await world.do(world.desk.confirm, ticket_id=ticket.id, by=None)
    assert set(await world.clocks(ticket)) == {"RS", "WS"}
    world.clock.advance(timedelta(hours=2))
    await world.do(world.desk.start_work, ticket_id=ticket.id, by=world.ann.id)
    assert (await world.clocks(ticket))["WS"].state is ClockState.MET


async def test_what_is_so_already_is_no_event(world: World) -> None:
    """The same level, the same heir, waiting twice: nothing is written."""
    ticket = await world.open()
    await world.do(world.desk.reply, ticket_id=ticket.id, by=world.ann.id, text="?", wait=True)
    before = await world.kinds(ticket)
    for verb, facts in (
        (world.desk.set_level, {"level": Level.QUESTION, "by": world.ann.id}),
        (world.desk.transfer, {"to": world.ann.id, "by": world.bob.id}),
        (world.desk.wait, {"by": world.ann.id}),
    ):
        await world.do(verb, ticket_id=ticket.id, **facts)
    assert await world.kinds(ticket) == before


async def test_waiting_for_a_third_party_is_written_and_runs(world: World) -> None:
    """By default it pauses nothing, and the ticket stays with people."""
    ticket = await world.open()
    await world.do(world.desk.reply, ticket_id=ticket.id, by=world.ann.id, text="已联系机房")
    waited = await world.do(world.desk.wait, ticket_id=ticket.id, by=world.ann.id, third_party=True)
    assert waited.state is TicketState.OPEN
    assert (await world.clocks(ticket))["RS"].state is ClockState.RUNNING


async def test_people_and_chats_can_be_changed(world: World) -> None:
    """Roles, modes, and who is asked for by name; unknown ones are not found."""
    assert (await world.db.write(lambda conn: directory.set_role(conn, world.ann.id, Role.LEAD))).role is Role.LEAD
    chat = await world.ask(directory.chat_of, world.conversations[Tier.GOLD].id)
    assert (await world.db.write(lambda conn: directory.set_mode(conn, chat.id, Mode.OFF))).mode is Mode.OFF
    assert [client.slug for client in await world.ask(directory.clients)] == ["gold", "platinum", "standard"]
    assert (await world.ask(directory.client_by_slug, "gold")).tier is Tier.GOLD
    assert await world.ask(directory.client_by_slug, "lead") is None
    assert [who.login for who in await world.ask(directory.staff)] == ["ann", "bob", "lead"]
    with pytest.raises(NotFound):
        await world.db.write(lambda conn: directory.set_active(conn, 999, False))


async def test_a_ticket_has_its_own_transcript(world: World) -> None:
    """Its messages and notes, for staff; its public ones for the client."""
    ticket = await world.open()
    await world.hear("别的事")
    await world.write_in(ticket, "这件事")
    await world.do(world.desk.note, ticket_id=ticket.id, by=world.ann.id, text="内部")
    await world.do(world.desk.reply, ticket_id=ticket.id, by=world.ann.id, text="好的,已改")
    seen = {
        audience: [m.text for m in await world.ask(messages.ticket_messages, ticket.id, audience=audience)]
        for audience in (Audience.CLIENT, Audience.INTERNAL)
    }
    assert seen == {Audience.CLIENT: ["这件事", "好的,已改"], Audience.INTERNAL: ["这件事", "内部", "好的,已改"]}
