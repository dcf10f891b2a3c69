"""Pages: the quarterly review of the manual, to read in the desk, to print, and to edit."""

from dataclasses import dataclass
from functools import partial
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, PlainTextResponse
from markupsafe import Markup

from console import review_document
from console.desk_pages import frame
from console.guard import ReaderDep
from console.pages import Pages, PagesDep
from console.rendering import page_html
from handoff.figures import home_zone
from knowledge.errors import NothingIndexed
from success.quarters import Quarter
from success.review import Review, review

router = APIRouter(prefix="/desk/manual-review")
_PRINTED = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"


@dataclass(frozen=True, kw_only=True)
class _Read:
    review: Review
    zone: ZoneInfo
    problem: bool


@router.get("")
async def review_page(request: Request, pages: PagesDep, viewer: ReaderDep, quarter: str = "") -> Response:
    """A quarter's review; the present one unless another is named."""
    found = await _read(pages, quarter)
    told = review_document.markdown(found.review, pages.texts, request.state.language, zone=found.zone)
    shown = await frame(pages, viewer, section="gaps")
    if found.problem:
        shown["problem"] = pages.say(request, "review.error.quarter")
    html = Markup(page_html(told, anchors={}))  # noqa: S704 - safe by construction
    now, here = found.review.until, found.review.quarter
    present = Quarter.at(pages.deps.clock(), found.zone)
    offered = [present]
    while len(offered) < 8:  # noqa: PLR2004 - two years
        offered.append(offered[-1].before)
    if here not in offered:
        offered.append(here)
    values = {"html": html, "quarter": here, "quarters": offered, "until": now}
    return pages.page(request, "manual_review.html", status=422 if found.problem else 200, **shown, **values)


@router.get("/document")
async def document(request: Request, pages: PagesDep, viewer: ReaderDep, quarter: str = "") -> Response:
    """The review as a page to print, which loads nothing."""
    del viewer
    found = await _read(pages, quarter)
    told = review_document.printable(found.review, pages.texts, request.state.language, zone=found.zone)
    return HTMLResponse(told, headers={"Content-Security-Policy": _PRINTED})


@router.get("/document.md")
async def markdown(request: Request, pages: PagesDep, viewer: ReaderDep, quarter: str = "") -> Response:
    """The review as a file to edit."""
    del viewer
    found = await _read(pages, quarter)
    told = review_document.markdown(found.review, pages.texts, request.state.language, zone=found.zone)
    name = f'attachment; filename="manual-review-{found.review.quarter.written}.md"'
    return PlainTextResponse(told, media_type="text/markdown", headers={"Content-Disposition": name})


async def _read(pages: Pages, quarter: str) -> _Read:
    now, zone = pages.deps.clock(), await pages.deps.db.read(home_zone)
    asked, present = Quarter.read(quarter), Quarter.at(now, zone)
    try:
        held = await pages.deps.manual.pages()
    except NothingIndexed:
        held = ()
    live = pages.deps.manual.version
    found = await pages.deps.db.read(
        partial(review, quarter=asked or present, pages=held, live=live, zone=zone, now=now)
    )
    return _Read(review=found, zone=zone, problem=asked is None and bool(quarter.strip()))
