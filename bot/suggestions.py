"""Whether a suggested reply may still be sent: its pages may be withdrawn, or not be the client's any more."""

from sqlalchemy import Connection

from handoff import board, directory, sources
from handoff.model import Message
from knowledge.model import Scope
from knowledge.readable import readable


def holds(conn: Connection, draft: Message, *, ticket_id: int) -> bool:
    """Whether the client of a ticket may read every page that a draft stands on, at this moment."""
    pages = {source.page for source in sources.of(conn, draft.id)} | {cited.page for cited in draft.citations}
    owner = board.ticket(conn, ticket_id).client_id
    client = None if owner is None else directory.client(conn, owner).slug
    return readable(conn, pages, scope=Scope(client=client)) == pages
