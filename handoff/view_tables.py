"""The table of views that people keep, on the project's one metadata."""

from typing import Final

from sqlalchemy import JSON, Boolean, Column, Index, Table, Text

from handoff.columns import at, key, ref
from store.tables import metadata

saved_view: Final = Table(
    "saved_view",
    metadata,
    key(),
    ref("person_id", "person", required=True),
    Column("name", Text, nullable=False),
    Column("wanted", JSON, nullable=False),  # the fields of a `Wanted`
    Column("shared", Boolean, nullable=False),
    at(),
    Index("saved_view_person", "person_id"),
)
