"""Loads what `hindsight` replays: tickets with their events, and the contracts that bind them. Only reads."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, Connection, Select, select

from handoff import contracts
from handoff.contract_tables import closure as closures
from handoff.hindsight import History
from handoff.lifecycle import UNSOLVED
from handoff.model import TicketEvent
from handoff.policy import Book, Contract, close
from handoff.rows import number_of, to_event
from handoff.service_hours import Closure
from handoff.tables import ticket as tickets
from handoff.tables import ticket_event as events

MOST: Final = 5000
MOST_OPEN: Final = 2000
_AT_ONCE: Final = 500


@dataclass(frozen=True, kw_only=True)
class Review:
    """Tickets to replay, with every contract they were read by; good outside its transaction. `more`: not all."""

    histories: tuple[History, ...]
    book: Book
    more: bool


def since(conn: Connection, proposed: Contract, *, at: datetime, limit: int = MOST) -> Review:
    """The newest tickets opened since an instant."""
    return _review(conn, proposed, [tickets.c.opened_at >= at], limit)


def unfinished(conn: Connection, proposed: Contract, *, limit: int = MOST_OPEN) -> Review:
    """The newest unfinished tickets."""
    return _review(conn, proposed, [tickets.c.state.in_(UNSOLVED)], limit)


def _review(conn: Connection, proposed: Contract, where: Sequence[ColumnElement[bool]], limit: int) -> Review:
    query = select(tickets.c.id, tickets.c.client_id).where(*where).order_by(tickets.c.id.desc()).limit(limit + 1)
    rows = conn.execute(query).all()
    own = _own(conn, proposed)
    found = _events(conn, [row.id for row in rows[:limit]])
    histories = tuple(
        History(number=number_of(row.id), events=found[row.id], proposed=own.get(row.client_id, proposed))
        for row in rows[:limit]
    )
    book = contracts.book(conn)
    named = {str(event.data["policy"]) for h in histories for event in h.events if "policy" in event.data}
    known = {version: book.of(version) for version in named}
    return Review(histories=histories, book=Book(current=book.current, past=known), more=len(rows) > limit)


def _own(conn: Connection, proposed: Contract) -> dict[int, Contract]:
    """The proposed contract for each client that has closures."""
    found: defaultdict[int, list[Closure]] = defaultdict(list)
    for row in conn.execute(select(closures).where(closures.c.removed_at.is_(None))):
        found[row.client_id].append(Closure(first=row.first, last=row.last, around_the_clock=row.around_the_clock))
    return {client_id: close(proposed, kept) for client_id, kept in found.items()}


def _events(conn: Connection, ticket_ids: Sequence[int]) -> dict[int, tuple[TicketEvent, ...]]:
    found: defaultdict[int, list[TicketEvent]] = defaultdict(list)
    for start in range(0, len(ticket_ids), _AT_ONCE):
        for row in conn.execute(_of(ticket_ids[start : start + _AT_ONCE])).mappings():
            found[row["ticket_id"]].append(to_event(row))
    return {ticket_id: tuple(found[ticket_id]) for ticket_id in ticket_ids}


def _of(ticket_ids: Sequence[int]) -> Select[tuple[object, ...]]:
    return select(events).where(events.c.ticket_id.in_(ticket_ids)).order_by(events.c.ticket_id, events.c.seq)
