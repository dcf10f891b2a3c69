"""Clients that we serve no longer: kept with all they have, silent, and found again. Transaction bodies."""

from datetime import datetime

from sqlalchemy import Connection, select, update

from handoff import directory, modes, progress_links
from handoff.errors import StillOpen
from handoff.kinds import Mode, TicketState
from handoff.model import Client
from handoff.rows import number_of, to_client
from handoff.tables import binding_code as codes
from handoff.tables import chat as chats
from handoff.tables import client as clients
from handoff.tables import ticket as tickets


def archive(conn: Connection, client_id: int, *, by: int, now: datetime) -> Client:
    """Put a client away: its chats fall silent, its private links and unused codes end. Nothing is deleted.

    Raises NotFound, and StillOpen with its unfinished tickets.
    """
    directory.lock_client(conn, client_id)
    unfinished = tickets.c.state.not_in((TicketState.RESOLVED, TicketState.MERGED))
    mine = select(tickets.c.id).where(tickets.c.client_id == client_id, unfinished).order_by(tickets.c.id)
    if numbers := tuple(number_of(each) for each in conn.execute(mine).scalars()):
        raise StillOpen(numbers)
    for chat_id in conn.execute(select(chats.c.id).where(chats.c.client_id == client_id)).scalars().all():
        modes.change(conn, chat_id, Mode.OFF, by=by, now=now)
    progress_links.revoke_all(conn, client_id, by=by, now=now)
    conn.execute(update(codes).where(codes.c.client_id == client_id, codes.c.used_at.is_(None)).values(used_at=now))
    return directory.update_client(conn, client_id, archived_at=now)


def restore(conn: Connection, client_id: int) -> Client:
    """Serve a client again; its chats stay silent until somebody gives each its mode. Raises NotFound."""
    return directory.update_client(conn, client_id, archived_at=None)


def archived(conn: Connection) -> tuple[Client, ...]:
    """The clients that were put away, the latest first."""
    query = select(clients).where(clients.c.archived_at.is_not(None)).order_by(clients.c.archived_at.desc())
    return tuple(to_client(row) for row in conn.execute(query).mappings())
