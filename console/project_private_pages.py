"""New work behind a client's private link: its proposals, its projects' boards. Nothing here needs a sign-in.

Reading is for whoever holds the client's link. Accepting is for an authorised contact by a link made for them: who else
holds a link is told where to do it.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Final
from urllib.parse import quote

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from sqlalchemy import Connection

from console.auth import csrf_token
from console.guard import check_form
from console.pages import Pages, PagesDep
from console.progress_guard import HEADERS, HeldDep, OpenedDep
from console.progress_pages import show
from console.project_lists import may_read
from console.proposal_document import ProposalPress
from console.proposal_pages import docx_answer, sheet_of
from console.proposal_sheet import Sheet
from console.report_document import POLICY
from handoff import accounts, directory
from handoff.errors import NotFound
from handoff.model import Person
from handoff.progress_links import Held
from success import proactive
from success.projects import authority, boards, briefs, proposal_store, proposals, told
from success.projects.board_rules import now_in
from success.projects.errors import ProjectRefused
from success.projects.proposal_store import Acceptance, Kept, Version
from success.projects.wish import calm
from success.reports import office

router = APIRouter(prefix="/p/{token}")
FROM_HERE: Final = "same-origin"
"""With less, a browser does not say that a form comes from our page."""


@dataclass(frozen=True, kw_only=True)
class Offered:
    """A proposal as the holder of a link sees it; `by` is them, if they may accept it."""

    found: Kept
    seen: Version
    sheet: Sheet
    by: Person | None
    accepted: Acceptance | None
    name: str


@router.get("/proposals/{proposal_id}")
async def proposal_page(
    request: Request, *, pages: PagesDep, held: OpenedDep, token: str, proposal_id: int
) -> Response:
    """The newest version that was sent, with a button for whoever may accept it."""
    return await _show(request, pages, held, token, proposal_id)


@router.get("/proposals/{proposal_id}/document")
async def document(*, pages: PagesDep, held: HeldDep, proposal_id: int) -> Response:
    """The same alone, to print."""
    offered = await _offered(pages, held, proposal_id)
    html = ProposalPress(pages.templates, pages.texts).page(offered.sheet)
    return HTMLResponse(html, headers={**HEADERS, "Content-Security-Policy": POLICY})


@router.get("/proposals/{proposal_id}/docx")
async def word_file(*, pages: PagesDep, held: HeldDep, proposal_id: int) -> Response:
    """The same as a Word file."""
    offered = await _offered(pages, held, proposal_id)
    content = ProposalPress(pages.templates, pages.texts).docx(offered.sheet)
    return docx_answer(content, f"{offered.sheet.title} {offered.sheet.client}", HEADERS)


@router.post("/proposals/{proposal_id}")
async def accept(
    request: Request, *, pages: PagesDep, held: HeldDep, token: str, proposal_id: int,
    csrf: Annotated[str, Form()] = "", version: Annotated[str, Form()] = "", agreed: Annotated[str, Form()] = "",
) -> Response:  # fmt: skip
    """Accept the version that the page showed."""
    check_form(request, pages, bound_to=_form_of(held, proposal_id), given=csrf)
    n, _, digest = version.partition(":")

    def body(conn: Connection) -> None:
        if held.link.person_id is None or proposal_store.proposal(conn, proposal_id).client_id != held.client.id:
            raise ProjectRefused("power")
        if agreed != "yes" or not n.isdecimal() or not n.isascii() or len(n) > 9:  # noqa: PLR2004 - an Integer's
            raise ProjectRefused("agreed")
        person, now = directory.person(conn, held.link.person_id), pages.deps.clock()
        proposals.accept(conn, proposal_id, n=int(n), digest=digest, person=person, way="page", now=now)
        _tell(conn, pages, proposal_id, n=int(n), person=person, now=now)

    await _offered(pages, held, proposal_id)
    try:
        await pages.deps.db.write(body)
    except ProjectRefused as refused:
        problem = pages.say(request, f"proposal.refused.{refused.reason}")
        return await _show(request, pages, held, token, proposal_id, problem=problem)
    return RedirectResponse(f"/p/{quote(token)}/proposals/{proposal_id}", 303, headers=HEADERS)


@router.get("/projects/{project_id}")
async def project_page(request: Request, *, pages: PagesDep, held: OpenedDep, token: str, project_id: int) -> Response:
    """A project's board, to read."""
    now = pages.deps.clock()

    def load(conn: Connection) -> dict[str, Any]:
        project = boards.project(conn, project_id)
        if project.client_id != held.client.id or not may_read(conn, held):
            raise NotFound("project", project_id)
        stages = boards.stages(conn, project_id)
        return {
            "project": project, "stages": stages, "tasks": boards.tasks_of(conn, project_id), "at": now_in(stages),
            "names": directory.names(conn, list(project.managers)), "today": accounts.today(held.client, now),
            "briefs": briefs.of_project(conn, project_id, states=(briefs.SENT,)),
        }  # fmt: skip

    shown = await pages.deps.db.read(load)
    return show(request, pages, held, "progress_project.html", token=token, events=f"/p/{quote(token)}/events", **shown)


