"""The indicators of a real desk, on both databases; expected values are counted by hand."""

from datetime import timedelta
from typing import Any

from handoff import messages, turn_records
from handoff.evidence import Asked
from handoff.figures import Figures, figures
from handoff.indicators import DIMENSIONS, Unit, parts
from handoff.kinds import Level, MessageKind, Outcome, Tier
from handoff.measures import indicators
from tests.contract.handoff.conftest import MONDAY, World

MINUTE = 60
ALL = indicators("handoff.measures")


async def read(world: World, **facts: Any) -> Figures:
    """The figures of the week from Monday, as of now, with a trend by day."""
    asked = Asked(**({"since": MONDAY, "until": MONDAY + timedelta(days=6), "now": world.clock()} | facts))
    edges = [asked.since + timedelta(days=n) for n in range(7)]
    return await world.ask(figures, asked, ALL, before=asked.since - timedelta(days=6), edges=edges)


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
    """Nothing to divide by; nothing is counted as none."""
    found = await read(world)
    assert {figure.value for figure in found.of.values() if figure.indicator.unit is not Unit.COUNT} == {None}
    assert {figure.value for figure in found.of.values() if figure.indicator.unit is Unit.COUNT} == {0.0}
    assert found.trends["first_response"] == (None,) * 6


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
    response = found.of["first_response"]
    assert response.value == (30 + 10 + 60 + 300) * MINUTE / 4
    assert response.spread() == response.spread(wall=True)  # all inside 09:00-21:00
    assert response.marked() == {"open": 2, "held": 1}
    assert response.met is True
    assert found.of["kept_fr"].marked() == {"met": 2, "missed": 0, "unanswered": 1, "late": 1}
    assert found.of["kept_fr"].value == 0.5
    assert found.of["resolution"].value == 3600
    assert found.of["held"].value == 1
    assert found.trends["tickets"] == (4.0, None, None, None, None, None)


async def test_what_is_counted_of_tickets(world: World) -> None:
    """Three opened, two resolved, one of those opened again, one merged into another."""
    first, second, third, fourth = [await world.open() for _ in range(4)]
    world.clock.advance(timedelta(hours=2))
    for ticket in (first, second):
        await world.do(world.desk.reply, ticket_id=ticket.id, by=world.ann.id, text="已处理好了")
        await world.do(world.desk.resolve, ticket_id=ticket.id, by=world.ann.id)
    await world.do(world.desk.reopen, ticket_id=second.id, by=world.ann.id)
    await world.do(world.desk.merge, ticket_id=fourth.id, into=third.id, by=world.ann.id)
    found = await read(world)
    assert found.of["tickets"].value == 3
    assert found.of["backlog"].value == 2
    assert found.of["backlog_age"].value == 2 * 3600
    assert found.of["reopened"].value == 0.5
    assert sorted(fact.ticket or 0 for fact in found.of["reopened"].facts) == [first.id, second.id]
    yesterday = await read(world, since=MONDAY - timedelta(days=1), until=MONDAY)
    assert (yesterday.of["tickets"].value, yesterday.of["backlog"].value) == (0, 0)
    later = await read(world, since=MONDAY + timedelta(days=1), until=MONDAY + timedelta(days=2))
    assert later.of["tickets"].value == 0
    assert later.of["tickets"].before == 3
    assert later.of["tickets"].change == -3


async def test_the_bots_matters(world: World) -> None:
    """Confirmed, assumed, handed off: a third each; the change request is none of the routine questions."""
    solved = await world.hear("标题怎么改")
    await turn(world, [solved.id], outcome=Outcome.ANSWERED, said="这样改")
    await turn(world, [(await world.hear("好了")).id], outcome=Outcome.SILENT, reason="solved")
    world.clock.advance(timedelta(hours=3))
    await turn(world, [(await world.hear("图片多大")).id], outcome=Outcome.ANSWERED, said="2 MB")
    world.clock.advance(timedelta(hours=3))
    ticket = await world.open()
    await turn(world, [(await world.hear("不行")).id], outcome=Outcome.ESCALATE, said="已转", ticket_id=ticket.id)
    world.clock.advance(timedelta(hours=3))
    change = {"level": Level.CHANGE, "reason": "change_request"}
    await turn(world, [(await world.hear("加个页面")).id], outcome=Outcome.ESCALATE, said="已转", **change)
    world.clock.advance(timedelta(hours=3))
    found = await read(world)
    rates = {name: found.of[name].value for name in ("bot_resolved", "bot_confirmed", "bot_assumed", "handed_off")}
    assert rates == {"bot_resolved": 2 / 3, "bot_confirmed": 1 / 3, "bot_assumed": 1 / 3, "handed_off": 0.5}
    assert found.of["bot_resolved"].met is False


