"""Pages for leads: the roster. Who is on duty, with which teams, skills, shifts, absences; and everybody's presence."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import Connection
from starlette.exceptions import HTTPException

from console.auth import Viewer, take_form
from console.desk_pages import frame
from console.forms import reader_zone
from console.guard import FORM, LeadDep, ViewerDep
from console.pages import Pages, PagesDep
from handoff import directory, roster, rota
from handoff.business_time import WEEKDAYS
from handoff.duty import PresenceState, hours_text
from handoff.errors import Duplicate, NotFound, RosterError
from handoff.kinds import PersonKind
from handoff.rota import Standby
from store.zones import find_zone

router = APIRouter(prefix="/desk")
ZONES: Final = (
    "Asia/Shanghai", "Asia/Taipei", "Asia/Hong_Kong", "Asia/Singapore", "Asia/Tokyo", "Europe/London", "Europe/Berlin",
    "America/New_York", "America/Los_Angeles", "Australia/Sydney", "UTC",
)  # fmt: skip
"""Zones that the page offers; any other may be typed."""
SHORT_ABSENCES: Final = (30, 60, 240)
LONGEST_FIELD: Final = 200
LONGEST_SKILLS: Final = 2000
SHOWN_NEXT: Final = 5
Change = Callable[[Connection], object]


@dataclass(frozen=True, kw_only=True)
class Draft:
    """What was typed into a form that did not work; `form` names it."""

    form: str = ""
    values: Mapping[str, str] = field(default_factory=dict)

    def get(self, form: str, name: str, otherwise: str = "") -> str:
        """What to show in a field: what was typed, where this form was sent."""
        return self.values.get(name, otherwise) if form == self.form else otherwise


@router.get("/team")
async def team_page(request: Request, pages: PagesDep, viewer: LeadDep) -> Response:
    """Who is on duty now and next, and everybody's teams, skills, shifts and load."""
    return await _show_team(request, pages, viewer)


@router.post("/team", dependencies=FORM)
async def add_team(
    request: Request, *, pages: PagesDep, viewer: LeadDep,
    slug: Annotated[str, Form()] = "", name: Annotated[str, Form()] = "", once: Annotated[str, Form()] = "",
) -> Response:  # fmt: skip
    """Add a team."""
    now = pages.deps.clock()
    change = partial(roster.add_team, slug_=slug.strip(), name=name, now=now)
    problem = await _change(request, pages, viewer, change, once=once)
    if problem is None:
        return _to("/desk/team")
    draft = Draft(form="team", values={"slug": slug[:LONGEST_FIELD], "name": name[:LONGEST_FIELD]})
    return await _show_team(request, pages, viewer, problem=problem, draft=draft)


@router.get("/team/{person_id}")
async def person_page(request: Request, pages: PagesDep, viewer: LeadDep, person_id: int) -> Response:
    """One colleague's roster."""
    return await _show_person(request, pages, viewer, person_id)


@router.post("/team/{person_id}/profile", dependencies=FORM)
async def set_profile(
    request: Request, *, pages: PagesDep, viewer: LeadDep, person_id: int,
    team: Annotated[list[int] | None, Form()] = None, skills: Annotated[str, Form()] = "",
    once: Annotated[str, Form()] = "",
) -> Response:  # fmt: skip
    """Teams and skills."""
    now = pages.deps.clock()

    def change(conn: Connection) -> None:
        words = skills.replace("，", ",").replace("、", ",").split(",")
        roster.set_skills(conn, person_id=person_id, skills=words, now=now)
        roster.set_teams(conn, person_id=person_id, team_ids=team or [], now=now)

    problem = await _change(request, pages, viewer, change, once=once)
    draft = Draft(form="profile", values={"skills": skills[:LONGEST_SKILLS]})
    return await _after(request, pages, viewer, person_id, problem=problem, draft=draft)


@router.post("/team/{person_id}/shift", dependencies=FORM)
async def add_shift(request: Request, *, pages: PagesDep, viewer: LeadDep, person_id: int) -> Response:
    """Weekly hours in a zone, from a first day to a last one, if there is one."""
    typed = await _typed(request, "zone", "first", "last", "once", *WEEKDAYS)
    now = pages.deps.clock()
    weekly = {day: typed[day] for day in WEEKDAYS}
    zone, first, last = typed["zone"].strip(), typed["first"], typed["last"]
    change = partial(roster.add_shift, person_id=person_id, zone=zone, weekly=weekly, first=first, last=last, now=now)
    problem = await _change(request, pages, viewer, change, once=typed["once"])
    return await _after(request, pages, viewer, person_id, problem=problem, draft=Draft(form="shift", values=typed))


@router.post("/team/{person_id}/absence", dependencies=FORM)
async def add_absence(request: Request, *, pages: PagesDep, viewer: LeadDep, person_id: int) -> Response:
    """A leave, in the wall time of a zone."""
    typed = await _typed(request, "starts", "ends", "zone", "why", "once")
    now = pages.deps.clock()

    def change(conn: Connection) -> None:
        starts, ends = (_instant(typed[name], typed["zone"], name) for name in ("starts", "ends"))
        roster.add_absence(conn, person_id=person_id, starts=starts, ends=ends, why=typed["why"], now=now)

    problem = await _change(request, pages, viewer, change, once=typed["once"])
    return await _after(request, pages, viewer, person_id, problem=problem, draft=Draft(form="absence", values=typed))


