"""Who set a chat's mode and why, how silent drafts did, and from which bound the desk offers the auto mode."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "chat_mode",
        sa.Column("id", BIG_ID, primary_key=True, autoincrement=True),
        sa.Column("chat_id", BIG_ID, sa.ForeignKey("chat.id"), nullable=False),
        sa.Column("mode", sa.Text, nullable=False),
        sa.Column("by_id", BIG_ID, sa.ForeignKey("person.id")),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("facts", sa.JSON, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
    )
    op.create_index("chat_mode_chat", "chat_mode", ["chat_id", "id"])
    op.create_table(
        "draft_score",
        sa.Column("turn_id", BIG_ID, sa.ForeignKey("turn.id"), primary_key=True),
        sa.Column("chat_id", BIG_ID, sa.ForeignKey("chat.id"), nullable=False),
        sa.Column("category", sa.Text),
        sa.Column("verdict", sa.Text, nullable=False),
        sa.Column("how", sa.Text),
        sa.Column("similarity", sa.Float),
        sa.Column("message_id", BIG_ID, sa.ForeignKey("message.id"), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
    )
    op.create_index("draft_score_chat", "draft_score", ["chat_id", "at"])
    op.create_table(
        "autonomy_bound",
        sa.Column("id", BIG_ID, primary_key=True, autoincrement=True),
        sa.Column("percent", sa.Integer, nullable=False),
        sa.Column("least", sa.Integer, nullable=False),
        sa.Column("by_id", BIG_ID, sa.ForeignKey("person.id"), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("autonomy_bound")
    op.drop_table("draft_score")
    op.drop_table("chat_mode")
