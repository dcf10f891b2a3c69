"""Reports, who gets which, and visits that were imported."""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "report",
        sa.Column("id", BIG_ID, primary_key=True, autoincrement=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("client_id", BIG_ID, sa.ForeignKey("client.id")),
        sa.Column("first_on", sa.Date, nullable=False),
        sa.Column("last_on", sa.Date, nullable=False),
        sa.Column("language", sa.Text, nullable=False),
        sa.Column("zone", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("facts", sa.JSON, nullable=False),
        sa.Column("words", sa.JSON, nullable=False),
        sa.Column("edits", sa.Integer, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("by_id", BIG_ID, sa.ForeignKey("person.id")),
        sa.Column("approved_at", INSTANT),
        sa.Column("approved_by", BIG_ID, sa.ForeignKey("person.id")),
        sa.Column("sent_at", INSTANT),
        sa.Column("sent", sa.JSON, nullable=False),
        sa.Column("withdrawn_at", INSTANT),
        sa.Column("withdrawn_by", BIG_ID, sa.ForeignKey("person.id")),
        sa.Column("why", sa.Text, nullable=False),
        sqlite_autoincrement=True,
    )
    standing = sa.text("state <> 'withdrawn'")
    op.create_index(
        "report_one",
        "report",
        ["subject", "kind", "first_on"],
        unique=True,
        sqlite_where=standing,
        postgresql_where=standing,
    )
    op.create_index("report_client", "report", ["client_id", "id"])
    op.create_index("report_state", "report", ["state", "id"])
    op.create_table(
        "report_choice",
        sa.Column("client_id", BIG_ID, sa.ForeignKey("client.id"), primary_key=True),
        sa.Column("health", sa.Boolean, nullable=False),
        sa.Column("brief", sa.Boolean, nullable=False),
        sa.Column("quarter", sa.Boolean, nullable=False),
        sa.Column("language", sa.Text),
        sa.Column("by_id", BIG_ID, sa.ForeignKey("person.id")),
        sa.Column("changed_at", INSTANT, nullable=False),
    )
    op.create_table(
        "report_office",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("agency", sa.Text, nullable=False),
        sa.Column("review", sa.Boolean, nullable=False),
        sa.Column("week", sa.Boolean, nullable=False),
        sa.Column("minutes", sa.Integer, nullable=False),
        sa.Column("hourly", sa.Integer, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("by_id", BIG_ID, sa.ForeignKey("person.id")),
        sa.Column("changed_at", INSTANT, nullable=False),
    )
    op.create_table(
        "traffic_import",
        sa.Column("id", BIG_ID, primary_key=True, autoincrement=True),
        sa.Column("site_id", BIG_ID, sa.ForeignKey("site.id"), nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("first_on", sa.Date),
        sa.Column("last_on", sa.Date),
        sa.Column("lines", sa.Integer, nullable=False),
        sa.Column("broken", sa.Integer, nullable=False),
        sa.Column("bots", sa.Integer, nullable=False),
        sa.Column("by_id", BIG_ID, sa.ForeignKey("person.id")),
        sa.Column("at", INSTANT, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("traffic_import_site", "traffic_import", ["site_id", "id"])
    op.create_table(
        "traffic",
        sa.Column("site_id", BIG_ID, sa.ForeignKey("site.id"), primary_key=True),
        sa.Column("first_on", sa.Date, primary_key=True),
        sa.Column("last_on", sa.Date, primary_key=True),
        sa.Column("visits", sa.Integer),
        sa.Column("views", sa.Integer),
        sa.Column("bounces", sa.Integer),
        sa.Column("sources", sa.JSON),
        sa.Column("pages", sa.JSON),
        sa.Column("import_id", BIG_ID, sa.ForeignKey("traffic_import.id"), nullable=False),
    )


def downgrade() -> None:
    for name in ("traffic", "traffic_import", "report_office", "report_choice", "report"):
        op.drop_table(name)
