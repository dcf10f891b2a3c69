"""The tables of a ticket's page: who looks at it, how far each has read, macros, summaries, suggested replies."""

from typing import Final

from sqlalchemy import JSON, Boolean, Column, Index, Integer, Table, Text

from handoff.columns import at, key, ref
from store.db import Instant
from store.tables import BigId, metadata

attendance: Final = Table(
    "ticket_attendance",
    metadata,
    ref("ticket_id", "ticket", primary_key=True),
    ref("person_id", "person", primary_key=True),
    Column("tab", Text, primary_key=True),
    Column("doing", Text, nullable=False),
    Column("since", Instant, nullable=False),
    Column("until", Instant, nullable=False, index=True),
)

sight: Final = Table(
    "ticket_sight",
    metadata,
    ref("ticket_id", "ticket", primary_key=True),
    ref("person_id", "person", primary_key=True),
    Column("upto", BigId, nullable=False),  # the newest message that was on the page; no foreign key: any of its talk
    Column("before", BigId, nullable=False),  # the same when this visit began
    at(),
)

macro: Final = Table(
    "macro",
    metadata,
    key(),
    ref("owner_id", "person"),  # NULL: everybody's
    Column("name", Text, nullable=False),
    Column("texts", JSON, nullable=False),  # by language
    Column("then", Text),  # what follows the reply: wait, resolve
    Column("level", Text),
    Column("place", Integer, nullable=False),
    Column("uses", Integer, nullable=False),
    Column("version", Integer, nullable=False),
    ref("changed_by", "person", required=True),
    at(),
    Index("macro_owner", "owner_id", "place"),
)

brief: Final = Table(
    "ticket_brief",
    metadata,
    ref("ticket_id", "ticket", primary_key=True),
    Column("text", Text, nullable=False),
    Column("made_by", Text, nullable=False),  # model, extract
    Column("language", Text, nullable=False),
    ref("asked_by", "person", required=True),
    at(),
)

suggestion: Final = Table(
    "reply_suggestion",
    metadata,
    key(),
    ref("ticket_id", "ticket", required=True),
    ref("asked_by", "person", required=True),
    Column("text", Text, nullable=False),
    Column("made_by", Text, nullable=False),  # model, extract
    Column("model_failed", Boolean, nullable=False),
    Column("citations", JSON, nullable=False),
    Column("grounds", JSON, nullable=False),  # what it rests on; opaque here
    at(),
    Index("reply_suggestion_ticket", "ticket_id", "id"),
)
