"""Pages: one site by its checks: what was found in plain words, how fast it answers, its certificate, its settings."""

from datetime import datetime, timedelta
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import Connection
from starlette.exceptions import HTTPException

from console import check_charts
from console.auth import Viewer, take_form
from console.check_words import Words, instant
from console.client_frame import TABS, kept, known_client
from console.desk_pages import frame
from console.forms import typed_fields, typed_id
from console.guard import FORM, ReaderDep
from console.pages import Pages, PagesDep
from console.progress_words import size
from console.site_pages import reader
from handoff import accounts, directory, sites
from handoff.errors import NotFound
from handoff.model import Client
from handoff.sites import Site
from success import checks
from success.checks import asking, keeping
from success.checks.model import State
from success.checks.rhythm import BY_TIER, INTERVALS, Plan, is_checked

router = APIRouter(prefix="/desk")
HISTORY: Final = 12
PERIOD: Final = timedelta(days=30)
_RATED: Final = timedelta(days=90)
_PLACE: Final = "/clients/{slug}/sites/{site_id}"


class _Refused(Exception):  # noqa: N818 - a turn of the way, not a fault
    """What was typed cannot be kept; `why` names the sentence."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


@router.get(_PLACE)
async def site_checks(request: Request, *, pages: PagesDep, viewer: ReaderDep, slug: str, site_id: str) -> Response:
    """How a site stands, and why."""
    return await _show(request, pages, viewer, slug, site_id)


@router.post(f"{_PLACE}/check", dependencies=FORM)
async def check_now(request: Request, *, pages: PagesDep, viewer: ReaderDep, slug: str, site_id: str) -> Response:
    """Have the site checked as soon as its host is free."""

    def change(conn: Connection, site: Site, _typed: dict[str, str], _by: int) -> None:
        if site.address:
            asking.demand(conn, site_id=site.id, now=pages.deps.clock())

    return await _change(request, pages, viewer, (slug, site_id), change)


@router.post(f"{_PLACE}/accept", dependencies=FORM)
async def accept_finding(request: Request, *, pages: PagesDep, viewer: ReaderDep, slug: str, site_id: str) -> Response:
    """Say that a finding stays as it is, and why; or take that back."""

    def change(conn: Connection, site: Site, typed: dict[str, str], by: int) -> None:
        finding, why = typed_id(typed.get("finding", "")) or 0, " ".join(typed.get("why", "").split())
        if typed.get("verb") == "back":
            keeping.take_back(conn, site_id=site.id, finding_id=finding)
            return
        if not why:
            raise _Refused("why")
        keeping.accept(conn, site_id=site.id, finding_id=finding, by=by, why=why, now=pages.deps.clock())

    return await _change(request, pages, viewer, (slug, site_id), change)


@router.post(f"{_PLACE}/settings", dependencies=FORM)
async def set_check(request: Request, *, pages: PagesDep, viewer: ReaderDep, slug: str, site_id: str) -> Response:
    """Set how the site is checked."""

    def change(conn: Connection, site: Site, typed: dict[str, str], by: int) -> None:
        stated = typed.get("interval", "")
        keyword = " ".join(typed.get("keyword", "").split())
        plan = Plan(interval_s=(typed_id(stated) or 0) if stated else None, keyword=keyword, paused="paused" in typed)
        try:
            asking.set_plan(conn, site=site, plan=plan, by=by, now=pages.deps.clock())
        except ValueError:
            raise _Refused("plan") from None

    return await _change(request, pages, viewer, (slug, site_id), change)


async def _change(
    request: Request, pages: Pages, viewer: Viewer, place: tuple[str, str], change: Any
) -> Response:  # fmt: skip
    slug, site_id = place
    typed, now, by = await typed_fields(request), pages.deps.clock(), viewer.person.id

    def body(conn: Connection) -> None:
        site = _site(conn, known_client(conn, slug), site_id)
        if take_form(conn, typed.get("once", ""), person_id=by, now=now):
            change(conn, site, typed, by)

    try:
        await pages.deps.db.write(body)
    except (_Refused, NotFound) as error:
        why = error.why if isinstance(error, _Refused) else "gone"
        problem = pages.say(request, f"check.error.{why}")
        return await _show(request, pages, viewer, slug, site_id, problem=problem, typed=typed)
    return RedirectResponse(f"/desk/clients/{slug}/sites/{typed_id(site_id)}", 303)


async def _show(
    request: Request, pages: Pages, viewer: Viewer, slug: str, site_id: str, *,
    problem: str | None = None, typed: dict[str, str] | None = None,
) -> Response:  # fmt: skip
    now, words = pages.deps.clock(), Words(texts=pages.texts, language=request.state.language)
    shown = await frame(pages, viewer, section="clients")
    shown |= await pages.deps.db.read(lambda conn: _facts(conn, slug, site_id, words, now=now))
    shown |= {"tab": "sites", "tabs": TABS, "problem": problem, "typed": kept(typed), "words": words, "size": size}
    shown |= {"reader": reader(request, pages), "intervals": INTERVALS, "instant_of": instant}
    return pages.page(request, "check_site.html", status=422 if problem else 200, **shown)


def _facts(conn: Connection, slug: str, site_id: str, words: Words, *, now: datetime) -> dict[str, Any]:
    client = known_client(conn, slug)
    site = _site(conn, client, site_id)
    latest = checks.latest(conn, site.id)
    found = checks.findings(conn, site_id=site.id)
    past = checks.findings(conn, site_id=site.id, since=now - _RATED, until=now)
    timings = checks.timings(conn, site.id, now - PERIOD, now)
    accepted = [each.accepted_by for each in found if each.accepted_by is not None]
    cover = accounts.covering(conn, client, now=now)
    return {
        "client": client,
        "cover": cover,
        "site": site,
        "latest": latest,
        "waiting": latest is not None and latest.is_waiting(now),
        "unsure": _unsure(latest, [each.name for each in found]),
        "standing": [each for each in found if each.accepted_at is None],
        "accepted": [each for each in found if each.accepted_at is not None],
        "fixed": sorted((each for each in past if each.fixed_at), key=lambda each: each.fixed_at or now, reverse=True)[
            :10
        ],
        "rate": checks.fix_rate(conn, since=now - _RATED, until=now, site_id=site.id),
        "names": directory.names(conn, accepted),
        "history": checks.recent(conn, site.id, limit=HISTORY),
        "timings": timings,
        "chart": check_charts.timing_chart(timings, words),
        "plan": asking.plan_of(conn, site.id),
        "by_tier": BY_TIER[cover.tier] // 60,
        "is_checked": is_checked(site.address),
        "certificate": _certificate(latest),
    }


def _unsure(latest: checks.Latest | None, known: list[str]) -> list[Any]:
    """What the last check found, not yet believed: a site that failed once, an address that was not visited."""
    if latest is None or latest.run is None:
        return []
    return [each for each in latest.run.found if latest.run.verdict is State.DOWN and each.name not in known]


def _certificate(latest: checks.Latest | None) -> dict[str, Any] | None:
    found = latest.run.facts.get("certificate") if latest and latest.run else None
    return found if isinstance(found, dict) else None


def _site(conn: Connection, client: Client, site_id: str) -> Site:
    """The site of a page; 404 for another client's, too."""
    found = sites.find(conn, typed_id(site_id) or 0)
    if found is None or found.client_id != client.id:
        raise HTTPException(404)
    return found
