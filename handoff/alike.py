"""Tickets that may be like another one: a bounded choice of them, and how they were solved. Transaction bodies."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, and_, func, or_, select

from handoff.kinds import Audience, Author, TicketState
from handoff.model import Ticket
from handoff.rows import to_ticket
from handoff.tables import message as messages
from handoff.tables import ticket as tickets

FROM_CLIENT: Final = 150
FROM_OTHERS: Final = 250
_SOLUTION: Final = 600


@dataclass(frozen=True, kw_only=True)
class Solution:
    """The last thing that a colleague told the client on a ticket."""

    name: str
    text: str


def candidates(conn: Connection, ticket: Ticket) -> tuple[Ticket, ...]:
    """The newest tickets of the same client, and of others, those of the same category first."""
    others = and_(tickets.c.id != ticket.id, tickets.c.state != TicketState.MERGED)
    newest = select(tickets).where(others).order_by(tickets.c.id.desc())
    found: dict[int, Ticket] = {}
    if ticket.client_id is not None:
        mine = newest.where(tickets.c.client_id == ticket.client_id).limit(FROM_CLIENT)
        found |= {row["id"]: to_ticket(row) for row in conn.execute(mine).mappings()}
    foreign = newest
    if ticket.client_id is not None:
        foreign = newest.where(or_(tickets.c.client_id.is_(None), tickets.c.client_id != ticket.client_id))
    if ticket.category is not None:
        same = foreign.where(tickets.c.category == ticket.category).limit(FROM_OTHERS)
        found |= {row["id"]: to_ticket(row) for row in conn.execute(same).mappings()}
    found |= {row["id"]: to_ticket(row) for row in conn.execute(foreign.limit(FROM_OTHERS)).mappings()}
    return tuple(found.values())


def solutions(conn: Connection, ticket_ids: Collection[int]) -> dict[int, Solution]:
    """What colleagues told the clients last, by ticket; nothing where no colleague said anything."""
    said = and_(
        messages.c.ticket_id.in_(ticket_ids),
        messages.c.author == Author.STAFF,
        messages.c.audience == Audience.CLIENT,
        messages.c.text != "",
    )
    last = select(func.max(messages.c.id)).where(said).group_by(messages.c.ticket_id)
    text = func.substr(messages.c.text, 1, _SOLUTION).label("text")
    query = select(messages.c.ticket_id, messages.c.name, text).where(messages.c.id.in_(last))
    return {row.ticket_id: Solution(name=row.name, text=row.text) for row in conn.execute(query)}
