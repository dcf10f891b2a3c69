"""A desk that clients write to is backed up, restored elsewhere, and goes on there: same answers, tickets and clocks."""

import asyncio
import json
import os
import random
import re
import shutil
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr
from sqlalchemy import text

from bot.app import open_app
from bot.commands import execute
from bot.settings import Settings
from knowledge.embedders import Embedder
from store import raw
from tests import databases, filling
from tests.house import WORKING_HOURS, MovableClock
from tests.server import Server, until_ok

PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x02\x00\x00\x00\x90wS\xde" + bytes(
    2_000
)
QUESTIONS = ("后台密码忘了怎么办?", "首页标题怎么改?", "请帮我们重新设计整个网站并报价", "How do I add a new user?")
MOST = 2_000


def command(*arguments: str, data: Path, check: bool = True, **more: str) -> Any:
    """The command line, as an operator types it; its JSON."""
    done = subprocess.run(
        [sys.executable, "-m", "bot", *arguments, "--json"],
        env={**os.environ, "AFTERCARE_DATA": str(data), **more}, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0 or not check, done.stderr[-2000:]
    return json.loads(done.stdout) if done.returncode == 0 else done.stderr


async def converse(url: str, stop: asyncio.Event) -> int:
    """One visitor writes, with pictures, until it is enough; how often. A limit that is met is waited for."""
    taken = 0
    async with httpx.AsyncClient(base_url=url, timeout=20) as http:
        page = await until_ok(lambda: http.get("/"))
        api = re.search(r'data-api="([^"]+)"', page.text)
        assert api
        for _ in range(MOST):
            if stop.is_set():
                break
            said = {"id": str(uuid.uuid4()), "text": random.choice(QUESTIONS)}
            done = await http.post(f"{api[1]}/messages", data=said, files={"file": ("screen.png", PNG, "image/png")})
            assert done.status_code in (202, 429), done.text
            taken += done.status_code == 202
            await asyncio.sleep(0.1)
    return taken


@pytest.fixture
async def backed_up(indexed: Path, tmp_path: Path) -> tuple[Path, Path]:
    """A desk under traffic, and the backup that was made meanwhile: its data folder, and the file."""
    shutil.copytree(indexed, tmp_path / "data")
    server, stop, path = Server(tmp_path / "data"), asyncio.Event(), tmp_path / "meanwhile.tar.gz"
    await asyncio.to_thread(server.start)
    try:
        handed_over = await asyncio.to_thread(command, "ask", "网站打不开了，请马上处理", data=tmp_path / "data")
        assert handed_over["ticket"], handed_over
        visitors = [asyncio.create_task(converse(server.url, stop)) for _ in range(3)]
        for _ in range(300):
            if sum(1 for _ in (tmp_path / "data" / "files").iterdir()) > len(visitors):
                break
            await asyncio.sleep(0.1)
        made = await asyncio.to_thread(command, "backup", str(path), data=tmp_path / "data")
        assert not any(visitor.done() for visitor in visitors), "they wrote while it was made"
        stop.set()
        assert sum(await asyncio.gather(*visitors)) >= made["files"] > 0
    finally:
        stop.set()
        with suppress(AssertionError):
            await asyncio.to_thread(server.end)
        server.abandon()
    return tmp_path / "data", path


@pytest.fixture
def empty_postgres(postgres_server: str) -> Iterator[str]:
    name = f"test{next(databases._numbers)}"
    databases._administer(postgres_server, f"CREATE DATABASE {name}")
    yield f"{postgres_server}/{name}"
    databases._administer(postgres_server, f"DROP DATABASE {name} WITH (FORCE)")


def stories(url: str, *, upto: int | None = None) -> dict[str, list[Any]]:
    """What clients and the desk know of each other: messages, tickets, clocks, up to a message."""
    queries = {
        "message": "SELECT id, text, author, attachments FROM message WHERE :upto IS NULL OR id <= :upto ORDER BY id",
        "ticket": "SELECT id, level, title, opened_at FROM ticket ORDER BY id",
        "clock": "SELECT ticket_id, kind, due_at FROM clock ORDER BY ticket_id, kind",
    }
    with raw.snapshot(url) as conn:
        return {
            name: [tuple(row) for row in conn.execute(text(query), {"upto": upto} if "upto" in query else {})]
            for name, query in queries.items()
        }


@pytest.mark.timeout(600)
async def test_a_desk_under_traffic_goes_on_elsewhere(backed_up: tuple[Path, Path], tmp_path: Path) -> None:
    """All files that rows name are there; what was said and promised is as it was; and a client is answered."""
    data, path = backed_up
    there, source = tmp_path / "there", f"sqlite:///{data}/aftercare.sqlite3"
    assert command("backup", "--verify", str(path), data=data)["verified"] is True
    command("restore", str(path), "--into", str(there), data=data)
    url = f"sqlite:///{there}/aftercare.sqlite3"
    found = stories(url)
    last = found["message"][-1][0]
    known = stories(source, upto=last)
    assert [row[:3] for row in found["message"]] == [row[:3] for row in known["message"]]
    assert found["ticket"] == known["ticket"][: len(found["ticket"])]
    assert len(found["ticket"]) > 0
    due = {row[:2]: row[2] for row in known["clock"]}
    assert all(row[:2] in due for row in found["clock"])
    named = {each["id"] for row in found["message"] for each in json.loads(row[3])}
    assert named
    for name in named:
        assert (there / "files" / name).read_bytes() == (data / "files" / name).read_bytes()
    assert not (there / "index").exists()
    server = Server(there)
    await asyncio.to_thread(server.start)
    try:
        answer = await asyncio.to_thread(command, "ask", "后台密码忘了怎么办", data=there)
        assert (answer["outcome"], bool(answer["citations"])) == ("answered", True)
        refused = await asyncio.to_thread(lambda: command("restore", str(path), data=there, check=False))
        assert "stop it first" in refused
    finally:
        await asyncio.to_thread(server.end)


@pytest.mark.timeout(600)
async def test_the_same_backup_goes_into_postgresql(
    backed_up: tuple[Path, Path], empty_postgres: str, embedder: Embedder, tmp_path: Path
) -> None:
    """Restored there, opened there: what was waiting is done, and a client is answered without a hub of models."""
    data, path = backed_up
    there, more = tmp_path / "there", {"DATABASE_URL": empty_postgres}
    restored = command("restore", str(path), data=there, **more)
    assert (there / "secret").read_bytes() == (data / "secret").read_bytes()
    second = command("restore", str(path), data=tmp_path / "second", check=False, **more)
    assert "rows in" in second
    assert "nothing was changed" in second
    with raw.snapshot(empty_postgres) as conn:
        assert sum(map(len, filling.held(conn).values())) == restored["rows"] + 1
    clock = MovableClock(WORKING_HOURS + timedelta(days=400))
    settings = Settings(data=there, database_url=SecretStr(empty_postgres))
    async with open_app(settings, clock=clock, embedder=embedder) as app:
        answer = await execute(app, "ask", {"text": "后台密码忘了怎么办"}, lambda _: None)
        assert answer["outcome"] == "answered"


def test_a_desk_is_carried_over_only_when_nobody_works_there(
    indexed: Path, empty_postgres: str, tmp_path: Path
) -> None:
    """While it runs: refused in one sentence. Then carried, with what to do next, and nothing of a password told."""
    shutil.copytree(indexed, tmp_path / "data")
    secret = empty_postgres.replace("postgres@", "postgres:hushhush@")
    server = Server(tmp_path / "data")
    server.start()
    try:
        told = command("transfer", "--to", secret, data=tmp_path / "data", check=False)
        assert "stop it first" in told
    finally:
        server.end()
    done = command("transfer", "--to", secret, data=tmp_path / "data")
    assert done["rows"] == sum(each["rows"] for each in done["tables"].values()) > 1_000
    assert "hushhush" not in json.dumps(done)
    assert any("DATABASE_URL" in line for line in done["next"])
    again = command("transfer", "--to", secret, data=tmp_path / "data", check=False)
    assert "nothing was changed" in again
    assert "hushhush" not in again
    assert "postgresql://" in command("transfer", "--to", "mysql://x/y", data=tmp_path / "data", check=False)
