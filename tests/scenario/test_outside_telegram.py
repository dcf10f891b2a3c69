"""Our Telegram channel against somebody else's emulator of the Bot API: a routine scene, as an outside check.

The emulator models one server's contract, in which messages have no link previews: that field is taken out on the way,
and any other that it does not know fails the scene.
"""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from aiohttp import web
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.aftercare import Aftercare
from bot.app import open_app
from bot.arrived import press_data
from bot.settings import Settings
from handoff.tables import message as messages
from knowledge import e5
from tests.platforms.telegram.server import loopback

emulator = pytest.importorskip("lo_bot_api_emulator")
pytestmark = [pytest.mark.outside, pytest.mark.timeout(300)]

TOKEN = "700001:a-synthetic-token-for-the-emulator"
NOT_MODELLED = "link_preview_options"
ANNA = {"id": 4711, "is_bot": False, "first_name": "Anna", "language_code": "zh-hans"}
CHAT = {"id": 4711, "type": "private", "first_name": "Anna"}


@asynccontextmanager
async def serving(app: web.Application) -> AsyncIterator[str]:
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@asynccontextmanager
async def without_previews(behind: str) -> AsyncIterator[str]:
    """A server that passes everything on but the field that the emulator does not model."""
    async with httpx.AsyncClient(trust_env=False, timeout=60) as http:

        async def pass_on(request: Request) -> Response:
            form = {name: value for name, value in (await request.form()).items() if name != NOT_MODELLED}
            answer = await http.post(behind + request.url.path, data=form)
            return Response(answer.content, answer.status_code, media_type="application/json")

        async with loopback(Starlette(routes=[Route("/{path:path}", pass_on, methods=["POST"])])) as port:
            yield f"http://127.0.0.1:{port}"


def tells(**what: Any) -> dict[str, Any]:
    return {"message_id": 11, "date": int(datetime.now(UTC).timestamp()), "chat": CHAT, **what}


async def taken(other: Any, method: str) -> None:
    """Wait until the emulator has taken a call; it must refuse none."""
    for _ in range(3000):
        refused = [each for each in other.requests if each["status"] != 200]
        assert not refused, refused
        if any(each["method"] == method for each in other.requests):
            return
        await asyncio.sleep(0.02)
    raise AssertionError(f"no {method} within the bound: {other.requests}")


async def answer_of(app: Aftercare) -> Any:
    query = messages.select().where(messages.c.author == "bot")
    return await app.db.read(lambda conn: conn.execute(query).mappings().one())


async def test_a_question_its_answer_and_a_press(indexed: Path, embedder: e5.E5Embedder, tmp_path: Path) -> None:
    """Polled, answered with buttons, pressed: every call is as the emulator's contract has it."""
    shutil.copytree(indexed, tmp_path / "data")
    other = emulator.LoBotApiEmulator()
    async with serving(other.app()) as behind, without_previews(behind) as api:
        told = Settings(data=tmp_path / "data", telegram_token=TOKEN, telegram_api=api)
        async with open_app(told, embedder=embedder) as app:
            asked = {"message": tells(**{"from": ANNA, "text": "后台密码忘了怎么办?"})}
            await other.enqueue_update(asked, token=TOKEN)
            await taken(other, "sendMessage")
            said = await answer_of(app)
            assert "忘记密码" in said["text"]
            pressed = {"id": "31", "from": ANNA, "chat_instance": "7", "data": press_data(said["id"], 0)}
            await other.enqueue_update({"callback_query": pressed | {"message": tells(text="…")}}, token=TOKEN)
            await taken(other, "answerCallbackQuery")
            await taken(other, "editMessageReplyMarkup")
            assert (await answer_of(app))["pressed"] == "solved"
