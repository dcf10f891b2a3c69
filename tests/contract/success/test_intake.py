"""Interviews on both databases: kept with whose words they are, held and given back, drafted, closed, erased."""

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, select

from bot.interview_work import InterviewWork
from console import intake_saying
from console.texts import Texts
from handoff import directory, messages
from handoff.errors import NotFound
from handoff.kinds import Audience, ChatKind, Tier
from success import tasks
from success.intake import forms_kept, notes, prospects, store
from success.intake import interview as rules
from success.intake.errors import FormBroken, IntakeRefused
from success.intake.interview import Press, State, Verb
from success.intake.store import Told
from success.intake.tables import answer as answers
from success.intake.understanding import asked_for, understand
from success.intake.values import Chosen, Money, Words
from success.privacy import ageing, erasing, exporting, keeping
from tests.contract.handoff.conftest import World

TEXTS = Texts.shipped()
TODAY = date(2026, 3, 9)


async def begun(world: World, **more: Any) -> tuple[store.Interview, int]:
    """An interview under way in a group of a client's, and the person who is asked."""
    client = world.clients[Tier.GOLD]

    def body(conn: Connection) -> tuple[store.Interview, int]:
        now = world.clock()
        chat = directory.ensure_chat(
            conn, platform="telegram", external_id="-77", kind=ChatKind.GROUP, client_id=client.id, now=now
        )
        talk = directory.ensure_conversation(conn, chat_id=chat.id, now=now)
        who = directory.ensure_person(
            conn, platform="telegram", external_id="7", name="陈梅", client_id=client.id, now=now
        )
        made = store.open_one(conn, conversation_id=talk.id, language="zh-Hans", person_id=who.id, now=now, **more)
        step = rules.begin(store.form_of(conn, made), made.standing)
        return store.apply(conn, made.id, step, told=None, now=now), who.id

    return await world.db.write(body)


async def said(world: World, interview: int, person: int, text: str, *, files: tuple[str, ...] = ()) -> store.Interview:
    """What somebody says there is understood and kept."""

    def body(conn: Connection) -> store.Interview:
        now, found = world.clock(), store.one(conn, interview)
        talk = directory.conversation(conn, found.conversation_id)
        who = directory.person(conn, person)
        number = len(store.evidence(conn, interview))
        message = messages.accept(
            conn, conversation=talk, person=who, external_id=f"m{number}{text}", text=text, at=now, now=now
        )
        assert message is not None
        form = store.form_of(conn, found)
        heard = understand(text, form, asked=found.standing.asked, today=TODAY, held=found.standing.answers)
        step = rules.hear(form, found.standing, heard, assent=False, today=TODAY)
        told = Told(person_id=person, pieces=((message.id, text, files),))
        return store.apply(conn, interview, step, told=told, now=now)

    return await world.db.write(body)


async def test_answers_are_kept_with_whose_words_they_are(world: World) -> None:
    """The newest holds, the ones before stay; pictures stay with their answer; a word of both is quoted."""
    made, mei = await begun(world)
    await said(world, made.id, mei, "预算5-8万，要预约", files=("file1",))
    kept = await said(world, made.id, mei, "预算改成10万")
    assert kept.standing.answers["budget"] == Money(currency="CNY", low=100_000, high=100_000)
    evidence = await world.ask(store.evidence, made.id)
    budgets = [(each.former, each.name, each.quote) for each in evidence if each.question == "budget"]
    assert budgets == [(True, "陈梅", "预算5-8万"), (False, "陈梅", "预算改成10万")]
    files = await world.ask(store.files, made.id)
    assert {key: [each for each, _ in sent] for key, sent in files.items()} == {"budget": ["file1"]}
    brief = await world.ask(store.brief, made.id)
    assert (brief.functions, brief.form_changed) == (("book",), False)


async def test_a_conversation_has_one_at_a_time(world: World) -> None:
    """An offer gives way to another one; what is under way does not."""
    made, _ = await begun(world)
    with pytest.raises(IntakeRefused, match="begun"):
        await begun(world)
    await world.do(store.close, interview_id=made.id, by=world.lead.id)
    again, _ = await begun(world)
    assert again.id != made.id


