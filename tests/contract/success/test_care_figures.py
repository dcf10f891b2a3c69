"""Complaints, typed figures and the indicators of success on both databases."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from handoff import accounts
from handoff.agreements import Draft
from handoff.evidence import Asked
from handoff.figures import Figure, figures
from handoff.kinds import Tier
from handoff.measures import indicators
from success import complaints, nps, ratings, surveys, typed_figures, visits
from success.complaints import ComplaintState, Source, Work
from success.errors import FeedbackRefused
from success.quarters import Quarter
from success.survey_rules import SurveyKind
from success.visits import Report, Way
from tests.contract.handoff.conftest import World

DUE = date(2026, 3, 20)
WORK = Work(cause="交接遗漏", measure="加清单", owner_id=None, state=ComplaintState.CLOSED, due_on=DUE)


async def figure(world: World, name: str, *, since: datetime, until: datetime, **narrowed: Any) -> Figure:
    """An indicator of a span."""
    wanted = [each for each in indicators("handoff.measures", "success.measures") if each.id == name]
    asked = Asked(since=since, until=until, now=world.clock(), **narrowed)

    def read(conn: Any) -> Figure:
        return figures(conn, asked, wanted, before=since - (until - since), edges=[since, until]).of[name]

    return await world.db.read(read)


async def registered(world: World, **facts: Any) -> complaints.Complaint:
    usual = {"client_id": world.clients[Tier.GOLD].id, "matter": "等了三天", "source": Source.HAND, "origin": "hand:1"}
    made: complaints.Complaint = await world.do(complaints.register, **usual | facts, by=world.ann.id)
    return made


async def test_a_complaint_is_written_down_once_and_closed_with_cause_and_measure(world: World) -> None:
    """What it came from makes it one; it is not closed without both."""
    first = await registered(world)
    again = await registered(world, matter="再来一次")
    assert (again.id, again.matter) == (first.id, "等了三天")
    for missing in ({"cause": " "}, {"measure": ""}):
        with pytest.raises(FeedbackRefused, match=next(iter(missing))):
            await world.do(
                complaints.work_on,
                complaint_id=first.id,
                by=world.ann.id,
                work=Work(
                    **{"cause": "a", "measure": "b", "owner_id": None, "state": ComplaintState.CLOSED, "due_on": DUE}
                    | missing
                ),
            )
    closed = await world.do(complaints.work_on, complaint_id=first.id, work=WORK, by=world.ann.id)
    assert (closed.state, closed.closed_by) == (ComplaintState.CLOSED, world.ann.id)
    assert await world.ask(complaints.listed, open_only=True) == ()
    now = world.clock()
    assert [each.id for each in await world.ask(complaints.of_period, since=now, until=now + timedelta(days=1))] == [
        first.id
    ]
    assert await world.ask(complaints.of_period, since=now - timedelta(days=1), until=now) == ()


async def test_a_complaint_names_its_own_clients_ticket_alone(world: World) -> None:
    """Another client's number, or none, is refused."""
    theirs = await world.open(tier=Tier.STANDARD)
    gold = world.clients[Tier.GOLD].id
    for number in (theirs.number, "T-999999", "x"):
        with pytest.raises(FeedbackRefused, match="ticket"):
            await world.ask(complaints.of_ticket, number, client_id=gold)
    mine = await world.open()
    assert await world.ask(complaints.of_ticket, f" {mine.number.lower()} ", client_id=gold) == mine.id


async def test_satisfaction_counts_what_the_ratings_page_counts(world: World) -> None:
    """One satisfied of two, three asked: the same as `ratings.summary`, traced to their tickets."""
    values = iter((5, 3, None))
    start = world.clock()
    for tier in (Tier.GOLD, Tier.STANDARD, Tier.PLATINUM):
        ticket = await world.open(tier=tier)
        await world.do(world.desk.resolve, ticket_id=ticket.id, by=world.ann.id)
        await world.do(ratings.consider, ticket_id=ticket.id, askable={"web", "telegram", "slack", "terminal"})
        if (value := next(values)) is not None:
            await world.do(ratings.answer, ticket_id=ticket.id, person_id=ticket.requester_id, value=value)
    until = start + timedelta(days=1)
    csat = await figure(world, "csat", since=start, until=until)
    known = await world.ask(ratings.summary)
    assert (csat.value, known.csat) == (0.5, 0.5)
    assert csat.met is False
    assert all(fact.ticket is not None for fact in csat.facts)
    answered = await figure(world, "rating_response", since=start, until=until)
    assert answered.value == pytest.approx(known.answered / known.asked)


async def test_the_recommendation_score_is_the_same_as_on_its_page(world: World) -> None:
    """A promoter, a passive and two detractors: −25."""
    now = world.clock()
    for n, value in enumerate((10, 8, 2, 6)):
        who = list(world.contacts.values())[n % len(world.contacts)]
        made = await world.do(
            surveys.plan, kind=SurveyKind.NPS, origin=f"t{n}", client_id=who.client_id, person_id=who.id, due_at=now
        )
        await world.do(surveys.answer, survey_id=made.id, person_id=who.id, value=value)
    found = await figure(world, "nps", since=now, until=now + timedelta(days=1))
    assert found.value == (await world.ask(nps.of_period)).score == -25
    assert found.marked() == {"promoter": 1, "passive": 1, "detractor": 2}


