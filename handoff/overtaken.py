"""What happened to a ticket after somebody had last seen it: whether what they are about to do still fits."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Self

from sqlalchemy import Connection, func, or_, select

from handoff import casefile
from handoff.errors import HandoffError
from handoff.kinds import Audience, Author, EventKind, TicketState
from handoff.lifecycle import Standing
from handoff.messages import about
from handoff.model import Message, Ticket, TicketEvent
from handoff.rows import to_message
from handoff.tables import message as messages

SHOWN: Final = 20
_STATE: Final = re.compile(r"([0-9]{1,18})\.([0-9]{1,9})")


class Change(StrEnum):
    """What a colleague or the client did meanwhile, the most telling first."""

    MERGED = "merged"
    RESOLVED = "resolved"
    RETURNED = "returned"
    ANSWERED = "answered"
    HANDED = "handed"
    WROTE = "wrote"


ANY: Final = frozenset(Change)
OUTWARD: Final = ANY
"""What matters to whoever is about to tell the client something, or to close the matter."""
INWARD: Final = ANY - {Change.ANSWERED, Change.WROTE}
"""What matters to whoever changes the ticket for colleagues only."""


@dataclass(frozen=True, kw_only=True, order=True)
class Seen:
    """How far somebody has seen a ticket: its newest message, its last event's number. As text: "512.7"."""

    message: int
    event: int

    @classmethod
    def read(cls, text: str) -> Self | None:
        """What a form carries; None where it carries nothing. What cannot be read has seen nothing."""
        found = _STATE.fullmatch(text)
        if found is None:
            return cls(message=0, event=0) if text else None
        return cls(message=int(found[1]), event=int(found[2]))

    def __str__(self) -> str:
        return f"{self.message}.{self.event}"


@dataclass(frozen=True, kw_only=True)
class News:
    """What the actor has not seen: the most telling change, by whom, what was said, and how far it goes now."""

    change: Change
    by: int | None
    said: tuple[Message, ...]
    into: str = ""
    state: Seen


class Overtaken(HandoffError):  # noqa: N818 - the name says what happened
    """What was about to be done rests on a state that has passed: carries the `news`. Nothing was done."""

    def __init__(self, news: News) -> None:
        super().__init__(f"overtaken: {news.change}")
        self.news = news


def happened(
    events: Iterable[TicketEvent], said: Sequence[Message], *, by: int, now: Standing, state: Seen
) -> News | None:
    """The most telling of what others did that still holds; None if nothing of it matters. Pure."""
    changes = [(change, event) for event in events if (change := _change(event, by)) is not None]
    found = [(change, event) for change, event in changes if _holds(change, now, by)]
    if not found and not said:
        return None
    change, event = min(found, key=lambda one: list(Change).index(one[0]), default=(Change.WROTE, None))
    who = said[-1].person_id if event is None else _actor(event)
    into = str(event.data.get("number", "")) if event is not None else ""
    return News(change=change, by=who, said=tuple(said), into=into, state=state)


def state_of(conn: Connection, ticket: Ticket) -> Seen:
    """How far a ticket goes now."""
    events = casefile.load_events(conn, ticket.id)
    newest = select(func.max(messages.c.id)).where(about(ticket), messages.c.audience != Audience.STAFF)
    return Seen(message=conn.execute(newest).scalar_one() or 0, event=events[-1].seq if events else 0)


def require_current(
    conn: Connection, ticket_id: int, *, seen: Seen | None, by: int, watch: frozenset[Change] = ANY
) -> None:
    """Raise Overtaken if a change to `watch` for came after `seen`; the ticket stays locked. None asks nothing."""
    if seen is None:
        return
    case = casefile.lock(conn, ticket_id)
    events = [event for event in case.events if event.seq > seen.event]
    said = _said(conn, case.ticket, after=seen.message, by=by)
    news = happened(
        [event for event in events if _change(event, by) in watch],
        said if Change.WROTE in watch else (),
        by=by,
        now=case.was,
        state=state_of(conn, case.ticket),
    )
    if news is not None:
        raise Overtaken(news)


def _said(conn: Connection, ticket: Ticket, *, after: int, by: int) -> tuple[Message, ...]:
    """What the client, or a colleague to the client, said on this matter, as far as anybody knows its matter."""
    query = select(messages).where(
        about(ticket),
        or_(messages.c.ticket_id.is_(None), messages.c.ticket_id == ticket.id),
        messages.c.id > after,
        messages.c.audience == Audience.CLIENT,
        messages.c.author.in_((Author.CLIENT, Author.STAFF)),
        or_(messages.c.person_id.is_(None), messages.c.person_id != by),
    )
    rows = conn.execute(query.order_by(messages.c.id.desc()).limit(SHOWN)).mappings()
    return tuple(reversed([to_message(row) for row in rows]))


def _change(event: TicketEvent, by: int) -> Change | None:
    if event.actor_id == by:
        return None
    if event.kind is EventKind.TRANSFERRED and event.data.get("to") == by:
        return None
    return _CHANGES.get(event.kind)


_CHANGES: Final = {
    EventKind.MERGED: Change.MERGED,
    EventKind.RESOLVED: Change.RESOLVED,
    EventKind.RETURNED: Change.RETURNED,
    EventKind.REPLIED: Change.ANSWERED,
    EventKind.CLAIMED: Change.HANDED,
    EventKind.TRANSFERRED: Change.HANDED,
}


def _holds(change: Change, now: Standing, by: int) -> bool:
    """Whether it was not undone meanwhile."""
    match change:
        case Change.RESOLVED:
            return now.state is TicketState.RESOLVED
        case Change.RETURNED:
            return now.state is TicketState.RETURNED
        case Change.HANDED:
            return now.assignee_id not in {None, by}
    return True


def _actor(event: TicketEvent) -> int | None:
    """Who did it; whoever has it now, where it changed hands."""
    heir = event.data.get("to") if event.kind is EventKind.TRANSFERRED else None
    return heir if isinstance(heir, int) else event.actor_id
