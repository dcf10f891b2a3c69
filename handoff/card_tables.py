"""The tables of the staff chats: each ticket's card and thread there, and what was relayed."""

from typing import Final

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, Table, Text, UniqueConstraint

from handoff.columns import key, ref
from store.db import Instant
from store.tables import BigId, metadata

card: Final = Table(
    "card",
    metadata,
    key(),
    ref("ticket_id", "ticket", required=True),
    ref("chat_id", "chat", required=True),
    Column("thread", Text),  # the platform's id of its thread, "" where the chat has none, NULL while not known
    ref("conversation_id", "conversation"),  # where its lines go
    ref("message_id", "message"),  # the card itself
    ref("suggestion_id", "message"),
    Column("title", Text, nullable=False),  # of the thread, as the platform has it
    Column("closed", Boolean, nullable=False),  # the thread, as the platform has it
    Column("seq", Integer, nullable=False),  # of the ticket's last event that the thread was told
    Column("menu", Text),  # the second keyboard that stands open
    Column("shown_at", Instant),
    UniqueConstraint("ticket_id", "chat_id"),
    Index("card_conversation", "conversation_id"),
    Index("card_message", "message_id"),
)

relay: Final = Table(
    "relay",
    metadata,
    key(),
    Column("card_id", BigId, ForeignKey("card.id"), nullable=False),
    ref("message_id", "message", required=True),  # of the ticket
    ref("copy_id", "message", required=True),  # the same in the staff chat
    ref("mark_id", "message"),  # the line that says what became of it
    UniqueConstraint("card_id", "message_id"),
    Index("relay_copy", "copy_id"),
    Index("relay_message", "message_id"),
)
