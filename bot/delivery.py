"""Outbound: a committed message reaches its channel as stored, in its chat's order, or is seen as failed."""

from collections.abc import Mapping
from functools import partial
from typing import Protocol

import structlog
from sqlalchemy import Connection

from bot.meters import Meters
from handoff import directory, messages
from handoff.kinds import Delivery
from handoff.model import Chat, Message
from store.clock import Clock
from store.db import Database
from store.worker import Running, Worker

log = structlog.get_logger()


class Channel(Protocol):
    """What delivery needs of a platform."""

    async def send(self, chat: Chat, message: Message) -> str | None:
        """Put the message into the chat; the platform's id of it, if it gives one.

        An error with `retry_after: timedelta` is obeyed; any other is retried with backoff.
        """


class StoredChannel:
    """The web and the terminal: readers follow the database, so a stored message has arrived."""

    async def send(self, chat: Chat, message: Message) -> str | None:
        """Nothing to do: the reader is told by the commit's signal."""
        del chat, message
        return None


class Deliveries:
    """The handler of `deliver` jobs."""

    def __init__(self, db: Database, *, channels: Mapping[str, Channel], clock: Clock, meters: Meters) -> None:
        self._db, self._channels, self._clock, self._meters = db, channels, clock, meters

    async def deliver(self, running: Running) -> None:
        """Send one message and note the platform's id of it."""
        number = int(str(running.job.body["message"]))
        message, chat = await self._db.read(partial(_load, number=number))
        if message.delivery is Delivery.SENT:
            return
        platform_id = await self._channels[chat.platform].send(chat, message)
        await running.finish(
            lambda conn: messages.mark_delivery(conn, number, Delivery.SENT, platform_id=platform_id, now=self._clock())
        )
        self._meters.delivery(chat.platform, "sent")

    async def dead(self, running: Running, error: Exception) -> None:
        """A delivery that was given up is marked, so that the desk can show it."""
        job = running.job
        if job.queue != messages.DELIVER:
            return
        log.error("delivery failed", job=job.id, error=type(error).__name__)
        number = int(str(job.body["message"]))
        await running.bury(error, lambda conn: messages.mark_delivery(conn, number, Delivery.FAILED, now=self._clock()))
        self._meters.delivery("?", "failed")

    def register(self, worker: Worker) -> None:
        """Let a worker deliver."""
        worker.register(messages.DELIVER, self.deliver)


def _load(conn: Connection, *, number: int) -> tuple[Message, Chat]:
    message = messages.message(conn, number)
    return message, directory.chat(conn, message.chat_id)
