"""Tables of what we owe whom, on the project's one metadata: contracts in force, holidays, agreements, closures.

Nothing here is overwritten: the newest row of `contract_adoption` is in force, a replaced agreement stays.
`by_id` is NULL where the program itself did it, at its start.
"""

from typing import Final

from sqlalchemy import JSON, Boolean, Column, Date, ForeignKey, Index, Integer, Table, Text

from handoff.columns import at, key, ref
from store.db import Instant
from store.tables import BigId, metadata

contract_adoption: Final = Table(
    "contract_adoption",
    metadata,
    key(),
    Column("version", Text, ForeignKey("contract_version.version"), nullable=False),
    at(),
    ref("by_id", "person"),
    Column("source", Text, nullable=False),  # file, desk, holidays
    Column("digest", Text),  # of the file's document, where it came from one
    Column("reason", Text, nullable=False),
    sqlite_autoincrement=True,
)

holiday_year: Final = Table(
    "holiday_year",
    metadata,
    Column("country", Text, primary_key=True),
    Column("year", Integer, primary_key=True, autoincrement=False),
    Column("source", Text, nullable=False),
    at(),
    ref("by_id", "person"),
)

holiday: Final = Table(
    "holiday",
    metadata,
    Column("country", Text, primary_key=True),
    Column("day", Date, primary_key=True),
    Column("kind", Text, nullable=False),  # off, makeup
    Column("name", Text, nullable=False),
)

closure: Final = Table(
    "closure",
    metadata,
    key(),
    ref("client_id", "client", required=True),
    Column("first", Date, nullable=False),
    Column("last", Date, nullable=False),
    Column("around_the_clock", Boolean, nullable=False),  # whether 24x7 calendars close too
    Column("why", Text, nullable=False),
    ref("by_id", "person"),
    at(),
    Column("removed_at", Instant),
    Index("closure_client", "client_id"),
)

agreement: Final = Table(
    "agreement",
    metadata,
    key(),
    ref("client_id", "client", required=True),
    Column("tier", Text, nullable=False),
    Column("starts_on", Date, nullable=False),
    Column("ends_on", Date),
    Column("fee", Integer),  # a year, in whole units of the currency
    Column("currency", Text, nullable=False),
    Column("scope", Text, nullable=False),
    Column("entitlements", JSON, nullable=False),  # [{name, amount, unit}], each year
    at(),
    ref("by_id", "person"),
    Column("replaced_at", Instant),
    Index("agreement_client", "client_id", "starts_on"),
)

entitlement_use: Final = Table(
    "entitlement_use",
    metadata,
    key(),
    ref("client_id", "client", required=True),
    Column("name", Text, nullable=False),
    Column("amount", Integer, nullable=False),
    Column("used_on", Date, nullable=False),  # by the client's calendar
    Column("note", Text, nullable=False),
    Column("ticket_id", BigId, ForeignKey("ticket.id")),
    at(),
    ref("by_id", "person"),
    Index("entitlement_use_client", "client_id", "used_on"),
)

authorised_contact: Final = Table(
    "authorised_contact",
    metadata,
    Column("client_id", BigId, ForeignKey("client.id"), primary_key=True),
    Column("person_id", BigId, ForeignKey("person.id"), primary_key=True),
    Column("powers", JSON, nullable=False),  # of money, contract, deletion, credentials, domain
    at(),
    ref("by_id", "person"),
    Index("authorised_contact_person", "person_id"),
)
