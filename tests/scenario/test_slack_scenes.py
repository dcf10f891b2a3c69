"""The acceptance scenes in a client's Slack channel: the real libraries against a strict Slack of our own."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from bot.app import open_app
from bot.settings import Settings
from handoff import bindings, directory, messages
from handoff.kinds import Audience
from handoff.model import Message, Person, Turn
from knowledge import e5
from tests.house import WORKING_HOURS, House, MovableClock
from tests.platforms.slack import Channel, SlackServer, User
from tests.platforms.slack import Message as Posted
from tests.platforms.slack import Settings as Workspace

pytestmark = pytest.mark.xdist_group("scenario")
PATIENCE = 15.0


@dataclass
class Room:
    """The application on Slack: the client's channel is bound, the agent's account is linked."""

    house: House
    slack: SlackServer
    channel: Channel
    mei: User
    wang: User
    lin: User
    agent: Person

    @property
    def bot(self) -> str:
        """What mentions the bot."""
        return self.slack.world.bot.mention

    async def read(self, body: Any, **facts: Any) -> Any:
        return await self.house.app.db.read(partial(body, **facts))

    async def stored(self) -> list[Message]:
        """What the channel's conversation holds, oldest first."""
        chat = await self.read(directory.find_chat, platform="slack", external_id=f"T0HOME/{self.channel.id}")
        talk = await self.read(directory.find_conversation, chat_id=chat.id)
        return list(await self.read(messages.transcript, conversation_id=talk.id, audience=Audience.INTERNAL))

    async def turn(self, text: str) -> Turn:
        """The turn of the message with this text."""
        for _ in range(1000):
            found = [m for m in await self.stored() if m.text == text and m.turn_id is not None]
            if found:
                turn = await self.read(messages.turn_of_message, message_id=found[-1].id)
                assert turn is not None
                return turn
            await asyncio.sleep(0.02)
        raise AssertionError(f"no turn for {text!r}")

    def labels(self, message: Posted) -> list[str]:
        return [button["text"]["text"] for button in message.buttons.values()]


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


async def code_for_client(house: House, admin: Person) -> str:
    def body(conn: Any) -> str:
        client = directory.client_by_slug(conn, "demo")
        assert client is not None
        return bindings.code_for_client(conn, client.id, by=admin.id, now=house.clock())

    return await house.app.db.write(body)


@pytest.fixture
def clock() -> MovableClock:
    """Slack's and ours."""
    return MovableClock(WORKING_HOURS)


@pytest.fixture
async def slack(clock: MovableClock) -> AsyncIterator[SlackServer]:
    async with SlackServer(Workspace(socket_mode=True, clock=lambda: clock().timestamp())) as server:
        yield server


@pytest.fixture
async def room(
    indexed: Path, embedder: e5.E5Embedder, tmp_path: Path, slack: SlackServer, clock: MovableClock
) -> AsyncIterator[Room]:
    world = slack.world
    mei, wang, lin = (world.user(name) for name in ("mei", "wang", "lin"))
    async with running(indexed, embedder, tmp_path, slack, clock) as house:
        await slack.socket.connected(within=PATIENCE)
        agent = await house.agent()
        channel = world.channel("greenleaf", members=[mei, wang, lin])
        await slack.slash(lin, channel, "/aftercare", f"bind {await code_for_client(house, agent)}")
        own = await house.app.db.write(partial(bindings.code_for_colleague, person_id=agent.id, now=house.clock()))
        await slack.slash(lin, channel, "/aftercare", f"绑定 {own}")
        await channel.bot_whispers(agent.name, within=PATIENCE)
        yield Room(house, slack, channel, mei, wang, lin, agent)


async def test_1_routine(room: Room) -> None:
    """A mention gets eyes at once, then steps with their source and two buttons, in a thread under it."""
    asked = room.channel.say(room.mei, f"{room.bot} 后台密码忘了怎么办?")
    answer = await room.channel.bot_says("忘记密码", within=PATIENCE)
    assert any(call.method == "reactions.add" for call in room.slack.calls)
    assert answer.thread == asked.ts
    assert room.labels(answer) == ["已解决", "转人工"]
    assert "依据《" in answer.text
    await room.slack.press(room.mei, answer, "press:1")
    told = await room.channel.bot_says("T-", within=PATIENCE)
    assert told.thread == asked.ts
    ticket = await room.house.open_ticket()
    assert ticket.number in told.text
    assert (ticket.title, ticket.reason) == ("后台密码忘了怎么办?", "asked_for_person")
    await room.slack.world.until(lambda: not answer.buttons and not asked.reactions, within=PATIENCE)
