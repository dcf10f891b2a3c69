"""What is kept of staff actions: one row for each, never changed and never taken away."""

from typing import Final

from sqlalchemy import JSON, Column, Index, Table, Text

from handoff.columns import at, key, only
from store.tables import BigId, metadata

audit: Final = Table(
    "audit",
    metadata,
    key(),
    at(),
    Column("person_id", BigId),  # no foreign key: what somebody did outlives them here
    Column("via", Text, nullable=False),  # desk, api, command line, or a chat platform
    Column("session", Text),  # the beginning of the session's hash
    Column("address", Text),
    Column("action", Text, nullable=False),
    Column("kind", Text, nullable=False),  # of what it was about
    Column("subject", Text, nullable=False),
    Column("facts", JSON, nullable=False),
    Column("outcome", Text, nullable=False),  # done, repeated, refused, failed
    Column("first_event", BigId),  # the ticket's events that it wrote: they tell the rest
    Column("last_event", BigId),
    Index("audit_at", "at", "id"),
    Index("audit_person", "person_id", "at"),
    Index("audit_events", "person_id", "first_event", **only("first_event IS NOT NULL")),
    sqlite_autoincrement=True,
)
