"""The staff chats: each ticket's card and thread are kept true, by jobs that the desk's own transactions enqueue.

A thread is whatever the platform has for it: a topic that is opened first, the answers under a message, or nothing;
then a ticket's lines reply to its card.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Final, Protocol

from sqlalchemy import Connection

from bot import cards as faces
from bot import staff_threads
from bot.answering import Draft
from bot.cards import Dossier
from bot.drafting import Drafting, kept, restored
from bot.staff_threads import Thread
from bot.staff_words import StaffWords, plain
from handoff import board, cards, directory, messages, staff_chats, staff_talk
from handoff.kinds import Delivery
from handoff.model import Chat, Ticket
from store.clock import Clock
from store.db import Database
from store.jobs import JsonValue
from store.worker import Running, Worker

_APART: Final = timedelta(seconds=1)  # between two looks at one card: a burst of events is one change


class Threads(Protocol):
    """What the staff chats need of a platform. Nothing of it may fail the ticket: what does not work is left."""

    async def open(self, chat: Chat, title: str) -> str | None:
        """A new thread for a ticket: its id, "" where the chat has none, None where a thread begins with its card."""

    def begun_by(self, sent: str) -> str:
        """The thread that a card begins, by the platform's id of the card."""

    async def shape(self, chat: Chat, thread: str, *, title: str | None, closed: bool | None) -> None:
        """Rename the thread, close it or open it again; None leaves it as it is."""

    async def greet(self, chat: Chat) -> None:
        """Let our people in a chat of theirs find the commands."""


@dataclass(frozen=True, kw_only=True)
class _Look:
    """A ticket and its cards, each with its chat and whether it stands there."""

    ticket: Ticket
    known: Dossier
    threads: tuple[Thread, ...]
    is_empty: bool  # nothing stands in one of the threads yet


