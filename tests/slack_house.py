"""The real application on the Slack of the tests: started on indexed data, its codes used as people use them."""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

from bot.app import open_app
from bot.server import web_app
from bot.settings import Settings
from handoff import bindings
from handoff.model import Person
from knowledge import e5
from tests.house import House, MovableClock, front_door
from tests.platforms.slack import Ack, Channel, Message, SlackServer, User
from tests.telegram_house import PATIENCE, code_for_client

__all__ = ["PATIENCE", "code_for_client", "labels", "linked", "posted", "press", "running", "staff_code"]


@asynccontextmanager
async def running(
    indexed: Path, embedder: e5.E5Embedder, folder: Path, slack: SlackServer, clock: MovableClock, **settings: Any
) -> AsyncIterator[House]:
    """The application on a copy of the indexed data, talking to that Slack."""
    if not (folder / "data").exists():
        shutil.copytree(indexed, folder / "data")
    own = slack.settings
    way = {"slack_app_token": own.app_token} if own.socket_mode else {"slack_signing_secret": own.signing_secret}
    told = Settings(data=folder / "data", slack_bot_token=own.bot_token, slack_api=slack.api_url, **way, **settings)
    async with open_app(told, clock=clock, embedder=embedder) as app:
        yield House(app, clock)


@asynccontextmanager
async def posted(
    indexed: Path, embedder: e5.E5Embedder, folder: Path, slack: SlackServer, clock: MovableClock, **settings: Any
) -> AsyncIterator[House]:
    """The same, with Slack posting signed requests to the application."""
    async with (
        front_door() as (url, outside),
        running(indexed, embedder, folder, slack, clock, **settings, public_url=url) as house,
    ):
        outside.append(web_app(house.app))
        assert await subscribed(slack, f"{url}/slack/events")
        yield house


async def subscribed(slack: SlackServer, url: str) -> bool:
    """Whether Slack takes an address for its events; it gives us three seconds, which a busy machine may miss."""
    for _ in range(5):
        if await slack.subscribe(url):
            return True
    return False


async def staff_code(house: House, lead: Person) -> str:
    return await house.app.db.write(
        partial(
            bindings.code_for_staff_chat, by=lead.id, language="zh-Hans", timezone="Asia/Shanghai", now=house.clock()
        )
    )


async def linked(house: House, slack: SlackServer, user: User, agent: Person, *, place: Channel) -> None:
    """The agent links their account with a code from the desk; nobody else sees it."""
    code = await house.app.db.write(partial(bindings.code_for_colleague, person_id=agent.id, now=house.clock()))
    ack = await slack.slash(user, place, "/aftercare", f"bind {code}")
    assert agent.name in ack.body["text"]


def labels(message: Message) -> list[str]:
    """What stands on a message's buttons, in order."""
    return [button["text"]["text"] for button in message.buttons.values()]


async def press(slack: SlackServer, user: User, on: Message, label: str) -> Ack:
    """Press the button with this label."""
    named = {button["text"]["text"]: action for action, button in on.buttons.items()}
    assert label in named, f"no {label!r} among {list(named)}"
    ack = await slack.press(user, on, named[label])
    assert ack.ok, ack
    return ack
