"""Pages: broadcasts as drafts, as each group will see them, approved by a lead, and how far they have come."""

from typing import Any, Final

from fastapi import APIRouter, Request, Response
from sqlalchemy import Connection

from console.auth import Viewer
from console.broadcast_words import traditional
from console.care_forms import back, known_id, many, once
from console.desk_pages import frame
from console.forms import typed_id
from console.guard import FORM, LeadDep, ReaderDep
from console.pages import Pages, PagesDep
from console.rendering import message_html
from handoff import audit, directory, sites
from handoff.kinds import Tier
from success import broadcasts
from success.broadcast_rules import LANGUAGES, Wanted, text_in
from success.broadcasts import DRAFT, LONGEST_TEXT, LONGEST_TITLE, Broadcast
from success.errors import BroadcastRefused

router = APIRouter(prefix="/desk/broadcasts")
HERE: Final = "/desk/broadcasts"


@router.get("")
async def broadcasts_page(request: Request, *, pages: PagesDep, viewer: ReaderDep) -> Response:
    """Every broadcast, and the groups that want none."""
    return await _list(request, pages, viewer)


@router.post("", dependencies=FORM)
async def write_broadcast(request: Request, *, pages: PagesDep, viewer: ReaderDep) -> Response:
    """Begin a draft."""
    return await _keep(request, pages, viewer, None)


@router.post("/readmit", dependencies=FORM)
async def readmit(request: Request, *, pages: PagesDep, viewer: ReaderDep) -> Response:
    """Broadcasts go to a group again, as it asked."""

    def change(conn: Connection, typed: dict[str, str]) -> object:
        return broadcasts.readmit(conn, typed_id(typed.get("chat", "")) or 0)

    await once(request, pages, viewer, change)
    return back(HERE)


@router.get("/new")
async def new_broadcast(request: Request, *, pages: PagesDep, viewer: ReaderDep) -> Response:
    """An empty draft."""
    return await _form(request, pages, viewer, None)


@router.get("/{broadcast_id}")
async def broadcast_page(request: Request, *, pages: PagesDep, viewer: ReaderDep, broadcast_id: str) -> Response:
    """A draft as each group will see it, and whom it reaches; or how far it has come."""
    return await _show(request, pages, viewer, known_id(broadcast_id))


@router.get("/{broadcast_id}/edit")
async def edit_broadcast(request: Request, *, pages: PagesDep, viewer: ReaderDep, broadcast_id: str) -> Response:
    """A draft's words and choices."""
    found = await _found(pages, known_id(broadcast_id))
    return await _form(request, pages, viewer, found) if found.state == DRAFT else back(f"{HERE}/{found.id}")


@router.post("/{broadcast_id}", dependencies=FORM)
async def change_broadcast(request: Request, *, pages: PagesDep, viewer: ReaderDep, broadcast_id: str) -> Response:
    """Write a draft anew."""
    return await _keep(request, pages, viewer, known_id(broadcast_id))


@router.post("/{broadcast_id}/approve", dependencies=FORM)
async def approve(request: Request, *, pages: PagesDep, viewer: LeadDep, broadcast_id: str) -> Response:
    """Send it, as it was looked at."""
    which, by, now = known_id(broadcast_id), viewer.person.id, pages.deps.clock()

    def change(conn: Connection, typed: dict[str, str]) -> object:
        reached = broadcasts.approve(conn, which, seen=typed.get("seen", ""), by=by, now=now)
        audit.tell(conn, reached=reached)
        return None

    return await _verb(request, pages, viewer, which, change)


@router.post("/{broadcast_id}/stop", dependencies=FORM)
async def stop(request: Request, *, pages: PagesDep, viewer: LeadDep, broadcast_id: str) -> Response:
    """Send it to nobody else."""
    which, by, now = known_id(broadcast_id), viewer.person.id, pages.deps.clock()
    return await _verb(request, pages, viewer, which, lambda conn, _: broadcasts.stop(conn, which, by=by, now=now))


@router.post("/{broadcast_id}/discard", dependencies=FORM)
async def discard(request: Request, *, pages: PagesDep, viewer: ReaderDep, broadcast_id: str) -> Response:
    """Throw a draft away."""
    which = known_id(broadcast_id)
    try:
        await once(request, pages, viewer, lambda conn, _: broadcasts.discard(conn, which))
    except BroadcastRefused as refused:
        return await _show(request, pages, viewer, which, problem=refused.reason)
    return back(HERE)


async def _verb(request: Request, pages: Pages, viewer: Viewer, which: int, change: Any) -> Response:
    try:
        await once(request, pages, viewer, change)
    except BroadcastRefused as refused:
        return await _show(request, pages, viewer, which, problem=refused.reason)
    return back(f"{HERE}/{which}")


