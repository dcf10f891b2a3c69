"""Tables of site checks, on the project's one metadata: runs, what they found, how sites stand, what is set for them.

A run's `facts` are the whole look, trimmed; after 90 days the runs of a day become one row of `site_check_day`, but for
security tests, which stay as the month's record.
"""

from typing import Final

from sqlalchemy import JSON, Boolean, Column, Date, ForeignKey, Index, Integer, Table, Text, text

from store.db import Instant
from store.tables import BigId, metadata

site_check_run: Final = Table(
    "site_check_run",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=True),
    Column("site_id", BigId, ForeignKey("site.id"), nullable=False),
    Column("client_id", BigId, ForeignKey("client.id"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("cause", Text, nullable=False),
    Column("ticket_id", BigId, ForeignKey("ticket.id")),
    Column("at", Instant, nullable=False),
    Column("ended_at", Instant, nullable=False),
    Column("verdict", Text, nullable=False),  # by this run alone
    Column("trouble", Text),
    Column("status", Integer),
    Column("dns_ms", Integer),
    Column("connect_ms", Integer),
    Column("tls_ms", Integer),
    Column("first_byte_ms", Integer),
    Column("total_ms", Integer),
    Column("weight", Integer),
    Column("facts", JSON, nullable=False),
    Column("found", JSON, nullable=False),
    Index("site_check_run_site", "site_id", "at"),
    Index("site_check_run_at", "at"),
    sqlite_autoincrement=True,
)

site_check_state: Final = Table(
    "site_check_state",
    metadata,
    Column("site_id", BigId, ForeignKey("site.id"), primary_key=True),
    Column("state", Text, nullable=False),
    Column("since", Instant, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("run_id", BigId),  # the last one; rows of runs go with time, so this is no foreign key
    Column("checked_at", Instant),
    Column("address", Text, nullable=False, server_default=""),  # which was checked
    Column("light_due", Instant, nullable=False),
    Column("full_due", Instant, nullable=False),
    Column("security_at", Instant),
    Column("asked_at", Instant),  # since when a check waits to be made
    Index("site_check_state_light", "light_due"),
    Index("site_check_state_full", "full_due"),
)

site_check_plan: Final = Table(
    "site_check_plan",
    metadata,
    Column("site_id", BigId, ForeignKey("site.id"), primary_key=True),
    Column("interval_s", Integer),
    Column("keyword", Text, nullable=False),
    Column("paused", Boolean, nullable=False),
    Column("changed_by", BigId, ForeignKey("person.id")),
    Column("changed_at", Instant, nullable=False),
)

site_finding: Final = Table(
    "site_finding",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=True),
    Column("site_id", BigId, ForeignKey("site.id"), nullable=False),
    Column("client_id", BigId, ForeignKey("client.id"), nullable=False),
    Column("name", Text, nullable=False),  # the key, and what tells findings of one key apart
    Column("key", Text, nullable=False),
    Column("area", Text, nullable=False),
    Column("severity", Text, nullable=False),
    Column("facts", JSON, nullable=False),
    Column("security", Boolean, nullable=False),
    Column("first_seen_at", Instant, nullable=False),
    Column("last_seen_at", Instant, nullable=False),
    Column("fixed_at", Instant),
    Column("accepted_at", Instant),
    Column("accepted_by", BigId, ForeignKey("person.id")),
    Column("accepted_why", Text, nullable=False, server_default=""),
    Index(
        "site_finding_open",
        "site_id",
        "name",
        unique=True,
        sqlite_where=text("fixed_at IS NULL"),
        postgresql_where=text("fixed_at IS NULL"),
    ),
    Index("site_finding_client", "client_id", "first_seen_at"),
    sqlite_autoincrement=True,
)

site_check_day: Final = Table(
    "site_check_day",
    metadata,
    Column("site_id", BigId, ForeignKey("site.id"), primary_key=True),
    Column("day", Date, primary_key=True),  # in UTC
    Column("client_id", BigId, ForeignKey("client.id"), nullable=False),
    Column("runs", Integer, nullable=False),
    Column("up", Integer, nullable=False),
    Column("first_byte_p50", Integer),
    Column("first_byte_p95", Integer),
    Column("total_p50", Integer),
    Column("total_p95", Integer),
)
