"""Routes of a ticket's page that help to answer: macros, a suggested reply, a summary made anew, what is known."""

from datetime import timedelta
from typing import Annotated, Any, Final

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import JSONResponse
from sqlalchemy import Connection
from starlette.exceptions import HTTPException

from console import case_about, case_summary
from console.auth import Viewer, take_form
from console.case_replies import known_suggestion, macro_values
from console.case_verbs import PressDep, Refusal, after
from console.desk_pages import frame
from console.forms import typed_id
from console.guard import FORM, ViewerDep
from console.pages import Pages, PagesDep
from console.ticket_view import MAX_TEXT, Written, known_ticket, show_ticket, viewers_zone
from handoff import board, case_help, directory, macro_store, messages
from handoff.errors import NotFound
from handoff.macros import Macro, fill, wording
from handoff.model import Ticket
from store import rates

router = APIRouter(prefix="/desk/t")
ASKED: Final = 12
PER: Final = timedelta(minutes=1)
_READ: Final = 200


@router.get("/{number}/macros")
async def macros(request: Request, *, pages: PagesDep, viewer: ViewerDep, number: str) -> Response:
    """The viewer's macros, filled for this ticket in its client's language."""

    def load(conn: Connection) -> list[tuple[Macro, str]]:
        ticket = known_ticket(conn, number)
        values, language = macro_values(conn, ticket, viewer.person)
        listed = macro_store.visible(conn, viewer.person.id)
        return [(each, fill(wording(each, language), values)) for each in listed]

    found = await pages.deps.db.read(load)
    return JSONResponse(
        [{"id": m.id, "name": m.name, "text": text, "does": does(request, pages, m)} for m, text in found]
    )


def does(request: Request, pages: Pages, macro: Macro) -> str:
    """What a macro does beside its text, in words; "" for nothing."""
    words = [pages.say(request, f"level.{macro.level}")] if macro.level else []
    words += [pages.say(request, f"macro.then.{macro.then}")] if macro.then else []
    return " · ".join(words)


@router.post("/{number}/macro", dependencies=FORM)
async def insert_macro(
    request: Request, *, pages: PagesDep, viewer: ViewerDep, number: str,
    macro_pick: Annotated[str, Form()] = "", text: Annotated[str, Form()] = "",
) -> Response:  # fmt: skip
    """Put a macro into what is typed: for a browser without a script."""
    which = typed_id(macro_pick)

    def load(conn: Connection) -> str:
        ticket = known_ticket(conn, number)
        values, language = macro_values(conn, ticket, viewer.person)
        return fill(wording(macro_store.find(conn, which or 0, person_id=viewer.person.id), language), values)

    try:
        filled = await pages.deps.db.read(load)
    except NotFound:
        return await show_ticket(request, pages, viewer, number, typed=Written(text=text))
    written = Written(text=_joined(text, filled), macro=str(which))
    return await show_ticket(request, pages, viewer, number, typed=written)


@router.post("/{number}/suggest", dependencies=FORM)
async def suggest(request: Request, *, pages: PagesDep, viewer: ViewerDep, pressed: PressDep) -> Response:
    """Have a reply suggested; it is shown with its sources, and sent by nobody but its reader."""
    ticket = await _asked(request, pages, viewer, pressed.number, pressed.once)
    if isinstance(ticket, Refusal):
        return await after(request, pages, viewer, pressed, ticket)
    if ticket is not None and pages.deps.suggester is not None:
        found, by = await pages.deps.suggester.suggest(ticket), viewer.person.id
        kept: dict[str, Any] = {"ticket_id": ticket.id, "by": by, "now": pages.deps.clock()}
        if isinstance(found, str):
            kept |= {"text": "", "made_by": found}
        else:
            kept |= {"text": found.text, "made_by": found.made_by, "model_failed": found.model_failed}
            kept |= {"citations": found.citations, "grounds": found.grounds}
        await pages.deps.db.write(lambda conn: case_help.suggest(conn, **kept))
    return await after(request, pages, viewer, pressed, None)


