"""Chats of our own people on both databases: who reads there, what may be said there, each ticket's card."""

import asyncio

import pytest
from sqlalchemy import Connection, func, select

from handoff import bindings, board, cards, chats, directory, messages, retraction, staff_chats, staff_talk
from handoff.errors import NotFound, NotOurChat
from handoff.kinds import Audience, Author, ChatKind, ChatPurpose, Delivery, EventKind, Tier
from handoff.model import Chat, Citation
from store.tables import job
from tests.contract.handoff.conftest import World


async def chat(world: World, key: str = "-9", kind: ChatKind = ChatKind.GROUP) -> Chat:
    return await world.do(directory.ensure_chat, platform="t", external_id=key, kind=kind)


async def staff_chat(world: World, key: str = "-9") -> Chat:
    made = await chat(world, key)
    code = await world.do(bindings.code_for_staff_chat, by=world.lead.id, language="en", timezone="Europe/Berlin")
    assert await world.db.read(lambda conn: bindings.kind_of(conn, code, now=world.clock())) == "staff"
    assert await world.do(bindings.bind_staff_chat, code=code, chat_id=made.id)
    assert not await world.do(bindings.bind_staff_chat, code=code, chat_id=made.id)
    return await world.ask(directory.chat, made.id)


async def jobs_of(world: World, queue: str) -> int:
    query = select(func.count()).select_from(job).where(job.c.queue == queue)
    return await world.db.read(lambda conn: conn.execute(query).scalar_one())


async def talk(world: World, chat_id: int, thread: str = "") -> int:
    return (await world.do(directory.ensure_conversation, chat_id=chat_id, thread=thread)).id


async def test_a_code_makes_a_staff_chat_once(world: World) -> None:
    """It takes the language and zone of whoever made the code, and every open ticket gets its card."""
    await world.open()
    made = await staff_chat(world)
    assert (made.purpose, made.language, made.timezone) == (ChatPurpose.STAFF, "en", "Europe/Berlin")
    assert [each.id for each in await world.ask(staff_chats.every)] == [made.id]
    assert await jobs_of(world, cards.CARD) == 1
    await world.db.write(lambda conn: staff_chats.release(conn, made.id))
    assert await world.ask(staff_chats.every) == ()


async def test_another_kind_of_code_makes_none(world: World) -> None:
    """A client's code and a colleague's make no staff chat; a staff chat's code binds neither."""
    made = await chat(world)
    client = await world.do(bindings.code_for_client, client_id=world.clients[Tier.GOLD].id, by=world.lead.id)
    own = await world.do(bindings.code_for_colleague, person_id=world.ann.id)
    ours = await world.do(bindings.code_for_staff_chat, by=world.lead.id)
    for code in (client, own):
        assert not await world.do(bindings.bind_staff_chat, code=code, chat_id=made.id)
    assert await world.do(bindings.bind_chat, code=ours, chat_id=made.id) is None
    assert await world.do(bindings.link_colleague, code=ours, platform="t", external_id="1") is None
    assert await world.do(bindings.bind_staff_chat, code=ours, chat_id=made.id)


async def test_nothing_for_our_own_people_is_said_elsewhere(world: World) -> None:
    """A client's chat, an unbound group, a client's direct chat and a former colleague's all refuse; ours take it."""
    ours = await staff_chat(world)
    stranger, former = await chat(world, "5", ChatKind.DIRECT), await chat(world, "6", ChatKind.DIRECT)
    ann = await chat(world, "7", ChatKind.DIRECT)
    await world.db.write(lambda conn: staff_chats.belongs(conn, stranger.id, world.contacts[Tier.GOLD].id))
    await world.db.write(lambda conn: staff_chats.belongs(conn, former.id, world.bob.id))
    await world.db.write(lambda conn: staff_chats.belongs(conn, ann.id, world.ann.id))
    await world.db.write(lambda conn: directory.set_active(conn, world.bob.id, False))
    unbound = await chat(world, "-8")
    refusing = [world.conversations[Tier.GOLD].chat_id, stranger.id, former.id, unbound.id]
    for chat_id in refusing:
        where = await talk(world, chat_id)
        with pytest.raises(NotOurChat):
            await world.do(staff_talk.tell, conversation_id=where, text="x", name="Bot")
    for chat_id in (ours.id, ann.id):
        said = await world.do(staff_talk.tell, conversation_id=await talk(world, chat_id), text="x", name="Bot")
        assert (said.audience, said.delivery) == (Audience.STAFF, Delivery.QUEUED)


