"""A Telegram of our own, and the real library as its bot."""

from collections.abc import AsyncIterator

import pytest
from telegram.ext import Application, ApplicationBuilder, ExtBot
from telegram.request import HTTPXRequest

from tests.platforms.telegram import Limits, TelegramServer, World, telegram_server


@pytest.fixture(autouse=True)
def intervals(monkeypatch: pytest.MonkeyPatch) -> None:
    """The library's coming way to tell intervals; without it a RetryAfter warns of being deprecated."""
    monkeypatch.setenv("PTB_TIMEDELTA", "true")


@pytest.fixture
async def telegram() -> AsyncIterator[TelegramServer]:
    """The running server, without rate limits."""
    async with telegram_server(World(limits=Limits.lifted())) as running:
        yield running


@pytest.fixture
def world(telegram: TelegramServer) -> World:
    """Its people and chats."""
    return telegram.world


@pytest.fixture
async def app(telegram: TelegramServer) -> AsyncIterator[Application]:
    """python-telegram-bot, as a program builds it, but that it loads no certificates, which takes its time."""
    plain = [HTTPXRequest(httpx_kwargs={"verify": False}) for _ in range(2)]
    builder = ApplicationBuilder().token(telegram.world.token).base_url(telegram.base_url)
    builder = builder.base_file_url(telegram.base_file_url).request(plain[0]).get_updates_request(plain[1])
    built = builder.build()
    async with built:
        yield built


@pytest.fixture
def bot(app: Application) -> ExtBot:
    """Its bot."""
    return app.bot
