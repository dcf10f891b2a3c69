"""Brings open tickets in line with their client's tier and contract, a batch in each transaction.

A batch is one durable job that enqueues the next with where it ended: a kill loses nothing and repeats nothing,
because a ticket that is in line already is passed over.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, Connection, select

from handoff import accounts, contracts, directory
from handoff.accounts import Terms
from handoff.casefile import record
from handoff.casework import put, take
from handoff.kinds import EventKind
from handoff.lifecycle import UNSOLVED
from handoff.model import Ticket
from handoff.rows import to_ticket
from handoff.tables import ticket as tickets

BATCH: Final = 25
TIERS: Final = "tiers"
"""The queue of the schedule's job: an agreement begins or ends with a day, not with an edit."""


def work(conn: Connection, body: Mapping[str, object], *, now: datetime, batch: int = BATCH) -> int:
    """Do one `align` job; the number of tickets that changed."""
    client_id, after = body.get("client"), body.get("after")
    assert isinstance(client_id, int | None)
    assert isinstance(after, int)
    found = _next(conn, after, client_id, batch)
    known: dict[int | None, Terms] = {}
    changed = 0
    for ticket in found:
        if ticket.client_id not in known:
            known[ticket.client_id] = accounts.terms(conn, ticket.client_id, now=now)
        changed += bring_in_line(conn, ticket, known[ticket.client_id], now=now)
    if len(found) == batch:
        contracts.align(conn, client_id=client_id, after=found[-1].id, now=now)
    return changed


def bring_in_line(conn: Connection, ticket: Ticket, terms: Terms, *, now: datetime) -> bool:
    """Let one open ticket follow these terms; False if it does. Clocks that have ended keep what they ended with."""
    if _follows(ticket, terms):
        return False
    book = contracts.book(conn)
    case = take(conn, book, ticket.id, now=now)
    if case.was.state not in UNSOLVED or _follows(case.ticket, terms):
        return False
    if case.was.tier is not terms.tier:
        case = record(conn, case, EventKind.TIER_SET, now=now, data={"tier": str(terms.tier)})
    if case.was.policy != terms.contract.version:
        case = record(conn, case, EventKind.POLICY_SET, now=now, data={"policy": terms.contract.version})
    put(conn, book, case, now=now)
    return True


def heed_days(conn: Connection, *, now: datetime) -> int:
    """Have the open tickets of clients whose agreement began or ended brought in line; how many clients."""
    found = 0
    for client_id in accounts.with_agreements(conn):
        tier = accounts.covering(conn, directory.client(conn, client_id), now=now).tier
        other = (tickets.c.client_id == client_id, tickets.c.state.in_(UNSOLVED), tickets.c.tier != tier)
        if conn.execute(select(tickets.c.id).where(*other).limit(1)).first() is not None:
            contracts.align(conn, client_id=client_id, now=now)
            found += 1
    return found


def _next(conn: Connection, after: int, client_id: int | None, batch: int) -> list[Ticket]:
    mine: list[ColumnElement[bool]] = [tickets.c.id > after, tickets.c.state.in_(UNSOLVED)]
    if client_id is not None:
        mine.append(tickets.c.client_id == client_id)
    rows = conn.execute(select(tickets).where(*mine).order_by(tickets.c.id).limit(batch)).mappings()
    return [to_ticket(row) for row in rows]


def _follows(ticket: Ticket, terms: Terms) -> bool:
    return (ticket.tier, ticket.policy) == (terms.tier, terms.contract.version)
