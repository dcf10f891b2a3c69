"""Who may do what: every route of the running application, asked by everybody, against the table of promises."""

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import Connection
from starlette.routing import Mount

from bot.server import web_app
from console import auth
from console.auth import csrf_token, viewer_of
from console.guard import SESSION_COOKIE
from handoff import tokens
from handoff.kinds import Role
from handoff.tokens import Scope, Token
from tests.house import House, embedder, house, indexed
from tests.promises import TABLE, WHO, Door
from tests.unit.console.world import PASSWORD, hashed

__all__ = ["embedder", "house", "indexed"]

STREAMS = {"/desk/events"}
"""Answered without end: whoever may read them is let in by other tests, here only refusals are looked at."""
NOT_IN = {303, 401}


def doors(routes: list[Any], before: str = "") -> Iterator[Door]:
    """Every way into an application, those of what is mounted in it too."""
    for route in routes:
        if isinstance(route, Mount):
            yield from doors(route.routes, before + route.path)
        elif (inner := getattr(route, "original_router", None)) is not None:
            yield from doors(inner.routes, before + route.include_context.prefix)
        else:
            yield from (Door(method, before + route.path) for method in route.methods - {"HEAD"})


@dataclass
class Caller:
    """Somebody in front of the doors: a role of ours, or a stranger."""

    house: House
    application: FastAPI
    role: Role | None = None
    person_id: int | None = None

    async def opens(
        self, door: Door, *, csrf: bool = True, origin: str = "http://desk.test", number: str | None = None
    ) -> httpx.Response:
        """Try a door with a session of its own, so that signing out does not matter."""
        address = door.address() if number is None else door.with_number(number)
        transport = httpx.ASGITransport(app=self.application, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://desk.test") as browser:
            session = await self._enter(browser)
            token = csrf_token(self.house.app.secret, session) if csrf else ""
            form = {"csrf": token, "once": secrets.token_urlsafe(9)} if door.method != "GET" else None
            return await browser.request(door.method, address, data=form, headers={"Origin": origin})

    async def _enter(self, browser: httpx.AsyncClient) -> str:
        if self.person_id is None:
            return "stranger"
        who, now = self.person_id, self.house.clock()
        token = await self.house.app.db.write(lambda conn: auth.open_session(conn, who, now=now))
        browser.cookies.set(SESSION_COOKIE, token, domain="desk.test", path="/")
        known = await self.house.app.db.read(lambda conn: viewer_of(conn, token, now=now))
        assert known is not None
        return known.session


@pytest.fixture
async def callers(house: House) -> list[Caller]:
    """A stranger, and one colleague of each role."""
    application = web_app(house.app)
    found = [Caller(house, application)]
    for role in Role:
        person = await house.agent(f"a-{role}", role=role)
        await house.app.db.write(lambda conn, person=person: _with_password(conn, person.id, house))
        found.append(Caller(house, application, role, person.id))
    return found


def _with_password(conn: Any, person_id: int, house: House) -> None:
    auth._store_password(conn, person_id, hashed=hashed(PASSWORD), one_time=False, now=house.clock())


def let_in(answer: httpx.Response) -> bool:
    """Whether the guard let somebody pass; what is behind it may then say that there is nothing."""
    to_sign_in = answer.status_code == 303 and answer.headers["location"].startswith("/desk/sign-in")
    return not to_sign_in and answer.status_code not in (401, 403)


def at_desk() -> list[Door]:
    return [door for door, who in TABLE.items() if who in WHO]


async def _asked(callers: list[Caller], ask: Callable[[Caller, Door], Any]) -> list[str]:
    """The complaints of one question asked of everybody at every door of the desk."""
    return [said for caller in callers for door in at_desk() if (said := await ask(caller, door))]


async def test_every_route_is_promised_to_somebody(callers: list[Caller]) -> None:
    """No door is missing from the table, and none stands in it that is not there."""
    there = set(doors(callers[0].application.routes))
    assert sorted(there - TABLE.keys()) == []
    assert sorted(TABLE.keys() - there) == []


async def test_every_role_opens_its_doors_and_no_other(callers: list[Caller]) -> None:
    """Strangers are sent to sign in, the wrong role is told so, the right one passes the guard; nothing falls over."""

    async def ask(caller: Caller, door: Door) -> str | None:
        may = caller.role in WHO[TABLE[door]]
        if may and door.path in STREAMS:
            return None
        answer = await caller.opens(door)
        refused = NOT_IN if caller.role is None else {403}
        right = (
            (let_in(answer) and answer.status_code < 500)
            if may
            else answer.status_code in refused and not let_in(answer)
        )
        left = (
            door.path in ("/desk/sign-out", "/desk/account/sign-out-everywhere", "/desk/password")
            and answer.status_code == 303
        )
        return None if right or (may and left) else f"{caller.role} {door}: {answer.status_code}"

    assert await _asked(callers, ask) == []


async def test_no_form_is_taken_from_elsewhere(callers: list[Caller]) -> None:
    """Without the session's token, or from a foreign page, nobody's form does anything: not even an admin's."""
    admin = callers[-1]
    assert admin.role is Role.ADMIN

    async def ask(caller: Caller, door: Door) -> str | None:
        if door.method == "GET":
            return None
        bare = await caller.opens(door, csrf=False)
        foreign = await caller.opens(door, origin="https://elsewhere.example")
        refused = bare.status_code == foreign.status_code == 403
        return None if refused else f"{door}: {bare.status_code} {foreign.status_code}"

    assert await _asked([admin], ask) == []


@cache
def _links() -> list[Door]:
    return [door for door, who in TABLE.items() if who in ("link", "visitor")]


async def test_who_has_no_link_finds_nothing(callers: list[Caller]) -> None:
    """A stranger at the doors that links and cookies open: nothing there, or no way in; never an error of ours."""
    stranger = callers[0]
    answers = {door: (await stranger.opens(door)).status_code for door in _links()}
    assert {door: status for door, status in answers.items() if status not in (401, 403, 404, 405, 422)} == {}


async def test_the_api_knows_tokens_alone(callers: list[Caller]) -> None:
    """Neither a stranger nor an admin's cookie opens the API (many tries are slowed); scopes have a matrix of their own."""
    programs = [door for door, who in TABLE.items() if who == "token"]
    for caller in (callers[0], callers[-1]):
        answers = {door: (await caller.opens(door)).status_code for door in programs}
        assert {door: status for door, status in answers.items() if status not in (401, 429)} == {}


HUGE = (str(2**63), "9" * 5000)
"""Past a BIGINT's end, and past what Python reads."""


@pytest.mark.parametrize("number", HUGE, ids=lambda number: f"{len(number)} digits")
async def test_a_number_that_no_row_has_names_nothing(callers: list[Caller], number: str) -> None:
    """A page is not found, a form is refused or changes nothing: never an error of ours."""
    admin, numbered = callers[-1], [door for door in at_desk() if "{" in door.path]

    async def ask(caller: Caller, door: Door) -> str | None:
        status = (await caller.opens(door, number=number)).status_code
        fine = status == 404 if door.method == "GET" else status < 500
        return None if fine else f"{door}: {status}"

    assert [said for door in numbered if (said := await ask(admin, door))] == []


@pytest.mark.parametrize("number", HUGE, ids=lambda number: f"{len(number)} digits")
async def test_the_api_has_no_such_number_either(callers: list[Caller], number: str) -> None:
    """A resource that a huge number names is not found; as a filter it is invalid: both are problems."""
    house = callers[0].house
    _, secret = await house.app.db.write(lambda conn: _token(conn, callers[-1]))
    transport = httpx.ASGITransport(app=callers[0].application, raise_app_exceptions=False)
    told = {"Authorization": f"Bearer {secret}"}
    async with httpx.AsyncClient(transport=transport, base_url="http://desk.test", headers=told) as program:
        for door in (door for door, who in TABLE.items() if who == "token" and door.path.startswith("/api/")):
            if "{" in door.path:
                answer = await program.request(door.method, door.with_number(number), json={})
                assert answer.status_code == 404 if door.method == "GET" else answer.status_code in {404, 422}, door
                assert answer.headers["content-type"] == "application/problem+json", door
        for name in ("client", "assignee"):
            answer = await program.get("/api/v1/tickets", params={name: number})
            assert (answer.status_code, answer.json()["status"]) == (422, 422)


def _token(conn: Connection, caller: Caller) -> tuple[Token, str]:
    facts = {"name": "Mirror", "scopes": frozenset(Scope), "client_id": None, "expires_at": None}
    return tokens.make(conn, **facts, person_id=caller.person_id, by=caller.person_id, now=caller.house.clock())
