"""Tables of what clients were reminded of, on the project's one metadata.

A row of `reminder` is one step of one last day: it is there before anything is said, so a step is taken once. A row of
`reminder_notice` is one message, with what came back to it.
"""

from typing import Final

from sqlalchemy import Boolean, Column, Date, Index, Integer, Table, Text, UniqueConstraint

from handoff.columns import at, key, only, ref
from store.db import Instant
from store.tables import metadata

reminder_notice: Final = Table(
    "reminder_notice",
    metadata,
    key(),
    ref("client_id", "client", required=True),
    Column("ours", Boolean, nullable=False),  # it was told to our own people alone
    ref("chat_id", "chat"),  # the group where it was said
    ref("message_id", "message"),
    Column("letters", Integer, nullable=False),  # how many were posted with it
    at(),
    Column("answer", Text),  # acknowledged, later
    ref("person_id", "person"),  # which of the client's people pressed
    Column("answered_at", Instant),
    Column("again_at", Instant),  # when it is said again
    Index("reminder_notice_client", "client_id", "at"),
    Index("reminder_notice_again", "again_at", **only("again_at IS NOT NULL")),
    Index("reminder_notice_message", "message_id"),
    sqlite_autoincrement=True,
)

reminder: Final = Table(
    "reminder",
    metadata,
    key(),
    ref("client_id", "client", required=True),
    Column("subject", Text, nullable=False),  # such as site:5:icp or agreement:3
    ref("site_id", "site"),
    Column("what", Text, nullable=False),
    Column("title", Text, nullable=False),  # what the site was called then
    Column("last_on", Date, nullable=False),
    Column("step", Integer, nullable=False),  # days ahead; -1: the day after
    Column("state", Text, nullable=False),  # sent, skipped
    ref("notice_id", "reminder_notice"),  # the last message about it
    at(),
    ref("by_id", "person"),  # who skipped it or sent it early
    UniqueConstraint("subject", "last_on", "step"),
    Index("reminder_client", "client_id", "at"),
    Index("reminder_of_notice", "notice_id"),
    sqlite_autoincrement=True,
)

reminder_off: Final = Table(
    "reminder_off",
    metadata,
    Column("name", Text, primary_key=True),  # icp: of nobody; 5:icp, 5:all: of client 5
    ref("client_id", "client"),
    Column("what", Text, nullable=False),
    at(),
    ref("by_id", "person"),
)
