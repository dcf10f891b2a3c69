"""Ratings on pages: the requester's own, behind a signed link, and what the desk shows of a ticket and a client."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import Connection
from starlette.exceptions import HTTPException

from console.auth import csrf_token
from console.guard import check_form
from console.pages import Pages, PagesDep
from console.signing import holds, signature
from handoff import board
from handoff.kinds import TicketState
from handoff.model import Client, Ticket
from success import ratings
from success.errors import RatingRefused
from success.rating_rules import SCALE, closed_to
from success.ratings import COMMENT_LENGTH, Rating

router = APIRouter()
SHOWN: Final = 5


@router.get("/rate/{number}")
async def rating_page(request: Request, *, pages: PagesDep, number: str, s: Annotated[str, Query()] = "") -> Response:
    """Five choices and a comment, for whoever has the requester's link; looking changes nothing."""
    ticket, rating = await _signed(pages, number, s)
    return _page(request, pages, ticket, rating, given=s)


@router.post("/rate/{number}")
async def rate(
    request: Request,
    *,
    pages: PagesDep,
    number: str,
    s: Annotated[str, Query()] = "",
    csrf: Annotated[str, Form()] = "",
    value: Annotated[str, Form()] = "",
    comment: Annotated[str, Form()] = "",
) -> Response:
    """Take the rating; the same form again changes it within a day."""
    ticket, rating = await _signed(pages, number, s)
    check_form(request, pages, bound_to=_form_of(ticket), given=csrf)
    if value not in {str(each) for each in SCALE}:
        return _page(request, pages, ticket, rating, given=s, problem="value", typed=comment)

    def body(conn: Connection) -> Rating:
        who, now = ticket.requester_id, pages.deps.clock()
        return ratings.answer(conn, ticket_id=ticket.id, person_id=who, value=int(value), comment=comment, now=now)

    try:
        await pages.deps.db.write(body)
    except RatingRefused as refused:
        return _page(request, pages, ticket, rating, given=s, problem=refused.reason, typed=comment)
    return RedirectResponse(request.url.path + f"?s={s}", 303)


def rating_link(ticket: Ticket, *, secret: bytes) -> str:
    """The path by which the requester rates the ticket: whoever has it counts as the requester."""
    return f"/rate/{ticket.number}?s={signature(_link_of(ticket), secret=secret)}"


async def of_ticket(request: Request, pages: Pages, ticket: Ticket) -> dict[str, Any]:
    """What the ticket's page shows (`_rating.html`)."""
    found = await pages.deps.db.read(lambda conn: ratings.of_ticket(conn, ticket.id))
    base = pages.deps.public_url or f"{request.url.scheme}://{request.headers.get('host', '')}"
    link = base.rstrip("/") + rating_link(ticket, secret=pages.deps.secret)
    open_now = ticket.state is TicketState.RESOLVED
    given_at = found.at if found else None
    why = closed_to(resolved_at=ticket.resolved_at if open_now else None, answered_at=given_at, now=pages.deps.clock())
    return {"rating": found, "rating_link": None if why else link, "rating_due": open_now}


def of_client(conn: Connection, client: Client) -> dict[str, Any]:
    """What the client's page shows (`_ratings.html`)."""
    return {
        "satisfaction": ratings.summary(conn, client_id=client.id),
        "rated": ratings.latest(conn, client.id, limit=SHOWN),
    }


def _page(
    request: Request,
    pages: Pages,
    ticket: Ticket,
    rating: Rating | None,
    *,
    given: str,
    problem: str | None = None,
    typed: str | None = None,
) -> Response:
    open_now = ticket.resolved_at if ticket.state is TicketState.RESOLVED else None
    given_at = rating.at if rating else None
    shown = {
        "ticket": ticket,
        "rating": rating,
        "closed": closed_to(resolved_at=open_now, answered_at=given_at, now=pages.deps.clock()),
        "problem": problem,
        "typed": typed if typed is not None else rating.comment if rating else "",
        "action": f"/rate/{ticket.number}?s={given}",
        "token": csrf_token(pages.deps.secret, _form_of(ticket)),
        "scale": SCALE,
        "longest": COMMENT_LENGTH,
        "home": "/",
    }
    answer = pages.page(request, "rate.html", status=422 if problem else 200, **shown)
    answer.headers["Cache-Control"] = "no-store"
    return answer


async def _signed(pages: Pages, number: str, given: str) -> tuple[Ticket, Rating | None]:
    """The ticket of a link that holds; 404 for any other."""

    def body(conn: Connection) -> tuple[Ticket, Rating | None] | None:
        ticket = board.ticket_by_number(conn, number)
        return None if ticket is None else (ticket, ratings.of_ticket(conn, ticket.id))

    found = await pages.deps.db.read(body)
    if found is None or not holds(given, _link_of(found[0]), secret=pages.deps.secret):
        raise HTTPException(404)
    return found


def _link_of(ticket: Ticket) -> str:
    return f"rating:{ticket.id}:{ticket.requester_id}"


def _form_of(ticket: Ticket) -> str:
    return f"rating-form:{ticket.id}"
