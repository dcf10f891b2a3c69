"""Tables of rules: their versions, what happened, what they did about it, and those that were stopped."""

from typing import Final

from sqlalchemy import JSON, Column, Index, Integer, Table, Text, UniqueConstraint

from handoff.columns import at, key, only, ref
from store.db import Instant
from store.tables import metadata

rule_book: Final = Table(
    "rule_book",
    metadata,
    key(),
    Column("source", Text, nullable=False),  # YAML as it was written
    at(),
    ref("by_id", "person", required=True),
    Column("published_at", Instant),  # the one published last is in force
    ref("published_by", "person"),
    sqlite_autoincrement=True,
)

rule_stop: Final = Table(
    "rule_stop",
    metadata,
    Column("rule", Text, primary_key=True),
    at(),
    Column("why", Text, nullable=False),  # depth, limit
)

rule_event: Final = Table(
    "rule_event",
    metadata,
    key(),
    Column("origin", Text, nullable=False, unique=True),
    Column("kind", Text, nullable=False),  # a Happens
    Column("facts", JSON, nullable=False),
    Column("chain", JSON, nullable=False),  # the rules whose doing led to it
    at(),
    Column("handled_at", Instant),
    Index("rule_event_at", "at", "kind"),
    Index("rule_event_waiting", "id", **only("handled_at IS NULL")),
    sqlite_autoincrement=True,
)

rule_firing: Final = Table(
    "rule_firing",
    metadata,
    key(),
    Column("rule", Text, nullable=False),
    Column("version", Integer, nullable=False),  # of the book; 0: as shipped
    ref("event_id", "rule_event", required=True),
    Column("subject", Text, nullable=False),  # what further events fold by
    at(),
    Column("outcome", Text, nullable=False),  # held, passed, fired, stopped
    Column("why", JSON, nullable=False),
    Column("results", JSON, nullable=False),  # of each step, by its number
    Column("folded", Integer, nullable=False),
    ref("incident_id", "incident"),
    UniqueConstraint("rule", "event_id"),
    Index("rule_firing_subject", "rule", "subject", "at"),
    sqlite_autoincrement=True,
)
