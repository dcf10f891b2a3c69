"""Pages of change requests: the list, one made from a ticket or by hand, sent to its client, begun once confirmed."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import Connection

from console.auth import Viewer, take_form
from console.case_verbs import sentence
from console.desk_pages import frame
from console.forms import typed_fields, typed_id
from console.guard import FORM, ReaderDep
from console.pages import Pages, PagesDep
from console.proposal_sheet import money
from handoff import accounts, agreements, board, directory
from handoff.errors import HandoffError, NotFound
from handoff.model import Client
from handoff.ticket_names import named
from success.proactive import language_of
from success.projects import authority, boards, change_store, changes, price_book
from success.projects.board_rules import written
from success.projects.change_rules import ChangeState, Scope, efforts
from success.projects.change_store import Change
from success.projects.changes import ChangeDraft
from success.projects.errors import ProjectRefused

router = APIRouter(prefix="/desk/changes")
Verb = Callable[[Connection, int, dict[str, str]], object]


@router.get("")
async def list_page(request: Request, *, pages: PagesDep, viewer: ReaderDep, state: str = "") -> Response:
    """Change requests by state, the newest first."""

    def load(conn: Connection) -> dict[str, Any]:
        found = change_store.listed(conn, state=state if state in set(ChangeState) else "")
        tickets = named(conn, {each.ticket_id for each in found})
        return {"found": found, "names": directory.clients_of(conn, {e.client_id for e in found}), "tickets": tickets}

    shown = await frame(pages, viewer, section="care") | await pages.deps.db.read(load)
    return pages.page(request, "changes.html", **shown, state=state, states=list(ChangeState), money=money)


@router.get("/new")
async def new_page(
    request: Request, *, pages: PagesDep, viewer: ReaderDep, ticket: str = "", client: str = ""
) -> Response:
    """The form: of a ticket, or of a client's for one that came another way."""
    return await _form(request, pages, viewer, typed={"ticket": ticket, "slug": client})


@router.post("", dependencies=FORM)
async def make(request: Request, *, pages: PagesDep, viewer: ReaderDep) -> Response:
    """Make a change request."""
    typed, now, by = await typed_fields(request), pages.deps.clock(), viewer.person.id
    desk = pages.deps.desk

    def body(conn: Connection) -> int | None:
        found = _about(conn, typed)
        if found is None:
            raise ProjectRefused("client")
        client, ticket_id = found
        draft = _draft(conn, typed, client)
        if not take_form(conn, typed.get("once", ""), person_id=by, now=now):
            return None
        if ticket_id is None:
            requester = typed_id(typed.get("requester", ""))
            if requester is None:
                raise ProjectRefused("requester")
            opened = changes.open_ticket(
                conn, client_id=client.id, requester_id=requester, title=draft.title, says=draft.says, desk=desk, by=by,
                now=now,
            )  # fmt: skip
            ticket_id = opened.id
        return changes.make(conn, draft, ticket_id=ticket_id, desk=desk, by=by, now=now).id

    try:
        made = await pages.deps.db.write(body)
    except ProjectRefused as refused:
        problem = pages.say(request, f"changes.error.{refused.reason}")
        return await _form(request, pages, viewer, typed=typed, problem=problem)
    return RedirectResponse(f"/desk/changes/{made}" if made else "/desk/changes", 303)


@router.get("/{change_id}")
async def change_page(request: Request, *, pages: PagesDep, viewer: ReaderDep, change_id: int) -> Response:
    """One change request, and what can be done about it."""
    return await _show(request, pages, viewer, change_id)


@router.get("/{change_id}/edit")
async def edit_page(request: Request, *, pages: PagesDep, viewer: ReaderDep, change_id: int) -> Response:
    """The form of one that is not answered, to describe or quote it anew."""
    found, typed = await pages.deps.db.read(partial(_kept, change_id=change_id))
    if found.state not in {ChangeState.DRAFT, ChangeState.SENT}:
        return await _show(request, pages, viewer, change_id, problem=pages.say(request, "changes.error.answered"))
    return await _form(request, pages, viewer, typed=typed, found=found)


@router.post("/{change_id}/edit", dependencies=FORM)
async def edit(request: Request, *, pages: PagesDep, viewer: ReaderDep, change_id: int) -> Response:
    """Describe or quote it anew: what was put to the client before cannot be confirmed any more."""
    typed, now, by = await typed_fields(request), pages.deps.clock(), viewer.person.id

    def body(conn: Connection) -> None:
        found = change_store.change(conn, change_id)
        client = directory.client(conn, found.client_id)
        draft, line = _draft(conn, typed, client), pages.texts.say("changes.refused.outdated", language_of(client))
        if take_form(conn, typed.get("once", ""), person_id=by, now=now):
            seen = typed.get("seen", "")
            changes.revise(conn, change_id, draft, seen=seen, outdated=line, by=by, now=now)

    try:
        await pages.deps.db.write(body)
    except ProjectRefused as refused:
        gone = {"state": "answered"}.get(refused.reason, refused.reason)
        problem = pages.say(request, f"changes.error.{gone}")
        found, kept = await pages.deps.db.read(partial(_kept, change_id=change_id))
        if refused.reason in {"state", "changed"}:
            return await _show(request, pages, viewer, change_id, problem=problem)
        return await _form(request, pages, viewer, typed={**kept, **typed}, found=found, problem=problem)
    return RedirectResponse(f"/desk/changes/{change_id}", 303)


