"""One ticket's page: everything a colleague needs of it, read in one snapshot."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import quote

from fastapi import Request, Response
from markupsafe import Markup
from sqlalchemy import Connection
from starlette.exceptions import HTTPException

from console.auth import Viewer
from console.desk_pages import frame
from console.forms import reader_zone
from console.pages import Pages
from console.rendering import message_html
from console.routing_view import asked
from console.views import Wording, people_in, reason_words, timeline
from console.why import accounts
from handoff import board, directory, messages, turn_records
from handoff.kinds import Level
from handoff.model import Client, ClockView, Message, Person, Ticket, TicketEvent, Turn
from knowledge.errors import KnowledgeError
from knowledge.model import Audience as PageAudience
from knowledge.model import Passage, Scope
from success import corrections
from success.corrections import Correction

MAX_TEXT: Final = 20_000
SHOWN_MESSAGES: Final = 400
SHOWN_TURNS: Final = 20
SOP_PASSAGES: Final = 3


@dataclass(frozen=True, kw_only=True)
class _Dossier:
    ticket: Ticket
    client: Client | None
    requester: Person
    assignee: Person | None
    events: tuple[TicketEvent, ...]
    clocks: tuple[ClockView, ...]
    transcript: tuple[Message, ...]
    turn: Turn | None
    names: dict[int, str]
    colleagues: tuple[Person, ...]
    corrections: tuple[Correction, ...]


async def show_ticket(
    request: Request, pages: Pages, viewer: Viewer, number: str, *,
    problem: str | None = None, typed: str = "", tab: str = "reply", status: int = 200,
) -> Response:  # fmt: skip
    """The ticket's page as it now stands; raises 404 for none. `problem` says what did not work, `typed` is kept."""
    now = pages.deps.clock()
    dossier = await pages.deps.db.read(lambda conn: _dossier(conn, number, now=now))
    if dossier is None:
        raise HTTPException(404)
    language = request.state.language
    wording = Wording(texts=pages.texts, language=language, names=dossier.names)
    shown: dict[str, Any] = vars(dossier) | await frame(pages, viewer, section="ticket")
    lines = timeline(dossier.transcript, dossier.events, wording, zone=reader_zone(request) or UTC)
    shown |= {"lines": lines, "levels": list(Level), "asked": asked(dossier.ticket, dossier.events, wording)}
    ledger = await pages.deps.db.read(lambda conn: pages.deps.desk.ledger(conn, dossier.ticket.id, now=now))
    shown |= {"why": accounts(ledger, pages.texts, language)}
    shown |= {"reason": reason_words(dossier.ticket.reason, pages.texts, language), "max_text": MAX_TEXT}
    shown |= {"sop": await _sop(pages, dossier), "typed": typed, "tab": tab, "problem": problem}
    return pages.page(request, "ticket.html", status=status, **shown)


def _dossier(conn: Connection, number: str, *, now: datetime) -> _Dossier | None:
    ticket = board.ticket_by_number(conn, number)
    if ticket is None:
        return None
    events = board.events(conn, ticket.id)
    turns = turn_records.recent_turns(conn, ticket.conversation_id, SHOWN_TURNS)
    mine = (turn for turn in turns if turn.ticket_id == ticket.id)
    return _Dossier(
        ticket=ticket,
        client=directory.client(conn, ticket.client_id) if ticket.client_id else None,
        requester=directory.person(conn, ticket.requester_id),
        assignee=directory.person(conn, ticket.assignee_id) if ticket.assignee_id else None,
        events=events,
        clocks=board.clocks(conn, ticket.id, now),
        transcript=messages.dossier(conn, ticket, limit=SHOWN_MESSAGES),
        turn=next(mine, turns[0] if turns else None),
        names=directory.names(conn, sorted(people_in(events))),
        colleagues=directory.staff(conn, active_only=True),
        corrections=corrections.of_conversation(conn, ticket.conversation_id),
    )


async def _sop(pages: Pages, dossier: _Dossier) -> list[dict[str, Any]]:
    """For an emergency, what our internal pages say; nothing where there is no index."""
    ticket = dossier.ticket
    if ticket.level is not Level.EMERGENCY or pages.deps.manual.version is None:
        return []
    client = dossier.client
    scope = Scope(audiences=frozenset({PageAudience.INTERNAL}), client=client.slug if client else None)
    asked = dossier.turn.question if dossier.turn and dossier.turn.question else ticket.title
    try:
        found = await pages.deps.manual.search(asked, scope=scope, limit=SOP_PASSAGES)
    except KnowledgeError:
        return []
    return [_passage(passage) for passage in found.passages]


def _passage(passage: Passage) -> dict[str, Any]:
    href = f"/desk/manual/{quote(passage.page)}" + (f"#{quote(passage.anchor)}" if passage.anchor else "")
    html = Markup(message_html(passage.text))  # noqa: S704 - safe by construction
    return {"chunk": passage.chunk, "title": passage.title, "heading": passage.heading, "html": html, "href": href}
