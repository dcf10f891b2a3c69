"""Trainings of clients on both databases: invited once, quizzed who was there, one answer each, told as a task."""

from datetime import timedelta
from typing import Any

import pytest

from handoff import directory, people
from handoff.kinds import Tier
from success import tasks
from success.drills.errors import TrainingRefused
from success.people import NAMED
from success.quizzes import Question
from success.training import sessions
from success.training.rules import TrainingState
from success.training.sessions import Training, TrainingDraft
from tests.contract.handoff.conftest import World

KNOWN = ("zh/content/video",)
ASKED = tuple(Question(text=f"{n}?", page="zh/content/video", choices=("a", "b", "c"), right=1) for n in range(2))


def draft(world: World, **more: Any) -> TrainingDraft:
    usual = {
        "topic": "放视频", "starts_at": world.clock() + timedelta(hours=2), "minutes": 45, "place": "线上",
        "pages": KNOWN, "questions": ASKED, "people": (world.contacts[Tier.GOLD].id,),
    }  # fmt: skip
    return TrainingDraft(**usual | more)


async def planned(world: World, **more: Any) -> Training:
    facts = {"client_id": world.clients[Tier.GOLD].id, "known": KNOWN, "by": world.lead.id}
    made: Training = await world.do(sessions.plan, draft=draft(world, **more), **facts)
    return made


async def held(world: World, **more: Any) -> Training:
    """A training in which the contact sat, its quiz sent."""
    made = await planned(world, **more)
    await world.do(sessions.invite, training_id=made.id)
    world.clock.advance(timedelta(hours=2))
    assert await world.do(sessions.is_here, training_id=made.id, person_id=world.contacts[Tier.GOLD].id)
    found: Training = await world.do(sessions.quiz, training_id=made.id)
    return found


async def answer(world: World, made: Training, question: int, choice: int, *, tier: Tier = Tier.GOLD) -> Any:
    facts = {"training_id": made.id, "person_id": world.contacts[tier].id, "question": question, "choice": choice}
    return await world.do(sessions.answer, **facts)


async def test_the_first_answer_counts_and_the_last_closes(world: World) -> None:
    """Whoever looks after the client hears of it as a task, once."""
    made = await held(world)
    first = await answer(world, made, 0, 2)
    assert (first.marked.right, first.marked.answered) == (0, 1)
    assert await answer(world, made, 0, 1) is None  # again, with the right one
    last = await answer(world, made, 1, 1)
    assert (last.marked.right, last.marked.complete) == (1, True)
    done = await world.ask(sessions.training, made.id)
    assert done.state is TrainingState.CLOSED
    assert await answer(world, made, 1, 1) is None
    task = await world.ask(tasks.of_origin, f"training:{made.id}")
    assert (task.facts["came"], task.facts["share"], task.assignee_id) == (1, "0 %", world.lead.id)
    await world.do(sessions.close, training_id=made.id, by=world.lead.id)
    assert len([each for each in await world.ask(tasks.open_of) if each.origin.startswith("training:")]) == 1


@pytest.mark.parametrize(("question", "choice"), [(2, 0), (-1, 0), (0, 3), (0, -1)])
async def test_what_is_no_answer_is_not_taken(world: World, question: int, choice: int) -> None:
    """Nor from somebody of another client's."""
    made = await held(world)
    assert await answer(world, made, question, choice) is None
    assert await answer(world, made, 0, 1, tier=Tier.PLATINUM) is None


async def test_who_was_not_there_is_not_asked(world: World) -> None:
    """Attendance is a colleague's word, or one's own in the chat, in time; who answered was there."""
    made = await planned(world)
    who = world.contacts[Tier.GOLD].id
    assert not await world.do(sessions.is_here, training_id=made.id, person_id=who)  # not invited yet
    await world.do(sessions.invite, training_id=made.id)
    assert not await world.do(sessions.is_here, training_id=made.id, person_id=who)  # two hours early
    world.clock.advance(timedelta(hours=2))
    assert not await world.do(sessions.is_here, training_id=made.id, person_id=world.contacts[Tier.PLATINUM].id)
    with pytest.raises(TrainingRefused, match="nobody"):
        await world.do(sessions.quiz, training_id=made.id)
    with pytest.raises(TrainingRefused, match="people"):
        await world.do(sessions.attend, training_id=made.id, people=[world.ann.id], by=world.lead.id)
    await world.do(sessions.attend, training_id=made.id, people=[who], by=world.lead.id)
    await world.do(sessions.quiz, training_id=made.id)
    await answer(world, made, 0, 1)
    seats = await world.do(sessions.attend, training_id=made.id, people=[], by=world.lead.id)
    assert seats[0].attended_at is not None


