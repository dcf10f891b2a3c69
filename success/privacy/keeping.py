"""How long what is kept: the desk's rules, and what holds where there is none. Transaction bodies."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, select

from store.db import insert_into
from success.privacy.tables import rule

BACKUPS: Final = "backups"
"""How long the installation keeps copies of its database: what people do, told to the page; nothing is done by it."""
USUAL_BACKUPS: Final = 3
LONGEST: Final = 120
MONTH: Final = timedelta(days=30.5)
USUAL: Final[Mapping[str, int]] = {"webhooks": 1, "checks": 3, "alerts": 3, "dead": 12}
"""Months of what the program writes for itself, without a rule; what people said is kept for good then."""


def rules(conn: Connection) -> Mapping[str, int | None]:
    """The months that are set, by name."""
    return {row.name: row.months for row in conn.execute(select(rule.c.name, rule.c.months))}


def span(conn: Connection, name: str) -> timedelta | None:
    """How long something is kept, by its rule or as usual; None: for good."""
    months = rules(conn).get(name) or USUAL.get(name)
    return months * MONTH if months else None


def backups(conn: Connection) -> int:
    """For how many months backups are kept."""
    return rules(conn).get(BACKUPS) or USUAL_BACKUPS


def keep_for(conn: Connection, name: str, months: int | None, *, by: int, now: datetime) -> None:
    """Set how long something is kept; None: as long as the desk exists."""
    values = {"months": months, "by_id": by, "at": now}
    statement = insert_into(conn, rule).values(name=name, **values)
    conn.execute(statement.on_conflict_do_update(index_elements=["name"], set_=values))
