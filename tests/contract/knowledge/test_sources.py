"""From documents in a checkout to passages in the asker's language, over both databases."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from knowledge.embedders import HashingEmbedder
from knowledge.model import Scope
from knowledge.service import Manual
from store.clock import ManualClock
from store.db import Database
from tests.unit.knowledge.documents import docx, heading, paragraph, pdf, word_table, written
from tests.unit.knowledge.pages import write

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "checkout" / "manual"
    write(folder.parent, ".git/HEAD", COMMIT)
    write(folder, "_defaults.yaml", "audience: client\n")
    write(folder, "en/renewal.docx", docx(heading("Renew a domain") + paragraph("Pay the domain invoice by AliPay.")))
    write(folder, "zh/renewal.docx", docx(heading("域名续费") + paragraph("用 AliPay 支付 domain invoice 账单。")))
    write(folder, "en/prices.docx", docx(heading("Prices") + word_table([("plan", "price"), ("gold", "900 yuan")])))
    write(folder, "en/guide.pdf", pdf([written("Welcome"), written("Purge the cache in the panel")]))
    write(folder, "internal/_defaults.yaml", "audience: internal\n")
    write(folder, "internal/secret.docx", docx(paragraph("Purge the cache with the secret gold invoice.")))
    return folder


@pytest.fixture
async def manual(database: Database, tmp_path: Path) -> AsyncIterator[Manual]:
    clock = ManualClock(datetime(2026, 3, 2, 9, tzinfo=UTC))
    opened = await Manual.open(database, tmp_path / "index", embedder=HashingEmbedder(), clock=clock)
    yield opened
    await opened.close()


async def test_documents_are_searched_like_pages(manual: Manual, source: Path) -> None:
    """Tables answer, a citation names the page of the PDF, the commit is told, and nothing internal is found."""
    report = await manual.index(source, by="admin")
    assert (report.pages, report.revision, report.problems) == (5, COMMIT, ())
    prices = await manual.search("gold plan price", scope=Scope())
    assert "| gold | 900 yuan |" in prices.passages[0].text
    cache = await manual.search("purge the cache in the panel", scope=Scope())
    assert (cache.passages[0].title, cache.passages[0].heading) == ("guide", "p. 2")
    for text in ("secret gold invoice", "purge the cache"):
        found = await manual.search(text, scope=Scope(), limit=20)
        assert "internal/secret" not in {each.page for each in found.passages}


async def test_the_asker_gets_the_page_in_its_language(manual: Manual, source: Path) -> None:
    """Of a page and its translation, both found, the readable one comes first; each names the other."""
    await manual.index(source, by="admin")
    for text, first, second in (
        ("domain invoice AliPay", "en/renewal", "zh/renewal"),
        ("domain invoice AliPay 账单", "zh/renewal", "en/renewal"),
    ):
        found = [each for each in (await manual.search(text, scope=Scope())).passages if "renewal" in each.page]
        assert [each.page for each in found] == [first, second]
        assert found[0].translations == (second,)
    page = await manual.page("en/renewal")
    assert page is not None
    assert page.translations == ("zh/renewal",)


async def test_a_version_that_was_stored_keeps_the_links(
    manual: Manual, source: Path, database: Database, tmp_path: Path
) -> None:
    """What is loaded from the database knows what was known when it was built."""
    await manual.index(source, by="admin")
    await manual.close()
    again = await Manual.open(
        database,
        tmp_path / "index",
        embedder=HashingEmbedder(),
        clock=ManualClock(datetime(2026, 3, 2, 10, tzinfo=UTC)),
    )
    try:
        page = await again.page("zh/renewal")
        assert page is not None
        assert page.translations == ("en/renewal",)
    finally:
        await again.close()


async def test_a_second_run_reads_only_what_changed(manual: Manual, source: Path, tmp_path: Path) -> None:
    """Records of documents lie in the data folder, one each; a removed document's record goes."""
    await manual.index(source, by="admin")
    kept = tmp_path / "index" / "documents"
    before = {path: path.stat().st_mtime_ns for path in kept.iterdir()}
    assert len(before) == 5
    write(source, "en/prices.docx", docx(heading("Prices") + word_table([("plan", "price"), ("gold", "950 yuan")])))
    report = await manual.index(source, by="admin")
    assert report.published
    after = {path: path.stat().st_mtime_ns for path in kept.iterdir()}
    assert len(after) == 5
    assert len(before.items() & after.items()) == 4
    assert (await manual.index(source, by="admin")).unchanged
