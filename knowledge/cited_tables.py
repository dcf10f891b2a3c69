"""Passages that answers were given from, by content; versions come and go, these stay as long as somebody may ask."""

from typing import Final

from sqlalchemy import Column, Index, Table, Text

from store.db import Instant
from store.tables import metadata

cited: Final = Table(
    "manual_cited",
    metadata,
    Column("chunk", Text, primary_key=True),
    Column("page", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("heading", Text, nullable=False),
    Column("anchor", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("last_at", Instant, nullable=False),  # of the last answer from it, to the day
    Index("manual_cited_last", "last_at"),
)
