"""What is kept of the chats' modes and of how the bot's silent drafts did."""

from typing import Final

from sqlalchemy import JSON, Column, Float, ForeignKey, Index, Integer, Table, Text

from handoff.columns import at, key, ref
from store.tables import BigId, metadata

chat_mode: Final = Table(
    "chat_mode",
    metadata,
    key(),
    ref("chat_id", "chat", required=True),
    Column("mode", Text, nullable=False),  # the mode that began then
    ref("by_id", "person"),  # nobody: the desk itself
    Column("why", Text, nullable=False),
    Column("facts", JSON, nullable=False),
    at(),
    Index("chat_mode_chat", "chat_id", "id"),
)

draft_score: Final = Table(
    "draft_score",
    metadata,
    Column("turn_id", BigId, ForeignKey("turn.id"), primary_key=True),
    ref("chat_id", "chat", required=True),
    Column("category", Text),
    Column("verdict", Text, nullable=False),
    Column("how", Text),
    Column("similarity", Float),
    ref("message_id", "message", required=True),  # the colleague's word it was compared with
    at(),
    Index("draft_score_chat", "chat_id", "at"),
)

autonomy_bound: Final = Table(
    "autonomy_bound",
    metadata,
    key(),
    Column("percent", Integer, nullable=False),
    Column("least", Integer, nullable=False),
    ref("by_id", "person", required=True),
    at(),
)
