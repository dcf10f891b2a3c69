"""The tables of what the manual lacks, on the project's one metadata.

A gap keeps its id from run to run; `facts` is what the last run found out about it (see `gap_model.Facts`), and
`size_then` how large it was when somebody decided about it. Questions are kept as masked text.
"""

from typing import Final

from sqlalchemy import JSON, Boolean, Column, ForeignKey, Index, Integer, Table, Text

from store.db import Instant
from store.tables import BigId, metadata


def _key() -> Column[int]:
    return Column("id", BigId, primary_key=True, autoincrement=True)


def _gap(*, primary_key: bool = False) -> Column[int]:
    there = ForeignKey("gap.id", ondelete="CASCADE")
    return Column("gap_id", BigId, there, primary_key=primary_key, nullable=False)


gap: Final = Table(
    "gap",
    metadata,
    _key(),
    Column("state", Text, nullable=False),  # a State
    Column("label", Text, nullable=False),
    Column("facts", JSON, nullable=False),
    Column("size", Integer, nullable=False),
    Column("size_then", Integer, nullable=False),
    Column("first_at", Instant, nullable=False),
    Column("last_at", Instant, nullable=False),
    Column("reason", Text, nullable=False),
    Column("changed_by", Text, nullable=False),
    Column("changed_at", Instant, nullable=False),
    Column("draft", Text),
    Column("written_to", Text),  # the page's file below the manual's folder
    Column("published_in", BigId),  # no foreign key: versions are pruned
    Index("gap_state", "state", "size"),
    sqlite_autoincrement=True,
)

gap_question: Final = Table(
    "gap_question",
    metadata,
    _gap(primary_key=True),
    Column("turn_id", BigId, ForeignKey("turn.id", ondelete="CASCADE"), primary_key=True),
    Column("place", Integer, nullable=False),  # 0 is the most central one
    Column("text", Text, nullable=False),
    Column("why", Text, nullable=False),  # a Why
    Column("at", Instant, nullable=False),
    Column("client_id", BigId),
    Column("person_id", BigId),
    Column("ticket_id", BigId),
    Column("answered", Boolean),  # by the live version; None: not tried
    Index("gap_question_turn", "turn_id"),
)

gap_event: Final = Table(
    "gap_event",
    metadata,
    _key(),
    _gap(),
    Column("at", Instant, nullable=False),
    Column("done_by", Text, nullable=False),
    Column("verb", Text, nullable=False),  # found, drafted, edited, approved, dismissed, returned, published, reopened
    Column("data", JSON, nullable=False),
    Index("gap_event_gap", "gap_id", "id"),
    sqlite_autoincrement=True,
)

gap_run: Final = Table(
    "gap_run",
    metadata,
    _key(),
    Column("at", Instant, nullable=False),
    Column("questions", Integer, nullable=False),
    Column("left_out", Integer, nullable=False),
    Column("version", BigId),
    Column("ms", Integer, nullable=False),
    sqlite_autoincrement=True,
)

page_age: Final = Table(
    "page_age",
    metadata,
    Column("page", Text, primary_key=True),
    Column("hash", Text, nullable=False),
    Column("first_at", Instant, nullable=False),
    Column("changed_at", Instant, nullable=False),
)