async def test_a_group_is_nobodys_direct_chat(world: World) -> None:
    """Only a direct chat belongs to a person; a lost one is not written to."""
    group, private = await chat(world, "-8"), await chat(world, "7", ChatKind.DIRECT)
    for each in (group, private):
        await world.db.write(lambda conn, each=each: staff_chats.belongs(conn, each.id, world.ann.id))
    assert [each.id for each in await world.ask(staff_chats.direct, world.ann.id)] == [private.id]
    assert await world.ask(staff_chats.direct, world.ann.id, platform="other") == ()
    await world.do(chats.lose, chat_id=private.id)
    assert await world.ask(staff_chats.direct, world.ann.id) == ()


async def test_what_is_heard_in_a_staff_chat_is_no_clients_word(world: World) -> None:
    """Of a colleague it is ours, of anybody else nobody's; heard twice, kept once; no client's page shows it."""
    ours = await staff_chat(world)
    where = await world.do(directory.ensure_conversation, chat_id=ours.id)
    contact = world.contacts[Tier.GOLD]
    heard = [
        await world.do(staff_talk.hear, conversation=where, person=person, external_id=key, text="x", at=world.clock())
        for person, key in ((world.ann, "1"), (contact, "2"), (world.ann, "1"))
    ]
    assert [each and each.author for each in heard] == [Author.STAFF, Author.SYSTEM, None]
    assert await world.ask(messages.unhandled, conversation_id=where.id, person_id=contact.id) == ()
    assert await world.ask(messages.transcript, where.id, audience=Audience.CLIENT) == ()


async def test_every_change_of_a_ticket_wakes_its_cards(world: World) -> None:
    """A job in the event's own transaction; none where there is no staff chat."""
    ticket = await world.open()
    assert await jobs_of(world, cards.CARD) == 0
    await staff_chat(world)
    before = await jobs_of(world, cards.CARD)
    await world.do(world.desk.claim, ticket_id=ticket.id, by=world.ann.id)
    said = await world.do(world.desk.reply, ticket_id=ticket.id, by=world.ann.id, text="在看")
    told = await jobs_of(world, cards.CARD)
    assert told >= before + 2
    await world.do(messages.mark_delivery, message_id=said.id, state=Delivery.SENT, sent=["1"])
    assert await jobs_of(world, cards.CARD) == told + 1


async def test_a_card_and_a_relay_are_made_once(world: World) -> None:
    """Two at once find the same card; a message stands in a thread once."""
    ours, ticket = await staff_chat(world), await world.open()

    async def make() -> cards.Card:
        return await world.db.write(lambda conn: cards.ensure(conn, ticket_id=ticket.id, chat_id=ours.id, seq=1))

    first, second = await asyncio.gather(make(), make())
    assert first == second
    heard = await world.hear("在吗")
    copy = await world.do(staff_talk.tell, conversation_id=await talk(world, ours.id), text="在吗", name="王")

    def relay(conn: Connection) -> cards.Relay | None:
        return cards.relay(conn, card_id=first.id, message_id=heard.id, copy_id=copy.id)

    assert await world.db.write(relay) is not None
    assert await world.db.write(relay) is None
    assert [each.message_id for each in await world.ask(cards.of_copy, copy.id)] == [heard.id]


async def test_only_a_thread_of_its_own_names_a_ticket(world: World) -> None:
    """Where several tickets share a chat, the place says nothing."""
    ours = await staff_chat(world)
    shared, own = await talk(world, ours.id), await talk(world, ours.id, "44")
    for thread, where in (("", shared), ("44", own)):
        ticket = await world.open()
        card = await world.db.write(lambda conn, t=ticket: cards.ensure(conn, ticket_id=t.id, chat_id=ours.id, seq=1))
        await world.db.write(
            lambda conn, c=card, t=thread, w=where: cards.change(conn, c.id, thread=t, conversation_id=w)
        )
    assert await world.ask(cards.of_thread, shared) is None
    assert (await world.ask(cards.of_thread, own)).thread == "44"


