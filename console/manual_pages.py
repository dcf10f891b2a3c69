"""Pages: the manual for staff, and its client pages behind signed links for clients."""

from typing import Any

from fastapi import APIRouter, Request, Response
from markupsafe import Markup
from starlette.exceptions import HTTPException

from console.desk_pages import frame
from console.guard import ViewerDep, current_viewer
from console.pages import ConsoleDeps, PagesDep
from console.rendering import page_html, page_link_holds, picture_link
from handoff import retraction
from knowledge.chunking import headings
from knowledge.model import Audience, Page

router = APIRouter()


@router.get("/desk/manual")
async def manual_list(request: Request, pages: PagesDep, viewer: ViewerDep) -> Response:
    """Every page of the live version."""
    manual = pages.deps.manual
    found = sorted(await manual.pages(), key=lambda page: (page.audience, page.language, page.id))
    today = pages.deps.clock().date().isoformat()
    flagged = await pages.deps.db.read(retraction.flagged)
    shown = await frame(pages, viewer, section="manual")
    shown |= {"pages": found, "version": manual.version, "today": today, "flagged": flagged}
    return pages.page(request, "manual.html", **shown)


@router.get("/desk/manual/{page_id:path}")
async def manual_page(request: Request, pages: PagesDep, viewer: ViewerDep, page_id: str) -> Response:
    """One page as staff read it, internal ones too."""
    page = await pages.deps.manual.page(page_id)
    if page is None:
        raise HTTPException(404)
    return pages.page(
        request, "manual_page.html", **await frame(pages, viewer, section="manual"), **_article(page, pages.deps)
    )


@router.get("/m/{page_id:path}")
async def public_page(request: Request, pages: PagesDep, page_id: str, s: str = "") -> Response:
    """A client page, for whoever has the signed link (or is signed in); an internal one is never here."""
    if not page_link_holds(page_id, s, secret=pages.deps.secret) and await current_viewer(request, pages) is None:
        raise HTTPException(404)
    page = await pages.deps.manual.page(page_id)
    if page is None or page.audience is not Audience.CLIENT:
        raise HTTPException(404)
    answer = pages.page(request, "public_page.html", **_article(page, pages.deps))
    answer.headers["Cache-Control"] = "private, max-age=300"
    return answer


@router.get("/manual-picture/{name}")
async def picture(request: Request, pages: PagesDep, name: str, page: str = "", s: str = "") -> Response:
    """A picture that a page of the live version shows: for whoever has the page's signed link, or is signed in."""
    shown = await pages.deps.manual.page(page)
    found = next((each for each in shown.pictures if each.hash == name), None) if shown else None
    if shown is None or found is None:
        raise HTTPException(404)
    signed = shown.audience is Audience.CLIENT and page_link_holds(page, s, secret=pages.deps.secret)
    if not signed and await current_viewer(request, pages) is None:
        raise HTTPException(404)
    content = await pages.deps.manual.picture(name)
    if content is None:
        raise HTTPException(404)
    headers = {"Content-Security-Policy": "default-src 'none'; sandbox", "Cache-Control": "private, max-age=86400"}
    return Response(content, media_type=found.media_type, headers=headers | {"X-Content-Type-Options": "nosniff"})


def _article(page: Page, deps: ConsoleDeps) -> dict[str, Any]:
    anchors = {heading.line: heading.anchor for heading in headings(page.body)}
    pictures = {each.source: picture_link(page.id, each.hash, secret=deps.secret) for each in page.pictures}
    return {"page": page, "html": Markup(page_html(page.body, anchors=anchors, pictures=pictures))}  # noqa: S704 - safe by construction
