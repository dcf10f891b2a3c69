"""The desk's verbs, on both databases."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from handoff import board, directory, messages
from handoff.errors import (
    AlreadyClaimed,
    Duplicate,
    EmptyText,
    NotAllowed,
    NotFound,
    NotReplied,
    PastInstant,
)
from handoff.kinds import Audience, ClockState, Level, MessageKind, NoticeKind, Role, TicketState, Tier
from store.worker import Running
from tests.contract.handoff.conftest import MONDAY, World


async def test_a_ticket_gets_a_number_and_clocks_from_the_message_left_unresolved(world: World) -> None:
    """Clocks start at the message, not at the hand-off, and the number is for people."""
    world.clock.advance(timedelta(minutes=7))
    ticket = await world.open(since=MONDAY)
    clocks = await world.clocks(ticket)
    assert ticket.number == "T-1001"
    assert ticket.state is TicketState.NEW
    assert clocks["FR"].started_at == MONDAY
    assert clocks["FR"].due_at == MONDAY + timedelta(hours=4)
    assert clocks["RS"].due_at == datetime(2026, 3, 10, 10, 0, tzinfo=UTC)
    assert clocks["FR"].elapsed_s == 7 * 60


async def test_a_claim_is_no_answer_but_a_public_reply_is(world: World) -> None:
    """The first response clock runs on through the claim and stops at the first public message of a person."""
    ticket = await world.open()
    await world.do(world.desk.claim, ticket_id=ticket.id, by=world.ann.id)
    assert (await world.clocks(ticket))["FR"].state is ClockState.RUNNING
    world.clock.advance(timedelta(minutes=30))
    said = await world.do(world.desk.reply, ticket_id=ticket.id, by=world.ann.id, text="后台 → 设置 → 标题")
    first = (await world.clocks(ticket))["FR"]
    assert first.state is ClockState.MET
    assert first.stopped_at == MONDAY + timedelta(minutes=30)
    assert said.audience is Audience.CLIENT
    assert said.name == "Ann"
    assert said.delivery == "queued"


async def test_the_second_claimer_learns_who_has_it(world: World) -> None:
    """Two claim at once: one has it, the other is told who; claiming one's own again is no change."""
    ticket = await world.open()
    outcomes = await asyncio.gather(
        *(world.do(world.desk.claim, ticket_id=ticket.id, by=who.id) for who in (world.ann, world.bob)),
        return_exceptions=True,
    )
    lost = [outcome for outcome in outcomes if isinstance(outcome, AlreadyClaimed)]
    won = [outcome for outcome in outcomes if not isinstance(outcome, BaseException)]
    assert len(lost) == len(won) == 1
    assert lost[0].by.id == won[0].assignee_id
    again = await world.do(world.desk.claim, ticket_id=ticket.id, by=won[0].assignee_id)
    assert again.assignee_id == won[0].assignee_id
    assert (await world.kinds(ticket)).count("claimed") == 1


async def test_the_client_is_told_of_a_claim_once_and_of_the_resolution(world: World) -> None:
    """Not of transfers, not of a claim after an answer; the words are another room's."""
    quiet, answered = await world.open(), await world.open()
    await world.do(world.desk.claim, ticket_id=quiet.id, by=world.ann.id)
    await world.do(world.desk.transfer, ticket_id=quiet.id, to=world.bob.id, by=world.ann.id)
    await world.do(world.desk.return_to_bot, ticket_id=quiet.id, by=world.bob.id)
    await world.do(world.desk.claim, ticket_id=quiet.id, by=world.ann.id)
    await world.do(world.desk.reply, ticket_id=answered.id, by=world.ann.id, text="改好了")
    await world.do(world.desk.resolve, ticket_id=answered.id, by=world.ann.id)
    told: list[tuple[object, object]] = []

    async def tell(running: Running) -> None:
        told.append((running.job.body["ticket"], running.job.body["text_key"]))

    world.worker.register("client_notice", tell)
    await world.worker.drain()
    assert told == [(quiet.id, "ticket.claimed"), (answered.id, "ticket.resolved")]


