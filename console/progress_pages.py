"""A client's own page behind a private link: its requests, documents and sites. Nothing here needs a sign-in."""

from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from starlette.exceptions import HTTPException

from console import progress_words, project_lists, report_list, training_list
from console.file_answers import file_answer
from console.forms import typed_id
from console.pages import Pages, PagesDep
from console.progress_guard import HEADERS, HeldDep, OpenedDep
from console.progress_words import Reader
from console.rendering import message_html, plain_html
from console.training_calendar import calendar_link
from handoff import accounts, progress, shared_documents
from handoff.kinds import Author
from handoff.model import Attachment, Message
from handoff.progress_links import Held, Scope

router = APIRouter(prefix="/p/{token}")


@router.get("")
async def overview_page(
    request: Request, *, pages: PagesDep, held: OpenedDep, token: str, before: str = ""
) -> Response:
    """What is open, what was resolved, documents, sites; `before` turns the history's pages."""
    now, older = pages.deps.clock(), typed_id(before)
    seen = await pages.deps.db.read(
        lambda conn: progress.overview(conn, held, desk=pages.deps.desk, before=older, now=now)
    )
    today = accounts.today(held.client, now)
    shown: dict[str, Any] = {
        "seen": seen,
        "today": today,
        "paged": older is not None,
        "events": f"/p/{quote(token)}/events",
    }
    shown["sites"] = [(site, site.expiries(today)) for site in seen.sites]
    shown["reports"] = await pages.deps.db.read(lambda conn: report_list.of_holder(conn, held))
    shown["trainings"] = await pages.deps.db.read(lambda conn: training_list.of_holder(conn, held))
    shown["material"] = await training_list.material(pages, shown["trainings"])
    shown["calendar"] = {each.id: calendar_link(each.id, secret=pages.deps.secret) for each in shown["trainings"]}
    shown |= await pages.deps.db.read(lambda conn: project_lists.of_holder(conn, held))
    shown["period_of"] = report_list.periods(pages, request.state.language)
    return show(request, pages, held, "progress.html", token=token, **shown)


@router.get("/t/{number}")
async def request_page(request: Request, *, pages: PagesDep, held: OpenedDep, token: str, number: str) -> Response:
    """One request with what was said about it; a merged one leads to the one it lives on in."""
    now = pages.deps.clock()
    found = await pages.deps.db.read(lambda conn: progress.detail(conn, held, number, desk=pages.deps.desk, now=now))
    if found is None:
        moved = await pages.deps.db.read(lambda conn: progress.moved_to(conn, held, number))
        if moved is not None:
            return RedirectResponse(f"/p/{quote(token)}/t/{moved}", 303, headers=HEADERS)
        return show(request, pages, held, "progress_missing.html", token=token, status=404)
    events = f"/p/{quote(token)}/events?request={quote(found.request.number)}"
    lines = [(message, _html(message)) for message in found.messages]
    return show(
        request, pages, held, "progress_request.html", token=token, one=found.request, lines=lines, events=events
    )


@router.get("/t/{number}/files/{file_id}")
async def request_file(*, pages: PagesDep, held: HeldDep, number: str, file_id: str) -> Response:
    """A file that was sent with a message of one of the requests."""
    found = await pages.deps.db.read(lambda conn: progress.picture(conn, held, number, file_id))
    return file_answer(pages.deps.files, found, headers=HEADERS)


@router.get("/files/{file_id}")
async def document_file(*, pages: PagesDep, held: HeldDep, file_id: str) -> Response:
    """A shared document; that it was fetched is kept."""
    now, link_id = pages.deps.clock(), held.link.id
    found = await pages.deps.db.read(lambda conn: progress.document(conn, held, file_id))
    if found is None:
        raise HTTPException(404)
    file = Attachment(id=found.file_id, name=found.name, media_type=found.media_type, size=found.size)
    answer = file_answer(pages.deps.files, file, inline=False, headers=HEADERS)
    await pages.deps.db.write(lambda conn: shared_documents.fetched(conn, found.id, link_id=link_id, now=now))
    return answer


def show(
    request: Request, pages: Pages, held: Held, template: str, /, *, token: str, status: int = 200, **shown: Any
) -> Response:
    """A page of the client's own, in the reader's language and the client's zone."""
    zone = accounts.zone_of(held.client)
    reader = Reader(texts=pages.texts, language=request.state.language, zone=zone, now=pages.deps.clock())
    shown |= {"reader": reader, "words": progress_words, "client": held.client, "link": held.link}
    shown |= {"base": f"/p/{quote(token)}", "own": held.link.scope is Scope.OWN, "zone": zone.key}
    shown["when_texts"] = pages.texts.under("progress.js.", request.state.language)
    answer = pages.page(request, template, status=status, **shown)
    answer.headers.update(HEADERS)
    return answer


def _html(message: Message) -> str:
    """A message as HTML; sources are named, not linked: their links are the chat's."""
    if message.author is Author.BOT:
        return message_html(message.text, citations=message.citations)
    return plain_html(message.text)
