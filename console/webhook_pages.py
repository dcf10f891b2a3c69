"""Pages for admins: where the desk's events go, and how each delivery went."""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import Connection
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException

from console.auth import Viewer, take_form
from console.desk_pages import frame
from console.forms import typed_id
from console.guard import FORM, AdminDep
from console.pages import Pages, PagesDep
from handoff import directory, webhook_log, webhooks
from handoff.errors import NotFound
from handoff.webhook_log import DeliveryState
from handoff.webhooks import ALL, MOST, NAME_LENGTH, Endpoint
from success.addresses import AddressError

router = APIRouter(prefix="/desk/settings/webhooks")
SHOWN: Final = 50
USUAL: Final = frozenset({"ticket.opened", "ticket.claimed", "ticket.replied", "ticket.resolved", "ticket.reopened"})
SINCE: Final = {"1": timedelta(days=1), "3": timedelta(days=3), "30": timedelta(days=30)}


@dataclass(frozen=True, kw_only=True)
class _Draft:
    name: str = ""
    url: str = ""
    types: frozenset[str] = USUAL
    client: str = ""
    texts: bool = False


@router.get("")
async def webhooks_page(request: Request, *, pages: PagesDep, viewer: AdminDep) -> Response:
    """Every endpoint."""
    return await _list(request, pages, viewer)


@router.post("", dependencies=FORM)
async def add_webhook(request: Request, *, pages: PagesDep, viewer: AdminDep) -> Response:
    """Add an endpoint; its page shows the secret that signs."""
    form = await request.form()
    draft, once = _typed(form), str(form.get("once", ""))
    problem = _wrong(pages, draft)
    if problem:
        return await _list(request, pages, viewer, problem=problem, draft=draft)
    now, by = pages.deps.clock(), viewer.person.id

    def body(conn: Connection) -> Endpoint | None:
        if not take_form(conn, once, person_id=by, now=now):
            return None
        if len(webhooks.every(conn)) >= MOST:
            raise NotFound("room", MOST)
        return webhooks.make(
            conn, name=draft.name, url=draft.url, types=draft.types, client_id=_client(draft), texts=draft.texts,
            by=by, now=now,
        )  # fmt: skip

    try:
        made = await pages.deps.db.write(body)
    except NotFound as error:
        key = "webhooks.error.many" if error.what == "room" else "webhooks.error.choice"
        return await _list(request, pages, viewer, problem=key, draft=draft)
    return _to(made.id if made else None)


@router.get("/{endpoint_id}")
async def webhook_page(
    request: Request, *, pages: PagesDep, viewer: AdminDep, endpoint_id: str, state: str = "", before: str = ""
) -> Response:
    """One endpoint: what it hears of, its secret, and the log of its deliveries."""
    return await _show(request, pages, viewer, endpoint_id, state=state, before=before)


@router.post("/{endpoint_id}", dependencies=FORM)
async def change_webhook(request: Request, *, pages: PagesDep, viewer: AdminDep, endpoint_id: str) -> Response:
    """Change what an endpoint hears of, and where."""
    which, draft = _id(endpoint_id), _typed(await request.form())
    problem = _wrong(pages, draft)
    if problem:
        return await _show(request, pages, viewer, endpoint_id, problem=problem, draft=draft)

    def body(conn: Connection) -> Endpoint:
        return webhooks.change(
            conn, which, name=draft.name, url=draft.url, types=draft.types, client_id=_client(draft), texts=draft.texts
        )

    return await _done(request, pages, viewer, endpoint_id, body)


@router.post("/{endpoint_id}/{verb}", dependencies=FORM)
async def do_with_webhook(
    request: Request, *, pages: PagesDep, viewer: AdminDep, endpoint_id: str, verb: str
) -> Response:
    """On, off, a new secret, away; send one delivery again, or all that failed since."""
    which, now, form = _id(endpoint_id), pages.deps.clock(), await request.form()
    once, by = str(form.get("once", "")), viewer.person.id

    def body(conn: Connection) -> object:
        if not take_form(conn, once, person_id=by, now=now):
            return None
        webhooks.endpoint(conn, which)
        match verb:
            case "on" | "off":
                return webhooks.switch(conn, which, on=verb == "on")
            case "rotate":
                return webhooks.rotate(conn, which, now=now)
            case "remove":
                webhooks.remove(conn, which, now=now)
                return None
            case "resend":
                return _resend(conn, which, form, now=now)
        raise NotFound("webhook", verb)

    answer = await _done(request, pages, viewer, endpoint_id, body)
    return _to(None) if verb == "remove" and answer.status_code == 303 else answer  # noqa: PLR2004 -- HTTP's


