"""Translations; one person's data exported and erased; how long what is kept; what visitors are told."""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    _erasing()
    _consent()
    _translations()


def _erasing() -> None:
    op.create_table(
        "erasure",
        sa.Column("id", BIG_ID, primary_key=True, autoincrement=True),
        sa.Column("person_id", BIG_ID, nullable=False),
        sa.Column("since", INSTANT, nullable=False),
        sa.Column("by_id", BIG_ID),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("stage", sa.Text, nullable=False),
        sa.Column("after", sa.JSON),
        sa.Column("needles", sa.JSON),
        sa.Column("counts", sa.JSON, nullable=False),
        sa.Column("done_at", INSTANT),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_erasure_person_id", "erasure", ["person_id"])
    op.create_table(
        "privacy_export",
        sa.Column("id", BIG_ID, primary_key=True, autoincrement=True),
        sa.Column("person_id", BIG_ID, sa.ForeignKey("person.id"), nullable=False),
        sa.Column("by_id", BIG_ID, sa.ForeignKey("person.id")),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("file", sa.Text),
        sa.Column("size", sa.Integer),
        sa.Column("done_at", INSTANT),
        sa.Column("expires_at", INSTANT),
        sqlite_autoincrement=True,
    )
    op.create_index("privacy_export_person", "privacy_export", ["person_id", "id"])
    op.create_table(
        "privacy_rule",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("months", sa.Integer),
        sa.Column("by_id", BIG_ID, sa.ForeignKey("person.id")),
        sa.Column("at", INSTANT, nullable=False),
    )


def _consent() -> None:
    op.create_table(
        "consent_text",
        sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("language", sa.Text, primary_key=True),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("by_id", BIG_ID, sa.ForeignKey("person.id")),
        sa.Column("at", INSTANT, nullable=False),
    )
    op.create_table(
        "consent_seen",
        sa.Column("id", BIG_ID, primary_key=True, autoincrement=True),
        sa.Column("person_id", BIG_ID, sa.ForeignKey("person.id"), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("language", sa.Text, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
    )
    op.create_index("consent_seen_person", "consent_seen", ["person_id", "version"])


def _translations() -> None:
    op.create_table(
        "translation",
        sa.Column("message_id", BIG_ID, sa.ForeignKey("message.id"), primary_key=True),
        sa.Column("language", sa.Text, primary_key=True),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False, server_default=""),
        sa.Column("made_by", sa.Text, nullable=False, server_default=""),
        sa.Column("why", sa.Text),
        sa.Column("at", INSTANT, nullable=False),
    )
    op.create_index("translation_at", "translation", ["at"])
    op.create_table(
        "reply_original",
        sa.Column("message_id", BIG_ID, sa.ForeignKey("message.id"), primary_key=True),
        sa.Column("language", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("into", sa.Text, nullable=False),
        sa.Column("made_by", sa.Text, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
    )
    op.create_table(
        "person_language",
        sa.Column("person_id", BIG_ID, sa.ForeignKey("person.id"), primary_key=True),
        sa.Column("language", sa.Text, primary_key=True),
        sa.Column("place", sa.Integer, nullable=False),
    )


def downgrade() -> None:
    for name in ("person_language", "reply_original", "translation", "consent_seen", "consent_text"):
        op.drop_table(name)
    for name in ("privacy_rule", "privacy_export", "erasure"):
        op.drop_table(name)
