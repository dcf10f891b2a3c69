"""Resources: clients with their people and chats, and our own people."""

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from sqlalchemy import Connection

from console.api import cursors
from console.api.doors import FEW, CallerDep, Cursor, Limit, door
from console.api.problems import missing
from console.api.shapes import ChatOut, ClientOut, ContactOut, Page, PersonOut, chat_out, client_out, person_out
from console.api.tickets import Ident
from console.pages import PagesDep
from handoff import directory, listing
from handoff.model import Client
from handoff.tokens import Caller, Scope

router = APIRouter(tags=["clients"])


def client_of(conn: Connection, caller: Caller, client_id: str) -> Client:
    """The client, if the caller may see it. Raises Problem."""
    found = directory.find_client(conn, int(client_id)) if caller.may_see(int(client_id)) else None
    if found is None:
        raise missing("client")
    return found


@router.get("/clients", response_model=Page[ClientOut], summary="List clients", **door(Scope.CLIENTS_READ))
async def clients(
    request: Request, pages: PagesDep, caller: CallerDep, *, limit: Limit = FEW, cursor: Cursor = None
) -> Response:
    """The oldest first; a token for one client sees that one."""
    after = cursors.read(cursor) or 0

    def load(conn: Connection) -> tuple[Client, ...]:
        return listing.client_page(conn, client_id=caller.client_id, after_id=after, limit=limit + 1)

    rows, next_ = cursors.page(request, await pages.deps.db.read(load), limit=limit, key=lambda row: row.id)
    out = Page[ClientOut](items=[client_out(row) for row in rows], next=next_)
    return JSONResponse(out.model_dump(mode="json"), headers=cursors.linked(next_))


@router.get("/clients/{client}", response_model=ClientOut, summary="One client", **door(Scope.CLIENTS_READ, 404))
async def one_client(pages: PagesDep, caller: CallerDep, *, client: Ident) -> Response:
    """What is kept of a client."""
    found = await pages.deps.db.read(lambda conn: client_of(conn, caller, client))
    return JSONResponse(client_out(found).model_dump(mode="json"))


@router.get(
    "/clients/{client}/people", response_model=Page[ContactOut], summary="A client's people",
    **door(Scope.CLIENTS_READ, 404),
)  # fmt: skip
async def contacts(
    request: Request, pages: PagesDep, caller: CallerDep, *, client: Ident, limit: Limit = FEW, cursor: Cursor = None
) -> Response:
    """Everybody who has written for the client."""
    after = cursors.read(cursor) or 0

    def load(conn: Connection) -> list[ContactOut]:
        found = client_of(conn, caller, client)
        rows = listing.contact_page(conn, found.id, after_id=after, limit=limit + 1)
        return [ContactOut(id=str(row.id), name=row.name) for row in rows]

    rows, next_ = cursors.page(request, await pages.deps.db.read(load), limit=limit, key=lambda row: int(row.id))
    out = Page[ContactOut](items=rows, next=next_)
    return JSONResponse(out.model_dump(mode="json"), headers=cursors.linked(next_))


@router.get(
    "/clients/{client}/chats", response_model=Page[ChatOut], summary="A client's chats", **door(Scope.CLIENTS_READ, 404)
)
async def client_chats(
    request: Request, pages: PagesDep, caller: CallerDep, *, client: Ident, limit: Limit = FEW, cursor: Cursor = None
) -> Response:
    """Where we talk with the client."""
    after = cursors.read(cursor) or 0

    def load(conn: Connection) -> list[ChatOut]:
        found = client_of(conn, caller, client)
        return [chat_out(row) for row in listing.chat_page(conn, found.id, after_id=after, limit=limit + 1)]

    rows, next_ = cursors.page(request, await pages.deps.db.read(load), limit=limit, key=lambda row: int(row.id))
    out = Page[ChatOut](items=rows, next=next_)
    return JSONResponse(out.model_dump(mode="json"), headers=cursors.linked(next_))


@router.get("/people", response_model=Page[PersonOut], tags=["people"], summary="Our people", **door(Scope.PEOPLE_READ))
async def staff(
    request: Request, pages: PagesDep, caller: CallerDep, *, limit: Limit = FEW, cursor: Cursor = None
) -> Response:
    """A token for one client sees those who look after it or have had its tickets."""
    after = cursors.read(cursor) or 0

    def load(conn: Connection) -> list[PersonOut]:
        rows = listing.staff_page(conn, client_id=caller.client_id, after_id=after, limit=limit + 1)
        return [person_out(row) for row in rows]

    rows, next_ = cursors.page(request, await pages.deps.db.read(load), limit=limit, key=lambda row: int(row.id))
    out = Page[PersonOut](items=rows, next=next_)
    return JSONResponse(out.model_dump(mode="json"), headers=cursors.linked(next_))
