"""Exams: made, given to people, attempted, passed. Transaction bodies."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, insert, select, update

from handoff import directory
from handoff.errors import NotFound
from handoff.kinds import PersonKind
from handoff.rows import clean
from store.signals import signal
from success import quizzes
from success.drill_tables import exam as exams
from success.drill_tables import exam_seat as seats
from success.drill_tables import exam_try as tries
from success.drills import certificates, exam_rules, plays, shelf
from success.drills.certificates import Certificate
from success.drills.errors import ExamRefused
from success.drills.exam_rules import ExamDraft, Taken
from success.drills.plays import Play
from success.quizzes import Question

MOST_SEATS: Final = 500
LONGEST_TERM: Final = timedelta(days=366)


@dataclass(frozen=True, kw_only=True)
class Exam:
    """An exam as it is kept."""

    id: int
    title: str
    drills: tuple[str, ...]
    questions: tuple[Question, ...]
    pass_mark: int
    attempts: int
    wait_hours: int
    valid_months: int
    at: datetime
    retired_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class Seat:
    """An exam that somebody is to pass by `due_at`."""

    id: int
    exam_id: int
    person_id: int
    due_at: datetime
    at: datetime
    withdrawn_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class Try:
    """One attempt; `answers` are choices by the question's place, None until they were given."""

    id: int
    seat_id: int
    number: int
    begun_at: datetime
    ended_at: datetime | None
    answers: tuple[int | None, ...] | None
    percent: int | None
    passed: bool


@dataclass(frozen=True, kw_only=True)
class Standing:
    """How somebody stands with an exam: its attempts, when it was settled and how, and why none may begin now."""

    seat: Seat
    exam: Exam
    tries: tuple[Try, ...]
    settled: tuple[datetime, bool] | None
    closed: str | None
    next_from: datetime | None
    certificate: Certificate | None


def make(conn: Connection, draft: ExamDraft, *, by: int, folder: Path = shelf.FOLDER, now: datetime) -> Exam:
    """Make an exam. Raises ExamRefused with the field: title, parts, drills, pass_mark, attempts, …"""
    if field := exam_rules.wrong(draft):
        raise ExamRefused(field)
    known = {each.slug for each in shelf.shelf(conn, folder=folder) if each.scenario is not None}
    if not set(draft.drills) <= known:
        raise ExamRefused("drills")
    row = {
        "title": " ".join(clean(draft.title).split()), "drills": list(draft.drills),
        "questions": quizzes.to_rows(draft.questions), "pass_mark": draft.pass_mark, "attempts": draft.attempts,
        "wait_hours": draft.wait_hours, "valid_months": draft.valid_months, "by_id": by, "at": now,
    }  # fmt: skip
    return _exam(conn.execute(insert(exams).values(row).returning(*exams.c)).mappings().one())


def retire(conn: Connection, exam_id: int, *, now: datetime) -> None:
    """Give an exam to nobody any more; who has it keeps it. Raises NotFound."""
    exam(conn, exam_id)
    conn.execute(update(exams).where(exams.c.id == exam_id, exams.c.retired_at.is_(None)).values(retired_at=now))


def exam(conn: Connection, exam_id: int) -> Exam:
    """The exam with this id. Raises NotFound."""
    row = conn.execute(select(exams).where(exams.c.id == exam_id)).mappings().first()
    if row is None:
        raise NotFound("exam", exam_id)
    return _exam(row)


def listed(conn: Connection) -> tuple[Exam, ...]:
    """The exams that can be given, the newest first."""
    rows = conn.execute(select(exams).where(exams.c.retired_at.is_(None)).order_by(exams.c.id.desc())).mappings()
    return tuple(_exam(row) for row in rows)


def give(
    conn: Connection, exam_id: int, *, people: Sequence[int], due_at: datetime, by: int, now: datetime
) -> tuple[Seat, ...]:
    """Give an exam to colleagues who have not got it open. Raises NotFound; ExamRefused (people, due_on, retired)."""
    found = exam(conn, exam_id)
    if found.retired_at is not None:
        raise ExamRefused("retired")
    if not now < due_at <= now + LONGEST_TERM:
        raise ExamRefused("due_on")
    staff = {person.id for person in directory.staff(conn, active_only=True) if person.kind is PersonKind.STAFF}
    if not people or not set(people) <= staff:
        raise ExamRefused("people")
    busy = {each.seat.person_id for each in of_exam(conn, exam_id, now=now) if each.settled is None}
    made = []
    for person_id in dict.fromkeys(people):
        if person_id in busy:
            continue
        row = {"exam_id": exam_id, "person_id": person_id, "due_at": due_at, "by_id": by, "at": now}
        made.append(_seat(conn.execute(insert(seats).values(row).returning(*seats.c)).mappings().one()))
    signal(conn, "desk", "")
    return tuple(made)


