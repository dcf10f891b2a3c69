"""Whom a ticket asks, who is passed over, who loses it by silence, and the steps of an emergency: once each."""

import random
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, select

from handoff import asking, board, casefile, directory, roster, routes
from handoff.duty import PresenceState
from handoff.kinds import EventKind, Level, MessageKind, NoticeKind, TicketState, Tier
from handoff.lifecycle import standing
from handoff.model import Person, Ticket, TicketEvent
from handoff.tables import ticket as tickets
from store.tables import job
from tests.contract.handoff.conftest import MONDAY, World

RULES = routes.load()
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@pytest.fixture
async def routed(world: World) -> World:
    """The desk with the rules that ship: ann and bob are agents, lead leads; it is Monday, 10:00 in Shanghai."""
    await world.do(roster.adopt, routes=RULES)

    async def again(running: Any) -> None:
        ids = await world.ask(asking.unasked)
        for ticket_id in ids:
            await world.do(world.desk.route, ticket_id=ticket_id)

    world.worker.register("reroute", again)
    await world.worker.drain()
    return world


async def events_of(world: World, ticket: Ticket, *kinds: EventKind) -> list[TicketEvent]:
    return [event for event in await world.ask(board.events, ticket.id) if event.kind in kinds]


async def asked(world: World, ticket: Ticket) -> list[int | None]:
    """Everybody the ticket asked, in order."""
    return [event.data["to"] for event in await events_of(world, ticket, EventKind.ROUTED)]


async def told(world: World, who: Person, *kinds: NoticeKind) -> list[NoticeKind]:
    found = await world.ask(board.notices, person_id=who.id, unread=False, limit=500)
    return [notice.kind for notice in reversed(found) if not kinds or notice.kind in kinds]


async def now_of(world: World, ticket: Ticket) -> Ticket:
    return await world.ask(board.ticket, ticket.id)


async def work(world: World, who: Person, hours: str, zone: str = "Asia/Shanghai", days: tuple[str, ...] = DAYS) -> Any:
    weekly = dict.fromkeys(days, hours)
    return await world.do(roster.add_shift, person_id=who.id, zone=zone, weekly=weekly, first="2026-01-01")


async def test_a_new_ticket_asks_one_person_and_leaves_the_others_alone(routed: World) -> None:
    """The asked is told; the ticket stays unclaimed, no clock stops, and anybody may claim it."""
    ticket = await routed.open()
    assert (ticket.state, ticket.assignee_id, ticket.asked_id) == (TicketState.NEW, None, routed.ann.id)
    assert await told(routed, routed.ann) == [NoticeKind.ASKED]
    assert await told(routed, routed.bob) == await told(routed, routed.lead) == []
    assert (await routed.clocks(ticket))["FR"].state == "running"
    rows = await routed.ask(board.queue, view="unclaimed", viewer_id=routed.bob.id, now=routed.clock())
    assert [row.ticket.id for row in rows] == [ticket.id]
    taken = await routed.do(routed.desk.claim, ticket_id=ticket.id, by=routed.bob.id)
    assert (taken.assignee_id, taken.asked_id) == (routed.bob.id, None)
    await routed.pass_time(hours=1)
    assert await asked(routed, ticket) == [routed.ann.id]


async def test_load_spreads_tickets_and_an_emergency_weighs_more(routed: World) -> None:
    """The first goes to ann, the next to bob; after an emergency for ann, bob gets the next two."""
    whom = [(await routed.open()).asked_id for _ in range(2)]
    assert whom == [routed.ann.id, routed.bob.id]
    assert (await routed.open(Level.EMERGENCY)).asked_id == routed.ann.id
    assert [(await routed.open()).asked_id for _ in range(3)] == [routed.bob.id] * 3
    assert await routed.ask(asking.loads, [routed.ann.id, routed.bob.id, routed.lead.id], weight=3) == {
        routed.ann.id: 4, routed.bob.id: 4, routed.lead.id: 0,
    }  # fmt: skip


