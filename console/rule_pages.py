"""Pages: the rules in force and what they did; for admins writing them, trying them on what happened, publishing."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel
from sqlalchemy import Connection

from console import rule_words
from console.auth import Viewer, take_form
from console.desk_pages import frame
from console.forms import typed_fields, typed_id
from console.guard import FORM, AdminDep, ReaderDep
from console.pages import Pages, PagesDep
from handoff import directory
from handoff.errors import NotFound
from success import rule_book, rule_engine, rules
from success.incident_errors import Problem, RulesBroken
from success.rule_deciding import Seen, dry_run, with_causes
from success.rule_model import Happens, Rule, Step
from success.rule_reading import LONGEST, read
from success.rule_trying import endings

router = APIRouter(prefix="/desk/rules")
DAYS: Final = {"1": timedelta(days=1), "7": timedelta(days=7), "30": timedelta(days=30), "90": timedelta(days=90)}
MOST_SHOWN: Final = 100


@router.get("")
async def rules_page(request: Request, *, pages: PagesDep, viewer: ReaderDep, rule: str = "") -> Response:
    """The rules in force, and what they did last, with why."""
    language = request.state.language

    def load(conn: Connection) -> dict[str, Any]:
        version, book = rule_book.in_force(conn)
        stops = rule_book.stopped(conn)
        known = {each.key: each for each in book.rules}
        fired = rule_engine.of_rule(conn, rule if rule in known else None)
        done = [
            (firing, seen, rule_words.results(firing, known.get(firing.rule), pages.texts, language))
            for firing, seen in fired
        ]
        listed = [rule_words.shown(each, stops, pages.texts, language) for each in book.rules]
        return {"version": version, "listed": listed, "fired": done, "waiting": rules.waiting(conn)}

    shown = await frame(pages, viewer, section="care") | await pages.deps.db.read(load)
    return pages.page(request, "rules.html", **shown, chosen=rule)


@router.get("/edit")
async def edit_page(request: Request, *, pages: PagesDep, viewer: AdminDep, version: str = "") -> Response:
    """The rules as they are written: those in force, or another version."""
    which = typed_id(version)

    def load(conn: Connection) -> str:
        return (rule_book.version(conn, which) if which is not None else rule_book.in_force(conn)[0]).source

    source = await pages.deps.db.read(load)
    return await _edit(request, pages, viewer, source)


@router.post("/edit", dependencies=FORM)
async def keep_rules(request: Request, *, pages: PagesDep, viewer: AdminDep) -> Response:
    """Keep a version; it is not in force by that."""
    typed, now, by = await typed_fields(request), pages.deps.clock(), viewer.person.id
    source = _source(typed)

    def body(conn: Connection) -> None:
        if take_form(conn, typed.get("once", ""), person_id=by, now=now):
            rule_book.keep(conn, source, by=by, now=now)

    try:
        await pages.deps.db.write(body)
    except RulesBroken as broken:
        return await _edit(request, pages, viewer, source, problems=broken.problems)
    return RedirectResponse("/desk/rules/edit#versions", 303)


@router.post("/try", dependencies=FORM)
async def try_rules(request: Request, *, pages: PagesDep, viewer: AdminDep) -> Response:
    """What these rules would have done on what happened in the last days; nothing is done."""
    typed = await typed_fields(request)
    source, days = _source(typed), typed.get("days", "7")
    start = pages.deps.clock() - DAYS.get(days, DAYS["7"])
    try:
        book = read(source)
    except RulesBroken as broken:
        return await _edit(request, pages, viewer, source, problems=broken.problems, days=days)

    def load(conn: Connection) -> tuple[tuple[Seen, ...], Callable[[Seen, datetime], bool]]:
        found = with_causes(rules.since(conn, start))
        return found, endings(conn, found)

    events, over = await pages.deps.db.read(load)
    would = await asyncio.to_thread(partial(dry_run, book, events, over=over))
    kinds = {kind: sum(1 for each in events if each.kind is kind) for kind in Happens}
    tried = {"would": would[-MOST_SHOWN:], "events": len(events), "many": len(would), "kinds": kinds}
    return await _edit(request, pages, viewer, source, tried=tried, days=days)


@router.post("/versions/{version}/publish", dependencies=FORM)
async def publish_rules(request: Request, *, pages: PagesDep, viewer: AdminDep, version: str) -> Response:
    """Put a version in force."""
    typed, now, by = await typed_fields(request), pages.deps.clock(), viewer.person.id
    which = typed_id(version)

    def body(conn: Connection) -> None:
        if which is None:
            raise NotFound("rules", version)
        if take_form(conn, typed.get("once", ""), person_id=by, now=now):
            rule_book.publish(conn, which, by=by, now=now)

    try:
        await pages.deps.db.write(body)
    except RulesBroken as broken:
        source = await pages.deps.db.read(lambda conn: rule_book.version(conn, which or 0).source)
        return await _edit(request, pages, viewer, source, problems=broken.problems)
    return RedirectResponse("/desk/rules", 303)


@router.post("/{key}/resume", dependencies=FORM)
async def resume_rule(request: Request, *, pages: PagesDep, viewer: AdminDep, key: str) -> Response:
    """Let a rule run again that the guard has stopped."""
    del request, viewer
    await pages.deps.db.write(lambda conn: rule_book.resume(conn, key))
    return RedirectResponse("/desk/rules", 303)


async def _edit(
    request: Request, pages: Pages, viewer: Viewer, source: str, *,
    problems: tuple[Problem, ...] = (), tried: dict[str, Any] | None = None, days: str = "7",
) -> Response:  # fmt: skip
    def load(conn: Connection) -> dict[str, Any]:
        kept = rule_book.versions(conn)
        people = {who for each in kept for who in (each.by_id, each.published_by) if who is not None}
        return {
            "versions": kept, "in_force": rule_book.in_force(conn)[0].id,
            "names": directory.names(conn, sorted(people)),
        }  # fmt: skip

    shown = await frame(pages, viewer, section="care") | await pages.deps.db.read(load)
    shown |= {"source": source, "problems": problems, "tried": tried, "days": days, "all_days": list(DAYS)}
    shown |= {"kinds": list(Happens), "longest": LONGEST}
    shown |= {"names_when": _fields(Rule, but=("key", "name", "on", "then")), "names_then": _fields(Step)}
    return pages.page(request, "rules_edit.html", status=422 if problems else 200, **shown)


def _fields(model: type[BaseModel], *, but: tuple[str, ...] = ()) -> str:
    """What may be written there, as it is typed."""
    return ", ".join(facts.alias or name for name, facts in model.model_fields.items() if name not in but)


def _source(typed: dict[str, str]) -> str:
    return typed.get("source", "").replace("\r\n", "\n")