def withdraw(conn: Connection, seat_id: int, *, now: datetime) -> None:
    """Take an exam back from somebody, where it is not settled. Raises NotFound, ExamRefused: settled."""
    held = standing(conn, seat_id, now=now)
    if held.settled is not None:
        raise ExamRefused("settled")
    conn.execute(update(seats).where(seats.c.id == seat_id).values(withdrawn_at=now))
    signal(conn, "desk", "")


def begin(conn: Connection, seat_id: int, *, person_id: int, now: datetime) -> Try:
    """Begin an attempt. Raises NotFound for another's, ExamRefused with why none may begin."""
    conn.execute(select(seats.c.id).where(seats.c.id == seat_id).with_for_update())
    held = standing(conn, seat_id, now=now)
    if held.seat.person_id != person_id:
        raise NotFound("exam_seat", seat_id)
    if held.closed is not None:
        raise ExamRefused(held.closed)
    row = {"seat_id": seat_id, "number": len(held.tries) + 1, "begun_at": now}
    return _try(conn.execute(insert(tries).values(row).returning(*tries.c)).mappings().one())


def answer(conn: Connection, seat_id: int, answers: Sequence[int | None], *, person_id: int, now: datetime) -> Standing:
    """Answer the questions of the open attempt, once. Raises NotFound, ExamRefused: ``none``, ``answered``,
    ``incomplete``.
    """
    held, mine = _open(conn, seat_id, person_id, now)
    if mine.answers is not None:
        raise ExamRefused("answered")
    asked = held.exam.questions
    fit = len(answers) == len(asked) and all(
        given is not None and 0 <= given < len(question.choices)
        for given, question in zip(answers, asked, strict=False)
    )
    if not fit:
        raise ExamRefused("incomplete")
    conn.execute(update(tries).where(tries.c.id == mine.id).values(answers=list(answers)))
    return settle(conn, seat_id, now=now)


def play_drill(conn: Connection, seat_id: int, slug: str, *, person_id: int, language: str, now: datetime) -> Play:
    """Begin a drill of the open attempt, once, or go on with it. Raises NotFound, ExamRefused, DrillRefused."""
    held, mine = _open(conn, seat_id, person_id, now)
    if slug not in held.exam.drills:
        raise ExamRefused("drills")
    done = next((each for each in plays.of_try(conn, mine.id) if each.slug == slug), None)
    return done or plays.begin(conn, slug, person_id=person_id, language=language, try_id=mine.id, now=now)


def settle(conn: Connection, seat_id: int, *, now: datetime) -> Standing:
    """End the open attempt where all of its parts are done; who passes has a certificate."""
    held = standing(conn, seat_id, now=now)
    mine = next((each for each in held.tries if each.ended_at is None), None)
    if mine is None:
        return held
    done = {each.slug: each for each in plays.of_try(conn, mine.id) if each.ended_at is not None}
    asked = held.exam.questions
    if set(held.exam.drills) - set(done) or (asked and mine.answers is None):
        return held
    right = sum(given == question.right for given, question in zip(mine.answers or (), asked, strict=False))
    parts = [(done[slug].percent or 0, bool(done[slug].passed)) for slug in held.exam.drills]
    found = exam_rules.outcome(parts, right=right, asked=len(asked), pass_mark=held.exam.pass_mark)
    values = {"ended_at": now, "percent": found.percent, "passed": int(found.passed)}
    conn.execute(update(tries).where(tries.c.id == mine.id, tries.c.ended_at.is_(None)).values(values))
    if found.passed:
        certificates.give(
            conn, seat_id=seat_id, person_id=held.seat.person_id, title=held.exam.title, percent=found.percent,
            months=held.exam.valid_months, now=now,
        )  # fmt: skip
    signal(conn, "desk", "")
    return standing(conn, seat_id, now=now)


def standing(conn: Connection, seat_id: int, *, now: datetime) -> Standing:
    """How somebody stands with an exam. Raises NotFound."""
    row = conn.execute(select(seats).where(seats.c.id == seat_id)).mappings().first()
    if row is None:
        raise NotFound("exam_seat", seat_id)
    return _standings(conn, (row,), now=now)[0]