async def test_what_our_people_say_among_themselves_is_no_part_of_a_tickets_page(world: World) -> None:
    """The page shows the client's conversation and the notes, not their copies."""
    ours, ticket = await staff_chat(world), await world.open()
    await world.do(
        staff_talk.tell, conversation_id=await talk(world, ours.id), text="copy", name="Bot", ticket_id=ticket.id
    )
    await world.do(world.desk.note, ticket_id=ticket.id, by=world.ann.id, text="note")
    assert [each.text for each in await world.ask(messages.dossier, ticket)] == ["note"]


async def test_changes_that_wait_become_one(world: World) -> None:
    """Five changes before the first is delivered are one call, and one after it another."""
    ours = await staff_chat(world)
    said = await world.do(staff_talk.tell, conversation_id=await talk(world, ours.id), text="0", name="Bot")
    before = await jobs_of(world, messages.DELIVER)
    for n in range(5):
        await world.do(messages.amend, message_id=said.id, text=str(n))
    assert await jobs_of(world, messages.DELIVER) == before + 1


async def test_a_lost_chat_is_told_where_somebody_reads_it_once(world: World) -> None:
    """Not without a staff chat, and not again while it stays lost."""
    lost = world.conversations[Tier.GOLD].chat_id
    await world.do(chats.lose, chat_id=lost)
    assert await jobs_of(world, staff_chats.LOST) == 0
    await world.db.write(lambda conn: chats.regain(conn, lost, now=world.clock()))
    await staff_chat(world)
    for _ in range(2):
        await world.do(chats.lose, chat_id=lost)
    assert await jobs_of(world, staff_chats.LOST) == 1


async def test_an_answer_is_taken_back_once(world: World) -> None:
    """The event names the pages; anything else than the bot's answer in this conversation is refused."""
    ticket = await world.open()
    cited = Citation(n=1, page="p", title="密码", heading="", anchor="", chunk="c")
    facts = {"conversation_id": ticket.conversation_id, "text": "答案 [1]", "name": "Bot", "citations": (cited,)}
    said = await world.do(messages.say, **facts)
    other = await world.do(messages.say, **facts | {"conversation_id": world.conversations[Tier.PLATINUM].id})
    for _ in range(2):
        await world.do(retraction.retract, ticket_id=ticket.id, message_id=said.id, by=world.ann.id)
    events = await world.ask(board.events, ticket.id)
    assert [e.data["pages"] for e in events if e.kind is EventKind.RETRACTED] == [[{"page": "p", "title": "密码"}]]
    assert await jobs_of(world, retraction.RETRACT) == 1
    assert [(each.page, each.by) for each in await world.ask(retraction.flagged)] == [("p", "Ann")]
    with pytest.raises(NotFound):
        await world.do(retraction.retract, ticket_id=ticket.id, message_id=other.id, by=world.ann.id)


async def test_what_we_answered_to_somebody(world: World) -> None:
    """Ours, in the same thread, oldest first; not what others said there, nor what answers something else."""
    made = await staff_chat(world)
    place = await talk(world, made.id, "1.1")
    conversation = await world.ask(directory.conversation, place)
    facts = {"conversation": conversation, "person": world.ann, "text": "x", "at": world.clock()}
    source = await world.do(staff_talk.hear, external_id="m1", **facts)
    other = await world.do(staff_talk.hear, external_id="m2", reply_to=source.id, **facts)
    said = [
        await world.do(staff_talk.tell, conversation_id=place, text=text, name="Bot", reply_to=to)
        for text, to in (("first", source.id), ("second", source.id), ("elsewhere", other.id))
    ]
    assert [each.id for each in await world.ask(staff_talk.answers, source)] == [each.id for each in said[:2]]


async def test_somebodys_accounts(world: World) -> None:
    """On every platform; of nobody else."""
    for platform, account in (("t", "1"), ("s", "T1/U1"), ("s", "T1/U2")):
        await world.db.write(
            lambda conn, p=platform, a=account: directory.link(conn, platform=p, external_id=a, person_id=world.ann.id)
        )
    assert await world.ask(directory.accounts, world.ann.id) == (("s", "T1/U1"), ("s", "T1/U2"), ("t", "1"))
    assert await world.ask(directory.accounts, world.lead.id) == ()
