"""Pages: what a client is shown - private links to its own page, and shared documents."""

import asyncio
from datetime import timedelta
from typing import Annotated, Any, Final

from fastapi import APIRouter, File, Form, Request, Response, UploadFile
from fastapi.responses import RedirectResponse
from sqlalchemy import Connection
from starlette.exceptions import HTTPException

from console import progress_words
from console.attachments import MAX_BYTES, drop, keep, named_by
from console.auth import Viewer, take_form
from console.client_frame import change_or_show, known_client, show_tab
from console.document_rules import ACCEPTED, check_document
from console.errors import RefusedUpload
from console.file_answers import file_answer
from console.forms import typed_fields, typed_id
from console.guard import FORM, ReaderDep
from console.pages import Pages, PagesDep
from console.progress_address import progress_path
from console.site_pages import reader
from handoff import accounts, directory, progress_links, shared_documents
from handoff.errors import DocumentError, HandoffError
from handoff.model import Attachment, Client
from handoff.progress_links import PERIODS, Scope

router = APIRouter(prefix="/desk/clients/{slug}/sharing")
_TAB: Final = "sharing"


@router.get("")
async def sharing_page(request: Request, *, pages: PagesDep, viewer: ReaderDep, slug: str) -> Response:
    """The links with made by, last opened and state; the documents with how often they were fetched."""
    return await show_tab(request, pages, viewer, slug, tab=_TAB, load=_load(request, pages))


@router.post("/links", dependencies=FORM)
async def make_link(request: Request, *, pages: PagesDep, viewer: ReaderDep, slug: str) -> Response:
    """Make a private link, for everybody at the client or for one of its people."""

    def change(conn: Connection, client: Client, typed: dict[str, str], by: int) -> None:
        now, person = pages.deps.clock(), typed_id(typed.get("person", ""))
        scope = Scope(typed["scope"]) if typed.get("scope") in set(Scope) else Scope.ALL
        until = now + timedelta(days=_days(typed))
        progress_links.make(conn, client_id=client.id, scope=scope, person_id=person, expires_at=until, by=by, now=now)

    return await _change(request, pages, viewer, slug, change)


@router.post("/links/{link_id}/renew", dependencies=FORM)
async def renew_link(request: Request, *, pages: PagesDep, viewer: ReaderDep, slug: str, link_id: int) -> Response:
    """Let a link be good for some days from now; its address stays."""

    def change(conn: Connection, client: Client, typed: dict[str, str], by: int) -> None:  # noqa: ARG001
        now = pages.deps.clock()
        until = now + timedelta(days=_days(typed))
        progress_links.renew(conn, client_id=client.id, link_id=link_id, expires_at=until, now=now)

    return await _change(request, pages, viewer, slug, change)


@router.post("/links/{link_id}/revoke", dependencies=FORM)
async def revoke_link(request: Request, *, pages: PagesDep, viewer: ReaderDep, slug: str, link_id: int) -> Response:
    """End a link at once, also where its page is open."""

    def change(conn: Connection, client: Client, typed: dict[str, str], by: int) -> None:  # noqa: ARG001
        progress_links.revoke(conn, client_id=client.id, link_id=link_id, by=by, now=pages.deps.clock())

    return await _change(request, pages, viewer, slug, change)


@router.post("/documents", dependencies=FORM)
async def share_document(
    request: Request, *, pages: PagesDep, viewer: ReaderDep, slug: str,
    document: Annotated[UploadFile, File()], note: Annotated[str, Form()] = "", once: Annotated[str, Form()] = "",
) -> Response:  # fmt: skip
    """Share a file with the client."""
    load = _load(request, pages)
    try:
        await _share(pages, viewer, slug, await _taken(pages, document), note=note, once=once)
    except (RefusedUpload, DocumentError) as error:
        problem = _problem(request, pages, error)
        typed = await typed_fields(request)
        return await show_tab(request, pages, viewer, slug, tab=_TAB, load=load, problem=problem, typed=typed)
    return RedirectResponse(f"/desk/clients/{slug}/sharing#documents", 303)


