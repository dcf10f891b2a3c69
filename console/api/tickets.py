"""Resources: tickets and what belongs to them, to read."""

from typing import Annotated, Final

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import AwareDatetime
from sqlalchemy import Connection

from console.api import cursors
from console.api.doors import FEW, CallerDep, Cursor, Limit, door
from console.api.problems import missing
from console.api.shapes import (
    ClockOut,
    EventOut,
    MessageOut,
    Page,
    QueueOut,
    TicketOut,
    WhyLine,
    event_out,
    message_out,
    ticket_out,
)
from console.pages import PagesDep
from console.why import Account, accounts
from handoff import board, listing
from handoff.bands import View
from handoff.kinds import Level, TicketState
from handoff.listing import Wanted
from handoff.model import Ticket
from handoff.tokens import Caller, Scope

router = APIRouter(tags=["tickets"])
NOBODY: Final = "none"
Number = Annotated[str, Path(pattern=r"^T-[0-9]{4,15}$", examples=["T-1001"], description="The ticket's id.")]
Ident = Annotated[str, Path(pattern=r"^[0-9]{1,15}$", examples=["1"])]
Asked = Annotated[str | None, Query(pattern=r"^[0-9]{1,15}$", examples=["1"])]


def ticket_of(conn: Connection, caller: Caller, number: str) -> Ticket:
    """The ticket, if the caller may see it. Raises Problem."""
    found = board.ticket_by_number(conn, number)
    if found is None or not caller.may_see(found.client_id):
        raise missing("ticket")
    return found


@router.get("/tickets", response_model=Page[TicketOut], summary="List tickets", **door(Scope.TICKETS_READ))
async def tickets(
    request: Request,
    pages: PagesDep,
    caller: CallerDep,
    *,
    state: Annotated[list[TicketState], Query(max_length=6)] = [],  # noqa: B006 - FastAPI copies it
    level: Annotated[list[Level], Query(max_length=4)] = [],  # noqa: B006
    client: Asked = None,
    assignee: Annotated[str | None, Query(pattern=r"^(?:[0-9]{1,15}|none)$", description="An id, or `none`.")] = None,
    team: Annotated[str | None, Query(min_length=1, max_length=60)] = None,
    updated_since: Annotated[AwareDatetime | None, Query(description="Tickets to which something happened.")] = None,
    limit: Limit = FEW,
    cursor: Cursor = None,
) -> Response:
    """The newest first; filters narrow the list, several values of one filter widen it."""
    before, base = cursors.read(cursor), pages.deps.public_url or ""
    wanted = Wanted(
        client_id=caller.client_id or (int(client) if client else None),
        states=tuple(state),
        levels=tuple(level),
        assignee_id=None if assignee is None else 0 if assignee == NOBODY else int(assignee),
        team=team,
        updated_since=updated_since,
    )
    if client is not None and not caller.may_see(int(client)):
        return _page(request, [], limit=limit, base=base)
    rows = await pages.deps.db.read(lambda conn: listing.ticket_page(conn, wanted, before_id=before, limit=limit + 1))
    return _page(request, rows, limit=limit, base=base)


@router.get("/queue", response_model=QueueOut, summary="A view of the queue", **door(Scope.TICKETS_READ))
async def queue(pages: PagesDep, caller: CallerDep, *, view: View = "open", limit: Limit = FEW) -> Response:
    """The most urgent first, as the desk shows it; `mine` is of the colleague in whose name the token acts."""
    now, base = pages.deps.clock(), pages.deps.public_url or ""

    def load(conn: Connection) -> tuple[listing.Listed, ...]:
        return listing.queue_page(
            conn, view, viewer_id=caller.person.id, client_id=caller.client_id, now=now, limit=limit
        )

    rows = await pages.deps.db.read(load)
    out = QueueOut(view=view, items=[ticket_out(row, base=base) for row in rows])
    return JSONResponse(out.model_dump(mode="json"))


