"""Rules: their versions, what happened, what they did about it."""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "rule_book",
        sa.Column("id", BIG_ID, primary_key=True, autoincrement=True),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("by_id", BIG_ID, sa.ForeignKey("person.id"), nullable=False),
        sa.Column("published_at", INSTANT),
        sa.Column("published_by", BIG_ID, sa.ForeignKey("person.id")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "rule_stop",
        sa.Column("rule", sa.Text, primary_key=True),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("why", sa.Text, nullable=False),
    )
    op.create_table(
        "rule_event",
        sa.Column("id", BIG_ID, primary_key=True, autoincrement=True),
        sa.Column("origin", sa.Text, nullable=False, unique=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("facts", sa.JSON, nullable=False),
        sa.Column("chain", sa.JSON, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("handled_at", INSTANT),
        sqlite_autoincrement=True,
    )
    op.create_index("rule_event_at", "rule_event", ["at", "kind"])
    op.create_index(
        "rule_event_waiting",
        "rule_event",
        ["id"],
        sqlite_where=sa.text("handled_at IS NULL"),
        postgresql_where=sa.text("handled_at IS NULL"),
    )
    op.create_table(
        "rule_firing",
        sa.Column("id", BIG_ID, primary_key=True, autoincrement=True),
        sa.Column("rule", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("event_id", BIG_ID, sa.ForeignKey("rule_event.id"), nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.Column("why", sa.JSON, nullable=False),
        sa.Column("results", sa.JSON, nullable=False),
        sa.Column("folded", sa.Integer, nullable=False),
        sa.Column("incident_id", BIG_ID, sa.ForeignKey("incident.id")),
        sa.UniqueConstraint("rule", "event_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("rule_firing_subject", "rule_firing", ["rule", "subject", "at"])


def downgrade() -> None:
    op.drop_table("rule_firing")
    op.drop_table("rule_event")
    op.drop_table("rule_stop")
    op.drop_table("rule_book")
