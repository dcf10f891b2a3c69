"""The indicators of a real desk, on both databases."""

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from handoff import messages, turn_records
from handoff.figures import figures
from handoff.indicators import Figures, Share, Spread
from handoff.kinds import ClockKind, Level, MessageKind, Outcome, Tier
from tests.contract.handoff.conftest import MONDAY, World

MINUTE = 60


async def read(world: World, **facts: Any) -> Figures:
    """The figures of the week from Monday, as of now."""
    asked = {"since": MONDAY, "until": MONDAY + timedelta(days=6), "now": world.clock()} | facts
    return await world.ask(figures, zone=ZoneInfo("Asia/Shanghai"), **asked)


async def turn(world: World, heard: list[int], *, outcome: Outcome, said: str | None = None, **facts: Any) -> None:
    """What the bot made of some messages of the gold client, and what it said."""
    talk = world.conversations[Tier.GOLD].id
    values = {"reason": "answered", "level": Level.QUESTION, "language": "zh-Hans", "question": "?", "ms": 900} | facts
    made = await world.db.write(
        lambda conn: turn_records.record_turn(
            conn, conversation_id=talk, person_id=None, message_ids=heard, outcome=outcome, at=world.clock(), **values
        )
    )
    if said is not None:
        await world.do(messages.say, conversation_id=talk, text=said, name="Bot", turn_id=made.id)


async def test_an_empty_desk_has_no_figures(world: World) -> None:
    """Nothing to divide by."""
    found = await read(world)
    assert found.first_response.wall == Spread()
    assert found.share().rate is None
    assert [week.requests for week in found.trend] == [0] * 8


async def test_first_responses_of_a_day(world: World) -> None:
    """Answered after 30 minutes, held after 10, resolved unanswered after 60, still waiting for 5 hours."""
    answered, held, unanswered, _ = [await world.open() for _ in range(4)]
    world.clock.advance(timedelta(minutes=10))
    await world.do(world.desk.reply, ticket_id=held.id, by=world.ann.id, text="稍等")
    world.clock.advance(timedelta(minutes=20))
    await world.do(world.desk.reply, ticket_id=answered.id, by=world.ann.id, text="好了")
    world.clock.advance(timedelta(minutes=30))
    await world.do(world.desk.resolve, ticket_id=unanswered.id, by=None)
    world.clock.advance(timedelta(hours=4))
    found = await read(world)
    response = found.first_response
    waits = sorted(minutes * MINUTE for minutes in (30, 10, 60, 300))
    assert (response.wall.n, response.wall.open, response.held) == (4, 2, 1)
    assert response.wall.mean == sum(waits) / 4
    assert response.business == response.wall  # all inside 09:00-21:00
    assert found.share(clock=ClockKind.FR) == Share(met=2, unanswered=1, late=1)
    assert found.share(clock=ClockKind.FR).rate == 0.5
    assert found.resolution.wall == Spread(n=1, mean=3600, median=3600, p90=3600)
    assert [week.requests for week in found.trend] == [0] * 7 + [4]


async def test_business_time_stops_at_night_and_wall_time_does_not(world: World) -> None:
    """A gold question of 20:00 that nobody answers: an hour today, and two tomorrow at eleven."""
    await world.open(since=MONDAY - timedelta(hours=1))
    world.clock.set(MONDAY + timedelta(hours=10))
    await world.open()
    world.clock.set(MONDAY + timedelta(hours=25))
    response = (await read(world)).first_response
    assert response.wall.mean == 15 * 3600
    assert response.business.mean == 3 * 3600


async def test_an_emoji_is_no_response(world: World) -> None:
    """It is said, and stops nothing; waiting on it is refused like waiting without a word."""
    ticket = await world.open()
    world.clock.advance(timedelta(minutes=5))
    await world.do(world.desk.reply, ticket_id=ticket.id, by=world.ann.id, text="👌")
    world.clock.advance(timedelta(minutes=5))
    assert (await read(world)).first_response.wall == Spread(n=1, open=1, mean=600, median=600, p90=600)
    await world.do(world.desk.reply, ticket_id=ticket.id, by=world.ann.id, text="ok, 已改 👌")
    assert (await read(world)).first_response.wall.open == 0


async def test_whole_waits_and_the_bots_latency(world: World) -> None:
    """The bot answers a burst after 20 s; the next question is left to people, who answer after ten minutes."""
    first = await world.hear("在吗")
    world.clock.advance(timedelta(seconds=30))
    second = await world.hear("标题怎么改")
    world.clock.advance(timedelta(seconds=20))
    await turn(world, [first.id, second.id], outcome=Outcome.ANSWERED, said="这样改")
    world.clock.advance(timedelta(hours=1))
    third = await world.hear("不行")
    world.clock.advance(timedelta(seconds=40))
    ticket = await world.open(since=third.at)
    await world.db.write(lambda conn: messages.join_ticket(conn, [third.id], ticket.id))
    await turn(world, [third.id], outcome=Outcome.ESCALATE, said="已转同事", ticket_id=ticket.id)
    world.clock.advance(timedelta(seconds=560))
    await world.do(world.desk.reply, ticket_id=ticket.id, by=world.ann.id, text="已改")
    thanks = await world.hear("谢谢")
    await world.do(world.desk.client_message, ticket_id=ticket.id, message_id=thanks.id, kind=MessageKind.THANKS)
    chat = await world.hear("群里闲聊")
    await turn(world, [chat.id], outcome=Outcome.SILENT, reason="not_addressed")
    found = await read(world)
    assert found.bot_latency == Spread(n=2, mean=30, median=30, p90=38)
    assert found.wait_any == Spread(n=2, mean=325, median=325, p90=50 + 0.9 * 550)
    assert found.wait_person == Spread(n=1, mean=600, median=600, p90=600)


async def test_a_client_and_a_period_can_be_chosen(world: World) -> None:
    """Each client's own; what started before or after is not in it."""
    await world.open(Level.EMERGENCY, tier=Tier.GOLD)
    await world.open(tier=Tier.STANDARD)
    gold = world.clients[Tier.GOLD].id
    assert {key[2] for key in (await read(world, client_id=gold)).shares} == {Tier.GOLD}
    assert (await read(world)).first_response.wall.n == 2
    assert (await read(world, since=MONDAY + timedelta(seconds=1))).first_response.wall.n == 0
    assert (await read(world, since=MONDAY - timedelta(days=1), until=MONDAY)).first_response.wall.n == 0
