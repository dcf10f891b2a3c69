"""Pages: how letters leave and what became of them; where each client's people are written to."""

from typing import Any, Final

from fastapi import APIRouter, Request, Response
from sqlalchemy import Connection

from console.auth import Viewer
from console.care_forms import back, known_id, many, once
from console.client_frame import known_client
from console.desk_pages import frame
from console.forms import typed_id
from console.guard import FORM, AdminDep, ReaderDep
from console.pages import Pages, PagesDep
from handoff import directory
from handoff.model import Client
from success import mail_contacts, mails
from success.errors import MailContactRefused
from success.mail_contacts import LANGUAGES, PURPOSES
from success.mails import FAILED, QUEUED, SENT

router = APIRouter()
SHOWN: Final = 50
HERE: Final = "/desk/settings/mail"
WHYS: Final = frozenset({"no_server", "archived", "file_gone", "unsure", "erased"})


@router.get(HERE)
async def mail_page(request: Request, *, pages: PagesDep, viewer: ReaderDep, state: str = "") -> Response:
    """The server, and the last letters."""
    return await _show(request, pages, viewer, state=state)


@router.post(f"{HERE}/test", dependencies=FORM)
async def send_test(request: Request, *, pages: PagesDep, viewer: AdminDep) -> Response:
    """Send a letter to an address of one's own, to see whether it arrives."""
    now, language = pages.deps.clock(), request.state.language

    def change(conn: Connection, typed: dict[str, str]) -> object:
        address = typed.get("address", "").strip()
        if not mails.is_address(address):
            return "address"
        told: Any = {"subject": pages.say(request, "mail.test.subject"), "text": pages.say(request, "mail.test.text")}
        mails.post(conn, address, origin=f"test:{typed.get('once', '')}", **told, language=language, now=now)
        return None

    problem = await once(request, pages, viewer, change)
    if problem:
        return await _show(request, pages, viewer, problem=pages.say(request, "mail.error.address"))
    return back(HERE)


@router.post(HERE + "/{mail_id}/again", dependencies=FORM)
async def send_again(request: Request, *, pages: PagesDep, viewer: ReaderDep, mail_id: str) -> Response:
    """Send a letter that failed once more."""
    which, now = known_id(mail_id), pages.deps.clock()
    await once(request, pages, viewer, lambda conn, _: mails.send_again(conn, which, now=now))
    return back(HERE)


@router.post("/desk/clients/{slug}/mail", dependencies=FORM)
async def keep_address(request: Request, *, pages: PagesDep, viewer: ReaderDep, slug: str) -> Response:
    """Write to an address about these things from now on."""
    by, now, purposes = viewer.person.id, pages.deps.clock(), await many(request, "purposes")

    def change(conn: Connection, typed: dict[str, str]) -> object:
        client = known_client(conn, slug)
        person = typed_id(typed.get("person", ""))
        try:
            mail_contacts.keep(
                conn, client_id=client.id, address=typed.get("address", ""), name=typed.get("name", ""),
                purposes=purposes, language=typed.get("language") or None, person_id=person, by=by, now=now,
            )  # fmt: skip
        except MailContactRefused as refused:
            return refused.reason
        return None

    problem = await once(request, pages, viewer, change)
    return back(f"/desk/clients/{slug}/people" + (f"?mail={problem}" if problem else "") + "#mail")


@router.post("/desk/clients/{slug}/mail/{contact_id}/remove", dependencies=FORM)
async def remove_address(
    request: Request, *, pages: PagesDep, viewer: ReaderDep, slug: str, contact_id: str
) -> Response:
    """Write to an address no more."""
    which = known_id(contact_id)

    def change(conn: Connection, _: dict[str, str]) -> object:
        mail_contacts.remove(conn, client_id=known_client(conn, slug).id, contact_id=which)
        return None

    await once(request, pages, viewer, change)
    return back(f"/desk/clients/{slug}/people#mail")


def of_client(conn: Connection, client: Client) -> dict[str, Any]:
    """What the client's tab of people shows (`_mail_contacts.html`)."""
    return {"mail_contacts": mail_contacts.every(conn, client.id), "purposes": PURPOSES, "mail_languages": LANGUAGES}


async def _show(
    request: Request, pages: Pages, viewer: Viewer, *, state: str = "", problem: str | None = None
) -> Response:
    chosen = state if state in mails.STATES else None

    def load(conn: Connection) -> dict[str, Any]:
        found = mails.latest(conn, state=chosen, limit=SHOWN)
        firms = directory.clients_of(conn, (each.client_id for each in found))
        return {"letters": found, "how_many": mails.counts(conn), "firms": firms}

    shown = await frame(pages, viewer, section="settings") | await pages.deps.db.read(load)
    shown |= {"problem": problem, "state": chosen or "", "states": (FAILED, QUEUED, SENT), "whys": WHYS}
    shown |= {"server": pages.deps.mail_server}
    return pages.page(request, "mail.html", status=422 if problem else 200, **shown)
