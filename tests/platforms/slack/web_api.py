"""The Web API over HTTP: arguments in, rules, faults, the answer out; every call is kept."""

import asyncio
import json
import math
from collections import defaultdict, deque
from collections.abc import Mapping
from dataclasses import dataclass
from time import monotonic
from typing import Any

from aiohttp import web

from tests.platforms.slack import methods_chat, methods_files, methods_places
from tests.platforms.slack.calls import METHODS, Args, Json, need_scope
from tests.platforms.slack.faults import Cut, Fault, Faults, Html, Refuse, Slow, TooMany, prevents
from tests.platforms.slack.rules import NEEDS, Need, SlackError
from tests.platforms.slack.settings import Settings
from tests.platforms.slack.world import World

assert {methods_chat, methods_files, methods_places}, "importing them registers their methods"
assert METHODS.keys() == NEEDS.keys(), METHODS.keys() ^ NEEDS.keys()

HTML = "<!DOCTYPE html><html><head><title>Slack</title></head><body>{}</body></html>"


@dataclass(frozen=True)
class Call:
    """One call: its arguments, and what was answered (None if the connection was cut before)."""

    method: str
    args: Mapping[str, Any]
    answer: Json | None

    @property
    def error(self) -> str | None:
        """The code of a refusal."""
        return None if self.answer is None else self.answer.get("error")


class Pace:
    """The rate limits: calls of a method in a minute by its tier, a message a second in a channel."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._calls: dict[str, deque[float]] = defaultdict(deque)

    def wait(self, method: str, need: Need, channel: str) -> float:
        """How many seconds this call is too early; 0 counts it."""
        if not self._settings.paced:
            return 0.0
        if method == "chat.postMessage":
            return self._window(f"{method} {channel}", 1, self._settings.post_gap)
        return self._window(method, self._settings.tiers[need.tier], self._settings.minute) if need.tier else 0.0

    def _window(self, key: str, most: int, seconds: float) -> float:
        calls, now = self._calls[key], monotonic()
        while calls and now - calls[0] >= seconds:
            calls.popleft()
        if len(calls) >= most:
            return seconds - (now - calls[0])
        calls.append(now)
        return 0.0


class WebApi:
    """The methods under `/api/`."""

    def __init__(self, world: World, faults: Faults) -> None:
        self.calls: list[Call] = []
        self._world, self._faults = world, faults
        self._pace = Pace(world.settings)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """One call, with the fault that was ordered for it."""
        name = request.match_info["method"]
        fault = self._faults.take_call(name)
        values = await _values(request) if request.can_read_body else dict(request.query)
        if prevents(fault):
            self.calls.append(Call(name, values if isinstance(values, dict) else {}, None))
            return fail(request, fault)
        answer, headers = self._answer(name, request, values)
        self.calls.append(Call(name, values if isinstance(values, dict) else {}, answer))
        self._world.touch()
        status = 429 if "Retry-After" in headers else 200
        return await afterwards(request, fault, web.json_response(answer, status=status, headers=headers))

    def _answer(self, name: str, request: web.Request, values: Json | SlackError) -> tuple[Json, dict[str, str]]:
        settings = self._world.settings
        headers = {"X-OAuth-Scopes": ",".join(sorted(settings.scopes)), "X-Accepted-OAuth-Scopes": ""}
        try:
            args = self._admit(name, request, values, headers)
            return {"ok": True, **METHODS[name](self._world, args)}, headers
        except SlackError as refusal:
            return refusal.body(), headers

    def _admit(self, name: str, request: web.Request, values: Json | SlackError, headers: dict[str, str]) -> Args:
        """The arguments of a call that may be made; refused in the order in which Slack looks."""
        if isinstance(values, SlackError):
            raise values
        need = NEEDS.get(name)
        if need is None:
            raise SlackError("unknown_method", req_method=name)
        headers["X-Accepted-OAuth-Scopes"] = need.scope
        self._authorize(_token(request, values), need)
        wait = self._pace.wait(name, need, str(values.get("channel")))
        if wait > 0:
            headers["Retry-After"] = str(max(1, math.ceil(wait)))
            raise SlackError("ratelimited")
        return Args(values)

    def _authorize(self, token: str, need: Need) -> None:
        settings = self._world.settings
        if not token:
            raise SlackError("not_authed")
        if token not in {settings.bot_token, settings.app_token}:
            raise SlackError("invalid_auth")
        if not self._world.installed and token == settings.bot_token:
            raise SlackError("account_inactive")
        if (token == settings.app_token) is not (need.token == "app"):
            raise SlackError("not_allowed_token_type")
        if need.token == "app":
            if need.scope not in settings.app_scopes:
                raise SlackError("missing_scope", needed=need.scope, provided=",".join(sorted(settings.app_scopes)))
        elif not need.scope.startswith("*"):
            need_scope(self._world, need.scope)


def fail(request: web.Request, fault: Fault | None) -> web.StreamResponse:
    """The answer that a fault puts in the place of the effect."""
    if isinstance(fault, TooMany):
        headers = {"Retry-After": str(fault.retry_after)}
        return web.json_response({"ok": False, "error": "ratelimited"}, status=429, headers=headers)
    if isinstance(fault, Html):
        return web.Response(text=HTML.format("Server Error"), status=fault.status, content_type="text/html")
    if isinstance(fault, Refuse):
        return web.json_response({"ok": False, "error": fault.code})
    return cut(request)


async def afterwards(request: web.Request, fault: Fault | None, answer: web.StreamResponse) -> web.StreamResponse:
    """The answer after the effect: never seen, late, or as it is."""
    if isinstance(fault, Cut):
        return cut(request)
    if isinstance(fault, Slow):
        await asyncio.sleep(fault.seconds)
    return answer


def cut(request: web.Request) -> web.StreamResponse:
    """Cut the connection; the response is never seen."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


def bearer(request: web.Request) -> str:
    """The token of the Authorization header."""
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if kind == "Bearer" else ""


def _token(request: web.Request, values: Json) -> str:
    return bearer(request) or str(values.pop("token", "") or "")


async def _values(request: web.Request) -> Json | SlackError:
    """The arguments of the query string and of the body together."""
    values: Json = dict(request.query)
    if request.content_type == "application/json":
        try:
            body = json.loads(await request.text() or "{}")
        except ValueError:
            return SlackError("invalid_json")
        if not isinstance(body, dict):
            return SlackError("json_not_object")
        return values | {name: value for name, value in body.items() if value is not None}
    if request.content_type in {"application/x-www-form-urlencoded", "multipart/form-data"}:
        return values | {name: value for name, value in (await request.post()).items() if isinstance(value, str)}
    return SlackError("invalid_post_type") if await request.read() else values
