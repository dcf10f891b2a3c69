"""The table of where clients' people are written to by e-mail, on the project's one metadata."""

from typing import Final

from sqlalchemy import JSON, Column, Table, Text, UniqueConstraint

from handoff.columns import at, key, ref
from store.db import Instant
from store.tables import metadata

mail_contact: Final = Table(
    "mail_contact",
    metadata,
    key(),
    ref("client_id", "client", required=True),
    ref("person_id", "person"),  # whose address it is, where it is one person's that we know
    Column("name", Text, nullable=False),
    Column("address", Text, nullable=False),  # lower case
    Column("purposes", JSON, nullable=False),  # of `mail_contacts.PURPOSES`
    Column("language", Text),  # NULL: the client's
    at(),
    ref("by_id", "person"),
    Column("left_at", Instant),  # its reader left the list of broadcasts by themselves
    UniqueConstraint("client_id", "address"),
    sqlite_autoincrement=True,
)
