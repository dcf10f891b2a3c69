"""The table of ratings, on the project's one metadata: one row for each ticket whose requester was asked or answered.

`asked_at` of a rating that came by a link without our asking is the instant of the answer.
"""

from typing import Final

from sqlalchemy import Column, ForeignKey, Index, Integer, Table, Text

from store.db import Instant
from store.tables import BigId, metadata

rating: Final = Table(
    "rating",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=True),
    Column("ticket_id", BigId, ForeignKey("ticket.id"), nullable=False, unique=True),
    Column("person_id", BigId, ForeignKey("person.id"), nullable=False),
    Column("client_id", BigId, ForeignKey("client.id")),
    Column("channel", Text, nullable=False),
    Column("asked_at", Instant, nullable=False),
    Column("withdrawn_at", Instant),
    Column("value", Integer),
    Column("comment", Text, nullable=False, server_default=""),
    Column("at", Instant),  # of the first answer
    Column("changed_at", Instant),
    Column("alerted_at", Instant),  # since when somebody of ours knows that it was low
    Index("rating_person", "person_id", "asked_at"),
    Index("rating_client", "client_id", "asked_at"),
    Index("rating_asked", "asked_at"),
)
