"""The way to everything that the desk does unasked, as one page of places."""

from typing import Final

from fastapi import APIRouter, Request, Response

from console.guard import READERS, ReaderDep
from console.pages import PagesDep
from console.settings_pages import Place, show_places

router = APIRouter(prefix="/desk/care")
PLACES: Final[tuple[Place, ...]] = (
    Place(name="tasks", path="/desk/tasks", icon="check", roles=READERS),
    Place(name="incidents", path="/desk/incidents", icon="warn", roles=READERS),
    Place(name="rules", path="/desk/rules", icon="gear", roles=READERS),
    Place(name="reminders", path="/desk/reminders", icon="bell", roles=READERS),
    Place(name="visits", path="/desk/care/visits", icon="heart", roles=READERS),
    Place(name="nps", path="/desk/care/nps", icon="star", roles=READERS),
    Place(name="stages", path="/desk/care/stages", icon="star", roles=READERS),
    Place(name="complaints", path="/desk/care/complaints", icon="warn", roles=READERS),
    Place(name="trainings", path="/desk/care/trainings", icon="book", roles=READERS),
    Place(name="reports", path="/desk/reports", icon="chart", roles=READERS),
    Place(name="traffic", path="/desk/traffic", icon="globe", roles=READERS),
    Place(name="proposals", path="/desk/proposals", icon="file", roles=READERS),
    Place(name="projects", path="/desk/projects", icon="building", roles=READERS),
    Place(name="changes", path="/desk/changes", icon="hand", roles=READERS),
    Place(name="prices", path="/desk/prices", icon="book", roles=READERS),
    Place(name="campaigns", path="/desk/campaigns", icon="clock", roles=READERS),
    Place(name="briefs", path="/desk/briefs", icon="file", roles=READERS),
    Place(name="broadcasts", path="/desk/broadcasts", icon="send", roles=READERS),
    Place(name="referrals", path="/desk/referrals", icon="users", roles=READERS),
    Place(name="figures", path="/desk/care/figures", icon="chart", roles=READERS),
)
"""Their texts are ``care.{name}`` and ``care.{name}.hint``."""


@router.get("")
async def care_page(request: Request, pages: PagesDep, viewer: ReaderDep) -> Response:
    """The places that the viewer may open."""
    return await show_places(request, pages, viewer, PLACES, section="care")
