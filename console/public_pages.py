"""Pages of the manual for clients, behind signed links."""

from fastapi import APIRouter, Request, Response
from starlette.exceptions import HTTPException

from console.guard import current_viewer
from console.manual_frame import every_page
from console.manual_pages import article
from console.pages import Pages, PagesDep
from console.rendering import page_link_holds
from knowledge.model import Audience, Page

router = APIRouter()


@router.get("/m/{page_id:path}")
async def public_page(request: Request, *, pages: PagesDep, page_id: str, s: str = "", c: str = "") -> Response:
    """A client page, for whoever has the signed link (or is signed in); an internal one is never here.

    A page limited to named clients opens by a link that was made for one of them, and for no page else.
    """
    secret = pages.deps.secret
    staff = await current_viewer(request, pages) is not None
    if not staff and not page_link_holds(page_id, s, client=c or None, secret=secret):
        raise HTTPException(404)
    page = await _found(pages, page_id)
    if page is None or page.audience is not Audience.CLIENT or not (staff or _meant_for(page, c)):
        raise HTTPException(404)
    if page.id in await pages.deps.manual.withdrawn():
        raise HTTPException(410)
    answer = pages.page(request, "public_page.html", **article(page, pages.deps, client=c or None))
    answer.headers["Cache-Control"] = "private, max-age=300"
    return answer


@router.get("/manual-picture/{name}")
async def picture(
    request: Request, *, pages: PagesDep, name: str, page: str = "", s: str = "", c: str = ""
) -> Response:
    """A picture that a page of the live version shows: for whoever has the page's signed link, or is signed in."""
    shown = await pages.deps.manual.page(page)
    found = next((each for each in shown.pictures if each.hash == name), None) if shown else None
    if shown is None or found is None:
        raise HTTPException(404)
    holds = page_link_holds(page, s, client=c or None, secret=pages.deps.secret)
    signed = holds and shown.audience is Audience.CLIENT and _meant_for(shown, c)
    if not signed and await current_viewer(request, pages) is None:
        raise HTTPException(404)
    content = await pages.deps.manual.picture(name)
    if content is None:
        raise HTTPException(404)
    headers = {"Content-Security-Policy": "default-src 'none'; sandbox", "Cache-Control": "private, max-age=86400"}
    return Response(content, media_type=found.media_type, headers=headers | {"X-Content-Type-Options": "nosniff"})


def _meant_for(page: Page, client: str) -> bool:
    return not page.clients or client in page.clients


async def _found(pages: Pages, page_id: str) -> Page | None:
    return next((page for page in await every_page(pages) if page.id == page_id), None)
