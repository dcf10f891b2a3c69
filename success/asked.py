"""Messages of ours that ask one person something: whose press or reply counts, and for what. Transaction bodies."""

from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import Connection, select

from store.db import insert_into
from success.feedback_tables import asked_message as asked


class Subject(StrEnum):
    """What is asked about; the subject's id is the ticket's, or the survey's."""

    CSAT = "csat"
    NPS = "nps"
    STAGE = "stage"


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A message, whom it asks, and about what."""

    message_id: int
    person_id: int
    kind: Subject
    subject_id: int


def note(conn: Connection, message_id: int, *, person_id: int, kind: Subject, subject_id: int) -> None:
    """Remember that a message asks somebody."""
    row = {"message_id": message_id, "person_id": person_id, "kind": kind, "subject_id": subject_id}
    conn.execute(insert_into(conn, asked).values(row).on_conflict_do_nothing(index_elements=["message_id"]))


def of_message(conn: Connection, message_id: int) -> Asked | None:
    """What a message asks; None of any other message."""
    row = conn.execute(select(asked).where(asked.c.message_id == message_id)).mappings().first()
    if row is None:
        return None
    named = {name: row[name] for name in ("message_id", "person_id", "subject_id")}
    return Asked(**named, kind=Subject(row["kind"]))


def messages_of(conn: Connection, kind: Subject, subject_id: int) -> tuple[int, ...]:
    """The messages that asked about something."""
    mine = (asked.c.kind == kind, asked.c.subject_id == subject_id)
    return tuple(conn.execute(select(asked.c.message_id).where(*mine).order_by(asked.c.message_id)).scalars())
