"""Pages: the clients, and one client's record."""

import re
from dataclasses import dataclass
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import Connection

from console import progress_words, rating_pages, referral_pages
from console.auth import Viewer, take_form
from console.client_frame import TABS, kept, known_client
from console.desk_pages import frame
from console.forms import typed_fields, typed_id
from console.guard import FORM, AdminDep, ReaderDep
from console.pages import Pages, PagesDep
from console.site_pages import reader, site_problem
from console.texts import LANGUAGES
from handoff import accounts, agreements, archive, bindings, board, contracts, directory, sites
from handoff.agreements import Agreement, Cover
from handoff.errors import Duplicate, SiteError
from handoff.kinds import Tier
from handoff.lifecycle import CLOSED
from handoff.model import Client
from handoff.sites import Expiry
from store.zones import find_zone
from success import campaigns

router = APIRouter(prefix="/desk/clients")
NAME_LENGTH: Final = 120
BLANK_ROWS: Final = 3
SLUG: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_RECORD: Final = ("name", "tier", "timezone", "language", "success_id", "technical_id")


@dataclass(frozen=True, kw_only=True)
class _Row:
    client: Client
    cover: Cover
    open: int
    soonest: Expiry | None
    manager: str


@router.get("")
async def clients_page(request: Request, *, pages: PagesDep, viewer: ReaderDep) -> Response:
    """Every client with what is agreed, how many tickets are open, what expires first, and who looks after it."""
    return await _list(request, pages, viewer)


@router.post("", dependencies=FORM)
async def add_client(request: Request, *, pages: PagesDep, viewer: AdminDep) -> Response:
    """Add a client; its page shows the link of its chat."""
    typed, now, by = await typed_fields(request), pages.deps.clock(), viewer.person.id
    slug = typed.get("slug", "").strip().casefold()
    record, problem = read_record(typed)
    if problem is None and not SLUG.fullmatch(slug):
        problem = "clients.error.slug"
    if problem is not None:
        return await _list(request, pages, viewer, problem=pages.say(request, problem), typed=typed)
    site = {name: typed.get(name, "").strip() for name in ("site", "cms", "hosting")}

    def body(conn: Connection) -> None:
        if take_form(conn, typed.get("once", ""), person_id=by, now=now):
            made = directory.add_client(conn, slug=slug, name=record["name"], tier=record["tier"], now=now, **site)
            directory.update_client(conn, made.id, **record)

    try:
        await pages.deps.db.write(body)
    except SiteError as error:
        return await _list(request, pages, viewer, problem=site_problem(request, pages, error), typed=typed)
    except Duplicate:
        return await _list(request, pages, viewer, problem=pages.say(request, "clients.error.taken"), typed=typed)
    return RedirectResponse(f"/desk/clients/{slug}", 303)


@router.get("/{slug}")
async def client_page(request: Request, *, pages: PagesDep, viewer: ReaderDep, slug: str) -> Response:
    """One client: record, agreement, entitlements, contacts, closures, open tickets."""
    return await show_client(request, pages, viewer, slug)


@router.post("/{slug}/record", dependencies=FORM)
async def edit_record(request: Request, *, pages: PagesDep, viewer: AdminDep, slug: str) -> Response:
    """Change the client's record; its open tickets follow a new tier."""
    typed, now, by = await typed_fields(request), pages.deps.clock(), viewer.person.id
    record, problem = read_record(typed)
    if problem is not None:
        return await show_client(request, pages, viewer, slug, problem=pages.say(request, problem), typed=typed)

    def body(conn: Connection) -> None:
        client = known_client(conn, slug)
        if take_form(conn, typed.get("once", ""), person_id=by, now=now):
            directory.update_client(conn, client.id, **record)
            contracts.align(conn, client_id=client.id, now=now)

    await pages.deps.db.write(body)
    return RedirectResponse(f"/desk/clients/{slug}", 303)


async def show_client(
    request: Request, pages: Pages, viewer: Viewer, slug: str, *,
    problem: str | None = None, typed: dict[str, str] | None = None, status: int | None = None, code: str | None = None,
) -> Response:  # fmt: skip
    """The client's page; with a problem, what was typed is kept; with a fresh `code` for a chat, this once."""
    now = pages.deps.clock()
    facts = await pages.deps.db.read(lambda conn: _facts(conn, slug, now=now))
    shown = await frame(pages, viewer, section="clients") | facts | {"problem": problem, "typed": kept(typed)}
    shown |= {"tiers": list(Tier), "powers": accounts.POWERS, "chat_link": chat_link(request, pages, facts["client"])}
    shown |= {"code": code, "blank": range(BLANK_ROWS), "languages": LANGUAGES, "tab": "", "tabs": TABS}
    return pages.page(request, "client.html", status=status or (422 if problem else 200), **shown)


