"""A desk and a manual on a fresh database of either kind, with clients who ask."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection

from handoff import contracts, directory, messages, turn_records
from handoff.desk import Desk
from handoff.kinds import Author, ChatKind, Level, Outcome, Role, Tier
from handoff.model import Citation, Client, Conversation, Person, Ticket, Turn
from handoff.policy import load
from knowledge.asked import Asked
from knowledge.embedders import HashingEmbedder
from knowledge.service import Manual
from store.clock import ManualClock
from store.db import Database
from success.gaps import GapWatch
from tests.contract.handoff.conftest import world

__all__ = ["world"]

MONDAY = datetime(2026, 3, 9, 2, 0, tzinfo=UTC)  # 10:00 in Shanghai


@dataclass
class Room:
    """One client's group, and who writes in it."""

    client: Client
    talk: Conversation
    contact: Person


@dataclass
class Agency:
    """Everything a scene needs; each verb is a transaction of its own, at the clock's now."""

    db: Database
    desk: Desk
    clock: ManualClock
    manual: Manual
    gaps: GapWatch
    source: Path
    ann: Person
    rooms: dict[str, Room] = field(default_factory=dict)
    said: int = 0

    async def room(self, slug: str, *, platform: str = "web", name: str = "", site: str | None = None) -> Room:
        """A client with a group, made when first named."""
        if (slug, platform) not in [(s.partition("@")[0], s.partition("@")[2]) for s in self.rooms]:
            self.rooms[f"{slug}@{platform}"] = await self.db.write(
                lambda conn: self._room(conn, slug, platform=platform, name=name, site=site)
            )
        return self.rooms[f"{slug}@{platform}"]

    def _room(self, conn: Connection, slug: str, *, platform: str, name: str, site: str | None) -> Room:
        now = self.clock()
        client = directory.client_by_slug(conn, slug) or directory.add_client(
            conn, slug=slug, name=name or slug, tier=Tier.GOLD, site=site, now=now
        )
        chat = directory.ensure_chat(
            conn, platform=platform, external_id=slug, kind=ChatKind.GROUP, client_id=client.id, now=now
        )
        talk = directory.ensure_conversation(conn, chat_id=chat.id, now=now)
        who = directory.ensure_person(
            conn, platform=platform, external_id=f"u-{slug}", name="王小明", client_id=client.id, now=now
        )
        return Room(client, talk, who)

    async def turn(
        self,
        text: str,
        *,
        by: str = "acme",
        platform: str = "web",
        outcome: Outcome = Outcome.ESCALATE,
        reason: str = "not_in_manual",
        level: Level = Level.QUESTION,
        page: str | None = None,
        trace: Any = None,
        opens: bool = True,
    ) -> Turn:
        """One question and what the bot made of it, as a turn records it; a hand-off opens a ticket."""
        room = await self.room(by, platform=platform)
        self.said += 1
        key, now, version = f"m{self.said}", self.clock(), self.manual.version

        def body(conn: Connection) -> Turn:
            said = messages.accept(
                conn, conversation=room.talk, person=room.contact, external_id=key, text=text, at=now, now=now
            )
            assert said is not None
            ticket = self._ticket(conn, room, text, reason, level) if outcome is Outcome.ESCALATE and opens else None
            reply = None
            if outcome is Outcome.ANSWERED:
                reply = messages.say(
                    conn, conversation_id=room.talk.id, text="…", author="bot", name="bot",
                    citations=_cited(page), buttons=(), now=now,
                ).id  # fmt: skip
            return turn_records.record_turn(
                conn, conversation_id=room.talk.id, person_id=room.contact.id, message_ids=[said.id], outcome=outcome,
                reason=reason, level=level, language="zh-Hans", question=text, ticket_id=ticket.id if ticket else None,
                reply_id=reply, index_version=str(version) if version else None, citations=_cited(page), trace=trace,
                at=now, ms=1,
            )  # fmt: skip

        return await self.db.write(body)

    def _ticket(self, conn: Connection, room: Room, text: str, reason: str, level: Level) -> Ticket:
        now = self.clock()
        return self.desk.open(
            conn, conversation_id=room.talk.id, client_id=room.client.id, requester_id=room.contact.id, level=level,
            title=text, summary=text, reason=reason, since=now, now=now,
        )  # fmt: skip

    async def resolved(self, turn: Turn, *replies: str) -> None:
        """A colleague answers in public and resolves."""
        assert turn.ticket_id is not None
        ticket_id = turn.ticket_id

        def body(conn: Connection) -> None:
            now = self.clock()
            self.desk.claim(conn, ticket_id=ticket_id, by=self.ann.id, now=now)
            for text in replies:
                self.desk.reply(conn, ticket_id=ticket_id, by=self.ann.id, text=text, now=now)
            self.desk.resolve(conn, ticket_id=ticket_id, by=self.ann.id, now=now)

        await self.db.write(body)

    async def index(self, *, by: str = "ada") -> int:
        report = await self.manual.index(self.source, by=by)
        assert report.version is not None, report
        return report.version

    async def write(self, name: str, body: str, *, questions: Sequence[str] = (), **keys: str) -> None:
        """A page of the manual's folder."""
        path = self.source / f"{name}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        keys = {"title": name, "audience": "client", "language": "zh-Hans"} | keys
        asked = "questions:\n" + "".join(f"- {question}\n" for question in questions) if questions else ""
        front = "".join(f"{key}: {value}\n" for key, value in keys.items())
        path.write_text(f"---\n{front}{asked}---\n{body}\n", "utf-8")


def _cited(page: str | None) -> tuple[Citation, ...]:
    return (Citation(n=1, page=page, title=page, heading="", anchor="", chunk=f"chunk of {page}"),) if page else ()


@pytest.fixture
async def agency(database: Database, tmp_path: Path) -> AsyncIterator[Agency]:
    """See `Agency`; its manual has two pages."""
    clock, embedder, desk = ManualClock(MONDAY), HashingEmbedder(), Desk()
    manual = await Manual.open(database, tmp_path / "index", embedder=embedder, clock=clock)
    asked = Asked(database, embedder=embedder)
    watch = GapWatch(db=database, manual=manual, comparing=asked, clock=clock, practice=frozenset({"terminal"}))

    def seed(conn: Connection) -> Person:
        contracts.adopt(conn, load(), source="file", now=clock())
        return directory.add_staff(conn, login="ann", name="安妮", role=Role.ADMIN, now=clock())

    ann = await database.write(seed)
    found = Agency(database, desk, clock, manual, watch, tmp_path / "manual", ann)
    await found.write("zh/mail/full", "邮箱满了请删除旧邮件。", questions=["邮箱满了怎么办"])
    await found.write("zh/wordpress/menu", "在外观、菜单里改导航。", questions=["导航菜单怎么改"])
    await found.index()
    yield found
    await asked.close()
    await manual.close()


__all__ = ["Agency", "Author", "agency"]
