"""This room's tables, on the project's one metadata.

`ticket_event` is what happened; `ticket.state` and its neighbours, and every row of `clock`, are caches for queries
that a test rebuilds from it. A ticket's number is its id plus 1000 ("T-1001").
"""

from typing import Final

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
    false,
    literal_column,
    text,
)

from handoff.columns import key, only, ref
from store.db import Instant
from store.tables import BigId, metadata

_UNSOLVED: Final = "state IN ('new', 'open', 'waiting')"  # as partial indices hold it


client: Final = Table(
    "client",
    metadata,
    key(),
    Column("slug", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("tier", Text, nullable=False),
    Column("timezone", Text, nullable=False),
    Column("language", Text),
    Column("site", Text),
    Column("cms", Text),
    Column("hosting", Text),
    Column("web_key", Text, nullable=False, unique=True),
    Column("created_at", Instant, nullable=False),
    Column("success_id", BigId),  # its customer success manager; no foreign key: a person knows their client
    Column("technical_id", BigId),  # and its technical manager
    Column("archived_at", Instant),
)

person: Final = Table(
    "person",
    metadata,
    key(),
    Column("kind", Text, nullable=False),
    Column("name", Text, nullable=False),
    ref("client_id", "client"),
    Column("role", Text),
    Column("login", Text, unique=True),
    Column("active", Boolean, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("name_kept", Boolean, nullable=False, server_default=false()),  # set by hand: a platform changes it no more
)

identity: Final = Table(
    "identity",
    metadata,
    Column("platform", Text, primary_key=True),
    Column("external_id", Text, primary_key=True),
    Column("person_id", BigId, ForeignKey("person.id"), nullable=False, index=True),
)

chat: Final = Table(
    "chat",
    metadata,
    key(),
    Column("platform", Text, nullable=False),
    Column("external_id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    ref("client_id", "client"),
    Column("mode", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("title", Text),
    Column("invited_at", Instant),  # when it was told, once, how to be bound
    Column("lost_at", Instant),  # since when nothing of ours gets through
    Column("purpose", Text, nullable=False, server_default="client"),  # a ChatPurpose
    Column("person_id", BigId),  # whose direct chat it is; no foreign key, as a person may be made after it
    Column("language", Text),  # a staff chat's
    Column("timezone", Text),
    Index("chat_purpose", "purpose", **only("purpose <> 'client'")),
    Index("chat_person", "person_id", **only("person_id IS NOT NULL")),
    UniqueConstraint("platform", "external_id"),
)

binding_code: Final = Table(
    "binding_code",
    metadata,
    Column("code_hash", Text, primary_key=True),
    ref("client_id", "client"),  # binds a chat to this client, or
    ref("person_id", "person"),  # a platform's account to this colleague; with neither it makes a staff chat
    ref("by_id", "person", required=True),
    Column("at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("used_at", Instant),
    Column("language", Text),  # of a staff chat to be
    Column("timezone", Text),
)

conversation: Final = Table(
    "conversation",
    metadata,
    key(),
    ref("chat_id", "chat", required=True),
    Column("thread", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    UniqueConstraint("chat_id", "thread"),
)

ticket: Final = Table(
    "ticket",
    metadata,
    key(),
    ref("client_id", "client"),
    ref("conversation_id", "conversation", required=True),
    ref("requester_id", "person", required=True),
    Column("level", Text, nullable=False),
    Column("category", Text),
    Column("title", Text, nullable=False),
    Column("summary", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("tier", Text, nullable=False),
    Column("state", Text, nullable=False),
    ref("assignee_id", "person"),
    Column("since", Instant, nullable=False),
    Column("opened_at", Instant, nullable=False),
    Column("resolved_at", Instant),
    Column("snoozed_until", Instant),
    Column("urgent", Integer, nullable=False),
    Column("policy", Text, nullable=False),
    Column("next_due", Instant),  # of its running clocks
    ref("merged_into", "ticket"),  # the ticket that it lives on in
    ref("asked_id", "person"),
    Column("team", Text),
    Index("ticket_assignee", "assignee_id", "state"),
    Index("ticket_conversation", "conversation_id", "id"),
    Index("ticket_talk", "conversation_id", "opened_at", "id"),
    Index("ticket_client", "client_id", "id"),
    Index("ticket_merged", "merged_into", **only("merged_into IS NOT NULL")),
    Index("ticket_resolved", "resolved_at", "id", **only("state = 'resolved'")),
    sqlite_autoincrement=True,
)
unsolved: Final = ticket.c.state.in_([literal_column(f"'{state}'") for state in ("new", "open", "waiting")])
"""That people have the ticket, in literals: a bound parameter finds no partial index."""
_BAND: Final = (ticket.c.next_due, ticket.c.urgent.desc(), ticket.c.id)  # the order of a queue
Index("ticket_open", *_BAND, **only(f"{_UNSOLVED} AND level <> 'emergency'"))
Index("ticket_pressing", *_BAND, ticket.c.assignee_id, ticket.c.state, **only(f"{_UNSOLVED} AND level = 'emergency'"))
Index("ticket_waiting", *_BAND, **only("state = 'waiting' AND level <> 'emergency'"))
Index("ticket_asked", ticket.c.asked_id, *_BAND, **only(f"{_UNSOLVED} AND assignee_id IS NULL"))
Index("ticket_assigned", ticket.c.assignee_id, *_BAND, **only(f"{_UNSOLVED} AND level <> 'emergency'"))
Index("ticket_client_open", ticket.c.client_id, *_BAND, **only(f"{_UNSOLVED} AND level <> 'emergency'"))
Index("ticket_team_open", ticket.c.team, *_BAND, **only(f"{_UNSOLVED} AND level <> 'emergency' AND team IS NOT NULL"))

turn: Final = Table(
    "turn",
    metadata,
    key(),
    ref("conversation_id", "conversation", required=True),
    ref("person_id", "person"),
    Column("message_ids", JSON, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("level", Text, nullable=False),
    Column("category", Text),
    Column("language", Text, nullable=False),
    Column("question", Text, nullable=False),
    ref("ticket_id", "ticket"),
    Column("reply_id", BigId),  # no foreign key: the reply knows its turn, and one of the two is written first
    Column("index_version", Text),
    Column("evidence", Float),
    Column("citations", JSON, nullable=False),
    Column("trace", JSON, nullable=False),
    Column("at", Instant, nullable=False),
    Column("ms", Integer, nullable=False),
    Index("turn_conversation", "conversation_id", "id"),
    Index("turn_at", "at"),
)

message: Final = Table(
    "message",
    metadata,
    key(),
    ref("conversation_id", "conversation", required=True),
    ref("chat_id", "chat", required=True),
    ref("person_id", "person"),
    Column("author", Text, nullable=False),
    Column("audience", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("citations", JSON, nullable=False),
    Column("buttons", JSON, nullable=False),
    Column("video", Text),
    Column("attachments", JSON, nullable=False),
    Column("external_id", Text),
    Column("reply_to", BigId),
    Column("mentioned", Boolean, nullable=False),
    Column("at", Instant, nullable=False),
    Column("stored_at", Instant, nullable=False),
    ref("turn_id", "turn"),
    ref("ticket_id", "ticket"),
    Column("delivery", Text),
    Column("delivered_at", Instant),
    Column("sent", JSON),  # the platform's ids of everything that it became
    Column("edits", Integer, nullable=False, server_default="0"),  # how often it was changed; names the last one's job
    Column("pressed", Text),
    Column("pressed_at", Instant),
    UniqueConstraint("chat_id", "external_id"),
    Index("message_conversation", "conversation_id", "id"),
    Index("message_ticket", "ticket_id", "id"),
    Index("message_at", "at"),
    Index("message_person", "person_id", "at", "chat_id"),
    Index(
        "message_unhandled",
        "conversation_id",
        "person_id",
        sqlite_where=text("turn_id IS NULL AND author = 'client'"),
        postgresql_where=text("turn_id IS NULL AND author = 'client'"),
    ),
    sqlite_autoincrement=True,
)

ticket_event: Final = Table(
    "ticket_event",
    metadata,
    key(),
    ref("ticket_id", "ticket", required=True),
    Column("seq", Integer, nullable=False),
    Column("at", Instant, nullable=False),
    Column("recorded_at", Instant, nullable=False),
    Column("kind", Text, nullable=False),
    ref("actor_id", "person"),
    Column("data", JSON, nullable=False),
    UniqueConstraint("ticket_id", "seq"),
    Index("ticket_event_heard", "at", **only("kind = 'client_wrote'")),
    Index("ticket_event_recorded", "recorded_at", "id"),
)

clock: Final = Table(
    "clock",
    metadata,
    Column("ticket_id", BigId, ForeignKey("ticket.id"), primary_key=True),
    Column("kind", Text, primary_key=True),  # a ClockKind
    Column("cycle", Integer, primary_key=True),  # next responses are asked for again and again
    Column("state", Text, nullable=False),
    Column("started_at", Instant),
    Column("due_at", Instant),
    Column("stopped_at", Instant),
    Column("breached_at", Instant),
    Column("held_at", Instant),
    Column("target", Text, nullable=False),
    Column("policy", Text, nullable=False),
    Column("elapsed_s", Integer, nullable=False),  # open seconds used up at read_at
    Column("read_at", Instant, nullable=False),
    Index("clock_started", "started_at"),
    Index(
        "clock_running",
        "due_at",
        "ticket_id",
        sqlite_where=text("state = 'running'"),
        postgresql_where=text("state = 'running'"),
    ),
)

timer: Final = Table(
    "timer",
    metadata,
    Column("ticket_id", BigId, ForeignKey("ticket.id"), primary_key=True),
    Column("name", Text, primary_key=True),  # a clock's kind, or another reason to look at the ticket again
    Column("seq", Integer, nullable=False),  # part of the job's dedupe key
    Column("armed_at", Instant),
)

notice: Final = Table(
    "notice",
    metadata,
    key(),
    ref("ticket_id", "ticket", required=True),
    ref("person_id", "person"),
    Column("kind", Text, nullable=False),
    Column("text_key", Text, nullable=False),
    Column("data", JSON, nullable=False),
    Column("at", Instant, nullable=False),
    Column("read_at", Instant),
    Index("notice_person", "person_id", "read_at", "id"),
)

contract_version: Final = Table(
    "contract_version",
    metadata,
    Column("version", Text, primary_key=True),
    Column("document", JSON, nullable=False),
    Column("adopted_at", Instant, nullable=False),
)