async def test_business_time_stops_at_night_and_wall_time_does_not(world: World) -> None:
    """A gold question of 20:00 that nobody answers: an hour today, and two tomorrow at eleven."""
    await world.open(since=MONDAY - timedelta(hours=1))
    world.clock.set(MONDAY + timedelta(hours=10))
    await world.open()
    world.clock.set(MONDAY + timedelta(hours=25))
    response = (await read(world)).of["first_response"]
    assert response.spread(wall=True).mean == 15 * 3600
    assert response.value == 3 * 3600


async def test_an_emoji_is_no_response(world: World) -> None:
    """It is said, and stops nothing; waiting on it is refused like waiting without a word."""
    ticket = await world.open()
    world.clock.advance(timedelta(minutes=5))
    await world.do(world.desk.reply, ticket_id=ticket.id, by=world.ann.id, text="👌")
    world.clock.advance(timedelta(minutes=5))
    response = (await read(world)).of["first_response"]
    assert (response.value, response.marked()["open"]) == (600, 1)
    await world.do(world.desk.reply, ticket_id=ticket.id, by=world.ann.id, text="ok, 已改 👌")
    assert (await read(world)).of["first_response"].marked()["open"] == 0


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
    assert found.of["bot_latency"].spread() == (2, 30, 30, 38)
    assert found.of["wait_any"].spread() == (2, 325, 325, 50 + 0.9 * 550)
    assert found.of["wait_person"].spread() == (1, 600, 600, 600)
    assert [fact.ticket for fact in found.of["wait_person"].facts] == [ticket.id]
    assert found.of["messages"].value == 8
    assert found.of["messages"].marked() == {"client": 5, "bot": 2, "staff": 1, "system": 0}


async def test_figures_can_be_narrowed(world: World) -> None:
    """To a client, a level, a tier, a category, a colleague; what started before or after is not in it."""
    mine = await world.open(Level.EMERGENCY, tier=Tier.GOLD)
    await world.open(tier=Tier.STANDARD)
    await world.do(world.desk.claim, ticket_id=mine.id, by=world.ann.id)
    gold = world.clients[Tier.GOLD].id
    for narrowed in (
        {"client_id": gold}, {"level": Level.EMERGENCY}, {"tier": Tier.GOLD}, {"agent_id": world.ann.id},
    ):  # fmt: skip
        found = await read(world, **narrowed)
        assert {fact.ticket for each in found.of.values() for fact in each.facts if fact.ticket} == {mine.id}, narrowed
        assert found.of["tickets"].value == 1
    for nobody in (
        {"category": "mail"},
        {"team": "web"},
        {"agent_id": world.bob.id},
        {"client_id": gold, "level": Level.BUG},
    ):
        assert (await read(world, **nobody)).of["tickets"].value == 0
    response = "first_response"
    assert len((await read(world)).of[response].facts) == 2
    assert len((await read(world, since=MONDAY + timedelta(seconds=1))).of[response].facts) == 0
    assert len((await read(world, since=MONDAY - timedelta(days=1), until=MONDAY)).of[response].facts) == 0


async def test_the_parts_of_every_figure_are_the_whole(world: World) -> None:
    """Whatever it is parted by, each fact is in one part; what narrowing finds is that part."""
    for tier in Tier:
        for level in (Level.BUG, Level.QUESTION):
            await world.open(level, tier=tier)
    world.clock.advance(timedelta(hours=30))
    found = await read(world)
    for figure in found.of.values():
        for dimension in DIMENSIONS:
            assert sum(map(len, parts(figure.facts, dimension).values())) == len(figure.facts)
    for tier in Tier:
        narrowed = await read(world, tier=tier)
        for name, figure in found.of.items():
            mine = parts(figure.facts, "tier").get(tier, [])
            assert sorted(mine) == sorted(narrowed.of[name].facts), name
