"""This room's tables, on the project's one metadata: passwords, sessions, and forms already taken."""

from typing import Final

from sqlalchemy import Boolean, Column, ForeignKey, Table, Text

from handoff.tables import person
from store.db import Instant
from store.tables import BigId, metadata


def _person(*, primary_key: bool = False) -> Column[int]:
    return Column("person_id", BigId, ForeignKey(person.c.id), primary_key=primary_key, nullable=False)


staff_password: Final = Table(
    "staff_password",
    metadata,
    _person(primary_key=True),
    Column("hash", Text, nullable=False),
    Column("one_time", Boolean, nullable=False),
    Column("set_at", Instant, nullable=False),
    Column("expires_at", Instant),
)

staff_session: Final = Table(
    "staff_session",
    metadata,
    Column("token_hash", Text, primary_key=True),
    Column("person_id", BigId, ForeignKey(person.c.id), nullable=False, index=True),
    Column("created_at", Instant, nullable=False),
    Column("seen_at", Instant, nullable=False, index=True),
)

desk_form: Final = Table(
    "desk_form",
    metadata,
    Column("once", Text, primary_key=True),
    Column("person_id", BigId, ForeignKey(person.c.id), nullable=False),
    Column("at", Instant, nullable=False, index=True),
)
