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
    answer = pages.page(request, "public_page.html", **article(page))
    answer.headers["Cache-Control"] = "private, max-age=300"
    return answer


def _meant_for(page: Page, client: str) -> bool:
    return not page.clients or client in page.clients


async def _found(pages: Pages, page_id: str) -> Page | None:
    return next((page for page in await every_page(pages) if page.id == page_id), None)
