"""Corrections: answers whose ground has changed, chat by chat and page by page, and what became of each."""

from typing import Final

from sqlalchemy import JSON, Column, ForeignKey, Index, Table, Text, text

from store.db import Instant
from store.tables import BigId, metadata

_OPEN: Final = text("state = 'open'")


def _ref(name: str, parent: str, *, required: bool = False) -> Column[int]:
    return Column(name, BigId, ForeignKey(f"{parent}.id"), nullable=not required)


correction: Final = Table(
    "correction",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=True),
    _ref("chat_id", "chat", required=True),
    _ref("client_id", "client"),
    _ref("conversation_id", "conversation", required=True),
    _ref("message_id", "message", required=True),  # the newest of the answers concerned
    Column("page", Text, nullable=False),
    Column("kind", Text, nullable=False),  # changed, gone, withdrawn
    Column("grade", Text, nullable=False),  # facts, wording
    Column("says", Text, nullable=False),  # what it would say, as a hash
    Column("language", Text, nullable=False),
    Column("facts", JSON, nullable=False),
    Column("draft", Text, nullable=False),
    Column("drafted_by", Text, nullable=False),  # extract, model
    Column("state", Text, nullable=False),  # open, sent, dismissed, lapsed
    Column("answered_at", Instant, nullable=False),
    Column("found_at", Instant, nullable=False),
    Column("decided_at", Instant),
    _ref("by_id", "person"),
    Column("reason", Text),
    _ref("reply_id", "message"),
    Index("correction_open", "chat_id", "page", unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN),
    Index("correction_client", "client_id", "id"),
    Index("correction_conversation", "conversation_id", "id"),
)

correction_answer: Final = Table(
    "correction_answer",
    metadata,
    Column("correction_id", BigId, ForeignKey("correction.id", ondelete="CASCADE"), primary_key=True),
    Column("message_id", BigId, ForeignKey("message.id"), primary_key=True),
    Column("says", Text, nullable=False),  # what the correction says to this answer, as a hash
    Index("correction_answer_message", "message_id"),
)