async def test_it_is_invited_to_once_and_changed_before_that(world: World) -> None:
    """What is called off is not quizzed."""
    made = await planned(world)
    changed = await world.do(sessions.change, training_id=made.id, draft=draft(world, topic="新主题"), known=KNOWN)
    assert changed.topic == "新主题"
    await world.do(sessions.invite, training_id=made.id)
    for verb, facts in ((sessions.invite, {}), (sessions.change, {"draft": draft(world), "known": KNOWN})):
        with pytest.raises(TrainingRefused, match="state"):
            await world.do(verb, training_id=made.id, **facts)
    await world.do(sessions.cancel, training_id=made.id)
    with pytest.raises(TrainingRefused, match="state"):
        await world.do(sessions.quiz, training_id=made.id)


@pytest.mark.parametrize(
    ("more", "field"),
    [({"topic": " "}, "topic"), ({"minutes": 4}, "minutes"), ({"pages": ("internal/sop-complaint",)}, "pages"), ({"people": (0,)}, "people"), ({"questions": ASKED * 6}, "questions"), ({"place": "x" * 301}, "place")],
)  # fmt: skip
async def test_what_cannot_be_meant_is_not_planned(world: World, more: dict[str, Any], field: str) -> None:
    """The first wrong field is named; an internal page is not for clients."""
    with pytest.raises(TrainingRefused, match=field):
        await planned(world, **more)
    with pytest.raises(TrainingRefused, match="starts_at"):
        await planned(world, starts_at=world.clock() - timedelta(hours=1))


async def test_two_records_of_one_contact_sit_once(world: World) -> None:
    """Both were invited and answered: what the one who stays has done counts."""
    other = await world.db.write(
        lambda conn: directory.ensure_person(
            conn, platform="web", external_id="twice", name="陈梅", client_id=world.clients[Tier.GOLD].id,
            now=world.clock(),
        )
    )  # fmt: skip
    mei = world.contacts[Tier.GOLD]
    made = await planned(world, people=(mei.id, other.id))
    await world.do(sessions.invite, training_id=made.id)
    world.clock.advance(timedelta(hours=2))
    for each in (mei, other):
        assert await world.do(sessions.is_here, training_id=made.id, person_id=each.id)
    await world.do(sessions.quiz, training_id=made.id)
    for who, choice in ((mei, 1), (other, 2)):
        assert await world.do(sessions.answer, training_id=made.id, person_id=who.id, question=0, choice=choice)
    merging = {"client_id": world.clients[Tier.GOLD].id, "keep": mei.id, "gone": other.id}
    await world.do(people.merge, **merging, also=NAMED, by=world.ann.id)
    (seat,) = await world.ask(sessions.of_training, await world.ask(sessions.training, made.id))
    assert (seat.person_id, seat.marked.right, seat.marked.answered) == (mei.id, 1, 1)


async def test_who_was_invited_is_told_of_another_time(world: World) -> None:
    """The reminder is of the new time; nothing moves that has begun with somebody there, or was never invited to."""
    made = await planned(world, starts_at=world.clock() + timedelta(days=3))
    later = {"training_id": made.id, "minutes": 30, "place": "会议室", "starts_at": world.clock() + timedelta(days=5)}
    with pytest.raises(TrainingRefused, match="state"):
        await world.do(sessions.move, **later)
    await world.do(sessions.invite, training_id=made.id)
    for wrong, why in (({"minutes": 0}, "minutes"), ({"starts_at": world.clock()}, "starts_at"), ({"place": "x" * 301}, "place")):  # fmt: skip
        with pytest.raises(TrainingRefused, match=why):
            await world.do(sessions.move, **later | wrong)
    moved = await world.do(sessions.move, **later)
    assert (moved.minutes, moved.place, moved.starts_at) == (30, "会议室", later["starts_at"])
    assert moved.state is TrainingState.INVITED
    assert await world.do(sessions.move, **later) == moved
    world.clock.advance(timedelta(days=5))
    assert await world.do(sessions.is_here, training_id=made.id, person_id=world.contacts[Tier.GOLD].id)
    with pytest.raises(TrainingRefused, match="state"):
        await world.do(sessions.move, **later | {"starts_at": world.clock() + timedelta(days=1)})
