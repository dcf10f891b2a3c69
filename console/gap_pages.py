"""Pages: what the manual lacks. Who may see clients' terms may draft and dismiss; an admin approves pages."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import Connection
from starlette.exceptions import HTTPException

from console import gap_view
from console.auth import Viewer, take_form
from console.desk_pages import frame
from console.guard import FORM, AdminDep, ReaderDep
from console.pages import Pages, PagesDep
from handoff.kinds import Role
from store.jobs import enqueue
from success import gap_outline, gap_states, gap_store
from success.errors import BrokenDraft, NotWritten, OpenPoints, ReasonMissing, SuccessError, UnknownGap, WrongState
from success.gap_drafts import GapDrafts
from success.gap_model import State

router = APIRouter(prefix="/desk/gaps")
OnceField = Annotated[str, Form()]
_LARGEST: Final = 2**62


@router.get("")
async def gap_list(request: Request, pages: PagesDep, viewer: ReaderDep, state: str = "", queued: str = "") -> Response:
    """The gaps that are open, those with most questions first; or those in one other state."""
    chosen = next((one for one in State if one == state), None)
    states = (chosen,) if chosen else (State.OPEN, State.DRAFTED)

    def load(conn: Connection) -> dict[str, Any]:
        gaps = gap_store.gaps(conn, states=states, limit=200)
        counts, run = gap_store.counts(conn), gap_store.last_run(conn)
        examples = gap_store.examples(conn, [gap.id for gap in gaps])
        return {"gaps": gaps, "totals": counts, "run": run, "examples": examples}

    shown = await frame(pages, viewer, section="gaps") | await pages.deps.db.read(load)
    shown |= {"chosen": chosen, "states": tuple(State), "queued": bool(queued), "spark": gap_view.sparkline}
    return pages.page(request, "gaps.html", **shown)


@router.post("/recompute", dependencies=FORM)
async def recompute(pages: PagesDep, viewer: ReaderDep, once: OnceField = "") -> Response:
    """Have gaps looked for, as a job."""
    now, by = pages.deps.clock(), viewer.person.id

    def body(conn: Connection) -> None:
        if take_form(conn, once, person_id=by, now=now):
            enqueue(conn, gap_store.RECOMPUTE, {}, now=now)

    await pages.deps.db.write(body)
    return RedirectResponse("/desk/gaps?queued=yes", 303)


@router.get("/{number}")
async def gap_page(request: Request, pages: PagesDep, viewer: ReaderDep, number: int) -> Response:
    """One gap: its questions, its draft, its history."""
    return await _show(request, pages, viewer, number)


@router.post("/{number}/draft", dependencies=FORM)
async def draft(request: Request, pages: PagesDep, viewer: ReaderDep, number: int, once: OnceField = "") -> Response:
    """Draft the page from what colleagues told clients."""

    async def work(drafts: GapDrafts) -> None:
        await drafts.draft(number, by=viewer.person.name)

    return await _done(request, pages, viewer, number, once=once, work=work)


@router.post("/{number}/edit", dependencies=FORM)
async def edit(
    request: Request, *, pages: PagesDep, viewer: ReaderDep, number: int,
    once: OnceField = "", text: Annotated[str, Form()] = "",
) -> Response:  # fmt: skip
    """Keep the draft as somebody edited it."""

    async def work(drafts: GapDrafts) -> None:
        await drafts.edit(number, text, by=viewer.person.name)

    return await _done(request, pages, viewer, number, once=once, work=work)


@router.post("/{number}/approve", dependencies=FORM)
async def approve(
    request: Request, *, pages: PagesDep, viewer: AdminDep, number: int,
    once: OnceField = "", text: Annotated[str, Form()] = "", audience: Annotated[str, Form()] = "",
    golden: Annotated[str, Form()] = "", insist: Annotated[str, Form()] = "",
) -> Response:  # fmt: skip
    """Keep the draft and write it into the manual's folder."""
    wanted: Literal["client", "internal"] = "client" if audience == "client" else "internal"

    async def work(drafts: GapDrafts) -> None:
        await drafts.edit(number, text, by=viewer.person.name)
        by = viewer.person.name
        await drafts.approve(number, by=by, audience=wanted, golden=bool(golden), insist=bool(insist))

    return await _done(request, pages, viewer, number, once=once, work=work)


@router.post("/{number}/dismiss", dependencies=FORM)
async def dismiss(
    request: Request, *, pages: PagesDep, viewer: ReaderDep, number: int,
    once: OnceField = "", reason: Annotated[str, Form()] = "",
) -> Response:  # fmt: skip
    """Say that a gap is none, and why."""
    now, by = pages.deps.clock(), viewer.person.name

    async def work(_: GapDrafts) -> None:
        await pages.deps.db.write(lambda conn: gap_states.dismiss(conn, number, by=by, reason=reason, now=now))

    return await _done(request, pages, viewer, number, once=once, work=work)


@router.post("/{number}/reopen", dependencies=FORM)
async def reopen(request: Request, pages: PagesDep, viewer: ReaderDep, number: int, once: OnceField = "") -> Response:
    """Look at a dismissed or closed gap again."""
    now, by = pages.deps.clock(), viewer.person.name

    async def work(_: GapDrafts) -> None:
        await pages.deps.db.write(lambda conn: gap_states.reopen(conn, number, by=by, now=now))

    return await _done(request, pages, viewer, number, once=once, work=work)


async def _done(
    request: Request, pages: Pages, viewer: Viewer, number: int, *, once: str,
    work: Callable[[GapDrafts], Awaitable[None]],
) -> Response:  # fmt: skip
    """Do something about a gap once, and show it; what did not work is said there."""
    now, person_id = pages.deps.clock(), viewer.person.id
    if pages.deps.gap_drafts is None:
        raise HTTPException(404)
    if await pages.deps.db.write(lambda conn: take_form(conn, once, person_id=person_id, now=now)):
        try:
            await work(pages.deps.gap_drafts)
        except UnknownGap:
            raise HTTPException(404) from None
        except SuccessError as error:
            return await _show(request, pages, viewer, number, problem=_words(request, pages, error), status=422)
    return RedirectResponse(f"/desk/gaps/{number}", 303)


async def _show(
    request: Request, pages: Pages, viewer: Viewer, number: int, *, problem: str | None = None, status: int = 200
) -> Response:
    if not 0 < number < _LARGEST:
        raise HTTPException(404)

    def load(conn: Connection) -> dict[str, Any]:
        gap = gap_store.one(conn, number)
        points = gap_outline.open_points(gap.draft or "")
        return {
            "gap": gap,
            "members": gap_store.members(conn, number),
            "history": gap_store.events(conn, number),
            "points": points,
        }

    try:
        found = await pages.deps.db.read(load)
    except UnknownGap:
        raise HTTPException(404) from None
    shown = await frame(pages, viewer, section="gaps") | found | {"spark": gap_view.sparkline}
    shown["problem"] = problem
    shown["may_approve"] = viewer.person.role is Role.ADMIN
    return pages.page(request, "gap.html", status=status, **shown)


def _words(request: Request, pages: Pages, error: SuccessError) -> str:
    match error:
        case ReasonMissing():
            return pages.say(request, "gaps.error.reason")
        case OpenPoints(points=points):
            return pages.say(request, "gaps.error.points", points=" ".join(points))
        case BrokenDraft():
            return pages.say(request, "gaps.error.broken", why=str(error))
        case NotWritten(path=path, why=why):
            return pages.say(request, "gaps.error.written", path=path, why=why)
        case WrongState():
            return pages.say(request, "gaps.error.state")
        case _:
            raise error
