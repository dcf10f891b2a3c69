"""Pages: one-time codes, for a client's chats and for one's own account on a chat platform."""

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from sqlalchemy import Connection

from console.account_pages import show_account
from console.auth import take_form
from console.client_frame import known_client
from console.client_pages import show_client
from console.guard import FORM, AdminDep, ViewerDep
from console.pages import PagesDep
from handoff import bindings

router = APIRouter(prefix="/desk")


@router.post("/clients/{slug}/code", dependencies=FORM)
async def client_code(
    request: Request, *, pages: PagesDep, viewer: AdminDep, slug: str, once: Annotated[str, Form()] = ""
) -> Response:
    """Make a code that binds one chat to the client, and show it, this once."""
    now, by = pages.deps.clock(), viewer.person.id

    def body(conn: Connection) -> str | None:
        client = known_client(conn, slug)
        if not take_form(conn, once, person_id=by, now=now):
            return None
        return bindings.code_for_client(conn, client.id, by=by, now=now)

    code = await pages.deps.db.write(body)
    return await show_client(request, pages, viewer, slug, code=code)


@router.get("/account")
async def account_page(request: Request, *, pages: PagesDep, viewer: ViewerDep) -> Response:
    """What linking an account is good for."""
    return await show_account(request, pages, viewer)


@router.post("/account", dependencies=FORM)
async def account_code(
    request: Request, *, pages: PagesDep, viewer: ViewerDep, once: Annotated[str, Form()] = ""
) -> Response:
    """Make a code that links one's own account, and show it, this once."""
    now, who = pages.deps.clock(), viewer.person.id

    def body(conn: Connection) -> str | None:
        if not take_form(conn, once, person_id=who, now=now):
            return None
        return bindings.code_for_colleague(conn, who, now=now)

    code = await pages.deps.db.write(body)
    return await show_account(request, pages, viewer, code=code)
