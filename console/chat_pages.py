"""Pages: the chats. When the bot may speak in each, how its silent drafts did, and from when on auto is offered."""

from dataclasses import dataclass
from typing import Annotated, Any, Final

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import Connection
from starlette.exceptions import HTTPException

from console.auth import Viewer, take_form
from console.desk_pages import frame
from console.forms import typed_fields, typed_id
from console.guard import FORM, AdminDep, ReaderDep
from console.pages import Pages, PagesDep
from handoff import autonomy, contracts, directory, modes
from handoff.autonomy import Bound, Tally
from handoff.kinds import Mode
from handoff.modes import ChatRow
from success.intake import forms_kept

router = APIRouter(prefix="/desk/chats")
MODES: Final = (Mode.MENTION, Mode.AUTO, Mode.SHADOW, Mode.COMMUNITY, Mode.OFF)
_MOST_PERCENT: Final = 99
_MOST_DRAFTS: Final = 1000


@dataclass(frozen=True, kw_only=True)
class _Shown:
    """A chat with what its figures come to."""

    row: ChatRow
    total: Tally
    offered: bool


@router.get("")
async def chats_page(request: Request, *, pages: PagesDep, viewer: ReaderDep) -> Response:
    """Every group, with its mode and how the drafts made there did."""
    return await _show(request, pages, viewer)


@router.post("/bound", dependencies=FORM)
async def set_bound(request: Request, *, pages: PagesDep, viewer: AdminDep) -> Response:
    """From when on the auto mode is offered."""
    typed, now, by = await typed_fields(request), pages.deps.clock(), viewer.person.id
    percent, least = (typed_id(typed.get(name, "").strip()) for name in ("percent", "least"))
    if not (percent and least and percent <= _MOST_PERCENT and least <= _MOST_DRAFTS):
        return await _show(request, pages, viewer, problem=pages.say(request, "modes.error.bound"))
    wanted = Bound(percent=percent, least=least)

    def body(conn: Connection) -> None:
        if take_form(conn, typed.get("once", ""), person_id=by, now=now):
            modes.set_bound(conn, wanted, by=by, now=now)

    await pages.deps.db.write(body)
    return RedirectResponse("/desk/chats", 303)


@router.post("/{chat_id}/mode", dependencies=FORM)
async def set_mode(
    *, pages: PagesDep, viewer: ReaderDep, chat_id: int,
    mode: Annotated[str, Form()] = "", once: Annotated[str, Form()] = "",
) -> Response:  # fmt: skip
    """Put a chat into a mode; it is kept who did so."""
    now, by = pages.deps.clock(), viewer.person.id
    if mode not in set(Mode):
        raise HTTPException(404)

    def body(conn: Connection) -> None:
        if take_form(conn, once, person_id=by, now=now):
            modes.change(conn, chat_id, Mode(mode), by=by, now=now)

    await pages.deps.db.write(body)
    return RedirectResponse(f"/desk/chats#chat-{chat_id}", 303)


async def _show(request: Request, pages: Pages, viewer: Viewer, *, problem: str | None = None) -> Response:
    facts = await pages.deps.db.read(lambda conn: _facts(conn, pages))
    shown = await frame(pages, viewer, section="chats") | facts | {"modes": MODES, "problem": problem}
    return pages.page(request, "chats.html", status=422 if problem else 200, **shown)


def _facts(conn: Connection, pages: Pages) -> dict[str, Any]:
    now, bound = pages.deps.clock(), modes.bound(conn)
    found = modes.overview(conn, now=now)
    return {
        "bound": bound,
        "intake_forms": forms_kept.offered(conn),
        "minutes": int(contracts.book(conn).current.unanswered.total_seconds()) // 60,
        "names": directory.names(conn, [each.by_id for row in found for each in row.changes if each.by_id is not None]),
        "chats": [
            _Shown(
                row=row,
                total=autonomy.total(row.tallies),
                offered=autonomy.offers(row.tallies, bound, mode=row.chat.mode),
            )
            for row in found
        ],
    }
