"""Pages for admins: what is kept of people and how long; one person's data handed over, or erased."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Final

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import FileResponse, RedirectResponse
from sqlalchemy import Connection
from starlette.exceptions import HTTPException

from console.auth import Viewer, take_form
from console.client_frame import known_client
from console.desk_pages import frame
from console.forms import typed_id
from console.guard import FORM, AdminDep
from console.pages import Pages, PagesDep
from console.texts import LANGUAGES
from handoff import directory, people
from handoff.model import Client, Person
from success.errors import ErasureRefused
from success.privacy import ageing, consent, erasing, exporting, keeping
from success.privacy.exporting import Export

router = APIRouter()
HOME: Final = "/desk/settings/privacy"
_MONTH: Final = timedelta(days=30.5)


@router.get(HOME)
async def privacy_page(request: Request, *, pages: PagesDep, viewer: AdminDep) -> Response:
    """Copies handed over, people erased, and until when backups may hold them."""
    return await _home_page(request, pages, viewer)


@router.post(HOME + "/keep", dependencies=FORM)
async def set_rules(request: Request, *, pages: PagesDep, viewer: AdminDep) -> Response:
    """Set how long what is kept, in months; an empty field keeps it."""
    form, now, by = await request.form(), pages.deps.clock(), viewer.person.id
    typed = {name: str(form.get(name, "")).strip() for name in (*ageing.KINDS, keeping.BACKUPS)}
    wrong = [each for each in typed.values() if each and not 1 <= (typed_id(each) or 0) <= keeping.LONGEST]
    if wrong:
        return await _home_page(request, pages, viewer, problem=pages.say(request, "keep.wrong", most=keeping.LONGEST))
    if form.get("preview"):
        return await _home_page(request, pages, viewer, rules={name: typed_id(each) for name, each in typed.items()})

    def body(conn: Connection) -> None:
        if take_form(conn, str(form.get("once", "")), person_id=by, now=now):
            for name, each in typed.items():
                keeping.keep_for(conn, name, typed_id(each), by=by, now=now)

    await pages.deps.db.write(body)
    return RedirectResponse(HOME, 303)


@router.post(HOME + "/notice", dependencies=FORM)
async def publish_notice(request: Request, *, pages: PagesDep, viewer: AdminDep) -> Response:
    """Put the texts that visitors of the web chat are shown in force as a new version."""
    form, now, by = await request.form(), pages.deps.clock(), viewer.person.id
    texts = {language: str(form.get(f"text.{language}", "")) for language in LANGUAGES}

    def body(conn: Connection) -> None:
        if take_form(conn, str(form.get("once", "")), person_id=by, now=now):
            consent.publish(conn, texts, by=by, now=now)

    await pages.deps.db.write(body)
    return RedirectResponse(HOME, 303)


@router.get(HOME + "/exports/{export_id}")
async def fetch_copy(*, pages: PagesDep, viewer: AdminDep, export_id: str) -> Response:
    """One person's data, for a day after it was made."""
    del viewer
    found = await pages.deps.db.read(lambda conn: exporting.find(conn, typed_id(export_id) or 0))
    path = exporting.folder(pages.deps.files) / Path(found.file).name if found is not None and found.file else None
    if found is None or path is None or not found.good(pages.deps.clock()) or not path.is_file():
        raise HTTPException(404)
    headers = {"Cache-Control": "private, no-store"}
    return FileResponse(path, media_type="application/zip", filename=f"person-{found.person_id}.zip", headers=headers)


@router.post("/desk/clients/{slug}/people/{person_id}/export", dependencies=FORM)
async def make_copy(
    *, pages: PagesDep, viewer: AdminDep, slug: str, person_id: str, once: Annotated[str, Form()] = ""
) -> Response:
    """Have a copy of one person's data made."""
    now, by = pages.deps.clock(), viewer.person.id

    def body(conn: Connection) -> Export | None:
        who = _known(conn, slug, person_id)[1]
        return exporting.ask(conn, who.id, by=by, now=now) if take_form(conn, once, person_id=by, now=now) else None

    await pages.deps.db.write(body)
    return RedirectResponse(HOME, 303)


