"""Pages for admins: the tokens of other programs. A token is shown once, when it is made."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import Connection

from console.auth import Viewer, take_form
from console.desk_pages import frame
from console.forms import typed_id
from console.guard import FORM, AdminDep
from console.pages import Pages, PagesDep
from handoff import directory, tokens
from handoff.errors import NotFound
from handoff.tokens import NAME_LENGTH, Scope, Token

router = APIRouter(prefix="/desk/settings/tokens")
LASTING: Final = {"30": timedelta(days=30), "90": timedelta(days=90), "365": timedelta(days=365), "": None}
USUAL: Final = "365"


@dataclass(frozen=True, kw_only=True)
class _Draft:
    name: str = ""
    scopes: frozenset[str] = frozenset()
    client: str = ""
    person: str = ""
    days: str = USUAL


@dataclass(frozen=True, kw_only=True)
class _Row:
    token: Token
    person: str
    by: str
    client: str | None
    state: str = field(default="")


@router.get("")
async def tokens_page(request: Request, *, pages: PagesDep, viewer: AdminDep) -> Response:
    """Every token, without its secret."""
    return await _show(request, pages, viewer)


@router.post("", dependencies=FORM)
async def make_token(request: Request, *, pages: PagesDep, viewer: AdminDep) -> Response:
    """Make a token and show it, this once."""
    form = await request.form()
    typed = {name: value for name, value in form.items() if isinstance(value, str)}
    draft = _Draft(
        name=" ".join(typed.get("name", "").split()),
        scopes=frozenset(str(value) for value in form.getlist("scopes")),
        client=typed.get("client", ""),
        person=typed.get("person", "") or str(viewer.person.id),
        days=typed.get("days", USUAL),
    )
    problem = _wrong(draft)
    if problem:
        return await _refused(request, pages, viewer, problem, draft)
    now, by, person = pages.deps.clock(), viewer.person.id, typed_id(draft.person)
    lasts, client = LASTING[draft.days], typed_id(draft.client) if draft.client else None

    def body(conn: Connection) -> tuple[Token, str] | None:
        if not take_form(conn, typed.get("once", ""), person_id=by, now=now):
            return None
        if person is None or (draft.client and client is None):
            raise NotFound("choice", draft.person)
        return tokens.make(
            conn,
            name=draft.name,
            scopes=tokens.scopes_in(draft.scopes),
            client_id=client,
            person_id=person,
            expires_at=now + lasts if lasts else None,
            by=by,
            now=now,
        )

    try:
        made = await pages.deps.db.write(body)
    except NotFound:
        return await _refused(request, pages, viewer, "tokens.error.choice", draft)
    return await _show(request, pages, viewer, made=made)


@router.post("/{token_id}/revoke", dependencies=FORM)
async def revoke_token(request: Request, *, pages: PagesDep, viewer: AdminDep, token_id: str) -> Response:
    """End a token at once."""
    now, by, which = pages.deps.clock(), viewer.person.id, typed_id(token_id) or 0
    try:
        await pages.deps.db.write(lambda conn: tokens.revoke(conn, which, by=by, now=now))
    except NotFound:
        return await _refused(request, pages, viewer, "tokens.error.gone", _Draft(), status=404)
    return RedirectResponse("/desk/settings/tokens", 303)


async def _show(
    request: Request, pages: Pages, viewer: Viewer, *, made: tuple[Token, str] | None = None,
    problem: str | None = None, draft: _Draft | None = None, status: int = 200,
) -> Response:  # fmt: skip
    now = pages.deps.clock()
    loaded = await pages.deps.db.read(lambda conn: _load(conn, now=now))
    shown = await frame(pages, viewer, section="settings") | loaded
    shown |= {"problem": problem, "draft": draft or _Draft(person=str(viewer.person.id)), "scopes": list(Scope)}
    token, secret = made or (None, None)
    answer = pages.page(
        request, "tokens.html", status=status, **shown, lasting=list(LASTING), made=token, secret=secret
    )
    answer.headers["Referrer-Policy"] = "no-referrer"
    return answer


def _load(conn: Connection, *, now: datetime) -> dict[str, Any]:
    found, staff, clients = tokens.every(conn), directory.staff(conn), directory.clients(conn)
    names, firms = {who.id: who for who in staff}, {client.id: client.name for client in clients}

    def row(token: Token) -> _Row:
        person = names[token.person_id]
        state = "revoked" if token.revoked_at else "expired" if not token.holds(now) else "left"
        state = "live" if token.holds(now) and person.active else state
        client = firms.get(token.client_id) if token.client_id else None
        return _Row(token=token, person=person.name, by=names[token.by_id].name, client=client, state=state)

    active = [who for who in staff if who.active]
    return {"rows": [row(token) for token in found], "staff": active, "clients": clients}


def _wrong(draft: _Draft) -> str | None:
    if not draft.name or len(draft.name) > NAME_LENGTH:
        return "tokens.error.name"
    if not draft.scopes or draft.scopes - set(Scope):
        return "tokens.error.scopes"
    return None if draft.days in LASTING else "tokens.error.choice"


async def _refused(
    request: Request, pages: Pages, viewer: Viewer, problem: str, draft: _Draft, *, status: int = 422
) -> Response:
    return await _show(request, pages, viewer, problem=pages.say(request, problem), draft=draft, status=status)