@router.post("/{number}/insert", dependencies=FORM)
async def insert_suggestion(
    request: Request, *, pages: PagesDep, viewer: ViewerDep, number: str, suggestion: Annotated[str, Form()] = ""
) -> Response:
    """Put the suggested reply into the box: for a browser without a script."""

    def load(conn: Connection) -> str:
        found = known_suggestion(conn, known_ticket(conn, number).id, suggestion)
        return found.text if found else ""

    written = Written(text=await pages.deps.db.read(load), suggestion=suggestion if typed_id(suggestion) else "")
    return await show_ticket(request, pages, viewer, number, typed=written)


@router.post("/{number}/summary", dependencies=FORM)
async def summarise(request: Request, *, pages: PagesDep, viewer: ViewerDep, pressed: PressDep) -> Response:
    """Sum the ticket up anew: by the model where there is one, else from its own words."""
    ticket = await _asked(request, pages, viewer, pressed.number, pressed.once)
    if isinstance(ticket, Refusal):
        return await after(request, pages, viewer, pressed, ticket)
    if ticket is not None:
        material = await pages.deps.db.read(lambda conn: _material(conn, ticket))
        language = request.state.language
        zone = viewers_zone(request, material.client.timezone if material.client else None)
        text, made_by = None, "model"
        if pages.deps.summariser is not None:
            talk, state = case_summary.talk(material, zone=zone), pages.say(request, f"state.{ticket.state}")
            text = await pages.deps.summariser.summarise(talk, title=ticket.title, state=state, language=language)
        if text is None:
            text, made_by = case_summary.extract(material, pages.texts, language, zone=zone), "extract"
        kept: dict[str, Any] = {"ticket_id": ticket.id, "by": viewer.person.id, "text": text, "made_by": made_by}
        now = pages.deps.clock()
        await pages.deps.db.write(lambda conn: case_help.keep_brief(conn, **kept, language=language, now=now))
    return await after(request, pages, viewer, pressed, None)


@router.get("/{number}/about/{part}")
async def about(request: Request, *, pages: PagesDep, viewer: ViewerDep, number: str, part: str) -> Response:
    """Similar tickets, the bot's reasoning, or everything that happened: a page, and a part of the ticket's panel."""
    loader = case_about.PARTS.get(part)
    if loader is None:
        raise HTTPException(404)
    ticket = await pages.deps.db.read(lambda conn: known_ticket(conn, number))
    found = await pages.deps.db.read(lambda conn: loader(conn, ticket, pages.texts, request.state.language))
    shown = await frame(pages, viewer, section="ticket") | {"ticket": ticket, "part": part, part: found}
    return pages.page(request, "case_about.html", **shown)


async def _asked(request: Request, pages: Pages, viewer: Viewer, number: str, once: str) -> Ticket | Refusal | None:
    """The ticket to be helped with, once for each form and so often a minute; None for the same form again."""
    now, by = pages.deps.clock(), viewer.person.id

    def body(conn: Connection) -> tuple[Ticket | None, bool]:
        ticket = known_ticket(conn, number)
        if not take_form(conn, once, person_id=by, now=now):
            return None, True
        return ticket, rates.take(conn, f"case-help:{by}", per=PER, limit=ASKED, now=now) is None

    ticket, allowed = await pages.deps.db.write(body)
    return ticket if allowed else Refusal(sentence=pages.say(request, "case.too_often"))


def _material(conn: Connection, ticket: Ticket) -> case_summary.Material:
    said = messages.dossier(conn, ticket, limit=_READ)
    return case_summary.Material(
        ticket=board.ticket(conn, ticket.id),
        client=directory.client(conn, ticket.client_id) if ticket.client_id is not None else None,
        requester=directory.person(conn, ticket.requester_id),
        assignee=directory.person(conn, ticket.assignee_id) if ticket.assignee_id is not None else None,
        said=[each for each in said if each.ticket_id in {None, ticket.id}],
    )


def _joined(text: str, more: str) -> str:
    return f"{text.rstrip()}\n{more}"[:MAX_TEXT] if text.strip() else more
