"""Pages: the sites of one client, and the list of all sites by what expires first."""

from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from sqlalchemy import Connection

from console import progress_words
from console.auth import Viewer
from console.client_frame import change_or_show, show_tab
from console.desk_pages import frame
from console.forms import reader_zone, typed_id
from console.guard import FORM, ReaderDep
from console.pages import Pages, PagesDep
from console.progress_words import Reader
from handoff import accounts, sites
from handoff.errors import HandoffError, SiteError
from handoff.model import Client
from handoff.site_rules import DATES, Nearness, read_site
from handoff.sites import Expiry, Site
from store.zones import find_zone
from success import checks

router = APIRouter(prefix="/desk")
WITHIN: Final = ("over", "7", "14", "30", "90")
SORTS: Final = ("expiry", "client", "site")
_FAR: Final = date.max
_TAB: Final = "sites"


@dataclass(frozen=True, kw_only=True)
class Row:
    """A site in the list of all."""

    site: Site
    client: Client
    expiries: tuple[Expiry, ...]
    stands: checks.Latest | None = None

    @property
    def first(self) -> Expiry | None:
        """What expires first."""
        return self.expiries[0] if self.expiries else None


@router.get("/sites")
async def all_sites(
    request: Request, *, pages: PagesDep, viewer: ReaderDep,
    q: str = "", within: str = "", sort: str = "expiry", cms: str = "",
) -> Response:  # fmt: skip
    """Every site, by search, CMS and what expires soon."""
    now = pages.deps.clock()

    def load(conn: Connection) -> list[Row]:
        found = sites.every(conn)
        stands = checks.standing(conn, [site.id for site, _ in found])
        return [
            Row(
                site=site,
                client=client,
                expiries=site.expiries(accounts.today(client, now)),
                stands=stands.get(site.id),
            )
            for site, client in found
        ]

    rows = await pages.deps.db.read(load)
    found = [row for row in rows if _matches(row, q) and _within(row, within) and cms in {"", row.site.cms or ""}]
    shown = await frame(pages, viewer, section="sites")
    shown |= {"rows": sorted(found, key=_key(sort)), "all": len(rows), "q": q[:100], "within": within, "sort": sort}
    shown |= {"cms": cms, "systems": sorted({row.site.cms for row in rows if row.site.cms}), "sorts": SORTS}
    shown |= {"limits": WITHIN, "reader": reader(request, pages), "words": progress_words}
    return pages.page(request, "sites.html", **shown)


@router.get("/clients/{slug}/sites")
async def client_sites(request: Request, *, pages: PagesDep, viewer: ReaderDep, slug: str) -> Response:
    """One client's sites, the soonest expiry first."""
    return await show_tab(request, pages, viewer, slug, tab=_TAB, load=_load(request, pages))


@router.post("/clients/{slug}/sites", dependencies=FORM)
async def keep_site(request: Request, *, pages: PagesDep, viewer: ReaderDep, slug: str) -> Response:
    """Add a site, or change the one that the form names."""

    def change(conn: Connection, client: Client, typed: dict[str, str], by: int) -> None:
        draft, now = read_site(typed), pages.deps.clock()
        which, main = typed.get("site", ""), bool(typed.get("main"))
        if not which:
            sites.add(conn, client_id=client.id, draft=draft, main=main, by=by, now=now)
            return
        seen, number = typed.get("seen", ""), typed_id(which) or 0
        sites.edit(conn, client_id=client.id, site_id=number, draft=draft, main=main, seen=seen, by=by, now=now)

    return await _change(request, pages, viewer, slug, change)


@router.post("/clients/{slug}/sites/remove", dependencies=FORM)
async def remove_site(request: Request, *, pages: PagesDep, viewer: ReaderDep, slug: str) -> Response:
    """Take a site off the list."""

    def change(conn: Connection, client: Client, typed: dict[str, str], by: int) -> None:
        number = typed_id(typed.get("site", "")) or 0
        sites.remove(conn, client_id=client.id, site_id=number, by=by, now=pages.deps.clock())

    return await _change(request, pages, viewer, slug, change)


def reader(request: Request, pages: Pages) -> Reader:
    """Who reads a page of the desk, for words about days."""
    zone = reader_zone(request) or find_zone(accounts.DEFAULT_ZONE)
    assert zone is not None
    return Reader(texts=pages.texts, language=request.state.language, zone=zone, now=pages.deps.clock())


async def _change(request: Request, pages: Pages, viewer: Viewer, slug: str, change: Any) -> Response:
    def words(error: HandoffError) -> str:
        return site_problem(request, pages, error)

    load = _load(request, pages)
    return await change_or_show(request, pages, viewer, slug, tab=_TAB, load=load, change=change, words=words)


def _load(request: Request, pages: Pages) -> Any:
    now, who = pages.deps.clock(), reader(request, pages)

    def load(conn: Connection, client: Client) -> dict[str, Any]:
        today = accounts.today(client, now)
        mine = sites.of_client(conn, client.id)
        stands = checks.standing(conn, [site.id for site in mine])
        rows = [
            Row(site=each, client=client, expiries=each.expiries(today), stands=stands.get(each.id)) for each in mine
        ]
        shown: dict[str, Any] = {"rows": rows, "dates": DATES, "version": sites.version}
        return shown | {"reader": who, "words": progress_words}

    return load


def site_problem(request: Request, pages: Pages, error: HandoffError) -> str:
    """What is the matter with a site, as a sentence."""
    if not isinstance(error, SiteError):
        return pages.say(request, "sites.error.gone")
    field = pages.say(request, f"sites.{error.where}")
    return pages.say(request, f"sites.error.{error.why}", field=field)


def _matches(row: Row, asked: str) -> bool:
    words = asked[:100].casefold().split()
    texts = (row.site.name, row.site.address, row.site.shown, row.client.name, row.client.slug, row.site.icp or "")
    said = " ".join((*texts, row.site.server or "", row.site.hosting or "")).casefold()
    return all(word in said for word in words)


def _within(row: Row, limit: str) -> bool:
    if limit not in WITHIN:
        return True
    if limit == "over":
        return row.first is not None and row.first.near is Nearness.OVER
    return row.first is not None and row.first.days <= int(limit)


def _key(sort: str) -> Any:
    if sort == "client":
        return lambda row: (row.client.name.casefold(), row.first.on if row.first else _FAR, row.site.id)
    if sort == "site":
        return lambda row: (row.site.title.casefold(), row.site.id)
    return lambda row: (row.first.on if row.first else _FAR, row.client.name.casefold(), row.site.id)
