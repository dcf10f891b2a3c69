"""Nothing lost, nothing doubled: the real server is killed again and again while clients write."""

import asyncio
import json
import random
import re
import shutil
import signal
import sqlite3
import uuid
from collections import Counter
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from tests.server import Server, until_ok

pytestmark = [pytest.mark.crash, pytest.mark.xdist_group("crash")]

VISITORS, EACH, KILLS = 30, 10, 5
QUESTIONS = (
    "后台密码忘了怎么办?",
    "首页标题怎么改?",
    "邮箱满了怎么清理?",
    "网站备案需要什么材料?",
    "How do I add a new user?",
    "怎么设置优惠券?",
    "域名续费怎么弄?",
    "浏览器提示不安全怎么办?",
    "怎么上传图片?",
    "How do I refund an order?",
)


async def _converse(url: str, sent: list[str]) -> None:
    """One visitor: each question again and again until it is accepted, the next one when it is answered."""
    async with httpx.AsyncClient(base_url=url, timeout=10) as http:
        page = await until_ok(lambda: http.get("/"))
        api = re.search(r'data-api="([^"]+)"', page.text)
        assert api
        for question in random.sample(QUESTIONS, EACH):
            key = str(uuid.uuid4())
            await until_ok(
                lambda key=key, text=question: http.post(f"{api[1]}/messages", json={"id": key, "text": text})
            )
            sent.append(key)
            for _ in range(3000):
                state = (await until_ok(lambda: http.get(f"{api[1]}/messages"))).json()
                if not state["typing"]:
                    break
                await asyncio.sleep(0.05)
            else:
                raise AssertionError("a message stays unanswered")


async def _kill_again_and_again(server: Server) -> int:
    for _ in range(KILLS):
        await asyncio.sleep(random.uniform(0.3, 2.0))
        await asyncio.to_thread(server.end, signal.SIGKILL)
        await asyncio.to_thread(server.start)
    return KILLS


@pytest.mark.timeout(600)
async def test_kill_while_messages_flow(indexed: Path, tmp_path: Path, record_property) -> None:
    """300 questions, 5 kills: every accepted message has one turn, and every answer went out once."""
    shutil.copytree(indexed, tmp_path / "data")
    server = Server(tmp_path / "data")
    await asyncio.to_thread(server.start)
    sent: list[str] = []
    killer = asyncio.create_task(_kill_again_and_again(server))
    await asyncio.gather(*(_converse(server.url, sent) for _ in range(VISITORS)))
    kills = await killer
    database = tmp_path / "data" / "aftercare.sqlite3"
    await _all_delivered(database)
    await asyncio.to_thread(server.end)

    figures = _count(database, sent) | {"kills": kills}
    print(json.dumps(figures))
    record_property("figures", figures)
    assert figures["messages"] == VISITORS * EACH == len(set(sent))
    assert figures["lost"] == 0
    assert figures["doubled"] == 0
    assert figures["undelivered"] == 0


async def _all_delivered(database: Path) -> None:
    """An answer is shown before the job that delivers it has ended; which the last kill may have put off."""
    with closing(sqlite3.connect(database)) as db:
        for _ in range(600):
            if not _undelivered(db):
                return
            await asyncio.sleep(0.1)


def _undelivered(db: sqlite3.Connection) -> int:
    return int(db.execute("SELECT count(*) FROM message WHERE author = 'bot' AND delivery <> 'sent'").fetchone()[0])


def _count(database: Path, sent: list[str]) -> dict[str, int]:
    with closing(sqlite3.connect(database)) as db:
        asked = dict(db.execute("SELECT external_id, turn_id FROM message WHERE author = 'client'").fetchall())
        replies = Counter(row[0] for row in db.execute("SELECT turn_id FROM message WHERE author = 'bot'"))
        outcomes = dict(db.execute("SELECT id, outcome FROM turn").fetchall())
        undelivered = _undelivered(db)
    silent = {turn for turn, outcome in outcomes.items() if outcome == "silent"}
    lost = [key for key in sent if asked.get(key) is None or (asked[key] not in silent and not replies[asked[key]])]
    doubled = [turn for turn, n in replies.items() if n > 1]
    return {
        "messages": len(asked),
        "turns": len(outcomes),
        "answers": sum(replies.values()),
        "lost": len(lost),
        "doubled": len(doubled),
        "undelivered": undelivered,
    }
