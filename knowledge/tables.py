"""This room's tables, on the project's one metadata.

`manual_live` has one row: the version being searched, and a revision that grows with whatever changes what a
search may return (publishing, rollback, withdrawal), so that every process notices before its next search.
Vectors are kept by the hash of the text they were made from, half precision, and shared by all versions; so are
pictures, by the hash of their bytes.
"""

from typing import Final

from sqlalchemy import JSON, Boolean, Column, ForeignKey, Index, Integer, LargeBinary, Table, Text

from store.db import Instant
from store.tables import BigId, metadata

LIVE_ROW: Final = 1


def _version() -> Column[int]:
    return Column("version", BigId, ForeignKey("manual_version.id", ondelete="CASCADE"), primary_key=True)


version: Final = Table(
    "manual_version",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=True),
    Column("state", Text, nullable=False),  # building, complete
    Column("created_by", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("source_hash", Text, nullable=False),
    Column("embedder", Text, nullable=False),
    Column("pages", Integer, nullable=False),
    Column("chunks", Integer, nullable=False),
    Column("golden", JSON),
    Column("evidence", JSON),
    Column("created_at", Instant, nullable=False),
    Column("published_at", Instant),
    Column("lease", Instant),  # while building: past it, whoever built it is taken for dead
    sqlite_autoincrement=True,
)

live: Final = Table(
    "manual_live",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("version", BigId, ForeignKey("manual_version.id", name="manual_live_version")),
    Column("revision", Integer, nullable=False),
)

page: Final = Table(
    "manual_page",
    metadata,
    _version(),
    Column("number", Integer, primary_key=True),
    Column("page", Text, nullable=False),
    Column("hash", Text, nullable=False),
    Column("content", JSON, nullable=False),
)

chunk: Final = Table(
    "manual_chunk",
    metadata,
    _version(),
    Column("number", Integer, primary_key=True),
    Column("hash", Text, nullable=False),
    Column("page", Text, nullable=False),
    Column("heading", Text, nullable=False),
    Column("anchor", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("first_line", Integer, nullable=False),
    Column("last_line", Integer, nullable=False),
    Index("manual_chunk_hash", "hash"),
)

vector: Final = Table(
    "manual_vector",
    metadata,
    Column("embedder", Text, primary_key=True),
    Column("digest", Text, primary_key=True),
    Column("vector", LargeBinary, nullable=False),
    Column("used_in", BigId, nullable=False),  # the last version that used it
)

picture: Final = Table(
    "manual_picture",
    metadata,
    Column("hash", Text, primary_key=True),
    Column("content", LargeBinary, nullable=False),
    Column("used_in", BigId, nullable=False),  # the last version that shows it
)

withdrawal: Final = Table(
    "manual_withdrawal",
    metadata,
    Column("page", Text, primary_key=True),
    Column("withdrawn_by", Text, nullable=False),
    Column("at", Instant, nullable=False),
)

log: Final = Table(
    "manual_log",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=True),
    Column("at", Instant, nullable=False),
    Column("done_by", Text, nullable=False),
    Column("verb", Text, nullable=False),  # publish, override, refuse, rollback, withdraw, restore
    Column("version", BigId),
    Column("page", Text),
    Column("reason", Text, nullable=False),
    sqlite_autoincrement=True,
)

golden: Final = Table(
    "manual_golden",
    metadata,
    _version(),
    Column("results", JSON, nullable=False),  # how the version did on each golden question
)

run: Final = Table(
    "manual_run",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=True),
    Column("kind", Text, nullable=False),  # preview, publish
    Column("state", Text, nullable=False),  # waiting, running, done, failed
    Column("asked_by", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("force", Boolean, nullable=False),
    Column("expects", Text),  # the state of the folder that was previewed
    Column("stage", Text, nullable=False),
    Column("done", Integer, nullable=False),
    Column("total", Integer, nullable=False),
    Column("asked_at", Instant, nullable=False),
    Column("ended_at", Instant),
    Column("report", JSON),
    Column("error", Text),
    sqlite_autoincrement=True,
)
