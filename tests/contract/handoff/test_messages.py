"""What is said and who is who, on both databases."""

import asyncio
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, func, select

from handoff import directory, messages, turn_records
from handoff.kinds import Audience, ChatKind, Delivery, Level, Mode, Outcome, PersonKind, Tier
from handoff.model import Attachment, Button, Citation
from handoff.tables import person as people
from store.jobs import depths
from tests.contract.handoff.conftest import World

SOURCE = Citation(n=1, page="wp/title", title="网站标题", heading="修改", anchor="edit", url=None, chunk="c0ffee")


async def turn(world: World, *message_ids: int, **facts: Any) -> Any:
    return await world.db.write(
        lambda conn: turn_records.record_turn(
            conn,
            conversation_id=world.conversations[Tier.GOLD].id,
            person_id=world.contacts[Tier.GOLD].id,
            message_ids=message_ids,
            outcome=Outcome.ANSWERED,
            reason="in_manual",
            level=Level.QUESTION,
            language="zh-Hans",
            question="首页标题怎么改",
            citations=(SOURCE,),
            trace={"ms": {"search": 4}, "evidence": [0.71]},
            at=world.clock(),
            ms=12,
            **facts,
        )
    )


async def say(world: World, text: str, **facts: Any) -> Any:
    return await world.do(
        messages.say, conversation_id=world.conversations[Tier.GOLD].id, text=text, name="Aftercare", **facts
    )


async def test_a_redelivered_message_is_stored_once(world: World) -> None:
    """Eight deliveries at once of one platform message make one row; the others learn that it is there."""
    facts = {
        "conversation": world.conversations[Tier.GOLD],
        "person": world.contacts[Tier.GOLD],
        "external_id": "42",
        "text": "后台密码忘了",
        "at": world.clock(),
    }
    stored = await asyncio.gather(*(world.do(messages.accept, **facts) for _ in range(8)))
    assert sum(message is not None for message in stored) == 1


async def test_the_same_external_id_in_another_chat_is_another_message(world: World) -> None:
    """Identity is by chat."""
    for tier in Tier:
        facts = {"conversation": world.conversations[tier], "person": world.contacts[tier]}
        assert await world.do(messages.accept, **facts, external_id="1", text="?", at=world.clock()) is not None


async def test_what_no_turn_has_handled_waits_in_order(world: World) -> None:
    """A burst is unhandled until its turn is recorded; then both know each other."""
    burst = [await world.hear(text) for text in ("在吗", "那个", "首页标题怎么改")]
    asked = {"conversation_id": burst[0].conversation_id, "person_id": burst[0].person_id}
    assert [m.text for m in await world.ask(messages.unhandled, **asked)] == [m.text for m in burst]
    recorded = await turn(world, *(m.id for m in burst))
    assert await world.ask(messages.unhandled, **asked) == ()
    assert await world.ask(turn_records.turn_of_message, burst[1].id) == recorded
    assert await world.ask(turn_records.turn, recorded.id) == recorded
    assert recorded.citations == (SOURCE,)
    assert recorded.trace["evidence"] == [0.71]
    assert await world.ask(turn_records.recent_turns, recorded.conversation_id) == (recorded,)


async def test_a_reply_and_its_turn_find_each_other_whichever_is_first(world: World) -> None:
    """Said before or after the turn is recorded."""
    first = await turn(world, (await world.hear("a")).id)
    after = await say(world, "…", turn_id=first.id)
    before = await say(world, "…")
    second = await turn(world, (await world.hear("b")).id, reply_id=before.id)
    assert (await world.ask(turn_records.turn, first.id)).reply_id == after.id
    assert (await world.ask(messages.message, before.id)).turn_id == second.id


async def test_what_is_said_is_delivered_in_the_order_of_its_chat(world: World) -> None:
    """Each saying queues one delivery under its chat's key, and comes back as it was said."""
    said = await say(
        world,
        "依据《网站标题》[1]",
        citations=(SOURCE,),
        buttons=(Button(id="solved", label="已解决"),),
        video="https://video.example/1",
        attachments=(Attachment(id="t0k3n", name="图.png", media_type="image/png", size=12),),
    )
    assert said == await world.ask(messages.message, said.id)
    assert said.delivery is Delivery.QUEUED
    depth = {depth.queue: depth.waiting for depth in await world.ask(depths, now=world.clock())}
    assert depth == {"deliver": 1}
    sent = await world.do(messages.mark_delivery, message_id=said.id, state=Delivery.SENT, sent=("p1",))
    assert (sent.delivery, sent.external_id) == (Delivery.SENT, "p1")


async def test_an_echo_of_our_own_message_does_not_break_its_delivery(world: World) -> None:
    """The platform told us of the message before it told us its id."""
    said = await say(world, "…")
    facts = {"conversation": world.conversations[Tier.GOLD], "person": world.contacts[Tier.GOLD], "author": "bot"}
    await world.do(messages.accept, **facts, external_id="p1", text="…", at=world.clock())
    sent = await world.do(messages.mark_delivery, message_id=said.id, state="sent", sent=("p1",))
    assert (sent.delivery, sent.external_id) == (Delivery.SENT, None)


