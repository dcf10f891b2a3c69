"""Tables of questionnaires: forms as they were written, interviews, their answers, what was asked, notes, the switch.

An answer is never changed: another one of the same question takes its place. A form's text stays as long as an
interview goes by it.
"""

from typing import Final

from sqlalchemy import JSON, Boolean, Column, Index, Integer, Table, Text

from handoff.columns import at, key, only, ref
from store.db import Instant
from store.tables import BigId, metadata

form: Final = Table(
    "intake_form",
    metadata,
    Column("version", Text, primary_key=True),
    Column("key", Text, nullable=False),
    Column("source", Text, nullable=False),  # YAML as it was written
    at(),
    ref("by_id", "person"),  # NULL: it came with the program
    Column("published_at", Instant, nullable=False),  # the one of a key published last is asked
    Index("intake_form_key", "key", "published_at"),
)

interview: Final = Table(
    "intake",
    metadata,
    key(),
    Column("form_version", Text, nullable=False),
    ref("conversation_id", "conversation", required=True),
    ref("person_id", "person"),  # who is asked; NULL until somebody answers
    ref("by_id", "person"),  # the colleague who began it; NULL: who is asked said so
    ref("client_id", "client"),  # NULL: a prospect
    Column("language", Text, nullable=False),
    Column("state", Text, nullable=False),  # a State
    Column("asked", Text),  # the question that waits for an answer
    Column("pending", JSON),  # what was named back and waits for a word
    Column("skipped", JSON, nullable=False),
    Column("named", JSON, nullable=False),  # questions that were named back
    ref("holder_id", "person"),  # the colleague who has it; NULL: the program
    Column("held_at", Instant),
    Column("given_back", BigId, nullable=False),  # the last message when it was begun or given back
    Column("heard_at", Instant, nullable=False),
    Column("reminded_at", Instant),
    ref("assignee_id", "person"),
    at(),
    Column("ready_at", Instant),
    Column("closed_at", Instant),
    ref("closed_by", "person"),
    Index("intake_conversation", "conversation_id", "id"),
    Index("intake_state", "state", "id"),
    sqlite_autoincrement=True,
)

answer: Final = Table(
    "intake_answer",
    metadata,
    key(),
    ref("intake_id", "intake", required=True),
    Column("question", Text, nullable=False),
    Column("value", JSON, nullable=False),
    Column("quote", Text, nullable=False),
    ref("person_id", "person"),
    ref("message_id", "message"),
    Column("files", JSON, nullable=False),  # ids of the message's attachments
    Column("doubt", Text, nullable=False),
    at(),
    Column("former_at", Instant),  # when another one took its place
    Index("intake_answer_of", "intake_id", "question", "id"),
    Index("intake_answer_now", "intake_id", "question", unique=True, **only("former_at IS NULL")),
    sqlite_autoincrement=True,
)

asked: Final = Table(
    "intake_message",
    metadata,
    ref("message_id", "message", primary_key=True),
    ref("intake_id", "intake", required=True),
    Column("question", Text, nullable=False),  # "" where it asks none
    Index("intake_message_of", "intake_id"),
)

note: Final = Table(
    "intake_note",
    metadata,
    key(),
    ref("intake_id", "intake", required=True),
    ref("person_id", "person", required=True),
    Column("text", Text, nullable=False),
    at(),
    Index("intake_note_of", "intake_id", "id"),
    sqlite_autoincrement=True,
)

setting: Final = Table(
    "intake_setting",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("prospects", Boolean, nullable=False),
    ref("door_id", "client"),  # the client whose web chat is our own front door
    ref("by_id", "person"),
    at(),
)
