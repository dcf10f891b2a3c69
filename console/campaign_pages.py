"""Pages: the calendar of clients' campaigns; one campaign with its looks ahead, who is on duty, and standby."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import Connection
from starlette.exceptions import HTTPException

from console.auth import Viewer, take_form
from console.desk_pages import frame
from console.forms import typed_fields, typed_id
from console.guard import FORM, LeadDep, ReaderDep
from console.pages import Pages, PagesDep
from handoff import accounts, directory, sites
from success import campaigns, hooks
from success.campaign_rules import presets
from success.campaigns import CampaignDraft
from success.incident_errors import CampaignRefused

router = APIRouter(prefix="/desk/campaigns")
SHOWN_DAYS: Final = 14
_DATE: Final = 10


@router.get("")
async def campaigns_page(
    request: Request, *, pages: PagesDep, viewer: ReaderDep, client: str = "", festival: str = ""
) -> Response:
    """What lies ahead, for all clients; a form to add one, filled in with a festival that everybody knows."""
    typed = {"client": client} if client else {}
    known = next((each for each in presets(pages.deps.clock().date()) if each.name == festival), None)
    if known is not None:
        typed |= {"name": pages.say(request, f"campaign.preset.{known.name}")}
        typed |= {"starts_on": known.starts_on.isoformat(), "ends_on": known.ends_on.isoformat()}
    return await _list(request, pages, viewer, typed=typed)


@router.post("", dependencies=FORM)
async def add_campaign(request: Request, *, pages: PagesDep, viewer: ReaderDep) -> Response:
    """Add a campaign."""
    typed, now, by = await typed_fields(request), pages.deps.clock(), viewer.person.id

    def body(conn: Connection) -> int | None:
        client = directory.client_by_slug(conn, typed.get("client", ""))
        if client is None or client.archived_at is not None:
            raise CampaignRefused("client")
        draft = _draft(typed, ())
        if not take_form(conn, typed.get("once", ""), person_id=by, now=now):
            return None
        return campaigns.keep(conn, draft, client_id=client.id, by=by, now=now).id

    try:
        made = await pages.deps.db.write(body)
    except CampaignRefused as refused:
        problem = pages.say(request, f"campaign.error.{refused.why}")
        return await _list(request, pages, viewer, typed=typed, problem=problem)
    return RedirectResponse(f"/desk/campaigns/{made}" if made else "/desk/campaigns", 303)


@router.get("/{campaign_id}")
async def campaign_page(request: Request, *, pages: PagesDep, viewer: ReaderDep, campaign_id: str) -> Response:
    """One campaign: what is to be seen to, who is on duty, standby."""
    return await _show(request, pages, viewer, _id(campaign_id))


@router.post("/{campaign_id}", dependencies=FORM)
async def change_campaign(request: Request, *, pages: PagesDep, viewer: ReaderDep, campaign_id: str) -> Response:
    """Change it, or take it off the calendar."""
    form = await request.form()
    typed, now, by = await typed_fields(request), pages.deps.clock(), viewer.person.id
    which = _id(campaign_id)
    chosen = [found for value in form.getlist("site") if (found := typed_id(str(value))) is not None]

    def body(conn: Connection) -> None:
        known = campaigns.one(conn, which)
        if not take_form(conn, typed.get("once", ""), person_id=by, now=now):
            return
        if typed.get("remove"):
            campaigns.remove(conn, which, by=by, now=now)
            return
        draft = _draft(typed, tuple(chosen))
        campaigns.keep(conn, draft, client_id=known.client_id, campaign_id=which, by=by, now=now)

    answer = await _done(request, pages, viewer, which, body)
    return RedirectResponse("/desk/campaigns", 303) if typed.get("remove") and answer.status_code < 400 else answer  # noqa: PLR2004 -- HTTP's


@router.post("/{campaign_id}/standby", dependencies=FORM)
async def stand_by(request: Request, *, pages: PagesDep, viewer: LeadDep, campaign_id: str) -> Response:
    """Have standby made ready, once, after its name was typed."""
    typed, now, by = await typed_fields(request), pages.deps.clock(), viewer.person.id
    which = _id(campaign_id)

    def body(conn: Connection) -> None:
        campaigns.one(conn, which)
        if take_form(conn, typed.get("once", ""), person_id=by, now=now):
            campaigns.stand_by(conn, which, typed=typed.get("confirm", ""), by=by, now=now)

    return await _done(request, pages, viewer, which, body)


async def _done(request: Request, pages: Pages, viewer: Viewer, which: int, body: Any) -> Response:
    try:
        await pages.deps.db.write(body)
    except CampaignRefused as refused:
        problem = pages.say(request, f"campaign.error.{refused.why}")
        return await _show(request, pages, viewer, which, problem=problem)
    return RedirectResponse(f"/desk/campaigns/{which}", 303)


async def _list(
    request: Request, pages: Pages, viewer: Viewer, *, typed: dict[str, str], problem: str | None = None
) -> Response:
    now = pages.deps.clock()

    def load(conn: Connection) -> dict[str, Any]:
        found = []
        for campaign, client in campaigns.ahead(conn, since=now.date() - timedelta(days=1)):
            today = accounts.today(client, now)
            if campaign.ends_on >= today:
                found.append({"campaign": campaign, "client": client, "days": (campaign.starts_on - today).days})
        return {"found": found, "clients": directory.clients(conn), "hooks": hooks.every(conn)}

    shown = await frame(pages, viewer, section="care") | await pages.deps.db.read(load)
    shown |= {"typed": typed, "problem": problem, "presets": presets(now.date())}
    return pages.page(request, "campaigns.html", status=422 if problem else 200, **shown)


async def _show(request: Request, pages: Pages, viewer: Viewer, which: int, *, problem: str | None = None) -> Response:
    now = pages.deps.clock()

    def load(conn: Connection) -> dict[str, Any]:
        campaign = campaigns.one(conn, which)
        client = directory.client(conn, campaign.client_id)
        watch = campaigns.on_watch(conn, campaign, client, now=now)
        return {
            "campaign": campaign, "client": client, "findings": campaigns.findings(conn, campaign, client, now=now),
            "watch": _by_day(watch)[:SHOWN_DAYS], "calls": campaigns.standby_calls(conn, campaign),
            "sites": sites.of_client(conn, client.id), "hooks": hooks.every(conn),
            "days": (campaign.starts_on - accounts.today(client, now)).days,
        }  # fmt: skip

    loaded = await pages.deps.db.read(load)
    shown = await frame(pages, viewer, section="care") | loaded | {"problem": problem}
    return pages.page(request, "campaign.html", status=409 if problem else 200, **shown)


def _by_day(watch: Sequence[tuple[datetime, tuple[str, ...]]]) -> list[tuple[date, list[str], int]]:
    """Each day's people, and in how many of its hours nobody is there."""
    days: dict[date, tuple[set[str], int]] = {}
    for at, people in watch:
        names, bare = days.get(at.date(), (set(), 0))
        days[at.date()] = (names | set(people), bare + (0 if people else 3))
    return [(day, sorted(names), bare) for day, (names, bare) in days.items()]


def _draft(typed: dict[str, str], chosen: tuple[int, ...]) -> CampaignDraft:
    try:
        starts = date.fromisoformat(typed.get("starts_on", "")[:_DATE])
        ends = date.fromisoformat(typed.get("ends_on", "")[:_DATE])
    except ValueError as error:
        raise CampaignRefused("dates") from error
    texts = {name: typed.get(name, "") for name in ("name", "peak", "notes", "hook")}
    return CampaignDraft(starts_on=starts, ends_on=ends, sites=chosen, **texts)


def _id(text: str) -> int:
    found = typed_id(text)
    if found is None:
        raise HTTPException(404)
    return found
