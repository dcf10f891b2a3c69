"""Pages for leads: how the team fares in drills and exams; exams made and given; drills drafted from complaints."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import Connection

from console.auth import Viewer, take_form
from console.care_forms import known_id, many
from console.client_frame import kept
from console.desk_pages import frame
from console.drill_pages import title_of
from console.forms import typed_fields, typed_id
from console.guard import FORM, LeadDep
from console.pages import Pages, PagesDep
from handoff import directory
from handoff.figures import home_zone
from success import quizzes
from success.drills import bank, certificates, drafting, drafts, exam_rules, exams, plays, shelf
from success.drills.errors import DrillBroken, DrillRefused, ExamRefused, QuizBroken
from success.drills.exam_rules import ExamDraft

router = APIRouter(prefix="/desk/training/team")
_HOME: Final = "/desk/training/team"
_PLAYS: Final = 50
_USUAL_DAYS: Final = 14
Change = Callable[[Connection], object]


@router.get("")
async def team_training_page(request: Request, *, pages: PagesDep, viewer: LeadDep) -> Response:
    """Everybody's exams, plays and certificates; exams to give; drills written here."""
    return await _show(request, pages, viewer)


@router.post("/exams", dependencies=FORM)
async def make_exam(request: Request, *, pages: PagesDep, viewer: LeadDep) -> Response:
    """Make an exam of drills and questions."""
    typed, chosen = await typed_fields(request), await many(request, "drill")
    now, by = pages.deps.clock(), viewer.person.id

    def change(conn: Connection) -> None:
        exams.make(conn, _draft(typed, chosen), by=by, now=now)

    return await _change(request, pages, viewer, change, anchor="exams", typed=typed)


@router.post("/exams/{exam_id}/give", dependencies=FORM)
async def give_exam(request: Request, *, pages: PagesDep, viewer: LeadDep, exam_id: str) -> Response:
    """Give an exam to people, due on a day."""
    typed, which = await typed_fields(request), known_id(exam_id)
    people = [found for each in await many(request, "person") if (found := typed_id(each)) is not None]
    now, by = pages.deps.clock(), viewer.person.id

    def change(conn: Connection) -> None:
        try:
            day = date.fromisoformat(typed.get("due_on", "").strip())
        except ValueError as error:
            raise ExamRefused("due_on") from error
        due = datetime.combine(day + timedelta(days=1), time(), home_zone(conn))
        exams.give(conn, which, people=people, due_at=due, by=by, now=now)

    return await _change(request, pages, viewer, change, anchor="people", typed=typed)


@router.post("/exams/{exam_id}/retire", dependencies=FORM)
async def retire_exam(request: Request, *, pages: PagesDep, viewer: LeadDep, exam_id: str) -> Response:
    """Give an exam to nobody any more."""
    which, now = known_id(exam_id), pages.deps.clock()
    return await _change(request, pages, viewer, lambda conn: exams.retire(conn, which, now=now), anchor="exams")


@router.post("/seats/{seat_id}/withdraw", dependencies=FORM)
async def withdraw_exam(request: Request, *, pages: PagesDep, viewer: LeadDep, seat_id: str) -> Response:
    """Take an exam back from somebody."""
    which, now = known_id(seat_id), pages.deps.clock()
    return await _change(request, pages, viewer, lambda conn: exams.withdraw(conn, which, now=now), anchor="people")


@router.post("/certificates/{number}/revoke", dependencies=FORM)
async def revoke_certificate(request: Request, *, pages: PagesDep, viewer: LeadDep, number: str) -> Response:
    """Take a certificate back."""
    now, by = pages.deps.clock(), viewer.person.id
    change: Change = lambda conn: certificates.revoke(conn, number, by=by, now=now)  # noqa: E731
    return await _change(request, pages, viewer, change, anchor="certificates")


@router.post("/drills", dependencies=FORM)
async def draft_drill(request: Request, *, pages: PagesDep, viewer: LeadDep) -> Response:
    """Draft a drill from a complaint's ticket."""
    typed, now, by = await typed_fields(request), pages.deps.clock(), viewer.person.id
    try:
        made = await pages.deps.db.write(lambda conn: drafts.from_ticket(conn, typed.get("ticket", ""), by=by, now=now))
    except DrillRefused as refused:
        problem = pages.say(request, f"drill.draft.error.{refused.reason}")
        return await _show(request, pages, viewer, problem=problem, typed=typed)
    return RedirectResponse(f"{_HOME}/drills/{made.id}", 303)


@router.get("/drills/{drill_id}")
async def drill_draft_page(request: Request, *, pages: PagesDep, viewer: LeadDep, drill_id: str) -> Response:
    """A drill that is written here."""
    return await _edit(request, pages, viewer, known_id(drill_id))