async def _keep(request: Request, pages: Pages, viewer: Viewer, which: int | None) -> Response:
    by, now = viewer.person.id, pages.deps.clock()
    chosen = {name: await many(request, name) for name in Wanted.__dataclass_fields__}
    wanted = _wanted(chosen)
    typed_now: dict[str, str] = {}

    def change(conn: Connection, typed: dict[str, str]) -> object:
        typed_now.update(typed)
        texts = {tongue: typed.get(f"text_{tongue}", "") for tongue in LANGUAGES}
        at = typed.get("local_at", "") if typed.get("when") == "later" else ""
        if typed.get("when") == "later" and not at:
            raise BroadcastRefused("at")
        return broadcasts.keep(
            conn, broadcast_id=which, title=typed.get("title", ""), texts=texts, wanted=wanted,
            by_mail=bool(typed.get("by_mail")), local_at=at, by=by, now=now,
        )  # fmt: skip

    try:
        made = await once(request, pages, viewer, change)
    except BroadcastRefused as refused:
        found = None if which is None else await _found(pages, which)
        return await _form(request, pages, viewer, found, problem=refused.reason, typed=typed_now, wanted=wanted)
    return back(f"{HERE}/{made.id}" if isinstance(made, Broadcast) else HERE)


def _wanted(chosen: dict[str, tuple[str, ...]]) -> Wanted:
    """What a form chose; what is no choice is left out."""
    ids = tuple(found for found in map(typed_id, chosen.pop("clients")) if found is not None)
    tidy = {name: tuple(each[:120] for each in values if each)[:50] for name, values in chosen.items()}
    return Wanted(clients=ids, **tidy)


async def _found(pages: Pages, which: int) -> Broadcast:
    return await pages.deps.db.read(lambda conn: broadcasts.one(conn, which))


async def _list(request: Request, pages: Pages, viewer: Viewer) -> Response:
    def load(conn: Connection) -> dict[str, Any]:
        told = broadcasts.refused(conn)
        people = directory.names(conn, [who for _, theirs, ours, _ in told for who in (theirs, ours) if who])
        firms = directory.clients_of(conn, (chat.client_id for chat, *_ in told))
        return {"found": broadcasts.every(conn), "refused": told, "people": people, "firms": firms}

    shown = await frame(pages, viewer, section="care") | await pages.deps.db.read(load)
    return pages.page(request, "broadcasts.html", **shown)


async def _form(
    request: Request, pages: Pages, viewer: Viewer, found: Broadcast | None, *, problem: str | None = None,
    typed: dict[str, str] | None = None, wanted: Wanted | None = None,
) -> Response:  # fmt: skip
    def load(conn: Connection) -> dict[str, Any]:
        every = [site for site, _ in sites.every(conn)]
        kinds = {
            name: sorted({getattr(each, name) for each in every if getattr(each, name)}) for name in ("cms", "hosting")
        }
        return {"clients": directory.clients(conn), "platforms": broadcasts.platforms(conn), **kinds}

    loaded = await pages.deps.db.read(load)
    shown = await frame(pages, viewer, section="care") | loaded
    narrowed = wanted or (found.wanted if found else Wanted())
    texts = (
        {tongue: (typed or {}).get(f"text_{tongue}") for tongue in LANGUAGES}
        if typed
        else (found.texts if found else {})
    )
    shown |= {
        "problem": pages.say(request, f"broadcast.error.{problem}") if problem else None,
        "found": found,
        "title": typed.get("title", "") if typed else found.title if found else "",
        "written": texts,
        "local_at": typed.get("local_at", "") if typed else found.local_at if found else "",
        "by_mail": bool(typed.get("by_mail")) if typed else bool(found and found.by_mail),
        "wanted": narrowed,
        "platforms": sorted({*loaded["platforms"], *narrowed.platforms}),
        "tiers": list(Tier),
        "languages": LANGUAGES,
        "longest": LONGEST_TEXT,
        "longest_title": LONGEST_TITLE,
    }
    return pages.page(request, "broadcast_form.html", status=422 if problem else 200, **shown)


async def _show(request: Request, pages: Pages, viewer: Viewer, which: int, *, problem: str | None = None) -> Response:
    now = pages.deps.clock()
    found = await _found(pages, which)

    def load(conn: Connection) -> dict[str, Any]:
        reached = broadcasts.reach(conn, found, now=now) if found.state == DRAFT else ()
        places = broadcasts.places_of(conn, which) if found.state != DRAFT else ()
        chats = directory.chats_of(conn, (each.chat_id for each in places))
        names = directory.names(conn, [each for each in (found.by_id, found.approved_by, found.closed_by) if each])
        return {
            "reached": reached,
            "reached_places": places,
            "chats": chats,
            "people": names,
            "firms": directory.clients_of(conn, (each.client_id for each in places)),
        }

    shown = await frame(pages, viewer, section="care") | await pages.deps.db.read(load)
    going = [each for each in shown["reached"] if not each.left]
    tongues = sorted({each.language for each in going}) or ["zh-Hans"]
    seen = {tongue: message_html(text_in(found.texts, tongue, convert=traditional)) for tongue in tongues}
    many_in = {tongue: sum(each.language == tongue for each in going) for tongue in tongues}
    shown |= {
        "problem": pages.say(request, f"broadcast.error.{problem}") if problem else None,
        "found": found,
        "going": going,
        "left": [each for each in shown["reached"] if each.left],
        "seen": seen,
        "many_in": many_in,
        "version": broadcasts.version(found),
        "draft": found.state == DRAFT,
    }
    return pages.page(request, "broadcast.html", status=409 if problem else 200, **shown)
