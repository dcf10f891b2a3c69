"""Pages: one's own account: where one is signed in, and ending that."""

from typing import Annotated, Any

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import Connection

from console.auth import Viewer, end_sessions
from console.guard import FORM, SESSION_COOKIE, ViewerDep
from console.pages import Pages, PagesDep
from console.sessions import end_one, sessions
from success import across
from success.across_rules import SPOKEN

router = APIRouter(prefix="/desk/account")


async def show_account(request: Request, pages: Pages, viewer: Viewer, *, code: str | None = None) -> Response:
    """The page; with a code that was just made, if one was."""
    now = pages.deps.clock()
    found = await pages.deps.db.read(lambda conn: sessions(conn, viewer, now=now))
    mine = await pages.deps.db.read(lambda conn: across.reads(conn, viewer.person.id))
    shown: dict[str, Any] = {"reads": mine, "spoken": SPOKEN, "has_translator": pages.deps.translator is not None}
    return pages.page(request, "account.html", viewer=viewer, code=code, sessions=found, **shown)


@router.post("/sessions/end", dependencies=FORM)
async def end_my_session(pages: PagesDep, viewer: ViewerDep, session: Annotated[str, Form()] = "") -> Response:
    """End one of one's own sessions; this one too, if it is chosen. One that has ended meanwhile stays ended."""

    def body(conn: Connection) -> None:
        end_one(conn, viewer, session)

    await pages.deps.db.write(body)
    return RedirectResponse("/desk/account", 303)


@router.post("/sign-out-everywhere", dependencies=FORM)
async def sign_out_everywhere(pages: PagesDep, viewer: ViewerDep) -> Response:
    """End all of one's own sessions."""
    await pages.deps.db.write(lambda conn: end_sessions(conn, viewer.person.id))
    answer = RedirectResponse("/desk/sign-in?out=1", 303)
    answer.delete_cookie(SESSION_COOKIE, path="/")
    return answer
