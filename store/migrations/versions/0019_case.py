"""A ticket's page: who looks at it, how far each has read, macros, summaries made anew, suggested replies."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
INSTANT = sa.DateTime(timezone=True)


def _ref(name: str, parent: str, *, primary_key: bool = False, nullable: bool = True) -> sa.Column[int]:
    foreign = sa.ForeignKey(f"{parent}.id")
    return sa.Column(name, BIG_ID, foreign, primary_key=primary_key, nullable=nullable and not primary_key)


def upgrade() -> None:
    op.create_table(
        "ticket_attendance",
        _ref("ticket_id", "ticket", primary_key=True),
        _ref("person_id", "person", primary_key=True),
        sa.Column("tab", sa.Text, primary_key=True),
        sa.Column("doing", sa.Text, nullable=False),
        sa.Column("since", INSTANT, nullable=False),
        sa.Column("until", INSTANT, nullable=False),
    )
    op.create_index("ix_ticket_attendance_until", "ticket_attendance", ["until"])
    op.create_table(
        "ticket_sight",
        _ref("ticket_id", "ticket", primary_key=True),
        _ref("person_id", "person", primary_key=True),
        sa.Column("upto", BIG_ID, nullable=False),
        sa.Column("before", BIG_ID, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
    )
    op.create_table(
        "macro",
        sa.Column("id", BIG_ID, primary_key=True, autoincrement=True),
        _ref("owner_id", "person"),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("texts", sa.JSON, nullable=False),
        sa.Column("then", sa.Text),
        sa.Column("level", sa.Text),
        sa.Column("place", sa.Integer, nullable=False),
        sa.Column("uses", sa.Integer, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        _ref("changed_by", "person", nullable=False),
        sa.Column("at", INSTANT, nullable=False),
    )
    op.create_index("macro_owner", "macro", ["owner_id", "place"])
    op.create_table(
        "ticket_brief",
        _ref("ticket_id", "ticket", primary_key=True),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("made_by", sa.Text, nullable=False),
        sa.Column("language", sa.Text, nullable=False),
        _ref("asked_by", "person", nullable=False),
        sa.Column("at", INSTANT, nullable=False),
    )
    op.create_table(
        "reply_suggestion",
        sa.Column("id", BIG_ID, primary_key=True, autoincrement=True),
        _ref("ticket_id", "ticket", nullable=False),
        _ref("asked_by", "person", nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("made_by", sa.Text, nullable=False),
        sa.Column("model_failed", sa.Boolean, nullable=False),
        sa.Column("citations", sa.JSON, nullable=False),
        sa.Column("grounds", sa.JSON, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
    )
    op.create_index("reply_suggestion_ticket", "reply_suggestion", ["ticket_id", "id"])


def downgrade() -> None:
    for name in ("reply_suggestion", "ticket_brief", "macro", "ticket_sight", "ticket_attendance"):
        op.drop_table(name)
