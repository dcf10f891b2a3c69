"""Processes side by side on one PostgreSQL and one Chroma server: what they refuse, and commands beside them."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.app import open_app
from bot.errors import BotError
from bot.roles import Role
from bot.settings import Settings, shipped
from handoff import directory
from knowledge import e5
from store.clock import utc_now
from store.lock import own, sit
from tests.chroma_server import Served
from tests.databases import postgres_server, postgres_urls
from tests.house import embedder

__all__ = ["embedder", "postgres_server", "postgres_urls"]
pytestmark = [pytest.mark.xdist_group("side by side"), pytest.mark.timeout(400)]


@pytest.fixture(scope="module")
def chroma(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    served = Served(tmp_path_factory.mktemp("chroma"))
    try:
        served.start()
        yield served
    finally:
        served.stop()


@pytest.fixture
def shared(postgres_urls, chroma: Served, tmp_path: Path) -> Settings:
    """Settings of processes that share everything, with a manual of a few pages."""
    pages = tmp_path / "manual" / "cms"
    pages.mkdir(parents=True)
    for page in ("login.md", "operation-log.md"):
        shutil.copy(shipped("manual") / "zh" / "cms" / page, pages)
    return Settings(
        data=tmp_path / "data", manual=tmp_path / "manual", database_url=postgres_urls(), chroma_url=chroma.url
    )


def run(settings: Settings, *arguments: str) -> subprocess.CompletedProcess[str]:
    assert settings.database_url is not None
    told = {
        "AFTERCARE_DATA": str(settings.data), "AFTERCARE_MANUAL": str(settings.manual),
        "DATABASE_URL": settings.database_url.get_secret_value(), "CHROMA_URL": settings.chroma_url or "",
    }  # fmt: skip
    return subprocess.run(
        [sys.executable, "-m", "bot", *arguments], env={**os.environ, **told}, capture_output=True, text=True,
        timeout=200, check=False,
    )  # fmt: skip


async def test_another_time_is_refused(shared: Settings, embedder: e5.E5Embedder) -> None:
    """A machine whose clock is five minutes off would take the others' work: it says so and does not start."""
    with pytest.raises(BotError, match="300 seconds ahead of the database's"):
        async with open_app(shared, embedder=embedder, clock=lambda: utc_now() + timedelta(minutes=5)):
            pass


async def test_each_makes_what_the_others_need_once(shared: Settings, embedder: e5.E5Embedder) -> None:
    """Several first starts at once: one admin, one key, one demo client; only pages do no jobs."""
    shared.data.mkdir()
    async with (
        open_app(shared, embedder=embedder, role=Role.WEB) as web,
        open_app(shared, embedder=embedder, role=Role.WORKER) as worker,
        open_app(shared, embedder=embedder, role=Role.BOT) as bot,
    ):
        passwords = [each.one_time_password for each in (web, worker, bot)]
        assert [password is not None for password in passwords] == [True, False, False]
        assert web.secret == worker.secret == bot.secret
        people = await bot.db.read(directory.staff)
        assert [person.login for person in people] == ["admin"]
    assert not list(shared.data.glob("*.part"))


async def test_commands_run_beside_the_others(shared: Settings, embedder: e5.E5Embedder) -> None:
    """`ask` has a turn of its own with nobody else there; whoever sits in the folder, another may not own it."""
    asked = run(shared, "ask", "后台密码忘了怎么办?", "--json")
    assert asked.returncode == 0, asked.stderr
    answer = json.loads(asked.stdout)
    assert answer["outcome"] == "answered", answer
    with sit(shared.data):
        listed = run(shared, "tickets", "--json")
        assert json.loads(listed.stdout) == {"view": "open", "tickets": []}
    given = json.loads(run(shared, "password", "admin", "--json").stdout)
    assert (given["login"], len(given["password"])) == ("admin", 19)
    nobody = run(shared, "password", "nobody")
    assert (nobody.returncode, "nobody" in nobody.stderr) == (2, True)
    with own(shared.data):
        refused = run(shared, "tickets", "--json")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert str(os.getpid()) in refused.stderr


def test_a_role_needs_what_it_shares(tmp_path: Path) -> None:
    """Without servers, the sentence says which settings are missing."""
    told = {**os.environ, "AFTERCARE_DATA": str(tmp_path)}
    for wrong, word in (("worker", "CHROMA_URL"), ("boss", "no role")):
        done = subprocess.run(
            [sys.executable, "-m", "bot", "run", "--role", wrong], env=told, capture_output=True, text=True,
            timeout=60, check=False,
        )  # fmt: skip
        assert done.returncode == 2
        assert word in done.stderr
