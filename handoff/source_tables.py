"""What each answer rests on; chunk and version mean nothing on this floor."""

from typing import Final

from sqlalchemy import Column, ForeignKey, Index, Table, Text

from handoff.columns import at
from store.tables import BigId, metadata

answer_source: Final = Table(
    "answer_source",
    metadata,
    Column("message_id", BigId, ForeignKey("message.id"), primary_key=True),
    Column("chunk", Text, primary_key=True),
    Column("page", Text, nullable=False),
    Column("version", Text),  # of the index that the passage came from
    at(),  # the answer's
    Index("answer_source_at", "at", "chunk"),
)
