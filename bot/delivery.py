"""Outbound: a committed message reaches its channel as stored, in its chat's order, or is seen as failed."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol

import structlog
from sqlalchemy import Connection

from bot import following
from bot.errors import NotSentError
from bot.logs import Words
from bot.meters import Meters
from handoff import directory, messages, turn_records
from handoff.kinds import Author, Delivery
from handoff.model import Chat, Message, Turn
from store.clock import Clock
from store.db import Database
from store.errors import GiveUp
from store.jobs import JsonValue
from store.worker import Running, Worker

log = structlog.get_logger()

_HELD = timedelta(seconds=1)
_SLOTS = 8  # each may wait for its turn among all chats


@dataclass(kw_only=True)
class Attempt:
    """One attempt at a message. `once` keeps what a part of it came to, so that a later attempt does not repeat it.

    `again`: an attempt before this one ended without a word, so the first part that is not kept may have arrived. The
    channel takes it back once that part is kept: what comes after it was never tried. `ahead`: it goes before what
    waits for other chats.
    """

    once: Callable[[str, Callable[[], Awaitable[JsonValue]]], Awaitable[JsonValue]]
    again: bool
    ahead: bool = False


class Channel(Protocol):
    """What delivery needs of a platform."""

    doubtful: bool
    """Whether a send can end without a word, so that it has to be marked before."""
    shows_changes: bool
    """Whether readers see that a message was changed after it was said."""
    shows_pictures: bool
    """Whether readers see pictures in the chat itself."""

    async def send(self, chat: Chat, message: Message, attempt: Attempt) -> tuple[str, ...]:
        """Put the message into the chat; the platform's ids of what it became: of its texts, then of its files.

        Raises:
            NotSentError: nothing arrived; its `retry_after` is obeyed.
            GiveUp: it never will.
            Exception: its fate is unknown; it is tried again with backoff, as `again`.
        """

    async def edit(self, chat: Chat, message: Message, attempt: Attempt) -> tuple[str, ...]:
        """Let what was sent (`message.sent`) say what the message says now; the ids as they are then. Raises as `send`.

        Texts that are needed no more go, those that are needed besides are sent.
        """


class StoredChannel:
    """The web and the terminal: readers follow the database, so a stored message has arrived."""

    doubtful = False

    def __init__(self, *, shows_changes: bool, shows_pictures: bool) -> None:
        self.shows_changes, self.shows_pictures = shows_changes, shows_pictures

    async def send(self, chat: Chat, message: Message, attempt: Attempt) -> tuple[str, ...]:
        """Nothing to do: the reader is told by the commit's signal."""
        del chat, message, attempt
        return ()

    edit = send


class Deliveries:
    """The handler of `deliver` jobs."""

    def __init__(self, db: Database, *, channels: Mapping[str, Channel], clock: Clock, meters: Meters) -> None:
        self._db, self._channels, self._clock, self._meters = db, channels, clock, meters

    async def deliver(self, running: Running) -> None:
        """Send one message, or what has become of it since, and note the platform's ids of it."""
        message, chat, asked = await self._db.read(partial(_load, number=int(str(running.job.body["message"]))))
        following.of_outgoing(message, asked.turn if asked else None)
        channel = self._channels.get(chat.platform)
        if channel is None:
            raise GiveUp(f"{chat.platform} is not set up here")
        try:
            if running.job.body.get("edit"):
                await self._edit(running, channel, chat, message, asked)
            else:
                await self._send(running, channel, chat, message, asked)
        except NotSentError as error:
            if not error.held:
                raise
            await running.later(self._clock() + getattr(error, "retry_after", _HELD))

    async def _send(
        self, running: Running, channel: Channel, chat: Chat, message: Message, asked: "_Asked | None"
    ) -> None:
        if message.delivery in (None, Delivery.SENT):  # None: whom it was for is erased
            return
        again = message.delivery is Delivery.SENDING
        attempt = Attempt(once=running.step, again=again, ahead=running.job.ahead)
        if channel.doubtful:
            await self._mark(message.id, Delivery.SENDING)
        try:
            with self._meters.stage("deliver"):
                sent = await channel.send(chat, message, attempt)
        except NotSentError:
            await self._mark(message.id, Delivery.SENDING if attempt.again else Delivery.QUEUED)
            raise
        await self._sent(running, message, sent)
        self._told(chat, message, sent, result="sent", answers=asked)

    async def _edit(
        self, running: Running, channel: Channel, chat: Chat, message: Message, asked: "_Asked | None"
    ) -> None:
        if message.delivery is not Delivery.SENT:
            return  # it failed: there is nothing to change
        with self._meters.stage("deliver"):
            sent = await channel.edit(chat, message, Attempt(once=running.step, again=False))
        await self._sent(running, message, sent)
        begun = asked is not None and message.stored_at < asked.turn.at and (running.job.dedup or "").endswith(":1")
        self._told(chat, message, sent, result="edited", answers=asked if begun else None)

    def _told(
        self, chat: Chat, message: Message, sent: tuple[str, ...], *, result: str, answers: "_Asked | None"
    ) -> None:
        self._meters.delivery(chat.platform, result)
        if answers is not None:
            self._meters.answered(chat.platform, self._clock() - answers.since)
        log.info("delivered", platform=chat.platform, result=result, external=list(sent), text=Words(message.text))

    async def _sent(self, running: Running, message: Message, sent: tuple[str, ...]) -> None:
        await running.finish(
            lambda conn: messages.mark_delivery(conn, message.id, Delivery.SENT, sent=sent, now=self._clock())
        )

    async def dead(self, running: Running, error: Exception) -> None:
        """A delivery that was given up is marked, so that the desk can show it."""
        job = running.job
        if job.queue != messages.DELIVER:
            return
        log.error("delivery failed", error=type(error).__name__)
        number = int(str(job.body["message"]))
        if job.body.get("edit"):  # what was sent still stands there
            await running.bury(error)
            return
        await running.bury(error, lambda conn: messages.mark_delivery(conn, number, Delivery.FAILED, now=self._clock()))
        self._meters.delivery("unknown", "failed")

    async def _mark(self, number: int, state: Delivery) -> None:
        await self._db.write(lambda conn: messages.mark_delivery(conn, number, state, now=self._clock()))

    def register(self, worker: Worker) -> None:
        """Let a worker deliver."""
        worker.register(messages.DELIVER, self.deliver, slots=_SLOTS, spare=True)


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a reply of the bot's is the answer to, and since when that waited."""

    turn: Turn
    since: datetime


def _load(conn: Connection, *, number: int) -> tuple[Message, Chat, _Asked | None]:
    message = messages.message(conn, number)
    return message, directory.chat(conn, message.chat_id), _asked(conn, message)


def _asked(conn: Connection, message: Message) -> _Asked | None:
    if message.turn_id is None or message.author is not Author.BOT:
        return None
    turn = turn_records.turn(conn, message.turn_id)
    first = messages.find(conn, turn.message_ids[0]) if turn.reply_id == message.id else None
    return None if first is None else _Asked(turn, first.stored_at)
