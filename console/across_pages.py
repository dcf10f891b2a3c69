"""Languages across at the desk: what clients wrote as colleagues read it, and replies in the client's language.

A translation is a draft that a colleague looks at, changes and sends; nothing goes out in their name that they did not
see. What they wrote themselves goes along below it, so that nobody has to trust a machine; one line of text is the same
on every platform, in every log and in every copy.
"""

from dataclasses import dataclass, replace
from typing import Annotated, Any, Final

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import Connection
from starlette.exceptions import HTTPException

from console.auth import Viewer, take_form
from console.case_replies import Reply, ReplyDep, send
from console.case_verbs import PressDep, Verb, after, done, to
from console.desk_pages import frame
from console.forms import typed_id
from console.guard import FORM, ViewerDep
from console.pages import Pages, PagesDep
from console.texts import LANGUAGES
from console.ticket_view import MAX_TEXT, known_ticket
from handoff import board
from handoff.desk import Desk
from handoff.overtaken import OUTWARD, state_of
from knowledge.tongues import tongue
from success import across
from success.across import Original
from success.across_rules import LONGEST, SPOKEN

router = APIRouter()
SHORT: Final = 600
"""An original up to so many characters goes along with its translation."""


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A reply and its translation, as they stand in the form; `why` there is no translation."""

    original: str
    text: str
    into: str
    why: str | None = None
    problem: str | None = None
    then: str = ""
    macro: str = ""
    apply: str = ""
    suggestion: str = ""


@router.post("/desk/t/{number}/translate", dependencies=FORM)
async def translate(request: Request, *, pages: PagesDep, viewer: ViewerDep, number: str, said: ReplyDep) -> Response:
    """Show a reply in the client's language, to be read and changed before it is sent; sends nothing."""
    into = await pages.deps.db.read(lambda conn: across.offered(conn, known_ticket(conn, number), viewer.person.id))
    translator, text = pages.deps.translator, said.text.strip()
    if into is None or not text:
        return to(f"/desk/t/{number}")
    draft = Draft(original=text, text="", into=into, macro=said.macro, suggestion=said.suggestion)
    draft = replace(draft, apply="1" if said.apply else "", then=said.then)
    if translator is None:
        return await _show(request, pages, viewer, number, replace(draft, why="none"))
    if len(text) > LONGEST:
        return await _show(request, pages, viewer, number, replace(draft, why="long"))
    made = await translator.translate(text, source=tongue(text), into=into)
    return await _show(request, pages, viewer, number, replace(draft, text=made.text or "", why=made.why))


@router.post("/desk/t/{number}/translated", dependencies=FORM)
async def send_translated(
    request: Request, *, pages: PagesDep, viewer: ViewerDep, number: str, pressed: PressDep, said: ReplyDep,
    original: Annotated[str, Form()] = "", into: Annotated[str, Form()] = "",
) -> Response:  # fmt: skip
    """Send what the colleague has read, with what they wrote below it."""
    if into not in SPOKEN:
        raise HTTPException(404)
    draft = Draft(
        original=original.strip()[:MAX_TEXT], text=said.text.strip(), into=into, then=said.then, macro=said.macro,
        apply="1" if said.apply else "", suggestion=said.suggestion,
    )  # fmt: skip
    if not draft.text or not draft.original or len(draft.text) > MAX_TEXT - 2 * SHORT:
        problem = pages.say(request, "across.error.text")
        return await _show(request, pages, viewer, number, replace(draft, problem=problem), status=422)
    refusal = await done(request, pages, viewer, pressed, verb=_sending(pages, draft), watch=OUTWARD)
    if refusal is None:
        return to(f"/desk/t/{number}")
    problem = refusal.sentence or pages.say(request, "across.overtaken")
    return await _show(request, pages, viewer, number, replace(draft, problem=problem), status=409)


@router.post("/desk/t/{number}/translate-again", dependencies=FORM)
async def translate_again(
    request: Request, *, pages: PagesDep, viewer: ViewerDep, pressed: PressDep,
    message: Annotated[str, Form()] = "", into: Annotated[str, Form()] = "",
) -> Response:  # fmt: skip
    """Have a client's message tried again whose translation failed; where there is nothing to try, nothing is done."""
    which, now = typed_id(message), pages.deps.clock()
    if which is None or into not in SPOKEN:
        raise HTTPException(404)

    def verb(_: Desk, conn: Connection, ticket_id: int, __: Viewer) -> object:
        talk = board.ticket(conn, ticket_id).conversation_id
        return across.again(conn, which, into=into, conversation_id=talk, now=now)

    return await after(request, pages, viewer, pressed, await done(request, pages, viewer, pressed, verb=verb))


@router.post("/desk/account/languages", dependencies=FORM)
async def my_languages(request: Request, *, pages: PagesDep, viewer: ViewerDep) -> Response:
    """Say what one reads, best first."""
    form, now, by = await request.form(), pages.deps.clock(), viewer.person.id
    chosen = [str(form.get("first", "")), *(str(each) for each in form.getlist("also"))]

    def body(conn: Connection) -> None:
        if take_form(conn, str(form.get("once", "")), person_id=by, now=now):
            across.set_reads(conn, by, chosen)

    await pages.deps.db.write(body)
    return RedirectResponse("/desk/account", 303)


def noted(draft: Draft, pages: Pages) -> str:
    """What is sent: the translation, and below it, in the client's language, that it is one and of what."""
    language = draft.into if draft.into in LANGUAGES else "en"
    if len(draft.original) > SHORT:
        return f"{draft.text}\n\n{pages.texts.say('across.note_short', language)}"
    return f"{draft.text}\n\n{pages.texts.say('across.note', language, text=draft.original)}"


def _sending(pages: Pages, draft: Draft) -> Verb:
    now = pages.deps.clock()
    translator = pages.deps.translator

    def verb(desk: Desk, conn: Connection, ticket_id: int, by: Viewer) -> object:
        said = _reply(draft, noted(draft, pages))
        sent = send(conn, said, desk=desk, deps=pages.deps, ticket_id=ticket_id, by=by, pictures=(), now=now)
        made_by = translator.name if translator is not None else ""
        language = tongue(draft.original) or across.reads(conn, by.person.id)[0]
        facts = {"message_id": sent.id, "language": language, "text": draft.original, "into": draft.into}
        across.keep_original(conn, Original(**facts, made_by=made_by), now=now)  # type: ignore[arg-type]
        return sent

    return verb


def _reply(draft: Draft, text: str) -> Reply:
    return Reply(text=text, then=draft.then, macro=draft.macro, apply=bool(draft.apply), suggestion=draft.suggestion)


async def _show(
    request: Request, pages: Pages, viewer: Viewer, number: str, draft: Draft, *, status: int = 200
) -> Response:
    def facts(conn: Connection) -> dict[str, Any]:
        ticket = known_ticket(conn, number)
        return {"ticket": ticket, "seen": state_of(conn, ticket)}

    shown = await frame(pages, viewer, section="ticket") | await pages.deps.db.read(facts)
    return pages.page(request, "translated.html", status=status, **shown, draft=draft, max_text=MAX_TEXT)
