"""Warnings, breaches and reminders: once each, stamped with their own instants, whatever happens to the timers."""

import random
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from handoff import board, casework, contracts
from handoff.clocks import courses
from handoff.holiday_library import known_holidays
from handoff.holidays import Holidays
from handoff.kinds import EventKind, Level, MessageKind, NoticeKind, TicketState, Tier
from handoff.lifecycle import standing
from handoff.model import Ticket
from handoff.policy import load, parse
from handoff.tables import clock as clock_table
from handoff.tables import timer as timer_table
from store.jobs import depths
from tests.contract.handoff.conftest import BOOK, MONDAY, World

THRESHOLDS = [("FR", 75), ("FR", 90), ("FR", 100), ("RS", 75), ("RS", 90), ("RS", 100)]


async def written(world: World, ticket: Ticket) -> list[tuple[str, int, datetime]]:
    """The warnings and breaches of a ticket."""
    return [
        (str(event.data["clock"]), int(str(event.data["percent"])), event.at)
        for event in await world.ask(board.events, ticket.id)
        if event.kind in {EventKind.WARNED, EventKind.BREACHED}
    ]


async def notices_of(world: World, person_id: int, kind: NoticeKind) -> int:
    found = await world.ask(board.notices, person_id=person_id, limit=500)
    return sum(notice.kind is kind for notice in found)


async def test_a_late_ticket_warns_its_assignee_and_its_breach_reaches_the_lead(world: World) -> None:
    """Scene 8: warning to the assignee before the deadline, breach to the lead as well, once each."""
    ticket = await world.open()
    await world.do(world.desk.claim, ticket_id=ticket.id, by=world.ann.id)
    await world.pass_time(hours=5)
    assert [row for row in await written(world, ticket) if row[0] == "FR"] == [
        ("FR", 75, MONDAY + timedelta(hours=3)),
        ("FR", 90, MONDAY + timedelta(hours=3, minutes=36)),
        ("FR", 100, MONDAY + timedelta(hours=4)),
    ]
    assert await notices_of(world, world.ann.id, NoticeKind.WARNING) == 2
    assert await notices_of(world, world.bob.id, NoticeKind.WARNING) == 0
    assert await notices_of(world, world.lead.id, NoticeKind.BREACH) == 1
    assert await notices_of(world, world.ann.id, NoticeKind.BREACH) == 1
    assert await notices_of(world, world.bob.id, NoticeKind.BREACH) == 0


@pytest.mark.parametrize("seed", range(3))
async def test_late_doubled_and_reordered_looks_change_nothing(world: World, seed: int) -> None:
    """However the timers fire, each threshold is written once, at its own instant."""
    ticket = await world.open(Level.EMERGENCY)
    chance = random.Random(seed)
    looks = [MONDAY + timedelta(minutes=chance.randrange(0, 600)) for _ in range(12)]
    looks.append(MONDAY + timedelta(hours=10))
    for look in looks:  # in no order: the workers' clocks are apart
        world.clock.set(look)
        for name in chance.sample(["FR", "RS", "NR", "ACK", "?"], 3):
            await world.do(world.desk.fire, ticket_id=ticket.id, clock=name)
    assert sorted(await written(world, ticket)) == sorted(
        (kind, percent, MONDAY + hours * percent / 100)
        for kind, hours in (("FR", timedelta(hours=1)), ("RS", timedelta(hours=4)))
        for percent in (75, 90, 100)
    )
    assert (await world.kinds(ticket)).count("unacknowledged") == 1


async def test_one_sleeping_worker_writes_the_same_events_as_an_awake_one(world: World) -> None:
    """A sweep two days late writes what was due, stamped with the due instants, and one notice for each clock."""
    ticket = await world.open(Level.EMERGENCY)
    world.clock.advance(timedelta(days=2))
    await world.worker.drain()
    assert [(kind, percent) for kind, percent, _ in await written(world, ticket)] == THRESHOLDS
    assert await notices_of(world, world.lead.id, NoticeKind.BREACH) == 2
    assert await notices_of(world, world.lead.id, NoticeKind.WARNING) == 0


