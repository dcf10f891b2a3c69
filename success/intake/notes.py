"""What colleagues write beside a brief. Transaction bodies."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, insert, select

from handoff.rows import clean
from success.intake import store
from success.intake.errors import IntakeRefused
from success.intake.tables import note as notes

NOTE_LENGTH: Final = 4_000


@dataclass(frozen=True, kw_only=True)
class Note:
    """What a colleague wrote beside a brief."""

    person_id: int
    text: str
    at: datetime


def write_note(conn: Connection, interview_id: int, text: str, *, by: int, now: datetime) -> None:
    """Write beside a brief. Raises NotFound, IntakeRefused: ``empty``."""
    store.one(conn, interview_id)
    kept = clean(text).strip()[:NOTE_LENGTH]
    if not kept:
        raise IntakeRefused("empty")
    conn.execute(insert(notes).values(intake_id=interview_id, person_id=by, text=kept, at=now))


def notes_of(conn: Connection, interview_id: int) -> tuple[Note, ...]:
    """What was written beside a brief, in order."""
    rows = conn.execute(select(notes).where(notes.c.intake_id == interview_id).order_by(notes.c.id))
    return tuple(Note(person_id=row.person_id, text=row.text, at=row.at) for row in rows)