async def test_only_the_first_press_of_the_requester_counts(world: World) -> None:
    """Another contact's press, a second press and a button that was not offered do nothing."""
    mine, other = world.contacts[Tier.GOLD].id, world.contacts[Tier.STANDARD].id
    recorded = await turn(world, (await world.hear("?")).id)
    said = await say(
        world, "…", turn_id=recorded.id, buttons=(Button(id="solved", label="1"), Button(id="human", label="2"))
    )
    presses = [("solved", other), ("explode", mine), ("human", mine), ("solved", mine), ("human", mine)]
    counted = [
        await world.do(messages.press, message_id=said.id, button=button, person_id=person)
        for button, person in presses
    ]
    assert counted == [False, False, True, False, False]
    assert (await world.ask(messages.message, said.id)).pressed == "human"


async def test_a_transcript_shows_the_newest_and_then_what_follows(world: World) -> None:
    """Without a place to go on from, the last ones; with it, the next ones; always oldest first."""
    heard = [await world.hear(str(n)) for n in range(5)]
    conversation = heard[0].conversation_id
    newest = await world.ask(messages.transcript, conversation, audience=Audience.CLIENT, limit=2)
    next_two = await world.ask(
        messages.transcript, conversation, audience=Audience.CLIENT, after_id=heard[0].id, limit=2
    )
    assert [message.text for message in newest] == ["3", "4"]
    assert [message.text for message in next_two] == ["1", "2"]


async def test_hostile_text_is_stored_and_read_again(world: World) -> None:
    """Zero-width, right-to-left, lone surrogates, NUL, and long text come back from both databases."""
    for text in ("\u200b\u202egnp.exe", "a\ud800b", "a\0b", "網站" * 20_000, "", "👩‍👩‍👧‍👦" * 50):
        heard = await world.hear(text)
        assert (await world.ask(messages.message, heard.id)).text == text.replace("\0", "").replace("\ud800", "?")


async def test_finding_or_making_the_same_at_once_makes_one(world: World) -> None:
    """Two workers meet a new person in a new chat: one row of each, and no orphan."""

    def meet(conn: Connection) -> tuple[int, int, int]:
        now = world.clock()
        chat = directory.ensure_chat(conn, platform="slack", external_id="C1", kind=ChatKind.GROUP, now=now)
        thread = directory.ensure_conversation(conn, chat_id=chat.id, thread="17.1", now=now)
        person = directory.ensure_person(conn, platform="slack", external_id="U1", name="Zoë", now=now)
        return chat.id, thread.id, person.id

    before = await world.ask(count_people)
    met = await asyncio.gather(*(world.db.write(meet) for _ in range(8)))
    assert len(set(met)) == 1
    assert await world.ask(count_people) == before + 1


def count_people(conn: Connection) -> int:
    return int(conn.execute(select(func.count()).select_from(people)).scalar_one())


async def test_a_chat_is_bound_once_and_keeps_its_mode(world: World) -> None:
    """An unbound chat takes the client it is bound to; nothing rebinds it in passing."""
    gold, standard = world.clients[Tier.GOLD].id, world.clients[Tier.STANDARD].id
    key = {"platform": "telegram", "external_id": "-100", "kind": ChatKind.GROUP}
    assert (await world.do(directory.ensure_chat, **key)).client_id is None
    assert (await world.do(directory.ensure_chat, **key, client_id=gold)).client_id == gold
    again = await world.do(directory.ensure_chat, **key, client_id=standard, mode=Mode.AUTO)
    assert (again.client_id, again.mode) == (gold, Mode.MENTION)


async def test_a_linked_colleague_stays_a_colleague_whatever_the_platform_calls_them(world: World) -> None:
    """Display names prove nothing, and change nothing of a person of ours; a client's contact keeps up."""
    await world.db.write(lambda conn: directory.link(conn, platform="slack", external_id="U7", person_id=world.ann.id))
    key = {"platform": "slack", "external_id": "U7", "client_id": world.clients[Tier.GOLD].id}
    found = await world.do(directory.ensure_person, **key, name="王总", kind=PersonKind.CLIENT)
    assert found == world.ann
    renamed = await world.do(directory.ensure_person, platform="web", external_id="u-gold", name="王小明")
    assert (renamed.id, renamed.name) == (world.contacts[Tier.GOLD].id, "王小明")


async def test_a_web_key_opens_its_own_client_only(world: World) -> None:
    """Keys are long, different, and found exactly."""
    gold, standard = world.clients[Tier.GOLD], world.clients[Tier.STANDARD]
    assert gold.web_key != standard.web_key
    assert len(gold.web_key) >= 32
    assert await world.ask(directory.client_by_web_key, gold.web_key) == gold
    assert await world.ask(directory.client_by_web_key, gold.web_key.upper()) is None
    assert await world.ask(directory.client_by_web_key, "") is None


async def test_changes_are_told_to_those_who_listen(world: World) -> None:
    """A message tells its chat; a verb tells the desk and the chat; a note tells the desk and its people."""
    ticket = await world.open()
    chat = str((await world.ask(directory.chat_of, ticket.conversation_id)).id)
    async with world.db.listen("desk", "chat", "notice") as heard:
        await world.hear("?")
        await world.do(world.desk.transfer, ticket_id=ticket.id, to=world.bob.id, by=world.ann.id)
        world.clock.advance(timedelta(seconds=1))
        told = set()
        async with asyncio.timeout(5):
            while len(told) < 3:
                told.add(await anext(aiter(heard)))
    assert {(s.topic, s.payload) for s in told} == {
        ("chat", chat),
        ("desk", ticket.number),
        ("notice", str(world.bob.id)),
    }
