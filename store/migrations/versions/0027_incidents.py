"""Incidents, alerts that came in, calls that go out, clients' campaigns."""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "incident",
        sa.Column("id", BIG_ID, primary_key=True, autoincrement=True),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("server", sa.Text, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("severity", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("started_at", INSTANT, nullable=False),
        sa.Column("resolved_at", INSTANT),
        sa.Column("closed_at", INSTANT),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("by_id", BIG_ID, sa.ForeignKey("person.id")),
        sa.Column("rule", sa.Text, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "incident_live",
        "incident",
        ["key"],
        unique=True,
        sqlite_where=sa.text("state IN ('suggested', 'open', 'monitoring')"),
        postgresql_where=sa.text("state IN ('suggested', 'open', 'monitoring')"),
    )
    op.create_index("incident_started", "incident", ["started_at"])
    op.create_table(
        "incident_event",
        sa.Column("id", BIG_ID, primary_key=True, autoincrement=True),
        sa.Column("incident_id", BIG_ID, sa.ForeignKey("incident.id"), nullable=False),
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("by_id", BIG_ID, sa.ForeignKey("person.id")),
        sa.Column("rule", sa.Text, nullable=False),
        sa.Column("facts", sa.JSON, nullable=False),
        sa.UniqueConstraint("incident_id", "seq"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "incident_member",
        sa.Column("id", BIG_ID, primary_key=True, autoincrement=True),
        sa.Column("incident_id", BIG_ID, sa.ForeignKey("incident.id"), nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("subject", BIG_ID, nullable=False),
        sa.Column("standing", sa.Text, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("by_id", BIG_ID, sa.ForeignKey("person.id")),
        sa.UniqueConstraint("incident_id", "kind", "subject"),
        sqlite_autoincrement=True,
    )
    op.create_index("incident_member_subject", "incident_member", ["kind", "subject"])
    op.create_table(
        "incident_said",
        sa.Column("id", BIG_ID, primary_key=True, autoincrement=True),
        sa.Column("incident_id", BIG_ID, sa.ForeignKey("incident.id"), nullable=False),
        sa.Column("batch", sa.Text, nullable=False),
        sa.Column("chat_id", BIG_ID, sa.ForeignKey("chat.id"), nullable=False),
        sa.Column("client_id", BIG_ID, sa.ForeignKey("client.id"), nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("language", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("by_id", BIG_ID, sa.ForeignKey("person.id")),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("send_at", INSTANT, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("message_id", BIG_ID, sa.ForeignKey("message.id")),
        sa.Column("said_at", INSTANT),
        sa.UniqueConstraint("incident_id", "chat_id", "batch"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "incident_report",
        sa.Column("id", BIG_ID, primary_key=True, autoincrement=True),
        sa.Column("incident_id", BIG_ID, sa.ForeignKey("incident.id"), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("by_id", BIG_ID, sa.ForeignKey("person.id")),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("finished", sa.Boolean, nullable=False),
        sa.UniqueConstraint("incident_id", "version"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "alert",
        sa.Column("id", BIG_ID, primary_key=True, autoincrement=True),
        sa.Column("fingerprint", sa.Text, nullable=False),
        sa.Column("starts_at", INSTANT, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("ends_at", INSTANT),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("severity", sa.Text, nullable=False),
        sa.Column("group_key", sa.Text, nullable=False),
        sa.Column("labels", sa.JSON, nullable=False),
        sa.Column("annotations", sa.JSON, nullable=False),
        sa.Column("link", sa.Text, nullable=False),
        sa.Column("server", sa.Text, nullable=False),
        sa.Column("site_id", BIG_ID, sa.ForeignKey("site.id")),
        sa.Column("client_id", BIG_ID, sa.ForeignKey("client.id")),
        sa.Column("first_at", INSTANT, nullable=False),
        sa.Column("last_at", INSTANT, nullable=False),
        sa.Column("times", sa.Integer, nullable=False),
        sa.UniqueConstraint("fingerprint", "starts_at"),
        sqlite_autoincrement=True,
    )
    op.create_index("alert_group", "alert", ["group_key", "status"])
    op.create_index("alert_seen", "alert", ["last_at"])
    op.create_table(
        "alert_token",
        sa.Column("id", BIG_ID, primary_key=True, autoincrement=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("hash", sa.Text, nullable=False, unique=True),
        sa.Column("hint", sa.Text, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("by_id", BIG_ID, sa.ForeignKey("person.id"), nullable=False),
        sa.Column("used_at", INSTANT),
        sa.Column("revoked_at", INSTANT),
        sa.Column("revoked_by", BIG_ID, sa.ForeignKey("person.id")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "hook",
        sa.Column("id", BIG_ID, primary_key=True, autoincrement=True),
        sa.Column("name", sa.Text, nullable=False, unique=True),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("secret", sa.Text, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("by_id", BIG_ID, sa.ForeignKey("person.id"), nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "hook_call",
        sa.Column("id", BIG_ID, primary_key=True, autoincrement=True),
        sa.Column("origin", sa.Text, nullable=False, unique=True),
        sa.Column("hook", sa.Text, nullable=False),
        sa.Column("body", sa.JSON, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("status", sa.Integer),
        sa.Column("answer", sa.Text, nullable=False),
        sa.Column("ended_at", INSTANT),
        sa.Column("incident_id", BIG_ID, sa.ForeignKey("incident.id")),
        sa.Column("by_id", BIG_ID, sa.ForeignKey("person.id")),
        sqlite_autoincrement=True,
    )
    op.create_index("hook_call_incident", "hook_call", ["incident_id"])
    op.create_table(
        "campaign",
        sa.Column("id", BIG_ID, primary_key=True, autoincrement=True),
        sa.Column("client_id", BIG_ID, sa.ForeignKey("client.id"), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("starts_on", sa.Date, nullable=False),
        sa.Column("ends_on", sa.Date, nullable=False),
        sa.Column("peak", sa.Text, nullable=False),
        sa.Column("sites", sa.JSON, nullable=False),
        sa.Column("notes", sa.Text, nullable=False),
        sa.Column("hook", sa.Text, nullable=False),
        sa.Column("checked", sa.JSON, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("by_id", BIG_ID, sa.ForeignKey("person.id")),
        sa.Column("changed_at", INSTANT, nullable=False),
        sa.Column("removed_at", INSTANT),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "campaign_client",
        "campaign",
        ["client_id", "starts_on"],
        sqlite_where=sa.text("removed_at IS NULL"),
        postgresql_where=sa.text("removed_at IS NULL"),
    )


def downgrade() -> None:
    op.drop_table("campaign")
    op.drop_table("hook_call")
    op.drop_table("hook")
    op.drop_table("alert_token")
    op.drop_table("alert")
    op.drop_table("incident_report")
    op.drop_table("incident_said")
    op.drop_table("incident_member")
    op.drop_table("incident_event")
    op.drop_table("incident")
