"""Words to a colleague in a direct chat of theirs: an emergency that nobody took, with a button to take it."""

from functools import partial

from sqlalchemy import Connection

from bot.staff_words import StaffWords, plain
from handoff import directory, staff_chats, staff_talk
from handoff.model import Button, Person, Ticket
from store.clock import Clock
from store.db import Database


class LinkedDirectChat:
    """`bot.paging.DirectChat` over the chats in which linked colleagues have written to the bot."""

    def __init__(self, db: Database, *, words: StaffWords, clock: Clock) -> None:
        self._db, self._words, self._clock = db, words, clock

    async def tell(self, person: Person, ticket: Ticket) -> bool:
        """Say that an emergency waits, once; False if there is no chat that gets through to the person."""
        return await self._db.write(partial(self._tell, person=person, ticket=ticket))

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