async def test_a_colleague_who_left_holds_no_ticket(world: World) -> None:
    """A ticket of somebody inactive can be claimed; somebody inactive can do nothing."""
    ticket = await world.open()
    await world.do(world.desk.claim, ticket_id=ticket.id, by=world.ann.id)
    await world.db.write(lambda conn: directory.set_active(conn, world.ann.id, False))
    claimed = await world.do(world.desk.claim, ticket_id=ticket.id, by=world.bob.id)
    assert claimed.assignee_id == world.bob.id
    with pytest.raises(NotFound):
        await world.do(world.desk.note, ticket_id=ticket.id, by=world.ann.id, text="x")
    with pytest.raises(NotFound):
        await world.do(world.desk.transfer, ticket_id=ticket.id, to=world.ann.id, by=world.bob.id)
    with pytest.raises(NotFound):
        await world.do(world.desk.claim, ticket_id=ticket.id, by=world.contacts[Tier.GOLD].id)


async def test_an_internal_note_never_reaches_the_client(world: World) -> None:
    """A note is in the staff's transcript, not in the client's, and nothing is queued for delivery."""
    ticket = await world.open()
    note = await world.do(world.desk.note, ticket_id=ticket.id, by=world.ann.id, text="他的主机在 B 区")
    conversation = ticket.conversation_id
    seen = await world.ask(messages.transcript, conversation, audience=Audience.CLIENT)
    staff = await world.ask(messages.transcript, conversation, audience=Audience.INTERNAL)
    assert note.id not in {message.id for message in seen}
    assert note.id in {message.id for message in staff}
    assert note.delivery is None


async def test_waiting_pauses_the_resolution_until_the_client_writes(world: World) -> None:
    """Wait for client needs a public reply; a picture resumes the clock, thanks do not."""
    ticket = await world.open()
    with pytest.raises(NotReplied):
        await world.do(world.desk.wait, ticket_id=ticket.id, by=world.ann.id)
    await world.do(world.desk.reply, ticket_id=ticket.id, by=world.ann.id, text="请發一下截圖", wait=True)
    world.clock.advance(timedelta(hours=1))
    waiting = await world.write_in(ticket, "谢谢", MessageKind.THANKS)
    assert waiting.state is TicketState.WAITING
    assert (await world.clocks(ticket))["RS"].state is ClockState.PAUSED
    resumed = await world.write_in(ticket, "[图]")
    clocks = await world.clocks(ticket)
    assert resumed.state is TicketState.OPEN
    assert clocks["RS"].state is ClockState.RUNNING
    assert clocks["NR"].started_at == MONDAY + timedelta(hours=1)


async def test_resolving_unanswered_is_never_met(world: World) -> None:
    """Without any public reply by a person the first response is unanswered; with one it is met."""
    silent, spoken = await world.open(), await world.open()
    await world.do(world.desk.resolve, ticket_id=silent.id, by=world.ann.id)
    done = await world.do(world.desk.resolve, ticket_id=spoken.id, by=world.ann.id, text="已经改好了")
    assert (await world.clocks(silent))["FR"].state is ClockState.UNANSWERED
    assert (await world.clocks(spoken))["FR"].state is ClockState.MET
    assert done.state is TicketState.RESOLVED
    assert done.resolved_at == world.clock()


@pytest.mark.parametrize(
    ("kind", "days", "state"),
    [
        (MessageKind.CONTENT, 1, TicketState.OPEN),
        (MessageKind.CHASER, 1, TicketState.OPEN),
        (MessageKind.THANKS, 1, TicketState.RESOLVED),
        (MessageKind.ASSENT, 1, TicketState.RESOLVED),
        (MessageKind.CONTENT, 8, TicketState.RESOLVED),
    ],
)
async def test_what_reopens_a_resolved_ticket(world: World, kind: MessageKind, days: int, state: TicketState) -> None:
    """Content within the policy's days does; small talk and old matters do not."""
    ticket = await world.open()
    await world.do(world.desk.resolve, ticket_id=ticket.id, by=world.ann.id, text="好了")
    world.clock.advance(timedelta(days=days))
    assert (await world.write_in(ticket, "…", kind)).state is state


