"""Pages: the queue and the notices; and the frame that every page of the desk has."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Final
from urllib.parse import parse_qsl, urlencode

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import Connection
from starlette.exceptions import HTTPException

from console.auth import Viewer, take_form
from console.forms import typed_id
from console.guard import FORM, READERS, ViewerDep
from console.pages import Pages, PagesDep
from console.views import notice_words
from handoff import bands, board, coverage, directory, roster, views
from handoff.bands import View
from handoff.kinds import Level, NoticeKind, Tier
from handoff.model import Notice, Ticket
from handoff.routing import LEADING
from handoff.views import SavedView, Wanted
from success import corrections, task_lists, tasks

router = APIRouter(prefix="/desk")
VIEWS: Final[tuple[View, ...]] = tuple(view for view in bands.VIEWS if view != "late")  # breaching holds the late ones
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
_MOST_KEPT: Final = 100
"""As far as a team's tickets and those of a kept view are counted."""


EVERYTHING: Final = Wanted()
MOST_DONE: Final = 200
"""Tickets of one form: as many as a view shows."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """A team's tickets or a kept view, in the desk's side; without a count where counting would mean searching."""

    key: str
    name: str
    address: str
    count: int | None
    shared: bool = False


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What became of one ticket of several: why it did not work, or None."""

    number: str
    why: str | None = None


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
        looked |= {"places": places(conn, person_id, now=now)}
        return {"counts": counts, "unread": len(unread), "pressing": pressing, "to_correct": corrected, **looked} | {
            "my_tasks": tasks.count_open(conn, person_id),
            "late_tasks": task_lists.overdue(conn, person_id=person_id, own=viewer.person.role not in READERS, now=now),
        }

    shown = {"viewer": viewer, "views": VIEWS, "view": "open", "section": section, "problem": None}
    shown |= {"may_read": viewer.person.role in READERS, "most_counted": board.MOST_COUNTED}
    shown |= {"may_lead": viewer.person.role in LEADING, "place": None, "most_kept": _MOST_KEPT}
    loaded = await pages.deps.db.read(load)
    return shown | loaded | {"untaken": loaded["counts"]["unclaimed"]}


def places(conn: Connection, person_id: int, *, now: datetime) -> tuple[Place, ...]:
    """The viewer's teams, and the views they see, each with its size."""

    def size(wanted: Wanted) -> int | None:
        if wanted.text:
            return None
        where = views.conditions(conn, wanted, viewer_id=person_id, now=now)
        return board.count(conn, view=wanted.view, viewer_id=person_id, now=now, where=where, most=_MOST_KEPT)

    mine = roster.members(conn).get(person_id, frozenset())
    teams = [(team, Wanted(team=team.slug)) for team in roster.teams(conn) if team.slug in mine] if mine else []
    found = [
        Place(key=f"team-{team.slug}", name=team.name, address=urlencode(wanted.address), count=size(wanted))
        for team, wanted in teams
    ]
    for kept in views.seen_by(conn, person_id):
        address = urlencode({"saved": kept.id})
        shared = kept.shared
        found.append(
            Place(key=f"saved-{kept.id}", name=kept.name, address=address, count=size(kept.wanted), shared=shared)
        )
    return tuple(found)


@router.get("")
async def queue_page(
    request: Request, pages: PagesDep, viewer: ViewerDep, *, saved: str = "", done: str = ""
) -> Response:
    """A view of the queue, the most urgent first: one of everybody's, narrowed, or kept under a name."""
    wanted, kept = await _asked(pages, viewer, {**request.query_params, "saved": saved})
    verdicts = [Verdict(number="")] * min(typed_id(done) or 0, MOST_DONE)
    return await show_queue(request, pages, viewer, wanted=wanted, kept=kept, verdicts=verdicts)


async def show_queue_again(
    request: Request, pages: Pages, viewer: Viewer, back: str, *,
    problem: str | None = None, verdicts: Sequence[Verdict] = (), chosen: Collection[str] = (),
    typed: Mapping[str, str] | None = None,
) -> Response:  # fmt: skip
    """The view that a form came from (``queue?…``) as it now stands, and why something did not work."""
    wanted, kept = await _asked(pages, viewer, dict(parse_qsl(back.partition("?")[2])))
    told: dict[str, Any] = {"problem": problem, "verdicts": verdicts, "chosen": chosen, "typed": typed}
    return await show_queue(request, pages, viewer, wanted=wanted, kept=kept, status=409, **told)


async def _asked(pages: Pages, viewer: Viewer, given: Mapping[str, str]) -> tuple[Wanted, SavedView | None]:
    """What an address asks for; 404 for a view that its reader does not see."""
    if not given.get("saved"):
        return Wanted.read(given), None
    seen = await pages.deps.db.read(lambda conn: views.seen_by(conn, viewer.person.id))
    kept = views.find(seen, typed_id(given["saved"]))
    if kept is None:
        raise HTTPException(404)
    return kept.wanted, kept


async def show_queue(
    request: Request, pages: Pages, viewer: Viewer, *,
    wanted: Wanted = EVERYTHING, kept: SavedView | None = None, problem: str | None = None, status: int = 200,
    verdicts: Sequence[Verdict] = (), chosen: Collection[str] = (), typed: Mapping[str, str] | None = None,
) -> Response:  # fmt: skip
    """The queue, with a sentence about what did not work, or a verdict on each ticket of several."""
    person_id, now = viewer.person.id, pages.deps.clock()

    def load(conn: Connection) -> dict[str, Any]:
        where = views.conditions(conn, wanted, viewer_id=person_id, now=now)
        rows = board.queue(conn, view=wanted.view, viewer_id=person_id, now=now, where=where)
        people, teams = directory.staff(conn, active_only=True), roster.teams(conn)
        return {"rows": rows, "colleagues": people, "teams": teams, "clients": directory.clients(conn)}

    shown = await frame(pages, viewer, section="queue") | await pages.deps.db.read(load)
    only_team = dict(wanted.narrowed) == {"team": wanted.team} and wanted.view == "open"
    place = f"saved-{kept.id}" if kept else f"team-{wanted.team}" if only_team else None
    address = urlencode({"saved": kept.id} if kept else wanted.address)
    shown |= {"view": wanted.view, "wanted": wanted, "kept": kept, "place": place, "address": address}
    shown |= {"problem": problem, "verdicts": verdicts, "chosen": chosen}
    shown |= {"typed": {"to": "", "level": "", "into": "", "name": "", "shared": ""} | dict(typed or {})}
    shown |= {"levels": tuple(Level), "tiers": tuple(Tier), "states": views.STATES, "longest": views.LONGEST_NAME}
    return pages.page(request, "queue.html", status=status, **shown)


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