async def test_an_answer_after_the_due_instant_does_not_hide_the_breach(world: World) -> None:
    """The workers were down; the late reply itself writes what was due before it."""
    ticket = await world.open()
    world.clock.advance(timedelta(hours=6))
    await world.do(world.desk.reply, ticket_id=ticket.id, by=world.ann.id, text="抱歉久等")
    assert ("FR", 100, MONDAY + timedelta(hours=4)) in await written(world, ticket)
    assert (await world.clocks(ticket))["FR"].state == "missed"
    assert (await world.kinds(ticket))[-1] == "replied"


async def test_an_answer_at_the_due_instant_is_met(world: World) -> None:
    """Used up exactly at the stop is met, and the timer that looks then says so."""
    ticket = await world.open(Level.EMERGENCY)
    world.clock.advance(timedelta(hours=1))
    await world.worker.drain()
    await world.do(world.desk.reply, ticket_id=ticket.id, by=world.ann.id, text="正在恢复备份,20 分钟后好")
    await world.pass_time(minutes=10)
    assert (await world.clocks(ticket))["FR"].state == "met"
    assert ("FR", 100) not in [row[:2] for row in await written(world, ticket)]


async def test_every_running_clock_has_one_timer_and_a_finished_ticket_has_none(world: World) -> None:
    """Timers move and go with the events; none is left behind, none is doubled."""
    ticket = await world.open(Level.EMERGENCY)
    assert await scheduled(world) == 3  # FR, RS, acknowledgement
    await world.do(world.desk.claim, ticket_id=ticket.id, by=world.ann.id)
    assert await scheduled(world) == 2
    await world.do(world.desk.reply, ticket_id=ticket.id, by=world.ann.id, text="请确认", wait=True)
    assert await scheduled(world) == 1  # the quiet client
    await world.write_in(ticket, "确认了")
    assert await scheduled(world) == 2  # NR, RS
    await world.do(world.desk.resolve, ticket_id=ticket.id, by=world.ann.id, text="好了")
    assert await scheduled(world) == 0
    armed = await world.ask(lambda conn: conn.execute(select(timer_table.c.armed_at)).scalars().all())
    assert set(armed) == {None}


async def scheduled(world: World) -> int:
    found = await world.ask(depths, now=world.clock())
    return sum(depth.scheduled + depth.waiting for depth in found if depth.queue == "clock")


async def test_an_emergency_that_nobody_takes_reaches_the_leads_after_three_minutes(world: World) -> None:
    """Everybody hears of it at once, the leads again when nobody has taken it."""
    ticket = await world.open(Level.EMERGENCY)
    taken = await world.open(Level.EMERGENCY, tier=Tier.STANDARD)
    await world.do(world.desk.claim, ticket_id=taken.id, by=world.bob.id)
    assert await notices_of(world, world.bob.id, NoticeKind.EMERGENCY) == 2
    await world.pass_time(minutes=10)
    assert await notices_of(world, world.lead.id, NoticeKind.UNACKNOWLEDGED) == 1
    assert await notices_of(world, world.bob.id, NoticeKind.UNACKNOWLEDGED) == 0
    event = next(e for e in await world.ask(board.events, ticket.id) if e.kind is EventKind.UNACKNOWLEDGED)
    assert event.at == MONDAY + timedelta(minutes=3)


async def test_a_holding_reply_is_followed_up(world: World) -> None:
    """ "稍等" stops the first response, is shown as held, and comes back after 30 minutes if nothing followed."""
    held, kept = await world.open(), await world.open()
    for ticket in (held, kept):
        await world.do(world.desk.reply, ticket_id=ticket.id, by=world.ann.id, text="您好,请稍等,我看一下")
    first = (await world.clocks(held))["FR"]
    assert (first.state, first.held_at) == ("met", MONDAY)
    world.clock.advance(timedelta(minutes=10))
    await world.do(world.desk.reply, ticket_id=kept.id, by=world.ann.id, text="在 设置 → 常规 里改")
    await world.pass_time(hours=1)
    assert (await world.kinds(held)).count("follow_up") == 1
    assert (await world.kinds(kept)).count("follow_up") == 0
    assert await notices_of(world, world.ann.id, NoticeKind.FOLLOW_UP) == 1


