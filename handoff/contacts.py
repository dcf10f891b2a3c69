"""For which clients somebody speaks, told from the clients' groups they write in. A transaction body."""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, select

from handoff.kinds import Author, ChatKind
from handoff.model import Client
from handoff.rows import to_client
from handoff.tables import chat as chats
from handoff.tables import client as clients
from handoff.tables import message as messages

LATELY: Final = timedelta(days=90)
"""Who has not written in a client's group for so long may have left it: no platform tells us."""


def clients_of(conn: Connection, person_id: int, *, now: datetime) -> tuple[Client, ...]:
    """The clients in whose groups, as they are bound now, this person wrote lately as a client; by name."""
    wrote = select(messages.c.chat_id).where(
        messages.c.person_id == person_id, messages.c.author == Author.CLIENT, messages.c.at > now - LATELY
    )
    theirs = select(chats.c.client_id).where(chats.c.id.in_(wrote), chats.c.kind == ChatKind.GROUP)
    found = conn.execute(select(clients).where(clients.c.id.in_(theirs)).order_by(clients.c.name, clients.c.id))
    return tuple(to_client(row) for row in found.mappings())
