"""The process is killed at every stage of indexing: the live version stays whole, and the next run completes."""

import asyncio
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from knowledge.chroma import ChromaFolder
from knowledge.embedders import HashingEmbedder
from knowledge.model import Audience, IndexReport, Scope
from knowledge.service import Manual
from store.clock import utc_now
from store.db import Database
from tests.crash.index_run import collections

pytestmark = [pytest.mark.crash, pytest.mark.xdist_group("crash")]
PAGES, CHANGED = 400, 300
STAGES = [
    ("read", "first"), ("embed", "first"), ("embed", "between"), ("embed", "last"), ("store", "first"),
    ("store", "last"), ("chroma", "between"), ("check", "first"), ("check", "last"), ("publish", "first"),
    ("publish", "last"),
]  # fmt: skip


def write(source: Path, edition: str, *, pages: int) -> None:
    source.mkdir(exist_ok=True)
    for number in range(pages):
        front = f"---\ntitle: Page {number}\naudience: client\nlanguage: en\n---\n"
        (source / f"p{number}.md").write_text(f"{front}The {edition} of subject{number} is word{number}{edition}.\n")
    golden = "".join(f"- {{ask: what is subject{number}, page: p{number}}}\n" for number in range(0, PAGES, 20))
    (source / "golden.yaml").write_text(golden + "- {ask: sushi in hamburg, page: none}\n")


def run(data: Path, source: Path, stage: str, done: str) -> int:
    program = [sys.executable, "-m", "tests.crash.index_run", data, source, stage, done]
    return subprocess.run(program, env={**os.environ, "OMP_NUM_THREADS": "1"}, timeout=120, check=False).returncode


@pytest.fixture(scope="module")
def indexed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Data and source after a first version, the source changed since."""
    base = tmp_path_factory.mktemp("first")
    write(base / "source", "first", pages=PAGES)
    (base / "data").mkdir()
    assert run(base / "data", base / "source", "never", "first") == 0
    write(base / "source", "second", pages=CHANGED)
    return base


async def after(data: Path, source: Path) -> tuple[int, list[str], int, IndexReport, list[str]]:
    """Live version, what it says, versions in the book; a run; what is said then."""
    db = await Database.open(f"sqlite:///{data / 'a.sqlite3'}")
    manual = await Manual.open(db, data / "index", embedder=HashingEmbedder(), clock=utc_now)

    async def said() -> list[str]:
        found = [await manual.search(f"subject{number}", scope=Scope()) for number in (5, CHANGED + 5)]
        return [each.passages[0].text for each in found]

    live, before, kept = manual.version, await said(), len(await manual.versions())
    report = await manual.index(source, by="ada")
    later = await said()
    await manual.close()
    await db.close()
    assert live is not None
    return live, before, kept, report, later


FIRST = ["The first of subject5 is word5first.", f"The first of subject{CHANGED + 5} is word{CHANGED + 5}first."]
SECOND = ["The second of subject5 is word5second.", FIRST[1]]


@pytest.mark.parametrize(("stage", "done"), STAGES)
def test_killed_while_indexing(indexed: Path, tmp_path: Path, stage: str, done: str) -> None:
    """The old version answers (the new one, once it is published), nothing half-built is left, work is not lost."""
    shutil.copytree(indexed, tmp_path / "copy")
    data, source = tmp_path / "copy" / "data", tmp_path / "copy" / "source"
    assert run(data, source, stage, done) == -9
    published = (stage, done) == ("publish", "last")
    live, before, kept, report, later = asyncio.run(after(data, source))
    assert before == (SECOND if published else FIRST)
    assert kept == (2 if published else 1)
    assert later == SECOND
    assert report.unchanged == published
    if not published:
        assert report.published
        assert report.version is not None
        assert report.version > live
        assert report.embedded == embedded_again(stage, done)
    assert_whole(data)


def embedded_again(stage: str, done: str) -> int:
    """Vectors go into the database a batch at a time, so at most a batch is made again."""
    vectors = 2 * CHANGED  # of each page its passage, and the one window of that
    if (stage, done) in {("read", "first"), ("embed", "first")}:
        return vectors
    return vectors - 128 if (stage, done) == ("embed", "between") else 0


def assert_whole(data: Path) -> None:
    """Every collection that is left is whole: that of the live version, and that of the one before."""
    chroma = ChromaFolder(data / "index" / "chroma")
    assert 1 <= collections(data) == len(chroma.bases(Audience.CLIENT)) <= 2
    chroma.close()
