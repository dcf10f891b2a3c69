"""Changes by a caller: once for each key, in one transaction with what they do, and signed with the token's name."""

import hashlib
from collections.abc import Callable
from datetime import datetime

from fastapi import Request, Response
from fastapi.responses import JSONResponse
from sqlalchemy import Connection

from console.api.problems import Problem, invalid
from console.api.shapes import TicketOut, ticket_out
from console.pages import pages_of
from handoff import board, listing, repeats, tokens
from handoff.errors import (
    AlreadyClaimed,
    EmptyText,
    HandoffError,
    NotAllowed,
    NotFound,
    NotMergeable,
    NotReplied,
    PastInstant,
)
from handoff.repeats import KeyUsed, Reply
from handoff.tokens import Caller
from store.errors import DatabaseGone, StoreError

Change = Callable[[Connection, datetime], Reply]


async def done(request: Request, caller: Caller, change: Change, *, key: str | None) -> Response:
    """Do it, unless this key's request was done before: then what was answered then. Raises Problem."""
    deps = pages_of(request).deps
    asked = await _fingerprint(request) if key else ""

    def body(conn: Connection) -> Reply:
        now = deps.clock()
        kept = repeats.begin(conn, token_id=caller.token.id, key=key, request=asked, now=now) if key else None
        if kept is not None:
            return kept
        with tokens.through(conn, caller.token):
            reply = change(conn, now)
        if key:
            repeats.keep(conn, token_id=caller.token.id, key=key, reply=reply)
        return reply

    reply = await deps.db.write(body)
    headers = {name: str(value) for name, value in reply.headers.items()}
    return JSONResponse(reply.body, status_code=reply.status, headers=headers)


def shown(conn: Connection, number: str, *, base: str, status: int = 200) -> Reply:
    """A ticket as a reply."""
    ticket = board.ticket_by_number(conn, number)
    assert ticket is not None, "the caller has found it"
    out = ticket_out(listing.listed(conn, ticket), base=base)
    return Reply(status=status, body=out.model_dump(mode="json"), headers={"ETag": f'"{out.version}"'})


async def refused(request: Request, error: Exception) -> Response:
    """The handler of the desk's refusals: a conflict comes with the ticket as it stands."""
    assert isinstance(error, HandoffError)
    found = problem_of(error)
    number = request.path_params.get("ticket")
    if found.name in {"already-claimed", "not-allowed", "not-replied", "not-mergeable"} and number:
        found.more["current"] = await _current(request, str(number))
    return found.response()


async def not_stored(_request: Request, error: Exception) -> Response:
    """The handler of a database that fails; where it went away during a commit, nobody knows what became of it."""
    assert isinstance(error, StoreError)
    again = "It may have been done or not: send it again with the same Idempotency-Key, or look first."
    known = "Nothing was done; try again later."
    return Problem("unavailable", again if isinstance(error, DatabaseGone) else known).response()


def problem_of(error: HandoffError) -> Problem:  # noqa: PLR0911 - one return for each
    """A refusal as a problem."""
    match error:
        case KeyUsed():
            return Problem("key-reused", "This Idempotency-Key stood for another request within 24 hours.")
        case AlreadyClaimed():
            return Problem("already-claimed", f"{error.by.name} has the ticket.", holder=str(error.by.id))
        case NotReplied():
            return Problem("not-replied", "One can wait for a client only after somebody has answered.")
        case NotAllowed():
            return Problem("not-allowed", f"Cannot {error.verb} a ticket that is {error.state}.")
        case NotMergeable():
            return Problem("not-mergeable", f"Cannot merge: {error.why}.")
        case EmptyText():
            return invalid("body.text", "must not be empty")
        case PastInstant():
            return invalid("body.until", "must lie ahead")
        case NotFound(what="ticket"):
            return Problem("not-found", "There is no such ticket.")
        case NotFound():
            return invalid(f"body.{error.what}", f"there is no such {error.what}")
    return Problem("invalid", str(error))


async def _current(request: Request, number: str) -> dict[str, object]:
    pages = pages_of(request)

    def load(conn: Connection) -> TicketOut | None:
        ticket = board.ticket_by_number(conn, number)
        return None if ticket is None else ticket_out(listing.listed(conn, ticket), base=pages.deps.public_url or "")

    found = await pages.deps.db.read(load)
    return {} if found is None else found.model_dump(mode="json")


async def _fingerprint(request: Request) -> str:
    digest = hashlib.sha256(f"{request.method} {request.url.path}?{request.url.query}\n".encode())
    digest.update(await request.body())
    return digest.hexdigest()
