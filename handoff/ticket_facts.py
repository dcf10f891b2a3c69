"""The tickets that figures rest on. Transaction bodies that only read; merged ones live on in another."""

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from sqlalchemy import and_, or_, select

from handoff.evidence import ABOUT, Evidence, second
from handoff.indicators import About, Fact
from handoff.kinds import EventKind, TicketState
from handoff.lifecycle import WITH_PEOPLE
from handoff.tables import ticket, ticket_event

_WITH_PEOPLE: Final = frozenset(map(str, WITH_PEOPLE))


class Case(NamedTuple):
    """A ticket as far as counting is concerned; `ended` is when it was last resolved, None while people have it."""

    id: int
    opened: int
    ended: int | None
    state: str
    about: About


def cases(evidence: Evidence) -> tuple[Case, ...]:
    """The tickets opened in the span, and those that people still had in it."""
    conn, asked = evidence.conn, evidence.asked
    columns = (ticket.c.id, second(conn, ticket.c.opened_at), second(conn, ticket.c.resolved_at), ticket.c.state)
    had = or_(ticket.c.state.in_(_WITH_PEOPLE), ticket.c.resolved_at >= asked.since)
    query = select(*columns, *ABOUT).where(
        ticket.c.opened_at < asked.until,
        ticket.c.state != TicketState.MERGED,
        or_(ticket.c.opened_at >= asked.since, had),
        *asked.of_tickets(),
    )
    rows = conn.execute(query).all()
    return tuple(Case(row[0], row[1], row[2], row[3], evidence.of_ticket(row[0], row, 4)) for row in rows)


def opened(evidence: Evidence) -> Iterator[Fact]:
    """Each ticket, marked by what it is."""
    for case in evidence.once(cases):
        yield Fact(case.opened, 1.0, case.about, case.id, None, (str(case.about.level),))


def standing(evidence: Evidence) -> Iterator[Fact]:
    """Each ticket that people have or had, for as long as they did; returned to the bot, they do not have it."""
    for case in evidence.once(cases):
        if case.ended is not None or case.state in _WITH_PEOPLE:
            yield Fact(case.opened, 0.0, case.about, case.id, None, (str(case.about.level),), case.ended)


def reopened(evidence: Evidence) -> Iterator[Fact]:
    """One for a ticket that was opened again after it was resolved, zero for one that stayed resolved."""
    again = evidence.once(_again)
    for case in evidence.once(cases):
        if case.ended is not None or case.id in again:
            yield Fact(case.opened, float(case.id in again), case.about, case.id, None, ())


def _again(evidence: Evidence) -> frozenset[int]:
    mine: Any = and_(ticket.c.opened_at >= evidence.asked.since, ticket.c.opened_at < evidence.asked.until)
    query = select(ticket_event.c.ticket_id).join(ticket, ticket.c.id == ticket_event.c.ticket_id)
    return frozenset(evidence.conn.execute(query.where(mine, ticket_event.c.kind == EventKind.REOPENED)).scalars())
