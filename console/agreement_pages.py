"""Pages: what is agreed with a client - agreements, entitlements, contacts, closures - and the agreement to print."""

from collections.abc import Callable
from datetime import date
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import Connection
from starlette.datastructures import FormData

from console.agreement_words import service_lines, window_lines
from console.auth import Viewer, take_form
from console.client_frame import known_client
from console.client_pages import show_client
from console.forms import typed_fields, typed_id
from console.guard import FORM, AdminDep, ReaderDep
from console.pages import Pages, PagesDep
from console.texts import LANGUAGES
from handoff import accounts, agreements, board
from handoff.agreements import read_draft
from handoff.errors import Clash, HandoffError, NotFound, PolicyError
from handoff.model import Client

router = APIRouter(prefix="/desk/clients/{slug}")
DEFAULT_LANGUAGE: Final = "zh-Hans"
Change = Callable[[Connection, Client, dict[str, str], int], None]


@router.get("/agreement")
async def printed(request: Request, *, pages: PagesDep, viewer: ReaderDep, slug: str, lang: str = "") -> Response:  # noqa: ARG001 - the viewer is the guard
    """The service agreement to print, in the client's language."""
    now = pages.deps.clock()

    def load(conn: Connection) -> dict[str, Any]:
        client = known_client(conn, slug)
        cover, terms = accounts.covering(conn, client, now=now), accounts.terms(conn, client.id, now=now, keep=False)
        contacts = [(person, powers) for person, powers in accounts.contacts(conn, client.id) if powers]
        first = accounts.today(client, now)
        closed = [kept for kept in accounts.closures(conn, client.id) if kept.closure.last >= first]
        return {
            "client": client,
            "cover": cover,
            "terms": terms,
            "contacts": contacts,
            "closed": closed,
            "today": first,
        }

    facts = await pages.deps.db.read(load)
    language = lang if lang in LANGUAGES else facts["client"].language or DEFAULT_LANGUAGE
    request.state.language = language
    contract, tier, texts = facts["terms"].contract, facts["terms"].tier, pages.texts
    facts |= {"lines": service_lines(contract, tier, texts, language), "until": contract.covered_until}
    facts |= {"windows": window_lines(contract, tier, texts, language)}
    return pages.page(request, "agreement.html", **facts, agreement=facts["cover"].agreement)


@router.post("/agreement", dependencies=FORM)
async def agree(request: Request, *, pages: PagesDep, viewer: AdminDep, slug: str) -> Response:
    """Keep a new agreement, or one in the place of another."""

    def change(conn: Connection, client: Client, typed: dict[str, str], by: int) -> None:
        draft = read_draft(typed | {"entitlements": _entitlements(typed)})
        replaces = typed_id(typed.get("replaces", ""))
        accounts.agree(conn, client_id=client.id, draft=draft, replaces=replaces, by=by, now=pages.deps.clock())

    return await _changed(request, pages, viewer, slug, change)


@router.post("/agreement/withdraw", dependencies=FORM)
async def withdraw(request: Request, *, pages: PagesDep, viewer: AdminDep, slug: str) -> Response:
    """Take an agreement back."""

    def change(conn: Connection, client: Client, typed: dict[str, str], by: int) -> None:  # noqa: ARG001
        which = typed_id(typed.get("agreement", "")) or 0
        accounts.withdraw(conn, client_id=client.id, agreement_id=which, now=pages.deps.clock())

    return await _changed(request, pages, viewer, slug, change)


