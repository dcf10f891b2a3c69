"""Recommendations and stage ratings on both databases: whom a quarter asks, once, rested; what an answer sets off."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.app import load_texts
from bot.asking import Asking
from bot.feedback_work import Feedback
from bot.questions import Questions
from handoff import archive, directory, people
from handoff.kinds import ChatKind, Tier
from success import mails, nps, ratings, surveys, tasks
from success.errors import FeedbackRefused, RatingRefused
from success.people import NAMED
from success.quarters import Quarter
from success.rating_rules import next_morning
from success.survey_rules import Choice, Contact, Score, SurveyKind, choose, score
from success.surveys import Survey
from success.tasks import TaskKind
from tests.contract.handoff.conftest import World

Q1 = Quarter(2026, 1)


class Mailbox:
    """People's own addresses."""

    def __init__(self) -> None:
        self.of: dict[int, str] = {}

    def __call__(self, _: Any, person_id: int) -> str | None:
        return self.of.get(person_id)


@pytest.fixture
def mailbox() -> Mailbox:
    return Mailbox()


@pytest.fixture
async def world(world: World, mailbox: Mailbox) -> World:
    """The desk with a worker that asks; no platform has buttons, letters have links."""
    questions = Questions(texts=load_texts(), public_url="https://desk.example", secret=b"k" * 32)
    asking = Asking(world.db, questions=questions, platforms=(), doors={}, clock=world.clock, addresses=mailbox)
    Feedback(world.db, asking=asking, clock=world.clock).register(world.worker)
    return world


async def days(world: World, many: float) -> None:
    """Let days go by, three hours at a step."""
    for _ in range(int(many * 8)):
        world.clock.advance(timedelta(hours=3))
        await world.worker.drain()


async def heard_from_all(world: World) -> None:
    for tier in world.contacts:
        await world.hear("您好", tier=tier)


async def all_of(world: World, kind: SurveyKind = SurveyKind.NPS) -> tuple[Survey, ...]:
    found: tuple[Survey, ...] = await world.ask(surveys.listed, kind)
    return found


async def test_a_quarter_asks_each_active_contact_once(world: World, mailbox: Mailbox) -> None:
    """As previewed; planned again it plans nobody, and each letter leaves once, by day."""
    await heard_from_all(world)
    mailbox.of = {person.id: f"c{person.id}@client.example" for person in world.contacts.values()}
    upcoming, chosen = await world.ask(nps.preview, now=world.clock())
    assert upcoming == Q1
    assert await world.do(nps.plan_quarter) == len(world.contacts)
    assert await world.do(nps.plan_quarter) == 0
    planned = await all_of(world)
    assert {(each.person_id, each.due_at) for each in planned} == {
        (each.contact.person_id, each.due_at) for each in chosen
    }
    await days(world, 25)
    found = await all_of(world)
    assert all(each.way == "mail" and each.asked_at is not None for each in found)
    assert all(next_morning("Asia/Shanghai", each.asked_at) is None for each in found)
    letters = await world.ask(mails.latest)
    assert sorted(each.address for each in letters) == sorted(mailbox.of.values())
    assert all("https://desk.example/survey/" in each.text for each in letters)


async def test_who_cannot_be_reached_keeps_a_link_with_us(world: World) -> None:
    """They count as asked only once they answer."""
    await heard_from_all(world)
    await world.do(nps.plan_quarter)
    await days(world, 25)
    found = await all_of(world)
    assert {each.way for each in found} == {""}
    assert (await world.ask(nps.of_period)).asked == 0
    await world.do(surveys.answer, survey_id=found[0].id, person_id=found[0].person_id, value=9)
    assert await world.ask(nps.of_period) == Score(asked=1, promoters=1)


