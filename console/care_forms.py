"""How the pages of reminders, broadcasts, referrals and letters do something: once a form, and back; or why not."""

from collections.abc import Callable

from fastapi import Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import Connection
from starlette.exceptions import HTTPException

from console.auth import Viewer, take_form
from console.forms import typed_fields, typed_id
from console.pages import Pages

Change = Callable[[Connection, dict[str, str]], object]


async def once(request: Request, pages: Pages, viewer: Viewer, change: Change) -> object:
    """Run `change` with what was typed, once for each form; None for a form that came before. 404 for NotFound."""
    typed, now = await typed_fields(request), pages.deps.clock()

    def body(conn: Connection) -> object:
        if not take_form(conn, typed.get("once", ""), person_id=viewer.person.id, now=now):
            return None
        return change(conn, typed)

    return await pages.deps.db.write(body)


async def many(request: Request, name: str) -> tuple[str, ...]:
    """Every value of a field that may stand several times in a form."""
    form = await request.form()
    return tuple(str(value) for value in form.getlist(name) if isinstance(value, str))


def known_id(text: str) -> int:
    """The id in an address or a field; 404 where there is none."""
    found = typed_id(text)
    if found is None:
        raise HTTPException(404)
    return found


def back(path: str) -> Response:
    """To the page, by GET."""
    return RedirectResponse(path, 303)