@router.post("/{change_id}/{verb}", dependencies=FORM)
async def decide(request: Request, *, pages: PagesDep, viewer: ReaderDep, change_id: int, verb: str) -> Response:
    """Send it, take it back, or start work on it."""
    typed, now, by = await typed_fields(request), pages.deps.clock(), viewer.person.id

    def body(conn: Connection) -> None:
        if not take_form(conn, typed.get("once", ""), person_id=by, now=now):
            return
        match verb:
            case "send":
                changes.send(conn, change_id, now=now)
            case "withdraw":
                client = directory.client(conn, change_store.change(conn, change_id).client_id)
                line = pages.texts.say("changes.refused.withdrawn", language_of(client))
                changes.withdraw(conn, change_id, line=line, now=now)
            case "start":
                changes.start(conn, change_id, desk=pages.deps.desk, by=by, now=now)
            case _:
                raise NotFound("verb", verb)

    try:
        await pages.deps.db.write(body)
    except ProjectRefused as refused:
        problem = pages.say(request, f"changes.error.{refused.reason}")
        return await _show(request, pages, viewer, change_id, problem=problem)
    except NotFound:
        raise
    except HandoffError as error:
        return await _show(request, pages, viewer, change_id, problem=sentence(request, pages, error))
    return RedirectResponse(f"/desk/changes/{change_id}", 303)


async def _show(
    request: Request, pages: Pages, viewer: Viewer, change_id: int, *, problem: str | None = None
) -> Response:
    def load(conn: Connection) -> dict[str, Any]:
        found = change_store.change(conn, change_id)
        who = [each for each in (found.by_id, found.person_id, found.started_by) if each is not None]
        return {
            "found": found, "client": directory.client(conn, found.client_id), "names": directory.names(conn, who),
            "ticket": board.ticket(conn, found.ticket_id),
            "contacts": authority.authorised(conn, found.client_id, found.powers),
            "place": authority.place(conn, found.client_id, found.powers),
            "project": boards.project(conn, found.project_id) if found.project_id is not None else None,
        }  # fmt: skip

    shown = await frame(pages, viewer, section="care") | await pages.deps.db.read(load)
    shown |= {"problem": problem, "written": written, "money": money}
    return pages.page(request, "change.html", status=409 if problem else 200, **shown)


async def _form(
    request: Request, pages: Pages, viewer: Viewer, *, typed: Mapping[str, str], found: Change | None = None,
    problem: str | None = None,
) -> Response:  # fmt: skip
    change, now = found, pages.deps.clock()

    def load(conn: Connection) -> dict[str, Any]:
        found = _about(conn, typed)
        if found is None and typed.get("ticket"):
            raise NotFound("ticket", typed["ticket"])
        prices = price_book.in_force(conn)[1]
        shown: dict[str, Any] = {"client": None, "ticket": None, "allowances": (), "projects": (), "people": ()}
        shown |= {"rates": prices.rates, "currency": prices.currency, "money": money}
        shown["clients"] = directory.clients(conn)
        if found is None:
            return shown
        client, ticket_id = found
        agreement = accounts.covering(conn, client, now=now).agreement
        uses = accounts.uses(conn, client.id)
        balances = agreements.balances(agreement, uses, accounts.today(client, now)) if agreement is not None else ()
        return shown | {
            "client": client, "ticket": board.ticket(conn, ticket_id) if ticket_id is not None else None,
            "allowances": [each for each in balances if each.left > 0],
            "projects": boards.listed(conn, client_id=client.id, state=boards.OPEN),
            "people": [person for person, _ in accounts.contacts(conn, client.id)],
        }  # fmt: skip

    loaded = await pages.deps.db.read(load)
    shown = await frame(pages, viewer, section="care") | loaded
    if shown["ticket"] is not None and "title" not in typed:
        typed = {"title": shown["ticket"].title, "says": shown["ticket"].summary, **typed}
    shown |= {"typed": typed, "problem": problem, "scopes": list(Scope), "change": change}
    return pages.page(request, "change_new.html", status=422 if problem else 200, **shown)


def _kept(conn: Connection, *, change_id: int) -> tuple[Change, dict[str, str]]:
    """A change request, and as the fields of its form."""
    found = change_store.change(conn, change_id)
    typed = {
        "ticket": board.ticket(conn, found.ticket_id).number, "title": found.title, "says": found.says,
        "scope": str(found.scope), "allowance": found.allowance, "amount": str(found.amount or ""), "seen": found.hash,
        "project": str(found.project_id or ""),
    }  # fmt: skip
    return found, typed | {f"days_{each.role}": written(each.halves) for each in found.lines}


def _about(conn: Connection, typed: Mapping[str, str]) -> tuple[Client, int | None] | None:
    """Whose change request a form is, and of which ticket; None where it says neither."""
    if typed.get("ticket"):
        ticket = board.ticket_by_number(conn, typed["ticket"])
        if ticket is None or ticket.client_id is None:
            raise NotFound("ticket", typed["ticket"])
        return directory.client(conn, ticket.client_id), ticket.id
    client = directory.client_by_slug(conn, typed.get("slug", ""))
    return (client, None) if client is not None and client.archived_at is None else None


def _draft(conn: Connection, typed: Mapping[str, str], client: Client) -> ChangeDraft:
    prices = price_book.in_force(conn)[1]
    days = [(each.role, typed.get(f"days_{each.role}", "")) for each in prices.rates]
    amount = typed_id(typed.get("amount", "") or "1") or 0
    return ChangeDraft(
        title=typed.get("title", ""), says=typed.get("says", ""), scope=typed.get("scope", ""),
        lines=efforts(days, prices, language_of(client)), currency=prices.currency,
        allowance=typed.get("allowance", ""), amount=amount, project_id=typed_id(typed.get("project", "")),
    )  # fmt: skip
