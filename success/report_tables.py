"""Tables of reports, of who gets which, and of visits that were imported, on the project's one metadata."""

from typing import Final

from sqlalchemy import JSON, Boolean, Column, Date, Index, Integer, Table, Text

from handoff.columns import at, key, only, ref
from store.db import Instant
from store.tables import metadata

report: Final = Table(
    "report",
    metadata,
    key(),
    Column("kind", Text, nullable=False),  # a Kind
    Column("subject", Text, nullable=False),  # "client:7", or "agency": what there is one of for each period
    ref("client_id", "client"),
    Column("first_on", Date, nullable=False),
    Column("last_on", Date, nullable=False),
    Column("language", Text, nullable=False),
    Column("zone", Text, nullable=False),
    Column("state", Text, nullable=False),  # a State
    Column("facts", JSON, nullable=False),  # the numbers, and the rows they come from; never changed
    Column("words", JSON, nullable=False),  # what a person wrote in place of our own words
    Column("edits", Integer, nullable=False),
    at(),
    ref("by_id", "person"),  # NULL: the program
    Column("approved_at", Instant),
    ref("approved_by", "person"),
    Column("sent_at", Instant),
    Column("sent", JSON, nullable=False),  # to where, and the file
    Column("withdrawn_at", Instant),
    ref("withdrawn_by", "person"),
    Column("why", Text, nullable=False),  # it was withdrawn, or did not leave
    Index("report_one", "subject", "kind", "first_on", unique=True, **only("state <> 'withdrawn'")),
    Index("report_client", "client_id", "id"),
    Index("report_state", "state", "id"),
    sqlite_autoincrement=True,
)

report_choice: Final = Table(
    "report_choice",
    metadata,
    ref("client_id", "client", primary_key=True),
    Column("health", Boolean, nullable=False),
    Column("brief", Boolean, nullable=False),
    Column("quarter", Boolean, nullable=False),
    Column("language", Text),  # NULL: the client's own
    ref("by_id", "person"),
    Column("changed_at", Instant, nullable=False),
)

report_office: Final = Table(
    "report_office",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),  # 1: there is one office
    Column("agency", Text, nullable=False),
    Column("review", Boolean, nullable=False),
    Column("week", Boolean, nullable=False),
    Column("minutes", Integer, nullable=False),  # of a person's work that an answer of the bot saves
    Column("hourly", Integer, nullable=False),  # what an hour of it costs
    Column("currency", Text, nullable=False),
    ref("by_id", "person"),
    Column("changed_at", Instant, nullable=False),
)

traffic_import: Final = Table(
    "traffic_import",
    metadata,
    key(),
    ref("site_id", "site", required=True),
    Column("kind", Text, nullable=False),  # a Source
    Column("name", Text, nullable=False),  # the file's
    Column("first_on", Date),
    Column("last_on", Date),
    Column("lines", Integer, nullable=False),
    Column("broken", Integer, nullable=False),
    Column("bots", Integer, nullable=False),
    ref("by_id", "person"),  # NULL: the command line
    at(),
    Index("traffic_import_site", "site_id", "id"),
    sqlite_autoincrement=True,
)

traffic: Final = Table(
    "traffic",
    metadata,
    ref("site_id", "site", primary_key=True),
    Column("first_on", Date, primary_key=True),  # a day, or a span that its file did not part into days
    Column("last_on", Date, primary_key=True),
    Column("visits", Integer),  # NULL where the file did not say
    Column("views", Integer),
    Column("bounces", Integer),
    Column("sources", JSON),  # {group: visits}
    Column("pages", JSON),  # [[path, views]], the most seen first
    ref("import_id", "traffic_import", required=True),
)