async def test_who_does_not_take_it_is_passed_over_each_at_its_own_instant(routed: World) -> None:
    """After fifteen minutes the next is asked; when all were asked once, the leads are told, once."""
    ticket = await routed.open(Level.BUG)
    await routed.pass_time(hours=2)
    found = await events_of(routed, ticket, EventKind.ROUTED)
    assert [(event.data["to"], event.data["cause"]) for event in found] == [
        (routed.ann.id, "opened"), (routed.bob.id, "passed"), (None, "passed"),
    ]  # fmt: skip
    assert found[1].at == MONDAY + timedelta(minutes=15)
    assert found[2].at == found[1].recorded_at + timedelta(minutes=15)
    assert await told(routed, routed.lead) == [NoticeKind.UNTAKEN]
    assert (await now_of(routed, ticket)).asked_id is None


@pytest.mark.parametrize("seed", range(3))
async def test_doubled_late_and_reordered_looks_ask_nobody_twice(routed: World, seed: int) -> None:
    """However often the timers fire, each person is asked once a round and each step is done once."""
    ticket = await routed.open(Level.EMERGENCY)
    chance = random.Random(seed)
    for minute in sorted(chance.randrange(0, 60) for _ in range(20)):
        routed.clock.set(MONDAY + timedelta(minutes=minute))
        for name in chance.sample(["FR", "RS", "ACK", "ASK", "SILENT", "?"], 4):
            await routed.do(routed.desk.fire, ticket_id=ticket.id, clock=name)
            await routed.do(routed.desk.fire, ticket_id=ticket.id, clock=name)
    routed.clock.set(MONDAY + timedelta(hours=1))
    await routed.worker.drain()
    assert await asked(routed, ticket) == [routed.ann.id, routed.bob.id, None]
    steps = await events_of(routed, ticket, EventKind.UNACKNOWLEDGED)
    assert [(event.data["step"], event.at) for event in steps] == [
        ("direct", MONDAY + timedelta(minutes=3)),
        ("phone", MONDAY + timedelta(minutes=5)),
        ("lead", MONDAY + timedelta(minutes=8)),
    ]
    assert await calls(routed) == 1


async def calls(world: World) -> int:
    query = select(job.c.id).where(job.c.queue == "page")
    return len(await world.ask(lambda conn: conn.execute(query).all()))


async def test_nobody_on_duty_tells_the_leads_and_asks_when_a_shift_begins(routed: World) -> None:
    """Both start at 14:00 Shanghai: the ticket waits in unclaimed, and asks at that instant."""
    await work(routed, routed.ann, "14:00-18:00")
    await work(routed, routed.bob, "07:00-09:00", "Europe/Berlin")  # 14:00-16:00 in Shanghai
    ticket = await routed.open()
    assert ticket.asked_id is None
    assert await told(routed, routed.lead) == [NoticeKind.NOBODY]
    assert await told(routed, routed.ann) == []
    await routed.pass_time(hours=5)
    found = (await events_of(routed, ticket, EventKind.ROUTED))[1]
    assert (found.data["to"], found.data["cause"], found.at) == (routed.ann.id, "duty", MONDAY.replace(hour=6))
    assert NoticeKind.ASKED in await told(routed, routed.ann)


async def test_a_change_of_the_roster_asks_at_once(routed: World) -> None:
    """Everybody is away; somebody who comes back is asked without waiting for a timer, and nothing is told twice."""
    for who in (routed.ann, routed.bob):
        await routed.do(roster.set_presence, person_id=who.id, state=PresenceState.AWAY)
    ticket = await routed.open()
    await routed.do(roster.set_skills, person_id=routed.bob.id, skills=["dns"])
    await routed.worker.drain()
    assert (await now_of(routed, ticket)).asked_id is None
    assert await asked(routed, ticket) == [None]
    await routed.do(roster.set_presence, person_id=routed.bob.id, state=PresenceState.BUSY)
    await routed.worker.drain()
    assert (await now_of(routed, ticket)).asked_id == routed.bob.id
    assert await told(routed, routed.lead) == [NoticeKind.NOBODY]