@router.post("/use", dependencies=FORM)
async def use(request: Request, *, pages: PagesDep, viewer: ReaderDep, slug: str) -> Response:
    """Book some of an entitlement."""

    def change(conn: Connection, client: Client, typed: dict[str, str], by: int) -> None:
        amount, number = typed.get("amount", "").strip(), typed.get("ticket", "").strip()
        ticket = board.ticket_by_number(conn, number) if number else None
        if number and (ticket is None or ticket.client_id != client.id):
            raise NotFound("ticket", number)
        facts = {"name": typed.get("name", ""), "amount": _whole(amount), "note": typed.get("note", "")[:300]}
        ticket_id = ticket.id if ticket else None
        accounts.use(conn, client=client, **facts, ticket_id=ticket_id, by=by, now=pages.deps.clock())  # type: ignore[arg-type]

    return await _changed(request, pages, viewer, slug, change)


@router.post("/contact", dependencies=FORM)
async def authorise(request: Request, *, pages: PagesDep, viewer: AdminDep, slug: str) -> Response:
    """Say what a contact may decide."""
    form: FormData = await request.form()
    powers = [str(power) for power in form.getlist("powers")]

    def change(conn: Connection, client: Client, typed: dict[str, str], by: int) -> None:
        who = typed_id(typed.get("person", "")) or 0
        accounts.authorise(conn, client_id=client.id, person_id=who, powers=powers, by=by, now=pages.deps.clock())

    return await _changed(request, pages, viewer, slug, change, back="/people")


@router.post("/closure", dependencies=FORM)
async def close(request: Request, *, pages: PagesDep, viewer: AdminDep, slug: str) -> Response:
    """Close some days for this client, or (``remove``) open them again."""

    def change(conn: Connection, client: Client, typed: dict[str, str], by: int) -> None:
        now, gone = pages.deps.clock(), typed_id(typed.get("remove", ""))
        if gone is not None:
            accounts.remove_closure(conn, client_id=client.id, closure_id=gone, now=now)
            return
        days = {"first": typed.get("first"), "last": typed.get("last") or typed.get("first")}
        whole = bool(typed.get("around_the_clock"))
        why = typed.get("why", "")[:300]
        accounts.add_closure(conn, client_id=client.id, **days, around_the_clock=whole, why=why, by=by, now=now)

    return await _changed(request, pages, viewer, slug, change)


async def _changed(
    request: Request, pages: Pages, viewer: Viewer, slug: str, change: Change, *, back: str = ""
) -> Response:
    """Change something in one transaction, once for each form; what does not work is said, with what was typed."""
    typed, now, by = await typed_fields(request), pages.deps.clock(), viewer.person.id

    def body(conn: Connection) -> None:
        client = known_client(conn, slug)
        if take_form(conn, typed.get("once", ""), person_id=by, now=now):
            change(conn, client, typed, by)

    try:
        await pages.deps.db.write(body)
    except HandoffError as error:
        problem = _sentence(request, pages, error)
        return await show_client(request, pages, viewer, slug, problem=problem, typed=typed)
    return RedirectResponse(f"/desk/clients/{slug}{back}", 303)


def _sentence(request: Request, pages: Pages, error: HandoffError) -> str:
    match error:
        case Clash(first=first, last=last):
            ends = str(last) if isinstance(last, date) else pages.say(request, "clients.no_end")
            return pages.say(request, "clients.error.clash", first=first, last=ends)
        case PolicyError():
            key = f"clients.field.{error.where.split('.')[0]}"
            field = pages.say(request, key) if pages.texts.has(key) else error.where
            return pages.say(request, "service.error.field", field=field, why=error.why)
        case NotFound(what="agreement"):
            return pages.say(request, "service.error.outdated")
    return pages.say(request, "clients.error.gone")


def _entitlements(typed: dict[str, str]) -> list[dict[str, str]]:
    """The rows of the form that have anything in them."""
    found = []
    for n in range(agreements.MOST_ENTITLEMENTS + 1):
        row = {part: typed.get(f"entitlement.{n}.{part}", "").strip() for part in ("name", "amount", "unit")}
        if any(row.values()):
            found.append(row)
    return found


def _whole(text: str) -> int:
    digits = text.removeprefix("-").removeprefix("−")
    number = typed_id(digits) or 0
    return number if digits == text else -number