def _resend(conn: Connection, which: int, form: FormData, *, now: Any) -> object:
    one = typed_id(str(form.get("delivery", "")))
    if one is None:
        since = now - SINCE.get(str(form.get("since", "")), SINCE["3"])
        return webhook_log.send_failed_again(conn, which, since=since, now=now)
    if webhook_log.delivery(conn, one).endpoint_id != which:
        raise NotFound("delivery", one)
    return webhook_log.send_again(conn, one, now=now)


async def _done(request: Request, pages: Pages, viewer: Viewer, endpoint_id: str, body: Any) -> Response:
    try:
        await pages.deps.db.write(body)
    except NotFound as error:
        if error.what in {"webhook", "delivery"}:
            raise HTTPException(404) from None
        return await _show(request, pages, viewer, endpoint_id, problem="webhooks.error.choice")
    return _to(_id(endpoint_id))


async def _list(
    request: Request, pages: Pages, viewer: Viewer, *, problem: str | None = None, draft: _Draft | None = None
) -> Response:
    def load(conn: Connection) -> dict[str, Any]:
        return {"endpoints": webhooks.every(conn), "clients": directory.clients(conn)}

    shown = await frame(pages, viewer, section="settings") | await pages.deps.db.read(load)
    shown |= {"problem": pages.say(request, problem) if problem else None, "draft": draft or _Draft(), "types": ALL}
    shown["firms"] = {client.id: client.name for client in shown["clients"]}
    return pages.page(request, "webhooks.html", status=422 if problem else 200, **shown)


async def _show(
    request: Request, pages: Pages, viewer: Viewer, endpoint_id: str, *, state: str = "", before: str = "",
    problem: str | None = None, draft: _Draft | None = None,
) -> Response:  # fmt: skip
    which, now = _id(endpoint_id), pages.deps.clock()
    chosen = DeliveryState(state) if state in set(DeliveryState) else None

    def load(conn: Connection) -> dict[str, Any]:
        endpoint = webhooks.endpoint(conn, which)
        found = webhook_log.recent(conn, which, state=chosen, before_id=typed_id(before), limit=SHOWN + 1)
        tried = webhook_log.tries(conn, [each.id for each in found])
        return {"endpoint": endpoint, "found": found, "tried": tried, "clients": directory.clients(conn)}

    loaded = await pages.deps.db.read(load)
    endpoint: Endpoint = loaded["endpoint"]
    found = loaded.pop("found")
    shown = await frame(pages, viewer, section="settings") | loaded
    shown |= {
        "problem": pages.say(request, problem) if problem else None,
        "draft": draft or _of(endpoint),
        "types": ALL,
    }
    shown |= {"deliveries": found[:SHOWN], "older": found[SHOWN - 1].id if len(found) > SHOWN else None}
    shown |= {"state": chosen or "", "states": list(DeliveryState), "since": list(SINCE)}
    both = len(endpoint.signing(now)) > 1
    answer = pages.page(request, "webhook.html", status=422 if problem else 200, **shown, both=both)
    answer.headers["Referrer-Policy"] = "no-referrer"
    return answer


def _typed(form: FormData) -> _Draft:
    def text(name: str) -> str:
        return str(form.get(name, "")).strip()

    types = frozenset(str(value) for value in form.getlist("types"))
    draft = _Draft(name=" ".join(text("name").split()), url=text("url"), types=types, texts=bool(text("texts")))
    return replace(draft, client=text("client"))


def _of(endpoint: Endpoint) -> _Draft:
    client = str(endpoint.client_id or "")
    return _Draft(name=endpoint.name, url=endpoint.url, types=endpoint.types, client=client, texts=endpoint.texts)


def _wrong(pages: Pages, draft: _Draft) -> str | None:
    """The text of what is wrong with a draft."""
    if not draft.name or len(draft.name) > NAME_LENGTH:
        return "webhooks.error.name"
    if not draft.types or draft.types - set(ALL):
        return "webhooks.error.types"
    try:
        pages.deps.outgoing.check(draft.url)
    except AddressError:
        return "webhooks.error.url"
    return "webhooks.error.choice" if draft.client and typed_id(draft.client) is None else None


def _client(draft: _Draft) -> int | None:
    return typed_id(draft.client) if draft.client else None


def _id(text: str) -> int:
    found = typed_id(text)
    if found is None:
        raise HTTPException(404)
    return found


def _to(endpoint_id: int | None) -> Response:
    return RedirectResponse("/desk/settings/webhooks" + (f"/{endpoint_id}" if endpoint_id else ""), 303)