async def test_a_quiet_client_is_reminded_and_then_the_ticket_resolves_with_notice(world: World) -> None:
    """Three days, a reminder; five days, resolved; the client is told both, once."""
    ticket = await world.open()
    await world.do(world.desk.reply, ticket_id=ticket.id, by=world.ann.id, text="这样可以吗?", wait=True)
    world.clock.advance(timedelta(days=3, seconds=1))
    await world.worker.drain()
    assert (await world.kinds(ticket))[-1] == "reminded"
    world.clock.advance(timedelta(days=4))
    await world.worker.drain()
    found = await world.ask(board.ticket, ticket.id)
    assert found.state is TicketState.RESOLVED
    assert found.resolved_at == MONDAY + timedelta(days=5)
    depth = {depth.queue: depth.waiting for depth in await world.ask(depths, now=world.clock())}
    assert depth["client_notice"] == 2


async def test_a_snoozed_ticket_wakes_up_for_its_assignee(world: World) -> None:
    """Snoozing touches no clock; at its end the assignee is told."""
    ticket = await world.open(Level.BUG)
    await world.do(world.desk.claim, ticket_id=ticket.id, by=world.ann.id)
    before = await world.clocks(ticket)
    until = MONDAY + timedelta(hours=1)
    await world.do(world.desk.snooze, ticket_id=ticket.id, by=world.ann.id, until=until)
    assert await world.clocks(ticket) == before
    await world.pass_time(hours=2)
    assert await notices_of(world, world.ann.id, NoticeKind.WOKEN) == 1
    assert (await world.ask(board.ticket, ticket.id)).snoozed_until is None


@pytest.mark.parametrize(
    ("level", "opens_at", "by"),
    [
        (Level.QUESTION, datetime(2026, 3, 10, 1, 0, tzinfo=UTC), datetime(2026, 3, 10, 5, 0, tzinfo=UTC)),
        (Level.EMERGENCY, None, datetime(2026, 3, 9, 16, 10, tzinfo=UTC)),
        (Level.BUG, datetime(2026, 3, 10, 1, 0, tzinfo=UTC), datetime(2026, 3, 10, 15, 10, tzinfo=UTC)),
    ],
)
async def test_at_night_a_gold_client_hears_when_a_person_will_be_there(
    world: World, level: Level, opens_at: datetime | None, by: datetime
) -> None:
    """Scene 15, 23:10 in Shanghai: at 09:00, by 13:00; unless it is an emergency: within the hour."""
    world.clock.set(datetime(2026, 3, 9, 15, 10, tzinfo=UTC))
    ticket = await world.open(level)
    promise = await world.ask(world.desk.promise, ticket.id, now=world.clock())
    assert (promise.opens_at, promise.by) == (opens_at, by)


async def test_a_target_that_ends_before_anybody_is_on_duty_is_pointed_out(world: World) -> None:
    """Platinum is answered day and night; a contract with duty by day for it would say so at the hand-off."""
    document = dict(BOOK.current.document["contract"])  # type: ignore[call-overload]
    document["duty"] = {**document["duty"], "platinum": "G"}
    await world.do(contracts.adopt, contract=parse(document, holidays=no_holidays()))
    world.clock.set(datetime(2026, 3, 9, 15, 10, tzinfo=UTC))
    await world.open(tier=Tier.PLATINUM)
    newest = (await world.ask(board.notices, person_id=world.ann.id))[0]
    assert newest.data["without_duty"] == ["FR", "RS"]


def no_holidays() -> Any:
    return {"china": Holidays(off=frozenset(), makeup=frozenset(), until=date(2026, 12, 31))}