async def test_somebody_who_left_is_never_waited_for(routed: World) -> None:
    """The asked is deactivated: the next person is asked; the assignee is: the ticket asks again."""
    first, second = await routed.open(), await routed.open()
    await routed.do(routed.desk.claim, ticket_id=second.id, by=routed.ann.id)

    def leave(conn: Connection, *, now: datetime) -> None:
        directory.set_active(conn, routed.ann.id, False)
        roster.changed(conn, now=now)

    await routed.do(leave)
    await routed.worker.drain()
    for ticket in (first, second):
        held = await now_of(routed, ticket)
        assert (held.state, held.assignee_id, held.asked_id) == (TicketState.NEW, None, routed.bob.id)


async def test_platinum_has_its_own_team_and_a_category_its_skill(routed: World) -> None:
    """The team comes first, the skill among the rest; the event says why."""
    vip = next(team for team in await routed.ask(roster.teams) if team.slug == "vip")
    await routed.do(roster.set_teams, person_id=routed.bob.id, team_ids=[vip.id])
    await routed.do(roster.set_skills, person_id=routed.bob.id, skills=["DNS ", "dns", "Mail"])
    ticket = await routed.open(tier=Tier.PLATINUM)
    assert (ticket.asked_id, ticket.team) == (routed.bob.id, "vip")
    gold = await routed.do(
        routed.desk.open, conversation_id=routed.conversations[Tier.GOLD].id, client_id=routed.clients[Tier.GOLD].id,
        requester_id=routed.contacts[Tier.GOLD].id, level=Level.QUESTION, category="domains", title="DNS", summary="",
        reason="x", since=routed.clock(),
    )  # fmt: skip
    assert (gold.asked_id, gold.team) == (routed.bob.id, None)
    why = [(await events_of(routed, one, EventKind.ROUTED))[0].data["why"] for one in (ticket, gold)]
    assert [[reason["because"] for reason in reasons] for reasons in why] == [
        ["team", "duty", "load"],
        ["skill", "duty", "load"],
    ]


async def test_an_emergency_is_heard_by_all_on_duty_only(routed: World) -> None:
    """Bob's shift is over: he sleeps; ann is asked, and hears it as everybody on duty does."""
    await work(routed, routed.bob, "00:00-08:00")
    await routed.open(Level.EMERGENCY)
    assert await told(routed, routed.ann) == [NoticeKind.ASKED, NoticeKind.EMERGENCY]
    assert await told(routed, routed.lead) == [NoticeKind.EMERGENCY]
    assert await told(routed, routed.bob) == []


async def test_the_steps_of_an_emergency_stop_when_somebody_takes_it(routed: World) -> None:
    """Direct at three minutes reaches all on duty; a reply at four means no call and no lead."""
    ticket = await routed.open(Level.EMERGENCY)
    await routed.pass_time(minutes=4)
    assert await told(routed, routed.bob, NoticeKind.UNACKNOWLEDGED) == [NoticeKind.UNACKNOWLEDGED]
    await routed.do(routed.desk.reply, ticket_id=ticket.id, by=routed.bob.id, text="正在恢复")
    await routed.pass_time(minutes=30)
    assert len(await events_of(routed, ticket, EventKind.UNACKNOWLEDGED)) == 1
    assert await calls(routed) == 0


async def test_a_late_sweep_does_every_step_once(routed: World) -> None:
    """The workers slept for an hour: three steps, each stamped with its own instant, one call, one word to each."""
    ticket = await routed.open(Level.EMERGENCY)
    routed.clock.advance(timedelta(hours=1))
    await routed.worker.drain()
    await routed.pass_time(minutes=20)
    steps = await events_of(routed, ticket, EventKind.UNACKNOWLEDGED)
    assert [event.data["step"] for event in steps] == ["direct", "phone", "lead"]
    assert [event.at - MONDAY for event in steps] == [timedelta(minutes=n) for n in (3, 5, 8)]
    assert await calls(routed) == 1
    assert len(await told(routed, routed.bob, NoticeKind.UNACKNOWLEDGED)) == 1
    assert len(await told(routed, routed.lead, NoticeKind.UNACKNOWLEDGED)) == 2  # on duty, and as lead


