"""Who may: the signed-in viewer of a request, roles, and the check of every form."""

import re
from collections.abc import Mapping
from typing import Annotated, Final
from urllib.parse import urlsplit

from fastapi import Depends, Form, Request

from console.auth import TOUCH_EVERY, Viewer, csrf_holds, csrf_token, touch, viewer_of
from console.errors import ConsoleError, Forbidden
from console.forms import typed_fields
from console.pages import Pages, PagesDep
from handoff.kinds import Role
from handoff.routing import LEADING

SESSION_COOKIE: Final = "desk_session"
VISITOR_COOKIE: Final = "desk_visitor"
READERS: Final = frozenset({Role.LEAD, Role.SUCCESS, Role.ADMIN})
CHOICES: Final = frozenset(
    {
        "active", "country", "force", "from", "kind", "language", "level", "login", "minutes", "mode", "page", "prompt",
        "role", "run", "slug", "state", "then", "tier", "to", "version", "view", "what", "year",
    }
)  # fmt: skip
"""The fields of forms whose values are choices or names of records: they may stand in the log."""
_CHOICE: Final = re.compile(r"[\w./:@+-]{1,80}")
_LIVE: Final = "x-live"


class NotSignedIn(ConsoleError):  # noqa: N818 - a turn of the way, not a fault
    """The request needs a session; it becomes a redirect to the sign-in page."""


class PasswordDue(ConsoleError):  # noqa: N818 - a turn of the way, not a fault
    """A one-time password must be changed first; it becomes a redirect to the password page."""


async def any_viewer(request: Request, pages: PagesDep) -> Viewer:
    """Whoever is signed in, even on a one-time password. Raises NotSignedIn."""
    viewer = await current_viewer(request, pages)
    if viewer is None:
        raise NotSignedIn
    request.state.csrf = csrf_token(pages.deps.secret, viewer.session)
    request.state.viewer = viewer
    return viewer


async def viewer(known: Annotated[Viewer, Depends(any_viewer)]) -> Viewer:
    """Whoever is signed in with a password of their own. Raises NotSignedIn or PasswordDue."""
    if known.must_change:
        raise PasswordDue
    return known


async def admin(known: Annotated[Viewer, Depends(viewer)]) -> Viewer:
    """A signed-in admin; raises Forbidden for anybody else."""
    if known.person.role is not Role.ADMIN:
        raise Forbidden("role")
    return known


async def reader(known: Annotated[Viewer, Depends(viewer)]) -> Viewer:
    """Somebody who may see what clients are owed: leads, success managers, admins. Raises Forbidden."""
    if known.person.role not in READERS:
        raise Forbidden("role")
    return known


async def lead(known: Annotated[Viewer, Depends(viewer)]) -> Viewer:
    """A signed-in lead or admin; raises Forbidden for anybody else."""
    if known.person.role not in LEADING:
        raise Forbidden("role")
    return known


async def form_guard(
    request: Request, pages: PagesDep, known: Annotated[Viewer, Depends(any_viewer)], csrf: Annotated[str, Form()] = ""
) -> None:
    """Every signed-in form: the right Origin and this session's token. Raises Forbidden."""
    check_form(request, pages, bound_to=known.session, given=csrf)
    request.state.audit_facts = chosen(await typed_fields(request))


def chosen(fields: Mapping[str, str]) -> dict[str, str]:
    """What a form chose, for the log: names of choices only, and no value that could be a sentence."""
    return {name: value for name, value in fields.items() if name in CHOICES and _CHOICE.fullmatch(value)}


def check_form(request: Request, pages: Pages, *, bound_to: str, given: str) -> None:
    """Raises Forbidden unless the form comes from our own page (Origin) and carries the right token."""
    origin = request.headers.get("origin")
    if origin is not None and not _ours(origin, request, pages):
        raise Forbidden("origin")
    if not bound_to or not csrf_holds(pages.deps.secret, bound_to, given):
        raise Forbidden("csrf")


async def current_viewer(request: Request, pages: Pages) -> Viewer | None:
    """The viewer of a request, or None; a page that a person opened counts as use of the session."""
    token = request.cookies.get(SESSION_COOKIE)
    if not token:
        return None
    now = pages.deps.clock()
    known = await pages.deps.db.read(lambda conn: viewer_of(conn, token, now=now))
    if known and _used(request) and now - known.seen_at > TOUCH_EVERY:
        await pages.deps.db.write(lambda conn: touch(conn, known.session, now=now))
    return known


def _used(request: Request) -> bool:
    return request.method != "GET" or _LIVE not in request.headers


def _ours(origin: str, request: Request, pages: Pages) -> bool:
    host = urlsplit(origin).netloc
    public = urlsplit(pages.deps.public_url or "").netloc
    return bool(host) and host in {request.headers.get("host"), public or None}


ViewerDep = Annotated[Viewer, Depends(viewer)]
AnyViewerDep = Annotated[Viewer, Depends(any_viewer)]
ReaderDep = Annotated[Viewer, Depends(reader)]
AdminDep = Annotated[Viewer, Depends(admin)]
LeadDep = Annotated[Viewer, Depends(lead)]
FORM: Final = [Depends(form_guard)]
