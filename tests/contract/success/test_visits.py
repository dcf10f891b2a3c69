"""Return visits on both databases: one a quarter with every client, however often it is planned; written up once."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from handoff import archive, directory
from handoff.kinds import Role, Tier
from success import tasks, visits
from success.errors import FeedbackRefused
from success.quarters import Quarter
from success.tasks import TaskState
from success.visits import Report, State, Way
from tests.contract.handoff.conftest import World

Q1 = Quarter(2026, 1)
SHANGHAI = ZoneInfo("Asia/Shanghai")
REPORT = Report(
    held_on=date(2026, 3, 9), way=Way.CALL, met="王总", summary="一切都好", agreed=("改首页", " ", "改首页")
)


async def test_every_client_is_visited_once_a_quarter(world: World) -> None:
    """Planned every morning, each has one task, its success manager's; a client that comes later gets one too."""
    rosa = await world.do(directory.add_staff, login="rosa", name="罗莎", role=Role.SUCCESS)
    gold = world.clients[Tier.GOLD]
    await world.db.write(lambda conn: directory.update_client(conn, gold.id, success_id=rosa.id))
    for _ in range(3):
        await world.do(visits.plan)
    new = await world.do(directory.add_client, slug="new", name="New", tier=Tier.STANDARD)
    assert await world.do(visits.plan) == 1
    found = await world.ask(tasks.open_of)
    assert {each.client_id for each in found} == {client.id for client in world.clients.values()} | {new.id}
    assert len(found) == len(world.clients) + 1
    mine = await world.ask(tasks.of_origin, visits.origin(gold.id, Q1))
    assert mine.assignee_id == rosa.id
    assert world.clock() < mine.due_at < Q1.until(SHANGHAI)


async def test_a_new_quarter_plans_anew(world: World) -> None:
    """What was not done stays to do."""
    await world.do(visits.plan)
    world.clock.advance(timedelta(days=30))
    assert await world.do(visits.plan) == len(world.clients)
    assert len(await world.ask(tasks.open_of)) == 2 * len(world.clients)


async def test_a_visit_closes_the_task_and_gives_its_points(world: World) -> None:
    """Points that say the same are one; blank lines are none."""
    await world.do(visits.plan)
    gold = world.clients[Tier.GOLD]
    made = await world.do(visits.write_up, client_id=gold.id, report=REPORT, by=world.ann.id)
    assert made.agreed == ("改首页",)
    visit = await world.ask(tasks.of_origin, visits.origin(gold.id, Q1))
    assert (visit.state, visit.closed_by) == (TaskState.DONE, world.ann.id)
    points = [each for each in await world.ask(tasks.of_client, gold.id) if each.origin.startswith("visit_point")]
    assert [each.facts["what"] for each in points] == ["改首页"]
    covered = await world.ask(visits.coverage, Q1, now=world.clock())
    assert covered.count(State.DONE) == 1
    assert covered.share == pytest.approx(1 / len(world.clients))


async def test_a_visit_before_the_plan_counts(world: World) -> None:
    """Whoever went first thing needs no task."""
    gold = world.clients[Tier.GOLD]
    await world.do(visits.write_up, client_id=gold.id, report=REPORT, by=world.ann.id)
    await world.do(visits.plan)
    assert await world.ask(tasks.of_origin, visits.origin(gold.id, Q1)) is None
    lines = (await world.ask(visits.coverage, Q1, now=world.clock())).lines
    assert {line.client.id: line.state for line in lines}[gold.id] is State.DONE


async def test_what_is_late_is_overdue_and_comes_first(world: World) -> None:
    """Nothing is forgotten when the quarter ends; a client that was put away is not waited for."""
    await world.do(visits.plan)
    gold, standard = world.clients[Tier.GOLD], world.clients[Tier.STANDARD]
    await world.do(visits.write_up, client_id=gold.id, report=REPORT, by=world.ann.id)
    await world.do(archive.archive, client_id=standard.id, by=world.ann.id)
    await world.do(visits.plan)
    dropped = await world.ask(tasks.of_origin, visits.origin(standard.id, Q1))
    assert dropped.state is TaskState.DROPPED
    world.clock.advance(timedelta(days=40))
    covered = await world.ask(visits.coverage, Q1, now=world.clock())
    assert [line.state for line in covered.lines] == [State.OVERDUE, State.DONE]
    assert covered.share == 0.5


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("held_on", {"held_on": date(2026, 3, 10)}),
        ("held_on", {"held_on": date(1826, 3, 10)}),
        ("met", {"met": " "}),
        ("met", {"met": "王" * 201}),
        ("summary", {"summary": "\x00 \n"}),
        ("agreed", {"agreed": tuple(map(str, range(11)))}),
    ],
)
async def test_what_cannot_be_kept_is_refused(world: World, field: str, changes: dict[str, object]) -> None:
    """Nothing of it is stored."""
    gold = world.clients[Tier.GOLD]
    report = Report(**{"held_on": REPORT.held_on, "way": Way.CALL, "met": "王总", "summary": "…"} | changes)
    with pytest.raises(FeedbackRefused) as refused:
        await world.do(visits.write_up, client_id=gold.id, report=report, by=world.ann.id)
    assert refused.value.reason == field
    assert await world.ask(visits.of_client, gold.id) == ()


@pytest.mark.parametrize("client_id", [1, 2, 17, 48, 999])
def test_visits_spread_over_the_quarter_and_fall_on_weekdays(client_id: int) -> None:
    """Planned on its first day each is due in its middle; on its last days, before it ends."""
    for now in (datetime(2026, 9, 30, 16, tzinfo=UTC), datetime(2026, 12, 29, 2, tzinfo=UTC)):
        due = visits.due_in(Quarter(2026, 4), client_id, zone=SHANGHAI, now=now).astimezone(SHANGHAI)
        assert Quarter(2026, 4).holds(due.date())
        assert due.weekday() < 5
        assert due.hour == 18


@pytest.mark.parametrize(("name", "held"), [("2026-Q4", True), ("2026-Q5", False), ("x", False), ("２026-Q1", False)])
def test_quarters_are_read_by_name(name: str, held: bool) -> None:
    """Anything else is none."""
    assert (Quarter.read(name) is not None) is held
    assert str(Quarter(2026, 4)) == "2026-Q4"
    assert Quarter(2026, 4).next == Quarter(2027, 1)
    assert Quarter(2027, 1).before == Quarter(2026, 4)
    assert Quarter(2026, 4).last == date(2026, 12, 31)