def chat_link(request: Request, pages: Pages, client: Client) -> str:
    """Where this client's people chat on the web."""
    base = pages.deps.public_url or f"{request.url.scheme}://{request.headers.get('host', '')}"
    return f"{base.rstrip('/')}/c/{client.web_key}"


def read_record(typed: dict[str, str]) -> tuple[dict[str, Any], str | None]:
    """A client's record as typed, and the text key of what is wrong with it."""
    texts = {name: " ".join(typed.get(name, "").split())[:500] for name in _RECORD}
    record: dict[str, Any] = {name: text or None for name, text in texts.items()}
    record |= {name: typed_id(texts[name]) for name in ("success_id", "technical_id")}
    if not texts["name"] or len(texts["name"]) > NAME_LENGTH:
        return record, "clients.error.name"
    if texts["tier"] not in set(Tier):
        return record, "clients.error.tier"
    if texts["language"] and texts["language"] not in LANGUAGES:
        return record, "clients.error.language"
    record["timezone"] = texts["timezone"] or accounts.DEFAULT_ZONE
    return record, None if find_zone(record["timezone"]) else "clients.error.zone"


async def _list(
    request: Request, pages: Pages, viewer: Viewer, *, problem: str | None = None, typed: dict[str, str] | None = None
) -> Response:
    now, asked = pages.deps.clock(), request.query_params
    away, q = asked.get("archived") == "1", asked.get("q", "")[:100]

    def load(conn: Connection) -> list[_Row]:
        found = archive.archived(conn) if away else directory.clients(conn)
        unsolved, names = board.open_counts(conn), {person.id: person.name for person in directory.staff(conn)}
        first = sites.soonest(conn, {each.id: accounts.today(each, now) for each in found})
        return [
            _Row(
                client=each, cover=accounts.covering(conn, each, now=now), open=unsolved.get(each.id, 0),
                soonest=first.get(each.id), manager=names.get(each.success_id or 0, ""),
            )
            for each in found
        ]  # fmt: skip

    every = await pages.deps.db.read(load)
    rows = [row for row in every if _matches(row, q) and asked.get("tier", "") in {"", row.cover.tier}]
    shown = await frame(pages, viewer, section="clients") | {"rows": rows, "all": len(every), "q": q, "away": away}
    shown |= {"problem": problem, "typed": kept(typed), "tiers": list(Tier), "zone": accounts.DEFAULT_ZONE}
    shown |= {"tier": asked.get("tier", ""), "languages": LANGUAGES, "reader": reader(request, pages)}
    shown |= {"words": progress_words}
    return pages.page(request, "clients.html", status=422 if problem else 200, **shown)


def _matches(row: _Row, asked: str) -> bool:
    said = " ".join((row.client.name, row.client.slug, row.client.site or "", row.manager)).casefold()
    return all(word in said for word in asked.casefold().split())


def _facts(conn: Connection, slug: str, *, now: Any) -> dict[str, Any]:
    client = known_client(conn, slug)
    cover, today = accounts.covering(conn, client, now=now), accounts.today(client, now)
    every = accounts.agreements(conn, client.id, replaced=True)
    uses, contract = accounts.uses(conn, client.id), contracts.book(conn).current
    closures, staff = accounts.closures(conn, client.id), directory.staff(conn)
    tickets = [ticket for ticket in board.tickets_of_client(conn, client.id) if ticket.state not in CLOSED]
    return {
        "client": client, "cover": cover, "today": today, "uses": uses, "closures": closures, "tickets": tickets,
        "standing": [each for each in every if each.replaced_at is None],
        "replaced": [each for each in reversed(every) if each.replaced_at is not None],
        "balances": agreements.balances(cover.agreement, uses, today) if cover.agreement else (),
        "year": agreements.year_of(cover.agreement, today) if cover.agreement else None,
        "misfit": _misfits(contract.fees, every), "sites": sites.of_client(conn, client.id),
        "campaigns": [each for each, _ in campaigns.ahead(conn, since=today, client_ids=[client.id])],
        "chats": bindings.chats_of(conn, client.id), **rating_pages.of_client(conn, client),
        **referral_pages.of_client(conn, client),
        "staff": [person for person in staff if person.active], "names": {person.id: person.name for person in staff},
    }  # fmt: skip


def _misfits(fees: Any, every: tuple[Agreement, ...]) -> dict[int, Tier | None]:
    return {each.id: agreements.fitting_tier(fees, each) for each in every}