async def test_a_form_that_was_changed_meanwhile(world: World) -> None:
    """Who began goes on with theirs, and the brief says so; who begins after it is asked by the new one."""
    made, mei = await begun(world)
    changed = forms_kept.shipped().replace("key: look", "key: style")
    await world.do(forms_kept.publish, source=changed, by=world.lead.id)
    await said(world, made.id, mei, "风格要简洁")
    brief = await world.ask(store.brief, made.id)
    assert (brief.form_changed, brief.look) == (True, "风格要简洁")
    assert (await world.ask(forms_kept.in_force)).question("style") is not None
    await world.pass_time(days=1)
    await world.do(forms_kept.publish, source=forms_kept.shipped(), by=world.lead.id)
    assert (await world.ask(store.brief, made.id)).form_changed is False
    with pytest.raises(FormBroken):
        await world.do(forms_kept.publish, source="form: website", by=world.lead.id)


async def test_a_newer_program_brings_its_form(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The form that came with a former program is kept for who began with it, and asks nobody else any more."""
    made, mei = await begun(world)
    newer = forms_kept.shipped().replace("key: look", "key: style")
    monkeypatch.setattr(forms_kept, "shipped", lambda: newer)
    assert (await world.ask(forms_kept.in_force)).question("style") is not None
    await said(world, made.id, mei, "风格要简洁")
    brief = await world.ask(store.brief, made.id)
    assert (brief.form_changed, brief.look) == (True, "风格要简洁")


APP = """
form: app
name: {en: App, zh-Hans: 小程序}
begins: [小程序, mobile app, 做小程序商城]
questions:
  - key: budget
    kind: money
    holds: budget
    currency: HKD
    name: {en: Budget, zh-Hans: 预算}
    ask: {en: "How much?", zh-Hans: "预算多少？"}
"""


async def test_forms_stand_side_by_side(world: World) -> None:
    """Each is asked for by its words; a brief keeps to its own; one put aside is not offered."""
    made, _ = await begun(world)
    await world.do(forms_kept.publish, source=APP, by=world.lead.id)
    forms = await world.ask(forms_kept.offered)
    assert [each.key for each in forms] == ["website", "app"]
    assert (await world.ask(store.brief, made.id)).form_changed is False
    wants = {"想做个网站": "website", "我们要做小程序商城": "app", "a mobile app please": "app", "退款": None}
    chosen = {text: asked_for(forms, text) for text in wants}
    assert {text: found.key if found else None for text, found in chosen.items()} == wants
    await world.do(store.close, interview_id=made.id, by=world.lead.id)
    other, _ = await begun(world, form="app")
    assert (other.standing.asked, (await world.ask(store.brief, other.id)).form) == ("budget", "app")
    await world.pass_time(days=1)
    await world.do(forms_kept.publish, source=APP + "aside: true\n", by=world.lead.id)
    assert [each.key for each in await world.ask(forms_kept.offered)] == ["website"]
    assert (await world.ask(store.brief, other.id)).form_changed is True
    chat = (await world.ask(directory.chat_of, other.conversation_id)).id
    with pytest.raises(IntakeRefused, match="form"):
        await world.do(intake_saying.offer, chat_id=chat, by=world.lead.id, language="en", texts=TEXTS, form="app")


async def test_there_are_so_many_forms_and_no_more(world: World) -> None:
    """Another key than twenty is refused with what to do; a version of one of them is not."""
    for n in range(forms_kept.MOST_FORMS):
        await world.do(forms_kept.publish, source=APP.replace("form: app", f"form: app_{n}"), by=world.lead.id)
    with pytest.raises(FormBroken, match="more than 20"):
        await world.do(forms_kept.publish, source=APP, by=world.lead.id)
    await world.do(forms_kept.publish, source=APP.replace("form: app", "form: app_1 "), by=world.lead.id)


async def test_an_offer_that_nobody_takes_ends(world: World) -> None:
    """After a week, quietly; its button begins all the same, and somebody who asks again gets a new offer."""
    client = world.clients[Tier.GOLD]

    def offered(conn: Connection) -> store.Interview:
        now = world.clock()
        chat = directory.ensure_chat(
            conn, platform="telegram", external_id="-78", kind=ChatKind.GROUP, client_id=client.id, now=now
        )
        talk = directory.ensure_conversation(conn, chat_id=chat.id, now=now)
        return store.open_one(conn, conversation_id=talk.id, language="en", person_id=None, now=now)

    InterviewWork(world.db, texts=TEXTS, clock=world.clock).register(world.worker)
    made = await world.db.write(offered)
    await world.pass_time(days=6)
    assert (await world.ask(store.one, made.id)).state is State.OFFERED
    before = await world.ask(messages.transcript, made.conversation_id, audience=Audience.INTERNAL)
    await world.pass_time(days=2)
    ended = await world.ask(store.one, made.id)
    assert (ended.state, ended.closed_at is None) == (State.EXPIRED, False)
    assert await world.ask(messages.transcript, made.conversation_id, audience=Audience.INTERNAL) == before
    step = rules.press(await world.ask(store.form_of, ended), ended.standing, Press(verb=Verb.BEGIN), quote="")
    again = await world.do(store.apply, interview_id=made.id, step=step, told=None)
    assert (again.state, again.closed_at) == (State.OPEN, None)
    await world.do(store.close, interview_id=made.id, by=world.lead.id)
    assert (await world.db.write(offered)).id != made.id


async def test_held_and_given_back(world: World) -> None:
    """By a press, or because a colleague wrote there; given back, the question that waits is asked."""
    made, _ = await begun(world)
    await world.do(store.hold, interview_id=made.id, by=world.lead.id)
    assert (await world.ask(store.one, made.id)).held
    await world.do(intake_saying.give_back, interview_id=made.id, texts=TEXTS)
    now_is = await world.ask(store.one, made.id)
    assert not now_is.held

    def wrote(conn: Connection) -> None:
        messages.say(
            conn, conversation_id=made.conversation_id, text="我来确认", author="staff", person_id=world.lead.id,
            name="Lead", now=world.clock(),
        )  # fmt: skip

    await world.db.write(wrote)
    assert (await world.ask(store.one, made.id)).held
    await world.do(intake_saying.ask_again, interview_id=made.id, question="budget", texts=TEXTS)
    asked = await world.ask(store.one, made.id)
    assert (asked.held, asked.standing.asked) == (False, "budget")
    transcript = await world.ask(messages.transcript, made.conversation_id, audience=Audience.CLIENT)
    assert "预算大概是多少" in transcript[-1].text
    assert await world.ask(store.of_message, transcript[-1].id) == (made.id, "budget")
    with pytest.raises(IntakeRefused, match="question"):
        await world.do(intake_saying.ask_again, interview_id=made.id, question="colour", texts=TEXTS)


async def test_who_goes_quiet_is_reminded_once_then_the_brief_is_drafted(world: World) -> None:
    """One reminder; as long again, and a person has the brief with what is missing, as a task."""
    made, mei = await begun(world)
    InterviewWork(world.db, texts=TEXTS, clock=world.clock).register(world.worker)
    await said(world, made.id, mei, "预算8万")
    await world.pass_time(days=12)
    found = await world.ask(store.one, made.id)
    assert found.state is State.READY
    assert found.reminded_at is not None
    transcript = await world.ask(messages.transcript, made.conversation_id, audience=Audience.CLIENT)
    assert sum("接着说吗" in each.text for each in transcript) == 1
    [task] = [each for each in await world.ask(tasks.open_of) if each.kind is tasks.TaskKind.BRIEF]
    assert (task.link, task.client_id) == (f"/desk/briefs/{made.id}", world.clients[Tier.GOLD].id)
    assert "wanted" in (await world.ask(store.brief, made.id)).missing
    await world.do(store.assign, interview_id=made.id, to=world.lead.id)
    assert (await world.ask(tasks.task, task.id)).assignee_id == world.lead.id
    await world.do(store.close, interview_id=made.id, by=world.lead.id)
    assert (await world.ask(tasks.task, task.id)).state is tasks.TaskState.DONE
    with pytest.raises(IntakeRefused, match="state"):
        await world.do(store.hold, interview_id=made.id, by=world.lead.id)


async def test_an_erased_person_leaves_no_words(world: World) -> None:
    """Their answers are gone, also those before; the brief stays, and says that somebody answered."""
    made, mei = await begun(world)
    await said(world, made.id, mei, "预算8万，风格像我家奶奶的院子", files=("file1",))
    asked = await world.do(erasing.ask, person_id=mei, by=world.lead.id)

    def all_of_it(conn: Connection) -> None:
        while erasing.step(conn, asked.id, now=world.clock()):
            pass

    await world.db.write(all_of_it)
    rows = await world.ask(lambda conn: conn.execute(select(answers)).mappings().all())
    assert rows
    assert not any("奶奶" in str(dict(row)) or row["files"] for row in rows)
    assert isinstance((await world.ask(store.one, made.id)).standing.answers["budget"], Words)
    assert (await world.ask(store.brief, made.id)).budget is None


async def test_what_an_erased_person_said_waits_no_more(world: World) -> None:
    """Somebody else of the group contradicted an answer; what waited for a word goes with them, the answers stay."""
    made, mei = await begun(world)
    await said(world, made.id, mei, "要在线卖东西")

    def other(conn: Connection) -> int:
        return directory.ensure_person(
            conn, platform="telegram", external_id="8", name="王强", client_id=made.client_id, now=world.clock()
        ).id

    wang = await world.db.write(other)
    waits = await said(world, made.id, wang, "我们不卖东西，王强说的")
    assert waits.standing.pending is not None
    asked = await world.do(erasing.ask, person_id=wang, by=world.lead.id)

    def all_of_it(conn: Connection) -> None:
        while erasing.step(conn, asked.id, now=world.clock()):
            pass

    await world.db.write(all_of_it)
    found = await world.ask(store.one, made.id)
    assert (found.standing.pending, found.standing.answers["functions"]) == (None, Chosen(keys=("sell",)))


async def test_a_prospect_who_is_no_client_is_erased_too(world: World) -> None:
    """Whom no client stands behind: their answers, words and pictures go as anybody's."""

    def begun_by(conn: Connection) -> tuple[int, int]:
        now = world.clock()
        chat = directory.ensure_chat(
            conn, platform="telegram", external_id="-79", kind=ChatKind.DIRECT, client_id=None, now=now
        )
        talk = directory.ensure_conversation(conn, chat_id=chat.id, now=now)
        who = directory.ensure_person(conn, platform="telegram", external_id="9", name="李雷", client_id=None, now=now)
        made = store.open_one(conn, conversation_id=talk.id, language="zh-Hans", person_id=who.id, now=now)
        step = rules.begin(store.form_of(conn, made), made.standing)
        store.apply(conn, made.id, step, told=None, now=now)
        return made.id, who.id

    made, who = await world.db.write(begun_by)
    assert (await world.ask(store.one, made)).client_id is None
    await said(world, made, who, "风格像我家奶奶的院子，预算8万", files=("file1",))
    assert "奶奶" in str(await world.ask(exporting.gather, who))
    asked = await world.do(erasing.ask, person_id=who, by=world.lead.id)

    def all_of_it(conn: Connection) -> None:
        while erasing.step(conn, asked.id, now=world.clock()):
            pass

    await world.db.write(all_of_it)
    rows = await world.ask(lambda conn: conn.execute(select(answers)).mappings().all())
    assert [("奶奶" in str(dict(row)), row["files"]) for row in rows] == [(False, [])] * len(rows)


async def test_a_persons_copy_and_old_briefs(world: World) -> None:
    """What somebody answered is in the copy of their data; a closed brief goes by the desk's rule."""
    made, mei = await begun(world)
    await said(world, made.id, mei, "预算8万")
    copy = await world.ask(exporting.gather, mei)
    assert [each["quote"] for each in copy["answers"]] == ["预算8万"]
    await world.do(keeping.keep_for, name="briefs", months=1, by=world.lead.id)
    await world.do(store.close, interview_id=made.id, by=world.lead.id)
    assert await world.ask(ageing.due, now=world.clock()) == {"briefs": 0}
    later = world.clock() + timedelta(days=40)
    assert await world.ask(ageing.due, now=later) == {"briefs": 1}
    await world.db.write(lambda conn: ageing.age(conn, now=later))
    with pytest.raises(NotFound):
        await world.ask(store.one, made.id)
    assert await world.ask(store.evidence, made.id) == ()


async def test_settings_and_notes(world: World) -> None:
    """Nobody is let in by default; notes are kept in order; what is not there is told."""
    assert not (await world.ask(prospects.prospects)).allowed
    door = world.clients[Tier.GOLD].id
    await world.do(prospects.allow, allowed=True, door_id=door, by=world.lead.id)
    assert await world.ask(prospects.prospects) == prospects.Prospects(allowed=True, door_id=door)
    made, _ = await begun(world)
    await world.do(notes.write_note, interview_id=made.id, text=" 先打电话 ", by=world.lead.id)
    assert [each.text for each in await world.ask(notes.notes_of, made.id)] == ["先打电话"]
    with pytest.raises(IntakeRefused, match="empty"):
        await world.do(notes.write_note, interview_id=made.id, text="  ", by=world.lead.id)
    with pytest.raises(NotFound):
        await world.ask(store.one, 999)
    assert timedelta(0) == made.heard_at - made.at