def seat_of_try(conn: Connection, try_id: int) -> int | None:
    """The seat that an attempt belongs to."""
    return conn.execute(select(tries.c.seat_id).where(tries.c.id == try_id)).scalar_one_or_none()


def of_person(conn: Connection, person_id: int, *, now: datetime) -> tuple[Standing, ...]:
    """The exams somebody was given, the newest first."""
    mine = (seats.c.person_id == person_id, seats.c.withdrawn_at.is_(None))
    rows = conn.execute(select(seats).where(*mine).order_by(seats.c.id.desc()).limit(MOST_SEATS)).mappings().all()
    return _standings(conn, rows, now=now)


def of_exam(conn: Connection, exam_id: int, *, now: datetime) -> tuple[Standing, ...]:
    """Who was given an exam, and how they stand."""
    mine = (seats.c.exam_id == exam_id, seats.c.withdrawn_at.is_(None))
    rows = conn.execute(select(seats).where(*mine).order_by(seats.c.id.desc()).limit(MOST_SEATS)).mappings().all()
    return _standings(conn, rows, now=now)


def everybody(conn: Connection, *, now: datetime, since: datetime | None = None) -> tuple[Standing, ...]:
    """Everybody's exams, the newest first."""
    mine = [seats.c.withdrawn_at.is_(None)] + ([seats.c.at >= since] if since is not None else [])
    rows = conn.execute(select(seats).where(*mine).order_by(seats.c.id.desc()).limit(MOST_SEATS)).mappings().all()
    return _standings(conn, rows, now=now)


def _open(conn: Connection, seat_id: int, person_id: int, now: datetime) -> tuple[Standing, Try]:
    conn.execute(select(seats.c.id).where(seats.c.id == seat_id).with_for_update())
    held = standing(conn, seat_id, now=now)
    if held.seat.person_id != person_id:
        raise NotFound("exam_seat", seat_id)
    mine = next((each for each in held.tries if each.ended_at is None), None)
    if mine is None or held.seat.withdrawn_at is not None:
        raise ExamRefused("none")
    return held, mine


def _standings(conn: Connection, rows: Sequence[Mapping[Any, Any]], *, now: datetime) -> tuple[Standing, ...]:
    held = [_seat(row) for row in rows]
    of_seat: dict[int, list[Try]] = {each.id: [] for each in held}
    query = select(tries).where(tries.c.seat_id.in_(of_seat)).order_by(tries.c.number)
    for row in conn.execute(query).mappings():
        of_seat[row["seat_id"]].append(_try(row))
    ids = {each.exam_id for each in held}
    known = {row["id"]: _exam(row) for row in conn.execute(select(exams).where(exams.c.id.in_(ids))).mappings()}
    given = certificates.of_seats(conn, tuple(of_seat))
    return tuple(_stands(each, known[each.exam_id], of_seat[each.id], given.get(each.id), now) for each in held)


def _stands(seat: Seat, exam: Exam, mine: list[Try], given: Certificate | None, now: datetime) -> Standing:
    taken = [Taken(number=each.number, ended_at=each.ended_at, passed=each.passed) for each in mine]
    wait = timedelta(hours=exam.wait_hours)
    closed = exam_rules.may_begin(
        taken, attempts=exam.attempts, wait=wait, due_at=seat.due_at, withdrawn=seat.withdrawn_at is not None, now=now
    )
    settled = exam_rules.settled_at(taken, attempts=exam.attempts, due_at=seat.due_at, now=now)
    return Standing(
        seat=seat, exam=exam, tries=tuple(mine), settled=settled, closed=closed,
        next_from=exam_rules.next_from(taken, wait=wait), certificate=given,
    )  # fmt: skip


def _exam(row: Mapping[Any, Any]) -> Exam:
    values = {name: row[name] for name in Exam.__dataclass_fields__}
    return Exam(**values | {"drills": tuple(row["drills"]), "questions": quizzes.of_rows(row["questions"])})


def _seat(row: Mapping[Any, Any]) -> Seat:
    return Seat(**{name: row[name] for name in Seat.__dataclass_fields__})


def _try(row: Mapping[Any, Any]) -> Try:
    values = {name: row[name] for name in Try.__dataclass_fields__}
    answers = None if row["answers"] is None else tuple(row["answers"])
    return Try(**values | {"answers": answers, "passed": bool(row["passed"])})
