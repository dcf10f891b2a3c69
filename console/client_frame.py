"""What every tab of a client's page shares: the frame, the tabs, and how its forms change something."""

from collections import defaultdict
from collections.abc import Callable
from typing import Any, Final

from fastapi import Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import Connection
from starlette.exceptions import HTTPException

from console.auth import Viewer, take_form
from console.desk_pages import frame
from console.forms import typed_fields
from console.pages import Pages
from handoff import accounts, directory
from handoff.errors import HandoffError
from handoff.model import Client

TABS: Final = ("", "sites", "people", "sharing", "feedback", "history")
"""The tabs by the end of their address; the first is the record with what is agreed."""
Change = Callable[[Connection, Client, dict[str, str], int], object]
Load = Callable[[Connection, Client], dict[str, Any]]


def known_client(conn: Connection, slug: str) -> Client:
    """The client of a page; 404 if there is none."""
    found = directory.client_by_slug(conn, slug)
    if found is None:
        raise HTTPException(404)
    return found


def kept(typed: dict[str, str] | None) -> defaultdict[str, str]:
    """What was typed, empty where nothing was."""
    return defaultdict(str, typed or {})


async def show_tab(
    request: Request, pages: Pages, viewer: Viewer, slug: str, *, tab: str, load: Load,
    problem: str | None = None, typed: dict[str, str] | None = None,
) -> Response:  # fmt: skip
    """One tab of a client's page; with a problem, what was typed is kept."""
    now = pages.deps.clock()

    def facts(conn: Connection) -> dict[str, Any]:
        client = known_client(conn, slug)
        cover = accounts.covering(conn, client, now=now)
        return {"client": client, "cover": cover, "today": accounts.today(client, now)} | load(conn, client)

    shown = await frame(pages, viewer, section="clients") | await pages.deps.db.read(facts)
    shown |= {"tab": tab, "tabs": TABS, "problem": problem, "typed": kept(typed)}
    return pages.page(request, f"client_{tab}.html", status=422 if problem else 200, **shown)


async def changed(pages: Pages, viewer: Viewer, slug: str, typed: dict[str, str], change: Change) -> Client:
    """Change something of a client in one transaction, once for each form. Raises what `change` raises."""
    now, by = pages.deps.clock(), viewer.person.id

    def body(conn: Connection) -> Client:
        client = known_client(conn, slug)
        if take_form(conn, typed.get("once", ""), person_id=by, now=now):
            change(conn, client, typed, by)
        return client

    return await pages.deps.db.write(body)


async def change_or_show(
    request: Request, pages: Pages, viewer: Viewer, slug: str, *, tab: str, load: Load, change: Change,
    words: Callable[[HandoffError], str],
) -> Response:  # fmt: skip
    """Change something and go back to the tab; what does not work is said there, with what was typed."""
    typed = await typed_fields(request)
    try:
        await changed(pages, viewer, slug, typed, change)
    except HandoffError as error:
        problem = words(error)
        return await show_tab(request, pages, viewer, slug, tab=tab, load=load, problem=problem, typed=typed)
    return RedirectResponse(f"/desk/clients/{slug}/{tab}", 303)
