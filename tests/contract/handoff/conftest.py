"""A desk on a fresh database of either kind: one client of each tier, three colleagues, a clock by hand."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection

from handoff import alignment, board, contracts, directory, messages
from handoff.desk import Desk
from handoff.kinds import ChatKind, Level, MessageKind, Role, Tier
from handoff.model import Client, ClockView, Conversation, Message, Person, Ticket
from handoff.policy import Book, load
from store.clock import ManualClock
from store.db import Database
from store.worker import Running, Worker

BOOK = Book(current=load())
MONDAY = datetime(2026, 3, 9, 2, 0, tzinfo=UTC)  # 10:00 in Shanghai, a working day


@dataclass
class World:
    """Everything a scene needs; verbs run in one transaction each, at the clock's now."""

    db: Database
    desk: Desk
    clock: ManualClock
    worker: Worker
    clients: dict[Tier, Client]
    conversations: dict[Tier, Conversation]
    contacts: dict[Tier, Person]
    ann: Person
    bob: Person
    lead: Person
    said: int = 0

    async def do(self, verb: Callable[..., Any], **facts: Any) -> Any:
        """Run a verb of the desk or of a room's module."""
        return await self.db.write(lambda conn: verb(conn, **facts, now=self.clock()))

    async def ask(self, verb: Callable[..., Any], *args: Any, **facts: Any) -> Any:
        """Run a query."""
        return await self.db.read(lambda conn: verb(conn, *args, **facts))

    async def hear(self, text: str, *, tier: Tier = Tier.GOLD, at: datetime | None = None) -> Message:
        """The client writes."""
        self.said += 1
        return await self.do(
            messages.accept,
            conversation=self.conversations[tier],
            person=self.contacts[tier],
            external_id=f"m{self.said}",
            text=text,
            at=at or self.clock(),
        )

    async def open(
        self, level: Level = Level.QUESTION, *, tier: Tier = Tier.GOLD, since: datetime | None = None
    ) -> Ticket:
        """A hand-off of that client's conversation."""
        return await self.do(
            self.desk.open,
            conversation_id=self.conversations[tier].id,
            client_id=self.clients[tier].id,
            requester_id=self.contacts[tier].id,
            level=level,
            title="首页标题怎么改",
            summary="…",
            reason="not_in_manual",
            since=since or self.clock(),
        )

    async def write_in(self, ticket: Ticket, text: str, kind: MessageKind = MessageKind.CONTENT) -> Ticket:
        """The client writes on a ticket's matter."""
        heard = await self.hear(text)
        return await self.do(self.desk.client_message, ticket_id=ticket.id, message_id=heard.id, kind=kind)

    async def clocks(self, ticket: Ticket) -> dict[str, ClockView]:
        """The ticket's clocks now, by kind."""
        return {c.kind: c for c in await self.ask(board.clocks, ticket.id, self.clock())}

    async def kinds(self, ticket: Ticket) -> list[str]:
        """The kinds of the ticket's events, in order."""
        return [str(event.kind) for event in await self.ask(board.events, ticket.id)]

    async def pass_time(self, **delta: float) -> None:
        """Let time go by, with the workers looking whenever a timer is due."""
        until = self.clock() + timedelta(**delta)
        while self.clock() < until:
            self.clock.set(min(self.clock() + timedelta(minutes=5), until))
            await self.worker.drain()
        await self.worker.drain()


@pytest.fixture
async def world(database: Database) -> World:
    """See `World`."""
    clock = ManualClock(MONDAY)
    desk = Desk()
    worker = Worker(database, clock=clock, owner="test")

    async def look(running: Running) -> None:
        ticket_id, name = int(str(running.job.body["ticket"])), str(running.job.body["clock"])
        await running.finish(lambda conn: desk.fire(conn, ticket_id=ticket_id, clock=name, now=clock()))

    async def align(running: Running) -> None:
        await running.finish(lambda conn: alignment.work(conn, running.job.body, now=clock(), batch=3))

    worker.register("clock", look)
    worker.register("align", align)

    def seed(conn: Connection) -> World:
        contracts.adopt(conn, BOOK.current, source="file", now=clock())
        clients, conversations, contacts = {}, {}, {}
        for tier in Tier:
            client = directory.add_client(conn, slug=str(tier), name=f"{tier} Ltd", tier=tier, now=clock())
            chat = directory.ensure_chat(
                conn, platform="web", external_id=tier, kind=ChatKind.GROUP, client_id=client.id, now=clock()
            )
            clients[tier] = client
            conversations[tier] = directory.ensure_conversation(conn, chat_id=chat.id, now=clock())
            contacts[tier] = directory.ensure_person(
                conn, platform="web", external_id=f"u-{tier}", name="王", client_id=client.id, now=clock()
            )
        ann, bob, lead = (
            directory.add_staff(conn, login=name, name=name.title(), role=role, now=clock())
            for name, role in (("ann", Role.AGENT), ("bob", Role.AGENT), ("lead", Role.LEAD))
        )
        return World(database, desk, clock, worker, clients, conversations, contacts, ann, bob, lead)

    return await database.write(seed)
