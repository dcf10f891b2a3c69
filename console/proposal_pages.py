"""Pages of proposals: the list, a wish as a form, one proposal with its versions, each as page, PDF and Word file."""

from collections.abc import Mapping
from datetime import UTC
from typing import Any, Final
from urllib.parse import quote

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from sqlalchemy import Connection
from starlette.exceptions import HTTPException

from console import brief_wish
from console.auth import Viewer, take_form
from console.desk_pages import frame
from console.forms import typed_fields, typed_id
from console.guard import FORM, ReaderDep
from console.pages import Pages, PagesDep
from console.proposal_document import ProposalPress
from console.proposal_docx import DOCX
from console.proposal_sheet import Sheet
from console.report_document import POLICY
from console.report_pages import pdf_answer
from console.report_pdf import NoFont, NotPrinted
from handoff import accounts, directory
from success.projects import authority, boards, proposal_store, proposals
from success.projects.edits import typed_lines, typed_payments
from success.projects.errors import ProjectRefused
from success.projects.price_rules import PAYABLE, Stage
from success.projects.proposal_store import Kept, Version
from success.projects.wish import LANGUAGES, LISTS, TEXTS, read_wish
from success.reports import office

router = APIRouter(prefix="/desk/proposals")
STATES: Final = (proposal_store.OPEN, proposal_store.ACCEPTED, proposal_store.WITHDRAWN)


@router.get("")
async def list_page(
    request: Request, *, pages: PagesDep, viewer: ReaderDep, state: str = "open", client: str = ""
) -> Response:
    """Proposals by state, the newest first; of one client if named."""

    def load(conn: Connection) -> dict[str, Any]:
        one = directory.client_by_slug(conn, client) if client else None
        found = proposal_store.latest(
            conn, state=state if state in STATES else "", client_id=one.id if one is not None else None
        )
        return {"found": found, "names": directory.clients_of(conn, {each.client_id for each in found})}

    shown = await frame(pages, viewer, section="care") | await pages.deps.db.read(load)
    return pages.page(request, "proposals.html", **shown, state=state, states=STATES, client=client)


@router.get("/new")
async def new_page(
    request: Request, *, pages: PagesDep, viewer: ReaderDep, client: str = "", brief: str = ""
) -> Response:
    """The form of a wish; filled in from a brief if one is named."""
    if not brief:
        return await _form(request, pages, viewer, typed={"slug": client})
    which = typed_id(brief)
    if which is None:
        raise HTTPException(404)
    typed = await pages.deps.db.read(lambda conn: brief_wish.fields(conn, which, texts=pages.texts))
    return await _form(request, pages, viewer, typed=typed)


@router.post("", dependencies=FORM)
async def draft(request: Request, *, pages: PagesDep, viewer: ReaderDep) -> Response:
    """Draft a proposal from a wish."""
    typed, now, by = await typed_fields(request), pages.deps.clock(), viewer.person.id

    def body(conn: Connection) -> int | None:
        fields: dict[str, object] = dict(typed)
        client = directory.client_by_slug(conn, typed.get("slug", "")) if typed.get("slug") else None
        if typed.get("slug") and (client is None or client.archived_at is not None):
            raise ProjectRefused("client")
        if client is not None:
            fields["client"] = client.name
        wish = read_wish(fields)
        if not take_form(conn, typed.get("once", ""), person_id=by, now=now):
            return None
        client_id = client.id if client is not None else None
        return proposals.draft(conn, wish, client_id=client_id, say=pages.texts.say, by=by, now=now).id

    try:
        made = await pages.deps.db.write(body)
    except ProjectRefused as refused:
        problem = pages.say(request, f"proposal.error.{refused.reason}")
        return await _form(request, pages, viewer, typed=typed, problem=problem)
    return RedirectResponse(f"/desk/proposals/{made}" if made else "/desk/proposals", 303)


@router.get("/{proposal_id}")
async def proposal_page(
    request: Request, *, pages: PagesDep, viewer: ReaderDep, proposal_id: int, v: int = 0
) -> Response:
    """One proposal: a version as its client will see it, and what can be done about it."""
    return await show_proposal(request, pages, viewer, proposal_id, n=v)


async def show_proposal(
    request: Request, pages: Pages, viewer: Viewer, proposal_id: int, *, n: int = 0,
    problem: str | None = None, typed: Mapping[str, str] | None = None, status: int | None = None,
) -> Response:  # fmt: skip
    """The page; what was typed is kept where it was not taken."""

    def load(conn: Connection) -> dict[str, Any]:
        found = proposal_store.proposal(conn, proposal_id)
        seen = proposal_store.version(conn, proposal_id, n or found.head)
        every = proposal_store.versions(conn, proposal_id)
        accepted = proposal_store.acceptance(conn, proposal_id)
        people = {each.by_id for each in every} | {each.approved_by for each in every} | {found.closed_by}
        names = directory.names(conn, [each for each in people if each is not None])
        shown: dict[str, Any] = {"found": found, "seen": seen, "versions": every, "accepted": accepted, "people": names}
        shown |= {"sheet": sheet_of(conn, pages, found, seen), "clients": directory.clients(conn)}
        board = [
            each for each in boards.listed(conn, client_id=found.client_id) if each.origin == f"proposal:{proposal_id}"
        ]
        shown |= {"board": board[0] if board else None, "of": None, "place": None, "contacts": ()}
        if found.client_id is not None:
            shown["of"] = directory.client(conn, found.client_id)
            shown["place"] = authority.place(conn, found.client_id, authority.PROPOSAL)
            shown["contacts"] = authority.authorised(conn, found.client_id, authority.PROPOSAL)
        return shown

    shown = await frame(pages, viewer, section="care") | await pages.deps.db.read(load)
    seen: Version = shown["seen"]
    shown["body"] = ProposalPress(pages.templates, pages.texts).body(shown["sheet"])
    shown |= {
        "problem": problem,
        "stages": list(Stage),
        "has_writer": pages.deps.proposer is not None,
        "payable": PAYABLE,
    }
    shown["fields"] = _typed_of(seen) | dict(typed or {})
    return pages.page(request, "proposal.html", status=status or (409 if problem else 200), **shown)