class StaffRoom:
    """The handlers of `card`, `greet` and `chat_lost` jobs."""

    def __init__(
        self,
        db: Database,
        *,
        threads: Mapping[str, Threads],
        words: StaffWords,
        public_url: str | None,
        drafting: Drafting | None = None,
        clock: Clock,
    ) -> None:
        self._drafting = drafting
        self._db, self._threads, self._words = db, threads, words
        self._public_url, self._clock = public_url, clock

    async def keep(self, running: Running) -> None:
        """Bring a ticket's cards up to date."""
        ticket_id = int(str(running.job.body["ticket"]))
        look = await self._db.write(partial(self._look, ticket_id=ticket_id))
        if wait := _too_soon(look, now=self._clock()):
            await running.later(wait)
            return
        threads = [await self._placed(running, thread, look) for thread in look.threads]
        for thread in threads:
            await self._shape(running, thread, look)
        draft = restored(await running.step("draft", partial(self._draft, look))) if look.is_empty else None
        await running.finish(partial(self._show, ticket_id=ticket_id, threads=threads, draft=draft))

    async def greet(self, running: Running) -> None:
        """Let a chat's people find the commands."""
        chat = await self._db.read(partial(directory.chat, chat_id=int(str(running.job.body["chat"]))))
        if (platform := self._threads.get(chat.platform)) is not None:
            await platform.greet(chat)

    async def lost(self, running: Running) -> None:
        """Tell the staff chats that nothing gets through to a chat any more."""
        await running.finish(partial(self._tell_lost, chat_id=int(str(running.job.body["chat"]))))

    def register(self, worker: Worker) -> None:
        """Let a worker keep the cards."""
        worker.register(cards.CARD, self.keep)
        worker.register(staff_chats.GREET, self.greet)
        worker.register(staff_chats.LOST, self.lost)

    def _look(self, conn: Connection, *, ticket_id: int) -> _Look:
        """What stands where; a ticket that people have gets a card in each staff chat."""
        ticket = board.ticket(conn, ticket_id)
        known = staff_threads.dossier(conn, ticket, public_url=self._public_url, now=self._clock())
        had = {card.chat_id: card for card in cards.of_ticket(conn, ticket_id)}
        threads = []
        for chat in staff_chats.every(conn):
            if chat.lost_at is not None or chat.platform not in self._threads:
                continue
            card = self._unless_failed(conn, had.get(chat.id))
            if card is None and staff_threads.wants_card(ticket):
                card = cards.ensure(conn, ticket_id=ticket_id, chat_id=chat.id, seq=known.events[-1].seq)
            if card is not None:
                threads.append(Thread(card=card, chat=chat, thread=self._begun(conn, chat, card)))
        empty = any(not cards.relays_of(conn, each.card.id) for each in threads)
        return _Look(ticket=ticket, known=known, threads=tuple(threads), is_empty=empty)

    def _unless_failed(self, conn: Connection, card: cards.Card | None) -> cards.Card | None:
        """The card; one that never arrived is to be posted anew."""
        if card is None or card.message_id is None:
            return card
        failed = messages.message(conn, card.message_id).delivery is Delivery.FAILED
        return cards.change(conn, card.id, message_id=None) if failed else card

    async def _draft(self, look: _Look) -> JsonValue:
        return kept(await self._drafting.draft(look.ticket) if self._drafting is not None else None)

    def _begun(self, conn: Connection, chat: Chat, card: cards.Card) -> str | None:
        """The thread of a card, where it is known or the card that begins it has arrived."""
        if card.thread is not None or card.message_id is None:
            return card.thread
        sent = messages.message(conn, card.message_id)
        arrived = sent.delivery is Delivery.SENT and sent.sent
        return self._threads[chat.platform].begun_by(sent.sent[-1]) if arrived else None

    async def _placed(self, running: Running, thread: Thread, look: _Look) -> Thread:
        """With a thread opened for a card that is to be posted."""
        if thread.card.message_id is not None:
            return thread
        if thread.card.thread is not None:  # it was opened for a card that did not arrive
            return Thread(card=thread.card, chat=thread.chat, thread=thread.card.thread)
        title = faces.thread_name(look.known, self._words.of(thread.chat))
        opening = partial(self._threads[thread.chat.platform].open, thread.chat, title)
        opened = await running.step(f"open:{thread.card.id}", opening)
        return Thread(card=thread.card, chat=thread.chat, thread=None if opened is None else str(opened))

    async def _shape(self, running: Running, thread: Thread, look: _Look) -> None:
        """Let the thread's name and openness say how the ticket stands."""
        card = thread.card
        if not card.thread or card.message_id is None:
            return
        title, closed = faces.thread_name(look.known, self._words.of(thread.chat)), faces.is_done(look.ticket)
        renamed, turned = card.title != title, card.closed != closed
        if not (renamed or turned):
            return
        platform = self._threads[thread.chat.platform]

        async def shape() -> bool:
            await platform.shape(
                thread.chat, card.thread or "", title=title if renamed else None, closed=closed if turned else None
            )
            return True

        await running.step(f"shape:{card.id}:{title}:{closed}", shape)
        await self._db.write(lambda conn: cards.change(conn, card.id, title=title, closed=closed))

    def _show(self, conn: Connection, *, ticket_id: int, threads: list[Thread], draft: Draft | None) -> None:
        now = self._clock()
        ticket = board.ticket(conn, ticket_id)
        known = staff_threads.dossier(conn, ticket, public_url=self._public_url, now=now)
        for thread in threads:
            card = cards.in_chat(conn, ticket_id=ticket_id, chat_id=thread.chat.id)
            if card is not None:
                current = Thread(card=card, chat=thread.chat, thread=thread.thread)
                staff_threads.show(conn, current, known, self._words.of(thread.chat), draft=draft, now=now)

    def _tell_lost(self, conn: Connection, *, chat_id: int) -> None:
        gone = directory.chat(conn, chat_id)
        if gone.lost_at is None:
            return
        for chat in staff_chats.every(conn):
            if chat.id == chat_id or chat.lost_at is not None:
                continue
            words = self._words.of(chat)
            talk = directory.ensure_conversation(conn, chat_id=chat.id, now=self._clock())
            text = words.say("staff.lost", chat=plain(_name(conn, gone, words)))
            staff_talk.tell(conn, conversation_id=talk.id, text=text, name=words.say("bot.name"), now=self._clock())


def _too_soon(look: _Look, *, now: datetime) -> datetime | None:
    """When the cards may be changed again; None if now."""
    shown = [thread.card.shown_at for thread in look.threads if thread.card.shown_at is not None]
    return max((at + _APART for at in shown if now < at + _APART <= now + _APART), default=None)


def _name(conn: Connection, gone: Chat, words: StaffWords) -> str:
    """What people call a chat."""
    if gone.title:
        return gone.title
    if gone.person_id is not None:
        return directory.person(conn, gone.person_id).name
    client = directory.client(conn, gone.client_id).name if gone.client_id is not None else "?"
    return words.say("staff.lost.untitled", client=client)