async def test_reopening_goes_on_where_the_clock_stopped(world: World) -> None:
    """Elapsed time is kept, resolved time is not counted, the first response never starts again."""
    ticket = await world.open(Level.EMERGENCY)
    world.clock.advance(timedelta(minutes=20))
    await world.do(world.desk.resolve, ticket_id=ticket.id, by=world.ann.id, text="恢复了")
    world.clock.advance(timedelta(hours=2))
    await world.write_in(ticket, "又打不开了")
    world.clock.advance(timedelta(minutes=10))
    clocks = await world.clocks(ticket)
    assert clocks["RS"].elapsed_s == 30 * 60
    assert clocks["FR"].state is ClockState.MET
    assert clocks["NR"].elapsed_s == 10 * 60


async def test_a_returned_ticket_comes_back_with_the_message_left_unresolved(world: World) -> None:
    """With the bot the resolution clock stands still; the next hand-off starts it again."""
    ticket = await world.open()
    await world.do(world.desk.reply, ticket_id=ticket.id, by=world.ann.id, text="机器人会答")
    returned = await world.do(world.desk.return_to_bot, ticket_id=ticket.id, by=world.ann.id)
    assert (returned.state, returned.assignee_id) == (TicketState.RETURNED, None)
    await world.write_in(ticket, "那手机版呢?")
    assert (await world.clocks(ticket))["RS"].state is ClockState.PAUSED
    heard = await world.hear("不对")
    back = await world.do(world.desk.hand_off, ticket_id=ticket.id, message_id=heard.id)
    clocks = await world.clocks(ticket)
    assert back.state is TicketState.NEW
    assert clocks["RS"].state is clocks["NR"].state is ClockState.RUNNING


async def test_a_client_message_counts_once(world: World) -> None:
    """The same message told twice changes nothing the second time."""
    ticket = await world.open()
    heard = await world.hear("还有一个问题")
    for _ in range(2):
        await world.do(world.desk.client_message, ticket_id=ticket.id, message_id=heard.id, kind=MessageKind.CONTENT)
    assert (await world.kinds(ticket)).count("client_wrote") == 1


async def test_raising_the_level_never_makes_a_deadline_later(world: World) -> None:
    """A gold question (4 h on G) that becomes a bug (24 h on A) is still due after 4 hours."""
    ticket = await world.open()
    await world.do(world.desk.set_level, ticket_id=ticket.id, level=Level.BUG, by=world.ann.id)
    assert (await world.clocks(ticket))["FR"].due_at == MONDAY + timedelta(hours=4)
    await world.do(world.desk.set_level, ticket_id=ticket.id, level=Level.EMERGENCY, by=world.ann.id)
    assert (await world.clocks(ticket))["FR"].due_at == MONDAY + timedelta(hours=1)
    await world.do(world.desk.set_level, ticket_id=ticket.id, level=Level.QUESTION, by=world.ann.id)
    assert (await world.clocks(ticket))["FR"].due_at == MONDAY + timedelta(hours=4)


async def test_urgency_orders_within_a_level_and_emergencies_come_first(world: World) -> None:
    """The queue: emergencies, then the nearest due, 急 breaking ties; its countdowns are the clocks' own."""
    first, second = await world.open(), await world.open()
    emergency = await world.open(Level.EMERGENCY, tier=Tier.STANDARD)
    await world.do(world.desk.reprioritise, ticket_id=second.id, by=None)
    world.clock.advance(timedelta(minutes=3))
    rows = await world.ask(board.queue, view="open", viewer_id=world.ann.id, now=world.clock())
    assert [row.ticket.id for row in rows] == [emergency.id, second.id, first.id]
    assert rows[1].next_clock == (await world.clocks(second))["FR"]
    assert rows[0].client_name == "standard Ltd"


