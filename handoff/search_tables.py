"""The tables of the desk's search, on the project's one metadata.

`search_entry` holds each message's and each ticket's terms: on PostgreSQL as a tsvector with its own index; on SQLite
as text, which the FTS5 table `search_words` (made by the migration, no table of ours to describe) indexes from outside.
"""

from typing import Final

from sqlalchemy import Column, Index, Integer, Table, Text
from sqlalchemy.dialects.postgresql import TSVECTOR

from store.tables import BigId, metadata

search_entry: Final = Table(
    "search_entry",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=False),  # a message's, or a ticket's + TICKETS_FROM
    Column("words", TSVECTOR().with_variant(Text(), "sqlite"), nullable=False),
)
Index("search_entry_words", search_entry.c.words, postgresql_using="gin").ddl_if(dialect="postgresql")

search_sweep: Final = Table(
    "search_sweep",
    metadata,
    Column("kind", Text, primary_key=True),  # message or ticket
    Column("before", BigId, nullable=False),  # what has a smaller id is not swept yet
    Column("version", Integer, nullable=False),  # of how terms are cut
)
