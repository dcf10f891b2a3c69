"""Tables of broadcasts to clients' groups, of who wants none, and of referrals, on the project's one metadata."""

from typing import Final

from sqlalchemy import JSON, Boolean, Column, Index, Table, Text, UniqueConstraint

from handoff.columns import at, key, only, ref
from store.db import Instant
from store.tables import metadata

broadcast: Final = Table(
    "broadcast",
    metadata,
    key(),
    Column("title", Text, nullable=False),  # for ourselves, and the subject of letters
    Column("texts", JSON, nullable=False),  # by language
    Column("wanted", JSON, nullable=False),  # whom it is for, by kind of choice
    Column("by_mail", Boolean, nullable=False),
    Column("local_at", Text, nullable=False),  # a wall clock's time at the client's; "": at once
    Column("state", Text, nullable=False),  # draft, sending, stopped, done
    at(),
    ref("by_id", "person"),
    Column("changed_at", Instant, nullable=False),
    ref("approved_by", "person"),
    Column("approved_at", Instant),
    ref("closed_by", "person"),  # who stopped it
    Column("closed_at", Instant),
    sqlite_autoincrement=True,
)

broadcast_place: Final = Table(
    "broadcast_place",
    metadata,
    key(),
    ref("broadcast_id", "broadcast", required=True),
    ref("client_id", "client", required=True),
    ref("chat_id", "chat"),  # a group, or
    Column("address", Text),  # an address of the client's
    Column("state", Text, nullable=False),  # waiting, sent, left, stopped
    Column("why", Text, nullable=False),  # why it was left out in the end
    Column("run_at", Instant, nullable=False),
    ref("message_id", "message"),
    ref("mail_id", "mail"),
    Column("sent_at", Instant),
    UniqueConstraint("broadcast_id", "chat_id"),
    UniqueConstraint("broadcast_id", "address"),
    Index("broadcast_place_message", "message_id", **only("message_id IS NOT NULL")),
    Index("broadcast_place_chat", "chat_id", "sent_at"),
    sqlite_autoincrement=True,
)

chat_refusal: Final = Table(
    "chat_refusal",
    metadata,
    ref("chat_id", "chat", primary_key=True),  # wants no broadcasts
    ref("person_id", "person"),  # which of the client's people said so
    ref("by_id", "person"),  # or who of ours noted it
    at(),
)

referral: Final = Table(
    "referral",
    metadata,
    key(),
    ref("client_id", "client", required=True),  # who sent them to us
    ref("person_id", "person"),  # which of its people, where we know
    Column("company", Text, nullable=False),
    Column("contact", Text, nullable=False),
    Column("reach", Text, nullable=False),  # telephone, address
    Column("note", Text, nullable=False),
    Column("state", Text, nullable=False),  # new, contacted, won, lost
    Column("reward", Text, nullable=False),
    Column("rewarded_at", Instant),
    at(),
    ref("by_id", "person"),
    Column("changed_at", Instant, nullable=False),
    Index("referral_client", "client_id", "at"),
    sqlite_autoincrement=True,
)
