"""Drills, exams and certificates of colleagues; trainings of clients, with their quizzes."""

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    _drills()
    _exams()
    _plays()
    _trainings()


def _drills() -> None:
    op.create_table(
        "drill_edition",
        sa.Column("hash", sa.Text, primary_key=True),
        sa.Column("slug", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
    )
    op.create_index("drill_edition_slug", "drill_edition", ["slug", "at"])
    op.create_table(
        "drill",
        sa.Column("id", BIG_ID, primary_key=True, autoincrement=True),
        sa.Column("slug", sa.Text, nullable=False, unique=True),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("ticket_id", BIG_ID, sa.ForeignKey("ticket.id")),
        sa.Column("by_id", BIG_ID, sa.ForeignKey("person.id")),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("changed_at", INSTANT, nullable=False),
        sa.Column("published_by", BIG_ID, sa.ForeignKey("person.id")),
        sa.Column("published_at", INSTANT),
        sqlite_autoincrement=True,
    )


def _exams() -> None:
    op.create_table(
        "exam",
        sa.Column("id", BIG_ID, primary_key=True, autoincrement=True),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("drills", sa.JSON, nullable=False),
        sa.Column("questions", sa.JSON, nullable=False),
        sa.Column("pass_mark", sa.Integer, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("wait_hours", sa.Integer, nullable=False),
        sa.Column("valid_months", sa.Integer, nullable=False),
        sa.Column("by_id", BIG_ID, sa.ForeignKey("person.id")),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("retired_at", INSTANT),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "exam_seat",
        sa.Column("id", BIG_ID, primary_key=True, autoincrement=True),
        sa.Column("exam_id", BIG_ID, sa.ForeignKey("exam.id"), nullable=False),
        sa.Column("person_id", BIG_ID, sa.ForeignKey("person.id"), nullable=False),
        sa.Column("due_at", INSTANT, nullable=False),
        sa.Column("by_id", BIG_ID, sa.ForeignKey("person.id")),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("withdrawn_at", INSTANT),
        sqlite_autoincrement=True,
    )
    op.create_index("exam_seat_exam", "exam_seat", ["exam_id", "at"])
    op.create_index("exam_seat_person", "exam_seat", ["person_id", "at"])
    op.create_table(
        "exam_try",
        sa.Column("id", BIG_ID, primary_key=True, autoincrement=True),
        sa.Column("seat_id", BIG_ID, sa.ForeignKey("exam_seat.id"), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("begun_at", INSTANT, nullable=False),
        sa.Column("ended_at", INSTANT),
        sa.Column("answers", sa.JSON),
        sa.Column("percent", sa.Integer),
        sa.Column("passed", sa.Integer),
        sa.UniqueConstraint("seat_id", "number", name="exam_try_number"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "certificate",
        sa.Column("id", BIG_ID, primary_key=True, autoincrement=True),
        sa.Column("number", sa.Text, nullable=False, unique=True),
        sa.Column("seat_id", BIG_ID, sa.ForeignKey("exam_seat.id"), nullable=False, unique=True),
        sa.Column("person_id", BIG_ID, sa.ForeignKey("person.id"), nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("percent", sa.Integer, nullable=False),
        sa.Column("given_on", sa.Date, nullable=False),
        sa.Column("valid_until", sa.Date, nullable=False),
        sa.Column("revoked_at", INSTANT),
        sa.Column("revoked_by", BIG_ID, sa.ForeignKey("person.id")),
        sa.Column("at", INSTANT, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("certificate_person", "certificate", ["person_id", "valid_until"])


def _plays() -> None:
    op.create_table(
        "drill_play",
        sa.Column("id", BIG_ID, primary_key=True, autoincrement=True),
        sa.Column("edition", sa.Text, sa.ForeignKey("drill_edition.hash"), nullable=False),
        sa.Column("slug", sa.Text, nullable=False),
        sa.Column("person_id", BIG_ID, sa.ForeignKey("person.id"), nullable=False),
        sa.Column("try_id", BIG_ID, sa.ForeignKey("exam_try.id")),
        sa.Column("language", sa.Text, nullable=False),
        sa.Column("begun_at", INSTANT, nullable=False),
        sa.Column("ended_at", INSTANT),
        sa.Column("ended", sa.Text, nullable=False),
        sa.Column("percent", sa.Integer),
        sa.Column("passed", sa.Integer),
        sa.Column("result", sa.JSON),
        sqlite_autoincrement=True,
    )
    op.create_index("drill_play_person", "drill_play", ["person_id", "begun_at"])
    op.create_index("drill_play_try", "drill_play", ["try_id"])
    op.create_table(
        "drill_line",
        sa.Column("id", BIG_ID, primary_key=True, autoincrement=True),
        sa.Column("play_id", BIG_ID, sa.ForeignKey("drill_play.id"), nullable=False),
        sa.Column("who", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("made_by", sa.Text, nullable=False),
        sa.Column("mood", sa.Integer),
        sa.Column("branch", sa.Integer),
        sa.Column("at", INSTANT, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("drill_line_play", "drill_line", ["play_id", "id"])


def _trainings() -> None:
    op.create_table(
        "client_training",
        sa.Column("id", BIG_ID, primary_key=True, autoincrement=True),
        sa.Column("client_id", BIG_ID, sa.ForeignKey("client.id"), nullable=False),
        sa.Column("topic", sa.Text, nullable=False),
        sa.Column("pages", sa.JSON, nullable=False),
        sa.Column("place", sa.Text, nullable=False),
        sa.Column("starts_at", INSTANT, nullable=False),
        sa.Column("minutes", sa.Integer, nullable=False),
        sa.Column("questions", sa.JSON, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("invited_at", INSTANT),
        sa.Column("quiz_at", INSTANT),
        sa.Column("closed_at", INSTANT),
        sa.Column("by_id", BIG_ID, sa.ForeignKey("person.id")),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("changed_at", INSTANT, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("client_training_client", "client_training", ["client_id", "starts_at"])
    op.create_index("client_training_starts", "client_training", ["starts_at"])
    op.create_table(
        "training_seat",
        sa.Column("id", BIG_ID, primary_key=True, autoincrement=True),
        sa.Column("training_id", BIG_ID, sa.ForeignKey("client_training.id"), nullable=False),
        sa.Column("person_id", BIG_ID, sa.ForeignKey("person.id"), nullable=False),
        sa.Column("attended_at", INSTANT),
        sa.Column("attended_by", BIG_ID, sa.ForeignKey("person.id")),
        sa.Column("at", INSTANT, nullable=False),
        sa.UniqueConstraint("training_id", "person_id", name="training_seat_person"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "training_message",
        sa.Column("message_id", BIG_ID, sa.ForeignKey("message.id"), primary_key=True),
        sa.Column("training_id", BIG_ID, sa.ForeignKey("client_training.id"), nullable=False),
        sa.Column("person_id", BIG_ID, sa.ForeignKey("person.id")),
        sa.Column("question", sa.Integer),
    )
    op.create_index("training_message_training", "training_message", ["training_id"])
    op.create_table(
        "training_answer",
        sa.Column("id", BIG_ID, primary_key=True, autoincrement=True),
        sa.Column("training_id", BIG_ID, sa.ForeignKey("client_training.id"), nullable=False),
        sa.Column("person_id", BIG_ID, sa.ForeignKey("person.id"), nullable=False),
        sa.Column("question", sa.Integer, nullable=False),
        sa.Column("choice", sa.Integer, nullable=False),
        sa.Column("correct", sa.Integer, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.UniqueConstraint("training_id", "person_id", "question", name="training_answer_once"),
        sqlite_autoincrement=True,
    )


def downgrade() -> None:
    for name in (
        "training_answer",
        "training_message",
        "training_seat",
        "client_training",
        "drill_line",
        "drill_play",
        "certificate",
        "exam_try",
        "exam_seat",
        "exam",
        "drill",
        "drill_edition",
    ):
        op.drop_table(name)
