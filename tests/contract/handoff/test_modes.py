"""Modes and scores of drafts, on both databases."""

from datetime import timedelta

import pytest
from sqlalchemy import Connection, select

from bot import colleagues
from handoff import board, chats, directory, drafts, messages, modes, turn_records
from handoff.autonomy import RECENT, Bound, Fall, Tally
from handoff.chat_tables import draft_score
from handoff.kinds import ChatKind, Level, Mode, NoticeKind, Outcome, Tier
from handoff.model import Message, Turn
from store.tables import job
from tests.contract.handoff.conftest import World


def chat_id(world: World) -> int:
    return world.conversations[Tier.GOLD].chat_id


async def turned(
    world: World, outcome: Outcome = Outcome.SILENT, reason: str = drafts.DRAFTED, *, category: str | None = None
) -> Turn:
    """The gold client's contact asks, and the bot makes this of it."""
    heard = await world.hear("标题怎么改")

    def body(conn: Connection) -> Turn:
        return turn_records.record_turn(
            conn, conversation_id=heard.conversation_id, person_id=heard.person_id, message_ids=[heard.id],
            outcome=outcome, reason=reason, level=Level.QUESTION, category=category, language="zh-Hans",
            question="标题怎么改", at=world.clock(), ms=1,
        )  # fmt: skip

    return await world.db.write(body)


async def speak(world: World, text: str, *, reply_to: int | None = None) -> Message:
    """A colleague says something straight in the group, as every channel brings it."""

    def body(conn: Connection) -> Message:
        now = world.clock()
        said = messages.accept(
            conn, conversation=world.conversations[Tier.GOLD], person=world.ann, external_id=f"s{text}", text=text,
            reply_to=reply_to, at=now, now=now, author="staff",
        )  # fmt: skip
        assert said is not None
        colleagues.spoke(conn, said, desk=world.desk, now=now)
        return said

    return await world.db.write(body)


async def to_score(world: World) -> list[int]:
    """The drafts that are to be compared, in the order of their jobs."""
    query = select(job.c.body).where(job.c.queue == drafts.SCORE).order_by(job.c.id)
    bodies = await world.db.read(lambda conn: list(conn.execute(query).scalars()))
    return [body["turn"] for body in bodies]


async def scored(world: World, verdict: str, *, category: str | None = None) -> None:
    draft = await turned(world, category=category)
    said = draft.message_ids[0]
    await world.do(drafts.score, draft=draft, verdict=verdict, how=None, similarity=None, message_id=said)


async def test_a_change_of_mode_is_kept_with_its_author(world: World) -> None:
    """Newest first; the same mode again is no change."""
    for mode, by in ((Mode.SHADOW, world.ann), (Mode.SHADOW, world.bob), (Mode.AUTO, world.lead)):
        changed = await world.do(modes.change, chat_id=chat_id(world), mode=mode, by=by.id)
        assert changed.mode is mode
        world.clock.advance(timedelta(minutes=1))
    kept = await world.ask(modes.changes, chat_id(world))
    assert [(each.mode, each.by_id, each.why) for each in kept] == [
        (Mode.AUTO, world.lead.id, "set"),
        (Mode.SHADOW, world.ann.id, "set"),
    ]


async def test_the_bound_is_the_last_one_set(world: World) -> None:
    """Eighty per cent of twenty at least, until somebody says otherwise."""
    assert await world.ask(modes.bound) == Bound(percent=80, least=20)
    for percent in (70, 90):
        await world.do(modes.set_bound, wanted=Bound(percent=percent, least=5), by=world.lead.id)
    assert await world.ask(modes.bound) == Bound(percent=90, least=5)


async def test_the_draft_that_a_colleague_answers(world: World) -> None:
    """The one replied to, else the newest; an emoji answers none, and one of yesterday is forgotten."""
    old = await turned(world)
    world.clock.advance(timedelta(hours=3))
    first, second = await turned(world), await turned(world)
    await speak(world, "👌")
    assert await to_score(world) == []
    await speak(world, "设置里改", reply_to=first.message_ids[0])
    await speak(world, "常规那一页")
    assert await to_score(world) == [first.id, second.id]
    for draft in (first, second):
        facts = {"how": "page", "similarity": 0.9, "message_id": draft.message_ids[0]}
        await world.do(drafts.score, draft=draft, verdict="hit", **facts)
    await speak(world, "还有什么问题吗")
    assert old.id not in await to_score(world)
    assert len(await to_score(world)) == 2


async def test_an_answer_by_a_ticket_counts_for_its_draft(world: World) -> None:
    """Hours later, when the request that nobody answered had become a ticket."""
    draft = await turned(world)
    ticket = await world.open()
    await world.db.write(lambda conn: turn_records.give_to_ticket(conn, draft.id, ticket.id))
    await turned(world)
    world.clock.advance(timedelta(hours=5))
    await world.do(world.desk.reply, ticket_id=ticket.id, by=world.ann.id, text="设置里改")
    assert await to_score(world) == [draft.id]


async def test_a_colleagues_answer_is_all_they_said(world: World) -> None:
    """Since the draft, in several messages, but no reply to something else, and nothing internal."""
    before = await turned(world)
    await speak(world, "更早的话")
    draft = await turned(world)
    last = await speak(world, "设置里")
    await speak(world, "另一件事", reply_to=before.message_ids[0])
    await speak(world, "常规那一页", reply_to=draft.message_ids[0])
    assert await world.ask(drafts.answer_to, draft, last) == "设置里\n常规那一页"


