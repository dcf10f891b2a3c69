"""Tables of incidents, of alerts that came in, of calls that go out, and of clients' campaigns.

An incident's `key` is its cause: while one of that cause is live there is no second. What it is now is derived from
`incident_event`, which is only ever added to.
"""

from typing import Final

from sqlalchemy import JSON, Boolean, Column, Date, Index, Integer, Table, Text, UniqueConstraint

from handoff.columns import at, key, only, ref
from store.db import Instant
from store.tables import BigId, metadata

LIVE: Final = "state IN ('suggested', 'open', 'monitoring')"

incident: Final = Table(
    "incident",
    metadata,
    key(),
    Column("key", Text, nullable=False),
    Column("server", Text, nullable=False),  # "" where it is of no one server
    Column("title", Text, nullable=False),
    Column("severity", Text, nullable=False),  # a Severity
    Column("state", Text, nullable=False),  # an IncidentState
    Column("started_at", Instant, nullable=False),
    Column("resolved_at", Instant),
    Column("closed_at", Instant),
    at(),
    ref("by_id", "person"),  # NULL: a rule, or the desk itself
    Column("rule", Text, nullable=False),  # the rule that opened it, "" for none
    Index("incident_live", "key", unique=True, **only(LIVE)),
    Index("incident_started", "started_at"),
    sqlite_autoincrement=True,
)

incident_event: Final = Table(
    "incident_event",
    metadata,
    key(),
    ref("incident_id", "incident", required=True),
    Column("seq", Integer, nullable=False),
    at(),
    Column("kind", Text, nullable=False),  # a Happening
    ref("by_id", "person"),
    Column("rule", Text, nullable=False),
    Column("facts", JSON, nullable=False),
    UniqueConstraint("incident_id", "seq"),
    sqlite_autoincrement=True,
)

incident_member: Final = Table(
    "incident_member",
    metadata,
    key(),
    ref("incident_id", "incident", required=True),
    Column("kind", Text, nullable=False),  # ticket, site, alert, client
    Column("subject", BigId, nullable=False),
    Column("standing", Text, nullable=False),  # linked, suggested, left
    at(),
    ref("by_id", "person"),
    UniqueConstraint("incident_id", "kind", "subject"),
    Index("incident_member_subject", "kind", "subject"),
    sqlite_autoincrement=True,
)

incident_said: Final = Table(
    "incident_said",
    metadata,
    key(),
    ref("incident_id", "incident", required=True),
    Column("batch", Text, nullable=False),  # first:1, update:7, all_clear:1
    ref("chat_id", "chat", required=True),
    ref("client_id", "client", required=True),
    Column("kind", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("name", Text, nullable=False),
    ref("by_id", "person"),
    at(),
    Column("send_at", Instant, nullable=False),
    Column("state", Text, nullable=False),  # waiting, said, overtaken, unreachable
    ref("message_id", "message"),
    Column("said_at", Instant),
    UniqueConstraint("incident_id", "chat_id", "batch"),
    sqlite_autoincrement=True,
)

incident_report: Final = Table(
    "incident_report",
    metadata,
    key(),
    ref("incident_id", "incident", required=True),
    Column("version", Integer, nullable=False),
    Column("text", Text, nullable=False),
    ref("by_id", "person"),  # NULL: drafted from the events
    at(),
    Column("finished", Boolean, nullable=False),
    UniqueConstraint("incident_id", "version"),
    sqlite_autoincrement=True,
)

alert: Final = Table(
    "alert",
    metadata,
    key(),
    Column("fingerprint", Text, nullable=False),
    Column("starts_at", Instant, nullable=False),
    Column("status", Text, nullable=False),  # firing, resolved
    Column("ends_at", Instant),
    Column("name", Text, nullable=False),
    Column("severity", Text, nullable=False),
    Column("group_key", Text, nullable=False),
    Column("labels", JSON, nullable=False),
    Column("annotations", JSON, nullable=False),
    Column("link", Text, nullable=False),
    Column("server", Text, nullable=False),
    ref("site_id", "site"),
    ref("client_id", "client"),
    Column("first_at", Instant, nullable=False),
    Column("last_at", Instant, nullable=False),
    Column("times", Integer, nullable=False),
    UniqueConstraint("fingerprint", "starts_at"),
    Index("alert_group", "group_key", "status"),
    Index("alert_seen", "last_at"),
    sqlite_autoincrement=True,
)

alert_token: Final = Table(
    "alert_token",
    metadata,
    key(),
    Column("name", Text, nullable=False),
    Column("hash", Text, nullable=False, unique=True),
    Column("hint", Text, nullable=False),
    at(),
    ref("by_id", "person", required=True),
    Column("used_at", Instant),
    Column("revoked_at", Instant),
    ref("revoked_by", "person"),
    sqlite_autoincrement=True,
)

hook: Final = Table(
    "hook",
    metadata,
    key(),
    Column("name", Text, nullable=False, unique=True),  # what rules and campaigns call it
    Column("url", Text, nullable=False),
    Column("secret", Text, nullable=False),
    at(),
    ref("by_id", "person", required=True),
    sqlite_autoincrement=True,
)

hook_call: Final = Table(
    "hook_call",
    metadata,
    key(),
    Column("origin", Text, nullable=False, unique=True),
    Column("hook", Text, nullable=False),
    Column("body", JSON, nullable=False),
    Column("state", Text, nullable=False),  # waiting, taken, failed, unset
    at(),
    Column("tries", Integer, nullable=False),
    Column("status", Integer),
    Column("answer", Text, nullable=False),
    Column("ended_at", Instant),
    ref("incident_id", "incident"),
    ref("by_id", "person"),
    Index("hook_call_incident", "incident_id"),
    sqlite_autoincrement=True,
)

campaign: Final = Table(
    "campaign",
    metadata,
    key(),
    ref("client_id", "client", required=True),
    Column("name", Text, nullable=False),
    Column("starts_on", Date, nullable=False),  # days in the client's zone
    Column("ends_on", Date, nullable=False),
    Column("peak", Text, nullable=False),
    Column("sites", JSON, nullable=False),  # ids; [] for all
    Column("notes", Text, nullable=False),
    Column("hook", Text, nullable=False),  # what standby means, "" for nothing
    Column("checked", JSON, nullable=False),  # what each look ahead found, by its days
    at(),
    ref("by_id", "person"),
    Column("changed_at", Instant, nullable=False),
    Column("removed_at", Instant),
    Index("campaign_client", "client_id", "starts_on", **only("removed_at IS NULL")),
    sqlite_autoincrement=True,
)
