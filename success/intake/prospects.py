"""Whom the desk lets ask for a project who is no client. Transaction bodies."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from handoff import directory
from store.db import insert_into
from success.intake.tables import setting as settings


@dataclass(frozen=True, kw_only=True)
class Prospects:
    """Whether those who are no client may be asked, and whose web chat is our own front door."""

    allowed: bool = False
    door_id: int | None = None


def prospects(conn: Connection) -> Prospects:
    """Whom the desk lets ask for a project."""
    row = conn.execute(select(settings)).first()
    return Prospects() if row is None else Prospects(allowed=row.prospects, door_id=row.door_id)


def allow(conn: Connection, *, allowed: bool, door_id: int | None, by: int, now: datetime) -> None:
    """Set whom it lets. Raises NotFound for a client there is none of."""
    if door_id is not None:
        directory.client(conn, door_id)
    values = {"prospects": allowed, "door_id": door_id, "by_id": by, "at": now}
    statement = insert_into(conn, settings).values(id=1, **values)
    conn.execute(statement.on_conflict_do_update(index_elements=["id"], set_=values))
