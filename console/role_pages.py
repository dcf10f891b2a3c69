"""Page: who may do what, made from the application's own guards."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from fastapi import APIRouter, Request, Response

from console.audit_words import action_words
from console.auditing import STAFF
from console.desk_pages import frame
from console.guard import ReaderDep
from console.pages import PagesDep
from console.route_list import Way, ways
from console.texts import Texts
from handoff.kinds import Role

router = APIRouter(prefix="/desk/settings/roles")
ORDER: Final = (Role.AGENT, Role.LEAD, Role.SUCCESS, Role.ADMIN)


@dataclass(frozen=True, kw_only=True)
class Right:
    """One line: what may be done, and by whom."""

    words: str
    roles: frozenset[Role]


@dataclass(frozen=True, kw_only=True)
class Room:
    """A part of the desk with what may be done there."""

    title: str
    rights: tuple[Right, ...]


@router.get("")
async def roles_page(request: Request, *, pages: PagesDep, viewer: ReaderDep) -> Response:
    """The matrix."""
    shown = await frame(pages, viewer, section="settings")
    rooms = matrix(ways(request.app), pages.texts, request.state.language)
    return pages.page(request, "roles.html", **shown, rooms=rooms, order=ORDER)


def matrix(found: tuple[Way, ...], texts: Texts, language: str) -> tuple[Room, ...]:
    """The desk's ways, room by room: its pages first, then each thing that may be done."""
    staff = [way for way in found if way.roles is not None and way.path.startswith(STAFF)]
    rooms = dict.fromkeys(way.action.partition(".")[0] for way in staff)
    return tuple(
        Room(title=_title(room, texts, language), rights=tuple(_rights(room, staff, texts, language))) for room in rooms
    )


def _rights(room: str, staff: list[Way], texts: Texts, language: str) -> Iterator[Right]:
    mine = [way for way in staff if way.action.partition(".")[0] == room]
    opened = dict.fromkeys(way.roles for way in mine if way.method == "GET" and way.roles is not None)
    for roles in opened:
        yield Right(words=texts.say("roles.open", language), roles=roles)
    seen: set[str] = set()
    for way in mine:
        if way.changes and way.roles is not None and way.action not in seen:
            seen.add(way.action)
            yield Right(words=action_words(way.action, texts, language), roles=way.roles)


def _title(room: str, texts: Texts, language: str) -> str:
    key = f"room.{room}"
    return texts.say(key, language) if texts.has(key) else room.removesuffix("_pages").replace("_", " ")
