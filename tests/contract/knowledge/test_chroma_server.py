"""Several processes and one Chroma server: they follow each other, and searching goes on while it is away or slow."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest
import structlog

from knowledge.embedders import HashingEmbedder
from knowledge.service import Manual
from store.clock import utc_now
from store.db import Database
from tests.chroma_server import Served
from tests.contract.knowledge.test_manual import pages, write

PAGES = 30


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    server = Served(tmp_path_factory.mktemp("chroma"))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def source(tmp_path: Path) -> Path:
    for number in range(PAGES):
        write(tmp_path / "source", f"p{number}", f"Subject{number} is set in menu{number}.")
    return tmp_path / "source"


@asynccontextmanager
async def process(url: str, served: Served, folder: Path) -> AsyncIterator[Manual]:
    database = await Database.open(url)
    manual = await Manual.open(database, folder, embedder=HashingEmbedder(), clock=utc_now, chroma_url=served.url)
    yield manual
    await manual.close()
    await database.close()


async def test_processes_share_a_server(database_url: str, source: Path, tmp_path: Path, served: Served) -> None:
    """Publishing, rollback and withdrawal are seen by the other process before its next search, through one base."""
    async with AsyncExitStack() as stack:
        one = await stack.enter_async_context(process(database_url, served, tmp_path / "one"))
        other = await stack.enter_async_context(process(database_url, served, tmp_path / "other"))
        await one.index(source, by="ada")
        assert (await pages(other, "subject7"))[0] == "p7"
        write(source, "zebra", "Zebra crossing rules.")
        await other.index(source, by="bob")
        assert (await pages(one, "zebra crossing"))[0] == "zebra"
        await one.rollback(by="ada")
        assert "zebra" not in await pages(other, "zebra crossing")
        await other.withdraw("p7", by="bob")
        assert "p7" not in await pages(one, "subject7")
        await one.restore("p7", by="ada")
        assert not one.exact
        assert not other.exact
        assert one._following is not other._following
        assert one._following.live is not None
        assert other._following.live is not None
        assert one._following.live.searcher.index.bases == other._following.live.searcher.index.bases
        assert not (tmp_path / "one" / "chroma").exists()


@pytest.mark.parametrize("slow", [False, True], ids=["away", "slow"])
async def test_a_server_that_goes_away_is_done_without(
    database_url: str, source: Path, tmp_path: Path, served: Served, slow: bool
) -> None:
    """Searches find the same from memory, which is said once; publishing goes on; when it is back all is mended."""
    async with process(database_url, served, tmp_path / "one") as manual:
        await manual.index(source, by="ada")
        before = await pages(manual, "subject7")
        assert not manual.exact
        served.freeze() if slow else served.stop()
        try:
            with structlog.testing.capture_logs() as said:
                for _ in range(5):
                    assert await pages(manual, "subject7") == before
            assert [each["event"] for each in said].count("manual.exact") == 1
            assert manual.exact
            assert await manual.chroma_trouble() is not None
            write(source, "zebra", "Zebra crossing rules.")
            assert (await manual.index(source, by="ada")).published
            assert (await pages(manual, "zebra crossing"))[0] == "zebra"
        finally:
            served.freeze(frozen=False) if slow else served.start()
        await until_mended(manual)
        assert await manual.chroma_trouble() is None
        assert (await pages(manual, "zebra crossing"))[0] == "zebra"


async def until_mended(manual: Manual) -> None:
    for _ in range(3000):
        if not manual.exact:
            return
        await asyncio.sleep(0.02)
    raise AssertionError("the collections were not mended within the bound")
