"""Reports on both databases: due at the client's morning, drafted once, edited, approved, sent once, withdrawn."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, update

from handoff import archive, directory
from handoff.errors import NotFound
from handoff.kinds import Tier
from handoff.tables import client as clients
from store.schedule import tick
from store.tables import job
from success import tasks, visits
from success.errors import WrongReport
from success.reports import gathering, office, schedule, store
from success.reports.joined import JOINED
from success.reports.model import Choice, Kind, Office, Report, State
from success.reports.periods import of_kind
from tests.contract.handoff.conftest import MONDAY, World, world

__all__ = ["world"]
SHANGHAI = ZoneInfo("Asia/Shanghai")
FIRST_WORKING_DAY = datetime(2026, 4, 1, 1, 0, tzinfo=UTC)  # Wednesday, 09:00 in Shanghai


async def due(world: World) -> set[tuple[str, int | None, str]]:
    found = await world.ask(schedule.due, now=world.clock())
    return {(str(each.kind), each.client_id, str(each.span.first)) for each in found}


async def jobs(world: World, queue: str) -> list[Any]:
    return list(
        await world.db.read(
            lambda c: c.execute(select(job.c.body).where(job.c.queue == queue).order_by(job.c.id)).scalars()
        )
    )


async def drafted(
    world: World, kind: Kind = Kind.HEALTH, *, tier: Tier | None = Tier.GOLD, day: date = date(2026, 3, 5)
) -> Report | None:
    client = world.clients[tier] if tier else None
    span, now = of_kind(kind, day, SHANGHAI), world.clock()
    facts = await world.ask(gathering.gather, kind, client, span, now=now)
    return await world.do(
        store.draft, kind=kind, client_id=client.id if client else None, span=span, language="zh-Hans", facts=facts
    )


async def test_reports_are_due_at_nine_on_the_first_working_day(world: World) -> None:
    """Not a minute before; a client's month and quarter, from gold on its week too, and our own."""
    gold, standard = world.clients[Tier.GOLD].id, world.clients[Tier.STANDARD].id
    world.clock.set(FIRST_WORKING_DAY - timedelta(seconds=1))
    assert not {each for each in await due(world) if each[2] == "2026-03-01"}
    world.clock.set(FIRST_WORKING_DAY)
    found = await due(world)
    assert {
        ("health", gold, "2026-03-01"),
        ("quarter", gold, "2026-01-01"),
        ("health", standard, "2026-03-01"),
    } <= found
    assert ("brief", gold, "2026-03-23") in found
    assert not {each for each in found if each[:2] == ("brief", standard)}
    assert {("review", None, "2026-03-01"), ("week", None, "2026-03-23")} <= found


async def test_after_a_long_absence_there_is_one_of_each(world: World) -> None:
    """Three months away: the latest month, week and quarter alone; looked for again, nothing new."""
    gold = world.clients[Tier.GOLD].id
    await world.do(schedule.begin)
    world.clock.set(datetime(2026, 7, 2, 3, 0, tzinfo=UTC))
    await world.db.write(lambda conn: tick(conn, now=world.clock()))
    assert await jobs(world, schedule.SWEEP) == [{}]
    await world.do(schedule.sweep)
    await world.do(schedule.sweep)
    mine = [(each["kind"], each["first"]) for each in await jobs(world, schedule.DRAFT) if each["client"] == gold]
    assert sorted(mine) == [("brief", "2026-06-22"), ("health", "2026-06-01"), ("quarter", "2026-04-01")]


async def test_nothing_is_written_of_a_time_before_us(world: World) -> None:
    """On the day after the first start there is no month in review, and no week but the one that is over."""
    world.clock.set(MONDAY + timedelta(days=1))
    assert await due(world) == set()
    world.clock.set(MONDAY + timedelta(days=7))
    assert {each[0] for each in await due(world)} == {"brief", "week"}


async def test_nothing_is_written_of_a_client_that_just_came(world: World) -> None:
    """Served for less than a quarter of the month, it has a report of its next one; of the week, one of that."""
    gold = world.clients[Tier.GOLD].id
    world.clock.set(datetime(2026, 4, 1, 1, 0, tzinfo=UTC))

    async def came(at: datetime) -> set[str]:
        values = update(clients).where(clients.c.id == gold).values(created_at=at)
        await world.db.write(lambda c: c.execute(values))
        return {kind for kind, client_id, _ in await due(world) if client_id == gold}

    assert await came(datetime(2026, 3, 31, 8, 0, tzinfo=UTC)) == set()
    assert await came(datetime(2026, 3, 23, 22, 0, 1, tzinfo=UTC)) == {"brief"}
    assert await came(datetime(2026, 3, 23, 22, 0, tzinfo=UTC)) == {"brief", "health"}
    world.clock.set(datetime(2026, 5, 6, 3, 0, tzinfo=UTC))
    assert "health" in await came(datetime(2026, 3, 31, 8, 0, tzinfo=UTC))