async def test_a_silent_assignee_loses_the_ticket_at_ninety_per_cent(routed: World) -> None:
    """Ann answered once; the client writes again and hears nothing: bob has it, both are told."""
    ticket = await routed.open()
    await routed.do(routed.desk.reply, ticket_id=ticket.id, by=routed.ann.id, text="请清一下缓存")
    await routed.pass_time(minutes=10)
    await routed.write_in(ticket, "还是不行")
    wrote = routed.clock()
    await routed.pass_time(hours=3, minutes=50)
    held = await now_of(routed, ticket)
    assert held.assignee_id == routed.bob.id
    silent, given = await events_of(routed, ticket, EventKind.SILENT, EventKind.TRANSFERRED)
    assert silent.at == given.at == wrote + timedelta(hours=3, minutes=36)  # 90 % of four hours
    assert (given.data["from"], given.data["to"], given.data["reason"]) == (routed.ann.id, routed.bob.id, "silent")
    assert NoticeKind.SILENT in await told(routed, routed.ann)
    assert NoticeKind.TRANSFER in await told(routed, routed.bob)
    assert await told(routed, routed.ann, NoticeKind.WARNING) == [NoticeKind.WARNING] * 2  # 75 and 90: still hers


@pytest.mark.parametrize("verb", ["note", "reply"])
async def test_whoever_does_something_keeps_the_ticket(routed: World, verb: str) -> None:
    """A note or a reply since the clock began is no silence."""
    ticket = await routed.open()
    await routed.do(routed.desk.reply, ticket_id=ticket.id, by=routed.ann.id, text="好的")
    await routed.pass_time(minutes=10)
    await routed.write_in(ticket, "还是不行")
    await routed.pass_time(hours=1)
    await routed.do(getattr(routed.desk, verb), ticket_id=ticket.id, by=routed.ann.id, text="我在查")
    await routed.pass_time(hours=4)
    assert (await now_of(routed, ticket)).assignee_id == routed.ann.id
    assert await events_of(routed, ticket, EventKind.SILENT) == []


async def test_silence_with_nobody_to_take_over_is_told_to_the_leads_once(routed: World) -> None:
    """Bob is away: ann keeps the ticket, the lead hears of it, and it does not repeat."""
    await routed.do(roster.set_presence, person_id=routed.bob.id, state=PresenceState.AWAY)
    ticket = await routed.open()
    await routed.do(routed.desk.reply, ticket_id=ticket.id, by=routed.ann.id, text="好的")
    await routed.pass_time(minutes=10)
    await routed.write_in(ticket, "还是不行")
    await routed.pass_time(hours=6)
    assert (await now_of(routed, ticket)).assignee_id == routed.ann.id
    assert len(await events_of(routed, ticket, EventKind.SILENT)) == 1
    assert await told(routed, routed.lead, NoticeKind.SILENT) == [NoticeKind.SILENT]


async def test_silence_can_be_switched_off(routed: World) -> None:
    """0 per cent in the rules: nobody ever loses a ticket."""
    await routed.do(roster.adopt, routes=routes.parse({**RULES.document, "silent_percent": 0}))
    ticket = await routed.open()
    await routed.do(routed.desk.reply, ticket_id=ticket.id, by=routed.ann.id, text="好的")
    await routed.pass_time(minutes=10)
    await routed.write_in(ticket, "还是不行")
    await routed.pass_time(hours=6)
    assert await events_of(routed, ticket, EventKind.SILENT) == []


async def test_warnings_go_to_the_asked_and_a_breach_to_the_leads_too(routed: World) -> None:
    """With a long wait for the asked, ann hears the warnings; bob hears nothing at all."""
    patient = {**RULES.document, "pass_over_minutes": dict.fromkeys(map(str, Level), 600)}
    await routed.do(roster.adopt, routes=routes.parse(patient))
    await routed.open()
    await routed.pass_time(hours=5)
    assert await told(routed, routed.ann) == [
        NoticeKind.ASKED,
        NoticeKind.WARNING,
        NoticeKind.WARNING,
        NoticeKind.BREACH,
    ]
    assert await told(routed, routed.lead) == [NoticeKind.BREACH]
    assert await told(routed, routed.bob) == []


