"""The page behind a letter's "no more of this": one press, and for mail programs one request."""

from typing import Annotated, Any

from fastapi import APIRouter, Form, Request, Response
from starlette.exceptions import HTTPException

from console.broadcast_words import leaver
from console.pages import Pages, PagesDep
from success import mail_contacts
from success.mail_contacts import BROADCASTS, MailContact

router = APIRouter()


@router.get("/leave/{token}")
async def leave_page(request: Request, *, pages: PagesDep, token: str) -> Response:
    """Whom it is about, and a button: looking changes nothing, as programs look too."""
    contact = await _signed(pages, token)
    return _page(request, pages, contact, token)


@router.post("/leave/{token}")
async def leave(
    request: Request, *, pages: PagesDep, token: str, one_click: Annotated[str, Form(alias="List-Unsubscribe")] = ""
) -> Response:
    """Leave the list: by the page's button, or as RFC 8058 has mail programs do it; again changes nothing."""
    contact = await _signed(pages, token)
    now = pages.deps.clock()
    contact = await pages.deps.db.write(lambda conn: mail_contacts.leave(conn, contact.id, now=now))
    return Response(status_code=204) if one_click else _page(request, pages, contact, token)


async def _signed(pages: Pages, token: str) -> MailContact:
    contact_id = leaver(token, secret=pages.deps.secret)
    if contact_id is None:
        raise HTTPException(404)
    return await pages.deps.db.read(lambda conn: mail_contacts.contact(conn, contact_id))


def _page(request: Request, pages: Pages, contact: MailContact, token: str) -> Response:
    shown: dict[str, Any] = {
        "address": contact.address,
        "gone": BROADCASTS not in contact.purposes,
        "token": token,
        "home": "/",
    }
    answer = pages.page(request, "leave.html", **shown)
    answer.headers.update({"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex"})
    return answer
