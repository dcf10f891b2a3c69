"""Tables of drills, exams and certificates, and of clients' trainings, on the project's one metadata.

A play keeps the edition it began with: what is changed in a drill meanwhile changes nothing for it.
"""

from typing import Final

from sqlalchemy import JSON, Column, Date, ForeignKey, Index, Integer, Table, Text, UniqueConstraint

from handoff.columns import at, key, ref
from store.db import Instant
from store.tables import BigId, metadata

drill_edition: Final = Table(
    "drill_edition",
    metadata,
    Column("hash", Text, primary_key=True),  # of the text
    Column("slug", Text, nullable=False),
    Column("text", Text, nullable=False),
    at(),
    Index("drill_edition_slug", "slug", "at"),
)

drill: Final = Table(
    "drill",
    metadata,
    key(),
    Column("slug", Text, nullable=False, unique=True),
    Column("text", Text, nullable=False),
    Column("state", Text, nullable=False),  # draft, published, retired
    ref("ticket_id", "ticket"),  # what it was drafted from
    ref("by_id", "person"),
    at(),
    Column("changed_at", Instant, nullable=False),
    ref("published_by", "person"),
    Column("published_at", Instant),
    sqlite_autoincrement=True,
)

exam: Final = Table(
    "exam",
    metadata,
    key(),
    Column("title", Text, nullable=False),
    Column("drills", JSON, nullable=False),
    Column("questions", JSON, nullable=False),
    Column("pass_mark", Integer, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("wait_hours", Integer, nullable=False),
    Column("valid_months", Integer, nullable=False),
    ref("by_id", "person"),
    at(),
    Column("retired_at", Instant),
    sqlite_autoincrement=True,
)

exam_seat: Final = Table(
    "exam_seat",
    metadata,
    key(),
    ref("exam_id", "exam", required=True),
    ref("person_id", "person", required=True),
    Column("due_at", Instant, nullable=False),
    ref("by_id", "person"),
    at(),
    Column("withdrawn_at", Instant),
    Index("exam_seat_person", "person_id", "at"),
    Index("exam_seat_exam", "exam_id", "at"),
    sqlite_autoincrement=True,
)

exam_try: Final = Table(
    "exam_try",
    metadata,
    key(),
    ref("seat_id", "exam_seat", required=True),
    Column("number", Integer, nullable=False),
    Column("begun_at", Instant, nullable=False),
    Column("ended_at", Instant),
    Column("answers", JSON),  # by the question's place; NULL: not answered yet
    Column("percent", Integer),
    Column("passed", Integer),
    UniqueConstraint("seat_id", "number", name="exam_try_number"),
    sqlite_autoincrement=True,
)

certificate: Final = Table(
    "certificate",
    metadata,
    key(),
    Column("number", Text, nullable=False, unique=True),
    Column("seat_id", BigId, ForeignKey("exam_seat.id"), nullable=False, unique=True),
    ref("person_id", "person", required=True),
    Column("title", Text, nullable=False),
    Column("percent", Integer, nullable=False),
    Column("given_on", Date, nullable=False),
    Column("valid_until", Date, nullable=False),
    Column("revoked_at", Instant),
    ref("revoked_by", "person"),
    at(),
    Index("certificate_person", "person_id", "valid_until"),
    sqlite_autoincrement=True,
)

drill_play: Final = Table(
    "drill_play",
    metadata,
    key(),
    Column("edition", Text, ForeignKey("drill_edition.hash"), nullable=False),
    Column("slug", Text, nullable=False),
    ref("person_id", "person", required=True),
    ref("try_id", "exam_try"),  # NULL: for practice
    Column("language", Text, nullable=False),
    Column("begun_at", Instant, nullable=False),
    Column("ended_at", Instant),
    Column("ended", Text, nullable=False),  # an Over, "" while it goes on
    Column("percent", Integer),
    Column("passed", Integer),
    Column("result", JSON),
    Index("drill_play_person", "person_id", "begun_at"),
    Index("drill_play_try", "try_id"),
    sqlite_autoincrement=True,
)

drill_line: Final = Table(
    "drill_line",
    metadata,
    key(),
    ref("play_id", "drill_play", required=True),
    Column("who", Text, nullable=False),  # client, trainee
    Column("text", Text, nullable=False),
    Column("made_by", Text, nullable=False),  # script, a model's name; "" of the trainee's
    Column("mood", Integer),  # the client's after it
    Column("branch", Integer),  # the one that was taken; NULL: none
    at(),
    Index("drill_line_play", "play_id", "id"),
    sqlite_autoincrement=True,
)

client_training: Final = Table(
    "client_training",
    metadata,
    key(),
    ref("client_id", "client", required=True),
    Column("topic", Text, nullable=False),
    Column("pages", JSON, nullable=False),
    Column("place", Text, nullable=False),
    Column("starts_at", Instant, nullable=False),
    Column("minutes", Integer, nullable=False),
    Column("questions", JSON, nullable=False),
    Column("state", Text, nullable=False),  # a TrainingState
    Column("invited_at", Instant),
    Column("quiz_at", Instant),
    Column("closed_at", Instant),
    ref("by_id", "person"),
    at(),
    Column("changed_at", Instant, nullable=False),
    Index("client_training_starts", "starts_at"),
    Index("client_training_client", "client_id", "starts_at"),
    sqlite_autoincrement=True,
)

training_seat: Final = Table(
    "training_seat",
    metadata,
    key(),
    ref("training_id", "client_training", required=True),
    ref("person_id", "person", required=True),
    Column("attended_at", Instant),
    ref("attended_by", "person"),  # who said so
    at(),
    UniqueConstraint("training_id", "person_id", name="training_seat_person"),
    sqlite_autoincrement=True,
)

training_message: Final = Table(
    "training_message",
    metadata,
    ref("message_id", "message", primary_key=True),
    ref("training_id", "client_training", required=True),
    ref("person_id", "person"),  # whom alone it asks; NULL: whoever sat there
    Column("question", Integer),  # the place of the question; NULL: the invitation
    Index("training_message_training", "training_id"),
)

training_answer: Final = Table(
    "training_answer",
    metadata,
    key(),
    ref("training_id", "client_training", required=True),
    ref("person_id", "person", required=True),
    Column("question", Integer, nullable=False),
    Column("choice", Integer, nullable=False),
    Column("correct", Integer, nullable=False),
    at(),
    UniqueConstraint("training_id", "person_id", "question", name="training_answer_once"),
    sqlite_autoincrement=True,
)
