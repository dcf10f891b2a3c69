"""A ticket's page on both databases: who is on it, what overtook whoever acts, how far each has read."""

import asyncio
from datetime import timedelta

import pytest

from handoff import alike, attendance, case_help, macro_store, overtaken, reading
from handoff.attendance import EXPIRES, Doing
from handoff.errors import NotFound
from handoff.kinds import Level, Tier
from handoff.macros import Draft, MacroError
from handoff.model import Ticket
from handoff.overtaken import INWARD, OUTWARD, Change, Overtaken, Seen
from tests.contract.handoff.conftest import World


async def here(world: World, ticket: Ticket, besides: int | None = None) -> list[tuple[str, str]]:
    found = await world.ask(attendance.attending, ticket.id, besides=besides, now=world.clock())
    return [(one.name, str(one.doing)) for one in found]


async def attend(world: World, ticket: Ticket, who: int, doing: Doing, tab: str = "t1") -> bool:
    return bool(await world.do(attendance.attend, ticket_id=ticket.id, person_id=who, tab=tab, doing=doing))


async def test_colleagues_on_a_ticket_see_each_other(world: World) -> None:
    """Each once, with what concerns the others most; oneself is left out; no other ticket is touched."""
    ticket, other = await world.open(), await world.open()
    await attend(world, ticket, world.ann.id, Doing.LOOKING)
    await attend(world, ticket, world.ann.id, Doing.WRITING, tab="t2")
    await attend(world, ticket, world.bob.id, Doing.NOTING)
    assert await here(world, ticket) == [("Ann", "writing"), ("Bob", "noting")]
    assert await here(world, ticket, besides=world.ann.id) == [("Bob", "noting")]
    assert await here(world, other) == []


async def test_a_page_that_is_silent_is_forgotten(world: World) -> None:
    """Renewed it stays; closed it goes at once; a browser that died goes when its row expires."""
    ticket = await world.open()
    await attend(world, ticket, world.ann.id, Doing.LOOKING)
    await attend(world, ticket, world.bob.id, Doing.LOOKING)
    world.clock.advance(EXPIRES - timedelta(seconds=1))
    await attend(world, ticket, world.ann.id, Doing.LOOKING)
    world.clock.advance(timedelta(seconds=2))
    assert await here(world, ticket) == [("Ann", "looking")]
    leave = {"ticket_id": ticket.id, "person_id": world.ann.id, "tab": "t1"}
    assert await world.db.write(lambda conn: attendance.leave(conn, **leave))
    assert await here(world, ticket) == []
    assert not await world.db.write(lambda conn: attendance.leave(conn, **leave))


async def test_only_a_difference_is_told(world: World) -> None:
    """Others hear of coming, of writing and of going; not of every renewal."""
    ticket = await world.open()
    async with world.db.listen(attendance.TOPIC) as heard:
        assert await attend(world, ticket, world.ann.id, Doing.LOOKING)
        world.clock.advance(timedelta(seconds=1))
        assert not await attend(world, ticket, world.ann.id, Doing.LOOKING)
        world.clock.advance(timedelta(seconds=9))
        assert not await attend(world, ticket, world.ann.id, Doing.LOOKING)
        assert await attend(world, ticket, world.ann.id, Doing.WRITING)
        told = [(await asyncio.wait_for(anext(heard), 10)).payload for _ in range(2)]
    assert told == [ticket.number, ticket.number]


async def test_a_flood_of_tabs_is_bounded(world: World) -> None:
    """One person cannot fill the table from one ticket."""
    ticket = await world.open()
    kept = [await attend(world, ticket, world.ann.id, Doing.LOOKING, tab=f"t{n}") for n in range(12)]
    assert sum(kept) == 8


async def seen(world: World, ticket: Ticket) -> Seen:
    return await world.ask(overtaken.state_of, ticket)


async def check(world: World, ticket: Ticket, state: Seen | None, *, by: int, watch=OUTWARD) -> Change | None:
    try:
        await world.db.write(lambda conn: overtaken.require_current(conn, ticket.id, seen=state, by=by, watch=watch))
    except Overtaken as error:
        news = error.news
    else:
        return None
    assert news.state == await seen(world, ticket)
    return news.change


