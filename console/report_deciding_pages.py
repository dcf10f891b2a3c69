"""What people decide about reports: have one made, write its words, approve, withdraw, make it anew, try again."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import Connection

from console.auth import Viewer, take_form
from console.forms import typed_fields, typed_id
from console.guard import FORM, ReaderDep
from console.pages import Pages, PagesDep
from console.report_document import Press
from console.report_pages import paper_for, show_list, show_report
from handoff import directory
from success.errors import WrongReport
from success.reports import schedule, store
from success.reports.model import OURS, Kind
from success.reports.periods import of_kind, read_day

router = APIRouter(prefix="/desk/reports")
Verb = Callable[[Connection, int, dict[str, str]], object]


@router.post("", dependencies=FORM)
async def make(request: Request, *, pages: PagesDep, viewer: ReaderDep) -> Response:
    """Have a draft made of a period that is over."""
    typed, now, by = await typed_fields(request), pages.deps.clock(), viewer.person.id

    def body(conn: Connection) -> str | None:
        asked = _asked(conn, typed)
        if asked is None:
            return "choice"
        kind, client_id, day, zone = asked
        span = of_kind(kind, day, zone)
        if span.until > now:
            return "choice"
        if store.standing(conn, kind, client_id=client_id, first_on=span.first) is not None:
            return "exists"
        if take_form(conn, typed.get("once", ""), person_id=by, now=now):
            schedule.order(conn, kind, client_id=client_id, span=span, by=by, now=now)
        return None

    problem = await pages.deps.db.write(body)
    if problem is not None:
        told = pages.say(request, f"reports.error.{problem}")
        return await show_list(request, pages, viewer, problem=told, typed=typed)
    return RedirectResponse(f"/desk/reports?{urlencode({'said': 'making'})}", 303)


@router.post("/{report_id}/words", dependencies=FORM)
async def edit(request: Request, *, pages: PagesDep, viewer: ReaderDep, report_id: int) -> Response:
    """Keep what a person wrote in place of our words; what is as we wrote it stays ours."""
    press = Press(pages.templates, pages.texts)

    def verb(conn: Connection, by: int, typed: dict[str, str]) -> object:
        del by
        paper = replace(paper_for(store.report(conn, report_id), request.state.language), words={})
        ours = {"summary": press.summary(paper), "advice": press.advice(paper)}
        words = {name: typed.get(name, "") for name in store.WORDS if _other(typed.get(name, ""), ours[name])}
        return store.edit(conn, report_id, words, edits=_edits(typed), now=pages.deps.clock())

    return await _do(request, pages, viewer, report_id, verb)


@router.post("/{report_id}/approve", dependencies=FORM)
async def approve(request: Request, *, pages: PagesDep, viewer: ReaderDep, report_id: int) -> Response:
    """Let a report go; one of ours is kept as read."""

    def verb(conn: Connection, by: int, typed: dict[str, str]) -> object:
        return store.approve(conn, report_id, edits=_edits(typed), by=by, now=pages.deps.clock())

    return await _do(request, pages, viewer, report_id, verb)


@router.post("/{report_id}/withdraw", dependencies=FORM)
async def withdraw(request: Request, *, pages: PagesDep, viewer: ReaderDep, report_id: int) -> Response:
    """Take a report back that has not left."""

    def verb(conn: Connection, by: int, typed: dict[str, str]) -> object:
        return store.withdraw(conn, report_id, by=by, why=typed.get("why", ""), now=pages.deps.clock())

    return await _do(request, pages, viewer, report_id, verb)


@router.post("/{report_id}/again", dependencies=FORM)
async def again(request: Request, *, pages: PagesDep, viewer: ReaderDep, report_id: int) -> Response:
    """Withdraw a report and have its numbers gathered anew."""
    now = pages.deps.clock()

    def verb(conn: Connection, by: int, typed: dict[str, str]) -> None:
        del typed
        old = store.withdraw(conn, report_id, by=by, why="anew", now=now)
        client = directory.client(conn, old.client_id) if old.client_id is not None else None
        zone = schedule.zone_of(conn, client)
        span = of_kind(old.kind, old.first_on, zone)
        schedule.order(conn, old.kind, client_id=old.client_id, span=span, by=by, now=now)

    return await _do(request, pages, viewer, report_id, verb, then="/desk/reports?said=making")


@router.post("/{report_id}/send", dependencies=FORM)
async def send(request: Request, *, pages: PagesDep, viewer: ReaderDep, report_id: int) -> Response:
    """Try again to send an approved report that did not leave."""

    def verb(conn: Connection, by: int, typed: dict[str, str]) -> object:
        del by, typed
        return store.resend(conn, report_id, now=pages.deps.clock())

    return await _do(request, pages, viewer, report_id, verb)


async def _do(
    request: Request, pages: Pages, viewer: Viewer, report_id: int, verb: Verb, *, then: str = ""
) -> Response:
    """One verb in one transaction, once a form; what does not work is said on the page as it now stands."""
    typed, now, by = await typed_fields(request), pages.deps.clock(), viewer.person.id

    def body(conn: Connection) -> None:
        if take_form(conn, typed.get("once", ""), person_id=by, now=now):
            verb(conn, by, typed)

    try:
        await pages.deps.db.write(body)
    except WrongReport as error:
        problem = pages.say(request, f"reports.error.{error.why}")
        return await show_report(request, pages, viewer, report_id, problem=problem)
    return RedirectResponse(then or f"/desk/reports/{report_id}", 303)


def _asked(conn: Connection, typed: dict[str, str]) -> tuple[Kind, int | None, date, Any] | None:
    """What a form asks for; None where it cannot be meant."""
    day, asked = read_day(typed.get("day", "")), typed.get("kind", "")
    if day is None or asked not in set(Kind):
        return None
    kind = Kind(asked)
    if kind in OURS:
        return kind, None, day, schedule.zone_of(conn, None)
    client = directory.client_by_slug(conn, typed.get("client", ""))
    if client is None or client.archived_at is not None:
        return None
    return kind, client.id, day, schedule.zone_of(conn, client)


def _edits(typed: dict[str, str]) -> int:
    found = typed_id(typed.get("edits", ""))
    return -1 if found is None else found


def _other(text: str, ours: str) -> bool:
    """Whether a text is another than ours, by more than how lines end."""
    return text.split() != ours.split()
