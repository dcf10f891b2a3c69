"""The real application on the Telegram of the tests: started on indexed data, its codes used as people use them."""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

from bot.app import open_app
from bot.server import web_app
from bot.settings import Settings
from handoff import bindings, directory
from handoff.model import Person
from knowledge import e5
from tests.house import House, MovableClock, front_door
from tests.platforms.telegram import TelegramServer, User, World

PATIENCE = 40.0


@asynccontextmanager
async def running(
    indexed: Path, embedder: e5.E5Embedder, folder: Path, telegram: TelegramServer, clock: MovableClock, **settings: Any
) -> AsyncIterator[House]:
    """The application on a copy of the indexed data, talking to that Telegram."""
    if not (folder / "data").exists():
        shutil.copytree(indexed, folder / "data")
    api = telegram.base_url.removesuffix("/bot")
    told = Settings(data=folder / "data", telegram_token=telegram.world.token, telegram_api=api, **settings)
    async with open_app(told, clock=clock, embedder=embedder) as app:
        yield House(app, clock)


@asynccontextmanager
async def pushed(
    indexed: Path, embedder: e5.E5Embedder, folder: Path, telegram: TelegramServer, clock: MovableClock, **settings: Any
) -> AsyncIterator[House]:
    """The same, with Telegram posting its updates to the application's webhook."""
    async with front_door() as (url, outside):
        told = settings | {"public_url": url, "telegram_webhook_secret": "a-secret-for-the-tests"}
        async with running(indexed, embedder, folder, telegram, clock, **told) as house:
            outside.append(web_app(house.app))
            yield house


async def code_for_client(house: House, admin: Person) -> str:
    def body(conn: Any) -> str:
        client = directory.client_by_slug(conn, "demo")
        assert client is not None
        return bindings.code_for_client(conn, client.id, by=admin.id, now=house.clock())

    return await house.app.db.write(body)


async def linked(house: House, world: World, user: User, agent: Person) -> None:
    """The agent links their account with a code from the desk, in a direct message."""
    code = await house.app.db.write(partial(bindings.code_for_colleague, person_id=agent.id, now=house.clock()))
    private = world.private(user)
    private.say(user, f"/start {code}")
    await private.bot_says(agent.name, within=PATIENCE)