async def test_a_colleagues_answer_overtakes_mine(world: World) -> None:
    """Bob answers after Ann last saw the ticket: she is told, with his words; he himself is not."""
    ticket = await world.open()
    state = await seen(world, ticket)
    assert await check(world, ticket, state, by=world.ann.id) is None
    await world.do(world.desk.reply, ticket_id=ticket.id, by=world.bob.id, text="It is mended")
    with pytest.raises(Overtaken) as told:
        await world.db.write(
            lambda conn: overtaken.require_current(conn, ticket.id, seen=state, by=world.ann.id, watch=OUTWARD)
        )
    news = told.value.news
    assert (news.change, news.by, [each.text for each in news.said]) == ("answered", world.bob.id, ["It is mended"])
    assert await check(world, ticket, state, by=world.bob.id) is None
    assert await check(world, ticket, news.state, by=world.ann.id) is None
    assert await check(world, ticket, None, by=world.ann.id) is None


async def test_what_the_client_wrote_since_is_news(world: World) -> None:
    """For whoever tells the client something or closes the matter; not for whoever changes its level."""
    ticket = await world.open()
    state = await seen(world, ticket)
    await world.write_in(ticket, "还是不行")
    assert await check(world, ticket, state, by=world.ann.id) is Change.WROTE
    assert await check(world, ticket, state, by=world.ann.id, watch=INWARD) is None


async def test_what_belongs_to_another_ticket_is_not(world: World) -> None:
    """Of two matters in one group, only the ticket's own counts."""
    ticket, other = await world.open(), await world.open()
    state = await seen(world, ticket)
    await world.write_in(other, "那另外一件事呢")
    assert await check(world, ticket, state, by=world.ann.id) is None


@pytest.mark.parametrize("verb", ["claim", "transfer", "resolve", "merge", "returned"])
async def test_whatever_a_colleague_did_with_it_is_news(world: World, verb: str) -> None:
    """It changed hands, was resolved, merged or returned; undone again, it is none."""
    ticket, other = await world.open(Level.BUG), await world.open()
    state, by = await seen(world, ticket), world.bob.id
    match verb:
        case "claim":
            await world.do(world.desk.claim, ticket_id=ticket.id, by=by)
        case "transfer":
            await world.do(world.desk.transfer, ticket_id=ticket.id, to=world.lead.id, by=by)
        case "resolve":
            await world.do(world.desk.resolve, ticket_id=ticket.id, by=by)
        case "merge":
            await world.do(world.desk.merge, ticket_id=ticket.id, into=other.id, by=by)
        case "returned":
            await world.do(world.desk.return_to_bot, ticket_id=ticket.id, by=by)
    told = {"claim": "handed", "transfer": "handed", "resolve": "resolved", "merge": "merged", "returned": "returned"}
    assert await check(world, ticket, state, by=world.ann.id) == told[verb]
    if verb == "resolve":
        await world.do(world.desk.reopen, ticket_id=ticket.id, by=by)
        assert await check(world, ticket, state, by=world.ann.id) is None
    if verb == "transfer":
        await world.do(world.desk.transfer, ticket_id=ticket.id, to=world.ann.id, by=by)
        assert await check(world, ticket, state, by=world.ann.id) is None


async def test_of_two_replies_at_once_one_is_held_back(world: World) -> None:
    """Both had seen the same state; whichever comes second, on whatever connection, is asked."""
    ticket = await world.open()
    state = await seen(world, ticket)

    def answering(by: int):
        def body(conn):
            overtaken.require_current(conn, ticket.id, seen=state, by=by, watch=OUTWARD)
            world.desk.reply(conn, ticket_id=ticket.id, by=by, text="Hello", now=world.clock())

        return world.db.write(body)

    done = await asyncio.gather(answering(world.ann.id), answering(world.bob.id), return_exceptions=True)
    assert sorted(type(one).__name__ for one in done) == ["NoneType", "Overtaken"]


@pytest.mark.parametrize(
    ("text", "state"),
    [
        ("512.7", Seen(message=512, event=7)),
        ("", None),
        ("512", Seen(message=0, event=0)),
        ("-1.2", Seen(message=0, event=0)),
        ("9" * 40 + ".1", Seen(message=0, event=0)),
        ("٣.1", Seen(message=0, event=0)),
    ],
)
def test_what_a_form_says_it_has_seen(text: str, state: Seen | None) -> None:
    """Nothing asks nothing; nonsense has seen nothing."""
    assert Seen.read(text) == state


