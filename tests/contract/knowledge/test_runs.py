"""Runs and golden results over both databases."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

from knowledge import record, runs
from knowledge.changes import Verdict
from knowledge.embedders import HashingEmbedder
from knowledge.model import Progress
from knowledge.service import Manual
from store import jobs
from store.clock import ManualClock
from store.db import Database
from tests.unit.console.keeping import sample, write

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


async def test_of_twenty_who_ask_at_once_one_starts(database: Database) -> None:
    """The others get the run that goes on; one job is there; when it has ended the next one may start."""

    async def ask(number: int) -> runs.Asked:
        return await database.write(lambda conn: runs.ask(conn, "preview", by=f"p{number}", now=NOW))

    asked = await asyncio.gather(*(ask(number) for number in range(20)))
    assert sum(each.fresh for each in asked) == 1
    (number,) = {each.run.id for each in asked}
    depths = await database.read(lambda conn: jobs.depths(conn, now=NOW))
    assert [(each.queue, each.waiting) for each in depths] == [(runs.QUEUE, 1)]
    await database.write(lambda conn: runs.told(conn, number, Progress(stage="embed", done=3, total=9)))
    found = await database.read(runs.open_run)
    assert found is not None
    assert (found.state, found.stage, found.done, found.total) == ("running", "embed", 3, 9)
    await database.write(lambda conn: runs.ended(conn, number, now=NOW, report={"unchanged": True}))
    await database.write(lambda conn: runs.told(conn, number, Progress(stage="read", done=0, total=1)))
    await database.write(lambda conn: runs.ended(conn, number, now=NOW, error="late"))
    ended = await database.read(lambda conn: runs.find(conn, number))
    assert ended is not None
    assert (ended.state, ended.report, ended.error) == ("done", {"unchanged": True}, None)
    assert (await ask(99)).fresh


async def test_old_runs_are_let_go(database: Database) -> None:
    """The latest fifty are kept."""
    for _ in range(runs.KEPT + 3):
        asked = await database.write(lambda conn: runs.ask(conn, "preview", by="a", now=NOW))
        await database.write(lambda conn, number=asked.run.id: runs.ended(conn, number, now=NOW, report={}))
    assert await database.read(lambda conn: runs.find(conn, 1)) is None
    assert await database.read(lambda conn: runs.find(conn, runs.KEPT + 3)) is not None


async def test_versions_keep_their_golden_results_and_pages_their_editions(database: Database, tmp_path: Path) -> None:
    """Question by question; a page names the versions in which it changed, and the log says why."""
    folder = tmp_path / "manual"
    sample(folder)
    manual = await Manual.open(database, tmp_path / "index", embedder=HashingEmbedder(), clock=ManualClock(NOW))
    first = (await manual.index(folder, by="ada")).version
    write(folder, "zh/new.md", "Something else.")
    second = (await manual.index(folder, by="bob", reason="more", force=True)).version
    write(folder, "zh/menu.md", "Change the menu elsewhere.", questions="[where is the menu]")
    third = (await manual.index(folder, by="eve", force=True)).version
    assert first is not None
    results = await database.read(lambda conn: record.results(conn, first))
    assert [each.verdict for each in results] == [Verdict.RIGHT] * 4
    assert [each.must for each in results] == [False, True, False, False]
    editions = await database.read(lambda conn: record.editions(conn, "zh/menu"))
    assert [(each.version, each.by) for each in editions] == [(third, "eve"), (first, "ada")]
    assert [each.version for each in await database.read(lambda conn: record.editions(conn, "zh/new"))] == [second]
    await manual.withdraw("zh/menu", by="ada", reason="wrong")
    (line,) = await database.read(lambda conn: record.entries(conn, limit=9, page_id="zh/menu"))
    assert (line.verb, line.by, line.reason) == ("withdraw", "ada", "wrong")
    await manual.close()