@router.get("/documents/{file_id}")
async def document_file(*, pages: PagesDep, viewer: ReaderDep, slug: str, file_id: str) -> Response:
    """A shared document, for a colleague; that they fetched it is kept."""
    now, who = pages.deps.clock(), viewer.person.id

    def body(conn: Connection) -> Attachment | None:
        found = shared_documents.find(conn, client_id=known_client(conn, slug).id, file_id=file_id)
        if found is None:
            return None
        shared_documents.fetched(conn, found.id, person_id=who, now=now)
        return Attachment(id=found.file_id, name=found.name, media_type=found.media_type, size=found.size)

    file = await pages.deps.db.write(body)
    if file is None:
        raise HTTPException(404)
    return file_answer(pages.deps.files, file, inline=False)


@router.post("/documents/{document_id}/remove", dependencies=FORM)
async def remove_document(
    request: Request, *, pages: PagesDep, viewer: ReaderDep, slug: str, document_id: int
) -> Response:
    """Share a document no longer, and drop its bytes."""
    gone: list[Attachment] = []

    def change(conn: Connection, client: Client, typed: dict[str, str], by: int) -> None:  # noqa: ARG001
        now = pages.deps.clock()
        was = shared_documents.remove(conn, client_id=client.id, document_id=document_id, by=by, now=now)
        gone[:] = [Attachment(id=was.file_id, name=was.name, media_type=was.media_type, size=was.size)]

    answer = await _change(request, pages, viewer, slug, change)
    await asyncio.to_thread(drop, pages.deps.files, gone)
    return answer


async def _taken(pages: Pages, document: UploadFile) -> tuple[Attachment, ...]:
    content, name = await document.read(MAX_BYTES + 1), document.filename or ""
    if len(content) <= MAX_BYTES:
        check_document(name, content)
    return await asyncio.to_thread(keep, pages.deps.files, [(name, content)], any_type=True)


async def _share(
    pages: Pages, viewer: Viewer, slug: str, files: tuple[Attachment, ...], *, note: str, once: str
) -> None:
    now, by = pages.deps.clock(), viewer.person.id

    def body(conn: Connection) -> bool:
        client = known_client(conn, slug)
        if not take_form(conn, once, person_id=by, now=now):
            return False
        shared_documents.share(conn, client_id=client.id, file=files[0], note=note, by=by, now=now)
        return True

    with named_by(pages.deps.files, files):
        taken = await pages.deps.db.write(body)
    if not taken:
        await asyncio.to_thread(drop, pages.deps.files, files)


async def _change(request: Request, pages: Pages, viewer: Viewer, slug: str, change: Any) -> Response:
    def words(error: HandoffError) -> str:
        return _problem(request, pages, error)

    load = _load(request, pages)
    return await change_or_show(request, pages, viewer, slug, tab=_TAB, load=load, change=change, words=words)


def _load(request: Request, pages: Pages) -> Any:
    now, deps, who = pages.deps.clock(), pages.deps, reader(request, pages)
    base = (deps.public_url or f"{request.url.scheme}://{request.headers.get('host', '')}").rstrip("/")

    def load(conn: Connection, client: Client) -> dict[str, Any]:
        made = progress_links.of_client(conn, client.id)
        people = [person for person, _ in accounts.contacts(conn, client.id)]
        names = directory.names(conn, [who for each in made for who in (each.by_id, each.person_id) if who is not None])
        shared = shared_documents.of_client(conn, client.id)
        names |= directory.names(conn, [each.by_id for each in shared])
        urls = {each.id: base + progress_path(each, secret=deps.secret) for each in made}
        shown: dict[str, Any] = {"links": made, "urls": urls, "names": names, "people": people, "documents": shared}
        shown |= {"periods": PERIODS, "scopes": list(Scope), "accept": ACCEPTED, "at": now}
        return shown | {"max_mb": MAX_BYTES // 1024 // 1024, "reader": who, "words": progress_words}

    return load


def _days(typed: dict[str, str]) -> int:
    days = typed_id(typed.get("days", ""))
    return days if days in PERIODS else PERIODS[2]


def _problem(request: Request, pages: Pages, error: HandoffError | RefusedUpload) -> str:
    match error:
        case RefusedUpload(reason=why):
            said = {"megabytes": MAX_BYTES // 1024 // 1024} if why == "size" else {}
            return pages.say(request, f"sharing.error.{why}", **said)
        case DocumentError():
            return pages.say(request, "sharing.error.many")
    return pages.say(request, "sharing.error.gone")
