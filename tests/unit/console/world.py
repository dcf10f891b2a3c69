"""A console on a real database, with people who can sign in."""

import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import Connection

from console import auth
from console.app import ConsoleDeps, create
from console.guard import SESSION_COOKIE
from handoff import almanac, contracts, directory, messages
from handoff.desk import Desk
from handoff.holiday_library import library_years
from handoff.holidays import Year
from handoff.kinds import ChatKind, Level, Role, Tier
from handoff.model import Client, Message, Person, Ticket
from handoff.policy import Contract, load
from knowledge.model import Audience, Page, Scope, Search, Version
from store.clock import ManualClock, utc_now
from store.db import Database
from tests.databases import migrated_file

START = datetime(2026, 11, 16, 2, 0, tzinfo=UTC)  # a Monday, 10:00 in Shanghai
PASSWORD = "a quiet harbour"
ORIGIN = "http://desk.test"
COLLEAGUES = (("mira", "Mira Chen", Role.ADMIN), ("lin", "林薇", Role.AGENT), ("tom", "Tom Baker", Role.LEAD))


@dataclass
class MemoryManual:
    """The manual as a list."""

    found: tuple[Page, ...]
    version: int | None = 1

    async def search(self, text: str, *, scope: Scope, limit: int = 6) -> Search:
        return Search(passages=(), evidence=0.0, enough=False, version=1, language="zh-Hans", ms=0.0)

    async def pages(self) -> tuple[Page, ...]:
        return self.found

    async def follow(self) -> None:
        pass

    async def every_page(self) -> tuple[Page, ...]:
        return self.found

    async def withdrawn(self) -> frozenset[str]:
        return frozenset()

    async def versions(self) -> tuple[Version, ...]:
        return ()

    async def page(self, page_id: str) -> Page | None:
        return next((page for page in self.found if page.id == page_id), None)


def page(
    page_id: str,
    *,
    audience: Audience = Audience.CLIENT,
    title: str = "Reset a password",
    body: str = "## Steps\n\n1. Click.",
) -> Page:
    return Page(
        id=page_id, title=title, audience=audience, language="en", category="wordpress", body=body, hash="h", path="p"
    )


MANUAL = MemoryManual(
    (
        page(
            "en/wordpress/reset",
            body="Do this.\n\n## Steps\n\n1. See [docs](https://wordpress.org/) <script>alert(1)</script>\n\n[bad](javascript:alert(1))",
        ),
        page("internal/site-down", audience=Audience.INTERNAL, title="Site down SOP"),
    )
)


@dataclass(frozen=True)
class World:
    """What a test has at hand."""

    deps: ConsoleDeps
    app: Any
    clock: ManualClock
    people: dict[str, Person]
    client: Client

    def browser(self, **headers: str) -> httpx.AsyncClient:
        transport = httpx.ASGITransport(app=self.app, raise_app_exceptions=True)
        return httpx.AsyncClient(transport=transport, base_url=ORIGIN, headers={"Accept-Language": "en"} | headers)

    async def signed_in(self, login: str = "lin") -> httpx.AsyncClient:
        """A browser with a session of this colleague's (the form itself is tested in test_sign_in)."""
        browser, person_id = self.browser(), self.people[login].id
        token = await self.write(lambda conn: auth.open_session(conn, person_id, now=self.clock()))
        browser.cookies.set(SESSION_COOKIE, token, domain="desk.test", path="/")
        return browser

    async def write(self, body: Callable[[Connection], Any]) -> Any:
        return await self.deps.db.write(body)

    async def ticket(
        self,
        *,
        title: str = "Form sends no mail",
        text: str = "No mails since yesterday",
        name: str = "Sarah",
        level: Level = Level.BUG,
    ) -> Ticket:
        now = self.clock()

        def body(conn: Connection) -> Ticket:
            chat = directory.ensure_chat(
                conn, platform="web", external_id=f"v{title}", kind=ChatKind.DIRECT, client_id=self.client.id, now=now
            )
            talk = directory.ensure_conversation(conn, chat_id=chat.id, now=now)
            who = directory.ensure_person(
                conn, platform="web", external_id=f"v{title}", name=name, client_id=self.client.id, now=now
            )
            said = messages.accept(conn, conversation=talk, person=who, external_id="1", text=text, at=now, now=now)
            assert said is not None
            made = self.deps.desk.open(
                conn,
                conversation_id=talk.id,
                client_id=self.client.id,
                requester_id=who.id,
                level=level,
                title=title,
                summary=text,
                reason="not_in_manual",
                since=now,
                now=now,
            )
            messages.join_ticket(conn, [said.id], made.id)
            return made

        return await self.write(body)

    async def said(self, ticket: Ticket) -> list[Message]:
        return list(
            await self.deps.db.read(lambda conn: messages.transcript(conn, ticket.conversation_id, audience="internal"))
        )


@cache
def contract() -> Contract:
    return load()


@cache
def china() -> tuple[Year, ...]:
    return tuple(library_years(["china"], today=START.date()))


@cache
def hashed(password: str) -> str:
    return auth._engine().hash(password)


def field(html: str, name: str) -> str:
    """The value of a hidden field of a page."""
    found = re.search(rf'name="{name}" value="([^"]*)"', html)
    return found[1] if found else ""


async def submit(
    browser: httpx.AsyncClient, at: str, action: str, *, files: Any = None, **values: str
) -> httpx.Response:
    """Open the page `at`, then send its form `action` with its hidden fields."""
    html = (await browser.get(at)).text
    tokens = {"csrf": field(html, "csrf"), "once": field(html, "once")}
    return await browser.post(action, data=tokens | values, files=files, headers={"Origin": ORIGIN})


@asynccontextmanager
async def opened_world(folder: Path, *, real_time: bool = False) -> AsyncIterator[World]:
    """A console on a fresh SQLite file with three colleagues and a gold client."""
    clock = ManualClock(utc_now() if real_time else START)
    db = await Database.open(f"sqlite:///{migrated_file(folder / 'console.db')}")

    def seed(conn: Connection) -> tuple[Desk, dict[str, Person], Client]:
        now = clock()
        almanac.seed(conn, china(), now=now)
        contracts.adopt(conn, contract(), source="file", now=now)
        people = {}
        for login, name, role in COLLEAGUES:
            people[login] = directory.add_staff(conn, login=login, name=name, role=role, now=now)
            auth._store_password(conn, people[login].id, hashed=hashed(PASSWORD), one_time=False, now=now)
        client = directory.add_client(conn, slug="nw", name="Northwind", tier=Tier.GOLD, now=now)
        return Desk(), people, client

    desk, people, client = await db.write(seed)
    deps = ConsoleDeps(
        db=db,
        desk=desk,
        manual=replace(MANUAL),
        clock=utc_now if real_time else clock,
        secret=b"k" * 32,
        files=folder / "files",
        public_url=None,
        secure_cookies=False,
    )
    yield World(deps=deps, app=create(deps), clock=clock, people=people, client=client)
    await db.close()


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """A console, its clock stopped."""
    async with opened_world(tmp_path) as opened:
        yield opened
