"""What clients say when asked: visits, surveys, complaints; revenue and training as they are typed in."""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
INSTANT = sa.DateTime(timezone=True)


def key() -> sa.Column[int]:
    return sa.Column("id", BIG_ID, primary_key=True, autoincrement=True)


def ref(name: str, parent: str, *, required: bool = False) -> sa.Column[int]:
    return sa.Column(name, BIG_ID, sa.ForeignKey(f"{parent}.id"), nullable=not required)


def upgrade() -> None:
    _visits()
    _surveys()
    _complaints()
    _typed()


def _visits() -> None:
    op.create_table(
        "visit_plan",
        key(),
        sa.Column("origin", sa.Text, nullable=False, unique=True),
        ref("client_id", "client", required=True),
        sa.Column("quarter", sa.Text, nullable=False),
        sa.Column("due_at", INSTANT, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
    )
    op.create_index("visit_plan_quarter", "visit_plan", ["quarter", "client_id"])
    op.create_table(
        "visit",
        key(),
        ref("client_id", "client", required=True),
        sa.Column("held_on", sa.Date, nullable=False),
        sa.Column("way", sa.Text, nullable=False),
        sa.Column("met", sa.Text, nullable=False),
        sa.Column("summary", sa.Text, nullable=False),
        sa.Column("agreed", sa.JSON, nullable=False),
        ref("by_id", "person"),
        sa.Column("at", INSTANT, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("visit_held", "visit", ["held_on"])
    op.create_index("visit_client", "visit", ["client_id", "held_on"])


def _surveys() -> None:
    op.create_table(
        "survey",
        key(),
        sa.Column("origin", sa.Text, nullable=False, unique=True),
        sa.Column("kind", sa.Text, nullable=False),
        ref("client_id", "client", required=True),
        ref("person_id", "person", required=True),
        sa.Column("quarter", sa.Text, nullable=False),
        sa.Column("project", sa.Text, nullable=False),
        sa.Column("stage", sa.Text, nullable=False),
        sa.Column("due_at", INSTANT, nullable=False),
        sa.Column("asked_at", INSTANT),
        ref("asked_by", "person"),
        sa.Column("way", sa.Text, nullable=False),
        sa.Column("dropped", sa.Text, nullable=False),
        sa.Column("value", sa.Integer),
        sa.Column("comment", sa.Text, nullable=False),
        sa.Column("at", INSTANT),
        sa.Column("changed_at", INSTANT),
        sa.Column("alerted_at", INSTANT),
        sqlite_autoincrement=True,
    )
    op.create_index("survey_asked", "survey", ["kind", "asked_at"])
    op.create_index("survey_person", "survey", ["person_id", "asked_at"])
    op.create_index("survey_client", "survey", ["client_id", "asked_at"])
    op.create_table(
        "asked_message",
        sa.Column("message_id", BIG_ID, sa.ForeignKey("message.id"), primary_key=True),
        ref("person_id", "person", required=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("subject_id", BIG_ID, nullable=False),
    )
    op.create_index("asked_subject", "asked_message", ["kind", "subject_id"])


def _complaints() -> None:
    op.create_table(
        "complaint",
        key(),
        sa.Column("origin", sa.Text, nullable=False, unique=True),
        ref("client_id", "client", required=True),
        ref("ticket_id", "ticket"),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("matter", sa.Text, nullable=False),
        sa.Column("cause", sa.Text, nullable=False),
        sa.Column("measure", sa.Text, nullable=False),
        ref("owner_id", "person"),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("due_on", sa.Date, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        ref("by_id", "person"),
        sa.Column("closed_at", INSTANT),
        ref("closed_by", "person"),
        sqlite_autoincrement=True,
    )
    op.create_index("complaint_at", "complaint", ["at"])
    op.create_index("complaint_client", "complaint", ["client_id", "at"])


def _typed() -> None:
    op.create_table(
        "revenue",
        sa.Column("month", sa.Text, primary_key=True),
        sa.Column("total", BIG_ID, nullable=False),
        sa.Column("service", BIG_ID),
        ref("by_id", "person"),
        sa.Column("at", INSTANT, nullable=False),
    )
    op.create_table(
        "training",
        key(),
        sa.Column("held_on", sa.Date, nullable=False),
        sa.Column("topic", sa.Text, nullable=False),
        sa.Column("took_part", sa.Integer, nullable=False),
        sa.Column("passed", sa.Integer, nullable=False),
        ref("by_id", "person"),
        sa.Column("at", INSTANT, nullable=False),
        ref("removed_by", "person"),
        sqlite_autoincrement=True,
    )
    op.create_index("training_held", "training", ["held_on"])
    op.create_table(
        "care_switch",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("off", sa.Integer, nullable=False),
        ref("by_id", "person"),
        sa.Column("at", INSTANT, nullable=False),
    )


def downgrade() -> None:
    for name in (
        "care_switch", "training", "revenue", "complaint", "asked_message", "survey", "visit", "visit_plan",
    ):  # fmt: skip
        op.drop_table(name)
