"""The page of reminders: what is to come, what was said and what came back, and of what nobody is reminded."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from sqlalchemy import Connection
from starlette.exceptions import HTTPException

from console.auth import Viewer
from console.care_forms import back, once
from console.desk_pages import frame
from console.forms import typed_id
from console.guard import FORM, LeadDep, ReaderDep
from console.pages import Pages, PagesDep
from handoff import audit, directory
from handoff.model import Client
from store.jobs import JsonValue, enqueue
from success import proactive, reminder_choices, reminder_ground, reminders
from success.errors import ReminderRefused
from success.reminder_ground import EVERYTHING
from success.reminder_rules import KINDS, OVER, URGENT, Step
from success.reminders import REMIND

router = APIRouter(prefix="/desk/reminders")
HERE: Final = "/desk/reminders"
AHEAD: Final = timedelta(days=60)
MARGIN: Final = timedelta(days=31)
"""How far a last day lies behind its first reminder."""
SHOWN: Final = 60


@dataclass(frozen=True, kw_only=True)
class Coming:
    """The next step of a last day that is to come, and those `then`."""

    client: Client
    step: Step
    acknowledged: bool
    then: tuple[int, ...]

    @property
    def over(self) -> bool:
        """Whether it is for our own people alone."""
        return self.step.step == OVER


@router.get("")
async def reminders_page(request: Request, *, pages: PagesDep, viewer: ReaderDep, client: str = "") -> Response:
    """The next sixty days, and what was said."""
    return await _show(request, pages, viewer, client=client)


@router.post("/skip", dependencies=FORM)
async def skip(request: Request, *, pages: PagesDep, viewer: ReaderDep) -> Response:
    """Leave one reminder out."""
    now, by = pages.deps.clock(), viewer.person.id

    def change(conn: Connection, typed: dict[str, str]) -> object:
        client_id, key = _key(typed)
        audit.tell(conn, what=key[0], day=key[1].isoformat())
        return None if reminders.skip(conn, client_id, key, by=by, now=now) else "taken"

    return await _done(request, pages, viewer, change)


@router.post("/send", dependencies=FORM)
async def send_now(request: Request, *, pages: PagesDep, viewer: ReaderDep) -> Response:
    """Send one reminder now; not at night."""
    now, by = pages.deps.clock(), viewer.person.id

    def change(conn: Connection, typed: dict[str, str]) -> object:
        client_id, key = _key(typed)
        client = directory.client(conn, client_id)
        if client.archived_at is not None:
            return "gone"
        if proactive.is_night(client, now):
            return "night"
        audit.tell(conn, what=key[0], day=key[1].isoformat())
        told: dict[str, JsonValue] = {"client": client_id, "step": [key[0], key[1].isoformat(), key[2]], "by": by}
        enqueue(conn, REMIND, told, key=f"client:{client_id}", now=now)
        return None

    return await _done(request, pages, viewer, change)


@router.post("/off", dependencies=FORM)
async def switch(request: Request, *, pages: PagesDep, viewer: LeadDep) -> Response:
    """Remind of one kind, or one client, no more; or again."""
    now, by = pages.deps.clock(), viewer.person.id

    def change(conn: Connection, typed: dict[str, str]) -> object:
        client_id = typed_id(typed.get("client", ""))
        what, on = typed.get("what", ""), typed.get("active") == "1"
        try:
            reminder_choices.switch(conn, client_id=client_id, what=what, on=on, by=by, now=now)
        except ReminderRefused as refused:
            return refused.reason
        return None

    return await _done(request, pages, viewer, change)


async def _done(request: Request, pages: Pages, viewer: Viewer, change: Any) -> Response:
    problem = await once(request, pages, viewer, change)
    if problem:
        return await _show(request, pages, viewer, problem=pages.say(request, f"reminders.error.{problem}"))
    return back(HERE)


async def _show(
    request: Request, pages: Pages, viewer: Viewer, *, client: str = "", problem: str | None = None
) -> Response:
    now = pages.deps.clock()

    def load(conn: Connection) -> dict[str, Any]:
        clients, offs = directory.clients(conn), reminder_choices.off(conn)
        one = next((each for each in clients if each.slug == client), None)
        coming = [each for each in _coming(conn, now=now) if one is None or each.client.id == one.id]
        return {
            "coming": coming,
            "said": reminder_choices.latest(conn, client_id=one.id if one else None, limit=SHOWN),
            "offs": offs,
            "firms": directory.clients_of(conn, (each.client_id for each in offs)),
            "clients": clients,
            "chosen": one.slug if one else "",
        }

    shown = await frame(pages, viewer, section="care") | await pages.deps.db.read(load)
    shown |= {"problem": problem, "kinds": KINDS, "everything": EVERYTHING}
    return pages.page(request, "reminders.html", status=422 if problem else 200, **shown)


def _coming(conn: Connection, *, now: datetime) -> list[Coming]:
    """What is said first of each last day; who is at it is reminded from a week ahead on."""
    found: list[Coming] = []
    for ground in reminder_ground.every(conn, now=now, ahead=AHEAD + MARGIN):
        ahead: dict[tuple[str, date], list[Step]] = defaultdict(list)
        for step in ground.coming(until=ground.today(now) + AHEAD + MARGIN):
            ending = (step.lapse.subject, step.lapse.last_on)
            heard = ending in ground.acknowledged and step.step > URGENT
            if now - timedelta(days=1) <= step.at and not heard:
                ahead[ending].append(step)
        for ending, steps in ahead.items():
            if steps[0].at <= now + AHEAD:
                then = tuple(each.step for each in steps[1:])
                said = ending in ground.acknowledged
                found.append(Coming(client=ground.client, step=steps[0], acknowledged=said, then=then))
    return sorted(found, key=lambda each: (each.step.at, each.client.name, each.step.key))


def _key(typed: dict[str, str]) -> tuple[int, tuple[str, date, int]]:
    """The step that a form names; 404 for anything that is none."""
    client_id = typed_id(typed.get("client", ""))
    try:
        day, step = date.fromisoformat(typed.get("day", "")), int(typed.get("step", ""))
    except ValueError:
        raise HTTPException(404) from None
    if client_id is None:
        raise HTTPException(404)
    return client_id, (typed.get("subject", "")[:80], day, step)
