"""The audit log, where sessions came from, tries to sign in; prompts and their bench, health checks."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0021"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
INSTANT = sa.DateTime(timezone=True)
TOLD = sa.text("first_event IS NOT NULL")


def upgrade() -> None:
    op.create_table(
        "audit",
        sa.Column("id", BIG_ID, primary_key=True, autoincrement=True),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("person_id", BIG_ID),
        sa.Column("via", sa.Text, nullable=False),
        sa.Column("session", sa.Text),
        sa.Column("address", sa.Text),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("facts", sa.JSON, nullable=False),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.Column("first_event", BIG_ID),
        sa.Column("last_event", BIG_ID),
        sqlite_autoincrement=True,
    )
    op.create_index("audit_at", "audit", ["at", "id"])
    op.create_index("audit_person", "audit", ["person_id", "at"])
    op.create_index("audit_events", "audit", ["person_id", "first_event"], sqlite_where=TOLD, postgresql_where=TOLD)
    op.create_index("ticket_event_recorded", "ticket_event", ["recorded_at", "id"])
    op.add_column("staff_session", sa.Column("address", sa.Text))
    op.add_column("staff_session", sa.Column("agent", sa.Text))
    op.create_table(
        "sign_in_try",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("last_at", INSTANT, nullable=False),
        sa.Column("until", INSTANT),
    )
    _prompts()
    op.create_table(
        "health_check",
        sa.Column("id", BIG_ID, primary_key=True, autoincrement=True),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("by_id", BIG_ID, sa.ForeignKey("person.id")),
        sa.Column("findings", sa.JSON, nullable=False),
        sa.Column("ms", sa.Integer, nullable=False),
        sqlite_autoincrement=True,
    )


def _prompts() -> None:
    op.create_table(
        "prompt_version",
        sa.Column("id", BIG_ID, primary_key=True, autoincrement=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("by_id", BIG_ID, sa.ForeignKey("person.id"), nullable=False),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.UniqueConstraint("name", "number"),
    )
    op.create_table(
        "prompt_live",
        sa.Column("id", BIG_ID, primary_key=True, autoincrement=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("by_id", BIG_ID, sa.ForeignKey("person.id"), nullable=False),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
    )
    op.create_index("prompt_live_name", "prompt_live", ["name", "id"])
    op.create_table(
        "prompt_run",
        sa.Column("id", BIG_ID, primary_key=True, autoincrement=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("against", sa.Integer, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("by_id", BIG_ID, sa.ForeignKey("person.id"), nullable=False),
        sa.Column("questions", sa.JSON, nullable=False),
        sa.Column("done", sa.Integer, nullable=False),
        sa.Column("model", sa.Text, nullable=False),
        sa.Column("asked_at", INSTANT, nullable=False),
        sa.Column("ended_at", INSTANT),
        sa.Column("error", sa.Text),
        sqlite_autoincrement=True,
    )
    op.create_index("prompt_run_name", "prompt_run", ["name", "id"])
    op.create_table(
        "prompt_result",
        sa.Column("run_id", BIG_ID, sa.ForeignKey("prompt_run.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("place", sa.Integer, primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("facts", sa.JSON, nullable=False),
    )


def downgrade() -> None:
    for table in ("health_check", "prompt_result", "prompt_run", "prompt_live", "prompt_version"):
        op.drop_table(table)
    op.drop_table("sign_in_try")
    op.drop_column("staff_session", "agent")
    op.drop_column("staff_session", "address")
    op.drop_index("ticket_event_recorded", "ticket_event")
    op.drop_table("audit")
