"""The channel as one thing: opened at the start if there is a token, closed in the end."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from fastapi import APIRouter
from slack_bolt.app.async_app import AsyncApp

from bot.channels.slack.account import Account
from bot.channels.slack.arriving import Arrivals
from bot.channels.slack.cardroom import MANNER, CardThreads
from bot.channels.slack.doors import bolt, router, socket
from bot.channels.slack.reading import PLATFORM
from bot.channels.slack.sending import SlackChannel
from bot.reception import Room
from bot.settings import Settings
from handoff.model import Citation
from store.clock import Clock
from store.db import Database


@dataclass(frozen=True, kw_only=True)
class Slack:
    """What the application uses. `router` takes Slack's requests, None where we open a socket to it."""

    account: Account
    arrivals: Arrivals
    channel: SlackChannel
    threads: CardThreads
    app: AsyncApp
    router: APIRouter | None
    settings: Settings
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
    ) -> "Slack | None":
        """The channel; None without a token. Nothing is connected yet, but a running loop is needed."""
        if settings.slack_bot_token is None:
            return None
        account = Account(settings.slack_bot_token.get_secret_value(), api=settings.slack_api, clock=clock)
        here = replace(room, manner=MANNER)
        arrivals = Arrivals(account, db, room=here, files=files, public_url=settings.public_url, clock=clock)
        secret = settings.slack_signing_secret
        by_request = settings.slack_app_token is None and secret is not None
        app = bolt(account, arrivals, secret=secret.get_secret_value() if by_request and secret else None)
        return cls(
            account=account,
            arrivals=arrivals,
            channel=SlackChannel(account, db, texts=room.texts, files=files, clock=clock, href=href),
            threads=CardThreads(account),
            app=app,
            router=router(app) if by_request else None,
            settings=settings,
            clock=clock,
        )

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """What is said comes in for as long as the block lasts."""
        token = self.settings.slack_app_token
        try:
            if token is None:
                yield
            else:
                async with socket(self.app, self.account, token=token.get_secret_value()):
                    yield
        finally:
            await self.arrivals.close()