async def test_the_clocks_change_around_the_hour(world: World) -> None:
    """In Berlin the week's brief is due at nine, an hour of UTC later after summer time ended."""
    platinum = world.clients[Tier.PLATINUM].id
    await world.db.write(
        lambda c: c.execute(update(clients).where(clients.c.id == platinum).values(timezone="Europe/Berlin"))
    )
    for before, at, first in (
        (datetime(2026, 10, 19, 6, 59, tzinfo=UTC), datetime(2026, 10, 19, 7, 0, tzinfo=UTC), "2026-10-12"),
        (datetime(2026, 10, 26, 7, 59, tzinfo=UTC), datetime(2026, 10, 26, 8, 0, tzinfo=UTC), "2026-10-19"),
    ):
        world.clock.set(before)
        assert ("brief", platinum, first) not in await due(world)
        world.clock.set(at)
        assert ("brief", platinum, first) in await due(world)


async def test_who_gets_none(world: World) -> None:
    """An archived client, one that came after the period, one for whom it was switched off; ours, switched off."""
    gold, standard, platinum = (world.clients[tier] for tier in (Tier.GOLD, Tier.STANDARD, Tier.PLATINUM))
    by = world.lead.id
    await world.do(archive.archive, client_id=gold.id, by=by)
    await world.do(office.choose, client_id=platinum.id, chosen=Choice(health=False, brief=False, quarter=False), by=by)
    await world.do(office.put, office=Office(review=False, week=False), by=by)
    world.clock.set(FIRST_WORKING_DAY)
    late = await world.db.write(
        lambda c: directory.add_client(c, slug="late", name="Late", tier=Tier.GOLD, now=world.clock())
    )
    assert {each[1] for each in await due(world)} == {standard.id}
    assert late.id not in {each[1] for each in await due(world)}


async def test_a_period_has_one_report_and_one_task(world: World) -> None:
    """Drafted twice it is one; a person withdrew it: it is not made again by itself, but may be by a person."""
    made = await drafted(world)
    assert made is not None
    assert await drafted(world) is None
    given = await world.ask(tasks.open_of)
    assert [(each.link, each.facts["kind"]) for each in given] == [(f"/desk/reports/{made.id}", "health")]
    await world.do(store.withdraw, report_id=made.id, by=world.lead.id, why="wrong month")
    assert await world.ask(tasks.open_of) == ()
    world.clock.set(FIRST_WORKING_DAY)
    assert ("health", world.clients[Tier.GOLD].id, "2026-03-01") not in await due(world)
    again = await drafted(world)
    assert again is not None
    assert again.id != made.id


async def test_words_change_and_numbers_do_not(world: World) -> None:
    """What was read stays; two people who edit at once: the later one is told."""
    made = await drafted(world)
    assert made is not None
    edited = await world.do(
        store.edit, report_id=made.id, words={"summary": " Quiet. ", "advice": "", "facts": "x"}, edits=0
    )
    assert (dict(edited.words), edited.facts, edited.edits) == ({"summary": "Quiet."}, made.facts, 1)
    with pytest.raises(WrongReport, match="changed"):
        await world.do(store.edit, report_id=made.id, words={"summary": "Loud."}, edits=0)
    with pytest.raises(WrongReport, match="changed"):
        await world.do(store.approve, report_id=made.id, edits=0, by=world.lead.id)
    with pytest.raises(NotFound):
        await world.do(store.edit, report_id=999, words={}, edits=0)


async def test_an_approved_report_leaves_once(world: World) -> None:
    """One job, by day; sent twice it is sent once; afterwards nothing changes it."""
    made = await drafted(world)
    assert made is not None
    world.clock.set(datetime(2026, 4, 1, 15, 30, tzinfo=UTC))  # 23:30 in Shanghai
    approved = await world.do(store.approve, report_id=made.id, edits=0, by=world.lead.id)
    assert approved.state is State.APPROVED
    row = await world.db.read(lambda c: c.execute(select(job.c.run_at).where(job.c.queue == store.SEND)).scalar_one())
    assert row.astimezone(SHANGHAI).isoformat() == "2026-04-02T09:00:00+08:00"
    with pytest.raises(WrongReport, match="approved"):
        await world.do(store.approve, report_id=made.id, edits=0, by=world.lead.id)
    assert (await world.do(store.sent, report_id=made.id, told={"message": 1})).state is State.SENT
    assert await world.do(store.sent, report_id=made.id, told={"message": 2}) is None
    kept = await world.ask(store.report, made.id)
    assert kept.sent == {"message": 1}
    for refused in (store.withdraw, store.approve):
        extra = {"edits": 0} if refused is store.approve else {}
        with pytest.raises(WrongReport, match="sent"):
            await world.do(refused, report_id=made.id, by=world.lead.id, **extra)
    gold, standard = world.clients[Tier.GOLD].id, world.clients[Tier.STANDARD].id
    assert [each.id for each in await world.ask(store.shown_to, gold)] == [made.id]
    assert await world.ask(store.of_client, standard, made.id) is None


