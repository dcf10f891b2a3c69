"""What the manual lacks: gaps with their questions and their history, and since when each page is there."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "gap",
        sa.Column("id", BIG_ID, primary_key=True, autoincrement=True),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("label", sa.Text, nullable=False),
        sa.Column("facts", sa.JSON, nullable=False),
        sa.Column("size", sa.Integer, nullable=False),
        sa.Column("size_then", sa.Integer, nullable=False),
        sa.Column("first_at", INSTANT, nullable=False),
        sa.Column("last_at", INSTANT, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("changed_by", sa.Text, nullable=False),
        sa.Column("changed_at", INSTANT, nullable=False),
        sa.Column("draft", sa.Text),
        sa.Column("written_to", sa.Text),
        sa.Column("published_in", BIG_ID),
        sqlite_autoincrement=True,
    )
    op.create_index("gap_state", "gap", ["state", "size"])
    op.create_table(
        "gap_question",
        sa.Column("gap_id", BIG_ID, sa.ForeignKey("gap.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("turn_id", BIG_ID, sa.ForeignKey("turn.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("place", sa.Integer, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("client_id", BIG_ID),
        sa.Column("person_id", BIG_ID),
        sa.Column("ticket_id", BIG_ID),
        sa.Column("answered", sa.Boolean),
    )
    op.create_index("gap_question_turn", "gap_question", ["turn_id"])
    op.create_table(
        "gap_event",
        sa.Column("id", BIG_ID, primary_key=True, autoincrement=True),
        sa.Column("gap_id", BIG_ID, sa.ForeignKey("gap.id", ondelete="CASCADE"), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("done_by", sa.Text, nullable=False),
        sa.Column("verb", sa.Text, nullable=False),
        sa.Column("data", sa.JSON, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("gap_event_gap", "gap_event", ["gap_id", "id"])
    op.create_table(
        "gap_run",
        sa.Column("id", BIG_ID, primary_key=True, autoincrement=True),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("questions", sa.Integer, nullable=False),
        sa.Column("left_out", sa.Integer, nullable=False),
        sa.Column("version", BIG_ID),
        sa.Column("ms", sa.Integer, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "page_age",
        sa.Column("page", sa.Text, primary_key=True),
        sa.Column("hash", sa.Text, nullable=False),
        sa.Column("first_at", INSTANT, nullable=False),
        sa.Column("changed_at", INSTANT, nullable=False),
    )


def downgrade() -> None:
    for name in ("page_age", "gap_run", "gap_event", "gap_question", "gap"):
        op.drop_table(name)
