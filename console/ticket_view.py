"""One ticket's page: everything a colleague needs of it, read in one snapshot."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from typing import Any, Final
from urllib.parse import quote

from fastapi import Request, Response
from markupsafe import Markup
from sqlalchemy import Connection
from starlette.exceptions import HTTPException

from console import across_view, rating_pages
from console.auth import Viewer
from console.case_contract import Contract, contract_of
from console.case_snooze import choices
from console.desk_pages import frame
from console.forms import reader_zone, typed_id
from console.incident_view import of_ticket as incidents_of_ticket
from console.pages import Pages
from console.rendering import message_html
from console.routing_view import asked
from console.views import Wording, people_in, reason_words, timeline
from console.why import accounts
from handoff import attendance, board, case_help, directory, macro_store, messages, reading, turn_records
from handoff.attendance import Attendant
from handoff.case_help import Brief, Suggestion
from handoff.kinds import Audience, Author, Level
from handoff.macros import Macro
from handoff.model import Client, ClockView, Message, Person, Ticket, TicketEvent, Turn
from handoff.overtaken import News, Seen
from knowledge.errors import KnowledgeError
from knowledge.model import Audience as PageAudience
from knowledge.model import Passage, Scope
from store.zones import find_zone
from success import corrections
from success.corrections import Correction
from success.projects import change_store

MAX_TEXT: Final = 20_000
SHOWN_MESSAGES: Final = 100
MORE_MESSAGES: Final = 200
MOST_MESSAGES: Final = 2_000
SHOWN_TURNS: Final = 20
SOP_PASSAGES: Final = 3


@dataclass(frozen=True, kw_only=True)
class Written:
    """What stood in the boxes when a form was sent, and is kept if it was not taken."""

    text: str = ""
    tab: str = "reply"
    macro: str = ""
    suggestion: str = ""
    pictures: bool = False


NOTHING: Final = Written()


@dataclass(frozen=True, kw_only=True)
class Asking:
    """A verb that was overtaken by `news`: asked about, to be done anyway with the same `fields`, or left."""

    verb: str
    news: News
    fields: Mapping[str, str] = field(default_factory=dict)
    lost: bool = False


@dataclass(frozen=True, kw_only=True)
class _Dossier:
    ticket: Ticket
    client: Client | None
    requester: Person
    assignee: Person | None
    events: tuple[TicketEvent, ...]
    clocks: tuple[ClockView, ...]
    transcript: tuple[Message, ...]
    earlier: bool
    quotes: dict[int, Message]
    read_before: int | None
    attendants: tuple[Attendant, ...]
    turn: Turn | None
    names: dict[int, str]
    colleagues: tuple[Person, ...]
    corrections: tuple[Correction, ...]
    contract: Contract | None
    brief: Brief | None
    suggestion: Suggestion | None
    macros: tuple[Macro, ...]
    across: Mapping[str, Any]


async def show_ticket(
    request: Request, pages: Pages, viewer: Viewer, number: str, *,
    problem: str | None = None, typed: Written = NOTHING, asking: Asking | None = None, status: int = 200,
) -> Response:  # fmt: skip
    """The ticket's page as it now stands; raises 404 for none.

    `problem` says what did not work, `typed` is kept; `asking`: the verb was overtaken and is asked about.
    """
    now, me, many = pages.deps.clock(), viewer.person.id, _many(request)
    by = asking.news.by if asking else None
    dossier = await pages.deps.db.read(lambda conn: _dossier(conn, number, me=me, many=many, also=by, now=now))
    language = request.state.language
    wording = Wording(texts=pages.texts, language=language, names=dossier.names)
    shown: dict[str, Any] = vars(dossier) | await frame(pages, viewer, section="ticket") | dict(dossier.across)
    lines = timeline(dossier.transcript, _shown_events(dossier), wording, zone=reader_zone(request) or UTC)
    shown |= {"lines": lines, "levels": list(Level), "asked": asked(dossier.ticket, dossier.events, wording)}
    ledger = await pages.deps.db.read(lambda conn: pages.deps.desk.ledger(conn, dossier.ticket.id, now=now))
    shown |= {"why": accounts(ledger, pages.texts, language), "seen": _seen(dossier)}
    shown |= {"reason": reason_words(dossier.ticket.reason, pages.texts, language), "max_text": MAX_TEXT}
    shown |= {"sop": await _sop(pages, dossier), "typed": typed, "problem": problem, "asking": asking}
    shown |= {"by_name": wording.name(by), "first_unread": _first_unread(dossier, me=me)}
    zone = viewers_zone(request, dossier.client.timezone if dossier.client else None)
    shown |= {"snoozes": choices(now, zone=zone), "shown_next": min(many + MORE_MESSAGES, MOST_MESSAGES)}
    shown |= await rating_pages.of_ticket(request, pages, dossier.ticket)
    shown |= await incidents_of_ticket(pages, dossier.ticket)
    shown["change"] = await pages.deps.db.read(lambda conn: change_store.of_ticket(conn, dossier.ticket.id))
    shown |= {"has_suggester": pages.deps.suggester is not None, "has_model": pages.deps.summariser is not None}
    shown |= {"has_translator": pages.deps.translator is not None}
    shown |= {"begun": next((macro for macro in dossier.macros if str(macro.id) == typed.macro), None)}
    return pages.page(request, "ticket.html", status=status, **shown)


def viewers_zone(request: Request, otherwise: str | None) -> tzinfo:
    """The viewer's zone; before their browser has told it, the client's."""
    return reader_zone(request) or (find_zone(otherwise) if otherwise else None) or UTC


def _many(request: Request) -> int:
    """How many messages the address asks for."""
    asked_for = typed_id(request.query_params.get("shown", "")) or SHOWN_MESSAGES
    return max(SHOWN_MESSAGES, min(asked_for, MOST_MESSAGES))


def known_ticket(conn: Connection, number: str) -> Ticket:
    """The ticket of an address; without one there is no such page."""
    found = board.ticket_by_number(conn, number)
    if found is None:
        raise HTTPException(404)
    return found


def _dossier(conn: Connection, number: str, *, me: int, many: int, also: int | None, now: datetime) -> _Dossier:
    ticket = known_ticket(conn, number)
    events = board.events(conn, ticket.id)
    turns = turn_records.recent_turns(conn, ticket.conversation_id, SHOWN_TURNS)
    mine = (turn for turn in turns if turn.ticket_id == ticket.id)
    found = messages.dossier(conn, ticket, limit=many + 1)
    transcript = found[-many:]
    replied_to = {each.reply_to for each in transcript if each.reply_to and each.author is not Author.BOT}
    return _Dossier(
        ticket=ticket,
        client=directory.client(conn, ticket.client_id) if ticket.client_id else None,
        requester=directory.person(conn, ticket.requester_id),
        assignee=directory.person(conn, ticket.assignee_id) if ticket.assignee_id else None,
        events=events,
        clocks=board.clocks(conn, ticket.id, now),
        transcript=transcript,
        earlier=len(found) > len(transcript),
        quotes=reading.several(conn, replied_to, ticket=ticket) if replied_to else {},
        read_before=reading.read_before(conn, ticket_id=ticket.id, person_id=me),
        attendants=attendance.attending(conn, ticket.id, besides=me, now=now),
        turn=next(mine, turns[0] if turns else None),
        names=directory.names(conn, sorted({*people_in(events), *([also] if also else [])})),
        colleagues=directory.staff(conn, active_only=True),
        corrections=corrections.of_conversation(conn, ticket.conversation_id),
        contract=contract_of(conn, ticket, now=now),
        brief=case_help.brief_of(conn, ticket.id),
        suggestion=case_help.suggested(conn, ticket.id),
        macros=macro_store.visible(conn, me),
        across=across_view.of_talk(conn, ticket, transcript, me),
    )


def _shown_events(dossier: _Dossier) -> tuple[TicketEvent, ...]:
    """What happened since the first message that is shown."""
    if not dossier.earlier:
        return dossier.events
    since = dossier.transcript[0].at
    return tuple(event for event in dossier.events if event.recorded_at >= since)


def _seen(dossier: _Dossier) -> Seen:
    newest = dossier.transcript[-1].id if dossier.transcript else 0
    return Seen(message=newest, event=dossier.events[-1].seq if dossier.events else 0)


def _first_unread(dossier: _Dossier, *, me: int) -> int | None:
    """The first message of somebody else that came after what the viewer had read; None on a first visit."""
    before = dossier.read_before
    if before is None:
        return None
    theirs = (each for each in dossier.transcript if each.id > before and each.person_id != me)
    return next((each.id for each in theirs if each.author is Author.CLIENT or _by_colleague(each)), None)


def _by_colleague(message: Message) -> bool:
    return message.author is Author.STAFF and message.audience in {Audience.CLIENT, Audience.INTERNAL}


async def _sop(pages: Pages, dossier: _Dossier) -> list[dict[str, Any]]:
    """For an emergency, what our internal pages say; nothing where there is no index."""
    ticket = dossier.ticket
    if ticket.level is not Level.EMERGENCY or pages.deps.manual.version is None:
        return []
    client = dossier.client
    scope = Scope(audiences=frozenset({PageAudience.INTERNAL}), client=client.slug if client else None)
    question = dossier.turn.question if dossier.turn and dossier.turn.question else ticket.title
    try:
        found = await pages.deps.manual.search(question, scope=scope, limit=SOP_PASSAGES)
    except KnowledgeError:
        return []
    return [_passage(passage) for passage in found.passages]


def _passage(passage: Passage) -> dict[str, Any]:
    href = f"/desk/manual/{quote(passage.page)}" + (f"#{quote(passage.anchor)}" if passage.anchor else "")
    html = Markup(message_html(passage.text))  # noqa: S704 - safe by construction
    return {"chunk": passage.chunk, "title": passage.title, "heading": passage.heading, "html": html, "href": href}
