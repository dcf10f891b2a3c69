"""The API's gate: a valid token, within its rate. Everything behind it knows who is calling.

Whatever is wrong with a token gets one and the same 401. Who shows wrong ones again and again has to wait.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from math import ceil
from typing import Final

from sqlalchemy import Connection
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from console.api.problems import Problem
from console.pages import ConsoleDeps
from handoff import tokens
from handoff.tokens import Caller
from store.errors import StoreError
from store.rates import room, take

OPEN: Final = frozenset({"/openapi.json", "/docs"})
PER: Final = timedelta(minutes=1)
REFUSALS_PER: Final = timedelta(minutes=10)
REFUSALS: Final = 30
_LONGEST: Final = 200


@dataclass(frozen=True, kw_only=True)
class _Admitted:
    caller: Caller | None
    wait: timedelta | None
    headers: Mapping[str, str]


class Gate:
    """Middleware around the API; puts the caller into the request's state."""

    def __init__(self, app: ASGIApp, *, deps: ConsoleDeps) -> None:
        self._app, self._deps = app, deps

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a caller in, or answer in the application's place."""
        if scope["type"] != "http" or scope["path"].removeprefix(scope.get("root_path", "")) in OPEN:
            await self._app(scope, receive, send)
            return
        try:
            admitted = await self._admit(scope)
        except StoreError:
            await Problem("unavailable", "The database cannot be reached.").response()(scope, receive, send)
            return
        sending = _with(admitted.headers, send)
        if admitted.caller is None or admitted.wait is not None:
            await _refusal(admitted).response()(scope, receive, sending)
            return
        scope.setdefault("state", {})["caller"] = admitted.caller
        await self._app(scope, receive, sending)

    async def _admit(self, scope: Scope) -> _Admitted:
        scheme, _, secret = Headers(scope=scope).get("authorization", "").partition(" ")
        shown = secret.strip() if scheme.lower() == "bearer" and len(secret) <= _LONGEST else ""
        address = (scope.get("client") or ("",))[0]
        limit, now = self._deps.api_rate, self._deps.clock()
        return await self._deps.db.write(partial(_known, secret=shown, address=address, limit=limit, now=now))


def _known(conn: Connection, *, secret: str, address: str, limit: int, now: datetime) -> _Admitted:
    caller = tokens.known(conn, secret, now=now) if secret else None
    if caller is None:
        wait = take(conn, f"api:refused:{address}", per=REFUSALS_PER, limit=REFUSALS, now=now)
        return _Admitted(caller=None, wait=wait, headers={})
    bucket = f"api:token:{caller.token.id}"
    wait = take(conn, bucket, per=PER, limit=limit, now=now)
    left, reset = room(conn, bucket, per=PER, limit=limit, now=now)
    told = {"RateLimit-Limit": limit, "RateLimit-Remaining": left, "RateLimit-Reset": ceil(reset.total_seconds())}
    return _Admitted(caller=caller, wait=wait, headers={name: str(value) for name, value in told.items()})


def _refusal(admitted: _Admitted) -> Problem:
    if admitted.wait is not None:
        seconds = max(1, ceil(admitted.wait.total_seconds()))
        detail = f"Try again in {seconds} s."
        return Problem("too-many-requests", detail, headers={"Retry-After": str(seconds)})
    detail = "Send a valid token: Authorization: Bearer aft_…"
    return Problem("unauthorized", detail, headers={"WWW-Authenticate": 'Bearer realm="aftercare"'})


def _with(headers: Mapping[str, str], send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message).update(headers)
        await send(message)

    return sending