@router.post("/drills/{drill_id}", dependencies=FORM)
async def keep_drill_draft(request: Request, *, pages: PagesDep, viewer: LeadDep, drill_id: str) -> Response:
    """Keep its text, publish it, or take it off the shelf."""
    typed, which = await typed_fields(request), known_id(drill_id)
    now, by, then, text = pages.deps.clock(), viewer.person.id, typed.get("then", ""), typed.get("text", "")

    def body(conn: Connection) -> None:
        if not take_form(conn, typed.get("once", ""), person_id=by, now=now):
            return
        if then == "retire":
            drafts.retire(conn, which, now=now)
        elif then == "publish":
            drafts.publish(conn, which, text, by=by, now=now)
        else:
            drafts.save(conn, which, text, now=now)

    try:
        await pages.deps.db.write(body)
    except DrillRefused as refused:
        return await _edit(
            request, pages, viewer, which, problem=pages.say(request, f"drill.draft.error.{refused.reason}"), text=text
        )
    except DrillBroken as broken:
        return await _edit(request, pages, viewer, which, broken=broken.problems, text=text)
    return RedirectResponse(f"{_HOME}#drills" if then else f"{_HOME}/drills/{which}", 303)


def _draft(typed: dict[str, str], chosen: tuple[str, ...]) -> ExamDraft:
    numbers = {
        name: typed_id(typed.get(name, "").strip()) for name in ("pass_mark", "attempts", "wait_hours", "valid_months")
    }
    missing = next((name for name, value in numbers.items() if value is None), None)
    if missing is not None:
        raise ExamRefused(missing)
    questions = quizzes.read(typed.get("questions", ""))
    return ExamDraft(title=typed.get("title", ""), drills=chosen, questions=questions, **numbers)  # type: ignore[arg-type]


async def _change(
    request: Request, pages: Pages, viewer: Viewer, change: Change, *, anchor: str, typed: dict[str, str] | None = None
) -> Response:
    given, now, by = await typed_fields(request), pages.deps.clock(), viewer.person.id

    def body(conn: Connection) -> None:
        if take_form(conn, given.get("once", ""), person_id=by, now=now):
            change(conn)

    try:
        await pages.deps.db.write(body)
    except ExamRefused as refused:
        problem = pages.say(request, f"exam.error.{refused.reason}")
    except QuizBroken as broken:
        problem = pages.say(request, f"quiz.error.{broken.why}", line=broken.line)
    else:
        return RedirectResponse(f"{_HOME}#{anchor}", 303)
    return await _show(request, pages, viewer, problem=problem, typed=typed)


async def _show(
    request: Request, pages: Pages, viewer: Viewer, *, problem: str | None = None, typed: dict[str, str] | None = None
) -> Response:
    now, language = pages.deps.clock(), request.state.language

    def load(conn: Connection) -> dict[str, Any]:
        standings = exams.everybody(conn, now=now)
        settled = [each.settled[1] for each in standings if each.settled is not None]
        staff = directory.staff(conn)
        return {
            "standings": standings, "settled": len(settled), "rate": sum(settled) / len(settled) if settled else None,
            "exams": exams.listed(conn), "certificates": certificates.of_person(conn),
            "plays": plays.listed(conn, limit=_PLAYS), "shelf": shelf.shelf(conn), "drafts": drafts.listed(conn),
            "names": {each.id: each.name for each in staff}, "staff": [each for each in staff if each.active],
            "today": now.astimezone(home_zone(conn)).date(),
        }  # fmt: skip

    shown = await frame(pages, viewer, section="training") | await pages.deps.db.read(load)
    usual = {
        "questions": quizzes.write(bank.questions(language)),
        "pass_mark": "80",
        "attempts": "3",
        "wait_hours": "24",
        "valid_months": "12",
    }
    shown |= {"problem": problem, "typed": kept(usual | (typed or {})), "goal": exam_rules.GOAL}
    shown |= {"due_on": shown["today"] + timedelta(days=_USUAL_DAYS)}
    shown["titles"] = {each.slug: title_of(request, each.scenario, each.slug) for each in shown["shelf"]}
    return pages.page(request, "training_team.html", status=422 if problem else 200, **shown)


async def _edit(
    request: Request, pages: Pages, viewer: Viewer, which: int, *, problem: str | None = None,
    broken: tuple[tuple[str, str], ...] = (), text: str | None = None,
) -> Response:  # fmt: skip
    found = await pages.deps.db.read(lambda conn: drafts.draft(conn, which))
    shown_text = text if text is not None else found.text
    shown = await frame(pages, viewer, section="training")
    shown |= {"one": found, "text": shown_text, "problem": problem, "broken": broken}
    shown |= {"open_points": drafting.open_points(shown_text)}
    return pages.page(request, "drill_draft.html", status=422 if problem or broken else 200, **shown)
