"""Watch mode: what is saved is indexed, what fails is told, and the watch goes on."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bot import watching
from bot.manual_runs import as_json
from bot.manual_showing import show_indexed, show_manual, show_preview
from bot.watching import Pages
from knowledge.embedders import HashingEmbedder
from knowledge.errors import AlreadyIndexing
from knowledge.service import Manual
from store.clock import ManualClock
from store.db import Database
from tests.unit.console.keeping import sample, write


async def test_every_save_is_indexed_and_a_failure_ends_nothing(tmp_path: Path) -> None:
    """First what is there, then each change; a refused version and an error are told, the next save is taken."""
    folder = tmp_path / "manual"
    sample(folder)
    db = await Database.open(f"sqlite:///{tmp_path / 'a.db'}")
    clock = ManualClock(datetime(2026, 3, 2, 9, tzinfo=UTC))
    manual = await Manual.open(db, tmp_path / "index", embedder=HashingEmbedder(), clock=clock)
    told: list[str] = []
    kept = (folder / "zh/mail.md").read_bytes()
    busy = False

    async def index() -> Mapping[str, Any]:
        if busy:
            raise AlreadyIndexing(7)
        return as_json(await manual.index(folder, by="watch"))

    async def changes() -> AsyncIterator[list[str]]:
        nonlocal busy
        (folder / "zh/mail.md").unlink()
        yield ["zh/mail.md"]
        (folder / "zh/mail.md").write_bytes(kept)
        write(folder, "zh/new.md", "A new page about stamps.")
        busy = True
        yield ["zh/new.md"]
        busy = False
        (folder / "zh/bad.md").write_text("---\ntitle: [\n---\nx")
        yield ["zh/bad.md"]

    def tell(report: Mapping[str, Any]) -> None:
        must = report["decision"]["musts"] if report["decision"] else []
        problems = [f"{each['file']}:{each['line']}" for each in report["problems"]]
        told.append(f"version {report['version']} {must} {problems}")
        show_indexed(report)

    await watching.watch(
        changes(), index=index, begin=lambda names: told.append(f"saved {names[0]}"), tell=tell, fail=told.append
    )
    assert told[0] == "version 1 [] []"
    assert told[1] == "saved zh/mail.md"
    assert told[2].startswith("version None ['my mailbox is full']")
    assert told[3:5] == ["saved zh/new.md", "version 7 is being built by another process"]
    assert told[5] == "saved zh/bad.md"
    assert "zh/bad.md:3" in told[6]
    assert manual.version is not None
    assert (await manual.page("zh/new")) is not None
    await manual.close()
    await db.close()


async def test_saves_in_the_folder_are_seen(tmp_path: Path) -> None:
    """A real file system tells of a page; hidden files and editors' traces are passed over."""
    root = await asyncio.to_thread(tmp_path.resolve)
    seen = asyncio.Event()
    names: set[str] = set()

    async def follow() -> None:
        async for some in watching.saves(root):
            names.update(some)
            seen.set()

    following = asyncio.create_task(follow())
    for number in range(100):  # the watch begins when it begins: save until it is seen
        assert not following.done(), following.exception()
        (root / ".page.md.part").write_text(str(number))
        (root / "page.md").write_text(str(number))
        try:
            async with asyncio.timeout(0.3):
                await seen.wait()
                break
        except TimeoutError:
            continue
    following.cancel()
    assert names == {"page.md"}


def test_hidden_places_are_not_watched(tmp_path: Path) -> None:
    """A checkout's own folder and half-written files cause no run, though the manual itself lies under a dot."""
    root = tmp_path / ".data" / "manual"
    wanted = Pages(root)
    assert wanted(1, str(root / "zh" / "a.md"))
    assert not wanted(1, str(root / ".git" / "index"))
    assert not wanted(1, str(root / "zh" / ".a.md.part"))


def test_what_is_printed_takes_any_text(capsys: Any) -> None:
    """Brackets in pages are no markup; a preview names pages, questions, problems and what opens to clients."""
    result = {"ask": "[bold]x[/] 怎么", "found": "zh/a", "answered": True}
    page = {
        "page": "zh/a", "title": "[red]T", "fate": "changed", "fresh": 1, "stale": 2, "opened": True, "cut": False,
        "front": [{"key": "audience", "before": "internal", "after": "client"}],
        "sections": [{"heading": "A › B", "spans": [{"side": "same", "text": "[/]" * 100}, {"side": "new", "text": "新"}]}],
    }  # fmt: skip
    score = {"first": 0.9, "refused": 1.0}
    show_preview(
        {
            "unchanged": False, "pages": [page], "before": score, "after": score, "problems": [{"file": "b.md", "line": 3, "message": "[oops"}],
            "questions": [{"turn": "broken", "before": result, "after": result | {"answered": False}}],
            "decision": {"worse": True, "musts": ["m"]},
        }
    )  # fmt: skip
    show_manual({"versions": [], "withdrawn": [{"page": "[x]", "by": "a", "at": "2026"}], "log": []})
    printed = capsys.readouterr().out
    for words in (
        "Becomes visible to clients: 1",
        "[red]T",
        "[bold]x[/] 怎么",
        "zh/a → not answered",
        "b.md:3",
        "[oops",
        "新",
        "must not break",
        "[x]",
    ):
        assert words in printed
