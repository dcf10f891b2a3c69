"""Resources: the manual, to read and to search."""

from typing import Annotated, Final

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import JSONResponse
from sqlalchemy import Connection

from console.api import cursors
from console.api.doors import FEW, CallerDep, Cursor, Limit, door
from console.api.problems import Problem, missing
from console.api.shapes import FoundOut, Page, PageOut, WholePageOut, page_out, passages_out
from console.pages import Pages, PagesDep
from handoff import directory
from handoff.tokens import Caller
from handoff.tokens import Scope as TokenScope
from knowledge.errors import KnowledgeError
from knowledge.model import Audience, Scope
from knowledge.model import Page as ManualPage

router = APIRouter(prefix="/manual", tags=["manual"])
_FOUND: Final = 6


@router.get("/pages", response_model=Page[PageOut], summary="Pages of the manual", **door(TokenScope.MANUAL_READ))
async def manual_pages(
    request: Request, pages: PagesDep, caller: CallerDep, *, limit: Limit = FEW, cursor: Cursor = None
) -> Response:
    """The live version's, by id; a token for one client sees what that client may be shown."""
    after = cursors.read(cursor) or 0
    found = list(enumerate(sorted(await _pages(pages, caller), key=lambda page: page.id), start=1))[after:]
    rows, next_ = cursors.page(request, found[: limit + 1], limit=limit, key=lambda row: row[0])
    out = Page[PageOut](items=[page_out(page) for _, page in rows], next=next_)
    return JSONResponse(out.model_dump(mode="json"), headers=cursors.linked(next_))


@router.get("/pages/{page:path}", response_model=WholePageOut, summary="One page", **door(TokenScope.MANUAL_READ, 404))
async def manual_page(
    pages: PagesDep, caller: CallerDep, *,
    page: Annotated[str, Path(max_length=300, examples=["en/wordpress/reset"])],
) -> Response:  # fmt: skip
    """With its Markdown."""
    found = next((each for each in await _pages(pages, caller) if each.id == page), None)
    if found is None:
        raise missing("page")
    out = WholePageOut(**page_out(found).model_dump(), body=found.body)
    return JSONResponse(out.model_dump(mode="json"))


@router.get("/search", response_model=FoundOut, summary="Search the manual", **door(TokenScope.MANUAL_READ))
async def search(
    pages: PagesDep, caller: CallerDep, *, q: Annotated[str, Query(min_length=1, max_length=500, pattern=r"\S")]
) -> Response:
    """The passages that answer a question best."""
    try:
        found = await pages.deps.manual.search(q, scope=await _scope(pages, caller), limit=_FOUND)
    except KnowledgeError as error:
        raise Problem("unavailable", "The manual cannot be searched at the moment.") from error
    out = FoundOut(
        enough=found.enough,
        evidence=round(found.evidence, 4),
        version=found.version,
        items=passages_out(found.passages),
    )
    return JSONResponse(out.model_dump(mode="json"))


async def _pages(pages: Pages, caller: Caller) -> list[ManualPage]:
    try:
        found = await pages.deps.manual.pages()
    except KnowledgeError:
        return []
    if caller.client_id is None:
        return list(found)
    scope = await _scope(pages, caller)
    return [page for page in found if scope.sees(page)]


async def _scope(pages: Pages, caller: Caller) -> Scope:
    """What the caller may be shown: all that staff are, or what its client is."""
    if caller.client_id is None:
        return Scope(audiences=frozenset(Audience))
    client_id = caller.client_id

    def slug(conn: Connection) -> str:
        return directory.client(conn, client_id).slug

    return Scope(audiences=frozenset({Audience.CLIENT}), client=await pages.deps.db.read(slug))