async def test_the_mark_of_the_unread_moves_with_each_visit(world: World) -> None:
    """What came while one was away is unread during the next visit, and none of it during the one after."""
    ticket, me = await world.open(), world.ann.id
    first = await world.hear("第一句")
    await world.do(reading.visit, ticket_id=ticket.id, person_id=me, upto=first.id)
    second = await world.hear("第二句")
    await world.do(reading.visit, ticket_id=ticket.id, person_id=me, upto=second.id)
    assert await world.ask(reading.read_before, ticket_id=ticket.id, person_id=me) == first.id
    third = await world.hear("第三句")
    await world.do(reading.read_on, ticket_id=ticket.id, person_id=me, upto=third.id)
    await world.do(reading.read_on, ticket_id=ticket.id, person_id=me, upto=first.id)
    await world.do(reading.visit, ticket_id=ticket.id, person_id=me, upto=third.id)
    assert await world.ask(reading.read_before, ticket_id=ticket.id, person_id=me) == third.id
    assert await world.ask(reading.read_before, ticket_id=ticket.id, person_id=world.bob.id) is None
    assert await world.ask(reading.depth, first.id, ticket=ticket) == 3
    assert await world.ask(reading.depth, 999, ticket=ticket) is None


async def test_macros_are_kept_in_order_and_counted(world: World) -> None:
    """Everybody's first, each list in its own order; one's own are nobody else's; a stale change is refused."""

    def draft(name: str, *, shared: bool = False) -> Draft:
        return Draft(name=name, texts={"zh-Hans": "您好"}, level=Level.BUG, shared=shared)

    for by, one in ((world.ann, draft("a")), (world.ann, draft("b")), (world.lead, draft("all", shared=True))):
        await world.do(macro_store.create, draft=one, by=by)
    listed = await world.ask(macro_store.visible, world.ann.id)
    assert [each.name for each in listed] == ["all", "a", "b"]
    assert [each.name for each in await world.ask(macro_store.visible, world.bob.id)] == ["all"]
    shared, first, second = listed
    await world.db.write(lambda conn: macro_store.move(conn, first.id, up=False, by=world.ann))
    assert [each.name for each in await world.ask(macro_store.visible, world.ann.id)] == ["all", "b", "a"]
    await world.do(macro_store.change, macro_id=second.id, draft=draft("c"), version=1, by=world.ann)
    for which, version, by, error in (
        (second.id, 1, world.ann, MacroError),
        (second.id, 2, world.bob, NotFound),
        (shared.id, 1, world.ann, NotFound),
        (first.id, 1, world.ann, MacroError),
    ):
        name = "c" if which == first.id else "d"
        with pytest.raises(error):
            await world.do(macro_store.change, macro_id=which, draft=draft(name), version=version, by=by)
    await world.db.write(lambda conn: macro_store.used(conn, shared.id))
    assert (await world.ask(macro_store.find, shared.id, person_id=world.bob.id)).uses == 1
    await world.db.write(lambda conn: macro_store.remove(conn, second.id, by=world.ann))
    assert [each.name for each in await world.ask(macro_store.visible, world.ann.id)] == ["all", "a"]


async def test_suggestions_and_summaries_are_kept_with_their_ticket(world: World) -> None:
    """The newest suggestion is shown; another ticket's is not found; a new summary takes the old one's place."""
    ticket, other = await world.open(), await world.open()
    facts = {"ticket_id": ticket.id, "by": world.ann.id}
    first = await world.do(case_help.suggest, **facts, text="一", made_by="extract", grounds={"k": [1]})
    second = await world.do(case_help.suggest, **facts, text="", made_by="declined")
    assert await world.ask(case_help.suggested, ticket.id) == second
    assert await world.ask(case_help.suggested, ticket.id, first.id) == first
    assert await world.ask(case_help.suggested, other.id, first.id) is None
    for text in ("旧", "新"):
        await world.do(case_help.keep_brief, **facts, text=text, made_by="extract", language="zh-Hans")
    assert (await world.ask(case_help.brief_of, ticket.id)).text == "新"
    assert await world.ask(case_help.brief_of, other.id) is None


async def test_the_choice_of_similar_tickets_is_bounded_and_whole(world: World) -> None:
    """Merged ones and itself are left out; the last thing a colleague said to the client is the solution."""
    ticket, mine, gone = await world.open(), await world.open(), await world.open()
    foreign = await world.open(tier=Tier.STANDARD)
    await world.do(world.desk.merge, ticket_id=gone.id, into=mine.id, by=world.ann.id)
    assert {each.id for each in await world.ask(alike.candidates, ticket)} == {mine.id, foreign.id}
    for text in ("先看看", "改好了"):
        await world.do(world.desk.reply, ticket_id=mine.id, by=world.ann.id, text=text)
    await world.do(world.desk.note, ticket_id=mine.id, by=world.ann.id, text="内部")
    found = await world.ask(alike.solutions, [mine.id, foreign.id])
    assert {key: one.text for key, one in found.items()} == {mine.id: "改好了"}
