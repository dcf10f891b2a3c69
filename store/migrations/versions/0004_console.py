"""Staff passwords and sessions, forms already taken."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "staff_password",
        sa.Column("person_id", BIG_ID, sa.ForeignKey("person.id"), primary_key=True),
        sa.Column("hash", sa.Text, nullable=False),
        sa.Column("one_time", sa.Boolean, nullable=False),
        sa.Column("set_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT),
    )
    op.create_table(
        "staff_session",
        sa.Column("token_hash", sa.Text, primary_key=True),
        sa.Column("person_id", BIG_ID, sa.ForeignKey("person.id"), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("seen_at", INSTANT, nullable=False),
    )
    op.create_index("ix_staff_session_person_id", "staff_session", ["person_id"])
    op.create_index("ix_staff_session_seen_at", "staff_session", ["seen_at"])
    op.create_table(
        "desk_form",
        sa.Column("once", sa.Text, primary_key=True),
        sa.Column("person_id", BIG_ID, sa.ForeignKey("person.id"), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
    )
    op.create_index("ix_desk_form_at", "desk_form", ["at"])


def downgrade() -> None:
    for table in ("desk_form", "staff_session", "staff_password"):
        op.drop_table(table)
