"""What a new ticket means to incidents: part of one that is known, or with others the beginning of one."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, select

from handoff import board, directory, messages, sites, staff_chats
from handoff.kinds import Level
from handoff.lifecycle import UNSOLVED
from handoff.model import Ticket
from handoff.rows import to_ticket
from handoff.tables import ticket as tickets
from store.signals import signal
from success import incidents
from success.folding import WITHIN, Fold, Report, alike, fold, place, same_cause
from success.incident_log import Incident, live
from success.incident_members import affected, of_member, tickets_of
from success.incident_rules import GOING_ON, IncidentState, Kind, Member, Severity
from success.incident_talk import last_in, of_incident
from success.incident_troubles import judged
from success.incidents import Cause

Say = Callable[..., str]
"""A sentence of the catalogue: `say(key, language, **values)`."""
REPORTING: Final = (Level.EMERGENCY, Level.BUG)
LANGUAGE: Final = "zh-Hans"


def ticket_came(conn: Connection, ticket_id: int, *, say: Say, now: datetime) -> None:
    """Look at a ticket that was opened, or whose level was changed. Once for each: doubled calls change nothing."""
    ticket = board.ticket(conn, ticket_id)
    if ticket.client_id is None or ticket.merged_into is not None:
        return
    if of_member(conn, _of(ticket)):
        return
    known = _known_matter(conn, ticket)
    if known is not None:
        if incidents.link(conn, known.id, _of(ticket), proposed=True, now=now):
            _note(conn, ticket, known, say=say, now=now)
    elif ticket.level in REPORTING:
        _fold(conn, ticket, say=say, now=now)


def staff_language(conn: Connection) -> str:
    """What our own people are written to in: their chat's language."""
    return next((chat.language for chat in staff_chats.every(conn) if chat.language), LANGUAGE)


def _known_matter(conn: Connection, ticket: Ticket) -> Incident | None:
    """The incident under way that hurts the ticket's client: any for a report, for a question one in like words."""
    for known in live(conn):
        hurt = known.state in GOING_ON and any(client.id == ticket.client_id for client in affected(conn, known))
        if hurt and (ticket.level in REPORTING or _like(ticket, tickets_of(conn, known.id))):
            return known
    return None


def _fold(conn: Connection, ticket: Ticket, *, say: Say, now: datetime) -> None:
    lately = (tickets.c.opened_at >= ticket.opened_at - WITHIN, tickets.c.level.in_(REPORTING))
    query = select(tickets).where(*lately, tickets.c.client_id.is_not(None), tickets.c.state != "merged")
    found_here = [to_ticket(row) for row in conn.execute(query.order_by(tickets.c.id)).mappings()]
    around = [each for each in found_here if not _settled(conn, each)]
    reports = {each.id: _report(conn, each) for each in around}
    found = fold(reports.get(ticket.id) or _report(conn, ticket), reports.values())
    if found is not None:
        _begin(conn, found, [each for each in around if each.id in found.tickets], say=say, now=now)


def _begin(conn: Connection, found: Fold, group: Sequence[Ticket], *, say: Say, now: datetime) -> None:
    """Suggest it, or let the tickets join the suggestion that one of them is part of already, dismissed or not."""
    members = [_of(each) for each in group]
    standing = next((known for each in members for known, _ in of_member(conn, each)), None)
    standing = standing or _dismissed(conn, found, members, now=now)
    if standing is not None:
        for member in members:
            incidents.link(conn, standing.id, member, proposed=standing.state in GOING_ON, now=now)
        return
    language = staff_language(conn)
    title = say("incident.title.place", language, place=found.place) if found.place else group[0].title
    worst = any(each.level is Level.EMERGENCY for each in group)
    cause = Cause(
        key=found.key,
        title=title,
        severity=Severity.CRITICAL if worst else Severity.MAJOR,
        server=found.server,
        started_at=min(each.since for each in group),
    )
    incidents.begin(conn, cause, members=members, suggested=True, now=now)


def _dismissed(conn: Connection, found: Fold, members: Sequence[Member], *, now: datetime) -> Incident | None:
    """The dismissed suggestion of the same cause that lasts and one of these is part of."""
    known = (judged(conn, each, now=now) for each in members)
    return next((each for each in known if each is not None and same_cause(each.key, found.key)), None)


def _settled(conn: Connection, ticket: Ticket) -> bool:
    """Whether it is solved and of a suggestion that was dismissed: it is no sign of anything new."""
    mine = () if ticket.state in UNSOLVED else of_member(conn, _of(ticket), live=False)
    return any(known.state is IncidentState.DISMISSED for known, _ in mine)


def _note(conn: Connection, ticket: Ticket, known: Incident, *, say: Say, now: datetime) -> None:
    """Write down in the ticket, for our people, what is known."""
    language = staff_language(conn)
    chat_id = directory.conversation(conn, ticket.conversation_id).chat_id
    said = last_in(conn, known.id, chat_id) or next(iter(reversed(of_incident(conn, known.id))), None)
    state = say(f"incident.state.{known.state}", language)
    text = say("incident.note", language, number=known.number, title=known.title, state=state)
    if said is not None:
        text += "\n" + say("incident.note.said", language, text=said.text)
    facts: dict[str, Any] = {"conversation_id": ticket.conversation_id, "ticket_id": ticket.id, "author": "system"}
    messages.internal(conn, text=text, name=say("incident.desk", language), **facts, now=now)
    signal(conn, "desk", ticket.number)


def _of(ticket: Ticket) -> Member:
    return Member(kind=Kind.TICKET, subject=ticket.id)


def _like(ticket: Ticket, linked: Sequence[Ticket]) -> bool:
    words = _as_report(ticket).words
    return any(alike(words, _as_report(each).words) for each in linked)


def _report(conn: Connection, ticket: Ticket) -> Report:
    assert ticket.client_id is not None
    theirs = sites.of_client(conn, ticket.client_id)
    servers = frozenset(name for site in theirs for name in place(site.server))
    hostings = frozenset(name for site in theirs for name in place(site.hosting))
    return _as_report(ticket, servers=servers, hostings=hostings)


def _as_report(
    ticket: Ticket, *, servers: frozenset[str] = frozenset(), hostings: frozenset[str] = frozenset()
) -> Report:
    text = ticket.title if ticket.summary in {"", ticket.title} else f"{ticket.title}\n{ticket.summary}"
    return Report(
        ticket_id=ticket.id, client_id=ticket.client_id or 0, at=ticket.opened_at, text=text,
        servers=servers, hostings=hostings,
    )  # fmt: skip
