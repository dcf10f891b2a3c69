"""The REST API's tokens and kept replies; webhooks out with their deliveries; tickets by when they last changed."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
INSTANT = sa.DateTime(timezone=True)


def key() -> sa.Column:
    return sa.Column("id", BIG_ID, primary_key=True, autoincrement=True)


def ref(name: str, parent: str, *, nullable: bool = True, primary_key: bool = False) -> sa.Column:
    return sa.Column(name, BIG_ID, sa.ForeignKey(f"{parent}.id"), nullable=nullable, primary_key=primary_key)


def upgrade() -> None:
    op.create_table(
        "api_token",
        key(),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("hash", sa.Text, nullable=False, unique=True),
        sa.Column("hint", sa.Text, nullable=False),
        sa.Column("scopes", sa.JSON, nullable=False),
        ref("client_id", "client"),
        ref("person_id", "person", nullable=False),
        ref("by_id", "person", nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT),
        sa.Column("used_at", INSTANT),
        sa.Column("revoked_at", INSTANT),
        ref("revoked_by", "person"),
    )
    op.create_table(
        "api_reply",
        ref("token_id", "api_token", nullable=False, primary_key=True),
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("request", sa.Text, nullable=False),
        sa.Column("status", sa.Integer, nullable=False),
        sa.Column("headers", sa.JSON, nullable=False),
        sa.Column("body", sa.JSON, nullable=False),
        sa.Column("at", INSTANT, nullable=False, index=True),
    )
    op.create_table(
        "webhook_endpoint",
        key(),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("types", sa.JSON, nullable=False),
        ref("client_id", "client"),
        sa.Column("texts", sa.Boolean, nullable=False),
        sa.Column("active", sa.Boolean, nullable=False),
        sa.Column("secret", sa.Text, nullable=False),
        sa.Column("former_secret", sa.Text),
        sa.Column("former_until", INSTANT),
        sa.Column("failing_since", INSTANT),
        sa.Column("off_why", sa.Text),
        sa.Column("removed_at", INSTANT),
        ref("by_id", "person", nullable=False),
        sa.Column("at", INSTANT, nullable=False),
    )
    _deliveries()


def _deliveries() -> None:
    op.create_table(
        "webhook_delivery",
        key(),
        sa.Column("name", sa.Text, nullable=False, unique=True),
        ref("endpoint_id", "webhook_endpoint", nullable=False),
        sa.Column("type", sa.Text, nullable=False),
        ref("ticket_id", "ticket"),
        sa.Column("body", sa.JSON, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("sends", sa.Integer, nullable=False),
        sa.Column("at", INSTANT, nullable=False, index=True),
        sa.Column("ended_at", INSTANT),
        sqlite_autoincrement=True,
    )
    op.create_index("webhook_delivery_endpoint", "webhook_delivery", ["endpoint_id", "id"])
    op.create_index(
        "webhook_delivery_failed",
        "webhook_delivery",
        ["endpoint_id", "at"],
        sqlite_where=sa.text("state = 'failed'"),
        postgresql_where=sa.text("state = 'failed'"),
    )
    op.create_table(
        "webhook_attempt",
        sa.Column("delivery_id", BIG_ID, sa.ForeignKey("webhook_delivery.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("n", sa.Integer, primary_key=True),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("ms", sa.Integer, nullable=False),
        sa.Column("status", sa.Integer),
        sa.Column("error", sa.Text),
        sa.Column("answer", sa.Text),
    )


def downgrade() -> None:
    for table in ("webhook_attempt", "webhook_delivery", "webhook_endpoint", "api_reply", "api_token"):
        op.drop_table(table)
