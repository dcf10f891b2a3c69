"""A verb pressed on a ticket's page: done once, in one transaction, on the ticket as its presser had seen it.

What does not work is a sentence; what was overtaken is asked about, with nothing lost that was typed.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Final
from urllib.parse import quote

from fastapi import Depends, Form, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import Connection
from starlette.exceptions import HTTPException

from console.attachments import drop, named_by
from console.auth import Viewer, take_form
from console.errors import RefusedUpload
from console.pages import Pages
from console.ticket_view import NOTHING, Asking, Written, show_ticket
from handoff import board
from handoff.case_help import StaleSuggestion
from handoff.desk import Desk
from handoff.errors import (
    AlreadyClaimed,
    EmptyText,
    HandoffError,
    NotAllowed,
    NotFound,
    NotMergeable,
    NotReplied,
    PastInstant,
)
from handoff.macros import MacroError
from handoff.model import Attachment
from handoff.overtaken import Change, News, Overtaken, Seen, require_current
from store.errors import DiskFull
from success.projects.errors import NotConfirmed

Verb = Callable[[Desk, Connection, int, Viewer], object]
_LIVE: Final = "x-live"


@dataclass(frozen=True, kw_only=True)
class Press:
    """What every form of the page carries: the ticket's number, the once token, and how far its presser had seen."""

    number: str
    once: str
    seen: Seen | None


async def press(
    number: str,
    *,
    once: Annotated[str, Form()] = "",
    seen: Annotated[str, Form()] = "",
    anyway: Annotated[str, Form()] = "",
) -> Press:
    """Read it from a form; `anyway` is the newer state that the presser was shown and goes on from."""
    return Press(number=number, once=once, seen=Seen.read(anyway or seen))


PressDep = Annotated[Press, Depends(press)]


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """Why a verb was not done: a sentence, or the news that overtook it."""

    sentence: str | None = None
    news: News | None = None


async def done(
    request: Request, pages: Pages, viewer: Viewer, pressed: Press, *,
    verb: Verb, watch: frozenset[Change] = frozenset(), pictures: tuple[Attachment, ...] = (),
) -> Refusal | None:  # fmt: skip
    """Do a verb unless a change to `watch` for came after what its presser had seen; why it was not, or None."""
    person_id, now = viewer.person.id, pages.deps.clock()

    def body(conn: Connection) -> bool:
        found = board.ticket_by_number(conn, pressed.number)
        if found is None:
            raise NotFound("ticket", pressed.number)
        if first := take_form(conn, pressed.once, person_id=person_id, now=now):
            if watch:
                require_current(conn, found.id, seen=pressed.seen, by=person_id, watch=watch)
            verb(pages.deps.desk, conn, found.id, viewer)
        return first

    try:
        with named_by(pages.deps.files, pictures):
            first = await pages.deps.db.write(body)
    except Overtaken as overtaken:
        return Refusal(news=overtaken.news)
    except HandoffError as error:
        return Refusal(sentence=sentence(request, pages, error))
    except DiskFull as error:
        return Refusal(sentence=unkept(request, pages, error))
    if not first:  # the same form again: its pictures are kept already
        drop(pages.deps.files, pictures)
    return None


async def after(
    request: Request, pages: Pages, viewer: Viewer, pressed: Press, refusal: Refusal | None, *,
    written: Written = NOTHING, fields: Mapping[str, str] | None = None,
) -> Response:  # fmt: skip
    """Back to the ticket; refused, the ticket as it now stands, what was typed, and why or what to ask.

    `fields` are what the same form carries again if it is pressed anyway.
    """
    if refusal is None:
        return to(f"/desk/t/{quote(pressed.number)}")
    problem, asking = refusal.sentence, None
    if refusal.news is not None:
        verb = request.url.path.rsplit("/", 1)[-1]
        asking = Asking(verb=verb, news=refusal.news, fields=dict(fields or {}), lost=_lost(request, written))
    return await show_ticket(
        request, pages, viewer, pressed.number, problem=problem, typed=written, asking=asking, status=409
    )


def to(path: str) -> Response:
    """A page to go on with."""
    return RedirectResponse(path, 303)


def sentence(request: Request, pages: Pages, error: HandoffError) -> str:
    """Why a verb did not work; raises 404 where there is no such ticket."""
    match error:
        case AlreadyClaimed():
            return pages.say(request, "error.claimed", name=error.by.name)
        case NotAllowed():
            return pages.say(request, "error.not_allowed", state=pages.say(request, f"state.{error.state}"))
        case NotMergeable():
            return pages.say(request, f"error.merge.{error.why}")
        case MacroError():
            return pages.say(request, f"macro.error.{error.why}", what=error.what)
        case NotFound(what="ticket"):
            raise HTTPException(404)
    return pages.say(request, _PLAIN.get(type(error), "error.handoff") if not _nobody(error) else "error.nobody")


def unkept(request: Request, pages: Pages, why: RefusedUpload | DiskFull) -> str:
    """Why pictures were not taken."""
    if isinstance(why, DiskFull):
        return pages.say(request, "error.507.text")
    return pages.say(request, f"error.file_{why.reason}", name=why.name)


_PLAIN: Final[dict[type[HandoffError], str]] = {
    NotReplied: "error.not_replied",
    EmptyText: "error.empty",
    PastInstant: "case.snooze.past",
    StaleSuggestion: "case.suggest.stale",
    NotConfirmed: "changes.error.not_confirmed",
}


def _nobody(error: HandoffError) -> bool:
    return isinstance(error, NotFound) and error.what in {"colleague", "person"}


def _lost(request: Request, written: Written) -> bool:
    """Whether pictures were chosen that a page loaded anew does not hold any more; a script's form still does."""
    return written.pictures and _LIVE not in request.headers