async def test_views_and_their_counts_agree(world: World) -> None:
    """Every view's rows are as many as its count says."""
    mine, waiting, done, late = [await world.open() for _ in range(4)]
    await world.do(world.desk.claim, ticket_id=mine.id, by=world.ann.id)
    await world.do(world.desk.reply, ticket_id=waiting.id, by=world.bob.id, text="?", wait=True)
    await world.do(world.desk.resolve, ticket_id=done.id, by=world.bob.id, text="!")
    await world.pass_time(hours=5)
    counts = await world.ask(board.counts, viewer_id=world.ann.id, now=world.clock())
    assert counts == {"open": 3, "mine": 1, "unclaimed": 1, "late": 2, "breaching": 2, "waiting": 1, "resolved": 1}
    assert counts == await world.ask(board.counts, viewer_id=world.ann.id)
    for view, number in counts.items():
        rows = await world.ask(board.queue, view=view, viewer_id=world.ann.id, now=world.clock())
        assert len(rows) == number
    late_rows = await world.ask(board.queue, view="late", viewer_id=world.ann.id, now=world.clock())
    assert {row.ticket.id for row in late_rows} == {mine.id, late.id}


async def test_a_transfer_is_told_to_the_heir_alone(world: World) -> None:
    """The ticket changes hands without touching a clock, and the heir gets the only notice."""
    ticket = await world.open()
    before = await world.clocks(ticket)
    moved = await world.do(world.desk.transfer, ticket_id=ticket.id, to=world.bob.id, by=world.ann.id)
    told = {
        who.login: [n.kind for n in await world.ask(board.notices, person_id=who.id)] for who in (world.ann, world.bob)
    }
    assert moved.assignee_id == world.bob.id
    assert await world.clocks(ticket) == before
    assert told == {"ann": [NoticeKind.OPENED], "bob": [NoticeKind.TRANSFER, NoticeKind.OPENED]}


async def test_verbs_refuse_what_the_state_forbids(world: World) -> None:
    """Each refusal is an error that names the verb and the state."""
    ticket = await world.open()
    with pytest.raises(NotAllowed):
        await world.do(world.desk.reopen, ticket_id=ticket.id, by=world.ann.id)
    with pytest.raises(EmptyText):
        await world.do(world.desk.reply, ticket_id=ticket.id, by=world.ann.id, text=" \n")
    with pytest.raises(PastInstant):
        await world.do(world.desk.snooze, ticket_id=ticket.id, by=world.ann.id, until=MONDAY)
    await world.do(world.desk.resolve, ticket_id=ticket.id, by=world.ann.id)
    for verb in (world.desk.claim, world.desk.return_to_bot, world.desk.resolve):
        with pytest.raises(NotAllowed) as refused:
            await world.do(verb, ticket_id=ticket.id, by=world.ann.id)
        assert refused.value.state is TicketState.RESOLVED
    with pytest.raises(NotFound):
        await world.do(world.desk.claim, ticket_id=999, by=world.ann.id)
    assert await world.kinds(ticket) == ["opened", "resolved"]


async def test_an_unbound_chat_has_the_standard_contract(world: World) -> None:
    """Without a client a ticket is a standard one."""
    ticket = await world.do(
        world.desk.open,
        conversation_id=world.conversations[Tier.GOLD].id,
        client_id=None,
        requester_id=world.contacts[Tier.GOLD].id,
        level=Level.QUESTION,
        title="?",
        summary="",
        reason="asked",
        since=MONDAY,
    )
    assert ticket.tier is Tier.STANDARD


async def test_names_are_unique_and_a_fresh_row_can_follow(world: World) -> None:
    """A taken slug or login is refused without spoiling the transaction."""
    with pytest.raises(Duplicate):
        await world.do(directory.add_client, slug="gold", name="?", tier=Tier.GOLD)
    with pytest.raises(Duplicate):
        await world.do(directory.add_staff, login=" ANN ", name="?", role=Role.AGENT)
    assert (await world.do(directory.add_staff, login="cy", name="Cy", role=Role.AGENT)).login == "cy"
    assert (await world.ask(directory.staff_by_login, "Cy")).name == "Cy"
