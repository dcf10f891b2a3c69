"""A request that nobody answers, on both databases: one ticket, dated from its message, whatever comes late or twice."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Connection

from bot import unanswered
from bot.gate import Stay
from bot.model import Act, Situation
from bot.shipped import load_rules, load_texts
from bot.unanswered import Unanswered
from handoff import board, directory, messages, turn_records
from handoff.kinds import EventKind, Level, Mode, NoticeKind, Outcome, PersonKind, TicketState, Tier
from handoff.model import Message, QueueRow, Ticket, Turn
from knowledge.errors import NothingIndexed
from tests.contract.handoff.conftest import World

RULES, TEXTS = load_rules(), load_texts()
TEN = timedelta(minutes=10)


@dataclass
class Categories:
    """A manual that knows categories only; None: it is not there."""

    known: dict[str, str] | None

    async def category(self, text: str) -> str | None:
        if self.known is None:
            raise NothingIndexed(made_by=None)
        return self.known.get(text)


@pytest.fixture
def manual(world: World) -> Categories:
    """The manual, whose handler is the world's worker's."""
    made = Categories({"图片你发了吗": "content", "邮箱收不到信报错了": "mail", "首页标题怎么改": "wordpress"})
    facts = {"db": world.db, "desk": world.desk, "rules": RULES, "texts": TEXTS, "clock": world.clock}
    Unanswered(manual=made, **facts).register(world.worker)
    return made


async def ask(
    world: World, text: str, *, at: datetime | None = None, reason: str = "not_addressed", category: str | None = None
) -> Turn:
    """The gold client's contact writes, and the bot's turn stays silent, as it is recorded."""
    heard = await world.hear(text, at=at)

    def body(conn: Connection) -> Turn:
        now, reading = world.clock(), RULES.read(text)
        turn = turn_records.record_turn(
            conn, conversation_id=heard.conversation_id, person_id=heard.person_id, message_ids=[heard.id],
            outcome=Outcome.SILENT, reason=reason, level=reading.level, category=category, language="zh-Hans",
            question=text, at=now, ms=1,
        )  # fmt: skip
        chat = directory.chat(conn, heard.chat_id)
        client = directory.client(conn, chat.client_id) if chat.client_id is not None else None
        situation = Situation(
            chat=chat, client=client, person=world.contacts[Tier.GOLD], pieces=(heard,), open_tickets=(), turns=(),
            history=(), staff_spoke_at=None, names={}, colleagues=("Ann", "ann"),
        )  # fmt: skip
        act = Act(
            outcome=turn.outcome, reason=reason, level=turn.level, language="zh-Hans", question=text, reading=reading,
            plan=Stay(reason),
        )  # fmt: skip
        for _ in range(2):  # a transaction body may run again
            unanswered.watch(conn, turn, act=act, situation=situation, now=now)
        return turn

    return await world.db.write(body)


async def wait(world: World, delta: timedelta = TEN) -> tuple[QueueRow, ...]:
    """Time passes, the worker looks; the open tickets."""
    world.clock.advance(delta)
    await world.worker.drain()
    return await world.ask(board.queue, view="open", viewer_id=world.ann.id, now=world.clock())


async def speak(world: World, text: str) -> Message:
    """A colleague says something in the client's chat."""
    talk, now = world.conversations[Tier.GOLD], world.clock()
    return await world.do(
        messages.accept, conversation=talk, person=world.ann, external_id=f"s{text}", text=text, at=now, author="staff"
    )


async def test_nobody_answers(world: World, manual: Categories) -> None:
    """Not a second before the ten minutes; then a ticket of the asker's, since the message, with the usual notices."""
    turn = await ask(world, "首页标题怎么改")
    asked_at = world.clock()
    assert await wait(world, TEN - timedelta(seconds=1)) == ()
    (row,) = await wait(world, timedelta(seconds=1))
    ticket = row.ticket
    assert (ticket.reason, ticket.since, ticket.opened_at) == ("unanswered", asked_at, asked_at + TEN)
    assert (ticket.requester_id, ticket.category) == (world.contacts[Tier.GOLD].id, "wordpress")
    assert (await world.ask(turn_records.turn, turn.id)).ticket_id == ticket.id
    assert (await world.ask(messages.message, turn.message_ids[0])).ticket_id == ticket.id
    told = await world.ask(board.notices, person_id=world.ann.id)
    assert {notice.kind for notice in told} & {NoticeKind.ASKED, NoticeKind.OPENED}


async def test_a_late_and_doubled_look_changes_nothing(world: World, manual: Categories) -> None:
    """Hours late it still opens one ticket, dated from the message; a second look at the same turn does nothing."""
    turn = await ask(world, "首页标题怎么改")
    asked_at = world.clock()
    (row,) = await wait(world, timedelta(hours=3))
    assert row.ticket.since == asked_at
    facts = {"db": world.db, "desk": world.desk, "rules": RULES, "texts": TEXTS, "clock": world.clock}
    handler = Unanswered(manual=manual, **facts)
    again = await world.db.write(lambda conn: handler._settle(conn, turn_id=turn.id, category="wordpress", plain=False))
    assert again is None
    assert len(await wait(world)) == 1


