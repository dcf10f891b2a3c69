"""Pages: incidents, what belongs to one, what clients hear of it, how it ends."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import Connection
from starlette.exceptions import HTTPException

from console.auth import Viewer, take_form
from console.desk_pages import frame
from console.forms import typed_fields, typed_id
from console.guard import FORM, LeadDep, ViewerDep
from console.incident_view import VERBS, Typed, problem_words, show, usual
from console.pages import Pages, PagesDep
from console.texts import LANGUAGES
from console.ticket_view import show_ticket
from handoff import board, directory
from handoff.errors import HandoffError, NotFound
from success import alerts, incidents
from success.incident_errors import IncidentRefused
from success.incident_log import incident as known_incident
from success.incident_log import live, past
from success.incident_members import counts, of_member
from success.incident_rules import Kind, Member, Severity, server_key
from success.incident_talk import Saying, broadcast, recipients, settle_tickets, text_in
from success.incidents import Cause

router = APIRouter(prefix="/desk")
SHOWN: Final = 50
_STATE: Final = {
    "confirm": incidents.confirm, "dismiss": incidents.dismiss, "monitor": incidents.monitor,
    "resolve": incidents.resolve, "reopen": incidents.reopen, "close": incidents.close,
}  # fmt: skip


@router.get("/incidents")
async def incidents_page(request: Request, *, pages: PagesDep, viewer: ViewerDep, before: str = "") -> Response:
    """What is going on, what is suggested, what is over."""
    return await _list(request, pages, viewer, before=before)


@router.post("/incidents", dependencies=FORM)
async def open_incident(request: Request, *, pages: PagesDep, viewer: ViewerDep) -> Response:
    """Open one by hand, for a server or for chosen clients."""
    typed, now, by = await typed_fields(request), pages.deps.clock(), viewer.person.id
    slugs = [str(value) for value in (await request.form()).getlist("client")]
    title, server = " ".join(typed.get("title", "").split()), " ".join(typed.get("server", "").split())
    severity = _severity(typed)
    if not title or severity is None:
        return await _list(request, pages, viewer, problem=pages.say(request, "incident.error.title"), typed=typed)

    def body(conn: Connection) -> int | None:
        if not take_form(conn, typed.get("once", ""), person_id=by, now=now):
            return None
        hurt = [client for slug in slugs if (client := directory.client_by_slug(conn, slug))]
        key = server_key(server) if server else f"hand:{by}:{now.isoformat()}"
        cause = Cause(key=key, title=title, severity=severity, server=server, started_at=now)
        members = [Member(kind=Kind.CLIENT, subject=client.id) for client in hurt]
        return incidents.begin(conn, cause, members=members, by=by, now=now).incident.id

    made = await pages.deps.db.write(body)
    return RedirectResponse(f"/desk/incidents/{made}" if made else "/desk/incidents", 303)


@router.get("/incidents/{n}")
async def incident_page(request: Request, *, pages: PagesDep, viewer: ViewerDep, n: str, say: str = "") -> Response:
    """One incident: its timeline, what belongs to it, what clients heard."""
    which = _id(n)
    if say not in set(Saying):
        return await show(request, pages, viewer, which)
    known = await pages.deps.db.read(lambda conn: known_incident(conn, which))
    return await show(request, pages, viewer, which, typed=usual(pages, Saying(say), known))


@router.post("/incidents/{n}/state", dependencies=FORM)
async def change_state(request: Request, *, pages: PagesDep, viewer: LeadDep, n: str) -> Response:
    """Confirm a suggestion or dismiss it; watch, resolve, re-open, close; call it something else."""
    typed, now, by = await typed_fields(request), pages.deps.clock(), viewer.person.id
    which, verb = _id(n), typed.get("verb", "")

    def body(conn: Connection) -> object:
        if verb == "describe":
            severity = _severity(typed)
            if severity is None:
                raise IncidentRefused("title")
            return incidents.describe(conn, which, title=typed.get("title", ""), severity=severity, by=by, now=now)
        if verb not in VERBS:
            raise IncidentRefused("state")
        return _STATE[verb](conn, which, by=by, now=now)

    return await _done(request, pages, viewer, which, typed=typed, body=body)


@router.post("/incidents/{n}/members", dependencies=FORM)
async def change_members(request: Request, *, pages: PagesDep, viewer: ViewerDep, n: str) -> Response:
    """Put a ticket or a client in, or take something out."""
    typed, now, by = await typed_fields(request), pages.deps.clock(), viewer.person.id
    which = _id(n)

    def body(conn: Connection) -> None:
        member = _member(conn, typed)
        if typed.get("out"):
            incidents.unlink(conn, which, member, by=by, now=now)
        else:
            incidents.link(conn, which, member, by=by, now=now)

    return await _done(request, pages, viewer, which, typed=typed, body=body)


@router.post("/incidents/{n}/note", dependencies=FORM)
async def write_note(request: Request, *, pages: PagesDep, viewer: ViewerDep, n: str) -> Response:
    """Write down what was found or done."""
    typed, now, by = await typed_fields(request), pages.deps.clock(), viewer.person.id
    which = _id(n)

    def body(conn: Connection) -> object:
        return incidents.note(conn, which, typed.get("text", ""), by=by, now=now)

    return await _done(request, pages, viewer, which, typed=typed, body=body)


@router.post("/incidents/{n}/tell", dependencies=FORM)
async def tell(request: Request, *, pages: PagesDep, viewer: LeadDep, n: str) -> Response:
    """Show whom a broadcast reaches and what each reads; then, pressed again, send it."""
    typed, now, by = await typed_fields(request), pages.deps.clock(), viewer.person.id
    which, name = _id(n), pages.texts.say("recall.bot", "zh-Hans")
    form = _typed(typed)
    if typed.get("then") != "send":
        return await _preview(request, pages, viewer, which, form)

    def body(conn: Connection) -> None:
        facts: dict[str, Any] = {"desk": pages.deps.desk, "by": by, "now": now}
        broadcast(conn, which, form.kind, form.texts, name=name, waits=form.waits, **facts)
        if form.kind is Saying.ALL_CLEAR and form.tickets:
            settle_tickets(conn, which, **facts)
        if form.kind is Saying.ALL_CLEAR and form.resolve and known_incident(conn, which).live:
            incidents.resolve(conn, which, by=by, now=now)

    return await _done(request, pages, viewer, which, typed=typed, body=body, form=form)


@router.post("/t/{number}/incident", dependencies=FORM)
async def link_ticket(request: Request, *, pages: PagesDep, viewer: ViewerDep, number: str) -> Response:
    """From a ticket's page: let the ticket belong to an incident, or to none."""
    typed, now, by = await typed_fields(request), pages.deps.clock(), viewer.person.id
    which = typed_id(typed.get("incident", "").removeprefix("INC-")) or 0

    def body(conn: Connection) -> None:
        ticket = board.ticket_by_number(conn, number)
        if ticket is None:
            raise NotFound("ticket", number)
        if not take_form(conn, typed.get("once", ""), person_id=by, now=now):
            return
        member = Member(kind=Kind.TICKET, subject=ticket.id)
        if typed.get("out"):
            incidents.unlink(conn, which, member, by=by, now=now)
        else:
            incidents.link(conn, which, member, by=by, now=now)

    try:
        await pages.deps.db.write(body)
    except IncidentRefused as error:
        problem = problem_words(request, pages, error)
        return await show_ticket(request, pages, viewer, number, problem=problem, status=409)
    return RedirectResponse(f"/desk/t/{number}", 303)


