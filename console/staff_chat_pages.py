"""Pages for leads: the staff chats, where every ticket has its card."""

from typing import Annotated, Any

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import Connection

from console.auth import Viewer, take_form
from console.desk_pages import frame
from console.forms import reader_zone
from console.guard import FORM, LeadDep
from console.pages import Pages, PagesDep
from handoff import bindings, staff_chats

router = APIRouter(prefix="/desk/staff-chats")


@router.get("")
async def staff_chats_page(request: Request, pages: PagesDep, viewer: LeadDep) -> Response:
    """The staff chats, and how one is made."""
    return await _show(request, pages, viewer)


@router.post("/code", dependencies=FORM)
async def make_code(
    request: Request, *, pages: PagesDep, viewer: LeadDep, once: Annotated[str, Form()] = ""
) -> Response:
    """Make a code that makes one chat a staff chat, in the maker's language and zone; show it, this once."""
    now, by, zone = pages.deps.clock(), viewer.person.id, reader_zone(request)
    language: str = request.state.language

    def body(conn: Connection) -> str | None:
        if not take_form(conn, once, person_id=by, now=now):
            return None
        return bindings.code_for_staff_chat(
            conn, by=by, language=language, timezone=str(zone) if zone is not None else None, now=now
        )

    return await _show(request, pages, viewer, code=await pages.deps.db.write(body))


@router.post("/{chat_id}/release", dependencies=FORM)
async def release(pages: PagesDep, viewer: LeadDep, chat_id: int) -> Response:
    """Let a chat be no staff chat any more: nothing more is shown there."""
    del viewer
    await pages.deps.db.write(lambda conn: staff_chats.release(conn, chat_id))
    return RedirectResponse("/desk/staff-chats", 303)


async def _show(request: Request, pages: Pages, viewer: Viewer, *, code: str | None = None) -> Response:
    shown: dict[str, Any] = await frame(pages, viewer, section="staff_chats")
    shown |= {"chats": await pages.deps.db.read(staff_chats.every), "code": code}
    return pages.page(request, "staff_chats.html", **shown)
