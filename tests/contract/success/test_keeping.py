"""How long what is kept: nothing goes before a rule says so, then what is older and no more; notices in versions."""

from datetime import timedelta
from pathlib import Path

from sqlalchemy import Connection, Table, func, select, update

from handoff import messages
from handoff.audit_tables import audit
from handoff.kinds import Audience, Tier
from handoff.tables import turn
from store.jobs import enqueue
from store.tables import job
from success.care_tables import mail
from success.privacy import ageing, consent, keeping
from tests.contract.handoff.conftest import World
from tests.contract.success.life import PRAISE, lived

LONG = timedelta(days=100)


async def rule(world: World, **months: int | None) -> None:
    for name, each in months.items():
        await world.do(keeping.keep_for, name=name, months=each, by=world.lead.id)


async def files_to_go(world: World) -> list[str]:
    """The files that jobs are to take from the disk."""
    bodies = select(job.c.body).where(job.c.queue == ageing.UNLINK)
    return [
        name
        for body in await world.db.read(lambda conn: conn.execute(bodies).scalars().all())
        for name in body["files"]
    ]


async def test_nothing_goes_without_a_rule(world: World, tmp_path: Path) -> None:
    """That is how a desk begins."""
    life = await lived(world, tmp_path / "files")
    await world.do(world.desk.resolve, ticket_id=life.ticket.id, by=world.ann.id)
    world.clock.set(world.clock() + LONG * 50)
    assert await world.ask(ageing.due, now=world.clock()) == {}
    assert not await world.do(ageing.age)
    said = await world.ask(messages.transcript, life.group.id, audience=Audience.CLIENT)
    assert not any(each.text == ageing.GONE for each in said)


async def test_old_resolved_matters_lose_their_words(world: World, tmp_path: Path) -> None:
    """The files' names are handed on in the same transaction; rows stay; a second night finds nothing."""
    life = await lived(world, tmp_path / "files")
    await rule(world, messages=3)
    assert await world.ask(ageing.due, now=world.clock()) == {"messages": 0}
    await world.do(world.desk.resolve, ticket_id=life.ticket.id, by=world.ann.id)
    world.clock.set(world.clock() + LONG)
    due = (await world.ask(ageing.due, now=world.clock()))["messages"]
    assert due > 0
    assert await files_to_go(world) == []
    await world.do(ageing.age)
    assert sorted(await files_to_go(world)) == ["bobs", "pic1"]
    said = await world.ask(messages.transcript, life.group.id, audience=Audience.INTERNAL)
    assert {each.text for each in said if each.at < world.clock() - LONG / 2} == {ageing.GONE}
    assert await world.ask(ageing.due, now=world.clock()) == {"messages": 0}
    await world.do(ageing.age)
    assert len(await files_to_go(world)) == len({"bobs", "pic1"})


async def test_open_matters_keep_theirs(world: World, tmp_path: Path) -> None:
    """However old: as long as a ticket of the conversation is open, all of it stays."""
    await lived(world, tmp_path / "files")
    await rule(world, messages=1)
    world.clock.set(world.clock() + LONG)
    assert await world.ask(ageing.due, now=world.clock()) == {"messages": 0}


async def test_letters_lose_their_words_and_turns_their_traces(world: World, tmp_path: Path) -> None:
    """By rules of their own; a letter that still waits, and every row, stays."""
    await lived(world, tmp_path / "files")
    await world.db.write(lambda conn: conn.execute(update(turn).values(trace={"found": [PRAISE]})).close())
    await rule(world, mails=2, traces=2)
    assert await world.ask(ageing.due, now=world.clock()) == {"mails": 0, "traces": 0}
    world.clock.set(world.clock() + LONG)
    count = {name: await rows(world, table) for name, table in (("mail", mail), ("turn", turn))}
    due = await world.ask(ageing.due, now=world.clock())
    assert due["mails"] > 0
    assert due["traces"] == count["turn"] > 0
    while await world.do(ageing.age, limit=1):
        pass
    assert await world.ask(ageing.due, now=world.clock()) == {"mails": 0, "traces": 0}
    assert {name: await rows(world, table) for name, table in (("mail", mail), ("turn", turn))} == count
    letters = await world.db.read(lambda conn: conn.execute(select(mail)).mappings().all())
    assert {(each["text"], each["html"], tuple(each["files"])) for each in letters if each["state"] == "sent"} == {
        (ageing.GONE, "", ())
    }
    assert all(each["text"] != ageing.GONE for each in letters if each["state"] == "queued")