async def test_visits_count_once_they_are_due_or_held(world: World) -> None:
    """One held early, one overdue, one still to come."""
    await world.do(visits.plan)
    zone_start, end = datetime(2025, 12, 31, 16, tzinfo=UTC), datetime(2026, 3, 31, 16, tzinfo=UTC)
    gold = world.clients[Tier.GOLD]
    report = Report(held_on=date(2026, 3, 9), way=Way.CALL, met="王总", summary="好")
    await world.do(visits.write_up, client_id=gold.id, report=report, by=world.ann.id)
    early = await figure(world, "visit_coverage", since=zone_start, until=end)
    assert early.value == 1
    world.clock.advance(timedelta(days=40))
    late = await figure(world, "visit_coverage", since=zone_start, until=end)
    covered = await world.ask(visits.coverage, Quarter(2026, 1), now=world.clock())
    assert late.value == pytest.approx(covered.share)
    assert late.met is False


async def test_a_client_is_retained_where_its_contract_goes_on(world: World) -> None:
    """On the yearly return of the first agreement: renewed counts, lapsed does not, one that is new is not asked."""

    async def agreed(tier: Tier, starts: date, ends: date | None) -> None:
        draft = Draft(tier=tier, starts_on=starts, ends_on=ends, fee=12_000)
        await world.do(accounts.agree, client_id=world.clients[tier].id, draft=draft, by=world.ann.id)

    await agreed(Tier.GOLD, date(2025, 3, 5), date(2026, 3, 4))
    await agreed(Tier.GOLD, date(2026, 3, 5), None)
    await agreed(Tier.STANDARD, date(2025, 3, 3), date(2026, 3, 2))
    await agreed(Tier.PLATINUM, date(2026, 3, 1), None)
    since, until = datetime(2026, 2, 28, 16, tzinfo=UTC), datetime(2026, 3, 31, 16, tzinfo=UTC)
    found = await figure(world, "retention", since=since, until=until)
    assert found.value == 0.5
    assert {fact.about.client_id: fact.value for fact in found.facts} == {
        world.clients[Tier.GOLD].id: 1, world.clients[Tier.STANDARD].id: 0,
    }  # fmt: skip
    one = await figure(world, "retention", since=since, until=until, client_id=world.clients[Tier.GOLD].id)
    assert one.value == 1


async def test_service_share_is_typed_or_what_agreements_come_to(world: World) -> None:
    """A month's twelfth of the fees in force; a month typed again counts once; the whole is weighed by revenue."""
    draft = Draft(tier=Tier.GOLD, starts_on=date(2026, 2, 10), fee=120_000)
    await world.do(accounts.agree, client_id=world.clients[Tier.GOLD].id, draft=draft, by=world.ann.id)
    foreign = Draft(tier=Tier.STANDARD, starts_on=date(2026, 1, 1), fee=120_000, currency="EUR")
    await world.do(accounts.agree, client_id=world.clients[Tier.STANDARD].id, draft=foreign, by=world.ann.id)
    for month, total, service in (("2026-01", 1, 1), ("2026-01", 90_000, 30_000), ("2026-02", 10_000, None)):
        await world.do(typed_figures.keep_revenue, month=month, total=total, service=service, by=world.ann.id)
    assert [(each.month, each.of_service) for each in await world.ask(typed_figures.revenue)] == [
        ("2026-02", 10_000), ("2026-01", 30_000),
    ]  # fmt: skip
    since, until = datetime(2025, 12, 31, 16, tzinfo=UTC), datetime(2026, 2, 28, 16, tzinfo=UTC)
    found = await figure(world, "service_share", since=since, until=until)
    assert found.value == pytest.approx(0.4)
    assert found.met is True


@pytest.mark.parametrize(
    ("why", "typed"),
    [
        ("month", {"month": "2026-13"}),
        ("total", {"total": -1}),
        ("total", {"total": 10**13}),
        ("service", {"service": 11}),
    ],
)
async def test_a_month_that_cannot_be(world: World, why: str, typed: dict[str, Any]) -> None:
    """Nothing of it is kept."""
    with pytest.raises(FeedbackRefused, match=why):
        await world.do(
            typed_figures.keep_revenue, **{"month": "2026-01", "total": 10, "service": 1} | typed, by=world.ann.id
        )
    assert await world.ask(typed_figures.revenue) == ()


async def test_training_is_weighed_by_who_took_part(world: World) -> None:
    """Nine of ten and none of two; a session that was removed counts no more."""
    today = date(2026, 3, 9)
    typed = {"held_on": today, "topic": "建站", "by": world.ann.id, "today": today}
    await world.do(typed_figures.keep_training, **typed, took_part=10, passed=9)
    await world.do(typed_figures.keep_training, **typed, took_part=2, passed=0)
    span = {"since": datetime(2026, 3, 8, 16, tzinfo=UTC), "until": datetime(2026, 3, 9, 16, tzinfo=UTC)}
    assert (await figure(world, "training_passed", **span)).value == pytest.approx(0.75)
    bad = (await world.ask(typed_figures.training))[0]
    await world.db.write(lambda conn: typed_figures.remove_training(conn, bad.id, by=world.ann.id))
    found = await figure(world, "training_passed", **span)
    assert found.value == pytest.approx(0.9)
    assert found.met is True
    for wrong in ({"took_part": 0, "passed": 0}, {"took_part": 1, "passed": 2}):
        with pytest.raises(FeedbackRefused):
            await world.do(typed_figures.keep_training, **typed, **wrong)


async def test_nothing_yet_is_no_figure(world: World) -> None:
    """A desk's first day: every indicator of success is empty, none fails."""
    now = world.clock()
    for each in indicators("success.measures"):
        assert (await figure(world, each.id, since=now, until=now + timedelta(days=1))).value is None