@router.get("/{proposal_id}/v/{n}/document")
async def document(*, pages: PagesDep, viewer: ReaderDep, proposal_id: int, n: int) -> Response:
    """A version as a page of its own, to print; it loads nothing."""
    del viewer
    sheet = await _sheet(pages, proposal_id, n)
    html = ProposalPress(pages.templates, pages.texts).page(sheet)
    return HTMLResponse(html, headers={"Content-Security-Policy": POLICY})


@router.get("/{proposal_id}/v/{n}/docx")
async def word_file(*, pages: PagesDep, viewer: ReaderDep, proposal_id: int, n: int) -> Response:
    """A version as a Word file."""
    del viewer
    sheet = await _sheet(pages, proposal_id, n)
    content = ProposalPress(pages.templates, pages.texts).docx(sheet)
    return docx_answer(content, f"{sheet.title} {sheet.client}")


@router.get("/{proposal_id}/v/{n}/pdf")
async def pdf(request: Request, *, pages: PagesDep, viewer: ReaderDep, proposal_id: int, n: int) -> Response:
    """A version as PDF; where none can be made, the page that says why."""
    sheet = await _sheet(pages, proposal_id, n)
    press = ProposalPress(pages.templates, pages.texts)
    try:
        content = await pages.deps.printer.pdf(press.page(sheet), title=sheet.title)
    except (NoFont, NotPrinted) as error:
        why = "font" if isinstance(error, NoFont) else "print"
        problem = pages.say(request, f"reports.error.{why}")
        return await show_proposal(request, pages, viewer, proposal_id, n=n, problem=problem, status=503)
    return pdf_answer(content, f"{sheet.title} {sheet.client}")


def docx_answer(content: bytes, title: str, headers: Mapping[str, str] | None = None) -> Response:
    """A Word file with a name that may be Chinese."""
    named = f"attachment; filename=\"proposal.docx\"; filename*=utf-8''{quote(title, safe='')}.docx"
    return Response(content, media_type=DOCX, headers={"Content-Disposition": named, **(headers or {})})


def sheet_of(conn: Connection, pages: Pages, found: Kept, seen: Version) -> Sheet:
    """A version in words, on its day at its client's place."""
    zone = accounts.zone_of(directory.client(conn, found.client_id)) if found.client_id is not None else UTC
    agency = office.of(conn).agency or pages.texts.say("report.sender", seen.content.language)
    on = (seen.approved_at or seen.at).astimezone(zone).date()
    press = ProposalPress(pages.templates, pages.texts)
    return press.sheet(seen.content, agency=agency, number=found.id, n=seen.n, on=on)


async def _sheet(pages: Pages, proposal_id: int, n: int) -> Sheet:
    def load(conn: Connection) -> Sheet:
        found = proposal_store.proposal(conn, proposal_id)
        return sheet_of(conn, pages, found, proposal_store.version(conn, proposal_id, n))

    return await pages.deps.db.read(load)


async def _form(
    request: Request, pages: Pages, viewer: Viewer, *, typed: Mapping[str, str], problem: str | None = None
) -> Response:
    shown = await frame(pages, viewer, section="care")
    shown["clients"] = await pages.deps.db.read(directory.clients)
    names = ("slug", "client", "title", "language", "budget_from", "budget_to", "currency", "wanted_on", *TEXTS, *LISTS)
    shown |= {"typed": {name: typed.get(name, "") for name in names}, "languages": LANGUAGES, "problem": problem}
    shown |= {"texts_of": TEXTS, "lists_of": LISTS}
    return pages.page(request, "proposal_new.html", status=422 if problem else 200, **shown)


def _typed_of(seen: Version) -> dict[str, str]:
    """A version as the form's fields."""
    content = seen.content
    typed = {name: getattr(content, name) for name in ("understanding", "architecture", "remarks")}
    typed |= {"pages": "\n".join(content.pages), "open": "\n".join(content.open), "lines": typed_lines(content.lines)}
    typed |= {"tax": content.tax, "excluded": "\n".join(content.excluded), **typed_payments(content.payments)}
    for each in content.milestones:
        typed |= {f"{each.stage}_starts": each.starts_on.isoformat(), f"{each.stage}_ends": each.ends_on.isoformat()}
    return typed | {"valid_until": content.valid_until.isoformat()}
