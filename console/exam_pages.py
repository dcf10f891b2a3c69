"""Pages: an exam that somebody was given, attempt by attempt; a certificate to be printed."""

from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import Connection
from starlette.exceptions import HTTPException

from console.auth import Viewer, take_form
from console.care_forms import known_id
from console.desk_pages import frame
from console.drill_pages import title_of
from console.forms import typed_fields, typed_id
from console.guard import FORM, ViewerDep
from console.pages import Pages, PagesDep
from handoff import directory
from handoff.errors import NotFound
from handoff.figures import home_zone
from handoff.routing import LEADING
from success.drills import certificates, exams, plays, shelf
from success.drills.errors import DrillRefused, ExamRefused
from success.reports import office

router = APIRouter(prefix="/desk/training")


@router.get("/exams/{seat_id}")
async def exam_page(request: Request, *, pages: PagesDep, viewer: ViewerDep, seat_id: str) -> Response:
    """One's own exam; others' are for leads."""
    return await _show(request, pages, viewer, known_id(seat_id))


@router.post("/exams/{seat_id}/begin", dependencies=FORM)
async def begin_exam(request: Request, *, pages: PagesDep, viewer: ViewerDep, seat_id: str) -> Response:
    """Begin an attempt."""
    typed, which, now = await typed_fields(request), known_id(seat_id), pages.deps.clock()
    who = viewer.person.id

    def body(conn: Connection) -> None:
        if take_form(conn, typed.get("once", ""), person_id=who, now=now):
            exams.begin(conn, which, person_id=who, now=now)

    return await _done(request, pages, viewer, which, body)


@router.post("/exams/{seat_id}/drills/{slug}", dependencies=FORM)
async def play_in_exam(request: Request, *, pages: PagesDep, viewer: ViewerDep, seat_id: str, slug: str) -> Response:
    """Begin a drill of the attempt, or go on with it."""
    which, now, language, who = known_id(seat_id), pages.deps.clock(), request.state.language, viewer.person.id
    try:
        made = await pages.deps.db.write(
            lambda conn: exams.play_drill(conn, which, slug, person_id=who, language=language, now=now)
        )
    except ExamRefused as refused:
        return await _show(request, pages, viewer, which, problem=pages.say(request, f"exam.error.{refused.reason}"))
    except DrillRefused as refused:
        return await _show(request, pages, viewer, which, problem=pages.say(request, f"drill.error.{refused.reason}"))
    return RedirectResponse(f"/desk/training/plays/{made.id}", 303)


@router.post("/exams/{seat_id}/answers", dependencies=FORM)
async def answer_exam(request: Request, *, pages: PagesDep, viewer: ViewerDep, seat_id: str) -> Response:
    """Answer the questions of the attempt, all at once."""
    typed, which, now = await typed_fields(request), known_id(seat_id), pages.deps.clock()
    who = viewer.person.id

    def body(conn: Connection) -> None:
        asked = exams.standing(conn, which, now=now).exam.questions
        given = [typed_id(typed.get(f"q{place}", "")) for place in range(len(asked))]
        exams.answer(conn, which, given, person_id=who, now=now)

    return await _done(request, pages, viewer, which, body)


@router.get("/certificates/{number}")
async def certificate_page(request: Request, *, pages: PagesDep, viewer: ViewerDep, number: str) -> Response:
    """A certificate, to be printed; one's own, or anybody's for leads."""
    now = pages.deps.clock()

    def load(conn: Connection) -> dict[str, Any]:
        found = certificates.certificate(conn, number)
        if found.person_id != viewer.person.id and viewer.person.role not in LEADING:
            raise NotFound("certificate", found.id)
        today = now.astimezone(home_zone(conn)).date()
        return {
            "one": found, "who": directory.person(conn, found.person_id), "good": found.good(today),
            "agency": office.of(conn).agency,
        }  # fmt: skip

    return pages.page(request, "certificate.html", **await pages.deps.db.read(load))


async def _done(request: Request, pages: Pages, viewer: Viewer, which: int, body: Any) -> Response:
    try:
        await pages.deps.db.write(body)
    except ExamRefused as refused:
        return await _show(request, pages, viewer, which, problem=pages.say(request, f"exam.error.{refused.reason}"))
    return RedirectResponse(f"/desk/training/exams/{which}", 303)


async def _show(request: Request, pages: Pages, viewer: Viewer, which: int, *, problem: str | None = None) -> Response:
    now = pages.deps.clock()

    def load(conn: Connection) -> dict[str, Any]:
        held = exams.standing(conn, which, now=now)
        if held.seat.person_id != viewer.person.id and viewer.person.role not in LEADING:
            raise NotFound("exam_seat", which)
        titles = {each.slug: title_of(request, each.scenario, each.slug) for each in shelf.shelf(conn)}
        played = {each.id: {play.slug: play for play in plays.of_try(conn, each.id)} for each in held.tries}
        return {"held": held, "who": directory.person(conn, held.seat.person_id), "titles": titles, "played": played}

    loaded = await pages.deps.db.read(load)
    if loaded["held"].seat.withdrawn_at is not None:
        raise HTTPException(404)
    shown = await frame(pages, viewer, section="training") | loaded
    current = next((each for each in loaded["held"].tries if each.ended_at is None), None)
    shown |= {"problem": problem, "mine": loaded["held"].seat.person_id == viewer.person.id, "current": current}
    return pages.page(request, "exam.html", status=422 if problem else 200, **shown)
