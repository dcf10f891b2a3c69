"""Programs that call the API of a console on a real database."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from sqlalchemy import Connection

from handoff import directory, tokens
from handoff.kinds import ChatKind, Level, Tier
from handoff.model import Chat, Client, Ticket
from handoff.tokens import Scope, Token
from tests.unit.console.world import ORIGIN, World


@dataclass
class Api:
    """What a test calls the API with."""

    world: World

    async def token(
        self, *scopes: str, client: Client | None = None, name: str = "Mirror", login: str = "mira", **facts: Any
    ) -> tuple[Token, str]:
        person = self.world.people[login].id
        return await self.world.write(
            lambda conn: tokens.make(
                conn,
                name=name,
                scopes=tokens.scopes_in(scopes or tuple(Scope)),
                client_id=client.id if client else None,
                person_id=person,
                expires_at=facts.get("expires_at"),
                by=self.world.people["mira"].id,
                now=self.world.clock(),
            )
        )

    async def caller(self, *scopes: str, client: Client | None = None, **facts: Any) -> httpx.AsyncClient:
        _, secret = await self.token(*scopes, client=client, **facts)
        return self.with_secret(secret)

    def with_secret(self, secret: str | None, **headers: str) -> httpx.AsyncClient:
        told = {"Authorization": f"Bearer {secret}"} if secret else {}
        transport = httpx.ASGITransport(app=self.world.app, raise_app_exceptions=True)
        return httpx.AsyncClient(transport=transport, base_url=f"{ORIGIN}/api/v1", headers=told | headers)

    async def other_client(self, slug: str = "sw") -> Client:
        return await self.world.write(
            lambda conn: directory.add_client(
                conn, slug=slug, name="Southwind", tier=Tier.STANDARD, now=self.world.clock()
            )
        )

    async def group(self) -> Chat:
        """The client's group on a platform."""
        now, client = self.world.clock(), self.world.client
        return await self.world.write(
            lambda conn: directory.ensure_chat(
                conn, platform="telegram", external_id="-100", kind=ChatKind.GROUP, client_id=client.id, now=now
            )
        )

    async def ticket_of(self, client: Client, *, title: str = "Theirs") -> Ticket:
        now = self.world.clock()

        def body(conn: Connection) -> Ticket:
            chat = directory.ensure_chat(
                conn, platform="web", external_id=f"o{title}", kind=ChatKind.DIRECT, client_id=client.id, now=now
            )
            talk = directory.ensure_conversation(conn, chat_id=chat.id, now=now)
            who = directory.ensure_person(
                conn, platform="web", external_id=f"o{title}", name="Olga", client_id=client.id, now=now
            )
            return self.world.deps.desk.open(
                conn,
                conversation_id=talk.id,
                client_id=client.id,
                requester_id=who.id,
                level=Level.QUESTION,
                title=title,
                summary="…",
                reason="not_in_manual",
                since=now,
                now=now,
            )

        return await self.world.write(body)


def ids(answer: httpx.Response) -> Iterable[str]:
    """The ids in a list."""
    assert answer.status_code == 200, answer.text
    return [row["id"] for row in answer.json()["items"]]


@pytest.fixture
async def api(world: World) -> Api:
    return Api(world)
