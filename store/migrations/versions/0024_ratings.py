"""How resolved matters went, and where each client's chat may be shown."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "rating",
        sa.Column("id", BIG_ID, primary_key=True, autoincrement=True),
        sa.Column("ticket_id", BIG_ID, sa.ForeignKey("ticket.id"), nullable=False, unique=True),
        sa.Column("person_id", BIG_ID, sa.ForeignKey("person.id"), nullable=False),
        sa.Column("client_id", BIG_ID, sa.ForeignKey("client.id")),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("asked_at", INSTANT, nullable=False),
        sa.Column("withdrawn_at", INSTANT),
        sa.Column("value", sa.Integer),
        sa.Column("comment", sa.Text, nullable=False, server_default=""),
        sa.Column("at", INSTANT),
        sa.Column("changed_at", INSTANT),
        sa.Column("alerted_at", INSTANT),
    )
    op.create_index("rating_person", "rating", ["person_id", "asked_at"])
    op.create_index("rating_client", "rating", ["client_id", "asked_at"])
    op.create_index("rating_asked", "rating", ["asked_at"])
    op.create_table(
        "widget",
        sa.Column("client_id", BIG_ID, sa.ForeignKey("client.id"), primary_key=True),
        sa.Column("origins", sa.JSON, nullable=False),
        sa.Column("secret_no", sa.Integer, nullable=False, server_default="1"),
        sa.Column("changed_by", BIG_ID, sa.ForeignKey("person.id")),
        sa.Column("changed_at", INSTANT, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("widget")
    op.drop_table("rating")
