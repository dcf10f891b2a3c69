"""What a ticket's panel knows more of: similar tickets, the bot's turns in words, everything that happened."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

from sqlalchemy import Connection

from console.case_similar import Like, alike
from console.texts import Texts
from console.views import Wording, event_words, people_in
from handoff import board, directory, messages, turn_records
from handoff.alike import Solution, candidates, solutions
from handoff.kinds import EventKind
from handoff.model import Ticket, TicketEvent, Turn

TURNS: Final = 30
_HANDLED: Final = frozenset({"found"})


@dataclass(frozen=True, kw_only=True)
class Found:
    """A passage that the bot found for a turn."""

    page: str
    heading: str
    score: float
    href: str


@dataclass(frozen=True, kw_only=True)
class Reasoned:
    """A turn of the bot's in words, with the passages it found and the rest of its trace as it is kept."""

    turn: Turn
    reason: str
    found: tuple[Found, ...]
    trace: str


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One line of the audit trail; `platform`: where a message of it was written or went, where that is known."""

    event: TicketEvent
    words: str
    actor: str
    facts: str
    platform: str


def similar(conn: Connection, ticket: Ticket, texts: Texts, language: str) -> list[tuple[Like, Solution | None]]:
    """The tickets most like this one, with what a colleague said last on those that are solved."""
    del texts, language
    found = alike(ticket, candidates(conn, ticket))
    solved = [one.ticket.id for one in found if one.ticket.resolved_at is not None]
    said = solutions(conn, solved) if solved else {}
    return [(one, said.get(one.ticket.id)) for one in found]


def reasoning(conn: Connection, ticket: Ticket, texts: Texts, language: str) -> list[Reasoned]:
    """The bot's turns in the ticket's conversation, newest first; those of other tickets are left out."""
    turns = turn_records.recent_turns(conn, ticket.conversation_id, TURNS)
    return [_reasoned(turn, texts, language) for turn in turns if turn.ticket_id in {None, ticket.id}]


def audit(conn: Connection, ticket: Ticket, texts: Texts, language: str) -> list[Entry]:
    """Everything that happened, newest first."""
    events = board.events(conn, ticket.id)
    names = directory.names(conn, sorted(people_in(events)))
    wording = Wording(texts=texts, language=language, names=names)
    platforms = _platforms(conn, events)
    return [_entry(event, wording, platforms) for event in reversed(events)]


PARTS: Final[Mapping[str, Callable[[Connection, Ticket, Texts, str], Any]]] = {
    "similar": similar,
    "reasoning": reasoning,
    "audit": audit,
}


def _reasoned(turn: Turn, texts: Texts, language: str) -> Reasoned:
    keys = (f"reason.{turn.reason}", f"case.reason.{turn.reason}")
    key = next((key for key in keys if texts.has(key)), None)
    kept = turn.trace.get("found")
    rows = [row for row in kept if isinstance(row, Mapping)] if isinstance(kept, list) else []
    rest = {name: value for name, value in turn.trace.items() if name not in _HANDLED}
    return Reasoned(
        turn=turn,
        reason=texts.say(key, language) if key else turn.reason,
        found=tuple(_found(row) for row in rows),
        trace=json.dumps(rest, ensure_ascii=False, indent=1, sort_keys=True, default=str) if rest else "",
    )


def _found(row: Mapping[str, Any]) -> Found:
    page, score = str(row.get("page", "")), row.get("score", 0)
    return Found(
        page=page,
        heading=str(row.get("heading", "")),
        score=float(score) if isinstance(score, int | float) else 0.0,
        href=f"/desk/manual/{quote(page)}",
    )


def _entry(event: TicketEvent, wording: Wording, platforms: Mapping[int, str]) -> Entry:
    actor, kind = wording.name(event.actor_id), event.kind
    if kind is EventKind.CLIENT_WROTE:
        told = wording.say("case.event.client_wrote")
    elif kind in {EventKind.REPLIED, EventKind.NOTED}:
        told = wording.say(f"case.event.{kind}", actor=actor)
    else:
        told = event_words(event, wording)
    facts = {name: value for name, value in event.data.items() if value not in (None, "", [], {})}
    message = event.data.get("message")
    return Entry(
        event=event,
        words=told,
        actor=actor if event.actor_id is not None else "",
        facts=json.dumps(facts, ensure_ascii=False, sort_keys=True, default=str) if facts else "",
        platform=platforms.get(message, "") if isinstance(message, int) else "",
    )


def _platforms(conn: Connection, events: tuple[TicketEvent, ...]) -> dict[int, str]:
    """The platform of the chat of each event's message."""
    spoken = {EventKind.CLIENT_WROTE, EventKind.REOPENED, EventKind.REPLIED, EventKind.HANDED_OFF}
    ids = {event.data.get("message") for event in events if event.kind in spoken}
    found = {which: said for which in ids if isinstance(which, int) and (said := messages.find(conn, which))}
    chats = {chat_id: directory.chat(conn, chat_id).platform for chat_id in {m.chat_id for m in found.values()}}
    return {which: chats[said.chat_id] for which, said in found.items()}
