"""The chats in the desk: their modes, how drafts did, and when auto is offered."""

from datetime import timedelta

import pytest
from sqlalchemy import Connection

from handoff import chats, directory, drafts, messages, modes, turn_records
from handoff.kinds import ChatKind, Level, Mode, Outcome, Role
from handoff.model import Chat
from tests.unit.console.world import World, submit

PAGE = "/desk/chats"


async def group(world: World, *, title: str | None = "青禾 <网站>", hits: int = 0, misses: int = 0) -> Chat:
    """A bound group in which somebody spoke, with so many scored drafts."""
    now = world.deps.clock()

    def body(conn: Connection) -> Chat:
        made = directory.ensure_chat(
            conn, platform="telegram", external_id="-1", kind=ChatKind.GROUP, client_id=world.client.id, now=now
        )
        if title:
            chats.entitle(conn, made.id, title)
        talk = directory.ensure_conversation(conn, chat_id=made.id, now=now)
        who = directory.ensure_person(conn, platform="telegram", external_id="7", name="Mei", now=now)
        for number in range(hits + misses + 1):
            said = messages.accept(
                conn, conversation=talk, person=who, external_id=str(number), text="标题怎么改", at=now, now=now
            )
            assert said is not None
            turn = turn_records.record_turn(
                conn, conversation_id=talk.id, person_id=who.id, message_ids=[said.id], outcome=Outcome.SILENT,
                reason="shadow", level=Level.QUESTION, category="mail" if number % 2 else None, language="zh-Hans",
                question="?", at=now, ms=1,
            )  # fmt: skip
            verdict = "none" if number == 0 else ("hit" if number <= hits else "miss")
            drafts.score(conn, turn, verdict, how=None, similarity=None, message_id=said.id, now=now)
        return directory.chat(conn, made.id)

    return await world.deps.db.write(body)


async def mode(world: World, chat: Chat) -> Mode:
    return (await world.deps.db.read(lambda conn: directory.chat(conn, chat.id))).mode


async def test_a_lead_sets_a_mode_and_the_page_says_who(world: World) -> None:
    """Each mode with its sentence; the choice holds and is kept with its author; the same choice again is no change."""
    chat, tom = await group(world), await world.signed_in("tom")
    page = (await tom.get(PAGE)).text
    assert "青禾 &lt;网站&gt;" in page
    assert page.count('type="radio"') == 5
    assert "not even for an emergency" in page
    assert "within 10 minutes" in page
    for _ in range(2):
        done = await submit(tom, PAGE, f"{PAGE}/{chat.id}/mode", mode="shadow")
        assert done.headers["location"] == f"{PAGE}#chat-{chat.id}"
    assert await mode(world, chat) is Mode.SHADOW
    assert (await tom.get(PAGE)).text.count("Tom Baker chose “Drafts only”") == 1


async def test_who_may_set_what(world: World) -> None:
    """An agent neither sees nor sets modes; a success manager sets them; the bound is the admin's."""
    chat, lin = await group(world), await world.signed_in("lin")
    assert (await lin.get(PAGE)).status_code == 403
    assert PAGE not in (await lin.get("/desk")).text
    assert (await submit(lin, "/desk", f"{PAGE}/{chat.id}/mode", mode="off")).status_code == 403
    await world.deps.db.write(lambda conn: directory.set_role(conn, world.people["lin"].id, Role.SUCCESS))
    assert f'href="{PAGE}"' in (await lin.get("/desk")).text
    assert (await submit(lin, PAGE, f"{PAGE}/{chat.id}/mode", mode="off")).status_code == 303
    assert (await submit(lin, PAGE, f"{PAGE}/bound", percent="1", least="1")).status_code == 403
    assert await mode(world, chat) is Mode.OFF


@pytest.mark.parametrize(("chat_id", "chosen"), [(None, "loud"), (None, ""), (999, "auto")])
async def test_what_is_no_mode_or_no_chat(world: World, chat_id: int | None, chosen: str) -> None:
    """Nothing is changed, and nothing breaks."""
    chat, tom = await group(world), await world.signed_in("tom")
    answer = await submit(tom, PAGE, f"{PAGE}/{chat_id or chat.id}/mode", mode=chosen)
    assert answer.status_code == 404
    assert await mode(world, chat) is Mode.MENTION


async def test_auto_is_offered_and_taken_with_one_press(world: World) -> None:
    """Twenty hits of twenty: the figures stand there by category, the offer with them, and then no more."""
    chat, tom = await group(world, hits=20), await world.signed_in("tom")
    page = (await tom.get(PAGE)).text
    assert "could answer unasked" in page
    assert ">mail<" in page
    assert "88 %" in page
    await submit(tom, PAGE, f"{PAGE}/{chat.id}/mode", mode="auto")
    assert await mode(world, chat) is Mode.AUTO
    assert "could answer unasked" not in (await tom.get(PAGE)).text


async def test_a_stricter_bound_takes_the_offer_away(world: World) -> None:
    """The admin's bound counts; one that cannot be meant is refused with a sentence."""
    await group(world, hits=20)
    mira = await world.signed_in("mira")
    for percent, least in (("0", "20"), ("100", "20"), ("80", "0"), ("x", "1"), ("80", "1001")):
        refused = await submit(mira, PAGE, f"{PAGE}/bound", percent=percent, least=least)
        assert (refused.status_code, "1 to 99 per cent" in refused.text) == (422, True)
    assert "could answer unasked" in (await mira.get(PAGE)).text
    assert (await submit(mira, PAGE, f"{PAGE}/bound", percent="90", least="20")).status_code == 303
    page = (await mira.get(PAGE)).text
    assert "could answer unasked" not in page
    assert 'value="90"' in page


async def test_a_fall_stands_there_with_its_reason_and_earlier_drafts_count_no_more(world: World) -> None:
    """What the chat earned before is spent: it is not offered again at once."""
    chat, tom = await group(world, hits=20), await world.signed_in("tom")
    world.clock.advance(timedelta(hours=1))
    facts = {"unsolved": 3, "answers": 5}

    def fall(conn: Connection) -> None:
        modes.change(conn, chat.id, Mode.AUTO, by=world.people["tom"].id, now=world.clock())
        modes.change(conn, chat.id, Mode.MENTION, by=None, why="fell_back", facts=facts, now=world.clock())

    await world.deps.db.write(fall)
    page = (await tom.get(PAGE)).text
    assert "3 of the last 5 answers did not solve the matter" in page
    assert "could answer unasked" not in page
    assert "No draft has been compared yet" in page


async def test_a_lost_and_an_unbound_group(world: World) -> None:
    """A group without a title is called by its number; one that lost the bot says since when, and how to mend it."""
    now = world.deps.clock()
    chat = await group(world, title=None)
    await world.deps.db.write(lambda conn: chats.lose(conn, chat.id, now=now))
    await world.deps.db.write(
        lambda conn: directory.ensure_chat(conn, platform="web", external_id="d", kind=ChatKind.DIRECT, now=now)
    )
    tom = await world.signed_in("tom")
    page = (await tom.get(PAGE)).text
    assert "Group -1" in page
    assert "do not get through since" in page
    assert page.count("chat-card") == 1


async def test_the_page_in_chinese(world: World) -> None:
    """Both scripts."""
    await group(world, hits=2)
    tom = await world.signed_in("tom")
    for language, words in (("zh-CN", "被提到才回答"), ("zh-TW", "聊天群組")):
        assert words in (await tom.get(PAGE, headers={"Accept-Language": language})).text
