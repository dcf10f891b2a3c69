"""Full-text search over messages and tickets; views that people keep, and indices for a client's and a team's.

The rows that exist are indexed by a job, newest first.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import TSVECTOR

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
WORDS = """
CREATE VIRTUAL TABLE search_words USING fts5(
    words, content='search_entry', content_rowid='id', tokenize="ascii tokenchars '-_.@+#'''"
)
"""
_OPEN = "state IN ('new', 'open', 'waiting') AND level <> 'emergency'"
BANDS = (("ticket_client_open", "client_id", _OPEN), ("ticket_team_open", "team", f"{_OPEN} AND team IS NOT NULL"))


def upgrade() -> None:
    op.create_table(
        "search_entry",
        sa.Column("id", BIG_ID, primary_key=True, autoincrement=False),
        sa.Column("words", TSVECTOR().with_variant(sa.Text(), "sqlite"), nullable=False),
    )
    op.create_table(
        "search_sweep",
        sa.Column("kind", sa.Text, primary_key=True),
        sa.Column("before", BIG_ID, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
    )
    if op.get_bind().dialect.name == "sqlite":
        op.execute(WORDS)  # terms are cut by us: every other character is part of one
    else:
        op.create_index("search_entry_words", "search_entry", ["words"], postgresql_using="gin")
    for name, first, open_ones in BANDS:
        columns = [first, "next_due", sa.text("urgent DESC"), "id"]
        only = {"sqlite_where": sa.text(open_ones), "postgresql_where": sa.text(open_ones)}
        op.create_index(name, "ticket", columns, **only)
    op.create_index("ticket_talk", "ticket", ["conversation_id", "opened_at", "id"])
    op.create_table(
        "saved_view",
        sa.Column("id", BIG_ID, primary_key=True, autoincrement=True),
        sa.Column("person_id", BIG_ID, sa.ForeignKey("person.id"), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("wanted", sa.JSON, nullable=False),
        sa.Column("shared", sa.Boolean, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("saved_view_person", "saved_view", ["person_id"])


def downgrade() -> None:
    op.drop_table("saved_view")
    op.drop_index("ticket_talk", table_name="ticket")
    for name, _, _ in BANDS:
        op.drop_index(name, table_name="ticket")
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TABLE search_words")
    op.drop_table("search_sweep")
    op.drop_table("search_entry")