async def test_nobody_is_asked_twice_in_ninety_days_nor_after_a_rating(world: World, mailbox: Mailbox) -> None:
    """Whoever rated a ticket in the meantime rests seven days; the next quarter waits for the ninety."""
    world.clock.set(datetime(2026, 4, 10, 4, tzinfo=UTC))
    await world.hear("您好")
    who = world.contacts[Tier.GOLD]
    mailbox.of = {who.id: "c@client.example"}
    await world.do(nps.plan_quarter)
    (planned,) = await all_of(world)
    world.clock.advance(planned.due_at - world.clock() - timedelta(hours=1))
    ticket = await world.open()
    await world.do(world.desk.resolve, ticket_id=ticket.id, by=world.ann.id)
    await world.do(ratings.consider, ticket_id=ticket.id, askable={"web", "telegram", "slack", "terminal"})
    rated = await world.ask(ratings.of_ticket, ticket.id)
    assert rated is not None
    await days(world, 0.125)
    assert (await all_of(world))[0].asked_at is None
    await days(world, 9)
    (asked,) = await all_of(world)
    assert asked.asked_at is not None
    assert asked.asked_at - rated.asked_at >= timedelta(days=7)
    world.clock.set(datetime(2026, 7, 10, 4, tzinfo=UTC))
    await world.hear("在吗")
    assert await world.do(nps.plan_quarter) == 1
    again = (await all_of(world))[0]
    assert again.due_at >= asked.asked_at + timedelta(days=90)


async def test_a_detractor_is_a_task_once_and_a_change_within_a_day_counts(world: World) -> None:
    """Out of range, by somebody else, a day later: refused."""
    await world.hear("您好")
    await world.do(nps.plan_quarter)
    (planned,) = await all_of(world)
    mine = {"survey_id": planned.id, "person_id": planned.person_id}
    for wrong in (
        {"value": 11},
        {"value": -1},
        {"value": 5, "person_id": world.ann.id},
        {"value": 5, "survey_id": 999},
    ):
        with pytest.raises(RatingRefused):
            await world.do(surveys.answer, **mine | wrong)
    for value in (6, 3, 7):
        await world.do(surveys.answer, **mine, value=value, comment="价格")
    given = [each for each in await world.ask(tasks.open_of) if each.kind is TaskKind.DETRACTOR]
    assert [each.facts["value"] for each in given] == [6]
    assert (await world.ask(nps.of_period)).passives == 1
    world.clock.advance(timedelta(days=1))
    with pytest.raises(RatingRefused, match="settled"):
        await world.do(surveys.answer, **mine, value=1)


async def test_switched_off_nobody_is_asked(world: World) -> None:
    """Not planned, and what was planned is dropped when it is due; switched on the next quarter asks."""
    await world.hear("您好")
    await world.do(nps.plan_quarter)
    await world.do(nps.switch, off=True, by=world.ann.id)
    await days(world, 25)
    assert [each.dropped for each in await all_of(world)] == ["off"]
    world.clock.advance(datetime(2026, 4, 11, 4, tzinfo=UTC) - world.clock())
    await world.hear("在吗")
    assert await world.do(nps.plan_quarter) == 0
    await world.do(nps.switch, off=False, by=world.ann.id)
    assert await world.do(nps.plan_quarter) == 1


async def test_a_client_that_left_is_not_asked(world: World) -> None:
    """Archived between plan and day."""
    await world.hear("您好")
    await world.do(nps.plan_quarter)
    await world.do(archive.archive, client_id=world.clients[Tier.GOLD].id, by=world.ann.id)
    await days(world, 25)
    assert [each.dropped for each in await all_of(world)] == ["client"]


async def test_a_stage_is_rated_once_a_person_and_a_low_one_followed_up(world: World, mailbox: Mailbox) -> None:
    """The same question in other letters is the same; below 4 a task, once."""
    client, who = world.clients[Tier.GOLD], world.contacts[Tier.GOLD]
    mailbox.of = {who.id: "c@client.example"}
    asks = {
        "client_id": client.id,
        "person_id": who.id,
        "project": " 官网 Relaunch ",
        "stage": "design",
        "by": world.ann.id,
    }
    made = await world.do(surveys.ask_stage, **asks)
    with pytest.raises(FeedbackRefused, match="asked"):
        await world.do(surveys.ask_stage, **asks | {"project": "官网 relaunch"})
    await world.worker.drain()
    (found,) = await all_of(world, SurveyKind.STAGE)
    assert (found.project, found.way) == ("官网 Relaunch", "mail")
    for value in (3, 2):
        await world.do(surveys.answer, survey_id=made.id, person_id=who.id, value=value)
    (task,) = await world.ask(tasks.open_of)
    assert (task.kind, task.facts) == (TaskKind.LOW_STAGE, {"value": 3, "project": "官网 Relaunch", "stage": "design"})


