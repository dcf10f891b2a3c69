"""Tables of what other programs use: tokens, replies kept for repeated requests, webhooks out and their log."""

from typing import Final

from sqlalchemy import JSON, Boolean, Column, ForeignKey, Index, Integer, Table, Text

from handoff.columns import at, key, only, ref
from store.db import Instant
from store.tables import BigId, metadata

api_token: Final = Table(
    "api_token",
    metadata,
    key(),
    Column("name", Text, nullable=False),
    Column("hash", Text, nullable=False, unique=True),
    Column("hint", Text, nullable=False),  # the token's last letters, to tell it from others
    Column("scopes", JSON, nullable=False),
    ref("client_id", "client"),  # sees this client's records alone
    ref("person_id", "person", required=True),  # the colleague in whose name it acts
    ref("by_id", "person", required=True),
    at(),
    Column("expires_at", Instant),
    Column("used_at", Instant),
    Column("revoked_at", Instant),
    ref("revoked_by", "person"),
)

api_reply: Final = Table(
    "api_reply",
    metadata,
    ref("token_id", "api_token", primary_key=True),
    Column("key", Text, primary_key=True),  # the sender's Idempotency-Key
    Column("request", Text, nullable=False),  # a hash of what was asked
    Column("status", Integer, nullable=False),
    Column("headers", JSON, nullable=False),
    Column("body", JSON, nullable=False),
    Column("at", Instant, nullable=False, index=True),
)

webhook_endpoint: Final = Table(
    "webhook_endpoint",
    metadata,
    key(),
    Column("name", Text, nullable=False),
    Column("url", Text, nullable=False),
    Column("types", JSON, nullable=False),
    ref("client_id", "client"),  # hears of this client's matters alone
    Column("texts", Boolean, nullable=False),  # whether it is told what people wrote
    Column("active", Boolean, nullable=False),
    Column("secret", Text, nullable=False),
    Column("former_secret", Text),
    Column("former_until", Instant),  # until when the former secret signs too
    Column("failing_since", Instant),
    Column("off_why", Text),
    Column("removed_at", Instant),
    ref("by_id", "person", required=True),
    at(),
)

webhook_delivery: Final = Table(
    "webhook_delivery",
    metadata,
    key(),
    Column("name", Text, nullable=False, unique=True),  # the webhook-id: the same however often it is sent
    ref("endpoint_id", "webhook_endpoint", required=True),
    Column("type", Text, nullable=False),
    ref("ticket_id", "ticket"),
    Column("body", JSON, nullable=False),
    Column("state", Text, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("sends", Integer, nullable=False),  # how often it was put into the queue; names its job
    Column("at", Instant, nullable=False, index=True),
    Column("ended_at", Instant),
    Index("webhook_delivery_endpoint", "endpoint_id", "id"),
    Index("webhook_delivery_failed", "endpoint_id", "at", **only("state = 'failed'")),
    sqlite_autoincrement=True,
)

webhook_attempt: Final = Table(
    "webhook_attempt",
    metadata,
    Column("delivery_id", BigId, ForeignKey("webhook_delivery.id", ondelete="CASCADE"), primary_key=True),
    Column("n", Integer, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("ms", Integer, nullable=False),
    Column("status", Integer),
    Column("error", Text),
    Column("answer", Text),
)