async def test_last_weeks_brief_goes_when_this_weeks_comes(world: World) -> None:
    """A draft that nobody approved is withdrawn with its task; one that was approved stays."""
    old = await drafted(world, Kind.BRIEF, day=date(2026, 3, 9))
    new = await drafted(world, Kind.BRIEF, day=date(2026, 3, 16))
    assert old is not None
    assert new is not None
    kept = await world.ask(store.report, old.id)
    assert (kept.state, kept.why) == (State.WITHDRAWN, "superseded")
    assert [each.link for each in await world.ask(tasks.open_of)] == [f"/desk/reports/{new.id}"]


async def test_an_archived_clients_report_is_not_approved(world: World) -> None:
    """Archived after the draft was made."""
    made = await drafted(world)
    assert made is not None
    await world.do(archive.archive, client_id=world.clients[Tier.GOLD].id, by=world.lead.id)
    with pytest.raises(WrongReport, match="archived"):
        await world.do(store.approve, report_id=made.id, edits=0, by=world.lead.id)


async def test_our_own_report_is_read_not_sent(world: World) -> None:
    """Marked as read it stays here."""
    made = await drafted(world, Kind.REVIEW, tier=None)
    assert made is not None
    assert (await world.do(store.approve, report_id=made.id, edits=0, by=world.lead.id)).state is State.SENT
    assert await jobs(world, store.SEND) == []


async def test_a_report_that_did_not_leave_is_tried_again(world: World) -> None:
    """Only where it failed; each time a job of its own."""
    made = await drafted(world)
    assert made is not None
    await world.do(store.approve, report_id=made.id, edits=0, by=world.lead.id)
    with pytest.raises(WrongReport):
        await world.do(store.resend, report_id=made.id)
    await world.db.write(lambda conn: store.note(conn, made.id, {"failed": "print"}))
    again = await world.do(store.resend, report_id=made.id)
    assert "failed" not in again.sent
    assert len(await jobs(world, store.SEND)) == 2


async def test_nobody_is_written_to_at_night_on_a_second_try(world: World) -> None:
    """A report that did not leave is tried again in the morning, as it would have been the first time."""
    made = await drafted(world)
    assert made is not None
    await world.do(store.approve, report_id=made.id, edits=0, by=world.lead.id)
    await world.db.write(lambda conn: store.note(conn, made.id, {"failed": "print"}))
    world.clock.set(datetime(2026, 4, 1, 17, 0, tzinfo=UTC))  # one at night in Shanghai
    again = await world.do(store.resend, report_id=made.id)
    morning = await world.db.read(
        lambda c: c.execute(select(job.c.run_at).where(job.c.queue == store.SEND).order_by(job.c.id.desc())).scalar()
    )
    assert morning.astimezone(SHANGHAI).date() == date(2026, 4, 2)
    assert morning.astimezone(SHANGHAI).hour >= 8
    assert again.sent["due"] == morning.isoformat(timespec="minutes")


async def test_numbers_are_those_of_the_rows(world: World) -> None:
    """What a report counts and what stands behind it agree, in the client's own days."""
    ticket = await world.open(tier=Tier.GOLD)
    await world.open(tier=Tier.STANDARD)
    world.clock.set(FIRST_WORKING_DAY)
    made = await drafted(world)
    assert made is not None
    assert made.facts["service"]["opened"] == 1
    assert made.facts["rows"]["opened"] == [ticket.id]
    assert made.facts["client"]["id"] == world.clients[Tier.GOLD].id
    ours = await drafted(world, Kind.REVIEW, tier=None)
    assert ours is not None
    assert ours.facts["service"]["opened"] == len(ours.facts["rows"]["opened"]) == 2


async def test_the_last_month_of_a_quarter_tells_of_its_own_visits(world: World) -> None:
    """What ends with March is about the visits of the first quarter, not about those of the second."""
    world.clock.set(FIRST_WORKING_DAY - timedelta(days=20))
    planned = await world.do(visits.plan)
    march = of_kind(Kind.REVIEW, date(2026, 3, 5), SHANGHAI)
    found = await world.ask(JOINED.return_visits, None, march.since, march.until)
    assert (found.due, found.done) == (planned, 0)
    april = of_kind(Kind.REVIEW, date(2026, 4, 5), SHANGHAI)
    assert await world.ask(JOINED.return_visits, None, april.since, april.until) is None


async def test_what_is_in_hand_is_counted_whole(world: World) -> None:
    """A report names a dozen of the requests in hand, and counts all of them."""
    for _ in range(14):
        await world.open(tier=Tier.GOLD)
    made = await drafted(world)
    assert made is not None
    assert (len(made.facts["open"]), made.facts["open_n"], made.facts["waiting_n"]) == (12, 14, 0)
