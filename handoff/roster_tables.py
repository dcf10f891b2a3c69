"""Tables of the roster, on the project's one metadata: teams, skills, shifts, absences, presence, routing rules.

A shift's `weekly` is a calendar's (`{"mon": [["09:00", "18:00"]], …}`), read in the shift's own zone.
"""

from typing import Final

from sqlalchemy import JSON, Column, Date, ForeignKey, Index, Integer, Table, Text

from handoff.columns import key, ref
from store.db import Instant
from store.tables import BigId, metadata

team: Final = Table(
    "team",
    metadata,
    key(),
    Column("slug", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
)

team_member: Final = Table(
    "team_member",
    metadata,
    Column("team_id", BigId, ForeignKey("team.id"), primary_key=True),
    ref("person_id", "person", primary_key=True),
    Index("team_member_person", "person_id"),
)

person_skill: Final = Table(
    "person_skill",
    metadata,
    ref("person_id", "person", primary_key=True),
    Column("skill", Text, primary_key=True),
)

shift: Final = Table(
    "shift",
    metadata,
    key(),
    ref("person_id", "person", required=True),
    Column("zone", Text, nullable=False),
    Column("weekly", JSON, nullable=False),
    Column("first", Date, nullable=False),
    Column("last", Date),
    Index("shift_person", "person_id"),
)

absence: Final = Table(
    "absence",
    metadata,
    key(),
    ref("person_id", "person", required=True),
    Column("starts", Instant, nullable=False),
    Column("ends", Instant, nullable=False),
    Column("why", Text, nullable=False),
    Index("absence_person", "person_id", "ends"),
)

presence: Final = Table(
    "presence",
    metadata,
    ref("person_id", "person", primary_key=True),
    Column("state", Text, nullable=False),  # available, busy, away
    Column("until", Instant),
    Column("at", Instant, nullable=False),
    Column("asked_at", Instant),  # when a ticket was last routed to them: who is idle longest comes first
)

routing_rules: Final = Table(
    "routing_rules",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),  # one row
    Column("document", JSON, nullable=False),
    Column("at", Instant, nullable=False),
)