@router.get("/desk/clients/{slug}/people/{person_id}/erase")
async def erase_page(request: Request, *, pages: PagesDep, viewer: AdminDep, slug: str, person_id: str) -> Response:
    """How much would go, and what stays; nothing is done before the name is typed."""
    return await _ask(request, pages, viewer, slug, person_id)


@router.post("/desk/clients/{slug}/people/{person_id}/erase", dependencies=FORM)
async def erase(
    request: Request, *, pages: PagesDep, viewer: AdminDep, slug: str, person_id: str,
    typed: Annotated[str, Form()] = "", once: Annotated[str, Form()] = "",
) -> Response:  # fmt: skip
    """Erase one person, if the name was typed; the log says that it was done, not to whom."""
    now, by = pages.deps.clock(), viewer.person.id

    def body(conn: Connection) -> bool:
        client = known_client(conn, slug)
        if erasing.of_person(conn, typed_id(person_id) or 0) is not None:
            if take_form(conn, once, person_id=by, now=now):
                raise ErasureRefused("asked")
            return True
        who = _of(conn, client, person_id)
        if " ".join(typed.split()) != " ".join(who.name.split()):
            return False
        if take_form(conn, once, person_id=by, now=now):
            erasing.ask(conn, who.id, by=by, now=now)
        return True

    try:
        named = await pages.deps.db.write(body)
    except ErasureRefused:
        return await _home_page(request, pages, viewer, under_way=True)
    if not named:
        return await _ask(request, pages, viewer, slug, person_id, problem=True)
    return RedirectResponse(HOME, 303)


async def _ask(
    request: Request, pages: Pages, viewer: Viewer, slug: str, person_id: str, *, problem: bool = False
) -> Response:
    def facts(conn: Connection) -> dict[str, Any]:
        client, who = _known(conn, slug, person_id)
        return {"client": client, "who": who, "sizes": erasing.preview(conn, who.id), "months": keeping.backups(conn)}

    shown = await frame(pages, viewer, section="clients") | await pages.deps.db.read(facts) | {"problem": problem}
    return pages.page(request, "privacy_erase.html", status=422 if problem else 200, **shown)


async def _home_page(
    request: Request, pages: Pages, viewer: Viewer, *, problem: str | None = None,
    rules: Mapping[str, int | None] | None = None, under_way: bool = False,
) -> Response:  # fmt: skip
    """The page; with `rules` that were only tried, how much would go by them; `under_way`: somebody asked before."""
    now = pages.deps.clock()
    found = await pages.deps.db.read(lambda conn: _home(conn, now=now) | _rules(conn, rules, now=now))
    said = {"problem": problem, "tried": rules is not None, "under_way": under_way}
    shown = await frame(pages, viewer, section="settings") | found | said
    return pages.page(request, "privacy.html", status=422 if problem else 409 if under_way else 200, **shown)


def _rules(conn: Connection, tried: Mapping[str, int | None] | None, *, now: datetime) -> dict[str, Any]:
    held, notice = keeping.rules(conn) if tried is None else tried, consent.current(conn)
    version = max((one.version for one in notice.values()), default=0)
    return {
        "kinds": ageing.KINDS,
        "usual": keeping.USUAL,
        "rules": held,
        "due": ageing.due(conn, now=now, rules=held),
        "notice": notice,
        "notice_version": version,
        "notice_seen": consent.seen_by(conn, version),
    }


def _known(conn: Connection, slug: str, person_id: str) -> tuple[Client, Person]:
    client = known_client(conn, slug)
    return client, _of(conn, client, person_id)


def _of(conn: Connection, client: Client, person_id: str) -> Person:
    return people.of_client(conn, client.id, typed_id(person_id) or 0)


def _home(conn: Connection, *, now: datetime) -> dict[str, Any]:
    erased, copies = erasing.listed(conn), exporting.listed(conn)
    asked = [*(each.by_id for each in erased), *(each.by_id for each in copies)]
    ours = [who for who in asked if who is not None]
    names = directory.names(conn, [*ours, *(each.person_id for each in copies)])
    months = keeping.backups(conn)
    until = {each.id: each.done_at + months * _MONTH for each in erased if each.done_at is not None}
    return {"erased": erased, "copies": copies, "names": names, "until": until, "at": now, "months": months}
