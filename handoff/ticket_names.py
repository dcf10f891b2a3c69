"""What a list of figures says of the tickets in it. Transaction bodies that only read."""

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, select

from handoff.kinds import TicketState
from handoff.tables import ticket

_AT_ONCE = 500


class Named(NamedTuple):
    """A ticket's title and where it stands."""

    title: str
    state: TicketState
    opened_at: datetime
    resolved_at: datetime | None


def named(conn: Connection, ticket_ids: Collection[int]) -> dict[int, Named]:
    """These tickets, by id."""
    ids, found = sorted(ticket_ids), {}
    columns = (ticket.c.id, ticket.c.title, ticket.c.state, ticket.c.opened_at, ticket.c.resolved_at)
    for start in range(0, len(ids), _AT_ONCE):
        for row in conn.execute(select(*columns).where(ticket.c.id.in_(ids[start : start + _AT_ONCE]))):
            found[row.id] = Named(row.title, TicketState(row.state), row.opened_at, row.resolved_at)
    return found
