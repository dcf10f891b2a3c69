"""Jobs, their steps, rates, schedules."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "job",
        sa.Column("id", BIG_ID, primary_key=True, autoincrement=True),
        sa.Column("queue", sa.Text, nullable=False),
        sa.Column("key", sa.Text),
        sa.Column("dedup", sa.Text),
        sa.Column("body", sa.JSON, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("run_at", INSTANT, nullable=False),
        sa.Column("due", INSTANT),
        sa.Column("claims", sa.Integer, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("owner", sa.Text),
        sa.Column("error", sa.Text),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("closed_at", INSTANT),
        sqlite_autoincrement=True,
    )
    _index("job_dedup", ["queue", "dedup"], where="dedup IS NOT NULL", unique=True)
    _index("job_due", ["due", "id"], where="due IS NOT NULL")
    _index("job_open", ["queue", "key", "id"], where="closed_at IS NULL")
    _index("job_closed", ["closed_at"], where="closed_at IS NOT NULL")
    _index("job_dead", ["closed_at"], where="state = 'dead'")
    op.create_table(
        "job_step",
        sa.Column(
            "job_id",
            BIG_ID,
            sa.ForeignKey("job.id", ondelete="CASCADE", name="job_step_job"),
            primary_key=True,
        ),
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("result", sa.JSON, nullable=False),
    )
    op.create_table(
        "rate",
        sa.Column("bucket", sa.Text, primary_key=True),
        sa.Column("full_at", INSTANT, nullable=False),
    )
    op.create_table(
        "schedule",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("cron", sa.Text, nullable=False),
        sa.Column("zone", sa.Text, nullable=False),
        sa.Column("queue", sa.Text, nullable=False),
        sa.Column("body", sa.JSON, nullable=False),
        sa.Column("next_at", INSTANT, nullable=False),
    )
    op.create_index("schedule_next", "schedule", ["next_at"])


def _index(name: str, columns: list[str], *, where: str, unique: bool = False) -> None:
    op.create_index(name, "job", columns, unique=unique, sqlite_where=sa.text(where), postgresql_where=sa.text(where))


def downgrade() -> None:
    for table in ("schedule", "rate", "job_step", "job"):
        op.drop_table(table)
