"""Reminders of last days, where clients are written to, broadcasts, referrals; how far a letter has come."""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
INSTANT = sa.DateTime(timezone=True)


def key() -> sa.Column[int]:
    return sa.Column("id", BIG_ID, primary_key=True, autoincrement=True)


def ref(name: str, parent: str, *, required: bool = False) -> sa.Column[int]:
    return sa.Column(name, BIG_ID, sa.ForeignKey(f"{parent}.id"), nullable=not required)


def upgrade() -> None:
    with op.batch_alter_table("mail") as mail:
        mail.add_column(sa.Column("tries", sa.Integer, nullable=False, server_default=sa.text("0")))
        mail.add_column(sa.Column("begun_at", INSTANT))
        mail.add_column(sa.Column("again", sa.Boolean, nullable=False, server_default=sa.false()))
        mail.add_column(sa.Column("leave", sa.Text, nullable=False, server_default=sa.text("''")))
        mail.create_index("mail_state", ["state", "id"])
    op.create_table(
        "mail_contact",
        key(),
        ref("client_id", "client", required=True),
        ref("person_id", "person"),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("purposes", sa.JSON, nullable=False),
        sa.Column("language", sa.Text),
        sa.Column("at", INSTANT, nullable=False),
        ref("by_id", "person"),
        sa.Column("left_at", INSTANT),
        sa.UniqueConstraint("client_id", "address"),
        sqlite_autoincrement=True,
    )
    _reminders()
    _broadcasts()
    op.create_table(
        "referral",
        key(),
        ref("client_id", "client", required=True),
        ref("person_id", "person"),
        sa.Column("company", sa.Text, nullable=False),
        sa.Column("contact", sa.Text, nullable=False),
        sa.Column("reach", sa.Text, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("reward", sa.Text, nullable=False),
        sa.Column("rewarded_at", INSTANT),
        sa.Column("at", INSTANT, nullable=False),
        ref("by_id", "person"),
        sa.Column("changed_at", INSTANT, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("referral_client", "referral", ["client_id", "at"])


def _reminders() -> None:
    op.create_table(
        "reminder_notice",
        key(),
        ref("client_id", "client", required=True),
        sa.Column("ours", sa.Boolean, nullable=False),
        ref("chat_id", "chat"),
        ref("message_id", "message"),
        sa.Column("letters", sa.Integer, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("answer", sa.Text),
        ref("person_id", "person"),
        sa.Column("answered_at", INSTANT),
        sa.Column("again_at", INSTANT),
        sqlite_autoincrement=True,
    )
    op.create_index("reminder_notice_client", "reminder_notice", ["client_id", "at"])
    waits = sa.text("again_at IS NOT NULL")
    op.create_index(
        "reminder_notice_again", "reminder_notice", ["again_at"], sqlite_where=waits, postgresql_where=waits
    )
    op.create_index("reminder_notice_message", "reminder_notice", ["message_id"])
    op.create_table(
        "reminder",
        key(),
        ref("client_id", "client", required=True),
        sa.Column("subject", sa.Text, nullable=False),
        ref("site_id", "site"),
        sa.Column("what", sa.Text, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("last_on", sa.Date, nullable=False),
        sa.Column("step", sa.Integer, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        ref("notice_id", "reminder_notice"),
        sa.Column("at", INSTANT, nullable=False),
        ref("by_id", "person"),
        sa.UniqueConstraint("subject", "last_on", "step"),
        sqlite_autoincrement=True,
    )
    op.create_index("reminder_client", "reminder", ["client_id", "at"])
    op.create_index("reminder_of_notice", "reminder", ["notice_id"])
    op.create_table(
        "reminder_off",
        sa.Column("name", sa.Text, primary_key=True),
        ref("client_id", "client"),
        sa.Column("what", sa.Text, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        ref("by_id", "person"),
    )


def _broadcasts() -> None:
    op.create_table(
        "broadcast",
        key(),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("texts", sa.JSON, nullable=False),
        sa.Column("wanted", sa.JSON, nullable=False),
        sa.Column("by_mail", sa.Boolean, nullable=False),
        sa.Column("local_at", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        ref("by_id", "person"),
        sa.Column("changed_at", INSTANT, nullable=False),
        ref("approved_by", "person"),
        sa.Column("approved_at", INSTANT),
        ref("closed_by", "person"),
        sa.Column("closed_at", INSTANT),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "broadcast_place",
        key(),
        ref("broadcast_id", "broadcast", required=True),
        ref("client_id", "client", required=True),
        ref("chat_id", "chat"),
        sa.Column("address", sa.Text),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("run_at", INSTANT, nullable=False),
        ref("message_id", "message"),
        ref("mail_id", "mail"),
        sa.Column("sent_at", INSTANT),
        sa.UniqueConstraint("broadcast_id", "chat_id"),
        sa.UniqueConstraint("broadcast_id", "address"),
        sqlite_autoincrement=True,
    )
    said = sa.text("message_id IS NOT NULL")
    op.create_index(
        "broadcast_place_message", "broadcast_place", ["message_id"], sqlite_where=said, postgresql_where=said
    )
    op.create_index("broadcast_place_chat", "broadcast_place", ["chat_id", "sent_at"])
    op.create_table(
        "chat_refusal",
        sa.Column("chat_id", BIG_ID, sa.ForeignKey("chat.id"), primary_key=True),
        ref("person_id", "person"),
        ref("by_id", "person"),
        sa.Column("at", INSTANT, nullable=False),
    )


def downgrade() -> None:
    for table in (
        "referral", "chat_refusal", "broadcast_place", "broadcast", "reminder_off", "reminder", "reminder_notice",
        "mail_contact",
    ):  # fmt: skip
        op.drop_table(table)
    with op.batch_alter_table("mail") as mail:
        mail.drop_index("mail_state")
        for name in ("leave", "again", "begun_at", "tries"):
            mail.drop_column(name)
