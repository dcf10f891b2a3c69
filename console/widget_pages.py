"""Pages: the chat on a client's own site. Which sites may show it, the line of HTML to paste, and a preview."""

import re
from dataclasses import replace
from typing import Annotated, Any, Final
from urllib.parse import urlsplit

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse
from markupsafe import Markup, escape
from sqlalchemy import Connection

from console.auth import Viewer, take_form
from console.client_frame import known_client
from console.desk_pages import frame
from console.forms import typed_fields
from console.guard import FORM, LeadDep
from console.pages import Pages, PagesDep
from console.texts import LANGUAGES
from console.widgets import Widget, read_origins, save, shown_origins, user_secret, widget_of
from handoff import directory
from handoff.model import Client

router = APIRouter(prefix="/desk/settings/widget")
COLOUR: Final = "#3a4fd0"
SIDES: Final = ("right", "left")
_COLOUR: Final = re.compile(r"#[0-9a-fA-F]{6}")


@router.get("")
async def widgets_page(request: Request, *, pages: PagesDep, viewer: LeadDep) -> Response:
    """Every client, with the sites that may show its chat."""

    def load(conn: Connection) -> list[tuple[Client, Widget]]:
        return [(client, widget_of(conn, client.id)) for client in directory.clients(conn)]

    shown = await frame(pages, viewer, section="settings") | {"rows": await pages.deps.db.read(load)}
    return pages.page(request, "widgets.html", **shown)


@router.get("/{slug}")
async def widget_page(
    request: Request,
    *,
    pages: PagesDep,
    viewer: LeadDep,
    slug: str,
    side: Annotated[str, Query()] = SIDES[0],
    colour: Annotated[str, Query()] = COLOUR,
    lang_of: Annotated[str, Query()] = "",
) -> Response:
    """One client's widget; the look is part of the address, so that the snippet follows it without a script."""
    look = {
        "side": side if side in SIDES else SIDES[0],
        "colour": colour if _COLOUR.fullmatch(colour) else COLOUR,
        "lang_of": lang_of if lang_of in LANGUAGES else "",
    }
    return await _show(request, pages, viewer, slug, look=look)


@router.post("/{slug}", dependencies=FORM)
async def set_origins(request: Request, *, pages: PagesDep, viewer: LeadDep, slug: str) -> Response:
    """Say which sites may show the client's chat; it holds for pages that are opened from now on."""
    typed = await typed_fields(request)
    origins, wrong = read_origins(typed.get("origins", ""))
    if wrong is not None:
        problem = pages.say(request, "widget.error.origin", line=wrong)
        return await _show(request, pages, viewer, slug, problem=problem, typed=typed.get("origins", ""))
    await _change(pages, viewer, slug, typed, origins=origins)
    return RedirectResponse(f"/desk/settings/widget/{slug}?saved=1", 303)


@router.post("/{slug}/secret", dependencies=FORM)
async def new_secret(request: Request, *, pages: PagesDep, viewer: LeadDep, slug: str) -> Response:
    """Another secret for the site's users; what was signed with the old one counts no more."""
    await _change(pages, viewer, slug, await typed_fields(request), renew=True)
    return RedirectResponse(f"/desk/settings/widget/{slug}?saved=1#users", 303)


async def _change(
    pages: Pages,
    viewer: Viewer,
    slug: str,
    typed: dict[str, str],
    *,
    origins: tuple[str, ...] | None = None,
    renew: bool = False,
) -> None:
    now, by = pages.deps.clock(), viewer.person.id

    def body(conn: Connection) -> None:
        client = known_client(conn, slug)
        if take_form(conn, typed.get("once", ""), person_id=by, now=now):
            was = widget_of(conn, client.id)
            kept = was.origins if origins is None else origins
            save(conn, replace(was, origins=kept, secret_no=was.secret_no + renew, changed_by=by, changed_at=now))

    await pages.deps.db.write(body)


async def _show(
    request: Request,
    pages: Pages,
    viewer: Viewer,
    slug: str,
    *,
    look: dict[str, str] | None = None,
    problem: str | None = None,
    typed: str | None = None,
) -> Response:
    def load(conn: Connection) -> tuple[Client, Widget, str | None]:
        client = known_client(conn, slug)
        widget = widget_of(conn, client.id)
        return client, widget, directory.person(conn, widget.changed_by).name if widget.changed_by else None

    client, widget, changed_by = await pages.deps.db.read(load)
    look = look or {"side": SIDES[0], "colour": COLOUR, "lang_of": ""}
    base = (pages.deps.public_url or f"{request.url.scheme}://{request.headers.get('host', '')}").rstrip("/")
    shown: dict[str, Any] = await frame(pages, viewer, section="settings")
    shown |= {"client": client, "widget": widget, "changed_by": changed_by, "look": look, "problem": problem}
    shown |= {"typed": shown_origins(widget.origins) if typed is None else typed, "languages": LANGUAGES}
    shown |= {"sides": SIDES, "snippet": snippet(base, client.web_key, look), "secret": user_secret_of(pages, widget)}
    shown |= {
        "policy": f"script-src {_origin(base)}; frame-src {_origin(base)}",
        "saved": "saved" in request.query_params,
    }
    return pages.page(request, "widget.html", status=422 if problem else 200, **shown)


def snippet(base: str, key: str, look: dict[str, str]) -> Markup:
    """The line of HTML for the client's site; attributes that say nothing new are left out."""
    more = [("data-position", "left")] if look["side"] == "left" else []
    more += [("data-color", look["colour"])] if look["colour"] != COLOUR else []
    more += [("data-language", look["lang_of"])] if look["lang_of"] else []
    attributes = [("src", f"{base}/widget.js"), ("data-client", key), *more]
    return Markup("<script {} defer></script>").format(
        Markup(" ").join(Markup('{}="{}"').format(name, escape(value)) for name, value in attributes)
    )


def user_secret_of(pages: Pages, widget: Widget) -> str:
    """The secret that the client's site signs its users with."""
    return user_secret(pages.deps.secret, widget)


def _origin(base: str) -> str:
    parts = urlsplit(base)
    return f"{parts.scheme}://{parts.netloc}"