async def _preview(request: Request, pages: Pages, viewer: Viewer, which: int, form: Typed) -> Response:
    now = pages.deps.clock()

    def look(conn: Connection) -> None:
        known = known_incident(conn, which)
        for each in recipients(conn, known, form.kind, waits=form.waits, now=now):
            if each.chat is not None and not each.told:
                text_in(form.texts, each.language)

    problem = None
    try:
        await pages.deps.db.read(look)
    except IncidentRefused as error:
        problem = problem_words(request, pages, error)
    shown = form if problem else replace(form, preview=True)
    return await show(request, pages, viewer, which, typed=shown, problem=problem, status=422 if problem else 200)


async def _done(
    request: Request, pages: Pages, viewer: Viewer, which: int, *,
    typed: dict[str, str], body: Callable[..., object], form: Typed | None = None,
) -> Response:  # fmt: skip
    now, by = pages.deps.clock(), viewer.person.id

    def once(conn: Connection) -> None:
        known_incident(conn, which)
        if take_form(conn, typed.get("once", ""), person_id=by, now=now):
            body(conn)

    try:
        await pages.deps.db.write(once)
    except NotFound as error:
        if error.what == "incident":
            raise HTTPException(404) from None
        problem = pages.say(request, "incident.error.member")
    except IncidentRefused as error:
        problem = problem_words(request, pages, error)
    except HandoffError:
        problem = pages.say(request, "error.handoff")
    else:
        return RedirectResponse(f"/desk/incidents/{which}", 303)
    return await show(request, pages, viewer, which, typed=form, problem=problem, status=409)


