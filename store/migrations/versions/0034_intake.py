"""The needs questionnaire: forms, interviews, answers, what was asked in chats, notes, whether prospects are asked."""

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
INSTANT = sa.DateTime(timezone=True)
NOW = sa.text("former_at IS NULL")


def key() -> sa.Column[int]:
    return sa.Column("id", BIG_ID, primary_key=True, autoincrement=True)


def ref(name: str, parent: str, *, required: bool = False) -> sa.Column[int]:
    return sa.Column(name, BIG_ID, sa.ForeignKey(f"{parent}.id"), nullable=not required)


def upgrade() -> None:
    op.create_table(
        "intake_form",
        sa.Column("version", sa.Text, primary_key=True),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        ref("by_id", "person"),
        sa.Column("published_at", INSTANT, nullable=False),
    )
    op.create_index("intake_form_key", "intake_form", ["key", "published_at"])
    _interviews()
    op.create_table(
        "intake_setting",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("prospects", sa.Boolean, nullable=False),
        ref("door_id", "client"),
        ref("by_id", "person"),
        sa.Column("at", INSTANT, nullable=False),
    )


def _interviews() -> None:
    op.create_table(
        "intake",
        key(),
        sa.Column("form_version", sa.Text, nullable=False),
        ref("conversation_id", "conversation", required=True),
        ref("person_id", "person"),
        ref("by_id", "person"),
        ref("client_id", "client"),
        sa.Column("language", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("asked", sa.Text),
        sa.Column("pending", sa.JSON),
        sa.Column("skipped", sa.JSON, nullable=False),
        sa.Column("named", sa.JSON, nullable=False),
        ref("holder_id", "person"),
        sa.Column("held_at", INSTANT),
        sa.Column("given_back", BIG_ID, nullable=False),
        sa.Column("heard_at", INSTANT, nullable=False),
        sa.Column("reminded_at", INSTANT),
        ref("assignee_id", "person"),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("ready_at", INSTANT),
        sa.Column("closed_at", INSTANT),
        ref("closed_by", "person"),
        sqlite_autoincrement=True,
    )
    op.create_index("intake_conversation", "intake", ["conversation_id", "id"])
    op.create_index("intake_state", "intake", ["state", "id"])
    op.create_table(
        "intake_answer",
        key(),
        ref("intake_id", "intake", required=True),
        sa.Column("question", sa.Text, nullable=False),
        sa.Column("value", sa.JSON, nullable=False),
        sa.Column("quote", sa.Text, nullable=False),
        ref("person_id", "person"),
        ref("message_id", "message"),
        sa.Column("files", sa.JSON, nullable=False),
        sa.Column("doubt", sa.Text, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("former_at", INSTANT),
        sqlite_autoincrement=True,
    )
    op.create_index("intake_answer_of", "intake_answer", ["intake_id", "question", "id"])
    op.create_index(
        "intake_answer_now", "intake_answer", ["intake_id", "question"], unique=True,
        sqlite_where=NOW, postgresql_where=NOW,
    )  # fmt: skip
    op.create_table(
        "intake_message",
        sa.Column("message_id", BIG_ID, sa.ForeignKey("message.id"), primary_key=True),
        ref("intake_id", "intake", required=True),
        sa.Column("question", sa.Text, nullable=False),
    )
    op.create_index("intake_message_of", "intake_message", ["intake_id"])
    op.create_table(
        "intake_note",
        key(),
        ref("intake_id", "intake", required=True),
        ref("person_id", "person", required=True),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("intake_note_of", "intake_note", ["intake_id", "id"])


def downgrade() -> None:
    for name in ("intake_setting", "intake_note", "intake_message", "intake_answer", "intake", "intake_form"):
        op.drop_table(name)
