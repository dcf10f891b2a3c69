"""The channel as one thing: opened at the start if there is a token, closed in the end."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from fastapi import APIRouter

from bot.channels.telegram import polling
from bot.channels.telegram.account import Account
from bot.channels.telegram.arriving import Arrivals
from bot.channels.telegram.polling import Polling
from bot.channels.telegram.reading import PLATFORM
from bot.channels.telegram.routes import announce, webhook
from bot.channels.telegram.sending import TelegramChannel
from bot.channels.telegram.topics import Topics
from bot.reception import Room
from bot.settings import Settings
from handoff.model import Citation
from store.clock import Clock
from store.db import Database
from store.worker import Worker


@dataclass(frozen=True, kw_only=True)
class Telegram:
    """What the application uses. `router` is the webhook's, None where we poll."""

    account: Account
    arrivals: Arrivals
    channel: TelegramChannel
    topics: Topics
    polling: Polling
    router: APIRouter | None
    settings: Settings
    db: Database
    clock: Clock
    name: str = PLATFORM

    @classmethod
    def make(
        cls,
        settings: Settings,
        db: Database,
        *,
        room: Room,
        files: Path,
        clock: Clock,
        href: Callable[[Citation], str | None],
    ) -> "Telegram | None":
        """The channel; None without a token. Nothing is connected yet."""
        if settings.telegram_token is None:
            return None
        account = Account(settings.telegram_token.get_secret_value(), api=settings.telegram_api)
        arrivals = Arrivals(account, db, room=room, files=files, clock=clock)
        secret = settings.telegram_webhook_secret
        router = None
        if settings.telegram_webhook and secret is not None:
            router = webhook(account, arrivals, secret=secret.get_secret_value())
        return cls(
            account=account,
            arrivals=arrivals,
            channel=TelegramChannel(account, db, texts=room.texts, files=files, clock=clock, href=href),
            topics=Topics(account, texts=room.texts),
            polling=Polling(account, arrivals, clock=clock),
            router=router,
            settings=settings,
            db=db,
            clock=clock,
        )

    def register(self, worker: Worker) -> None:
        """Let a worker poll, where Telegram does not push."""
        if self.router is None:
            self.polling.register(worker)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Updates come in for as long as the block lasts."""
        await self.db.write(partial(polling.settle, polls=self.router is None, now=self.clock))
        announcing = asyncio.create_task(self._announce(), name="telegram-webhook")
        try:
            yield
        finally:
            self.polling.stop()
            announcing.cancel()
            with suppress(asyncio.CancelledError):
                await announcing
            await self.arrivals.close()

    async def _announce(self) -> None:
        await self.topics.introduce()
        secret, url = self.settings.telegram_webhook_secret, self.settings.public_url
        if self.router is not None and secret is not None and url is not None:
            await announce(self.account, url=url, secret=secret.get_secret_value())