async def _show(
    request: Request, pages: Pages, held: Held, token: str, proposal_id: int, *, problem: str | None = None
) -> Response:
    offered = await _offered(pages, held, proposal_id)
    body = ProposalPress(pages.templates, pages.texts).body(offered.sheet)
    now = pages.deps.clock()
    shown: dict[str, Any] = {"offered": offered, "body": body, "problem": problem}
    shown["expired"] = offered.seen.content.valid_until < accounts.today(held.client, now)
    shown["outdated"] = offered.seen.n != offered.found.head
    shown["events"] = f"/p/{quote(token)}/events"
    shown["form_token"] = csrf_token(pages.deps.secret, _form_of(held, proposal_id))
    shown["referrer"] = FROM_HERE
    page = show(request, pages, held, "progress_proposal.html", token=token, status=409 if problem else 200, **shown)
    page.headers["Referrer-Policy"] = FROM_HERE
    return page


def _tell(conn: Connection, pages: Pages, proposal_id: int, *, n: int, person: Person, now: datetime) -> None:
    """Say in the chat where it was put that it was accepted: there is nothing to press any more."""
    seen = proposal_store.version(conn, proposal_id, n)
    language, facts = seen.content.language, {"name": calm(person.name), "code": seen.hash[:8]}
    said = told.close(conn, seen.message_id, pages.texts.say("proposal.chat.accepted", language, **facts), now=now)
    if said is not None:
        agency = office.of(conn).agency or pages.texts.say("report.sender", language)
        text = pages.texts.say("proposal.chat.accepted_on_page", language, title=seen.content.title, version=n, **facts)
        proactive.tell_group(conn, directory.chat(conn, said.chat_id), text, name=agency, now=now)


async def _offered(pages: Pages, held: Held, proposal_id: int) -> Offered:
    def load(conn: Connection) -> Offered:
        if not may_read(conn, held):
            raise NotFound("proposal", proposal_id)
        mine = {found.id: (found, seen) for found, seen in proposal_store.shown_to(conn, held.client.id)}
        if proposal_id not in mine:
            raise NotFound("proposal", proposal_id)
        found, seen = mine[proposal_id]
        who = directory.find_person_by_id(conn, held.link.person_id) if held.link.person_id is not None else None
        by = who if who is not None and authority.may(conn, who, held.client.id, authority.PROPOSAL) else None
        accepted = proposal_store.acceptance(conn, proposal_id)
        name = directory.person(conn, accepted.person_id).name if accepted is not None else ""
        sheet = sheet_of(conn, pages, found, seen)
        return Offered(found=found, seen=seen, sheet=sheet, by=by, accepted=accepted, name=name)

    return await pages.deps.db.read(load)


def _form_of(held: Held, proposal_id: int) -> str:
    return f"proposal-form:{held.link.nonce}:{proposal_id}"