async def test_a_reopened_ticket_asks_only_if_nobody_has_it(routed: World) -> None:
    """Its assignee is there: it is theirs. The assignee left: somebody is asked. A returned one is asked for again."""
    ticket = await routed.open()
    await routed.do(routed.desk.resolve, ticket_id=ticket.id, by=routed.ann.id, text="好了")
    await routed.write_in(ticket, "又不行了")
    held = await now_of(routed, ticket)
    assert (held.assignee_id, held.asked_id) == (routed.ann.id, None)
    await routed.do(routed.desk.resolve, ticket_id=ticket.id, by=routed.ann.id, text="好了")
    await routed.db.write(lambda conn: directory.set_active(conn, routed.ann.id, False))
    await routed.write_in(ticket, "又不行了")
    assert ((await now_of(routed, ticket)).asked_id, (await now_of(routed, ticket)).assignee_id) == (
        routed.bob.id,
        None,
    )
    await routed.do(routed.desk.return_to_bot, ticket_id=ticket.id, by=routed.bob.id)
    assert (await now_of(routed, ticket)).asked_id is None
    heard = await routed.hear("找人工")
    assert (await routed.do(routed.desk.hand_off, ticket_id=ticket.id, message_id=heard.id)).asked_id == routed.bob.id


async def test_a_chaser_on_an_unclaimed_ticket_reaches_the_asked_only(routed: World) -> None:
    """ "好了吗" is told to whoever is asked."""
    ticket = await routed.open()
    await routed.write_in(ticket, "好了吗", MessageKind.CHASER)
    assert NoticeKind.CLIENT_REPLIED in await told(routed, routed.ann)
    assert await told(routed, routed.bob) == []


async def test_what_is_kept_of_routing_is_rebuilt_from_the_events(routed: World) -> None:
    """`asked_id` and `team` are caches of the events."""
    for level in Level:
        await routed.open(level, tier=Tier.PLATINUM)
    await routed.pass_time(minutes=40)
    rows = await routed.ask(lambda conn: conn.execute(select(tickets)).mappings().all())
    assert len(rows) == 4
    for row in rows:
        was = standing(await routed.ask(casefile.load_events, row["id"]))
        assert (row["asked_id"], row["team"], row["assignee_id"]) == (was.asked_id, "vip", was.assignee_id)


async def test_without_rules_nobody_is_asked_and_everybody_is_told(world: World) -> None:
    """A desk that never adopted rules works as before."""
    ticket = await world.open()
    assert (ticket.asked_id, await world.kinds(ticket)) == (None, ["opened"])
    assert await told(world, world.bob) == [NoticeKind.OPENED]


async def test_a_lead_on_the_roster_is_asked_like_anybody(routed: World) -> None:
    """Somebody with a role above agent takes tickets once they are rostered."""
    for who in (routed.ann, routed.bob):
        await routed.do(
            roster.set_presence, person_id=who.id, state=PresenceState.AWAY, until=MONDAY + timedelta(hours=8)
        )
    await work(routed, routed.lead, "09:00-18:00")
    assert (await routed.open()).asked_id == routed.lead.id


async def test_the_managers_are_read_where_the_clients_have_them(routed: World) -> None:
    """Until a client has managers there are none; nothing fails."""
    assert await routed.ask(asking.managers, routed.clients[Tier.GOLD].id) == (None, None)
    assert await routed.ask(asking.managers, None) == (None, None)


async def test_snoozed_tickets_ask_nobody_meanwhile(routed: World) -> None:
    """Put aside by a colleague: nobody is passed over until it wakes."""
    ticket = await routed.open()
    await routed.do(routed.desk.snooze, ticket_id=ticket.id, by=routed.bob.id, until=MONDAY + timedelta(hours=1))
    await routed.pass_time(minutes=50)
    assert await asked(routed, ticket) == [routed.ann.id]
    await routed.pass_time(minutes=30)
    assert await asked(routed, ticket) == [routed.ann.id, routed.bob.id]
