"""The page of referrals, and what a client's page shows of those that it made."""

from typing import Any, Final

from fastapi import APIRouter, Request, Response
from sqlalchemy import Connection

from console.auth import Viewer
from console.care_forms import back, known_id, once
from console.desk_pages import frame
from console.forms import typed_id
from console.guard import FORM, ReaderDep
from console.pages import Pages, PagesDep
from handoff import directory
from handoff.errors import NotFound
from handoff.model import Client
from success import referrals
from success.errors import ReferralRefused
from success.referrals import LONG, SHORT, ReferralState

router = APIRouter(prefix="/desk/referrals")
HERE: Final = "/desk/referrals"
SHOWN: Final = 20


@router.get("")
async def referrals_page(request: Request, *, pages: PagesDep, viewer: ReaderDep, client: str = "") -> Response:
    """Who sent whom to us, and how far it has come."""
    return await _show(request, pages, viewer, client=client)


@router.post("", dependencies=FORM)
async def add_referral(request: Request, *, pages: PagesDep, viewer: ReaderDep) -> Response:
    """Record one."""
    by, now = viewer.person.id, pages.deps.clock()

    def change(conn: Connection, typed: dict[str, str]) -> object:
        client_id = typed_id(typed.get("client", ""))
        if client_id is None:
            return "client"
        facts: Any = {name: typed.get(name, "") for name in ("company", "contact", "reach", "note")}
        try:
            referrals.record(conn, client_id=client_id, **facts, by=by, now=now)
        except ReferralRefused as refused:
            return refused.reason
        except NotFound:
            return "client"
        return None

    return await _done(request, pages, viewer, change)


@router.post("/{referral_id}", dependencies=FORM)
async def change_referral(request: Request, *, pages: PagesDep, viewer: ReaderDep, referral_id: str) -> Response:
    """Say how far one has come, and what the client got for it."""
    which, by, now = known_id(referral_id), viewer.person.id, pages.deps.clock()

    def change(conn: Connection, typed: dict[str, str]) -> object:
        facts = {name: typed.get(name, "") for name in ("state", "reward", "note")}
        try:
            referrals.change(conn, which, **facts, by=by, now=now)
        except ReferralRefused as refused:
            return refused.reason
        return None

    return await _done(request, pages, viewer, change)


def of_client(conn: Connection, client: Client) -> dict[str, Any]:
    """What the client's page shows (`_referrals.html`)."""
    return {"referred": referrals.every(conn, client_id=client.id, limit=SHOWN)}


async def _done(request: Request, pages: Pages, viewer: Viewer, change: Any) -> Response:
    problem = await once(request, pages, viewer, change)
    if problem:
        return await _show(request, pages, viewer, problem=pages.say(request, f"referral.error.{problem}"))
    return back(HERE)


async def _show(
    request: Request, pages: Pages, viewer: Viewer, *, client: str = "", problem: str | None = None
) -> Response:
    def load(conn: Connection) -> dict[str, Any]:
        chosen = directory.client_by_slug(conn, client) if client else None
        found = referrals.every(conn, client_id=chosen.id if chosen else None)
        firms = directory.clients_of(conn, (each.client_id for each in found))
        return {"found": found, "clients": directory.clients(conn), "firms": firms, "chosen": chosen}

    shown = await frame(pages, viewer, section="care") | await pages.deps.db.read(load)
    shown |= {"problem": problem, "states": list(ReferralState), "short": SHORT, "long": LONG}
    return pages.page(request, "referrals.html", status=422 if problem else 200, **shown)
