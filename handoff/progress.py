"""What the holder of a private link may see, and nothing else. Transaction bodies that only read.

Every query here is narrowed by the link's client; `_mine` is the one place that says which tickets a link shows.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from sqlalchemy import ColumnElement, Connection, and_, false, select

from handoff import board, directory, messages, shared_documents, sites
from handoff.desk import Desk
from handoff.kinds import Audience, ChatKind, ClockKind, ClockState, TicketState
from handoff.model import Attachment, ClockView, Message, Promise, Ticket
from handoff.progress_links import Held, Scope
from handoff.rows import id_of, to_ticket
from handoff.shared_documents import Document
from handoff.sites import Site
from handoff.tables import chat as chats
from handoff.tables import conversation as conversations
from handoff.tables import ticket as tickets

MOST_OPEN: Final = 100
PAGE: Final = 20
MOST_MESSAGES: Final = 400


class Stage(StrEnum):
    """Where a request stands, as its client would say it."""

    OURS = "ours"
    WORKED_ON = "worked_on"
    YOURS = "yours"
    ASSISTANT = "assistant"
    RESOLVED = "resolved"


class Next(StrEnum):
    """What is promised next: an answer, that work starts, or the solution."""

    ANSWER = "answer"
    START = "start"
    SOLUTION = "solution"


@dataclass(frozen=True, kw_only=True)
class Deadline:
    """What comes next by when; `opens_at`: nobody is here before; `late`: the instant has passed."""

    next: Next
    by: datetime
    opens_at: datetime | None
    late: bool


@dataclass(frozen=True, kw_only=True)
class Request:
    """A ticket as its client sees it. `who` is the colleague who has it."""

    number: str
    title: str
    stage: Stage
    who: str | None
    deadline: Deadline | None
    since: datetime
    resolved_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class Overview:
    """A client's page: what is open, what was resolved lately (and whether there is more), files, sites."""

    open: tuple[Request, ...]
    resolved: tuple[Request, ...]
    older: int | None
    documents: tuple[Document, ...]
    sites: tuple[Site, ...]


@dataclass(frozen=True, kw_only=True)
class Detail:
    """One request with everything that was said to or by the client about it."""

    request: Request
    messages: tuple[Message, ...]


def overview(conn: Connection, held: Held, *, desk: Desk, before: int | None = None, now: datetime) -> Overview:
    """The page of a link; `before` goes on in the history, before a ticket's id."""
    unfinished = tickets.c.state.not_in((TicketState.RESOLVED, TicketState.MERGED))
    rows = select(tickets).where(*_mine(held), unfinished).order_by(tickets.c.id.desc()).limit(MOST_OPEN)
    going = [to_ticket(row) for row in conn.execute(rows).mappings()]
    past, older = _history(conn, held, before=before)
    more = held.link.scope is not Scope.OWN
    return Overview(
        open=tuple(_request(conn, each, desk=desk, now=now) for each in going),
        resolved=tuple(_request(conn, each, desk=desk, now=now) for each in past),
        older=older,
        documents=shared_documents.of_client(conn, held.client.id) if more else (),
        sites=sites.of_client(conn, held.client.id) if more else (),
    )


def detail(conn: Connection, held: Held, number: str, *, desk: Desk, now: datetime) -> Detail | None:
    """One request by its number; None where this link shows none of that number."""
    ticket = _ticket(conn, held, number)
    if ticket is None:
        return None
    return Detail(request=_request(conn, ticket, desk=desk, now=now), messages=_said(conn, held, ticket))


def moved_to(conn: Connection, held: Held, number: str) -> str | None:
    """The number of the request that a merged one lives on in, if this link shows it."""
    ticket_id = id_of(number)
    row = conn.execute(select(tickets).where(*_mine(held), tickets.c.id == (ticket_id or 0))).mappings().first()
    if row is None or row["merged_into"] is None:
        return None
    into = board.ticket(conn, row["merged_into"])
    return into.number if _ticket(conn, held, into.number) else None


def picture(conn: Connection, held: Held, number: str, file_id: str) -> Attachment | None:
    """A file of a message that this link shows."""
    ticket = _ticket(conn, held, number)
    said = _said(conn, held, ticket) if ticket else ()
    return next((file for message in said for file in message.attachments if file.id == file_id), None)


def document(conn: Connection, held: Held, file_id: str) -> Document | None:
    """A shared document that this link shows."""
    if held.link.scope is Scope.OWN:
        return None
    return shared_documents.find(conn, client_id=held.client.id, file_id=file_id)


