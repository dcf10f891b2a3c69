"""Corrections on both databases: found once, decided once."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import Connection

from handoff import messages, sources
from handoff.kinds import Audience, Tier
from store.db import Database
from success import corrections, recalling
from success.recall_errors import NoCorrection, NotTheirs, Rewritten, Settled, Wordless
from tests.contract.handoff.conftest import World
from tests.contract.success.manual import answer, page, publish, recalls

OLD, NEW, NEWER = (page(f"## 费用\n\n每月 {price} 元。") for price in (300, 380, 420))


async def told(world: World, *, tiers: tuple[Tier, ...] = (Tier.GOLD,)) -> None:
    """Clients are answered from the old page, and the page changes."""

    def body(conn: Connection) -> None:
        version = publish(conn, OLD, now=world.clock())
        for tier in tiers:
            answer(conn, world.conversations[tier], OLD, version=version, now=world.clock())
        publish(conn, NEW, now=world.clock())

    await world.db.write(body)


async def waiting(world: World) -> tuple[corrections.Correction, ...]:
    return await world.db.read(corrections.waiting)


async def test_found_once_whoever_looks(world: World, database: Database) -> None:
    """Two processes look at the same time: one matter for each chat, and the words outlive their version."""
    await told(world, tiers=(Tier.GOLD, Tier.PLATINUM))
    await asyncio.gather(*(recalls(database, world.clock).review() for _ in range(4)))
    found = await waiting(world)
    assert [(each.page, each.answers, str(each.grade)) for each in found] == [("zh/care/price", 1, "facts")] * 2
    assert len({each.client for each in found}) == 2


async def test_sent_once_by_whoever_is_first(world: World, database: Database) -> None:
    """Eight presses at once are one message; the others are told who sent it."""
    await told(world)
    await recalls(database, world.clock).review()
    (found,) = await waiting(world)
    facts = {"by": world.lead.id, "says": found.says, "name": "bot", "desk": world.desk}
    presses = (world.do(corrections.send, number=found.number, **facts) for _ in range(8))
    ended = await asyncio.gather(*presses, return_exceptions=True)
    assert sum(isinstance(each, Settled) for each in ended) == 7
    talk = world.conversations[Tier.GOLD].id
    said = await world.ask(messages.transcript, talk, audience=Audience.CLIENT)
    assert ["380" in each.text for each in said] == [False, True]
    assert said[1].reply_to == said[0].id


async def test_what_was_read_is_what_is_sent(world: World, database: Database) -> None:
    """A draft that was replaced meanwhile is not sent in its place; roles and empty words are refused."""
    await told(world)
    looking = recalls(database, world.clock)
    await looking.review()
    (read,) = await waiting(world)
    await world.do(publish_newer)
    await looking.review()
    facts = {"number": read.number, "name": "bot", "desk": world.desk}
    with pytest.raises(Rewritten):
        await world.do(corrections.send, **facts, by=world.lead.id, says=read.says)
    with pytest.raises(NotTheirs):
        await world.do(corrections.send, **facts, by=world.ann.id)
    with pytest.raises(Wordless):
        await world.do(corrections.send, **facts, by=world.lead.id, text="  ")
    with pytest.raises(Wordless):
        await world.do(corrections.dismiss, number=read.number, by=world.lead.id, reason=" ")
    with pytest.raises(NoCorrection):
        await world.do(corrections.send, **facts | {"number": 99}, by=world.lead.id)
    assert not await world.db.write(lambda conn: recalling.redraft(conn, read.number, says=read.says, text="late"))
    (now,) = await waiting(world)
    assert "420" in now.draft


def publish_newer(conn: Connection, *, now: object) -> None:
    publish(conn, NEWER, now=now)  # type: ignore[arg-type]


async def test_old_answers_are_left_alone(world: World, database: Database) -> None:
    """Beyond the window nobody is bothered, and the words are forgotten."""
    await told(world)
    world.clock.advance(timedelta(days=92))
    reviewed = await recalls(database, world.clock).review()
    assert reviewed.waiting == 0
    assert await waiting(world) == ()


async def test_a_suggestion_hands_on_what_it_rests_on(world: World) -> None:
    """What a colleague sends as suggested can be recalled like the bot's own answers; what was taken back cannot."""

    def body(conn: Connection) -> tuple[tuple[sources.Source, ...], ...]:
        now, talk = world.clock(), world.conversations[Tier.GOLD]
        said = answer(conn, talk, OLD, version=3, now=now)
        sent = messages.say(conn, conversation_id=talk.id, text="…", name="Ann", author="staff", now=now)
        sources.hand_on(conn, said.id, to=sent.id, at=now)
        sources.forget(conn, said.id)
        return sources.of(conn, sent.id), sources.of(conn, said.id)

    sent, taken_back = await world.db.write(body)
    assert [(each.page, each.version) for each in sent] == [("zh/care/price", "3")]
    assert taken_back == ()
