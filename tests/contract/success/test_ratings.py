"""Ratings on both databases: who is asked, who may answer, what is told, what is counted."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from bot.rating_work import AskingForRatings
from handoff import directory, people
from handoff.kinds import Tier
from handoff.model import Ticket
from handoff.tables import notice as notices
from success import ratings
from success.errors import RatingRefused
from success.people import NAMED
from success.ratings import Rating, Summary
from tests.contract.handoff.conftest import World


@pytest.fixture
def world(world: World) -> World:
    """The desk, with a worker that asks on the web."""
    AskingForRatings(world.db, askable={"web"}, clock=world.clock).register(world.worker)
    return world


async def resolved(world: World, *, tier: Tier = Tier.GOLD) -> Ticket:
    ticket = await world.open(tier=tier)
    ticket = await world.do(world.desk.resolve, ticket_id=ticket.id, by=world.ann.id)
    await world.worker.drain()
    return ticket


async def kept(world: World, ticket: Ticket) -> Rating | None:
    found: Rating | None = await world.ask(ratings.of_ticket, ticket.id)
    return found


async def rate(world: World, ticket: Ticket, value: int, **more: Any) -> Rating:
    given: Rating = await world.do(
        ratings.answer, **({"ticket_id": ticket.id, "person_id": ticket.requester_id, "value": value} | more)
    )
    return given


async def told(world: World, ticket: Ticket) -> list[tuple[int | None, int]]:
    query = select(notices.c.person_id, notices.c.data).where(
        notices.c.ticket_id == ticket.id, notices.c.kind == "low_rating"
    )
    rows = await world.db.read(lambda conn: conn.execute(query).all())
    return [(row.person_id, row.data["value"]) for row in rows]


async def test_a_resolved_ticket_asks_its_requester_once(world: World) -> None:
    """Resolved, re-opened and resolved again it is one request; the other ticket of the week asks nothing."""
    ticket = await resolved(world)
    first = await kept(world, ticket)
    assert first is not None
    assert (first.channel, first.asked_at, first.value) == ("web", world.clock(), None)
    world.clock.advance(timedelta(hours=1))
    other = await resolved(world)
    assert await kept(world, other) is None
    await world.do(world.desk.reopen, ticket_id=ticket.id, by=world.ann.id)
    await world.worker.drain()
    withdrawn = await kept(world, ticket)
    assert withdrawn is not None
    assert withdrawn.withdrawn_at == world.clock()
    world.clock.advance(timedelta(hours=1))
    await world.do(world.desk.resolve, ticket_id=ticket.id, by=world.ann.id)
    await world.worker.drain()
    assert await kept(world, ticket) == first


async def test_at_night_the_question_waits_for_the_morning(world: World) -> None:
    """Resolved at 22:00 in Shanghai, asked at 9:00; re-opened before, it is not asked at all."""
    world.clock.advance(timedelta(hours=12))
    gold, platinum = await resolved(world), await resolved(world, tier=Tier.PLATINUM)
    assert await kept(world, gold) is None
    await world.do(world.desk.reopen, ticket_id=platinum.id, by=world.ann.id)
    await world.pass_time(hours=10, minutes=55)
    assert await kept(world, gold) is None
    await world.pass_time(minutes=10)
    asked = await kept(world, gold)
    assert asked is not None
    assert asked.asked_at.hour == 1
    assert await kept(world, platinum) is None


async def test_a_week_later_the_same_person_is_asked_again(world: World) -> None:
    """Once a week at most, counted from the last request."""
    await resolved(world)
    world.clock.advance(timedelta(days=6, hours=23))
    early = await resolved(world)
    world.clock.advance(timedelta(hours=1))
    late = await resolved(world)
    assert await kept(world, early) is None
    assert await kept(world, late) is not None


async def test_only_the_requester_answers(world: World) -> None:
    """Another contact's press counts nothing; nor does a value off the scale."""
    ticket = await resolved(world)
    other = world.contacts[Tier.PLATINUM]
    for more, reason in (({"person_id": other.id}, "requester"), ({"value": 6}, "value"), ({"value": 0}, "value")):
        with pytest.raises(RatingRefused) as refused:
            await rate(world, ticket, **({"value": 5} | more))
        assert refused.value.reason == reason
    found = await kept(world, ticket)
    assert found is not None
    assert found.value is None


async def test_a_rating_can_be_changed_for_a_day(world: World) -> None:
    """A later word changes the value and keeps the comment; after a day it stands."""
    ticket = await resolved(world)
    given = await rate(world, ticket, 5, comment="快\u202e！<b>\0")
    assert (given.value, given.comment) == (5, "快！<b>")
    world.clock.advance(timedelta(hours=23))
    changed = await rate(world, ticket, 4)
    assert (changed.value, changed.comment, changed.at) == (4, "快！<b>", given.at)
    world.clock.advance(timedelta(hours=1))
    with pytest.raises(RatingRefused, match="settled"):
        await rate(world, ticket, 1)


