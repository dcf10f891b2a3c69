"""Teams, skills, shifts, absences, presence, the rules of routing, and whom a ticket asks."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    _people()
    _times()
    op.create_table(
        "routing_rules",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("document", sa.JSON, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
    )
    big = "INTEGER" if op.get_bind().dialect.name == "sqlite" else "BIGINT"
    op.execute(f"ALTER TABLE ticket ADD COLUMN asked_id {big} REFERENCES person (id)")  # no copy of the table
    op.execute("ALTER TABLE ticket ADD COLUMN team TEXT")
    op.create_index("ticket_asked", "ticket", ["asked_id", "state"])


def _people() -> None:
    op.create_table(
        "team",
        sa.Column("id", BIG_ID, primary_key=True, autoincrement=True),
        sa.Column("slug", sa.Text, nullable=False, unique=True),
        sa.Column("name", sa.Text, nullable=False),
    )
    op.create_table(
        "team_member",
        sa.Column("team_id", BIG_ID, sa.ForeignKey("team.id"), primary_key=True),
        sa.Column("person_id", BIG_ID, sa.ForeignKey("person.id"), primary_key=True),
    )
    op.create_index("team_member_person", "team_member", ["person_id"])
    op.create_table(
        "person_skill",
        sa.Column("person_id", BIG_ID, sa.ForeignKey("person.id"), primary_key=True),
        sa.Column("skill", sa.Text, primary_key=True),
    )


def _times() -> None:
    op.create_table(
        "shift",
        sa.Column("id", BIG_ID, primary_key=True, autoincrement=True),
        sa.Column("person_id", BIG_ID, sa.ForeignKey("person.id"), nullable=False),
        sa.Column("zone", sa.Text, nullable=False),
        sa.Column("weekly", sa.JSON, nullable=False),
        sa.Column("first", sa.Date, nullable=False),
        sa.Column("last", sa.Date),
    )
    op.create_index("shift_person", "shift", ["person_id"])
    op.create_table(
        "absence",
        sa.Column("id", BIG_ID, primary_key=True, autoincrement=True),
        sa.Column("person_id", BIG_ID, sa.ForeignKey("person.id"), nullable=False),
        sa.Column("starts", INSTANT, nullable=False),
        sa.Column("ends", INSTANT, nullable=False),
        sa.Column("why", sa.Text, nullable=False),
    )
    op.create_index("absence_person", "absence", ["person_id", "ends"])
    op.create_table(
        "presence",
        sa.Column("person_id", BIG_ID, sa.ForeignKey("person.id"), primary_key=True),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("until", INSTANT),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("asked_at", INSTANT),
    )


def downgrade() -> None:
    op.drop_index("ticket_asked", "ticket")
    with op.batch_alter_table("ticket", table_kwargs={"sqlite_autoincrement": True}) as batch:
        batch.drop_column("asked_id")
        batch.drop_column("team")
    for table in ("routing_rules", "presence", "absence", "shift", "person_skill", "team_member", "team"):
        op.drop_table(table)