async def test_a_draft_is_scored_once(world: World) -> None:
    """The first verdict stays."""
    draft = await turned(world)
    for verdict in ("hit", "miss"):
        facts = {"how": None, "similarity": None, "message_id": draft.message_ids[0]}
        await world.do(drafts.score, draft=draft, verdict=verdict, **facts)
    kept = await world.db.read(lambda conn: list(conn.execute(select(draft_score.c.verdict)).scalars()))
    assert kept == ["hit"]
    assert await world.ask(drafts.is_scored, draft.id)


async def test_tallies_by_category(world: World) -> None:
    """Hits of answers; what was no answer is in neither; what is old, or before a fall, counts no more."""
    for verdict, category in (("hit", "mail"), ("miss", "mail"), ("hit", None), ("none", "seo")):
        await scored(world, verdict, category=category)
    found = await world.ask(drafts.tallies, now=world.clock())
    assert found == {chat_id(world): (Tally(category="mail", hits=1, answers=2), Tally(hits=1, answers=1))}
    assert await world.ask(drafts.tallies, now=world.clock() + RECENT) == {}
    world.clock.advance(timedelta(minutes=1))
    await world.do(modes.change, chat_id=chat_id(world), mode=Mode.AUTO, by=world.ann.id)
    await world.do(modes.change, chat_id=chat_id(world), mode=Mode.MENTION, by=None, why="fell_back")
    assert await world.ask(drafts.tallies, now=world.clock()) == {}
    world.clock.advance(timedelta(minutes=1))
    await scored(world, "hit")
    assert (await world.ask(drafts.tallies, now=world.clock()))[chat_id(world)] == (Tally(hits=1, answers=1),)


async def _answered(world: World, *, solved: bool) -> None:
    await turned(world, Outcome.ANSWERED, "extract")
    world.clock.advance(timedelta(minutes=1))
    if not solved:
        await turned(world, Outcome.ESCALATE, "not_solved")
    world.clock.advance(timedelta(minutes=20))


async def test_a_chat_falls_back_once(world: World) -> None:
    """Three unsolved of three; the leads are told by the ticket, once; again, nothing more."""
    ticket = await world.open()
    await world.do(modes.change, chat_id=chat_id(world), mode=Mode.AUTO, by=world.ann.id)
    look = {"chat_id": chat_id(world), "ticket_id": ticket.id}
    for _ in range(2):
        await _answered(world, solved=False)
        assert await world.do(modes.reconsider, **look) is None
    await _answered(world, solved=False)
    assert await world.do(modes.reconsider, **look) == Fall(unsolved=3, answers=3)
    assert await world.do(modes.reconsider, **look) is None
    assert (await world.ask(directory.chat, chat_id(world))).mode is Mode.MENTION
    told = await world.ask(board.notices, person_id=world.lead.id)
    assert [notice.ticket_id for notice in told if notice.kind is NoticeKind.FELL_BACK] == [ticket.id]
    assert NoticeKind.FELL_BACK not in {n.kind for n in await world.ask(board.notices, person_id=world.ann.id)}


@pytest.mark.parametrize("mode", [Mode.MENTION, Mode.SHADOW, Mode.OFF])
async def test_only_a_chat_in_auto_falls(world: World, mode: Mode) -> None:
    """What was answered when asked for is no measure of answering unasked."""
    ticket = await world.open()
    await world.do(modes.change, chat_id=chat_id(world), mode=mode, by=world.ann.id)
    for _ in range(4):
        await _answered(world, solved=False)
    assert await world.do(modes.reconsider, chat_id=chat_id(world), ticket_id=ticket.id) is None


async def test_what_was_answered_before_auto_does_not_count(world: World) -> None:
    """The chat begins anew; and good answers hold it up."""
    ticket = await world.open()
    for _ in range(4):
        await _answered(world, solved=False)
    await world.do(modes.change, chat_id=chat_id(world), mode=Mode.AUTO, by=world.ann.id)
    for solved in (True, True, True, True, False, False, False):
        await _answered(world, solved=solved)
    assert await world.do(modes.reconsider, chat_id=chat_id(world), ticket_id=ticket.id) is None


async def test_the_overview_names_each_group_with_its_last_word(world: World) -> None:
    """Last spoken in first; internal notes are no word."""
    await world.hear("你好", tier=Tier.STANDARD)
    await world.hear("标题怎么改")
    note = {"conversation_id": world.conversations[Tier.STANDARD].id, "text": "内部", "name": "Ann"}
    await world.do(messages.internal, **note)
    rows = await world.ask(modes.overview, now=world.clock())
    shown = [(row.client_slug, row.last_text) for row in rows]
    assert shown[:2] == [("gold", "标题怎么改"), ("standard", "你好")]
    assert ("platinum", None) in shown


async def test_a_moved_chat_keeps_its_mode_and_scores(world: World) -> None:
    """What was kept under its new id before the move was known joins it; the mode stays the known one's."""
    await scored(world, "hit")
    stray = await world.do(directory.ensure_chat, platform="web", external_id="new", kind=ChatKind.GROUP)
    await world.do(modes.change, chat_id=stray.id, mode=Mode.AUTO, by=world.ann.id)
    moved = await world.db.write(lambda conn: chats.move(conn, platform="web", old="gold", new="new"))
    assert moved is not None
    assert (moved.id, moved.mode) == (chat_id(world), Mode.MENTION)
    assert len(await world.ask(modes.changes, moved.id)) == 1
    assert (await world.ask(drafts.tallies, now=world.clock()))[moved.id] == (Tally(hits=1, answers=1),)