async def _list(
    request: Request, pages: Pages, viewer: Viewer, *, before: str = "", problem: str | None = None,
    typed: dict[str, str] | None = None,
) -> Response:  # fmt: skip
    def load(conn: Connection) -> dict[str, Any]:
        going, over = live(conn), past(conn, before_id=typed_id(before), limit=SHOWN + 1)
        numbers = counts(conn, [each.id for each in (*going, *over)])
        return {
            "going": going, "over": over[:SHOWN], "older": over[SHOWN - 1].id if len(over) > SHOWN else None,
            "counts_of": numbers, "clients": directory.clients(conn), "latest": alerts.latest(conn, limit=8),
        }  # fmt: skip

    shown = await frame(pages, viewer, section="care") | await pages.deps.db.read(load)
    shown |= {"severities": list(Severity), "typed": typed or {}, "problem": problem}
    return pages.page(request, "incidents.html", status=422 if problem else 200, **shown)


def _typed(typed: dict[str, str]) -> Typed:
    kind = Saying(typed["kind"]) if typed.get("kind") in set(Saying) else Saying.UPDATE
    texts = {tag: typed.get(f"text.{tag}", "") for tag in LANGUAGES}
    return Typed(
        kind=kind, texts=texts, waits=bool(typed.get("waits")), resolve=bool(typed.get("resolve")),
        tickets=bool(typed.get("tickets")),
    )  # fmt: skip


def _member(conn: Connection, typed: dict[str, str]) -> Member:
    """What a form names: a ticket by its number, a client by its short name, or anything by kind and id."""
    if number := typed.get("ticket", "").strip():
        ticket = board.ticket_by_number(conn, number)
        if ticket is None:
            raise NotFound("ticket", number)
        return Member(kind=Kind.TICKET, subject=ticket.id)
    if slug := typed.get("client", "").strip():
        client = directory.client_by_slug(conn, slug)
        if client is None:
            raise NotFound("client", slug)
        return Member(kind=Kind.CLIENT, subject=client.id)
    kind, subject = typed.get("member", ""), typed_id(typed.get("subject", ""))
    member = Member(kind=Kind(kind), subject=subject) if kind in set(Kind) and subject is not None else None
    if member is None or not of_member(conn, member, live=False):
        raise NotFound("member", kind)
    return member


def _severity(typed: dict[str, str]) -> Severity | None:
    named = typed.get("severity", "")
    return Severity(named) if named in set(Severity) else None


def _id(text: str) -> int:
    found = typed_id(text)
    if found is None:
        raise HTTPException(404)
    return found
