"""Page: looking for tickets by what was said in them. A ticket's number leads straight to it."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Annotated, Any, Final, get_args
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import Connection

from console.desk_pages import frame
from console.forms import typed_id
from console.guard import ViewerDep
from console.pages import PagesDep
from handoff import board, directory
from handoff.model import Client, Ticket
from handoff.search import LONGEST_QUERY, Asked, Order, Results, States, search

router = APIRouter(prefix="/desk")
STATES: Final[tuple[str, ...]] = get_args(States)[1:]
ORDERS: Final[tuple[Order, ...]] = get_args(Order)
PERIODS: Final[Mapping[str, timedelta]] = {str(days): timedelta(days=days) for days in (1, 7, 30, 90, 365)}
_NUMBER: Final = re.compile(r"[Tt]-?[0-9]{1,18}")
_DIGITS: Final = re.compile(r"[0-9]{4,18}")
_LIVE: Final = "x-live"


@router.get("/search")
async def search_page(
    request: Request, *, pages: PagesDep, viewer: ViewerDep,
    q: str = "", client: str = "", state: str = "", since: str = "", order: str = "",
    cursor: Annotated[str, Query(max_length=200)] = "",
) -> Response:  # fmt: skip
    """The tickets in which the words were said, with the messages that hold them."""
    now = pages.deps.clock()
    q = q.strip()
    typed = unicodedata.normalize("NFKC", q)
    asked = _asked(q, client, state, order)
    if since in PERIODS:
        asked = replace(asked, since=now - PERIODS[since])

    def load(conn: Connection) -> tuple[Ticket | None, tuple[Client, ...], Results]:
        could_be = _NUMBER.fullmatch(typed) or _DIGITS.fullmatch(typed)
        numbered = board.ticket_by_number(conn, typed) if could_be else None
        return numbered, directory.clients(conn), search(conn, asked, cursor=cursor, now=now)

    if _LIVE in request.headers:  # only the frame follows what happens: what was found stays
        return pages.page(request, "search.html", **await frame(pages, viewer, section="search"), results=None)
    numbered, clients, results = await pages.deps.db.read(load)
    if numbered is not None and _NUMBER.fullmatch(typed):
        return RedirectResponse(f"/desk/t/{quote(numbered.number)}", 303)
    chosen = {"q": q, "client": client, "state": asked.state, "since": since if since in PERIODS else ""}
    chosen |= {"order": asked.order if asked.order != ORDERS[0] else ""}
    shown: dict[str, Any] = {
        "results": results,
        "clients": clients,
        "numbered": numbered,
        "chosen": chosen,
        "cursor": cursor,
    }
    shown |= {"states": STATES, "periods": tuple(PERIODS), "orders": ORDERS, "longest": LONGEST_QUERY}
    shown |= {"filtered": bool(chosen["client"] or chosen["state"] or chosen["since"]), "link": _link}
    return pages.page(request, "search.html", **await frame(pages, viewer, section="search"), **shown)


def _asked(q: str, client: str, state: str, order: str) -> Asked:
    """What was asked for, as far as it can be meant."""
    chosen: Order = next((name for name in ORDERS if name == order), ORDERS[0])
    return Asked(text=q, client_id=typed_id(client), state=state if state in STATES else "", order=chosen)


def _link(chosen: Mapping[str, str], **other: str) -> str:
    """The address of the same search with something else."""
    return "/desk/search?" + urlencode({name: value for name, value in {**chosen, **other}.items() if value})