def concerns(conn: Connection, held: Held, number: str) -> bool:
    """Whether a ticket is one that this link shows."""
    row = select(tickets.c.id).where(*_mine(held), tickets.c.id == (id_of(number) or 0))
    return conn.execute(row).first() is not None


def is_their_chat(conn: Connection, held: Held, chat_id: str) -> bool:
    """Whether a chat, by its id as text, is one of the link's client."""
    theirs = (chats.c.id == int(chat_id), chats.c.client_id == held.client.id) if chat_id.isdecimal() else (false(),)
    return conn.execute(select(chats.c.id).where(*theirs)).first() is not None


def _mine(held: Held) -> tuple[ColumnElement[bool], ...]:
    """Which tickets a link shows: of its client, and no more than its scope."""
    theirs = tickets.c.client_id == held.client.id
    match held.link.scope:
        case Scope.ALL:
            return (theirs,)
        case Scope.GROUPS:
            joined = conversations.join(chats, chats.c.id == conversations.c.chat_id)
            groups = select(conversations.c.id).select_from(joined).where(
                chats.c.kind == ChatKind.GROUP, chats.c.client_id == held.client.id
            )  # fmt: skip
            return theirs, tickets.c.conversation_id.in_(groups)
        case Scope.OWN:
            own = tickets.c.requester_id == held.link.person_id
            return theirs, own if held.link.person_id is not None else false()


def _ticket(conn: Connection, held: Held, number: str) -> Ticket | None:
    ticket_id = id_of(number)
    if ticket_id is None:
        return None
    wanted = and_(*_mine(held), tickets.c.id == ticket_id, tickets.c.state != TicketState.MERGED)
    row = conn.execute(select(tickets).where(wanted)).mappings().first()
    return None if row is None else to_ticket(row)


def _history(conn: Connection, held: Held, *, before: int | None) -> tuple[Sequence[Ticket], int | None]:
    past = [*_mine(held), tickets.c.state == TicketState.RESOLVED]
    if before is not None:
        past.append(tickets.c.id < before)
    rows = conn.execute(select(tickets).where(*past).order_by(tickets.c.id.desc()).limit(PAGE + 1)).mappings()
    found = [to_ticket(row) for row in rows]
    return found[:PAGE], found[PAGE - 1].id if len(found) > PAGE else None


def _said(conn: Connection, held: Held, ticket: Ticket) -> tuple[Message, ...]:
    """The ticket's public messages; what was merged in from elsewhere is not shown to one person alone."""
    said = messages.ticket_messages(conn, ticket.id, audience=Audience.CLIENT, limit=MOST_MESSAGES)
    if held.link.scope is Scope.ALL:
        return said
    return tuple(each for each in said if each.conversation_id == ticket.conversation_id)


def _request(conn: Connection, ticket: Ticket, *, desk: Desk, now: datetime) -> Request:
    done = ticket.state is TicketState.RESOLVED
    holder = directory.holder(conn, ticket.assignee_id)
    return Request(
        number=ticket.number,
        title=ticket.title,
        stage=_stage(ticket.state),
        who=holder.name if holder else None,
        deadline=None if done else _deadline(conn, ticket, desk=desk, now=now),
        since=ticket.since,
        resolved_at=ticket.resolved_at,
    )


def _deadline(conn: Connection, ticket: Ticket, *, desk: Desk, now: datetime) -> Deadline | None:
    clocks = board.clocks(conn, ticket.id, now)
    return due_next(clocks, desk.promise(conn, ticket.id, now=now), now=now)


def due_next(clocks: Sequence[ClockView], promise: Promise, *, now: datetime) -> Deadline | None:
    """What the client may wait for next: an answer before all else, then the start of work, then the solution."""
    running = {each.kind: each.due_at for each in clocks if each.state is ClockState.RUNNING and each.due_at}
    order = (
        (ClockKind.FR, Next.ANSWER), (ClockKind.NR, Next.ANSWER), (ClockKind.WS, Next.START),
        (ClockKind.RS, Next.SOLUTION),
    )  # fmt: skip
    for kind, what in order:
        if (by := running.get(kind)) is not None:
            return Deadline(next=what, by=by, opens_at=promise.opens_at, late=by < now)
    return None


def _stage(state: TicketState) -> Stage:
    return {
        TicketState.OPEN: Stage.WORKED_ON,
        TicketState.WAITING: Stage.YOURS,
        TicketState.RETURNED: Stage.ASSISTANT,
        TicketState.RESOLVED: Stage.RESOLVED,
    }.get(state, Stage.OURS)
