"""Alerts in: what an Alertmanager posts to; the page with its tokens and the addresses that rules may call."""

from typing import Any, Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse, RedirectResponse
from sqlalchemy import Connection
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from console.auth import Viewer, take_form
from console.desk_pages import frame
from console.forms import typed_fields, typed_id
from console.guard import FORM, AdminDep
from console.pages import Pages, PagesDep
from success import alert_tokens, alerts, hooks, rule_causes
from success.alert_rules import parse
from success.alert_tokens import AlertToken
from success.alerts import Received
from success.incident_errors import AlertUnreadable, HookRefused

router = APIRouter()
PATH: Final = "/hooks/alertmanager"
BODY_LIMIT: Final = 8 * 1024 * 1024
HERE: Final = "/desk/settings/alerts"
_CHALLENGE: Final = {"WWW-Authenticate": 'Bearer realm="alerts", Basic realm="alerts"'}


@router.post(PATH)
async def receive(request: Request, *, pages: PagesDep) -> Response:
    """What Alertmanager posts: answered once it is kept. 401 without a token that holds, 400 says what is wrong."""
    secret = alert_tokens.secret_in(request.headers.get("authorization", ""))
    token = await pages.deps.db.read(lambda conn: alert_tokens.known(conn, secret)) if secret else None
    if token is None:
        return JSONResponse({"error": "no valid token"}, status_code=401, headers=_CHALLENGE)
    try:
        posted = parse(await request.body())
    except ClientDisconnect:
        return JSONResponse({"error": "too large"}, status_code=413)
    except AlertUnreadable as error:
        return JSONResponse({"error": str(error), "field": error.where, "why": error.why}, status_code=400)
    now, known = pages.deps.clock(), token

    def body(conn: Connection) -> Received:
        alert_tokens.used(conn, known, now=now)
        return rule_causes.alerts_came(conn, posted, now=now)

    brought = await pages.deps.db.write(body)
    return JSONResponse({"new": len(brought.fresh), "resolved": len(brought.over), "known": brought.known})


@router.get(HERE)
async def alerts_page(request: Request, *, pages: PagesDep, viewer: AdminDep) -> Response:
    """Tokens, addresses to call, and what came in last."""
    return await _show(request, pages, viewer)


@router.post(f"{HERE}/tokens", dependencies=FORM)
async def make_token(request: Request, *, pages: PagesDep, viewer: AdminDep) -> Response:
    """Make a token and show it, this once."""
    typed, now, by = await typed_fields(request), pages.deps.clock(), viewer.person.id

    def body(conn: Connection) -> tuple[AlertToken, str] | None:
        if not take_form(conn, typed.get("once", ""), person_id=by, now=now):
            return None
        return alert_tokens.make(conn, name=typed.get("name", ""), by=by, now=now)

    try:
        made = await pages.deps.db.write(body)
    except HookRefused as error:
        return await _show(request, pages, viewer, problem=f"alerts.error.{error.why}")
    return await _show(request, pages, viewer, made=made)


@router.post(f"{HERE}/tokens/{{token_id}}/revoke", dependencies=FORM)
async def revoke_token(request: Request, *, pages: PagesDep, viewer: AdminDep, token_id: str) -> Response:
    """End a token at once."""
    del request
    which, now, by = _id(token_id), pages.deps.clock(), viewer.person.id
    return await _gone(pages, lambda conn: alert_tokens.revoke(conn, which, by=by, now=now))


@router.post(f"{HERE}/hooks", dependencies=FORM)
async def keep_hook(request: Request, *, pages: PagesDep, viewer: AdminDep) -> Response:
    """Keep an address that rules and campaigns may call."""
    typed, now, by = await typed_fields(request), pages.deps.clock(), viewer.person.id

    def body(conn: Connection) -> None:
        if take_form(conn, typed.get("once", ""), person_id=by, now=now):
            facts: dict[str, Any] = {"policy": pages.deps.outgoing, "by": by, "now": now}
            hooks.keep(conn, name=typed.get("name", ""), url=typed.get("url", ""), **facts)

    try:
        await pages.deps.db.write(body)
    except HookRefused as error:
        return await _show(request, pages, viewer, problem=f"alerts.error.hook.{error.why}", typed=typed)
    return RedirectResponse(HERE, 303)


@router.post(f"{HERE}/hooks/{{hook_id}}/remove", dependencies=FORM)
async def remove_hook(request: Request, *, pages: PagesDep, viewer: AdminDep, hook_id: str) -> Response:
    """Forget an address."""
    del request, viewer
    which = _id(hook_id)
    return await _gone(pages, lambda conn: hooks.remove(conn, which))


async def _gone(pages: Pages, body: Any) -> Response:
    await pages.deps.db.write(body)
    return RedirectResponse(HERE, 303)


async def _show(
    request: Request, pages: Pages, viewer: Viewer, *, made: tuple[AlertToken, str] | None = None,
    problem: str | None = None, typed: dict[str, str] | None = None,
) -> Response:  # fmt: skip
    def load(conn: Connection) -> dict[str, Any]:
        found = {"tokens": alert_tokens.every(conn), "hooks": hooks.every(conn), "calls": hooks.latest(conn)}
        return found | {"latest": alerts.latest(conn, limit=30)}

    shown = await frame(pages, viewer, section="settings") | await pages.deps.db.read(load)
    token, secret = made or (None, None)
    address = (pages.deps.public_url or str(request.base_url)).rstrip("/") + PATH
    shown |= {"made": token, "secret": secret, "address": address, "typed": typed or {}}
    shown["problem"] = pages.say(request, problem) if problem else None
    answer = pages.page(request, "alerts.html", status=422 if problem else 200, **shown)
    answer.headers["Referrer-Policy"] = "no-referrer"
    return answer


def _id(text: str) -> int:
    found = typed_id(text)
    if found is None:
        raise HTTPException(404)
    return found
