"""Versions of the manual: their pages, chunks and vectors, which one is live, what is withdrawn."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "manual_version",
        sa.Column("id", BIG_ID, primary_key=True, autoincrement=True),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("created_by", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("source_hash", sa.Text, nullable=False),
        sa.Column("embedder", sa.Text, nullable=False),
        sa.Column("pages", sa.Integer, nullable=False),
        sa.Column("chunks", sa.Integer, nullable=False),
        sa.Column("golden", sa.JSON),
        sa.Column("evidence", sa.JSON),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("published_at", INSTANT),
        sa.Column("lease", INSTANT),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "manual_live",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("version", BIG_ID, sa.ForeignKey("manual_version.id", name="manual_live_version")),
        sa.Column("revision", sa.Integer, nullable=False),
    )
    op.create_table(
        "manual_page",
        _version(),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("page", sa.Text, nullable=False),
        sa.Column("hash", sa.Text, nullable=False),
        sa.Column("content", sa.JSON, nullable=False),
    )
    op.create_table(
        "manual_chunk",
        _version(),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("hash", sa.Text, nullable=False),
        sa.Column("page", sa.Text, nullable=False),
        sa.Column("heading", sa.Text, nullable=False),
        sa.Column("anchor", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("first_line", sa.Integer, nullable=False),
        sa.Column("last_line", sa.Integer, nullable=False),
    )
    op.create_index("manual_chunk_hash", "manual_chunk", ["hash"])
    op.create_table(
        "manual_vector",
        sa.Column("embedder", sa.Text, primary_key=True),
        sa.Column("digest", sa.Text, primary_key=True),
        sa.Column("vector", sa.LargeBinary, nullable=False),
        sa.Column("used_in", BIG_ID, nullable=False),
    )
    op.create_table(
        "manual_withdrawal",
        sa.Column("page", sa.Text, primary_key=True),
        sa.Column("withdrawn_by", sa.Text, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
    )
    op.create_table(
        "manual_log",
        sa.Column("id", BIG_ID, primary_key=True, autoincrement=True),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("done_by", sa.Text, nullable=False),
        sa.Column("verb", sa.Text, nullable=False),
        sa.Column("version", BIG_ID),
        sa.Column("page", sa.Text),
        sa.Column("reason", sa.Text, nullable=False),
        sqlite_autoincrement=True,
    )


def _version() -> sa.Column[int]:
    key = sa.ForeignKey("manual_version.id", ondelete="CASCADE")
    return sa.Column("version", BIG_ID, key, primary_key=True)


def downgrade() -> None:
    for table in (
        "manual_log",
        "manual_withdrawal",
        "manual_vector",
        "manual_chunk",
        "manual_page",
        "manual_live",
        "manual_version",
    ):
        op.drop_table(table)
