"""Pages: a client's people - what they are called, which accounts are theirs, what they may decide; and its history."""

from typing import Any, Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import Connection

from console import mail_pages, progress_words
from console.auth import Viewer, take_form
from console.client_frame import change_or_show, known_client, show_tab
from console.forms import typed_fields, typed_id
from console.guard import FORM, AdminDep, ReaderDep
from console.pages import Pages, PagesDep
from console.site_pages import reader
from handoff import accounts, archive, board, directory, people
from handoff.errors import EmptyText, HandoffError, NotOnePerson, StillOpen
from handoff.model import Client
from success.people import NAMED

router = APIRouter(prefix="/desk/clients/{slug}")
_PEOPLE: Final = "people"
_HISTORY: Final = "history"
_TICKETS: Final = 200


@router.get("/people")
async def people_page(request: Request, *, pages: PagesDep, viewer: ReaderDep, slug: str) -> Response:
    """Who writes for the client, on which platforms, since when, and what each may decide."""
    return await show_tab(request, pages, viewer, slug, tab=_PEOPLE, load=_people)


@router.post("/people/name", dependencies=FORM)
async def rename(request: Request, *, pages: PagesDep, viewer: ReaderDep, slug: str) -> Response:
    """Call somebody by another name."""

    def change(conn: Connection, client: Client, typed: dict[str, str], by: int) -> None:  # noqa: ARG001
        who = typed_id(typed.get("person", "")) or 0
        people.rename(conn, client_id=client.id, person_id=who, name=typed.get("name", ""))

    return await _change(request, pages, viewer, slug, change)


@router.post("/people/merge", dependencies=FORM)
async def merge(request: Request, *, pages: PagesDep, viewer: ReaderDep, slug: str) -> Response:
    """Make two records one person's."""

    def change(conn: Connection, client: Client, typed: dict[str, str], by: int) -> None:
        keep, gone = (typed_id(typed.get(name, "")) or 0 for name in ("keep", "gone"))
        now = pages.deps.clock()
        people.merge(conn, client_id=client.id, keep=keep, gone=gone, also=NAMED, by=by, now=now)

    return await _change(request, pages, viewer, slug, change)


@router.get("/history")
async def history_page(request: Request, *, pages: PagesDep, viewer: ReaderDep, slug: str) -> Response:
    """All tickets of the client, and how its agreements changed."""
    return await show_tab(request, pages, viewer, slug, tab=_HISTORY, load=_history(request, pages))


@router.post("/archive", dependencies=FORM)
async def put_away(request: Request, *, pages: PagesDep, viewer: AdminDep, slug: str) -> Response:
    """Archive the client; refused, with the list, while tickets are open."""
    typed, now, by = await typed_fields(request), pages.deps.clock(), viewer.person.id

    def body(conn: Connection) -> None:
        client = known_client(conn, slug)
        if take_form(conn, typed.get("once", ""), person_id=by, now=now):
            archive.archive(conn, client.id, by=by, now=now)

    try:
        await pages.deps.db.write(body)
    except StillOpen as error:
        problem = pages.say(request, "archive.still_open", numbers=", ".join(error.numbers))
        load = _history(request, pages)
        return await show_tab(request, pages, viewer, slug, tab=_HISTORY, load=load, problem=problem)
    return RedirectResponse("/desk/clients?archived=1", 303)


@router.post("/restore", dependencies=FORM)
async def bring_back(request: Request, *, pages: PagesDep, viewer: AdminDep, slug: str) -> Response:
    """Serve an archived client again."""
    typed, now, by = await typed_fields(request), pages.deps.clock(), viewer.person.id

    def body(conn: Connection) -> None:
        client = known_client(conn, slug)
        if take_form(conn, typed.get("once", ""), person_id=by, now=now):
            archive.restore(conn, client.id)

    await pages.deps.db.write(body)
    return RedirectResponse(f"/desk/clients/{slug}", 303)


async def _change(request: Request, pages: Pages, viewer: Viewer, slug: str, change: Any) -> Response:
    def words(error: HandoffError) -> str:
        match error:
            case EmptyText():
                return pages.say(request, "people_of.error.name")
            case NotOnePerson():
                return pages.say(request, "people_of.error.itself")
        return pages.say(request, "people_of.error.gone")

    return await change_or_show(request, pages, viewer, slug, tab=_PEOPLE, load=_people, change=change, words=words)


def _people(conn: Connection, client: Client) -> dict[str, Any]:
    found = accounts.contacts(conn, client.id)
    ids = [person.id for person, _ in found]
    theirs = {who: directory.accounts(conn, who) for who in ids}
    return {
        "people": found,
        "accounts": theirs,
        "spoken": people.spoken(conn, ids),
        "powers": accounts.POWERS,
    } | mail_pages.of_client(conn, client)


def _history(request: Request, pages: Pages) -> Any:
    who = reader(request, pages)

    def load(conn: Connection, client: Client) -> dict[str, Any]:
        every = accounts.agreements(conn, client.id, replaced=True)
        tickets = board.tickets_of_client(conn, client.id, limit=_TICKETS)
        names = {person.id: person.name for person in directory.staff(conn)}
        shown: dict[str, Any] = {"tickets": tickets, "agreements": tuple(reversed(every)), "names": names}
        return shown | {"most": _TICKETS, "reader": who, "words": progress_words}

    return load