@pytest.mark.parametrize(
    ("why", "changes"),
    [("project", {"project": " "}), ("project", {"project": "x" * 81}), ("stage", {"stage": "party"}), ("person", {})],
)
async def test_a_stage_that_cannot_be_asked(world: World, why: str, changes: dict[str, str]) -> None:
    """Nor can another client's person be."""
    asks = {"client_id": world.clients[Tier.GOLD].id, "person_id": world.contacts[Tier.STANDARD].id, "by": world.ann.id}
    with pytest.raises(FeedbackRefused, match=why):
        await world.do(surveys.ask_stage, **asks | {"project": "P", "stage": "build"} | changes)


async def test_a_night_puts_a_stage_off_until_morning(world: World, mailbox: Mailbox) -> None:
    """Asked by a colleague at ten at night, it arrives at nine."""
    client, who = world.clients[Tier.GOLD], world.contacts[Tier.GOLD]
    mailbox.of = {who.id: "c@client.example"}
    world.clock.advance(timedelta(hours=12))
    asks = {"client_id": client.id, "person_id": who.id, "project": "P", "stage": "build", "by": world.ann.id}
    await world.do(surveys.ask_stage, **asks)
    await world.worker.drain()
    assert (await all_of(world, SurveyKind.STAGE))[0].asked_at is None
    await days(world, 0.5)
    assert (await all_of(world, SurveyKind.STAGE))[0].asked_at is not None


async def test_two_records_of_one_person_keep_their_answers(world: World) -> None:
    """A merge moves surveys along."""
    client = world.clients[Tier.GOLD]

    def other(conn: Any, *, now: datetime) -> Any:
        chat = directory.ensure_chat(
            conn, platform="web", external_id="z", kind=ChatKind.DIRECT, client_id=client.id, now=now
        )
        who = directory.ensure_person(conn, platform="web", external_id="z", name="Z", client_id=client.id, now=now)
        return chat, who

    _, gone = await world.do(other)
    keep = world.contacts[Tier.GOLD]
    made = await world.do(
        surveys.ask_stage, client_id=client.id, person_id=gone.id, project="P", stage="build", by=world.ann.id
    )
    await world.do(people.merge, client_id=client.id, keep=keep.id, gone=gone.id, also=NAMED, by=world.ann.id)
    assert (await world.ask(surveys.survey, made.id)).person_id == keep.id


def test_the_score_is_promoters_less_detractors() -> None:
    """9 and 10 for, 0 to 6 against; nobody is no score."""
    found = score(8, [10, 9, 8, 7, 6, 0])
    assert (found.promoters, found.passives, found.detractors) == (2, 2, 2)
    assert found.score == 0
    assert found.response_rate == 0.75
    assert score(3, []).score is None
    assert score(0, []).response_rate is None
    assert score(2, [0, 0]).score == -100


BEGINS, ENDS = datetime(2026, 1, 10, tzinfo=UTC), datetime(2026, 3, 31, tzinfo=UTC)


def contact(person_id: int, client_id: int = 1, *, nps_at: datetime | None = None) -> Contact:
    return Contact(person_id=person_id, client_id=client_id, nps_at=nps_at, rated_at=None)


def drawn(contacts: list[Contact]) -> tuple[Choice, ...]:
    return choose(contacts, quarter="2026-Q1", begins=BEGINS, ends=ENDS)


def test_the_draw_is_the_same_whenever_and_at_most_three_a_client() -> None:
    """It does not depend on the order in which people are found; who was never asked comes first."""
    many = [contact(n) for n in range(1, 20)]
    first = drawn(many)
    assert first == drawn(list(reversed(many)))
    assert len(first) == 3
    assert len({choice.due_at for choice in drawn([contact(n, n) for n in range(1, 40)])}) > 10
    asked_before = [contact(n, nps_at=datetime(2025, 9, 1, tzinfo=UTC)) for n in range(1, 20)]
    fresh = [contact(n) for n in (50, 51)]
    assert {50, 51} < {choice.contact.person_id for choice in drawn([*asked_before, *fresh])}


def test_who_rests_all_quarter_is_left_out() -> None:
    """Asked on New Year's Eve, somebody rests until the end of March."""
    assert drawn([contact(1, nps_at=datetime(2025, 12, 31, tzinfo=UTC))]) == ()
    (late,) = drawn([contact(1, nps_at=datetime(2025, 12, 1, tzinfo=UTC))])
    assert late.due_at >= datetime(2026, 3, 1, tzinfo=UTC)