@router.get("/tickets/{ticket}", response_model=TicketOut, summary="One ticket", **door(Scope.TICKETS_READ, 404))
async def one_ticket(pages: PagesDep, caller: CallerDep, *, ticket: Number) -> Response:
    """The ticket as it stands; its ETag is its version."""
    listed = await pages.deps.db.read(lambda conn: listing.listed(conn, ticket_of(conn, caller, ticket)))
    out = ticket_out(listed, base=pages.deps.public_url or "")
    return JSONResponse(out.model_dump(mode="json"), headers={"ETag": f'"{out.version}"'})


@router.get(
    "/tickets/{ticket}/events", response_model=Page[EventOut], summary="What happened to a ticket",
    **door(Scope.TICKETS_READ, 404),
)  # fmt: skip
async def ticket_events(
    request: Request, pages: PagesDep, caller: CallerDep, *, ticket: Number, limit: Limit = FEW, cursor: Cursor = None
) -> Response:
    """Everything in the order in which it was recorded."""
    after, inside = cursors.read(cursor) or 0, caller.client_id is None

    def load(conn: Connection) -> list[EventOut]:
        found = ticket_of(conn, caller, ticket)
        rows = listing.event_page(conn, found.id, after_seq=after, limit=limit + 1)
        return [event_out(row, inside=inside) for row in rows]

    rows, next_ = cursors.page(request, await pages.deps.db.read(load), limit=limit, key=lambda row: row.seq)
    return _json(Page[EventOut](items=rows, next=next_))


@router.get(
    "/tickets/{ticket}/clocks", response_model=Page[ClockOut], summary="A ticket's deadlines, and why",
    **door(Scope.TICKETS_READ, 404),
)  # fmt: skip
async def ticket_clocks(request: Request, pages: PagesDep, caller: CallerDep, *, ticket: Number) -> Response:
    """Each run of each clock with the account of its deadline, in the language of `Accept-Language`."""
    now = pages.deps.clock()

    def load(conn: Connection) -> tuple[Account, ...]:
        found = ticket_of(conn, caller, ticket)
        return accounts(pages.deps.desk.ledger(conn, found.id, now=now), pages.texts, request.state.language)

    return _json(Page[ClockOut](items=[_clock(account) for account in await pages.deps.db.read(load)]))


@router.get(
    "/tickets/{ticket}/messages", response_model=Page[MessageOut], summary="What was said about a ticket",
    **door(Scope.MESSAGES_READ, 404),
)  # fmt: skip
async def ticket_messages(
    request: Request, pages: PagesDep, caller: CallerDep, *, ticket: Number, limit: Limit = FEW, cursor: Cursor = None
) -> Response:
    """The conversation in order; a token for one client never sees what is internal."""
    after, inside = cursors.read(cursor) or 0, caller.client_id is None

    def load(conn: Connection) -> list[MessageOut]:
        found = ticket_of(conn, caller, ticket)
        rows = listing.message_page(conn, found, inside=inside, after_id=after, limit=limit + 1)
        return [message_out(row) for row in rows]

    rows, next_ = cursors.page(request, await pages.deps.db.read(load), limit=limit, key=lambda row: int(row.id))
    return _json(Page[MessageOut](items=rows, next=next_))


def _page(
    request: Request, rows: list[listing.Listed] | tuple[listing.Listed, ...], *, limit: int, base: str
) -> Response:
    shown, next_ = cursors.page(request, rows, limit=limit, key=lambda row: row.ticket.id)
    return _json(Page[TicketOut](items=[ticket_out(row, base=base) for row in shown], next=next_))


def _json(page: Page[TicketOut] | Page[EventOut] | Page[ClockOut] | Page[MessageOut]) -> Response:
    return JSONResponse(page.model_dump(mode="json"), headers=cursors.linked(page.next))


def _clock(account: Account) -> ClockOut:
    return ClockOut(
        kind=str(account.clock),
        cycle=account.cycle,
        title=account.title,
        phase=account.phase,
        due_at=account.due_at,
        verdict=account.verdict,
        calendar=account.calendar,
        why=[WhyLine(at=row.at, when=row.when, words=row.words) for row in account.rows],
    )
