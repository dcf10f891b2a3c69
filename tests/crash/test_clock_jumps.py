"""A machine whose clock is an hour ahead for a while: nothing is lost, doubled or held up, nobody is signed out."""

import asyncio
import os
import re
import shutil
import sqlite3
import time
import uuid
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from tests.server import Server
from tests.unit.console.world import field

pytestmark = [pytest.mark.crash, pytest.mark.xdist_group("crash")]
PASSWORD = "a quiet harbour"
SOON_S = 25  # a turn on a busy machine


@pytest.fixture
def faketime() -> Path:
    """The library that moves a process's wall clock."""
    found = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
    if found:
        return found[0]
    reason = "libfaketime is not installed (Debian: apt-get install libfaketime)"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


class Visitor:
    """A browser at the web chat."""

    def __init__(self, server: Server) -> None:
        self._http = httpx.AsyncClient(base_url=server.url, timeout=20)
        self.api = ""

    async def enter(self) -> None:
        found = re.search(r'data-api="([^"]+)"', (await self._http.get("/")).text)
        assert found
        self.api = found[1]

    async def post(self, text: str) -> None:
        answer = await self._http.post(f"{self.api}/messages", json={"id": str(uuid.uuid4()), "text": text})
        assert answer.status_code == 202, answer.text

    async def settled(self) -> int:
        """How many messages are not the visitor's, once no turn is under way; soon, by the real clock."""
        until = time.monotonic() + SOON_S
        while time.monotonic() < until:
            state = (await self._http.get(f"{self.api}/messages")).json()
            if not state["typing"]:
                return sum(not m["mine"] for m in state["messages"])
            await asyncio.sleep(0.1)
        raise AssertionError("a turn is held up")

    async def say(self, text: str) -> int:
        await self.post(text)
        return await self.settled()

    async def leave(self) -> None:
        await self._http.aclose()


async def _sign_in(server: Server, http: httpx.AsyncClient) -> None:
    form = (await http.get("/desk/sign-in")).text
    signed = {"csrf": field(form, "csrf"), "login": "admin", "password": server.password()}
    form = (await http.post("/desk/sign-in", data=signed)).text
    await http.post("/desk/password", data={"csrf": field(form, "csrf"), "new": PASSWORD, "again": PASSWORD})


@pytest.mark.timeout(400)
async def test_an_hour_ahead_and_back(indexed: Path, tmp_path: Path, faketime: Path) -> None:
    """Turns, timers and sessions outlive a jump forward and back, also for what was under way at the jump."""
    data, offset = tmp_path / "data", tmp_path / "offset"
    shutil.copytree(indexed, data)

    def jump(seconds: int) -> None:
        fresh = offset.with_suffix(".new")
        fresh.write_text(f"{seconds:+d}", "utf-8")
        fresh.replace(offset)

    jump(0)
    server = Server(
        data,
        LD_PRELOAD=str(faketime),
        FAKETIME_TIMESTAMP_FILE=str(offset),
        FAKETIME_NO_CACHE="1",
        FAKETIME_DONT_FAKE_MONOTONIC="1",
    )
    await asyncio.to_thread(server.start)
    try:
        await _live_through(server, jump)
    finally:
        await asyncio.to_thread(server.end)
    assert "Traceback" not in server.printed(), server.printed()[-3000:]
    with closing(sqlite3.connect(data / "aftercare.sqlite3")) as db:
        asked = db.execute("SELECT turn_id FROM message WHERE author = 'client'").fetchall()
        replies = Counter(row[0] for row in db.execute("SELECT turn_id FROM message WHERE author = 'bot'"))
        failed = db.execute("SELECT count(*) FROM turn WHERE outcome = 'failed'").fetchone()[0]
        stuck = db.execute("SELECT queue, run_at FROM job WHERE closed_at IS NULL AND queue <> 'clock'").fetchall()
    assert len(asked) == 8
    assert all(turn for (turn,) in asked)
    assert set(replies.values()) == {1}
    assert (failed, stuck) == (0, [])


async def _live_through(server: Server, jump: Callable[[int], None]) -> None:
    """A client and a colleague at work while the clock jumps."""
    visitor = Visitor(server)
    async with httpx.AsyncClient(
        base_url=server.url, follow_redirects=True, timeout=20, headers={"Origin": server.url}
    ) as desk:
        await _sign_in(server, desk)
        await visitor.enter()
        assert await visitor.say("后台密码忘了怎么办?") == 1
        jump(3600)
        assert await visitor.say("首页标题怎么改?") == 2
        assert await visitor.say("你们能帮我把Shopify店铺的运费模板导到Wix里吗") == 3
        assert str((await desk.get("/desk")).url).endswith("/desk")
        await visitor.post("那个")  # a burst under way when the clock goes back
        jump(0)
        await visitor.settled()
        assert str((await desk.get("/desk")).url).endswith("/desk")
        before = await visitor.settled()
        assert await visitor.say("转人工") >= before
        for _ in range(3):
            await visitor.say("邮箱满了怎么清理?")

        html = (await desk.get("/desk/t/T-1001")).text
        tokens = {"csrf": field(html, "csrf"), "once": field(html, "once")}
        answered = await desk.post("/desk/t/T-1001/reply", data=tokens | {"text": "请稍等，我看一下"})
        assert answered.status_code == 200
        assert "请稍等，我看一下" in answered.text
    await visitor.leave()
