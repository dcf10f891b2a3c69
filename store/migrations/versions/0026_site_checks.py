"""Checks of clients' sites: runs, findings, how sites stand, what is set for them."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "site_check_run",
        sa.Column("id", BIG_ID, primary_key=True, autoincrement=True),
        sa.Column("site_id", BIG_ID, sa.ForeignKey("site.id"), nullable=False),
        sa.Column("client_id", BIG_ID, sa.ForeignKey("client.id"), nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("cause", sa.Text, nullable=False),
        sa.Column("ticket_id", BIG_ID, sa.ForeignKey("ticket.id")),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("ended_at", INSTANT, nullable=False),
        sa.Column("verdict", sa.Text, nullable=False),
        sa.Column("trouble", sa.Text),
        sa.Column("status", sa.Integer),
        sa.Column("dns_ms", sa.Integer),
        sa.Column("connect_ms", sa.Integer),
        sa.Column("tls_ms", sa.Integer),
        sa.Column("first_byte_ms", sa.Integer),
        sa.Column("total_ms", sa.Integer),
        sa.Column("weight", sa.Integer),
        sa.Column("facts", sa.JSON, nullable=False),
        sa.Column("found", sa.JSON, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("site_check_run_site", "site_check_run", ["site_id", "at"])
    op.create_index("site_check_run_at", "site_check_run", ["at"])
    op.create_table(
        "site_check_state",
        sa.Column("site_id", BIG_ID, sa.ForeignKey("site.id"), primary_key=True),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("since", INSTANT, nullable=False),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("run_id", BIG_ID),
        sa.Column("checked_at", INSTANT),
        sa.Column("address", sa.Text, nullable=False, server_default=""),
        sa.Column("light_due", INSTANT, nullable=False),
        sa.Column("full_due", INSTANT, nullable=False),
        sa.Column("security_at", INSTANT),
        sa.Column("asked_at", INSTANT),
    )
    op.create_index("site_check_state_light", "site_check_state", ["light_due"])
    op.create_index("site_check_state_full", "site_check_state", ["full_due"])
    op.create_table(
        "site_check_plan",
        sa.Column("site_id", BIG_ID, sa.ForeignKey("site.id"), primary_key=True),
        sa.Column("interval_s", sa.Integer),
        sa.Column("keyword", sa.Text, nullable=False),
        sa.Column("paused", sa.Boolean, nullable=False),
        sa.Column("changed_by", BIG_ID, sa.ForeignKey("person.id")),
        sa.Column("changed_at", INSTANT, nullable=False),
    )
    op.create_table(
        "site_finding",
        sa.Column("id", BIG_ID, primary_key=True, autoincrement=True),
        sa.Column("site_id", BIG_ID, sa.ForeignKey("site.id"), nullable=False),
        sa.Column("client_id", BIG_ID, sa.ForeignKey("client.id"), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("area", sa.Text, nullable=False),
        sa.Column("severity", sa.Text, nullable=False),
        sa.Column("facts", sa.JSON, nullable=False),
        sa.Column("security", sa.Boolean, nullable=False),
        sa.Column("first_seen_at", INSTANT, nullable=False),
        sa.Column("last_seen_at", INSTANT, nullable=False),
        sa.Column("fixed_at", INSTANT),
        sa.Column("accepted_at", INSTANT),
        sa.Column("accepted_by", BIG_ID, sa.ForeignKey("person.id")),
        sa.Column("accepted_why", sa.Text, nullable=False, server_default=""),
        sqlite_autoincrement=True,
    )
    standing = {"sqlite_where": sa.text("fixed_at IS NULL"), "postgresql_where": sa.text("fixed_at IS NULL")}
    op.create_index("site_finding_open", "site_finding", ["site_id", "name"], unique=True, **standing)
    op.create_index("site_finding_client", "site_finding", ["client_id", "first_seen_at"])
    op.create_table(
        "site_check_day",
        sa.Column("site_id", BIG_ID, sa.ForeignKey("site.id"), primary_key=True),
        sa.Column("day", sa.Date, primary_key=True),
        sa.Column("client_id", BIG_ID, sa.ForeignKey("client.id"), nullable=False),
        sa.Column("runs", sa.Integer, nullable=False),
        sa.Column("up", sa.Integer, nullable=False),
        sa.Column("first_byte_p50", sa.Integer),
        sa.Column("first_byte_p95", sa.Integer),
        sa.Column("total_p50", sa.Integer),
        sa.Column("total_p95", sa.Integer),
    )
    with op.batch_alter_table("site") as site:
        site.add_column(sa.Column("tls_checked_at", INSTANT))


def downgrade() -> None:
    with op.batch_alter_table("site", table_kwargs={"sqlite_autoincrement": True}) as site:
        site.drop_column("tls_checked_at")
    for name in ("site_check_day", "site_finding", "site_check_plan", "site_check_state", "site_check_run"):
        op.drop_table(name)
