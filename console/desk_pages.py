"""Pages: the queue and the notices; and the frame that every page of the desk has."""

from typing import Annotated, Any, Final, get_args

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import Connection

from console.auth import Viewer, take_form
from console.guard import FORM, READERS, ViewerDep
from console.pages import Pages, PagesDep
from console.views import notice_words
from handoff import board, coverage, roster
from handoff.bands import View
from handoff.kinds import NoticeKind
from handoff.model import Notice, Ticket
from success import corrections

router = APIRouter(prefix="/desk")
VIEWS: Final[tuple[View, ...]] = get_args(View)
PRESSING: Final = frozenset(
    {
        NoticeKind.ASKED,
        NoticeKind.EMERGENCY,
        NoticeKind.UNACKNOWLEDGED,
        NoticeKind.UNPHONED,
        NoticeKind.NOBODY,
        NoticeKind.TRANSFER,
        NoticeKind.BREACH,
    }
)
"""What a browser shows outside its page as well, where the viewer allows it."""
_NOTICES: Final = 100


async def frame(pages: Pages, viewer: Viewer, *, section: str) -> dict[str, Any]:
    """What the desk's frame shows: views with counts, unread notices, who is signed in, what they say of themselves."""
    person_id = viewer.person.id
    now = pages.deps.clock()

    def load(conn: Connection) -> dict[str, Any]:
        unread = board.notices(conn, person_id=person_id, limit=_NOTICES)
        pressing = next((notice for notice in unread if notice.kind in PRESSING), None)
        counts = dict(board.counts(conn, viewer_id=person_id, now=now))
        presence = roster.presence_of(conn, person_id).now(now)
        corrected = corrections.count(conn) if viewer.person.role in READERS else 0
        looked = {"coverage": coverage.look(conn, now=now), "presence": presence}
        return {"counts": counts, "unread": len(unread), "pressing": pressing, "to_correct": corrected, **looked}

    shown = {"viewer": viewer, "views": VIEWS, "view": "open", "section": section, "problem": None}
    shown |= {"may_read": viewer.person.role in READERS, "most_counted": board.MOST_COUNTED}
    return shown | await pages.deps.db.read(load)


@router.get("")
async def queue_page(request: Request, pages: PagesDep, viewer: ViewerDep, view: str = "open") -> Response:
    """A view of the queue, the most urgent first."""
    return await show_queue(request, pages, viewer, view=view)


async def show_queue(
    request: Request, pages: Pages, viewer: Viewer, *, view: str = "open", problem: str | None = None, status: int = 200
) -> Response:
    """The queue, with a sentence about what did not work."""
    chosen: View = next((name for name in VIEWS if name == view), "open")
    person_id, now = viewer.person.id, pages.deps.clock()
    rows = await pages.deps.db.read(lambda conn: board.queue(conn, view=chosen, viewer_id=person_id, now=now))
    shown = await frame(pages, viewer, section="queue") | {"view": chosen, "problem": problem}
    return pages.page(request, "queue.html", status=status, **shown, rows=rows)


@router.get("/notices")
async def notices_page(request: Request, pages: PagesDep, viewer: ViewerDep) -> Response:
    """What the viewer was told, newest first."""
    person_id = viewer.person.id

    def load(conn: Connection) -> list[tuple[Notice, Ticket]]:
        found = board.notices(conn, person_id=person_id, unread=False, limit=_NOTICES)
        return [(notice, board.ticket(conn, notice.ticket_id)) for notice in found]

    language = request.state.language
    rows = [
        {"notice": notice, "ticket": ticket, "words": notice_words(notice, ticket.number, pages.texts, language)}
        for notice, ticket in await pages.deps.db.read(load)
    ]
    return pages.page(request, "notices.html", **await frame(pages, viewer, section="notices"), notices=rows)


@router.post("/notices/read", dependencies=FORM)
async def read_notices(pages: PagesDep, viewer: ViewerDep, once: Annotated[str, Form()] = "") -> Response:
    """Mark all of the viewer's notices as read."""
    person_id, now = viewer.person.id, pages.deps.clock()

    def mark(conn: Connection) -> None:
        if take_form(conn, once, person_id=person_id, now=now):
            board.mark_read(conn, person_id=person_id, now=now)

    await pages.deps.db.write(mark)
    return RedirectResponse("/desk/notices", 303)
