"""Pages: macros. Everybody keeps their own; leads and admins keep those of everybody."""

from dataclasses import asdict
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import Connection
from starlette.exceptions import HTTPException

from console.auth import Viewer, take_form
from console.desk_pages import frame
from console.forms import typed_fields, typed_id
from console.guard import FORM, ViewerDep
from console.pages import Pages, PagesDep
from handoff import macro_store
from handoff.kinds import Level
from handoff.macros import ACTIONS, LANGUAGES, PLACEHOLDERS, Macro, MacroError, fill, may_change, may_share, read_draft

router = APIRouter(prefix="/desk/settings/macros")
_HOME: Final = "/desk/settings/macros"


@router.get("")
async def macros_page(request: Request, *, pages: PagesDep, viewer: ViewerDep) -> Response:
    """Everybody's macros and one's own, with a form for a new one."""
    return await _list(request, pages, viewer)


@router.post("", dependencies=FORM)
async def add_macro(request: Request, *, pages: PagesDep, viewer: ViewerDep) -> Response:
    """Keep a new macro, or show how it would read."""
    typed, now = await typed_fields(request), pages.deps.clock()

    def body(conn: Connection) -> None:
        draft = read_draft(typed, by=viewer.person)
        if take_form(conn, typed.get("once", ""), person_id=viewer.person.id, now=now):
            macro_store.create(conn, draft, by=viewer.person, now=now)

    if typed.get("preview"):
        return await _list(request, pages, viewer, typed=typed)
    try:
        await pages.deps.db.write(body)
    except MacroError as error:
        return await _list(request, pages, viewer, typed=typed, error=error)
    return RedirectResponse(_HOME, 303)


@router.get("/{macro_id}")
async def macro_page(request: Request, *, pages: PagesDep, viewer: ViewerDep, macro_id: str) -> Response:
    """One macro, to be changed."""
    return await _one(request, pages, viewer, macro_id)


@router.post("/{macro_id}", dependencies=FORM)
async def change_macro(request: Request, *, pages: PagesDep, viewer: ViewerDep, macro_id: str) -> Response:
    """Change a macro; one that a colleague changed meanwhile is not overwritten."""
    typed, now, which = await typed_fields(request), pages.deps.clock(), _id(macro_id)

    def body(conn: Connection) -> None:
        draft = read_draft(typed, by=viewer.person)
        if take_form(conn, typed.get("once", ""), person_id=viewer.person.id, now=now):
            version = typed_id(typed.get("version", "")) or 0
            macro_store.change(conn, which, draft, version=version, by=viewer.person, now=now)

    if typed.get("preview"):
        return await _one(request, pages, viewer, macro_id, typed=typed)
    try:
        await pages.deps.db.write(body)
    except MacroError as error:
        return await _one(request, pages, viewer, macro_id, typed=typed, error=error)
    return RedirectResponse(_HOME, 303)


@router.post("/{macro_id}/{verb}", dependencies=FORM)
async def move_macro(request: Request, *, pages: PagesDep, viewer: ViewerDep, macro_id: str, verb: str) -> Response:
    """Up, down, or delete."""
    typed, now, which = await typed_fields(request), pages.deps.clock(), _id(macro_id)
    if verb not in {"up", "down", "delete"}:
        raise HTTPException(404)

    def body(conn: Connection) -> None:
        if not take_form(conn, typed.get("once", ""), person_id=viewer.person.id, now=now):
            return
        if verb == "delete":
            macro_store.remove(conn, which, by=viewer.person)
        else:
            macro_store.move(conn, which, up=verb == "up", by=viewer.person)

    await pages.deps.db.write(body)
    return RedirectResponse(_HOME, 303)


async def _list(
    request: Request, pages: Pages, viewer: Viewer, *,
    typed: dict[str, str] | None = None, error: MacroError | None = None,
) -> Response:  # fmt: skip
    found = await pages.deps.db.read(lambda conn: macro_store.visible(conn, viewer.person.id))
    shown = await frame(pages, viewer, section="settings") | _form(request, pages, viewer, typed or {}, error)
    mine = {macro.id for macro in found if may_change(macro, viewer.person)}
    shown |= {"macros": found, "changeable": mine, "macro": None}
    return pages.page(request, "macros.html", status=422 if error else 200, **shown)


async def _one(
    request: Request, pages: Pages, viewer: Viewer, macro_id: str, *,
    typed: dict[str, str] | None = None, error: MacroError | None = None,
) -> Response:  # fmt: skip
    def load(conn: Connection) -> Macro:
        return macro_store.find(conn, _id(macro_id), person_id=viewer.person.id)

    found = await pages.deps.db.read(load)
    if not may_change(found, viewer.person):
        raise HTTPException(404)
    values = typed if typed is not None else _typed(found)
    shown = await frame(pages, viewer, section="settings") | _form(request, pages, viewer, values, error)
    status = 200 if error is None else 409 if error.why == "stale" else 422
    return pages.page(request, "macro.html", status=status, **shown, macro=found)


def _form(
    request: Request, pages: Pages, viewer: Viewer, typed: dict[str, str], error: MacroError | None
) -> dict[str, Any]:
    problem = pages.say(request, f"macro.error.{error.why}", what=error.what) if error else None
    sample = {name: pages.say(request, f"macro.sample.{name}") for name in PLACEHOLDERS}
    texts = {tag: typed.get(f"text-{tag}", "") for tag in LANGUAGES}
    shown = {tag: fill(text, sample) for tag, text in texts.items() if text} if typed.get("preview") else {}
    values = {name: typed.get(name, "") for name in ("name", "then", "level", "shared")}
    return {
        "typed": values, "typed_texts": texts, "preview": shown, "problem": problem, "actions": ACTIONS,
        "levels": list(Level), "placeholders": PLACEHOLDERS, "may_share": may_share(viewer.person.role),
    }  # fmt: skip


def _typed(macro: Macro) -> dict[str, str]:
    kept = {name: str(value or "") for name, value in asdict(macro).items()}
    texts = {f"text-{tag}": text for tag, text in macro.texts.items()}
    return kept | texts | {"shared": "1" if macro.shared else ""}


def _id(text: str) -> int:
    found = typed_id(text)
    if found is None:
        raise HTTPException(404)
    return found
