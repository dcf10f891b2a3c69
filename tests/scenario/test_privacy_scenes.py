"""A visitor who is told about their data, writes in Japanese, is answered across, and wants to be forgotten."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from bot import commands
from bot.app import open_app
from bot.settings import Settings
from handoff import directory
from handoff.kinds import Role
from knowledge import e5
from success.privacy import consent, erasing
from tests.contract.success.life import traces
from tests.house import WORKING_HOURS, House, MovableClock, embedder, indexed

__all__ = ["embedder", "indexed"]
WORDS = "請求書 INV-2026-77 の wisteria フォームが動きません、人に代わってください"
MARKERS = ("wisteria", "inv-2026-77", "請求書")
NAMES = ("aftercare.sqlite3", "aftercare.sqlite3-wal")


@asynccontextmanager
async def opened(data: Path, embedder: e5.E5Embedder) -> AsyncIterator[House]:
    clock = MovableClock(WORKING_HOURS)
    async with open_app(Settings(data=data), clock=clock, embedder=embedder) as app:
        yield House(app, clock)


def copied(source: Path, target: Path) -> None:
    """What a backup of the database does, and its restoring."""
    target.mkdir(exist_ok=True)
    for name in NAMES:
        (target / name).unlink(missing_ok=True)
        if (source / name).exists():
            shutil.copy(source / name, target / name)


def on_disk(data: Path) -> list[str]:
    """Which markers the database's file still holds, in its free pages too."""
    content = b"".join((data / name).read_bytes() for name in NAMES if (data / name).exists()).lower()
    return [each for each in MARKERS if each.encode() in content]


async def told(house: House, name: str, **given: str) -> dict[str, object]:
    found: dict[str, object] = await commands.execute(house.app, f"privacy.{name}", given, lambda _: None)
    return found


async def test_told_once_then_forgotten_for_good(indexed: Path, embedder: e5.E5Embedder, tmp_path: Path) -> None:
    """The notice stands above the box until it was written below; the desk says that nothing is translated without a
    model; an erasure by command takes every trace, and a database restored from before is erased at its start.
    """
    data, backup = tmp_path / "data", tmp_path / "backup"
    shutil.copytree(indexed, data)
    async with opened(data, embedder) as house:
        who = await visited(house)
        await asyncio.to_thread(copied, data, backup)
        asked = await told(house, "erase", person=str(who))
        assert (asked["erased"], asked["messages"]) == (False, 1)
        name = (await house.app.db.read(lambda conn: directory.person(conn, who))).name
        made = await told(house, "export", person=str(who), to=str(tmp_path / "copy.zip"))
        assert made["person"] == who
        await told(house, "erase", person=str(who), confirm=name)
        await house.idle()
        assert await traces(house.app.db, data / "files", MARKERS) == []
    assert await asyncio.to_thread(on_disk, data) == []
    await asyncio.to_thread(copied, backup, data)
    assert await asyncio.to_thread(on_disk, data) != []
    async with opened(data, embedder) as house:
        await house.idle()
        assert await traces(house.app.db, data / "files", MARKERS) == []
        found = await house.app.db.read(erasing.listed)
        assert [(each.person_id, each.state) for each in found] == [(who, "done")]


async def visited(house: House) -> int:
    """Somebody sees the notice, writes below it, and is handed to a colleague; who it is."""
    admin = await house.agent("mira", role=Role.ADMIN)
    texts = {"en": "We keep <b>what</b> you write."}
    await house.app.db.write(lambda conn: consent.publish(conn, texts, by=admin.id, now=house.clock()))
    async with house.visitor() as visitor:
        key = visitor.api.rsplit("/", 1)[-1]
        assert "We keep &lt;b&gt;what&lt;/b&gt; you write." in (await visitor.http.get(f"/c/{key}")).text
        await visitor.say(WORDS)
        assert "We keep" not in (await visitor.http.get(f"/c/{key}")).text
    await house.idle()
    ticket = await house.open_ticket()
    async with await house.desk(admin) as browser:
        assert "No model is set up" in (await browser.get(f"/desk/t/{ticket.number}")).text
    return ticket.requester_id
