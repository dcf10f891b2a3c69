"""Pictures of versions over both databases: kept by content, shown as they were after a rollback, cleared away."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from knowledge.embedders import HashingEmbedder
from knowledge.model import Audience, Picture, Scope
from knowledge.service import Manual
from store.clock import ManualClock
from store.db import Database
from tests.contract.knowledge.test_manual import write
from tests.unit.knowledge.test_pictures import drawn

CLOCK = ManualClock(datetime(2026, 3, 2, 9, tzinfo=UTC))
BODY = "It is in the menu.\n\n## Steps\n\n1. Open it.\n\n![The menu](menu.png)\n\n## Later\n\nSave.\n"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "source"
    write(folder, "menu", BODY, questions="[where is the menu]")
    write(folder, "secret", "The key hangs here.\n\n![The key](key.png)", audience="internal")
    (folder / "menu.png").write_bytes(drawn(colour="red"))
    (folder / "key.png").write_bytes(drawn(colour="black"))
    return folder


@pytest.fixture
async def manual(database: Database, tmp_path: Path) -> AsyncIterator[Manual]:
    opened = await Manual.open(database, tmp_path / "index", embedder=HashingEmbedder(), clock=CLOCK)
    yield opened
    await opened.close()


async def of(manual: Manual, name: str) -> Picture:
    page = await manual.page(name)
    assert page is not None
    (picture,) = page.pictures
    return picture


async def test_a_passage_brings_the_pictures_of_its_section(manual: Manual, source: Path) -> None:
    """Its text is without them; a section without pictures brings none; internal ones come to staff alone."""
    assert (await manual.index(source, by="ada")).problems == ()
    found = await manual.search("steps open it", scope=Scope())
    held = {passage.heading: passage for passage in found.passages}
    assert [picture.alt for picture in held["Steps"].pictures] == ["The menu"]
    assert "menu.png" not in held["Steps"].text
    assert held["Later"].pictures == ()
    for text in ("the key hangs here", "the key"):
        seen = await manual.search(text, scope=Scope())
        assert not [picture for passage in seen.passages for picture in passage.pictures if "key" in picture.path]
    staff = await manual.search("the key hangs here", scope=Scope(audiences=frozenset(Audience)))
    assert staff.passages[0].pictures[0].alt == "The key"


async def test_a_rollback_shows_the_old_picture(manual: Manual, source: Path) -> None:
    """Exchanging the file alone is a new version; the one before keeps its own."""
    first = await manual.index(source, by="ada")
    old = await of(manual, "menu")
    assert await manual.picture(old.hash) == drawn(colour="red")
    assert (await manual.index(source, by="ada")).unchanged
    (source / "menu.png").write_bytes(drawn(colour="green"))
    seen = await manual.preview(source)
    assert seen.changed == ("menu",)
    second = await manual.index(source, by="ada")
    assert (second.published, second.embedded) == (True, 0)
    new = await of(manual, "menu")
    assert await manual.picture(new.hash) == drawn(colour="green")
    assert await manual.rollback(by="ada") == first.version
    assert await of(manual, "menu") == old
    assert await manual.picture(old.hash) == drawn(colour="red")


async def test_pictures_go_with_their_versions(manual: Manual, source: Path) -> None:
    """What no kept version shows is cleared away; what one shows stays, however old."""
    await manual.index(source, by="ada")
    first, key = await of(manual, "menu"), await of(manual, "secret")
    for number in range(5):
        (source / "menu.png").write_bytes(drawn(size=(20 + number, 20)))
        await manual.index(source, by="ada")
    assert await manual.picture(first.hash) is None
    assert await manual.picture(key.hash) == drawn(colour="black")
    assert await manual.picture((await of(manual, "menu")).hash) == drawn(size=(24, 20))
    assert await manual.picture("nothing") is None


async def test_a_broken_reference_is_reported(manual: Manual, source: Path) -> None:
    """With file and line, and the page is published without it."""
    write(source, "menu", BODY.replace("menu.png", "gone.png"))
    report = await manual.index(source, by="ada")
    assert [(each.file, each.line, each.message) for each in report.problems] == [
        ("menu.md", 12, "picture gone.png: is not there"),
    ]  # fmt: skip
    page = await manual.page("menu")
    assert page is not None
    assert page.pictures == ()
