"""A ticket says that something is down: whoever looks at sites hears of it, in the same transaction."""

from datetime import datetime
from typing import Final

from sqlalchemy import Connection, select

from handoff.kinds import Level
from handoff.model import Ticket
from handoff.site_tables import site as sites
from store.jobs import enqueue

TICKET_SITE: Final = "ticket_site"
"""The queue that hears, once for each ticket, of an emergency of a client who has sites: `{"ticket": id}`."""


def sound(conn: Connection, ticket: Ticket, *, now: datetime) -> None:
    """Have the ticket's site looked at, if it is an emergency's."""
    if ticket.level is not Level.EMERGENCY or ticket.client_id is None:
        return
    known = (sites.c.client_id == ticket.client_id, sites.c.removed_at.is_(None), sites.c.address != "")
    if conn.execute(select(sites.c.id).where(*known).limit(1)).first() is not None:
        enqueue(conn, TICKET_SITE, {"ticket": ticket.id}, dedup=f"ticket:{ticket.id}", now=now)
