"""A slow model: the client sees what is being read, and that message becomes the answer."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bot.app import open_app
from bot.errors import ModelError
from bot.llm import Json, Messages
from bot.prompts import Prompt
from bot.settings import Settings
from handoff import board
from knowledge import e5
from tests.house import WORKING_HOURS, House, MovableClock, Visitor


class SlowModel:
    """Answers when it is let."""

    name = "slow"

    def __init__(self, line: Json | ModelError) -> None:
        self.line, self.let = line, asyncio.Event()

    async def complete(self, messages: Messages, *, prompt: Prompt, schema: Json) -> Json:
        del messages, prompt, schema
        await asyncio.wait_for(self.let.wait(), 30)
        if isinstance(self.line, ModelError):
            raise self.line
        return self.line


@pytest.fixture
async def model(request: pytest.FixtureRequest) -> SlowModel:
    return SlowModel(request.param)


@pytest.fixture
async def slow(
    indexed: Path, embedder: e5.E5Embedder, tmp_path: Path, model: SlowModel
) -> AsyncIterator[tuple[House, SlowModel]]:
    shutil.copytree(indexed, tmp_path / "data")
    clock = MovableClock(WORKING_HOURS)
    told = Settings(data=tmp_path / "data", progress_after_s=0)
    async with open_app(told, clock=clock, embedder=embedder, model=model) as app:
        yield House(app, clock), model


async def begun(visitor: Visitor) -> dict[str, Any]:
    """The message that says what is being read."""
    for _ in range(2000):
        state = await visitor.state()
        news = [m for m in state["messages"] if not m["mine"]]
        if news:
            visitor.last = max(m["id"] for m in state["messages"])
            return news[0]
        await asyncio.sleep(0.02)
    raise AssertionError("nothing was said within the bound")


ANSWER = {"outcome": "answer", "text": "请点登录页的「忘记密码」[1]。", "reason": "passage 1", "level": "question"}


@pytest.mark.parametrize("model", [ANSWER, ModelError("timeout")], indirect=True, ids=["answers", "fails"])
async def test_the_message_that_was_begun_becomes_the_answer(slow: tuple[House, SlowModel]) -> None:
    """One message, first with the page's title, then with the answer and its source; also where the model fails."""
    house, model = slow
    async with house.visitor() as visitor:
        await visitor.post("后台密码忘了怎么办?")
        first = await begun(visitor)
        assert "正在为您查阅" in first["html"]
        assert not first["buttons"]
        model.let.set()
        await visitor.settled()
        final = next(m for m in visitor.seen if m["id"] == first["id"])
        assert "忘记密码" in final["html"]
        assert "正在为您查阅" not in final["html"]
        assert final["sources"]
        assert [button["id"] for button in final["buttons"]] == ["solved", "human"]
        assert len([m for m in visitor.seen if not m["mine"]]) == 1
        await visitor.press(final, "human")
        assert (await house.open_ticket()).reason == "asked_for_person"


@pytest.mark.parametrize("model", [ANSWER], indirect=True)
async def test_a_colleague_who_takes_over_meanwhile_has_the_word(slow: tuple[House, SlowModel]) -> None:
    """What was begun then says that a colleague answers."""
    house, model = slow
    agent = await house.agent()
    async with house.visitor() as visitor:
        await visitor.say("转人工")
        ticket = await house.open_ticket()
        await visitor.post("后台密码忘了怎么办?")
        first = await begun(visitor)
        await house.app.db.write(
            lambda conn: house.app.desk.claim(conn, ticket_id=ticket.id, by=agent.id, now=house.clock())
        )
        model.let.set()
        await visitor.settled()
        final = next(m for m in reversed(visitor.seen) if m["id"] == first["id"])
        assert "同事正在回复您" in final["html"]
        rows = await house.app.db.read(
            lambda conn: board.queue(conn, view="open", viewer_id=agent.id, now=house.clock())
        )
        assert [row.ticket.number for row in rows] == [ticket.number]
