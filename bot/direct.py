"""Words to a colleague in a direct chat of theirs: an emergency that nobody took, with a button to take it."""

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Protocol

from sqlalchemy import Connection

from bot.staff_words import StaffWords, plain
from handoff import directory, staff_chats, staff_talk
from handoff.kinds import ChatKind
from handoff.model import Button, Person, Ticket
from store.clock import Clock
from store.db import Database


class Doors(Protocol):
    """A platform that lets the bot write to somebody first."""

    async def open_direct(self, account: str) -> str | None:
        """The platform's id of the direct chat with an account; None if there can be none now."""


class LinkedDirectChat:
    """`bot.paging.DirectChat` over the direct chats with linked colleagues.

    Those in which they have written to the bot, and on the platforms of `doors` also new ones.
    """

    def __init__(self, db: Database, *, words: StaffWords, clock: Clock, doors: Mapping[str, Doors]) -> None:
        self._db, self._words, self._clock, self._doors = db, words, clock, doors

    async def tell(self, person: Person, ticket: Ticket) -> bool:
        """Say that an emergency waits, once; False if there is no chat that gets through to the person."""
        for platform, account in await self._db.read(partial(self._unopened, person_id=person.id)):
            found = await self._doors[platform].open_direct(account)
            if found is not None:
                body = partial(
                    begin_direct, platform=platform, external_id=found, person_id=person.id, now=self._clock()
                )
                await self._db.write(body)
        return await self._db.write(partial(self._tell, person=person, ticket=ticket))

    def _unopened(self, conn: Connection, *, person_id: int) -> list[tuple[str, str]]:
        """The accounts on platforms where we know of no direct chat, but may begin one."""
        return [
            (platform, account)
            for platform, account in directory.accounts(conn, person_id)
            if platform in self._doors and not staff_chats.direct(conn, person_id, platform=platform)
        ]

    def _tell(self, conn: Connection, *, person: Person, ticket: Ticket) -> bool:
        found = [chat for chat in staff_chats.direct(conn, person.id) if staff_chats.is_ours(conn, chat)]
        for chat in found:
            words = self._words.of(chat)
            client = directory.client(conn, ticket.client_id).name if ticket.client_id is not None else None
            text = words.say(
                "staff.direct",
                number=plain(ticket.number),
                client=plain(client or words.say("staff.card.guest")),
                title=plain(ticket.title),
            )
            talk = directory.ensure_conversation(conn, chat_id=chat.id, now=self._clock())
            if not staff_talk.told(conn, conversation_id=talk.id, ticket_id=ticket.id, text=text):
                staff_talk.tell(
                    conn,
                    conversation_id=talk.id,
                    text=text,
                    buttons=(Button(id="claim", label=words.say("staff.button.claim")),),
                    name=words.say("bot.name"),
                    ticket_id=ticket.id,
                    now=self._clock(),
                )
        return bool(found)


def begin_direct(conn: Connection, *, platform: str, external_id: str, person_id: int, now: datetime) -> None:
    """Keep a direct chat with somebody that a platform has opened."""
    chat = directory.ensure_chat(conn, platform=platform, external_id=external_id, kind=ChatKind.DIRECT, now=now)
    staff_chats.belongs(conn, chat.id, person_id)
