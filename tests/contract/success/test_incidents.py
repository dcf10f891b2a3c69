"""Incidents on both databases: one cause is one, what clients hear they hear once, linked tickets hold their clocks."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, select, update

from console.texts import Texts
from handoff import board, directory, messages, sites
from handoff.kinds import ChatKind, Delivery, EventKind, Level, Mode, Tier
from handoff.model import Client, Message, Ticket
from handoff.site_rules import read_site
from handoff.tables import chat as chats
from handoff.tables import message as messages_table
from store.tables import job
from success import alerts, incident_reports, incident_talk, incident_watch, incidents, tasks
from success.alert_rules import Heard, Notification
from success.incident_errors import IncidentRefused
from success.incident_log import Incident, events, incident, live, stands
from success.incident_members import affected, of_incident, of_member, on_server, tickets_of
from success.incident_rules import IncidentState, Kind, Member, Severity, server_key, standing
from success.incident_talk import Saying
from success.incidents import Cause
from tests.contract.handoff.conftest import World

TEXTS = Texts.shipped()
SAY = TEXTS.say
NIGHT = datetime(2026, 3, 9, 15, 0, tzinfo=UTC)  # 23:00 in Shanghai
WORDS = {"zh-Hans": "网站出现故障，正在处理。", "en": "There is a fault; we are on it."}


def cause(world: World, key: str = "server:web-01", **more: Any) -> Cause:
    return Cause(key=key, title="web-01 down", started_at=world.clock(), **more)


async def firm(world: World, slug: str, *, server: str = "web-01", language: str | None = None) -> Client:
    """A client with a group and a site on a server."""

    def body(conn: Connection) -> Client:
        now = world.clock()
        client = directory.add_client(conn, slug=slug, name=slug.title(), tier=Tier.GOLD, language=language, now=now)
        directory.ensure_chat(
            conn, platform="telegram", external_id=slug, kind=ChatKind.GROUP, client_id=client.id, now=now
        )
        draft = read_site({"address": f"https://{slug}.example.com", "server": server})
        sites.add(conn, client_id=client.id, draft=draft, now=now)
        return client

    return await world.db.write(body)


async def report(
    world: World, client: Client, text: str, *, level: Level = Level.EMERGENCY, direct: bool = False
) -> Ticket:
    """A ticket of a client's, from its group or somebody's own chat."""

    def body(conn: Connection) -> Ticket:
        now, name = world.clock(), f"{client.slug}{'-own' if direct else ''}"
        kind = ChatKind.DIRECT if direct else ChatKind.GROUP
        chat = directory.ensure_chat(
            conn, platform="telegram", external_id=name, kind=kind, client_id=client.id, now=now
        )
        talk = directory.ensure_conversation(conn, chat_id=chat.id, now=now)
        who = directory.ensure_person(
            conn, platform="telegram", external_id=f"u-{name}", name="王", client_id=client.id, now=now
        )
        return world.desk.open(
            conn, conversation_id=talk.id, client_id=client.id, requester_id=who.id, level=level, title=text,
            summary=text, reason="emergency", since=now, now=now,
        )  # fmt: skip

    ticket = await world.db.write(body)
    await came(world, ticket)
    return ticket


async def came(world: World, ticket: Ticket) -> None:
    """What the job does that hears of a ticket; twice, as after a crash."""
    for _ in range(2):
        await world.do(incident_watch.ticket_came, ticket_id=ticket.id, say=SAY)


async def outgoing(world: World) -> list[Message]:
    """What was said to clients by us, in order."""

    def body(conn: Connection) -> list[Message]:
        rows = conn.execute(
            select(messages_table.c.id)
            .where(messages_table.c.delivery == Delivery.QUEUED, messages_table.c.audience == "client")
            .order_by(messages_table.c.id)
        )
        return [messages.message(conn, each) for each in rows.scalars()]

    return await world.ask(body)


async def tell(world: World, which: int, kind: Saying = Saying.FIRST, **more: Any) -> Any:
    facts = {"incident_id": which, "kind": kind, "texts": WORDS, "name": "Aftercare", "desk": world.desk}
    return await world.do(incident_talk.broadcast, **facts | more)


async def test_one_cause_is_one_incident(world: World) -> None:
    """Begun twice it is one; suggested, then opened, it is the same; over, it goes on for half an hour, not longer."""
    first = await world.do(incidents.begin, cause=cause(world), suggested=True)
    again = await world.do(incidents.begin, cause=cause(world), suggested=True)
    assert first.fresh
    assert (again.fresh, again.incident.id) == (False, first.incident.id)
    assert [task.origin for task in await world.ask(tasks.open_of)] == [f"incident:{first.incident.id}"]
    opened = await world.do(incidents.begin, cause=cause(world), rule="cpu")
    assert (opened.fresh, opened.incident.state) == (True, IncidentState.OPEN)
    assert await world.ask(tasks.open_of) == ()
    await world.do(incidents.resolve, incident_id=first.incident.id, by=world.lead.id)
    back = await world.do(incidents.begin, cause=cause(world))
    assert (back.again, back.incident.id) == (True, first.incident.id)
    await world.do(incidents.resolve, incident_id=first.incident.id, by=world.lead.id)
    world.clock.set(world.clock() + timedelta(minutes=31))
    assert (await world.do(incidents.begin, cause=cause(world))).incident.id != first.incident.id


async def test_the_state_is_what_the_events_say(world: World) -> None:
    """The row repeats the fold of its events, through every verb; a verb that does not fit changes nothing."""
    which = (await world.do(incidents.begin, cause=cause(world), suggested=True)).incident.id
    for verb in ("confirm", "monitor", "reopen", "resolve", "close"):
        await world.do(getattr(incidents, verb), incident_id=which, by=world.lead.id)
        row, fold = await world.ask(incident, which), standing(await world.ask(events, which))
        assert (row.state, row.resolved_at, row.closed_at, row.title) == (
            fold.state, fold.resolved_at, fold.closed_at, fold.title,
        )  # fmt: skip
    before = await world.ask(events, which)
    for verb in ("confirm", "dismiss", "monitor", "resolve", "reopen", "close"):
        with pytest.raises(IncidentRefused):
            await world.do(getattr(incidents, verb), incident_id=which, by=world.lead.id)
    assert await world.ask(events, which) == before


async def test_three_reports_of_one_server_are_suggested_as_one(world: World) -> None:
    """Two are none yet; a third of another client is; a fourth joins; a stranger on another server does not."""
    firms = [await firm(world, slug) for slug in ("ant", "bee", "cat", "dog")]
    other = await firm(world, "elk", server="web-02")
    for each in firms[:2]:
        await report(world, each, f"{each.slug} 后台打不开")
    assert await world.ask(live) == ()
    await report(world, firms[2], "首页报错 500", level=Level.BUG)
    [known] = await world.ask(live)
    assert (known.state, known.key, known.severity) == (IncidentState.SUGGESTED, "server:web-01", Severity.CRITICAL)
    await report(world, firms[3], "数据库连不上")
    await report(world, other, "发票怎么开", level=Level.QUESTION)
    assert len(await world.ask(tickets_of, known.id)) == 4
    assert {client.slug for client in await world.ask(affected, known)} == {"ant", "bee", "cat", "dog"}


async def test_a_server_is_one_however_it_was_typed(world: World) -> None:
    """For tickets, sites and alerts: without regard to case, of any script, or to spaces."""
    firms = [await firm(world, f"f{n}", server=name) for n, name in enumerate(("WEB  É-01", " web é-01", "Web É-01"))]
    for each in firms:
        await report(world, each, f"{each.slug} 后台打不开")
    [known] = await world.ask(live)
    same = await world.do(incidents.begin, cause=cause(world, server_key("Web   É-01 "), server="Web   É-01 "))
    assert same.incident.id == known.id
    assert await world.ask(on_server, "wEB é-01") == tuple(each.id for each in firms)
    labels = {"alertname": "x", "server": "WEB É-01", "client": "f1"}
    heard = Heard(fingerprint="1", firing=True, starts_at=world.clock(), ends_at=None, labels=labels)
    received = await world.do(alerts.receive, posted=Notification(group_key="g", alerts=(heard,)))
    [site] = await world.ask(sites.of_client, firms[1].id)
    assert received.fresh[0].site_id == site.id


async def test_much_the_same_words_fold_across_servers(world: World) -> None:
    """Three clients on three servers write that their site is down: one suggestion."""
    for n, slug in enumerate(("ant", "bee", "cat", "dog")):
        await report(world, await firm(world, slug, server=f"s{n}"), "网站打不开了，显示 502 错误")
    [known] = await world.ask(live)
    assert known.key.startswith("words:")
    assert len(await world.ask(tickets_of, known.id)) == 4


async def dismissed(world: World) -> Incident:
    """The one suggestion there is, dismissed by the lead."""
    [known] = await world.ask(live)
    gone: Incident = await world.do(incidents.dismiss, incident_id=known.id, by=world.lead.id)
    return gone


async def solve(world: World, tickets: Sequence[Ticket]) -> None:
    for each in tickets:
        await world.do(world.desk.resolve, ticket_id=each.id, by=world.lead.id)


@pytest.mark.parametrize("words", [None, "网站打不开了，显示 502 错误"], ids=["server", "words"])
async def test_what_was_dismissed_is_not_suggested_again_while_it_lasts(world: World, words: str | None) -> None:
    """Neither by the same tickets nor by further ones, which join it; once all were well, new ones are suggested."""
    slugs = ("ant", "bee", "cat", "dog", "elk", "fox", "gnu", "hen", "jay", "kea")
    firms = [await firm(world, slug, server=f"s-{slug}" if words else "web-01") for slug in slugs]
    reported = [await report(world, each, words or f"{each.slug} 后台打不开") for each in firms[:3]]
    gone = await dismissed(world)
    for each in reported:
        await came(world, each)
    for each in firms[3:7]:  # the first ones are out of sight by then
        world.clock.set(world.clock() + timedelta(minutes=9))
        reported.append(await report(world, each, words or f"{each.slug} 首页很慢"))
    assert await world.ask(live) == ()
    assert await world.ask(tasks.open_of) == ()
    assert [each.id for each in await world.ask(tickets_of, gone.id)] == [each.id for each in reported]
    assert (await world.ask(incident, gone.id)).state is IncidentState.DISMISSED
    await solve(world, reported)
    for each in firms[7:]:
        assert await world.ask(live) == ()
        await report(world, each, words or f"{each.slug} 报错")
    [known] = await world.ask(live)
    assert known.id != gone.id
    assert len(await world.ask(tickets_of, known.id)) == 3


async def test_a_dismissal_holds_for_a_week(world: World) -> None:
    """One matter that stays open for long does not hide the next outage of its server."""
    for slug in ("ant", "bee", "cat"):
        await report(world, await firm(world, slug, server="web-01"), f"{slug} 后台打不开")
    gone = await dismissed(world)
    world.clock.set(world.clock() + timedelta(days=8))
    for slug in ("dog", "elk", "fox"):
        await report(world, await firm(world, slug, server="web-01"), f"{slug} 报错")
    [known] = await world.ask(live)
    assert known.id != gone.id


async def test_what_a_person_opens_was_never_dismissed(world: World) -> None:
    """A cause that is opened, not suggested, is an incident whatever was said of the suggestion."""
    first = await report(world, await firm(world, "ant"), "打不开")
    members = [Member(kind=Kind.TICKET, subject=first.id)]
    await world.do(incidents.begin, cause=cause(world), members=members, suggested=True)
    gone = await dismissed(world)
    again = await world.do(incidents.begin, cause=cause(world), members=members, suggested=True)
    assert (again.fresh, again.incident.id) == (False, gone.id)
    opened = await world.do(incidents.begin, cause=cause(world), members=members, by=world.lead.id)
    assert (opened.fresh, opened.incident.state) == (True, IncidentState.OPEN)


async def test_one_client_that_writes_often_is_no_incident(world: World) -> None:
    """Three tickets of one client, and three of several an hour apart, are none."""
    ant = await firm(world, "ant")
    for text in ("网站打不开了", "后台打不开了", "首页打不开了"):
        await report(world, ant, text)
    for slug in ("bee", "cat"):
        world.clock.set(world.clock() + timedelta(hours=1))
        await report(world, await firm(world, slug), "网站打不开了")
    assert await world.ask(live) == ()


async def test_each_group_hears_it_once_in_its_language(world: World) -> None:
    """Told twice, by whomever, a chat has one message; later clients of the same incident are told then."""
    await firm(world, "ant")
    await firm(world, "bee", language="en")
    await firm(world, "cat", language="zh-Hant")
    which = (await world.do(incidents.begin, cause=cause(world, server="web-01"))).incident.id
    await tell(world, which)
    with pytest.raises(IncidentRefused, match="nobody"):
        await tell(world, which)
    assert [each.text for each in await outgoing(world)] == [WORDS["zh-Hans"], WORDS["en"], "網站出現故障，正在處理。"]
    await firm(world, "dog")
    assert len(await tell(world, which, by=world.lead.id)) == 1
    await tell(world, which, Saying.UPDATE)
    await tell(world, which, Saying.UPDATE)
    assert len(await outgoing(world)) == 3 + 1 + 4 + 4


async def test_what_nobody_can_read_is_not_sent(world: World) -> None:
    """A group that reads English and no English text: refused, nothing said; groups where we are silent are left out."""
    await firm(world, "ant", language="en")
    bee = await firm(world, "bee")
    await world.db.write(
        lambda conn: conn.execute(update(chats).where(chats.c.client_id == bee.id).values(mode=Mode.OFF))
    )
    which = (await world.do(incidents.begin, cause=cause(world, server="web-01"))).incident.id
    with pytest.raises(IncidentRefused, match="language"):
        await tell(world, which, texts={"zh-Hans": "故障", "en": " "})
    assert await outgoing(world) == []
    assert len(await tell(world, which)) == 1


async def test_what_a_person_says_answers_the_linked_tickets(world: World) -> None:
    """One message in the group is the first answer on both of its tickets; the own chat of a third gets its own."""
    ant = await firm(world, "ant")
    one, two = await report(world, ant, "网站打不开"), await report(world, ant, "后台也打不开")
    own = await report(world, ant, "小程序打不开", direct=True)
    members = [Member(kind=Kind.TICKET, subject=each.id) for each in (one, two, own)]
    which = (await world.do(incidents.begin, cause=cause(world), members=members, by=world.lead.id)).incident.id
    world.clock.set(world.clock() + timedelta(minutes=4))
    await tell(world, which, by=world.ann.id)
    said = [each for each in await outgoing(world) if each.text == WORDS["zh-Hans"]]
    assert len(said) == 2
    assert {each.person_id for each in said} == {world.ann.id}
    for ticket in (one, two, own):
        replied = [e for e in await world.ask(board.events, ticket.id) if e.kind is EventKind.REPLIED]
        assert [e.actor_id for e in replied] == [world.ann.id]
        assert (await world.clocks(ticket))["FR"].state == "met"
    numbers = await world.do(incident_talk.settle_tickets, incident_id=which, by=world.ann.id, desk=world.desk)
    assert numbers == (one.number, two.number, own.number)
    assert {t.state for t in await world.ask(tickets_of, which)} == {"resolved"}


async def test_at_night_what_can_wait_waits_but_for_those_who_are_awake(world: World) -> None:
    """One group sleeps until nine, another writes at eleven and hears it then; an update overtakes the one that waits."""
    await firm(world, "ant")
    bee = await firm(world, "bee")
    which = (await world.do(incidents.begin, cause=cause(world, server="web-01"))).incident.id
    world.clock.set(NIGHT)
    held = await tell(world, which, Saying.UPDATE, waits=True)
    assert await outgoing(world) == []
    jobs = await world.db.read(
        lambda c: c.execute(select(job.c.dedup).where(job.c.queue == "incident_said")).scalars().all()
    )
    assert jobs == [f"said:{each.id}" for each in held]
    world.clock.set(NIGHT + timedelta(minutes=10))
    looks = [await world.do(incident_talk.deliver, said_id=each.id, desk=world.desk) for each in held]
    assert looks == [NIGHT + timedelta(minutes=20)] * 2

    def wakes(conn: Connection) -> None:
        chat = directory.find_chat(conn, platform="telegram", external_id="bee")
        assert chat is not None
        talk = directory.ensure_conversation(conn, chat_id=chat.id, now=world.clock())
        who = directory.ensure_person(
            conn, platform="telegram", external_id="w", name="Wu", client_id=bee.id, now=world.clock()
        )
        facts = {"at": world.clock(), "now": world.clock()}
        messages.accept(conn, conversation=talk, person=who, external_id="1", text="好了吗", **facts)

    await world.db.write(wakes)
    for each in (*held, *held):
        await world.do(incident_talk.deliver, said_id=each.id, desk=world.desk)
    assert len(await outgoing(world)) == 1
    await tell(world, which, Saying.ALL_CLEAR)
    world.clock.set(NIGHT + timedelta(hours=10))
    for each in held:
        assert await world.do(incident_talk.deliver, said_id=each.id, desk=world.desk) is None
    assert len(await outgoing(world)) == 3
    states = {said.state for said in await world.ask(incident_talk.of_incident, which)}
    assert states == {"said", "overtaken"}


async def test_what_is_over_by_morning_is_not_said_to_begin(world: World) -> None:
    """A group that slept through it does not read that we have just noticed it."""
    await firm(world, "ant")
    which = (await world.do(incidents.begin, cause=cause(world, server="web-01"))).incident.id
    world.clock.set(NIGHT)
    [held] = await tell(world, which, Saying.FIRST, waits=True)
    world.clock.set(NIGHT + timedelta(hours=1))
    await world.do(incidents.resolve, incident_id=which, by=world.lead.id)
    world.clock.set(NIGHT + timedelta(hours=10))
    assert await world.do(incident_talk.deliver, said_id=held.id, desk=world.desk) is None
    assert await outgoing(world) == []
    assert [said.state for said in await world.ask(incident_talk.of_incident, which)] == ["overtaken"]


async def test_an_emergency_of_a_known_incident_knows_it(world: World) -> None:
    """Proposed, not linked, with one internal note of what is known, whatever runs twice; linked by hand it belongs."""
    ant = await firm(world, "ant")
    which = (await world.do(incidents.begin, cause=cause(world, server="web-01"))).incident.id
    await tell(world, which)
    ticket = await report(world, ant, "网站打不开")
    [belonging] = await world.ask(of_incident, which, Kind.TICKET)
    assert belonging.proposed
    notes = [
        each for each in await world.ask(messages.dossier, ticket) if each.audience == "internal"
    ]  # fmt: skip
    assert len(notes) == 1
    assert WORDS["zh-Hans"] in notes[0].text
    member = Member(kind=Kind.TICKET, subject=ticket.id)
    await world.do(incidents.link, incident_id=which, member=member, by=world.ann.id)
    assert await world.ask(of_member, member) == ((await world.ask(incident, which), False),)
    await world.do(incidents.unlink, incident_id=which, member=member, by=world.ann.id)
    await came(world, ticket)
    assert await world.ask(tickets_of, which) == ()


async def test_a_ticket_is_in_one_incident(world: World) -> None:
    """Linked to another, it leaves the first."""
    ticket = await world.open(Level.EMERGENCY)
    member = Member(kind=Kind.TICKET, subject=ticket.id)
    one = (await world.do(incidents.begin, cause=cause(world), members=[member])).incident
    two = (await world.do(incidents.begin, cause=cause(world, "hand:2"), members=[member])).incident
    assert [known.id for known, _ in await world.ask(of_member, member)] == [two.id]
    assert await world.ask(of_incident, one.id) == ()


async def test_a_post_mortem_keeps_every_version(world: World) -> None:
    """Two who write at once: the second is told; finished, nothing more is written."""
    which = (await world.do(incidents.begin, cause=cause(world))).incident.id
    keep = {"incident_id": which, "by": world.ann.id}
    await world.do(incident_reports.keep, text="one", seen=0, **keep)
    with pytest.raises(IncidentRefused, match="changed"):
        await world.do(incident_reports.keep, text="other", seen=0, **keep)
    await world.do(incident_reports.keep, text="two", seen=1, finished=True, **keep)
    with pytest.raises(IncidentRefused, match="finished"):
        await world.do(incident_reports.keep, text="three", seen=2, **keep)
    assert [each.text for each in await world.ask(incident_reports.versions, which)] == ["two", "one"]
    assert (await world.ask(stands, which)).rounds == 1
