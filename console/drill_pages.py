"""Pages: drills with difficult clients, played as a chat of their own, and how each went."""

from typing import Any, Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import Connection
from starlette.exceptions import HTTPException

from console.auth import Viewer, take_form
from console.care_forms import known_id
from console.desk_pages import frame
from console.forms import typed_fields
from console.guard import FORM, ViewerDep
from console.pages import Pages, PagesDep
from handoff import directory
from handoff.errors import NotFound
from handoff.routing import LEADING
from success.drills import certificates, exams, plays, shelf
from success.drills.errors import DrillBroken, DrillRefused
from success.drills.model import LONGEST_LINE, Scenario, in_language
from success.drills.plays import Play
from success.drills.service import Drills

router = APIRouter(prefix="/desk/training")
_MINE: Final = 30


def drills_of(pages: Pages) -> Drills:
    """What plays drills."""
    deps = pages.deps
    return Drills(db=deps.db, pages=deps.manual, clock=deps.clock, speaker=deps.drill_speaker)


@router.get("")
async def training_page(request: Request, *, pages: PagesDep, viewer: ViewerDep) -> Response:
    """The drills, one's exams and certificates, what one played."""
    return await _list(request, pages, viewer)


@router.post("/drills/{slug}", dependencies=FORM)
async def begin_drill(request: Request, *, pages: PagesDep, viewer: ViewerDep, slug: str) -> Response:
    """Begin a drill, or go on with it."""
    now, language, who = pages.deps.clock(), request.state.language, viewer.person.id
    try:
        made = await pages.deps.db.write(
            lambda conn: plays.begin(conn, slug, person_id=who, language=language, now=now)
        )
    except DrillRefused as refused:
        if refused.reason == "unknown":
            raise HTTPException(404) from refused
        return await _list(request, pages, viewer, problem=pages.say(request, f"drill.error.{refused.reason}"))
    return RedirectResponse(f"/desk/training/plays/{made.id}", 303)


@router.get("/plays/{play_id}")
async def play_page(request: Request, *, pages: PagesDep, viewer: ViewerDep, play_id: str) -> Response:
    """A talk under way, or how it went. Others' are for leads."""
    return await _show(request, pages, viewer, known_id(play_id))


@router.post("/plays/{play_id}/say", dependencies=FORM)
async def say_in_drill(request: Request, *, pages: PagesDep, viewer: ViewerDep, play_id: str) -> Response:
    """Say something to the client."""
    typed, which, who = await typed_fields(request), known_id(play_id), viewer.person.id
    seen = typed.get("seen", "")
    try:
        held = await drills_of(pages).say(
            which, typed.get("text", ""), person_id=who, seen=int(seen) if seen.isascii() and seen.isdecimal() and len(seen) < 4 else -1  # noqa: PLR2004, E501
        )  # fmt: skip
    except DrillRefused as refused:
        problem = pages.say(request, f"drill.error.{refused.reason}")
        return await _show(request, pages, viewer, which, problem=problem, typed=typed.get("text", "")[:LONGEST_LINE])
    except DrillBroken as broken:
        raise HTTPException(404) from broken
    await _settled(pages, held)
    return RedirectResponse(f"/desk/training/plays/{which}#end", 303)


@router.post("/plays/{play_id}/leave", dependencies=FORM)
async def leave_drill(request: Request, *, pages: PagesDep, viewer: ViewerDep, play_id: str) -> Response:
    """End the talk, and have it scored."""
    typed, which, now = await typed_fields(request), known_id(play_id), pages.deps.clock()
    who = viewer.person.id
    if await pages.deps.db.write(lambda conn: take_form(conn, typed.get("once", ""), person_id=who, now=now)):
        held = await drills_of(pages).leave(which, person_id=viewer.person.id)
        await _settled(pages, held)
    return RedirectResponse(f"/desk/training/plays/{which}", 303)


async def _settled(pages: Pages, held: Play) -> None:
    """Where the talk was part of an exam, see whether that is over."""
    if held.ended_at is None or held.try_id is None:
        return
    try_id, now = held.try_id, pages.deps.clock()

    def body(conn: Connection) -> None:
        seat_id = exams.seat_of_try(conn, try_id)
        if seat_id is not None:
            exams.settle(conn, seat_id, now=now)

    await pages.deps.db.write(body)


async def _list(request: Request, pages: Pages, viewer: Viewer, *, problem: str | None = None) -> Response:
    who, now = viewer.person.id, pages.deps.clock()

    def load(conn: Connection) -> dict[str, Any]:
        return {
            "shelf": shelf.shelf(conn), "mine": plays.listed(conn, person_id=who, limit=_MINE),
            "exams": exams.of_person(conn, who, now=now), "certificates": certificates.of_person(conn, who),
        }  # fmt: skip

    shown = await frame(pages, viewer, section="training") | await pages.deps.db.read(load)
    shown |= {"problem": problem, "said": _said(request), "leads": viewer.person.role in LEADING, "today": now.date()}
    shown["titles"] = {each.slug: title_of(request, each.scenario, each.slug) for each in shown["shelf"]}
    return pages.page(request, "training.html", status=422 if problem else 200, **shown)


async def _show(
    request: Request, pages: Pages, viewer: Viewer, which: int, *, problem: str | None = None, typed: str = ""
) -> Response:
    def load(conn: Connection) -> dict[str, Any]:
        held = plays.play(conn, which)
        if held.person_id != viewer.person.id and viewer.person.role not in LEADING:
            raise NotFound("drill_play", which)
        seat = exams.seat_of_try(conn, held.try_id) if held.try_id is not None else None
        scenario = shelf.edition(conn, held.edition)
        trainee = directory.person(conn, held.person_id)
        return {"play": held, "talk": plays.lines(conn, which), "drill": scenario, "trainee": trainee, "seat": seat}

    try:
        loaded = await pages.deps.db.read(load)
    except DrillBroken as broken:
        raise HTTPException(404) from broken
    scenario: Scenario = loaded["drill"]
    sources = [source for item in scenario.rubric for source in (item.source, *(step.source for step in item.steps))]
    cited = [source.page for source in sources if source is not None]
    read = [page for each in dict.fromkeys((*cited, *scenario.pages)) if (page := await pages.deps.manual.page(each))]
    shown = await frame(pages, viewer, section="training") | loaded
    shown |= {"problem": problem, "typed": typed, "said": _said(request), "longest": LONGEST_LINE}
    shown |= {
        "items": {item.id: item for item in scenario.rubric},
        "mine": loaded["play"].person_id == viewer.person.id,
    }
    shown |= {"pages": {page.id: page.title for page in read}}
    return pages.page(request, "drill.html", status=422 if problem else 200, **shown)


def _said(request: Request) -> Any:
    """How a template says a sentence of a drill in the page's language."""
    language = request.state.language
    return lambda sentence: in_language(sentence, language)


def title_of(request: Request, scenario: Scenario | None, slug: str) -> str:
    return in_language(scenario.title, request.state.language) if scenario is not None else slug
