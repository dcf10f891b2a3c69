"""Clients, people, conversations, messages, turns, tickets, events, clocks, notices."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    _people()
    _tickets()
    _messages()


def _people() -> None:
    op.create_table(
        "client",
        sa.Column("id", BIG_ID, primary_key=True, autoincrement=True),
        sa.Column("slug", sa.Text, nullable=False, unique=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("tier", sa.Text, nullable=False),
        sa.Column("timezone", sa.Text, nullable=False),
        sa.Column("language", sa.Text),
        sa.Column("site", sa.Text),
        sa.Column("cms", sa.Text),
        sa.Column("hosting", sa.Text),
        sa.Column("web_key", sa.Text, nullable=False, unique=True),
        sa.Column("created_at", INSTANT, nullable=False),
    )
    op.create_table(
        "person",
        sa.Column("id", BIG_ID, primary_key=True, autoincrement=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("client_id", BIG_ID, sa.ForeignKey("client.id")),
        sa.Column("role", sa.Text),
        sa.Column("login", sa.Text, unique=True),
        sa.Column("active", sa.Boolean, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
    )
    op.create_table(
        "identity",
        sa.Column("platform", sa.Text, primary_key=True),
        sa.Column("external_id", sa.Text, primary_key=True),
        sa.Column("person_id", BIG_ID, sa.ForeignKey("person.id"), nullable=False),
    )
    op.create_index("ix_identity_person_id", "identity", ["person_id"])
    op.create_table(
        "chat",
        sa.Column("id", BIG_ID, primary_key=True, autoincrement=True),
        sa.Column("platform", sa.Text, nullable=False),
        sa.Column("external_id", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("client_id", BIG_ID, sa.ForeignKey("client.id")),
        sa.Column("mode", sa.Text, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.UniqueConstraint("platform", "external_id"),
    )
    op.create_table(
        "conversation",
        sa.Column("id", BIG_ID, primary_key=True, autoincrement=True),
        sa.Column("chat_id", BIG_ID, sa.ForeignKey("chat.id"), nullable=False),
        sa.Column("thread", sa.Text, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.UniqueConstraint("chat_id", "thread"),
    )


def _tickets() -> None:
    op.create_table(
        "ticket",
        sa.Column("id", BIG_ID, primary_key=True, autoincrement=True),
        sa.Column("client_id", BIG_ID, sa.ForeignKey("client.id")),
        sa.Column("conversation_id", BIG_ID, sa.ForeignKey("conversation.id"), nullable=False),
        sa.Column("requester_id", BIG_ID, sa.ForeignKey("person.id"), nullable=False),
        sa.Column("level", sa.Text, nullable=False),
        sa.Column("category", sa.Text),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("summary", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("tier", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("assignee_id", BIG_ID, sa.ForeignKey("person.id")),
        sa.Column("since", INSTANT, nullable=False),
        sa.Column("opened_at", INSTANT, nullable=False),
        sa.Column("resolved_at", INSTANT),
        sa.Column("snoozed_until", INSTANT),
        sa.Column("urgent", sa.Integer, nullable=False),
        sa.Column("policy", sa.Text, nullable=False),
        sa.Column("next_due", INSTANT),
        sqlite_autoincrement=True,
    )
    op.create_index("ticket_client", "ticket", ["client_id", "id"])
    op.create_index("ticket_conversation", "ticket", ["conversation_id", "id"])
    op.create_index("ticket_queue", "ticket", ["state", "next_due"])
    op.create_index("ticket_assignee", "ticket", ["assignee_id", "state"])
    op.create_table(
        "ticket_event",
        sa.Column("id", BIG_ID, primary_key=True, autoincrement=True),
        sa.Column("ticket_id", BIG_ID, sa.ForeignKey("ticket.id"), nullable=False),
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("actor_id", BIG_ID, sa.ForeignKey("person.id")),
        sa.Column("data", sa.JSON, nullable=False),
        sa.UniqueConstraint("ticket_id", "seq"),
    )
    op.create_table(
        "clock",
        sa.Column("ticket_id", BIG_ID, sa.ForeignKey("ticket.id"), primary_key=True),
        sa.Column("kind", sa.Text, primary_key=True),
        sa.Column("cycle", sa.Integer, primary_key=True),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("started_at", INSTANT),
        sa.Column("due_at", INSTANT),
        sa.Column("stopped_at", INSTANT),
        sa.Column("breached_at", INSTANT),
        sa.Column("held_at", INSTANT),
        sa.Column("target", sa.Text, nullable=False),
        sa.Column("policy", sa.Text, nullable=False),
        sa.Column("elapsed_s", sa.Integer, nullable=False),
        sa.Column("read_at", INSTANT, nullable=False),
    )
    _partial_index("clock_running", "clock", ["due_at", "ticket_id"], where="state = 'running'")
    op.create_table(
        "timer",
        sa.Column("ticket_id", BIG_ID, sa.ForeignKey("ticket.id"), primary_key=True),
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("armed_at", INSTANT),
    )
    op.create_table(
        "notice",
        sa.Column("id", BIG_ID, primary_key=True, autoincrement=True),
        sa.Column("ticket_id", BIG_ID, sa.ForeignKey("ticket.id"), nullable=False),
        sa.Column("person_id", BIG_ID, sa.ForeignKey("person.id")),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("text_key", sa.Text, nullable=False),
        sa.Column("data", sa.JSON, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("read_at", INSTANT),
    )
    op.create_index("notice_person", "notice", ["person_id", "read_at", "id"])
    op.create_table(
        "contract_version",
        sa.Column("version", sa.Text, primary_key=True),
        sa.Column("document", sa.JSON, nullable=False),
        sa.Column("adopted_at", INSTANT, nullable=False),
    )


def _messages() -> None:
    op.create_table(
        "turn",
        sa.Column("id", BIG_ID, primary_key=True, autoincrement=True),
        sa.Column("conversation_id", BIG_ID, sa.ForeignKey("conversation.id"), nullable=False),
        sa.Column("person_id", BIG_ID, sa.ForeignKey("person.id")),
        sa.Column("message_ids", sa.JSON, nullable=False),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("level", sa.Text, nullable=False),
        sa.Column("category", sa.Text),
        sa.Column("language", sa.Text, nullable=False),
        sa.Column("question", sa.Text, nullable=False),
        sa.Column("ticket_id", BIG_ID, sa.ForeignKey("ticket.id")),
        sa.Column("reply_id", BIG_ID),
        sa.Column("index_version", sa.Text),
        sa.Column("evidence", sa.Float),
        sa.Column("citations", sa.JSON, nullable=False),
        sa.Column("trace", sa.JSON, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("ms", sa.Integer, nullable=False),
    )
    op.create_index("turn_at", "turn", ["at"])
    op.create_index("turn_conversation", "turn", ["conversation_id", "id"])
    op.create_table(
        "message",
        sa.Column("id", BIG_ID, primary_key=True, autoincrement=True),
        sa.Column("conversation_id", BIG_ID, sa.ForeignKey("conversation.id"), nullable=False),
        sa.Column("chat_id", BIG_ID, sa.ForeignKey("chat.id"), nullable=False),
        sa.Column("person_id", BIG_ID, sa.ForeignKey("person.id")),
        sa.Column("author", sa.Text, nullable=False),
        sa.Column("audience", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("citations", sa.JSON, nullable=False),
        sa.Column("buttons", sa.JSON, nullable=False),
        sa.Column("video", sa.Text),
        sa.Column("attachments", sa.JSON, nullable=False),
        sa.Column("external_id", sa.Text),
        sa.Column("reply_to", BIG_ID),
        sa.Column("mentioned", sa.Boolean, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("stored_at", INSTANT, nullable=False),
        sa.Column("turn_id", BIG_ID, sa.ForeignKey("turn.id")),
        sa.Column("ticket_id", BIG_ID, sa.ForeignKey("ticket.id")),
        sa.Column("delivery", sa.Text),
        sa.Column("delivered_at", INSTANT),
        sa.Column("pressed", sa.Text),
        sa.Column("pressed_at", INSTANT),
        sa.UniqueConstraint("chat_id", "external_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("message_conversation", "message", ["conversation_id", "id"])
    op.create_index("message_ticket", "message", ["ticket_id", "id"])
    _partial_index(
        "message_unhandled",
        "message",
        ["conversation_id", "person_id"],
        where="turn_id IS NULL AND author = 'client'",
    )


def _partial_index(name: str, table: str, columns: list[str], *, where: str) -> None:
    op.create_index(name, table, columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where))


def downgrade() -> None:
    for table in (
        "message",
        "turn",
        "contract_version",
        "notice",
        "timer",
        "clock",
        "ticket_event",
        "ticket",
        "conversation",
        "chat",
        "identity",
        "person",
        "client",
    ):
        op.drop_table(table)
