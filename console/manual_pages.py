"""Pages: the manual as staff read it, and what takes a page out of every answer at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse
from markupsafe import Markup
from starlette.exceptions import HTTPException

from console.auth import Viewer, take_form
from console.guard import FORM, LeadDep, ViewerDep
from console.manual_frame import edit_path, every_page, manual_frame, who
from console.pages import ConsoleDeps, Pages, PagesDep
from console.rendering import page_html, picture_link
from handoff import retraction
from knowledge import record
from knowledge.chunking import headings
from knowledge.errors import UnknownPage
from knowledge.files import TEXTS
from knowledge.model import Page

router = APIRouter()
PER_PAGE: Final = 100
_LINES: Final = 20


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Which pages of the manual somebody looks for."""

    q: str = ""
    language: str = ""
    audience: str = ""
    category: str = ""
    state: str = ""  # due, withdrawn

    def chosen(self, pages: Sequence[Page], *, withdrawn: frozenset[str], today: str) -> list[Page]:
        """The pages that are looked for."""
        words = self.q.casefold().split()
        return [
            page
            for page in pages
            if self.language in ("", page.language)
            and self.audience in ("", page.audience)
            and self.category in ("", page.category)
            and (self.state != "withdrawn" or page.id in withdrawn)
            and (self.state != "due" or bool(page.review_by and page.review_by.isoformat() < today))
            and all(word in _searched(page) for word in words)
        ]

    def query(self) -> str:
        """The same as an address has it."""
        return urlencode({key: value for key, value in vars(self).items() if value})

    def at(self, number: int) -> str:
        """The same, on a page of the list."""
        return urlencode({key: value for key, value in vars(self).items() if value} | {"at": number})


def _searched(page: Page) -> str:
    return "\n".join((page.id, page.title, page.owner or "", page.category, *page.questions)).casefold()


@router.get("/desk/manual")
async def manual_list(
    request: Request, *, pages: PagesDep, viewer: ViewerDep,
    q: str = "", language: str = "", audience: str = "", category: str = "", state: str = "", at: str = "1",
) -> Response:  # fmt: skip
    """The pages of the live version, searched and filtered."""
    wanted = Wanted(q=q[:100], language=language, audience=audience, category=category, state=state)
    found = sorted(await every_page(pages), key=lambda page: (page.audience, page.language, page.id))
    withdrawn = await pages.deps.manual.withdrawn()
    today = pages.deps.clock().date().isoformat()
    chosen = wanted.chosen(found, withdrawn=withdrawn, today=today)
    last = max(1, -(-len(chosen) // PER_PAGE))
    here = min(max(int(at), 1), last) if at.isascii() and at.isdecimal() and len(at) < len(str(10**6)) else 1
    shown = await manual_frame(pages, viewer)
    shown |= {
        "found": chosen[(here - 1) * PER_PAGE : here * PER_PAGE],
        "total": len(found),
        "chosen": len(chosen),
        "wanted": wanted,
        "here": here,
        "last": last,
        "today": today,
        "withdrawn": withdrawn,
        "languages": sorted({page.language for page in found}),
        "categories": sorted({page.category for page in found if page.category}),
        "flagged": await pages.deps.db.read(retraction.flagged),
    }
    return pages.page(request, "manual.html", **shown)


@router.get("/desk/manual/{page_id:path}")
async def manual_page(request: Request, pages: PagesDep, viewer: ViewerDep, page_id: str) -> Response:
    """One page as staff read it, internal and withdrawn ones too."""
    return await _show(request, pages, viewer, page_id)


@router.post("/desk/manual/_withdraw", dependencies=FORM)
async def withdraw(
    request: Request, *, pages: PagesDep, viewer: LeadDep, page: Annotated[str, Form()] = "",
    reason: Annotated[str, Form()] = "", back: Annotated[str, Form()] = "", once: Annotated[str, Form()] = "",
) -> Response:  # fmt: skip
    """Take a page out of every answer at once, or (``back``) let it be found again; the reason is logged."""
    if not reason.strip():
        said = pages.say(request, "manual.reason_due")
        return await _show(request, pages, viewer, page, problem=said, status=422)
    now, by = pages.deps.clock(), viewer.person.id
    if await pages.deps.db.write(lambda conn: take_form(conn, once, person_id=by, now=now)):
        verb = pages.deps.manual.restore if back else pages.deps.manual.withdraw
        try:
            await verb(page, by=who(viewer), reason=reason.strip()[:300])
        except UnknownPage:
            said = pages.say(request, "manual.done_before")
            return await _show(request, pages, viewer, page, problem=said, status=409)
    return RedirectResponse(f"/desk/manual/{quote(page)}", 303)


async def _show(
    request: Request, pages: Pages, viewer: Viewer, page_id: str, *, problem: str | None = None, status: int = 200
) -> Response:
    page = next((each for each in await every_page(pages) if each.id == page_id), None)
    if page is None:
        raise HTTPException(404)
    editions, lines = await pages.deps.db.read(
        lambda conn: (record.editions(conn, page_id), record.entries(conn, limit=_LINES, page_id=page_id))
    )
    shown = await manual_frame(pages, viewer) | article(page, pages.deps)
    shown |= {"editions": editions, "lines": lines, "problem": problem}
    shown |= {"is_withdrawn": page_id in await pages.deps.manual.withdrawn(), "edit_path": edit_path}
    shown |= {"is_text": any(page.path.lower().endswith(suffix) for suffix in TEXTS)}
    return pages.page(request, "manual_page.html", status=status, **shown)


def article(page: Page, deps: ConsoleDeps, *, client: str | None = None) -> dict[str, Any]:
    """A page and its HTML; the links of its pictures are made for ``client`` where the page is limited to some."""
    anchors = {heading.line: heading.anchor for heading in headings(page.body)}
    pictures = {
        each.source: picture_link(page.id, each.hash, client=client, secret=deps.secret) for each in page.pictures
    }
    return {"page": page, "html": Markup(page_html(page.body, anchors=anchors, pictures=pictures))}  # noqa: S704 - safe by construction
