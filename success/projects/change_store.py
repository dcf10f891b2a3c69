"""Change requests as they are kept. Transaction bodies that only read."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, select

from handoff.errors import NotFound
from success.projects import authority
from success.projects.change_rules import ChangeState, Effort, Scope
from success.projects.tables import change_request as changes

LIVE: Final = (ChangeState.DRAFT, ChangeState.SENT, ChangeState.CONFIRMED)


@dataclass(frozen=True, kw_only=True)
class Change:
    """A change request. `total` is in whole units of the currency; in scope it is 0, with an `allowance` or without."""

    id: int
    client_id: int
    ticket_id: int
    project_id: int | None
    title: str
    says: str
    scope: Scope
    allowance: str
    amount: int
    lines: tuple[Effort, ...]
    currency: str
    total: int
    state: ChangeState
    hash: str
    at: datetime
    by_id: int | None
    sent_at: datetime | None
    message_id: int | None
    answered_at: datetime | None
    person_id: int | None
    way: str
    started_at: datetime | None
    started_by: int | None

    @property
    def powers(self) -> tuple[str, ...]:
        """Of which the contact who confirms needs one."""
        return authority.QUOTED if self.scope is Scope.QUOTED else authority.IN_SCOPE


def change(conn: Connection, change_id: int, *, lock: bool = False) -> Change:
    """The change request with this id. Raises NotFound."""
    query = select(changes).where(changes.c.id == change_id)
    row = conn.execute(query.with_for_update() if lock else query).mappings().first()
    if row is None:
        raise NotFound("change request", change_id)
    return of_row(row)


def of_ticket(conn: Connection, ticket_id: int) -> Change | None:
    """The ticket's change request that was neither declined nor withdrawn."""
    mine = (changes.c.ticket_id == ticket_id, changes.c.state.in_([str(each) for each in LIVE]))
    row = conn.execute(select(changes).where(*mine)).mappings().first()
    return None if row is None else of_row(row)


def of_message(conn: Connection, message_id: int) -> Change | None:
    """What a message put to its client."""
    row = conn.execute(select(changes).where(changes.c.message_id == message_id)).mappings().first()
    return None if row is None else of_row(row)


def listed(
    conn: Connection, *, client_id: int | None = None, project_id: int | None = None, state: str = "", limit: int = 100
) -> tuple[Change, ...]:
    """Change requests, the newest first."""
    where: list[ColumnElement[bool]] = [changes.c.client_id == client_id] if client_id is not None else []
    where += [changes.c.project_id == project_id] if project_id is not None else []
    where += [changes.c.state == state] if state else []
    rows = conn.execute(select(changes).where(*where).order_by(changes.c.id.desc()).limit(limit)).mappings()
    return tuple(of_row(row) for row in rows)


def of_row(row: Mapping[Any, Any]) -> Change:
    """A change request from its row."""
    values = {name: row[name] for name in Change.__dataclass_fields__}
    lines = tuple(Effort(**each) for each in row["lines"])
    return Change(**values | {"lines": lines, "scope": Scope(row["scope"]), "state": ChangeState(row["state"])})
