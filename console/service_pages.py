"""Pages: the contract in force as a table, a preview of what an edit would have done, and the history of versions."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import Connection

from console import contract_form
from console.auth import Viewer, take_form
from console.contract_form import Edit, document_of, field_of, fields_of
from console.desk_pages import frame
from console.forms import typed_fields
from console.guard import FORM, AdminDep, ReaderDep
from console.pages import Pages, PagesDep
from handoff import almanac, contracts, directory, review
from handoff.contracts import Adoption
from handoff.errors import Outdated, PolicyError
from handoff.hindsight import Hindsight, Move, moves, replay
from handoff.kinds import Level, Tier
from handoff.policy import Contract, parse
from handoff.review import Review

router = APIRouter(prefix="/desk/service")
PERIOD: Final = timedelta(days=30)
SHOWN_MOVES: Final = 50
SHOWN_VERSIONS: Final = 50
REASON_LENGTH: Final = 300


@dataclass(frozen=True, kw_only=True)
class Preview:
    """What a proposed contract changes, would have changed, and will move."""

    edits: tuple[Edit, ...]
    hindsight: Hindsight
    more: bool
    moves: tuple[Move, ...]


@router.get("")
async def service_page(request: Request, *, pages: PagesDep, viewer: ReaderDep, version: str = "") -> Response:
    """The contract in force; for admins as a form, filled from an earlier `version` to bring it back."""
    current = await pages.deps.db.read(lambda conn: contracts.book(conn).current)
    if not version:
        return await _show(request, pages, viewer, fields=fields_of(current.root), version=current.version)
    earlier = await pages.deps.db.read(lambda conn: contracts.version(conn, version))
    return await _previewed(request, pages, viewer, fields=fields_of(earlier.root), version=current.version)


@router.post("/preview", dependencies=FORM)
async def preview(request: Request, *, pages: PagesDep, viewer: AdminDep) -> Response:
    """What the edited contract would have done to the tickets of the last 30 days, and will do to open ones."""
    fields = await _typed(request, pages)
    return await _previewed(request, pages, viewer, fields=fields, version=fields["version"])


@router.post("/adopt", dependencies=FORM)
async def adopt(request: Request, *, pages: PagesDep, viewer: AdminDep) -> Response:
    """Put the edited contract in force, unless somebody else edited it meanwhile."""
    fields = await _typed(request, pages)
    reason, now, by = fields.get("reason", "").strip()[:REASON_LENGTH], pages.deps.clock(), viewer.person.id
    if not reason:
        problem = pages.say(request, "service.error.reason")
        return await _previewed(
            request, pages, viewer, fields=fields, version=fields.get("version", ""), problem=problem
        )

    def body(conn: Connection) -> None:
        contract = _read(conn, fields)
        if take_form(conn, fields.get("once", ""), person_id=by, now=now):
            contracts.adopt(conn, contract, by=by, reason=reason, instead_of=fields["version"], now=now)

    try:
        await pages.deps.db.write(body)
    except PolicyError as error:
        return await _refused(request, pages, viewer, fields, error)
    except Outdated as error:
        problem = pages.say(request, "service.error.outdated")
        return await _previewed(request, pages, viewer, fields=fields, version=error.version, problem=problem)
    return RedirectResponse("/desk/service/history", 303)


@router.get("/history")
async def history_page(request: Request, *, pages: PagesDep, viewer: ReaderDep) -> Response:
    """Who put which version in force, when and why, and what it changed."""

    def load(conn: Connection) -> tuple[list[dict[str, Any]], dict[int, str]]:
        rows = contracts.history(conn, limit=SHOWN_VERSIONS + 1)
        return _changes(conn, rows), directory.names(conn, [row.by_id for row in rows if row.by_id is not None])

    rows, names = await pages.deps.db.read(load)
    shown = await frame(pages, viewer, section="service") | {"rows": rows[:SHOWN_VERSIONS], "names": names}
    return pages.page(request, "service_history.html", **shown, label=_labels(request, pages))


async def _typed(request: Request, pages: Pages) -> dict[str, str]:
    current = await pages.deps.db.read(lambda conn: contracts.book(conn).current)
    return contract_form.whole(await typed_fields(request), current.root)


async def _previewed(
    request: Request, pages: Pages, viewer: Viewer, *, fields: Mapping[str, str], version: str,
    problem: str | None = None,
) -> Response:  # fmt: skip
    now = pages.deps.clock()

    def load(conn: Connection) -> tuple[Contract, Contract, Review, Review]:
        proposed, current = _read(conn, fields), contracts.book(conn).current
        past = review.since(conn, proposed, at=now - PERIOD)
        return current, proposed, past, review.unfinished(conn, proposed)

    try:
        current, proposed, past, unfinished = await pages.deps.db.read(load)
    except PolicyError as error:
        return await _refused(request, pages, viewer, fields, error)
    seen = await asyncio.to_thread(_look, current, proposed, past, unfinished, now=now)
    status = 409 if problem else 200
    return await _show(
        request, pages, viewer, fields=fields, version=version, preview=seen, problem=problem, status=status
    )


def _look(current: Contract, proposed: Contract, past: Review, unfinished: Review, *, now: datetime) -> Preview:
    return Preview(
        edits=contract_form.differences(current.root, proposed.root),
        hindsight=replay(past.histories, past.book, now=now),
        more=past.more,
        moves=tuple(moves(unfinished.histories, unfinished.book, now=now)),
    )


async def _refused(
    request: Request, pages: Pages, viewer: Viewer, fields: Mapping[str, str], error: PolicyError
) -> Response:
    where = field_of(error.where)
    problem = pages.say(request, "service.error.field", field=_label(request, pages, where), why=error.why)
    version = fields.get("version", "")
    return await _show(request, pages, viewer, fields=fields, version=version, problem=problem, wrong=where, status=422)


async def _show(
    request: Request, pages: Pages, viewer: Viewer, *, fields: Mapping[str, str], version: str,
    preview: Preview | None = None, problem: str | None = None, wrong: str = "", status: int = 200,
) -> Response:  # fmt: skip

    def load(conn: Connection) -> tuple[Adoption | None, dict[int, str], Mapping[str, str]]:
        adopted, base = contracts.in_force(conn), contracts.book(conn).current.root
        return adopted, directory.names(conn, [adopted.by_id] if adopted and adopted.by_id else []), fields_of(base)

    adopted, names, base = await pages.deps.db.read(load)
    fields = {**base, **fields}  # a form that lost some of its fields shows what holds
    shown = await frame(pages, viewer, section="service")
    shown |= {"fields": fields, "version": version, "preview": preview, "problem": problem, "wrong": wrong}
    shown |= {"adopted": adopted, "names": names, "levels": list(Level), "tiers": list(Tier)}
    shown |= {"clocks": contract_form.CLOCKS, "calendars": contract_form.calendar_names(fields)}
    shown |= {"numbers": contract_form.NUMBERS, "duties": contract_form.DUTY, "phrases": contract_form.PHRASES}
    shown |= {"label": _labels(request, pages), "shown_moves": SHOWN_MOVES, "reason": fields.get("reason", "")}
    return pages.page(request, "service.html", status=status, **shown)


def _read(conn: Connection, fields: Mapping[str, str]) -> Contract:
    base = contracts.book(conn).current.root
    return parse(document_of(fields, base), holidays=almanac.known(conn))


def _changes(conn: Connection, rows: tuple[Adoption, ...]) -> list[dict[str, Any]]:
    """Each adoption with what it changed against the one before it."""
    found = []
    for row, before in zip(rows, [*rows[1:], None], strict=True):
        new = contracts.version(conn, row.version)
        old = contracts.version(conn, before.version) if before else None
        edits = contract_form.differences(old.root, new.root) if old else ()
        tables = old is not None and old.document.get("holidays") != new.document.get("holidays")
        found.append({"adoption": row, "edits": edits, "first": old is None, "holidays": tables})
    return found


def _labels(request: Request, pages: Pages) -> Any:
    return lambda path: _label(request, pages, path)


def _label(request: Request, pages: Pages, path: str) -> str:
    """A field's path in the reader's words."""
    group, *rest = path.split(".")
    named = [(f"service.{group}", group), *((f"service.part.{part}", part) for part in rest)]
    if group == "targets":
        named = [(f"{family}.{part}", part) for family, part in zip(("level", "tier", "clock"), rest, strict=False)]
    texts, language = pages.texts, request.state.language
    return " · ".join(texts.say(key, language) if texts.has(key) else plain for key, plain in named)
