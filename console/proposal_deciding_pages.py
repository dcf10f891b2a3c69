"""What people decide about proposals: write them over, have better words, approve, send, withdraw; whose they are."""

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import Connection

from console.auth import Viewer, take_form
from console.forms import typed_fields, typed_id
from console.guard import FORM, ReaderDep
from console.pages import Pages, PagesDep
from console.proposal_pages import show_proposal
from handoff import directory
from success.projects import proposal_store, proposals
from success.projects.edits import edited
from success.projects.errors import ProjectRefused

router = APIRouter(prefix="/desk/proposals")
Verb = Callable[[Connection, int, dict[str, str]], object]


@router.post("/{proposal_id}/edit", dependencies=FORM)
async def edit(request: Request, *, pages: PagesDep, viewer: ReaderDep, proposal_id: int) -> Response:
    """Keep what a person wrote as the next version."""

    def verb(conn: Connection, by: int, typed: dict[str, str]) -> object:
        seen = proposal_store.version(conn, proposal_id, _n(typed))
        content = edited(seen.content, typed)
        return proposals.revise(conn, proposal_id, content, seen=seen.n, by=by, now=pages.deps.clock())

    return await _do(request, pages, viewer, proposal_id, verb, keep=True)


@router.post("/{proposal_id}/words", dependencies=FORM)
async def words(request: Request, *, pages: PagesDep, viewer: ReaderDep, proposal_id: int) -> Response:
    """Have the model write the free texts better, as the next version; where it fails, nothing changes."""
    typed = await typed_fields(request)
    n = _n(typed)
    seen = await pages.deps.db.read(lambda conn: proposal_store.version(conn, proposal_id, n))
    found = await pages.deps.db.read(lambda conn: proposal_store.proposal(conn, proposal_id))
    better = None
    if pages.deps.proposer is not None:
        better = await pages.deps.proposer.write(seen.content, found.wish)
    if better is None:
        problem = pages.say(request, "proposal.error.model")
        return await show_proposal(request, pages, viewer, proposal_id, problem=problem)

    def verb(conn: Connection, by: int, typed: dict[str, str]) -> object:
        del typed
        now = pages.deps.clock()
        return proposals.revise(conn, proposal_id, better, seen=n, made_by="model", by=by, now=now)

    return await _do(request, pages, viewer, proposal_id, verb)


@router.post("/{proposal_id}/approve", dependencies=FORM)
async def approve(request: Request, *, pages: PagesDep, viewer: ReaderDep, proposal_id: int) -> Response:
    """Let a version go."""

    def verb(conn: Connection, by: int, typed: dict[str, str]) -> object:
        return proposals.approve(conn, proposal_id, n=_n(typed), by=by, now=pages.deps.clock())

    return await _do(request, pages, viewer, proposal_id, verb)


@router.post("/{proposal_id}/send", dependencies=FORM)
async def send(request: Request, *, pages: PagesDep, viewer: ReaderDep, proposal_id: int) -> Response:
    """Send an approved version that did not leave."""

    def verb(conn: Connection, by: int, typed: dict[str, str]) -> object:
        del by
        return proposals.send(conn, proposal_id, n=_n(typed), now=pages.deps.clock())

    return await _do(request, pages, viewer, proposal_id, verb)


@router.post("/{proposal_id}/bind", dependencies=FORM)
async def bind(request: Request, *, pages: PagesDep, viewer: ReaderDep, proposal_id: int) -> Response:
    """Say whose proposal it is."""

    def verb(conn: Connection, by: int, typed: dict[str, str]) -> object:
        del by
        client = directory.client_by_slug(conn, typed.get("slug", ""))
        if client is None:
            raise ProjectRefused("client")
        return proposals.bind(conn, proposal_id, client.id)

    return await _do(request, pages, viewer, proposal_id, verb)


@router.post("/{proposal_id}/withdraw", dependencies=FORM)
async def withdraw(request: Request, *, pages: PagesDep, viewer: ReaderDep, proposal_id: int) -> Response:
    """Take a proposal off the table."""

    def verb(conn: Connection, by: int, typed: dict[str, str]) -> object:
        del typed
        return proposals.withdraw(conn, proposal_id, by=by, now=pages.deps.clock())

    return await _do(request, pages, viewer, proposal_id, verb)


async def _do(
    request: Request, pages: Pages, viewer: Viewer, proposal_id: int, verb: Verb, *, keep: bool = False
) -> Response:
    """One verb in one transaction, once a form; what does not work is said on the page, with what was typed."""
    typed, now, by = await typed_fields(request), pages.deps.clock(), viewer.person.id

    def body(conn: Connection) -> None:
        if take_form(conn, typed.get("once", ""), person_id=by, now=now):
            verb(conn, by, typed)

    try:
        await pages.deps.db.write(body)
    except ProjectRefused as refused:
        problem = pages.say(request, f"proposal.error.{refused.reason}")
        held: dict[str, Any] = {"typed": typed} if keep else {}
        return await show_proposal(request, pages, viewer, proposal_id, problem=problem, **held)
    return RedirectResponse(f"/desk/proposals/{proposal_id}", 303)


def _n(typed: dict[str, str]) -> int:
    found = typed_id(typed.get("n", ""))
    return -1 if found is None else found
