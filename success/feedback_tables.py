"""Tables of what clients say when asked and of what is agreed with them, on the project's one metadata.

`origin` says what a row came from, so that the same cause makes it once. A quarter is written `2026-Q4`, a month
`2026-11`.
"""

from typing import Final

from sqlalchemy import JSON, Column, Date, Index, Integer, Table, Text

from handoff.columns import at, key, ref
from store.db import Instant
from store.tables import BigId, metadata

visit_plan: Final = Table(
    "visit_plan",
    metadata,
    key(),
    Column("origin", Text, nullable=False, unique=True),
    ref("client_id", "client", required=True),
    Column("quarter", Text, nullable=False),
    Column("due_at", Instant, nullable=False),
    at(),
    Index("visit_plan_quarter", "quarter", "client_id"),
)

visit: Final = Table(
    "visit",
    metadata,
    key(),
    ref("client_id", "client", required=True),
    Column("held_on", Date, nullable=False),
    Column("way", Text, nullable=False),  # a Way
    Column("met", Text, nullable=False),  # who was there on the client's side
    Column("summary", Text, nullable=False),
    Column("agreed", JSON, nullable=False),  # the points agreed on, each a task
    ref("by_id", "person"),
    at(),
    Index("visit_held", "held_on"),
    Index("visit_client", "client_id", "held_on"),
    sqlite_autoincrement=True,
)

survey: Final = Table(
    "survey",
    metadata,
    key(),
    Column("origin", Text, nullable=False, unique=True),
    Column("kind", Text, nullable=False),  # a SurveyKind
    ref("client_id", "client", required=True),
    ref("person_id", "person", required=True),
    Column("quarter", Text, nullable=False),  # of an NPS request, else ""
    Column("project", Text, nullable=False),  # of a stage rating, else ""
    Column("stage", Text, nullable=False),  # a Stage, else ""
    Column("due_at", Instant, nullable=False),  # from when on it may be asked
    Column("asked_at", Instant),
    ref("asked_by", "person"),  # NULL: the program
    Column("way", Text, nullable=False),  # how it reached the person; "" where nobody could be reached
    Column("dropped", Text, nullable=False),  # why it was not asked, else ""
    Column("value", Integer),
    Column("comment", Text, nullable=False),
    Column("at", Instant),  # of the first answer
    Column("changed_at", Instant),
    Column("alerted_at", Instant),
    Index("survey_asked", "kind", "asked_at"),
    Index("survey_person", "person_id", "asked_at"),
    Index("survey_client", "client_id", "asked_at"),
    sqlite_autoincrement=True,
)

asked_message: Final = Table(
    "asked_message",
    metadata,
    ref("message_id", "message", primary_key=True),
    ref("person_id", "person", required=True),  # whose press or reply counts
    Column("kind", Text, nullable=False),  # csat, or a SurveyKind
    Column("subject_id", BigId, nullable=False),  # a ticket's id, or a survey's
    Index("asked_subject", "kind", "subject_id"),
)

complaint: Final = Table(
    "complaint",
    metadata,
    key(),
    Column("origin", Text, nullable=False, unique=True),
    ref("client_id", "client", required=True),
    ref("ticket_id", "ticket"),
    Column("source", Text, nullable=False),  # a Source
    Column("matter", Text, nullable=False),
    Column("cause", Text, nullable=False),
    Column("measure", Text, nullable=False),
    ref("owner_id", "person"),
    Column("state", Text, nullable=False),  # a ComplaintState
    Column("due_on", Date, nullable=False),
    at(),
    ref("by_id", "person"),  # who wrote it down; NULL: the program
    Column("closed_at", Instant),
    ref("closed_by", "person"),
    Index("complaint_at", "at"),
    Index("complaint_client", "client_id", "at"),
    sqlite_autoincrement=True,
)

revenue: Final = Table(
    "revenue",
    metadata,
    Column("month", Text, primary_key=True),
    Column("total", BigId, nullable=False),  # in whole units of the agreements' currency
    Column("service", BigId),  # NULL: what the agreements' fees come to
    ref("by_id", "person"),
    at(),
)

training: Final = Table(
    "training",
    metadata,
    key(),
    Column("held_on", Date, nullable=False),
    Column("topic", Text, nullable=False),
    Column("took_part", Integer, nullable=False),
    Column("passed", Integer, nullable=False),
    ref("by_id", "person"),
    at(),
    ref("removed_by", "person"),
    Index("training_held", "held_on"),
    sqlite_autoincrement=True,
)

care_switch: Final = Table(
    "care_switch",
    metadata,
    Column("name", Text, primary_key=True),  # what the desk does by itself
    Column("off", Integer, nullable=False),  # 1: it does not
    ref("by_id", "person"),
    at(),
)
