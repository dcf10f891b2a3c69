"""Tables of clients' sites, on the project's one metadata. A removed site stays, with when it was removed."""

from typing import Final

from sqlalchemy import Boolean, Column, Date, Index, Table, Text

from handoff.columns import at, key, only, ref
from store.db import Instant
from store.tables import metadata

site: Final = Table(
    "site",
    metadata,
    key(),
    ref("client_id", "client", required=True),
    Column("main", Boolean, nullable=False),  # the one that the client's own columns repeat
    Column("name", Text, nullable=False),
    Column("address", Text, nullable=False),  # a URL with an ASCII host, or "" where it is not known yet
    Column("cms", Text),
    Column("hosting", Text),
    Column("server", Text),
    Column("notes", Text, nullable=False),
    Column("icp", Text),
    Column("domain_on", Date),  # the last day of each
    Column("tls_on", Date),
    Column("hosting_on", Date),
    Column("icp_on", Date),
    Column("contract_on", Date),
    ref("by_id", "person"),
    at(),
    Column("changed_at", Instant, nullable=False),
    Column("removed_at", Instant),
    Column("tls_checked_at", Instant),  # when a check read `tls_on` from the certificate; a person's date has none
    Index("site_client", "client_id", **only("removed_at IS NULL")),
    sqlite_autoincrement=True,
)
