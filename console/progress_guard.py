"""Who may see a client's page: the holder of a private link. One answer for all that do not hold, and few tries."""

from datetime import timedelta
from typing import Annotated, Final

from fastapi import Depends, Request, Response
from sqlalchemy import Connection

from console.errors import LinkRefused
from console.pages import Pages, PagesDep, pages_of
from console.texts import LANGUAGES
from console.web import LANGUAGE_COOKIE
from handoff import progress_links
from handoff.progress_links import Held
from store import rates

HEADERS: Final = {
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "X-Robots-Tag": "noindex, nofollow, noarchive",
}
"""Of everything behind a private link: its address must not travel on, be kept, or be found."""
TRIES: Final = 30
TRIES_PER: Final = timedelta(minutes=10)
_LIVE: Final = "x-live"


async def holder(request: Request, pages: PagesDep, token: str) -> Held:
    """The link of a request that holds; the page then speaks its client's language. Raises LinkRefused."""
    now, secret = pages.deps.clock(), pages.deps.secret
    held = await pages.deps.db.read(lambda conn: progress_links.held(conn, token, secret=secret, now=now))
    if held is None:
        raise LinkRefused(await _too_often(request, pages))
    speak(request, held)
    return held


async def opened(request: Request, pages: PagesDep, held: Annotated[Held, Depends(holder)]) -> Held:
    """The same, for a page that a person opens: it is kept when that was last."""
    now, link = pages.deps.clock(), held.link
    stale = link.opened_at is None or now - link.opened_at > progress_links.TOUCH_EVERY
    if stale and _LIVE not in request.headers:
        await pages.deps.db.write(lambda conn: progress_links.touch(conn, link.id, now=now))
    return held


HeldDep = Annotated[Held, Depends(holder)]
OpenedDep = Annotated[Held, Depends(opened)]


def speak(request: Request, held: Held) -> None:
    """The client's language comes before the browser's, and what the reader chose before both."""
    chosen = {request.query_params.get("lang"), request.cookies.get(LANGUAGE_COOKIE)}
    if held.client.language in LANGUAGES and not chosen & set(LANGUAGES):
        request.state.language = held.client.language


async def refused(request: Request, error: Exception) -> Response:
    """The one page for a link that opens nothing, whatever is the matter with it: whom to ask."""
    assert isinstance(error, LinkRefused)
    status = 404 if error.wait is None else 429
    page = pages_of(request).page(request, "progress_refused.html", status=status)
    if error.wait is not None:
        page.headers["Retry-After"] = str(int(error.wait.total_seconds()) + 1)
    page.headers.update(HEADERS)
    return page


async def _too_often(request: Request, pages: Pages) -> timedelta | None:
    """How long this address should wait before it tries another link."""
    bucket = f"progress:{request.client.host if request.client else '?'}"
    now = pages.deps.clock()

    def body(conn: Connection) -> timedelta | None:
        return rates.take(conn, bucket, per=TRIES_PER, limit=TRIES, now=now)

    return await pages.deps.db.write(body)
