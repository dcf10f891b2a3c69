"""A full disk: who writes is told that nothing was stored, and with room again everything goes on."""

import asyncio
import re
import shutil
import sqlite3
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.server import Server

pytestmark = [pytest.mark.crash, pytest.mark.xdist_group("crash")]
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 2000


@pytest.fixture
def server(indexed: Path, tmp_path: Path) -> Iterator[Server]:
    """A running server on a copy of the indexed data."""
    shutil.copytree(indexed, tmp_path / "data")
    running = Server(tmp_path / "data")
    running.start()
    yield running
    running.end()


@asynccontextmanager
async def _visitor(server: Server) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=server.url, timeout=20, headers={"Accept-Language": "zh-CN"}) as http:
        found = re.search(r'data-api="([^"]+)"', (await http.get("/")).text)
        assert found
        http.base_url = f"{server.url}{found[1]}"
        yield http


def _message(text: str) -> dict[str, str]:
    return {"id": str(uuid.uuid4()), "text": text}


async def _answered(http: httpx.AsyncClient, count: int) -> list[dict[str, Any]]:
    """The messages that are not the visitor's, once there are so many and no turn is under way."""
    for _ in range(1800):
        state = (await http.get("/messages")).json()
        news = [m for m in state["messages"] if not m["mine"]]
        if len(news) >= count and not state["typing"]:
            return news
        await asyncio.sleep(0.05)
    raise AssertionError("no answer")


@pytest.mark.timeout(300)
async def test_a_full_disk_loses_nothing(server: Server, tmp_path: Path) -> None:
    """Refused with a reason while full, reading goes on; the same message is taken and answered once there is room."""
    data = tmp_path / "data"
    async with _visitor(server) as http:
        assert (await http.post("/messages", json=_message("后台密码忘了怎么办?"))).status_code == 202
        await _answered(http, 1)
        waits = _message("那个")  # its turn waits for more of the burst, and comes while the disk is full
        assert (await http.post("/messages", json=waits)).status_code == 202
        server.fill_disk()

        text, picture = _message("首页标题怎么改?"), _message("看图")
        for _ in range(3):
            refused = await http.post("/messages", json=text)
            assert refused.status_code == 507
            assert "恢复后自动发送" in refused.json()["error"]
        refused = await http.post("/messages", data=picture, files={"file": ("a.png", PNG, "image/png")})
        assert refused.status_code == 507
        large = {"file": ("b.png", PNG + bytes(3_000_000), "image/png")}  # put aside on the disk while it is read
        assert (await http.post("/messages", data=_message("大图"), files=large)).status_code == 507
        assert list((data / "files").iterdir()) == []
        assert (await http.get(f"{server.url}/readyz")).status_code == 200
        await asyncio.sleep(3)  # the waiting turn fails meanwhile
        state = (await http.get("/messages")).json()
        assert [m["key"] for m in state["messages"] if m["mine"]][1:] == [waits["id"]]

        server.fill_disk(full=False)
        assert (await http.post("/messages", json=text)).status_code == 202
        assert (await http.post("/messages", json=text)).status_code == 202
        taken = await http.post("/messages", data=picture, files={"file": ("a.png", PNG, "image/png")})
        assert taken.status_code == 202
        await _answered(http, 2)  # what waited, and what came with room again, may be one burst
    await asyncio.to_thread(server.end)
    assert len(list((data / "files").iterdir())) == 1
    with closing(sqlite3.connect(data / "aftercare.sqlite3")) as db:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        asked = db.execute("SELECT external_id, turn_id FROM message WHERE author = 'client'").fetchall()
        replies = Counter(row[0] for row in db.execute("SELECT turn_id FROM message WHERE author = 'bot'"))
    assert len(asked) == 4
    assert all(turn for _, turn in asked)
    assert set(replies.values()) == {1}
