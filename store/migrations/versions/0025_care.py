"""What our people are to do for clients, and what leaves by e-mail."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "task",
        sa.Column("id", BIG_ID, primary_key=True, autoincrement=True),
        sa.Column("origin", sa.Text, nullable=False, unique=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("client_id", BIG_ID, sa.ForeignKey("client.id")),
        sa.Column("ticket_id", BIG_ID, sa.ForeignKey("ticket.id")),
        sa.Column("assignee_id", BIG_ID, sa.ForeignKey("person.id")),
        sa.Column("facts", sa.JSON, nullable=False),
        sa.Column("link", sa.Text, nullable=False),
        sa.Column("due_at", INSTANT, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("by_id", BIG_ID, sa.ForeignKey("person.id")),
        sa.Column("closed_at", INSTANT),
        sa.Column("closed_by", BIG_ID, sa.ForeignKey("person.id")),
        sa.Column("note", sa.Text, nullable=False),
        sqlite_autoincrement=True,
    )
    open_ = sa.text("state = 'open'")
    op.create_index("task_open", "task", ["assignee_id", "due_at"], sqlite_where=open_, postgresql_where=open_)
    op.create_index("task_client", "task", ["client_id", "at"])
    op.create_table(
        "mail",
        sa.Column("id", BIG_ID, primary_key=True, autoincrement=True),
        sa.Column("origin", sa.Text, nullable=False, unique=True),
        sa.Column("client_id", BIG_ID, sa.ForeignKey("client.id")),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("html", sa.Text, nullable=False),
        sa.Column("files", sa.JSON, nullable=False),
        sa.Column("language", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("tried_at", INSTANT),
        sa.Column("sent_at", INSTANT),
        sa.Column("why", sa.Text, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("mail_client", "mail", ["client_id", "at"])


def downgrade() -> None:
    op.drop_table("mail")
    op.drop_table("task")
