"""Pages of places: the way to everything that is set up once and changed now and then; and how such a page is made."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from fastapi import APIRouter, Request, Response

from console.auth import Viewer
from console.desk_pages import frame
from console.guard import READERS, ViewerDep
from console.pages import Pages, PagesDep
from handoff.kinds import Role
from handoff.routing import LEADING

router = APIRouter(prefix="/desk/settings")
ADMINS: Final = frozenset({Role.ADMIN})


@dataclass(frozen=True, kw_only=True)
class Place:
    """A page of a section of the desk; its texts are ``{section}.{name}`` and ``{section}.{name}.hint``."""

    name: str
    path: str
    icon: str
    roles: frozenset[Role]


PLACES: Final = (
    Place(name="service", path="/desk/service", icon="clock", roles=READERS),
    Place(name="holidays", path="/desk/service/holidays", icon="clock", roles=READERS),
    Place(name="team", path="/desk/team", icon="users", roles=frozenset(LEADING)),
    Place(name="staff_chats", path="/desk/staff-chats", icon="inbox", roles=frozenset(LEADING)),
    Place(name="widget", path="/desk/settings/widget", icon="chat", roles=frozenset(LEADING)),
    Place(name="macros", path="/desk/settings/macros", icon="chat", roles=frozenset(Role)),
    Place(name="people", path="/desk/people", icon="key", roles=ADMINS),
    Place(name="channels", path="/desk/settings/channels", icon="link", roles=frozenset(LEADING)),
    Place(name="mail", path="/desk/settings/mail", icon="send", roles=READERS),
    Place(name="prompts", path="/desk/settings/prompts", icon="file", roles=ADMINS),
    Place(name="roles", path="/desk/settings/roles", icon="lock", roles=READERS),
    Place(name="audit", path="/desk/settings/audit", icon="search", roles=ADMINS),
    Place(name="privacy", path="/desk/settings/privacy", icon="lock", roles=ADMINS),
    Place(name="tokens", path="/desk/settings/tokens", icon="key", roles=ADMINS),
    Place(name="alerts", path="/desk/settings/alerts", icon="bell", roles=ADMINS),
    Place(name="webhooks", path="/desk/settings/webhooks", icon="link", roles=ADMINS),
)


@router.get("")
async def settings_page(request: Request, pages: PagesDep, viewer: ViewerDep) -> Response:
    """The places that the viewer may open."""
    return await show_places(request, pages, viewer, PLACES, section="settings")


async def show_places(
    request: Request, pages: Pages, viewer: Viewer, places: Sequence[Place], *, section: str
) -> Response:
    """Those of a section's places that the viewer may open."""
    rooms = [place for place in places if viewer.person.role in place.roles]
    return pages.page(request, "places.html", **await frame(pages, viewer, section=section), rooms=rooms)