async def test_what_is_kept_for_queries_is_what_the_events_say(world: World) -> None:
    """Rows of tickets and clocks, rebuilt from the events alone, are equal to those that are kept."""
    emergency, question = await world.open(Level.EMERGENCY), await world.open()
    verbs, ann = world.desk, world.ann.id
    await world.do(verbs.claim, ticket_id=emergency.id, by=ann)
    await world.pass_time(minutes=50)
    await world.do(verbs.reply, ticket_id=emergency.id, by=ann, text="稍等", wait=True)
    await world.write_in(emergency, "好的", MessageKind.ASSENT)
    await world.write_in(emergency, "还是不行")
    await world.do(verbs.set_level, ticket_id=question.id, level=Level.BUG, by=ann)
    await world.do(verbs.reply, ticket_id=question.id, by=ann, text="是这样吗?", wait=True)
    await world.pass_time(hours=3)
    await world.do(verbs.reply, ticket_id=emergency.id, by=ann, text="恢复了")
    await world.do(verbs.resolve, ticket_id=emergency.id, by=ann)
    await world.write_in(emergency, "又坏了")
    await world.pass_time(hours=1)
    for ticket in (emergency, question):
        found = await world.ask(board.events, ticket.id)
        kept = await world.ask(board.ticket, ticket.id)
        was = standing(found)
        assert (kept.state, kept.assignee_id, kept.level) == (was.state, was.assignee_id, was.level)
        assert (kept.resolved_at, kept.urgent, kept.policy) == (was.resolved_at, was.urgent, was.policy)
        rows = await world.ask(
            lambda conn, key: conn.execute(select(clock_table).where(clock_table.c.ticket_id == key)).mappings().all(),
            ticket.id,
        )
        by_course = {(row["kind"], row["cycle"]): dict(row) for row in rows}
        rebuilt = {course.key: course for course in courses(found, BOOK)}
        assert by_course.keys() == rebuilt.keys()
        for key, row in by_course.items():
            said = casework.clock_row(BOOK, rebuilt[key], now=row["read_at"])
            assert said == {name: value for name, value in row.items() if name != "ticket_id"}


async def test_a_new_contract_moves_unfinished_clocks_only(world: World) -> None:
    """The version changes: running clocks follow it, the finished keep theirs, and the old terms stay readable."""
    answered, unanswered = await world.open(), await world.open()
    await world.do(world.desk.reply, ticket_id=answered.id, by=world.ann.id, text="好了")
    document = dict(BOOK.current.document["contract"])  # type: ignore[call-overload]
    targets = {**document["targets"]}
    targets["question"] = {**targets["question"], "gold": {"FR": "2 h on G", "RS": "2 working days on W"}}
    changed = parse({**document, "targets": targets}, holidays=known_holidays())
    world.clock.advance(timedelta(hours=3))
    await world.do(contracts.adopt, contract=changed)
    assert await world.worker.drain() > 0
    finished, running = await world.clocks(answered), await world.clocks(unanswered)
    assert finished["FR"].target == "4 h on G"
    assert finished["RS"].target == "2 working days on W"
    assert running["FR"].target == "2 h on G"
    assert running["FR"].due_at == MONDAY + timedelta(hours=2)
    assert running["FR"].breached_at == MONDAY + timedelta(hours=3)


async def test_the_ledger_names_holidays_pauses_and_windows(world: World) -> None:
    """For a bug filed before a holiday every line of its deadline is there."""
    world.clock.set(datetime(2026, 4, 30, 2, 0, tzinfo=UTC))  # the day before the May holidays of 2026
    ticket = await world.open(Level.BUG)
    await world.do(world.desk.reply, ticket_id=ticket.id, by=world.ann.id, text="请发截图", wait=True)
    lines = await world.ask(world.desk.ledger, ticket.id, now=world.clock())
    kinds = {line.kind for line in lines}
    assert {"event.opened", "event.replied", "event.waited", "start", "stop", "pause", "counted"} <= kinds
    holidays = [line.data["date"] for line in lines if line.kind == "closed" and line.data["why"] == "holiday"]
    assert "2026-05-01" in holidays
    assert load().covered_until == date(2026, 12, 31)
