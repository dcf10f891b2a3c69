"""Tables of privacy, on the project's one metadata: erasures, exports, how long what is kept, what visitors were told.

An `erasure` is a tombstone: it names nobody. `person_id` has no foreign key, as a restored copy may lack the person;
`since` is when that person's row was made, so that another who got the same id later is left alone.
"""

from typing import Final

from sqlalchemy import JSON, Column, ForeignKey, Index, Integer, Table, Text

from store.db import Instant
from store.tables import BigId, metadata


def _key() -> Column[int]:
    return Column("id", BigId, primary_key=True, autoincrement=True)


def _ref(name: str, parent: str, *, required: bool = False) -> Column[int]:
    return Column(name, BigId, ForeignKey(f"{parent}.id"), nullable=not required)


erasure: Final = Table(
    "erasure",
    metadata,
    _key(),
    Column("person_id", BigId, nullable=False, index=True),
    Column("since", Instant, nullable=False),
    Column("by_id", BigId),
    Column("at", Instant, nullable=False),
    Column("state", Text, nullable=False),  # waiting, running, done
    Column("stage", Text, nullable=False),
    Column("after", JSON),  # the last row of the stage that is done
    Column("needles", JSON),  # accounts, names and comments to look for; gone when it is done
    Column("counts", JSON, nullable=False),
    Column("done_at", Instant),
    sqlite_autoincrement=True,
)

export: Final = Table(
    "privacy_export",
    metadata,
    _key(),
    _ref("person_id", "person", required=True),
    _ref("by_id", "person"),
    Column("at", Instant, nullable=False),
    Column("state", Text, nullable=False),  # waiting, done, failed, gone
    Column("file", Text),  # its name below the folder of exports
    Column("size", Integer),
    Column("done_at", Instant),
    Column("expires_at", Instant),
    Index("privacy_export_person", "person_id", "id"),
    sqlite_autoincrement=True,
)

rule: Final = Table(
    "privacy_rule",
    metadata,
    Column("name", Text, primary_key=True),
    Column("months", Integer),  # NULL: kept
    _ref("by_id", "person"),
    Column("at", Instant, nullable=False),
)

consent_text: Final = Table(
    "consent_text",
    metadata,
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("language", Text, primary_key=True),
    Column("text", Text, nullable=False),
    _ref("by_id", "person"),
    Column("at", Instant, nullable=False),
)

consent_seen: Final = Table(
    "consent_seen",
    metadata,
    _key(),
    _ref("person_id", "person", required=True),
    Column("version", Integer, nullable=False),
    Column("language", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Index("consent_seen_person", "person_id", "version"),
)
