"""An embedder behind an address, over both databases: it goes away, it costs, and it is exchanged."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from knowledge.costs import estimated_tokens
from knowledge.embedders import HashingEmbedder, Vectors
from knowledge.errors import EmbedderUnreachable, NothingIndexed
from knowledge.model import Cost, Scope
from knowledge.service import Manual
from store.clock import ManualClock
from store.db import Database
from tests.contract.knowledge.test_manual import write

CLOCK = ManualClock(datetime(2026, 3, 2, 9, tzinfo=UTC))


class Remote(HashingEmbedder):
    """A paid embedder that can go away."""

    def __init__(self, *, price: float | None = 0.5, dimensions: int = 256) -> None:
        super().__init__(dimensions=dimensions)
        self.away, self.price, self._used = False, price, 0

    @property
    def spent(self) -> Cost:
        return Cost(tokens=self._used, estimated=False, price=self.price)

    def passages(self, texts: Sequence[str]) -> Vectors:
        if self.away:
            raise EmbedderUnreachable("m", "busy: 503")
        self._used += sum(map(estimated_tokens, texts))
        return super().passages(texts)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "source"
    write(folder, "wordpress/menu", "Change the menu under Appearance.", questions="[where is the menu]")
    write(folder, "mail/full", "The mailbox is full: delete old mails.", questions="[my mailbox is full]")
    write(folder, "internal/restore", "Restore the backup of the menu.", audience="internal")
    (folder / "golden.yaml").write_text("- {ask: change the menu, page: wordpress/menu}\n", encoding="utf-8")
    return folder


async def test_searching_goes_on_by_words(database: Database, source: Path, tmp_path: Path) -> None:
    """While it is away pages are found and marked, not taken for evidence; when it is back all is as before."""
    embedder = Remote()
    manual = await Manual.open(database, tmp_path / "index", embedder=embedder, clock=CLOCK)
    await manual.index(source, by="ada")
    whole = await manual.search("how do i change the menu", scope=Scope())
    embedder.away = True
    found = await manual.search("how can i change that menu", scope=Scope())
    assert (found.degraded, found.enough, found.evidence) == (True, False, 0.0)
    assert [each.page for each in found.passages] == ["wordpress/menu"]
    exact = await manual.search("Hi, where is the menu?", scope=Scope())
    assert (exact.degraded, exact.enough, exact.passages[0].page) == (True, True, "wordpress/menu")
    await manual.withdraw("wordpress/menu", by="ada")
    assert (await manual.search("where is the menu", scope=Scope())).passages == ()
    await manual.restore("wordpress/menu", by="ada")
    assert await manual.category("which mailbox") is None
    embedder.away = False
    again = await manual.search("how do i change the menu", scope=Scope())
    assert (again.degraded, again.evidence) == (False, whole.evidence)
    await manual.close()


async def test_a_run_that_cannot_embed_leaves_the_live_version(
    database: Database, source: Path, tmp_path: Path
) -> None:
    """Indexing fails by name of the fault and what is live stays; what was embedded before is kept."""
    embedder = Remote()
    manual = await Manual.open(database, tmp_path / "index", embedder=embedder, clock=CLOCK)
    first = await manual.index(source, by="ada")
    write(source, "new", "Zebra crossing.")
    embedder.away = True
    with pytest.raises(EmbedderUnreachable):
        await manual.index(source, by="ada")
    assert manual.version == first.version
    assert len(await manual.versions()) == 1
    await manual.close()


async def test_the_cost_is_said_before_and_after(database: Database, source: Path, tmp_path: Path) -> None:
    """A preview that may not spend says what a run would use and asks nothing; the run says what it used."""
    embedder = Remote(price=0.5)
    manual = await Manual.open(database, tmp_path / "index", embedder=embedder, clock=CLOCK)
    before = embedder.spent
    seen = await manual.preview(source, spend=False)
    assert embedder.spent == before
    assert seen.would_cost is not None
    assert (seen.after, len(seen.added)) == (None, 3)
    report = await manual.index(source, by="ada")
    assert report.cost is not None
    assert seen.would_cost.tokens <= report.cost.tokens <= 3 * seen.would_cost.tokens
    assert report.cost.amount == pytest.approx(report.cost.tokens * 0.5 / 1e6)
    again = await manual.preview(source, spend=False)
    assert (again.unchanged, again.would_cost) == (True, None)
    spent, page = embedder.spent, source / "wordpress" / "menu.md"
    page.write_text(page.read_text().replace("title:", "owner: ada\ntitle:", 1))
    free = await manual.preview(source, spend=False)
    assert (free.would_cost, free.changed) == (Cost(tokens=0, estimated=True, price=0.5), ("wordpress/menu",))
    assert (free.after is not None, embedder.spent) == (True, spent), "all that was asked has its vectors"
    (source / "golden.yaml").write_text(f"{(source / 'golden.yaml').read_text()}- {{ask: feed the cat, page: none}}\n")
    more = await manual.preview(source, spend=False)
    assert more.would_cost is not None
    assert (more.would_cost.tokens, more.after) == (estimated_tokens("feed the cat?"), None)
    spending = await manual.preview(source)
    assert (spending.would_cost, spending.after is not None) == (None, True)
    await manual.close()


async def test_a_version_of_another_embedder_is_rolled_back_with_that_one_only(
    database: Database, source: Path, tmp_path: Path
) -> None:
    """The refusal names the version, who made it, and what to do; with the first embedder it works."""
    narrow, wide = Remote(dimensions=64), Remote()
    manual = await Manual.open(database, tmp_path / "index", embedder=wide, clock=CLOCK)
    first = await manual.index(source, by="ada")
    await manual.close()
    manual = await Manual.open(database, tmp_path / "index", embedder=narrow, clock=CLOCK)
    second = await manual.index(source, by="ada")
    assert (second.published, second.reused) == (True, 0)
    with pytest.raises(NothingIndexed, match=f"version {first.version} was made by hashing-256, .* set AFTERCARE_EMB"):
        await manual.rollback(by="ada")
    assert (await manual.search("change the menu", scope=Scope())).version == second.version
    await manual.close()
    manual = await Manual.open(database, tmp_path / "index", embedder=wide, clock=CLOCK)
    assert await manual.rollback(first.version, by="ada") == first.version
    assert (await manual.search("change the menu", scope=Scope())).passages[0].page == "wordpress/menu"
    await manual.close()
