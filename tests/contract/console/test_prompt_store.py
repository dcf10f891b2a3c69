"""Versions of prompts and runs of their bench over both databases."""

import asyncio
from datetime import UTC, datetime

import pytest
from sqlalchemy import Connection

from console import bench_store, channel_store, prompt_store
from console.errors import NoVersion
from console.ports import Finding
from handoff import directory
from handoff.kinds import ChatKind, Role
from store import jobs
from store.db import Database

NOW = datetime(2026, 11, 16, 2, tzinfo=UTC)
ASKED = tuple({"ask": f"q{n}", "after": None, "pages": []} for n in range(3))


async def author(database: Database) -> int:
    def seed(conn: Connection) -> int:
        return directory.add_staff(conn, login="mira", name="Mira", role=Role.ADMIN, now=NOW).id

    return await database.write(seed)


async def test_versions_are_numbered_and_the_last_publication_holds(database: Database) -> None:
    """The file first; what is published holds; going back is a publication too; what is not there is refused."""
    by = await author(database)
    fixed = {"by": by, "why": "w", "now": NOW}
    assert await database.read(lambda conn: prompt_store.live(conn, "answer")) == prompt_store.Live(number=0, text=None)
    numbers = [
        await database.write(lambda conn, text=text: prompt_store.add(conn, "answer", text=text, **fixed))
        for text in ("a", "b", "b", "a")
    ]
    assert numbers == [1, 2, 2, 3]
    await database.write(lambda conn: prompt_store.publish(conn, "answer", 2, **fixed))
    assert await database.read(lambda conn: prompt_store.live(conn, "answer")) == prompt_store.Live(number=2, text="b")
    with pytest.raises(NoVersion):
        await database.write(lambda conn: prompt_store.publish(conn, "repair", 2, **fixed))
    await database.write(lambda conn: prompt_store.publish(conn, "answer", 0, **fixed))
    assert (await database.read(lambda conn: prompt_store.live(conn, "answer"))).text is None
    held = await database.read(lambda conn: [each.number for each in prompt_store.publications(conn, "answer")])
    assert held == [0, 2]
    assert await database.read(prompt_store.counts) == {"answer": 3}


async def test_a_run_keeps_what_was_answered(database: Database) -> None:
    """Answers come once each; a cancelled run takes no more news, a resumed one goes on where it was."""
    by = await author(database)
    facts = {"right": True, "text": "x"}

    def begin(conn: Connection) -> int:
        return bench_store.ask(conn, "answer", number=1, against=0, questions=ASKED, model="m", by=by, now=NOW)

    number = await database.write(begin)
    await database.write(lambda conn: bench_store.began(conn, number))
    for _ in range(2):
        assert await database.write(lambda conn: bench_store.answered(conn, number, 0, {0: facts, 1: facts}))
    run = await database.read(lambda conn: bench_store.find(conn, number))
    assert run is not None
    assert (run.state, run.done, run.sides, run.resumable) == ("running", 1, (0, 1), False)
    ended = [database.write(lambda conn: bench_store.cancel(conn, number, now=NOW)) for _ in range(5)]
    assert sum(await asyncio.gather(*ended)) == 1
    assert not await database.write(lambda conn: bench_store.answered(conn, number, 1, {0: facts, 1: facts}))
    await database.write(lambda conn: bench_store.ended(conn, number, now=NOW))
    resumed = [database.write(lambda conn: bench_store.resume(conn, number, now=NOW)) for _ in range(5)]
    assert sum(await asyncio.gather(*resumed)) == 1
    run = await database.read(lambda conn: bench_store.find(conn, number))
    assert run is not None
    assert (run.state, run.done, run.error) == ("waiting", 2, None)
    depths = await database.read(lambda conn: jobs.depths(conn, now=NOW))
    assert [(each.queue, each.waiting) for each in depths] == [(bench_store.QUEUE, 2)]


async def test_channels_say_what_the_records_say(database: Database) -> None:
    """Traffic by platform, lost chats with their client, and the last check."""
    by = await author(database)
    findings = (Finding(what="model", state="bad", found="gone", mend="mend it"),)

    def seed(conn: Connection) -> None:
        chat = directory.ensure_chat(
            conn, platform="telegram", external_id="-1", kind=ChatKind.GROUP, client_id=None, now=NOW
        )
        conn.exec_driver_sql(f"UPDATE chat SET lost_at = created_at, title = 'Shop' WHERE id = {chat.id}")
        for _ in range(60):
            channel_store.keep(conn, findings, by=by, ms=5, now=NOW)

    await database.write(seed)
    (traffic,) = await database.read(channel_store.traffic)
    assert (traffic.platform, traffic.chats, traffic.last_in, traffic.failed) == ("telegram", 1, None, 0)
    (lost,) = await database.read(channel_store.lost)
    assert (lost.title, lost.client) == ("Shop", None)
    check = await database.read(channel_store.latest)
    assert check is not None
    assert (check.findings, check.by_id) == (findings, by)
    kept = await database.read(lambda conn: conn.exec_driver_sql("SELECT count(*) FROM health_check").scalar_one())
    assert kept == 50
