"""Tables of new work, on the project's one metadata: prices, proposals with versions, change requests, projects.

A version of a proposal is never changed but for where it went. `origin` says what a row came from, once.
"""

from typing import Final

from sqlalchemy import JSON, Column, Date, Index, Integer, Table, Text, UniqueConstraint

from handoff.columns import at, key, only, ref
from store.db import Instant
from store.tables import metadata

price_list: Final = Table(
    "price_list",
    metadata,
    key(),
    Column("source", Text, nullable=False),  # as it was written
    at(),
    ref("by_id", "person"),
    sqlite_autoincrement=True,
)

proposal: Final = Table(
    "proposal",
    metadata,
    key(),
    ref("client_id", "client"),  # NULL: somebody who is no client yet
    Column("title", Text, nullable=False),
    Column("wish", JSON, nullable=False),
    Column("state", Text, nullable=False),  # open, accepted, withdrawn
    Column("head", Integer, nullable=False),  # the newest version
    at(),
    ref("by_id", "person"),
    Column("closed_at", Instant),
    ref("closed_by", "person"),
    Index("proposal_client", "client_id", "id"),
    Index("proposal_state", "state", "id"),
    sqlite_autoincrement=True,
)

proposal_version: Final = Table(
    "proposal_version",
    metadata,
    key(),
    ref("proposal_id", "proposal", required=True),
    Column("n", Integer, nullable=False),
    Column("content", JSON, nullable=False),
    Column("hash", Text, nullable=False),  # of what the client is shown
    Column("made_by", Text, nullable=False),  # rules, model, person
    Column("prices", Integer, nullable=False),  # the price list's id; 0: the one that comes with the program
    at(),
    ref("by_id", "person"),
    Column("approved_at", Instant),
    ref("approved_by", "person"),
    Column("sent_at", Instant),
    ref("message_id", "message"),
    Column("sent", JSON, nullable=False),  # where it went, its file, or why it did not leave
    UniqueConstraint("proposal_id", "n"),
    Index("proposal_version_message", "message_id", **only("message_id IS NOT NULL")),
    sqlite_autoincrement=True,
)

proposal_acceptance: Final = Table(
    "proposal_acceptance",
    metadata,
    ref("proposal_id", "proposal", primary_key=True),  # once
    Column("n", Integer, nullable=False),
    Column("hash", Text, nullable=False),
    ref("person_id", "person", required=True),
    Column("way", Text, nullable=False),  # chat, page
    at(),
)

change_request: Final = Table(
    "change_request",
    metadata,
    key(),
    ref("client_id", "client", required=True),
    ref("ticket_id", "ticket", required=True),
    ref("project_id", "project"),
    Column("title", Text, nullable=False),
    Column("says", Text, nullable=False),
    Column("scope", Text, nullable=False),  # in, quoted
    Column("allowance", Text, nullable=False),  # the entitlement that it is taken from; "" for none
    Column("amount", Integer, nullable=False),
    Column("lines", JSON, nullable=False),  # [{role, name, halves, rate}]
    Column("currency", Text, nullable=False),
    Column("total", Integer, nullable=False),
    Column("state", Text, nullable=False),  # a ChangeState
    Column("hash", Text, nullable=False),  # of what is confirmed
    at(),
    ref("by_id", "person"),
    Column("sent_at", Instant),
    ref("message_id", "message"),
    Column("answered_at", Instant),
    ref("person_id", "person"),  # who confirmed or declined
    Column("way", Text, nullable=False),
    Column("started_at", Instant),
    ref("started_by", "person"),
    Index("change_request_ticket", "ticket_id", unique=True, **only("state IN ('draft', 'sent', 'confirmed')")),
    Index("change_request_client", "client_id", "id"),
    Index("change_request_message", "message_id", **only("message_id IS NOT NULL")),
    sqlite_autoincrement=True,
)

project: Final = Table(
    "project",
    metadata,
    key(),
    Column("origin", Text, nullable=False, unique=True),
    ref("client_id", "client", required=True),
    Column("title", Text, nullable=False),
    ref("person_id", "person"),  # of the client's: who is asked how a stage went
    ref("business_id", "person"),
    ref("technical_id", "person"),
    Column("state", Text, nullable=False),  # open, done
    at(),
    ref("by_id", "person"),
    Column("closed_at", Instant),
    Index("project_client", "client_id", "id"),
    Index("project_open", "id", **only("state = 'open'")),
    sqlite_autoincrement=True,
)

project_stage: Final = Table(
    "project_stage",
    metadata,
    key(),
    ref("project_id", "project", required=True),
    Column("stage", Text, nullable=False),  # a Stage
    Column("starts_on", Date, nullable=False),
    Column("due_on", Date, nullable=False),
    Column("done_at", Instant),
    ref("done_by", "person"),
    ref("survey_id", "survey"),
    UniqueConstraint("project_id", "stage"),
    sqlite_autoincrement=True,
)

project_task: Final = Table(
    "project_task",
    metadata,
    key(),
    ref("project_id", "project", required=True),
    Column("origin", Text, unique=True),  # what brought it; NULL: a person wrote it
    Column("stage", Text, nullable=False),
    Column("title", Text, nullable=False),
    ref("owner_id", "person"),
    Column("due_on", Date),
    Column("halves", Integer, nullable=False),  # half days of work
    at(),
    ref("by_id", "person"),
    Column("done_at", Instant),
    ref("done_by", "person"),
    Column("removed_at", Instant),
    Index("project_task_project", "project_id", "id"),
    sqlite_autoincrement=True,
)

project_event: Final = Table(
    "project_event",
    metadata,
    key(),
    ref("project_id", "project", required=True),
    Column("kind", Text, nullable=False),
    Column("facts", JSON, nullable=False),
    at(),
    ref("by_id", "person"),
    Index("project_event_project", "project_id", "at"),
    sqlite_autoincrement=True,
)

project_brief: Final = Table(
    "project_brief",
    metadata,
    key(),
    ref("project_id", "project", required=True),
    ref("client_id", "client", required=True),
    Column("first_on", Date, nullable=False),
    Column("last_on", Date, nullable=False),
    Column("language", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("edits", Integer, nullable=False),
    Column("state", Text, nullable=False),  # draft, approved, sent, withdrawn
    at(),
    Column("approved_at", Instant),
    ref("approved_by", "person"),
    Column("sent_at", Instant),
    ref("message_id", "message"),
    Column("why", Text, nullable=False),
    UniqueConstraint("project_id", "first_on"),
    Index("project_brief_state", "state", "id"),
    sqlite_autoincrement=True,
)