async def test_failed_work_is_forgotten_after_a_year_or_by_the_rule(world: World) -> None:
    """As usual after twelve months; what waits or runs is never touched."""

    def bury(conn: Connection) -> None:
        for _ in range(3):
            enqueue(conn, "q", {}, now=world.clock())
        ids = select(job.c.id).where(job.c.queue == "q").order_by(job.c.id).limit(2)
        conn.execute(update(job).where(job.c.id.in_(ids)).values(state="dead", due=None, closed_at=world.clock()))

    await world.db.write(bury)
    world.clock.set(world.clock() + LONG)
    await world.do(ageing.age)
    assert await states(world) == ["dead", "dead", "waiting"]
    await rule(world, dead=2)
    assert await world.ask(ageing.due, now=world.clock()) == {"dead": 2}
    await world.do(ageing.age, limit=1)
    await world.do(ageing.age, limit=1)
    assert await states(world) == ["waiting"]
    await rule(world, dead=None)
    await world.db.write(bury)
    world.clock.set(world.clock() + LONG * 4)
    await world.do(ageing.age)
    assert await states(world) == ["waiting", "waiting"]


async def test_checks_alerts_and_webhooks_go_by_the_desks_spans(world: World) -> None:
    """Their rooms ask for the span: the usual one, or the rule's; a webhook's log may be kept for longer too."""
    for name, usual in (("checks", 3), ("alerts", 3), ("webhooks", 1)):
        assert await world.ask(keeping.span, name) == usual * keeping.MONTH
        await rule(world, **{name: 7})
        assert await world.ask(keeping.span, name) == 7 * keeping.MONTH
    assert await world.ask(keeping.span, "messages") is None


async def rows(world: World, table: Table) -> int:
    return await world.db.read(lambda conn: conn.execute(select(func.count()).select_from(table)).scalar_one())


async def states(world: World) -> list[str]:
    mine = select(job.c.state).where(job.c.queue == "q").order_by(job.c.state)
    return list(await world.db.read(lambda conn: conn.execute(mine).scalars().all()))


async def test_logs_go_in_batches(world: World, tmp_path: Path) -> None:
    """Audit lines, webhooks and translations that are older; one row at a time comes to the same."""
    await lived(world, tmp_path / "files")
    await rule(world, audit=2, webhooks=2, translations=2)
    world.clock.set(world.clock() + LONG)
    assert await world.ask(ageing.due, now=world.clock()) == {"audit": 1, "webhooks": 1, "translations": 1}
    for _ in range(5):
        if not await world.do(ageing.age, limit=1):
            break
    assert set((await world.ask(ageing.due, now=world.clock())).values()) == {0}
    assert await world.db.read(lambda conn: conn.execute(select(func.count()).select_from(audit)).scalar_one()) == 0


async def test_a_notice_is_shown_until_it_was_seen(world: World) -> None:
    """In one's language or the first there is; a new version is shown again; the same text is none."""
    who, by = world.contacts[Tier.GOLD].id, world.lead.id
    assert await world.ask(consent.due, who, "en") is None
    texts = {"en": "We keep what you write.", "zh-Hans": "我们会保存您的消息。", "zh-Hant": " "}
    assert await world.do(consent.publish, texts=texts, by=by) == 1
    assert await world.do(consent.publish, texts=texts, by=by) is None
    told = await world.ask(consent.due, who, "zh-Hant")
    assert told is not None
    assert (told.version, told.language) == (1, "en")
    for _ in range(2):
        await world.do(consent.shown, person_id=who, language="zh-Hans")
    assert await world.ask(consent.due, who, "zh-Hans") is None
    assert await world.ask(consent.seen_by, 1) == 1
    assert await world.do(consent.publish, texts={"en": "We keep it for a year."}, by=by) == 2
    assert await world.ask(consent.due, who, "zh-Hans") is not None
    assert await world.do(consent.publish, texts={}, by=by) == 3
    assert await world.ask(consent.due, who, "en") is None
