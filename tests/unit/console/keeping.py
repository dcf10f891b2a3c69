"""A desk over a real manual: a folder, an index, and the worker that does the runs."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import httpx

from bot.manual_runs import ManualRuns
from console.app import create
from knowledge import runs
from knowledge.embedders import Embedder, HashingEmbedder
from knowledge.runs import Run
from knowledge.service import Manual
from store.worker import Worker
from tests.unit.console.world import World, submit

MENU = "Change the menu under Appearance and Menus."
GOLDEN = """# how clients ask
- {ask: "where is the menu", page: [zh/menu]}  # the menu
- {ask: "my mailbox is full", page: [zh/mail], must: true}
- {ask: "restore the backup", page: [internal/restore]}
- {ask: "who won the football match", page: none}
"""


def write(folder: Path, name: str, body: str, **keys: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    keys = {"title": path.stem, "audience": "client", "language": "en"} | keys
    path.write_text("---\n" + "".join(f"{k}: {v}\n" for k, v in keys.items()) + f"---\n{body}\n", encoding="utf-8")
    return path


def sample(folder: Path) -> None:
    """Four pages and their golden questions."""
    write(folder, "zh/menu.md", f"{MENU}\n\n## If it fails\n\nCall us.", questions="[where is the menu]", owner="lin")
    write(folder, "zh/mail.md", "The mailbox is full: delete old mails.", questions="[my mailbox is full]")
    write(folder, "internal/restore.md", "Restore the backup on the server.", audience="internal")
    write(folder, "zh/acme.md", "The Acme portal discount rule.", clients="[nw]")
    (folder / "golden.yaml").write_text(GOLDEN, encoding="utf-8")


@dataclass(frozen=True)
class Keeping:
    """The world, the manual's folder, and who works on it."""

    world: World
    folder: Path
    manual: Manual
    worker: Worker

    async def done(self) -> Run:
        """Let the worker do what was asked for; the last run."""
        await self.worker.drain()
        found = await self.world.deps.db.read(runs.latest)
        assert found is not None
        return found

    async def press(self, browser: httpx.AsyncClient, action: str, at: str = "/desk/manual", **values: str) -> str:
        """Send a form; where it leads."""
        answer = await submit(browser, at, action, **values)
        assert answer.status_code == 303, answer.text
        return answer.headers["Location"]

    async def previewed(self, browser: httpx.AsyncClient) -> tuple[str, str]:
        """Preview; the run's address and its page."""
        at = await self.press(browser, "/desk/manual/_preview")
        await self.done()
        return at, (await browser.get(at)).text


@asynccontextmanager
async def kept(world: World, tmp_path: Path, embedder: Embedder | None = None) -> AsyncIterator[Keeping]:
    """A world whose manual is real and published once."""
    embedder = embedder or HashingEmbedder()
    folder = tmp_path / "manual"
    sample(folder)
    clock = world.deps.clock
    manual = await Manual.open(world.deps.db, tmp_path / "index", embedder=embedder, clock=clock)
    await manual.index(folder, by="first start")
    deps = replace(world.deps, manual=manual, manual_folder=folder)
    worker = Worker(deps.db, clock=clock, owner="test")
    ManualRuns(deps.db, manual=manual, source=folder, clock=clock).register(worker)
    yield Keeping(replace(world, deps=deps, app=create(deps)), folder, manual, worker)
    await manual.close()
