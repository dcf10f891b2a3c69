"""Trainings of clients: planned, changed, invited to, attended, quizzed, closed. Transaction bodies."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, delete, insert, select, update

from handoff import accounts, directory
from handoff.errors import NotFound
from handoff.rows import clean
from store.db import insert_into
from store.jobs import enqueue
from store.signals import signal
from success import quizzes, tasks
from success.drill_tables import client_training as trainings
from success.drill_tables import training_answer as answers
from success.drill_tables import training_message as told
from success.drill_tables import training_seat as seats
from success.drills.errors import TrainingRefused
from success.quizzes import Question
from success.tasks import TaskKind
from success.training import rules
from success.training.reminding import TELL, remind
from success.training.rules import Marked, TrainingState

FOLLOW_UP: Final = timedelta(days=3)


@dataclass(frozen=True, kw_only=True)
class TrainingDraft:
    """A training as somebody plans it; `people` are contacts of the client's."""

    topic: str
    starts_at: datetime
    minutes: int
    place: str = ""
    pages: tuple[str, ...] = ()
    questions: tuple[Question, ...] = ()
    people: tuple[int, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Training:
    """A training as it is kept."""

    id: int
    client_id: int
    topic: str
    pages: tuple[str, ...]
    place: str
    starts_at: datetime
    minutes: int
    questions: tuple[Question, ...]
    state: TrainingState
    invited_at: datetime | None
    quiz_at: datetime | None
    closed_at: datetime | None
    at: datetime
    changed_at: datetime


@dataclass(frozen=True, kw_only=True)
class Seat:
    """Somebody who is invited, when they were there, and what their answers come to."""

    person_id: int
    attended_at: datetime | None
    marked: Marked


def plan(
    conn: Connection, draft: TrainingDraft, *, client_id: int, known: Collection[str], by: int, now: datetime
) -> Training:
    """Plan a training. `known` are the ids of pages for clients. Raises NotFound, TrainingRefused with the field."""
    values = _values(conn, draft, client_id, known, now=now)
    row = values | {"client_id": client_id, "state": TrainingState.PLANNED, "by_id": by, "at": now, "changed_at": now}
    made = _training(conn.execute(insert(trainings).values(row).returning(*trainings.c)).mappings().one())
    _seat(conn, made.id, draft.people, now=now)
    signal(conn, "desk", "")
    return made


def change(
    conn: Connection, training_id: int, draft: TrainingDraft, *, known: Collection[str], now: datetime
) -> Training:
    """Change a training nobody was invited to yet. Raises NotFound, TrainingRefused: the field, or ``state``."""
    held = training(conn, training_id, lock=True)
    if held.state is not TrainingState.PLANNED:
        raise TrainingRefused("state")
    values = _values(conn, draft, held.client_id, known, now=now)
    conn.execute(update(trainings).where(trainings.c.id == training_id).values(values | {"changed_at": now}))
    conn.execute(delete(seats).where(seats.c.training_id == training_id))
    _seat(conn, training_id, draft.people, now=now)
    return training(conn, training_id)


def invite(conn: Connection, training_id: int, *, now: datetime) -> Training:
    """Have people invited, once. Raises NotFound, TrainingRefused: ``state``, ``nobody``, ``starts_at``."""
    held = training(conn, training_id, lock=True)
    if held.state is not TrainingState.PLANNED:
        raise TrainingRefused("state")
    if held.starts_at <= now:
        raise TrainingRefused("starts_at")
    if not of_training(conn, held):
        raise TrainingRefused("nobody")
    enqueue(conn, TELL, {"training": held.id, "what": "invite"}, dedup=f"invite:{held.id}", now=now)
    remind(conn, held.id, client_id=held.client_id, starts_at=held.starts_at, now=now)
    return _becomes(conn, held.id, TrainingState.INVITED, now=now, invited_at=now)


def move(
    conn: Connection, training_id: int, *, starts_at: datetime, minutes: int, place: str, now: datetime
) -> Training:
    """Move a training to another time or place after people were invited; who was told is told anew, and reminded of
    the new time alone. Raises NotFound, TrainingRefused: the field, or ``state`` also where somebody was there already.
    """
    held = training(conn, training_id, lock=True)
    if held.state is not TrainingState.INVITED or any(each.attended_at for each in of_training(conn, held)):
        raise TrainingRefused("state")
    place = clean(place).strip()
    if (starts_at, minutes, place) == (held.starts_at, held.minutes, held.place):
        return held
    if wrong := rules.unfit(starts_at, minutes, place, now=now):
        raise TrainingRefused(wrong)
    after = _becomes(
        conn, training_id, TrainingState.INVITED, now=now, starts_at=starts_at, minutes=minutes, place=place
    )
    if conn.execute(select(told.c.message_id).where(told.c.training_id == training_id).limit(1)).first() is not None:
        enqueue(conn, TELL, {"training": held.id, "what": "moved"}, dedup=f"moved:{held.id}:{now.isoformat()}", now=now)
    if starts_at != held.starts_at:
        remind(conn, held.id, client_id=held.client_id, starts_at=starts_at, now=now)
    return after


def attend(
    conn: Connection, training_id: int, people: Collection[int], *, by: int | None, now: datetime
) -> tuple[Seat, ...]:
    """Say who was there: exactly these of the people invited, by a colleague. Raises NotFound, TrainingRefused.

    Who answered the quiz was there, whatever is said later.
    """
    held = training(conn, training_id, lock=True)
    if held.state not in {TrainingState.INVITED, TrainingState.QUIZ}:
        raise TrainingRefused("state")
    sat = {each.person_id: each for each in of_training(conn, held)}
    if not set(people) <= set(sat):
        raise TrainingRefused("people")
    for person_id, each in sat.items():
        here = person_id in people or each.marked.answered > 0
        if here == (each.attended_at is not None):
            continue
        said = {"attended_at": now if here else None, "attended_by": by if here else None}
        mine = (seats.c.training_id == training_id, seats.c.person_id == person_id)
        conn.execute(update(seats).where(*mine).values(said))
    signal(conn, "desk", "")
    return of_training(conn, held)


def is_here(conn: Connection, training_id: int, *, person_id: int, now: datetime) -> bool:
    """Somebody says in the chat that they are there; False where it is not the time, or they said so before.

    Who was not invited, of the same client, and comes nevertheless is welcome.
    """
    held = training(conn, training_id, lock=True)
    timely = rules.may_attend(starts_at=held.starts_at, minutes=held.minutes, now=now)
    person = directory.person(conn, person_id)
    if held.state is not TrainingState.INVITED or not timely or person.client_id != held.client_id:
        return False
    _seat(conn, training_id, (person_id,), now=now)
    mine = (seats.c.training_id == training_id, seats.c.person_id == person_id, seats.c.attended_at.is_(None))
    values = {"attended_at": now, "attended_by": person_id}
    done = conn.execute(update(seats).where(*mine).values(values)).rowcount > 0
    signal(conn, "desk", "")
    return done


def quiz(conn: Connection, training_id: int, *, now: datetime) -> Training:
    """Have those who were there asked. Raises NotFound, TrainingRefused: ``state``, ``quiz`` without questions,
    ``nobody`` where nobody was there, ``starts_at`` before it began.
    """
    held = training(conn, training_id, lock=True)
    if held.state is not TrainingState.INVITED:
        raise TrainingRefused("state")
    if held.starts_at > now:
        raise TrainingRefused("starts_at")
    if not held.questions:
        raise TrainingRefused("quiz")
    if not any(each.attended_at for each in of_training(conn, held)):
        raise TrainingRefused("nobody")
    enqueue(conn, TELL, {"training": held.id, "what": "quiz"}, dedup=f"quiz:{held.id}", now=now)
    over = now + rules.QUIZ_FOR
    enqueue(conn, TELL, {"training": held.id, "what": "close"}, dedup=f"close:{held.id}", run_at=over, now=now)
    return _becomes(conn, held.id, TrainingState.QUIZ, now=now, quiz_at=now)


def answer(
    conn: Connection, training_id: int, *, person_id: int, question: int, choice: int, now: datetime
) -> Seat | None:
    """Take an answer; of each person and question the first counts. None where it is not taken: from somebody who was
    not there, given before, after the end, or none of the choices. When all have answered, the training is closed.
    """
    held = training(conn, training_id, lock=True)
    sat = {each.person_id: each for each in of_training(conn, held)}
    mine = sat.get(person_id)
    if held.state is not TrainingState.QUIZ or mine is None or mine.attended_at is None:
        return None
    if not 0 <= question < len(held.questions) or not 0 <= choice < len(held.questions[question].choices):
        return None
    right = held.questions[question].right == choice
    row = {
        "training_id": training_id,
        "person_id": person_id,
        "question": question,
        "choice": choice,
        "correct": int(right),
    }
    once = ["training_id", "person_id", "question"]
    kept = insert_into(conn, answers).values(row | {"at": now}).on_conflict_do_nothing(index_elements=once)
    if conn.execute(kept.returning(answers.c.id)).first() is None:
        return None
    after = of_training(conn, held)
    if all(each.marked.complete for each in after if each.attended_at is not None):
        close(conn, training_id, by=None, now=now)
    signal(conn, "desk", "")
    return next(each for each in after if each.person_id == person_id)


def close(conn: Connection, training_id: int, *, by: int | None, now: datetime) -> Training:
    """End a training; its result goes to whoever looks after the client as a task, once. Raises NotFound,
    TrainingRefused: ``state``.
    """
    held = training(conn, training_id, lock=True)
    if held.state is TrainingState.CLOSED:
        return held
    if held.state not in {TrainingState.INVITED, TrainingState.QUIZ}:
        raise TrainingRefused("state")
    sat = of_training(conn, held)
    came = [each for each in sat if each.attended_at is not None]
    share = rules.understood([each.marked for each in came])
    facts: dict[str, Any] = {"topic": held.topic, "came": len(came), "invited": len(sat)}
    facts |= {"share": f"{round(share * 100)} %"} if share is not None else {"text": "no_quiz"}
    tasks.give(
        conn, TaskKind.TRAINING, origin=f"training:{held.id}", client_id=held.client_id, facts=facts,
        link=f"/desk/care/trainings/{held.id}", due_at=now + FOLLOW_UP, by=by, now=now,
    )  # fmt: skip
    return _becomes(conn, held.id, TrainingState.CLOSED, now=now, closed_at=now)


def cancel(conn: Connection, training_id: int, *, now: datetime) -> Training:
    """Call a training off before its quiz. Raises NotFound, TrainingRefused: ``state``."""
    held = training(conn, training_id, lock=True)
    if held.state not in {TrainingState.PLANNED, TrainingState.INVITED}:
        raise TrainingRefused("state")
    if held.state is TrainingState.INVITED:
        enqueue(conn, TELL, {"training": held.id, "what": "cancel"}, dedup=f"cancel:{held.id}", now=now)
    return _becomes(conn, held.id, TrainingState.CANCELLED, now=now, closed_at=now)


def training(conn: Connection, training_id: int, *, lock: bool = False) -> Training:
    """The training with this id; locked until the transaction ends, where it is to be changed. Raises NotFound."""
    query = select(trainings).where(trainings.c.id == training_id)
    row = conn.execute(query.with_for_update() if lock else query).mappings().first()
    if row is None:
        raise NotFound("client_training", training_id)
    return _training(row)


def listed(conn: Connection, *, client_id: int | None = None, limit: int = 100) -> tuple[Training, ...]:
    """Trainings, the latest first; one client's, or all."""
    mine = [trainings.c.client_id == client_id] if client_id is not None else []
    order = (trainings.c.starts_at.desc(), trainings.c.id.desc())
    rows = conn.execute(select(trainings).where(*mine).order_by(*order).limit(limit)).mappings()
    return tuple(_training(row) for row in rows)


def of_training(conn: Connection, held: Training) -> tuple[Seat, ...]:
    """Who is invited or came, in the order of their invitation."""
    given: dict[int, list[bool]] = {}
    query = select(answers.c.person_id, answers.c.correct).where(answers.c.training_id == held.id)
    for row in conn.execute(query):
        given.setdefault(row.person_id, []).append(bool(row.correct))
    asked = len(held.questions)
    rows = conn.execute(select(seats).where(seats.c.training_id == held.id).order_by(seats.c.id)).mappings()
    return tuple(
        Seat(
            person_id=row["person_id"], attended_at=row["attended_at"],
            marked=rules.marked(given.get(row["person_id"], ()), asked=asked),
        )
        for row in rows
    )  # fmt: skip


def _values(
    conn: Connection, draft: TrainingDraft, client_id: int, known: Collection[str], *, now: datetime
) -> dict[str, Any]:
    client = directory.client(conn, client_id)
    topic, place = " ".join(clean(draft.topic).split()), clean(draft.place).strip()
    people = {person.id for person, _ in accounts.contacts(conn, client_id)}
    checks = {
        "client": client.archived_at is not None,
        "topic": not topic or len(topic) > rules.TOPIC_LENGTH,
        "pages": len(draft.pages) > rules.MOST_PAGES or not set(draft.pages) <= set(known),
        "questions": len(draft.questions) > rules.MOST_QUESTIONS,
        "people": len(draft.people) > rules.MOST_PEOPLE or not set(draft.people) <= people,
    }
    wrong = next((name for name, bad in checks.items() if bad), None)
    wrong = wrong or rules.unfit(draft.starts_at, draft.minutes, place, now=now)
    if wrong is not None:
        raise TrainingRefused(wrong)
    return {
        "topic": topic, "place": place, "starts_at": draft.starts_at, "minutes": draft.minutes,
        "pages": list(dict.fromkeys(draft.pages)), "questions": quizzes.to_rows(draft.questions),
    }  # fmt: skip


def _seat(conn: Connection, training_id: int, people: Sequence[int], *, now: datetime) -> None:
    for person_id in dict.fromkeys(people):
        row = {"training_id": training_id, "person_id": person_id, "at": now}
        statement = insert_into(conn, seats).values(row)
        conn.execute(statement.on_conflict_do_nothing(index_elements=["training_id", "person_id"]))


def _becomes(conn: Connection, training_id: int, state: TrainingState, *, now: datetime, **more: Any) -> Training:
    values = {"state": state, "changed_at": now, **more}
    conn.execute(update(trainings).where(trainings.c.id == training_id).values(values))
    signal(conn, "desk", "")
    return training(conn, training_id)


def _training(row: Mapping[Any, Any]) -> Training:
    values = {name: row[name] for name in Training.__dataclass_fields__}
    values |= {"pages": tuple(row["pages"]), "questions": quizzes.of_rows(row["questions"])}
    return Training(**values | {"state": TrainingState(row["state"])})