@router.post("/team/{person_id}/{what}/{row_id}/remove", dependencies=FORM)
async def remove(
    request: Request, *, pages: PagesDep, viewer: LeadDep, person_id: int, what: str, row_id: int,
    once: Annotated[str, Form()] = "",
) -> Response:  # fmt: skip
    """Take a shift or an absence back; one that is gone already is no mistake."""
    now = pages.deps.clock()
    verbs: Mapping[str, Change] = {
        "shift": partial(roster.remove_shift, person_id=person_id, shift_id=row_id, now=now),
        "absence": partial(roster.remove_absence, person_id=person_id, absence_id=row_id, now=now),
    }
    if what not in verbs:
        raise HTTPException(404)
    await _change(request, pages, viewer, verbs[what], once=once)
    return _to(f"/desk/team/{person_id}")


@router.post("/presence", dependencies=FORM)
async def set_presence(
    request: Request, *, pages: PagesDep, viewer: ViewerDep, state: Annotated[str, Form()] = "",
    minutes: Annotated[str, Form()] = "", back: Annotated[str, Form()] = "", once: Annotated[str, Form()] = "",
) -> Response:  # fmt: skip
    """What one says of oneself: available, busy, or away for a while or until further notice."""
    if state not in set(PresenceState) or (minutes and minutes not in map(str, SHORT_ABSENCES)):
        raise HTTPException(404)
    now = pages.deps.clock()
    until = now + timedelta(minutes=int(minutes)) if minutes else None
    who = viewer.person.id
    change = partial(roster.set_presence, person_id=who, state=PresenceState(state), until=until, now=now)
    await _change(request, pages, viewer, change, once=once)
    return _to(back if back.startswith("/desk") and "\\" not in back else "/desk")


async def _change(request: Request, pages: Pages, viewer: Viewer, change: Change, *, once: str) -> str | None:
    """Make a change, once for each form; the sentence that says why it did not work, or None."""
    person_id, now = viewer.person.id, pages.deps.clock()

    def body(conn: Connection) -> None:
        if take_form(conn, once, person_id=person_id, now=now):
            change(conn)

    try:
        await pages.deps.db.write(body)
    except RosterError as error:
        return _sentence(request, pages, error.where)
    except Duplicate:
        return pages.say(request, "roster.error.taken")
    except NotFound:
        return pages.say(request, "roster.error.gone")
    return None


def _sentence(request: Request, pages: Pages, where: str) -> str:
    head, _, day = where.partition(".")
    if day in WEEKDAYS:
        return pages.say(request, "roster.error.day", day=pages.say(request, f"weekday.{day}"))
    return pages.say(request, f"roster.error.{head}")


async def _after(
    request: Request, pages: Pages, viewer: Viewer, person_id: int, *, problem: str | None, draft: Draft
) -> Response:
    if problem is None:
        return _to(f"/desk/team/{person_id}")
    return await _show_person(request, pages, viewer, person_id, problem=problem, draft=draft)


async def _show_team(
    request: Request, pages: Pages, viewer: Viewer, *, problem: str | None = None, draft: Draft | None = None
) -> Response:
    now = pages.deps.clock()
    rows, teams = await pages.deps.db.read(lambda conn: (rota.rota(conn, now=now), roster.teams(conn)))
    shown = await frame(pages, viewer, section="team") | {"problem": problem, "draft": draft or Draft()}
    shown |= {"rows": rows, "here": [row for row in rows if row.here], "coming": rota.coming(rows)[:SHOWN_NEXT]}
    return pages.page(request, "team.html", status=422 if problem else 200, **shown, teams=teams)


async def _show_person(
    request: Request, pages: Pages, viewer: Viewer, person_id: int, *,
    problem: str | None = None, draft: Draft | None = None,
) -> Response:  # fmt: skip
    now = pages.deps.clock()
    row, teams = await pages.deps.db.read(lambda conn: (_standby(conn, person_id, now), roster.teams(conn)))
    zone = reader_zone(request) or ZoneInfo(ZONES[0])
    shown: dict[str, Any] = await frame(pages, viewer, section="team")
    shown |= {"row": row, "teams": teams, "days": WEEKDAYS, "hours": hours_text, "draft": draft or Draft()}
    today = now.astimezone(zone).date().isoformat()
    shown |= {"zone": zone.key, "zones": ZONES, "today": today, "problem": problem}
    return pages.page(request, "team_person.html", status=422 if problem else 200, **shown)


def _standby(conn: Connection, person_id: int, now: datetime) -> Standby:
    """The colleague's row; raises 404 for anybody else, or somebody inactive."""
    who = next((row for row in rota.rota(conn, now=now) if row.candidate.person.id == person_id), None)
    if who is None or directory.person(conn, person_id).kind is not PersonKind.STAFF:
        raise HTTPException(404)
    return who


async def _typed(request: Request, *names: str) -> dict[str, str]:
    """A form's fields as text, cut where no honest answer is longer."""
    form = await request.form()
    return {name: str(form.get(name, ""))[: LONGEST_FIELD + 1] for name in names}


def _instant(text: str, zone: str, where: str) -> datetime:
    """A wall time of a zone, as a browser's field sends it; raises RosterError."""
    place = find_zone(zone.strip())
    if place is None:
        raise RosterError("zone", "is no time zone")
    try:
        return datetime.fromisoformat(text).replace(tzinfo=place).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise RosterError(where, "is no date and time") from error


def _to(path: str) -> Response:
    return RedirectResponse(path, 303)
