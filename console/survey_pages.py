"""Pages behind a person's signed link: a project's stage rated, a recommendation given, and why."""

from typing import Annotated

from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import Connection
from starlette.exceptions import HTTPException

from console.auth import csrf_token
from console.guard import check_form
from console.pages import Pages, PagesDep
from console.signing import holds, signature
from success import surveys
from success.errors import RatingRefused
from success.survey_rules import SCALES, closed_to
from success.surveys import COMMENT_LENGTH, Survey

router = APIRouter()


@router.get("/survey/{survey_id}")
async def survey_page(
    request: Request, *, pages: PagesDep, survey_id: int, s: Annotated[str, Query()] = ""
) -> Response:
    """The choices and a comment, for whoever has the person's link; looking changes nothing."""
    return _page(request, pages, await _signed(pages, survey_id, s), given=s)


@router.post("/survey/{survey_id}")
async def answer_survey(
    request: Request,
    *,
    pages: PagesDep,
    survey_id: int,
    s: Annotated[str, Query()] = "",
    csrf: Annotated[str, Form()] = "",
    value: Annotated[str, Form()] = "",
    comment: Annotated[str, Form()] = "",
) -> Response:
    """Take the answer; the same form again changes it within a day."""
    found = await _signed(pages, survey_id, s)
    check_form(request, pages, bound_to=_form_of(found), given=csrf)
    if value not in {str(each) for each in SCALES[found.kind]}:
        return _page(request, pages, found, given=s, problem="value", typed=comment)

    def body(conn: Connection) -> Survey:
        who, now = found.person_id, pages.deps.clock()
        return surveys.answer(conn, found.id, person_id=who, value=int(value), comment=comment, now=now)

    try:
        await pages.deps.db.write(body)
    except RatingRefused as refused:
        return _page(request, pages, found, given=s, problem=refused.reason, typed=comment)
    return RedirectResponse(request.url.path + f"?s={s}", 303)


def survey_link(survey: Survey, *, secret: bytes) -> str:
    """The path by which its person answers a survey: whoever has it counts as that person."""
    return f"/survey/{survey.id}?s={signature(_link_of(survey), secret=secret)}"


def _page(
    request: Request, pages: Pages, found: Survey, *, given: str, problem: str | None = None,
    typed: str | None = None,
) -> Response:  # fmt: skip
    shown = {
        "survey": found,
        "closed": closed_to(asked_at=found.asked_at, answered_at=found.at, now=pages.deps.clock()),
        "problem": problem,
        "typed": typed if typed is not None else found.comment,
        "action": f"/survey/{found.id}?s={given}",
        "token": csrf_token(pages.deps.secret, _form_of(found)),
        "scale": SCALES[found.kind],
        "longest": COMMENT_LENGTH,
        "home": "/",
    }
    answer = pages.page(request, "survey.html", status=422 if problem else 200, **shown)
    answer.headers["Cache-Control"] = "no-store"
    return answer


async def _signed(pages: Pages, survey_id: int, given: str) -> Survey:
    """The survey of a link that holds; 404 for any other."""
    found = await pages.deps.db.read(lambda conn: surveys.survey(conn, survey_id))
    if found is None or found.dropped or not holds(given, _link_of(found), secret=pages.deps.secret):
        raise HTTPException(404)
    return found


def _link_of(found: Survey) -> str:
    return f"survey:{found.id}:{found.person_id}"


def _form_of(found: Survey) -> str:
    return f"survey-form:{found.id}"