async def test_a_low_rating_is_told_to_the_manager_once(world: World) -> None:
    """A 3, lowered to 1, is one notice; without a manager the lead hears of it; a 4 nobody."""
    await world.db.write(
        lambda conn: directory.update_client(conn, world.clients[Tier.GOLD].id, success_id=world.bob.id)
    )
    gold = await resolved(world)
    await rate(world, gold, 3)
    await rate(world, gold, 1)
    assert await told(world, gold) == [(world.bob.id, 3)]
    platinum = await resolved(world, tier=Tier.PLATINUM)
    await rate(world, platinum, 4)
    assert await told(world, platinum) == []
    await rate(world, platinum, 2)
    assert await told(world, platinum) == [(world.lead.id, 2)]


async def test_two_presses_at_once_are_one_rating_and_one_notice(world: World) -> None:
    """The ticket's row is the lock."""
    ticket = await resolved(world)
    await asyncio.gather(*(rate(world, ticket, 2) for _ in range(5)))
    assert await told(world, ticket) == [(world.lead.id, 2)]


async def test_a_link_answers_a_ticket_that_asked_nothing(world: World) -> None:
    """It makes the row; an open ticket takes none, nor one resolved a month ago."""
    ticket = await world.open()
    with pytest.raises(RatingRefused, match="not_resolved"):
        await rate(world, ticket, 5)
    await world.do(world.desk.resolve, ticket_id=ticket.id, by=world.ann.id)
    given = await rate(world, ticket, 5)
    assert (given.channel, given.asked_at) == ("link", world.clock())
    late = await world.open(tier=Tier.PLATINUM)
    await world.do(world.desk.resolve, ticket_id=late.id, by=world.ann.id)
    world.clock.advance(timedelta(days=30))
    with pytest.raises(RatingRefused, match="late"):
        await rate(world, late, 5)


async def test_what_waits_for_an_answer_is_shown_until_it_is_settled(world: World) -> None:
    """The request, then the answer while it may be changed; nothing once re-opened, nothing to another person."""
    ticket = await resolved(world)
    mine = {"conversation_ids": [ticket.conversation_id], "person_id": ticket.requester_id}
    assert await world.do(ratings.waiting, **mine) == await kept(world, ticket)
    assert await world.do(ratings.waiting, **(mine | {"person_id": world.contacts[Tier.PLATINUM].id})) is None
    assert await world.do(ratings.waiting, **(mine | {"conversation_ids": []})) is None
    await world.do(world.desk.reopen, ticket_id=ticket.id, by=world.ann.id)
    assert await world.do(ratings.waiting, **mine) is None


async def test_numbers_by_client_and_period(world: World) -> None:
    """Asked, answered, average and the share from 4 on; what was taken back unanswered was not asked."""
    start = world.clock()
    assert await world.ask(ratings.summary) == Summary()
    gold = await resolved(world)
    await rate(world, gold, 3)
    platinum, silver = await resolved(world, tier=Tier.PLATINUM), await resolved(world, tier=Tier.STANDARD)
    await rate(world, platinum, 5)
    await world.do(world.desk.reopen, ticket_id=silver.id, by=world.ann.id)
    await world.worker.drain()
    assert await world.ask(ratings.summary) == Summary(asked=2, answered=2, average=4.0, csat=0.5)
    by_client = await world.ask(ratings.by_client)
    assert by_client == {
        world.clients[Tier.GOLD].id: Summary(asked=1, answered=1, average=3.0, csat=0.0),
        world.clients[Tier.PLATINUM].id: Summary(asked=1, answered=1, average=5.0, csat=1.0),
    }
    later = await world.db.read(lambda conn: ratings.summary(conn, since=start + timedelta(seconds=1)))
    before = await world.db.read(lambda conn: ratings.summary(conn, until=start))
    assert later == before == Summary()
    mine = await world.db.read(lambda conn: ratings.summary(conn, client_id=world.clients[Tier.GOLD].id))
    assert mine.average == 3.0
    last = await world.ask(ratings.latest, world.clients[Tier.GOLD].id)
    assert [(each.ticket_id, each.value) for each in last] == [(gold.id, 3)]


async def test_a_rating_goes_along_when_two_records_become_one(world: World) -> None:
    """Merging a contact's records keeps what either of them rated."""
    ticket = await resolved(world)
    await rate(world, ticket, 5)
    keep = await world.do(
        directory.ensure_person, platform="web", external_id="again", name="Again", client_id=ticket.client_id
    )
    merging = {"client_id": ticket.client_id, "keep": keep.id, "gone": ticket.requester_id}
    await world.do(people.merge, **merging, also=NAMED, by=world.ann.id)
    rated = await kept(world, ticket)
    assert rated is not None
    assert (rated.person_id, rated.value) == (keep.id, 5)
