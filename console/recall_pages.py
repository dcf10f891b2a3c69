"""Pages: who was told what the manual no longer says, and the corrections; each is sent by a person, once."""

import re
from dataclasses import dataclass
from typing import Annotated, Any, Final

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse
from markupsafe import Markup
from sqlalchemy import Connection

from console.auth import Viewer, take_form
from console.correction_words import spoken
from console.desk_pages import frame
from console.differing import differing
from console.errors import Forbidden
from console.guard import FORM, ReaderDep, ViewerDep
from console.pages import Pages, PagesDep
from console.rendering import message_html
from console.ticket_view import MAX_TEXT, Written, show_ticket
from handoff.errors import HandoffError
from success import corrections
from success.corrections import Correction
from success.recall import Grade
from success.recall_errors import Held, NoCorrection, NotTheirs, RecallError, Rewritten, Unreachable, Wordless

router = APIRouter(prefix="/desk/recall")
_TICKET: Final = re.compile(r"/desk/t/(T-\d{1,18})")


@dataclass(frozen=True, kw_only=True)
class _Shown:
    """A correction as its card shows it; `typed` is what a colleague had written when something went wrong."""

    known: Correction
    changes: list[tuple[Markup, Markup]]
    said: Markup
    typed: str | None


@router.get("")
async def recall_page(request: Request, *, pages: PagesDep, viewer: ReaderDep, wording: str = "") -> Response:
    """What waits for a decision, after a look at what has changed; and what was decided."""
    if pages.deps.recalls is not None:
        await pages.deps.recalls.review()
    return await _show(request, pages, viewer, wording=bool(wording))


@router.post("/{number}/send", dependencies=FORM)
async def send(
    request: Request, *, pages: PagesDep, viewer: ViewerDep, number: int,
    text: Annotated[str, Form()] = "", says: Annotated[str, Form()] = "", once: Annotated[str, Form()] = "",
    back: Annotated[str, Form()] = "",
) -> Response:  # fmt: skip
    """Send a correction as it was read and edited."""
    now, by = pages.deps.clock(), viewer.person.id
    if len(text) > MAX_TEXT:
        return await _failed(request, pages, viewer, "long", typed=(number, text))
    if pages.deps.recalls is not None:
        await pages.deps.recalls.review()

    def body(conn: Connection) -> None:
        if take_form(conn, once, person_id=by, now=now):
            language = spoken(corrections.one(conn, number).language)
            name = pages.texts.say("recall.bot", language)
            corrections.send(conn, number, by=by, text=text, says=says, name=name, desk=pages.deps.desk, now=now)

    return await _decided(request, pages, viewer, body, typed=(number, text), back=back)


@router.post("/{number}/dismiss", dependencies=FORM)
async def dismiss(
    request: Request, *, pages: PagesDep, viewer: ViewerDep, number: int,
    reason: Annotated[str, Form()] = "", says: Annotated[str, Form()] = "", once: Annotated[str, Form()] = "",
    back: Annotated[str, Form()] = "",
) -> Response:  # fmt: skip
    """Decide that the client need not hear of it."""
    now, by = pages.deps.clock(), viewer.person.id

    def body(conn: Connection) -> None:
        if take_form(conn, once, person_id=by, now=now):
            corrections.dismiss(conn, number, by=by, reason=reason[:MAX_TEXT], says=says, now=now)

    return await _decided(request, pages, viewer, body, typed=None, back=back)


async def _decided(
    request: Request, pages: Pages, viewer: Viewer, body: Any, *, typed: tuple[int, str] | None, back: str
) -> Response:
    """Do it in one transaction, and go back; what did not work is said where it was tried, and typed text is kept."""
    ticket = _TICKET.fullmatch(back)
    try:
        await pages.deps.db.write(body)
    except (RecallError, HandoffError) as error:
        if ticket is not None:
            problem, text = _sentence(request, pages, _problem(error)), typed[1] if typed else ""
            return await show_ticket(
                request, pages, viewer, ticket[1], problem=problem, typed=Written(text=text), status=409
            )
        return await _failed(request, pages, viewer, _problem(error), typed=typed)
    return RedirectResponse(f"/desk/t/{ticket[1]}" if ticket else "/desk/recall", 303)


async def _failed(
    request: Request, pages: Pages, viewer: Viewer, problem: str, *, typed: tuple[int, str] | None
) -> Response:
    if viewer.person.role not in corrections.SENDERS:
        raise Forbidden("role")
    return await _show(request, pages, viewer, problem=problem, typed=typed)


def _sentence(request: Request, pages: Pages, problem: str) -> str:
    return pages.say(request, f"recall.{problem if problem.startswith('barrier.') else f'error.{problem}'}")


_PROBLEMS: Final[dict[type[Exception], str]] = {
    NoCorrection: "none", Rewritten: "rewritten", Held: "held", NotTheirs: "role",
}  # fmt: skip


def _problem(error: Exception) -> str:
    match error:
        case Wordless(what=what):
            return what
        case Unreachable(why=why):
            return f"barrier.{why}"
        case _:
            return _PROBLEMS.get(type(error), "settled")


async def _show(
    request: Request, pages: Pages, viewer: Viewer, *,
    wording: bool = False, problem: str | None = None, typed: tuple[int, str] | None = None,
) -> Response:  # fmt: skip
    def load(conn: Connection) -> dict[str, Any]:
        return {
            "cards": [_card(each, typed) for each in corrections.waiting(conn, wording=wording)],
            "decided": corrections.decided(conn),
            "wordings": corrections.count(conn, grade=Grade.WORDING),
        }

    facts = await pages.deps.db.read(load)
    shown = await frame(pages, viewer, section="recall") | facts | {"wording": wording, "max_text": MAX_TEXT}
    recalls = pages.deps.recalls
    shown |= {"days": recalls.window.days if recalls else None}
    if problem is not None:
        shown["problem"] = _sentence(request, pages, problem)
    return pages.page(request, "recall.html", status=409 if problem else 200, **shown)


def _card(known: Correction, typed: tuple[int, str] | None) -> _Shown:
    return _Shown(
        known=known,
        changes=[differing(each.old, each.new) for each in known.changes],
        said=Markup(message_html(known.said)),  # noqa: S704 - safe by construction
        typed=typed[1] if typed and typed[0] == known.number else None,
    )