async def test_several_requests_of_one_matter_are_one_ticket(world: World, manual: Categories) -> None:
    """What follows joins it; a whole question of another category is a matter of its own."""
    first = await ask(world, "首页标题怎么改")
    world.clock.advance(timedelta(minutes=2))
    second = await ask(world, "首页标题怎么改成新公司名", category="wordpress")
    third = await ask(world, "邮箱收不到信报错了")
    rows = await wait(world)
    assert sorted(row.ticket.category for row in rows) == ["mail", "wordpress"]
    turns = [await world.ask(turn_records.turn, turn.id) for turn in (first, second, third)]
    assert turns[0].ticket_id == turns[1].ticket_id != turns[2].ticket_id
    events = await world.ask(board.events, turns[0].ticket_id)
    assert [event.kind for event in events].count(EventKind.CLIENT_WROTE) == 1


@pytest.mark.parametrize("how", ["colleague", "settled", "off", "unbound", "resolved_by_bot"])
async def test_what_makes_a_look_needless(world: World, manual: Categories, how: str) -> None:
    """A colleague spoke, the asker is done, the chat was put off or belongs to nobody, the bot answered meanwhile."""
    turn = await ask(world, "首页标题怎么改")
    world.clock.advance(timedelta(minutes=9))
    chat_id = world.conversations[Tier.GOLD].chat_id
    if how == "colleague":
        await speak(world, "在设置里")
    elif how == "settled":
        await world.hear("好了，自己弄好了")
    elif how == "off":
        await world.db.write(lambda conn: directory.set_mode(conn, chat_id, Mode.OFF))
    elif how == "unbound":
        await world.db.write(lambda conn: conn.exec_driver_sql("UPDATE chat SET client_id = NULL").close())
    else:
        again = await world.hear("首页标题怎么改")
        await world.db.write(lambda conn: _answer(conn, again, now=world.clock()))
    assert await wait(world) == ()
    assert (await world.ask(turn_records.turn, turn.id)).ticket_id is None


async def test_an_emoji_of_a_colleague_is_no_answer(world: World, manual: Categories) -> None:
    """It stops no clock either."""
    await ask(world, "首页标题怎么改")
    await speak(world, "👌")
    assert len(await wait(world)) == 1


@pytest.mark.parametrize(
    ("text", "category", "opens"),
    [
        ("图片你发了吗", "content", True),
        ("吃饭了吗", None, False),
        ("上传图片报错了", None, True),
        ("@Ann 用昨天那张", None, True),
        ("明天十点开会", None, False),
        ("谢谢", None, False),
        ("有人吗", None, False),
        ("@王强 首页标题怎么改", "wordpress", False),
    ],
)
async def test_what_is_watched(world: World, manual: Categories, text: str, category: str | None, opens: bool) -> None:
    """A bare question only where the manual has a place for it; talk, thanks, chasing and others' matters never."""
    assert manual.known is not None
    if category:
        manual.known[text] = category
    await ask(world, text)
    assert bool(await wait(world)) is opens


async def test_a_question_among_clients_is_theirs(world: World, manual: Categories) -> None:
    """Another contact speaks next: a bare question is answered for all we know, a reported error is not."""
    await ask(world, "图片你发了吗")
    await ask(world, "邮箱收不到信报错了")

    def body(conn: Connection) -> None:
        now, talk = world.clock(), world.conversations[Tier.GOLD]
        other = directory.ensure_person(
            conn, platform="web", external_id="other", name="李", client_id=world.clients[Tier.GOLD].id,
            kind=PersonKind.CLIENT, now=now,
        )  # fmt: skip
        messages.accept(conn, conversation=talk, person=other, external_id="o", text="发了", at=now, now=now)

    await world.db.write(body)
    (row,) = await wait(world)
    assert row.ticket.category == "mail"


async def test_without_a_manual_a_report_is_a_report(world: World, manual: Categories) -> None:
    """Nothing is indexed: what is surely a request gets its ticket, without a category."""
    manual.known = None
    await ask(world, "上传图片报错了")
    (row,) = await wait(world)
    assert (row.ticket.category, row.ticket.level) == (None, Level.BUG)


async def test_a_matter_given_back_to_the_bot_goes_to_people_again(world: World, manual: Categories) -> None:
    """It needs no second ticket."""
    await world.hear("换服务器")
    ticket: Ticket = await world.open()
    await world.do(world.desk.claim, ticket_id=ticket.id, by=world.ann.id)
    await world.do(world.desk.return_to_bot, ticket_id=ticket.id, by=world.ann.id)
    world.clock.advance(timedelta(hours=1))
    await ask(world, "首页标题怎么改")
    (row,) = await wait(world)
    assert (row.ticket.id, row.ticket.state) == (ticket.id, TicketState.NEW)


async def test_after_an_outage_of_ours_what_came_meanwhile_is_read_first(world: World, manual: Categories) -> None:
    """A message an hour old is not judged the moment it comes in: its answer may come in right behind it."""
    await ask(world, "首页标题怎么改", at=world.clock() - timedelta(hours=1))
    assert await wait(world, timedelta(seconds=30)) == ()
    await speak(world, "在设置里")
    assert await wait(world) == ()


def _answer(conn: Connection, asked: Message, *, now: datetime) -> None:
    turn = turn_records.record_turn(
        conn, conversation_id=asked.conversation_id, person_id=asked.person_id, message_ids=[asked.id],
        outcome=Outcome.ANSWERED, reason="extract", level=Level.QUESTION, language="zh-Hans", question="?", at=now,
        ms=1,
    )  # fmt: skip
    messages.say(conn, conversation_id=asked.conversation_id, text="这样改", name="Bot", turn_id=turn.id, now=now)
