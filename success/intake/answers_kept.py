"""Answers as they are kept: with whose words they are, the files that came with them, the ones before.

Transaction bodies. An answer is never changed: another one of the same question takes its place.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, insert, select, update

from handoff import directory
from handoff.kinds import Author
from handoff.rows import clean
from handoff.tables import message as said
from success.intake.brief import Evidence
from success.intake.steps import Taken
from success.intake.tables import answer as answers
from success.intake.tables import interview as interviews
from success.intake.values import LONGEST, Value, from_json, to_json

_MOST_EARLY = 20


@dataclass(frozen=True, kw_only=True)
class Told:
    """What answers were taken from: whose messages, each with its id, its text and the files that came with it."""

    person_id: int
    pieces: tuple[tuple[int, str, tuple[str, ...]], ...]

    def of(self, quote: str) -> tuple[int, tuple[str, ...]]:
        """The message that a quotation stands in, else the last one, and the files of all of them."""
        begins = quote.strip().split("\n")[0]
        held = [number for number, text, _ in self.pieces if begins and begins in text]
        return (held or [number for number, _, _ in self.pieces])[-1], self.files

    @property
    def files(self) -> tuple[str, ...]:
        """The ids of the files that came with them."""
        return tuple(each for _, _, files in self.pieces for each in files)


def answers_of(conn: Connection, interview_id: int, *, lock: bool = False) -> dict[str, Value]:
    """The answers that hold, by question."""
    mine = (answers.c.intake_id == interview_id, answers.c.former_at.is_(None))
    query = select(answers.c.question, answers.c.value).where(*mine)
    rows = conn.execute(query.with_for_update() if lock else query)
    return {row.question: from_json(row.value) for row in rows}


def evidence(conn: Connection, interview_id: int) -> tuple[Evidence, ...]:
    """Every answer as it was given, in order; those that hold no more are marked so."""
    query = select(answers).where(answers.c.intake_id == interview_id).order_by(answers.c.id)
    rows = conn.execute(query).mappings().all()
    names = directory.names(conn, sorted({row["person_id"] for row in rows if row["person_id"] is not None}))
    return tuple(
        Evidence(
            question=row["question"], value=from_json(row["value"]), quote=row["quote"], person_id=row["person_id"],
            name=names.get(row["person_id"], ""), message_id=row["message_id"], at=row["at"], doubt=row["doubt"],
            former=row["former_at"] is not None,
        )
        for row in rows
    )  # fmt: skip


def files(conn: Connection, interview_id: int) -> dict[str, tuple[tuple[str, int], ...]]:
    """The pictures that came with answers: by question, each file's id and its message."""
    query = select(answers.c.question, answers.c.files, answers.c.message_id)
    rows = conn.execute(query.where(answers.c.intake_id == interview_id).order_by(answers.c.id))
    found: dict[str, tuple[tuple[str, int], ...]] = {}
    for row in rows:
        theirs = tuple((str(each), row.message_id) for each in row.files if row.message_id is not None)
        found[row.question] = tuple(dict.fromkeys((*found.get(row.question, ()), *theirs)))
    return {key: each for key, each in found.items() if each}


def early_files(conn: Connection, *, conversation_id: int, person_id: int | None, since: datetime) -> tuple[str, ...]:
    """The files that who is asked sent before they had answered anything."""
    first = (
        select(func.min(answers.c.message_id))
        .join_from(answers, interviews, answers.c.intake_id == interviews.c.id)
        .where(interviews.c.conversation_id == conversation_id, answers.c.at >= since)
    )
    until = conn.execute(first).scalar()
    mine = [said.c.conversation_id == conversation_id, said.c.person_id == person_id, said.c.stored_at >= since]
    if until is not None:
        mine.append(said.c.id < until)
    query = (
        select(said.c.attachments).where(*mine, said.c.author == Author.CLIENT).order_by(said.c.id).limit(_MOST_EARLY)
    )
    return tuple(str(each["id"]) for files in conn.execute(query).scalars() for each in files)


def keep(conn: Connection, interview_id: int, taken: Taken, *, told: Told | None, files: bool, now: datetime) -> None:
    """Keep an answer, with the `files` that came along; the one before it stays, and holds no more."""
    mine = (answers.c.intake_id == interview_id, answers.c.question == taken.key, answers.c.former_at.is_(None))
    conn.execute(update(answers).where(*mine).values(former_at=now))
    message_id, came = told.of(taken.quote) if told else (None, ())
    row = {
        "intake_id": interview_id, "question": taken.key, "value": to_json(taken.value),
        "quote": clean(taken.quote)[:LONGEST], "person_id": told.person_id if told else None,
        "message_id": message_id, "files": list(came) if files else [],
        "doubt": taken.doubt, "at": now,
    }  # fmt: skip
    conn.execute(insert(answers).values(row))


def keep_files(conn: Connection, interview_id: int, told: Told, *, asked: str | None) -> None:
    """Pictures without a word stay with the answer before them, where there is one of the question asked."""
    mine = [answers.c.intake_id == interview_id, answers.c.former_at.is_(None)]
    newest = select(answers.c.id, answers.c.files).where(*mine).order_by(answers.c.id.desc()).limit(1)
    row = conn.execute(newest.where(answers.c.question == asked)).first() if asked else None
    row = row or conn.execute(newest).first()
    if row is not None:
        conn.execute(update(answers).where(answers.c.id == row.id).values(files=[*row.files, *told.files]))
