"""What answers rest on, the words they rested on, and the corrections of those whose ground has changed."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
INSTANT = sa.DateTime(timezone=True)
OPEN = sa.text("state = 'open'")


def upgrade() -> None:
    op.create_table(
        "answer_source",
        sa.Column("message_id", BIG_ID, sa.ForeignKey("message.id"), primary_key=True),
        sa.Column("chunk", sa.Text, primary_key=True),
        sa.Column("page", sa.Text, nullable=False),
        sa.Column("version", sa.Text),
        sa.Column("at", INSTANT, nullable=False),
    )
    op.create_index("answer_source_at", "answer_source", ["at", "chunk"])
    op.create_table(
        "manual_cited",
        sa.Column("chunk", sa.Text, primary_key=True),
        sa.Column("page", sa.Text, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("heading", sa.Text, nullable=False),
        sa.Column("anchor", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("language", sa.Text, nullable=False),
        sa.Column("last_at", INSTANT, nullable=False),
    )
    op.create_index("manual_cited_last", "manual_cited", ["last_at"])
    op.create_table(
        "correction",
        sa.Column("id", BIG_ID, primary_key=True, autoincrement=True),
        sa.Column("chat_id", BIG_ID, sa.ForeignKey("chat.id"), nullable=False),
        sa.Column("client_id", BIG_ID, sa.ForeignKey("client.id")),
        sa.Column("conversation_id", BIG_ID, sa.ForeignKey("conversation.id"), nullable=False),
        sa.Column("message_id", BIG_ID, sa.ForeignKey("message.id"), nullable=False),
        sa.Column("page", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("grade", sa.Text, nullable=False),
        sa.Column("says", sa.Text, nullable=False),
        sa.Column("language", sa.Text, nullable=False),
        sa.Column("facts", sa.JSON, nullable=False),
        sa.Column("draft", sa.Text, nullable=False),
        sa.Column("drafted_by", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("answered_at", INSTANT, nullable=False),
        sa.Column("found_at", INSTANT, nullable=False),
        sa.Column("decided_at", INSTANT),
        sa.Column("by_id", BIG_ID, sa.ForeignKey("person.id")),
        sa.Column("reason", sa.Text),
        sa.Column("reply_id", BIG_ID, sa.ForeignKey("message.id")),
    )
    op.create_index(
        "correction_open", "correction", ["chat_id", "page"], unique=True, sqlite_where=OPEN, postgresql_where=OPEN
    )
    op.create_index("correction_client", "correction", ["client_id", "id"])
    op.create_index("correction_conversation", "correction", ["conversation_id", "id"])
    op.create_table(
        "correction_answer",
        sa.Column("correction_id", BIG_ID, sa.ForeignKey("correction.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("message_id", BIG_ID, sa.ForeignKey("message.id"), primary_key=True),
        sa.Column("says", sa.Text, nullable=False),
    )
    op.create_index("correction_answer_message", "correction_answer", ["message_id"])


def downgrade() -> None:
    for table in ("correction_answer", "correction", "manual_cited", "answer_source"):
        op.drop_table(table)
