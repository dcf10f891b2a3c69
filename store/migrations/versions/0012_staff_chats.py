"""Chats of our own people: what a chat is for, each ticket's card and thread in them, and what was relayed there."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    with op.batch_alter_table("chat") as chat:
        chat.add_column(sa.Column("purpose", sa.Text, nullable=False, server_default="client"))
        chat.add_column(sa.Column("person_id", BIG_ID))
        chat.add_column(sa.Column("language", sa.Text))
        chat.add_column(sa.Column("timezone", sa.Text))
    op.create_index("chat_purpose", "chat", ["purpose"], **_only("purpose <> 'client'"))
    op.create_index("chat_person", "chat", ["person_id"], **_only("person_id IS NOT NULL"))
    with op.batch_alter_table("binding_code") as code:
        code.add_column(sa.Column("language", sa.Text))
        code.add_column(sa.Column("timezone", sa.Text))
    with op.batch_alter_table("message") as message:
        message.add_column(sa.Column("edits", sa.Integer, nullable=False, server_default="0"))
    op.create_table(
        "card",
        sa.Column("id", BIG_ID, primary_key=True, autoincrement=True),
        sa.Column("ticket_id", BIG_ID, sa.ForeignKey("ticket.id"), nullable=False),
        sa.Column("chat_id", BIG_ID, sa.ForeignKey("chat.id"), nullable=False),
        sa.Column("thread", sa.Text),
        sa.Column("conversation_id", BIG_ID, sa.ForeignKey("conversation.id")),
        sa.Column("message_id", BIG_ID, sa.ForeignKey("message.id")),
        sa.Column("suggestion_id", BIG_ID, sa.ForeignKey("message.id")),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("closed", sa.Boolean, nullable=False),
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("menu", sa.Text),
        sa.Column("shown_at", INSTANT),
        sa.UniqueConstraint("ticket_id", "chat_id"),
    )
    op.create_index("card_conversation", "card", ["conversation_id"])
    op.create_index("card_message", "card", ["message_id"])
    op.create_table(
        "relay",
        sa.Column("id", BIG_ID, primary_key=True, autoincrement=True),
        sa.Column("card_id", BIG_ID, sa.ForeignKey("card.id"), nullable=False),
        sa.Column("message_id", BIG_ID, sa.ForeignKey("message.id"), nullable=False),
        sa.Column("copy_id", BIG_ID, sa.ForeignKey("message.id"), nullable=False),
        sa.Column("mark_id", BIG_ID, sa.ForeignKey("message.id")),
        sa.UniqueConstraint("card_id", "message_id"),
    )
    op.create_index("relay_copy", "relay", ["copy_id"])
    op.create_index("relay_message", "relay", ["message_id"])


def downgrade() -> None:
    op.drop_table("relay")
    op.drop_table("card")
    with op.batch_alter_table("message") as message:
        message.drop_column("edits")
    with op.batch_alter_table("binding_code") as code:
        for column in ("language", "timezone"):
            code.drop_column(column)
    op.drop_index("chat_purpose", "chat")
    op.drop_index("chat_person", "chat")
    with op.batch_alter_table("chat") as chat:
        for column in ("purpose", "person_id", "language", "timezone"):
            chat.drop_column(column)


def _only(condition: str) -> dict[str, object]:
    return {"sqlite_where": sa.text(condition), "postgresql_where": sa.text(condition)}
