"""Indexes a folder as a process of its own, and kills itself at a stage: `index_run.py DATA SOURCE STAGE DONE`."""

import asyncio
import os
import signal
import sqlite3
import sys
import threading
import time
from contextlib import closing, suppress
from pathlib import Path

from knowledge.embedders import HashingEmbedder
from knowledge.model import Progress
from knowledge.service import Manual
from store.clock import utc_now
from store.db import Database


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def collections(data: Path) -> int:
    with closing(sqlite3.connect(data / "index" / "chroma" / "chroma.sqlite3", timeout=5)) as chroma:
        return int(chroma.execute("SELECT count(*) FROM collections").fetchone()[0])


def die_while_a_collection_is_written(data: Path) -> None:
    before = collections(data)

    def watch() -> None:
        for _ in range(20_000):
            with suppress(sqlite3.OperationalError):
                if collections(data) > before:
                    die()
            time.sleep(0.001)

    threading.Thread(target=watch, daemon=True).start()


async def main(data: Path, source: Path, stage: str, done: str) -> None:
    db = await Database.open(f"sqlite:///{data / 'a.sqlite3'}")
    manual = await Manual.open(db, data / "index", embedder=HashingEmbedder(), clock=utc_now)
    if stage == "chroma":
        die_while_a_collection_is_written(data)

    told: list[Progress] = []

    def tell(progress: Progress) -> None:
        if progress.stage == stage:
            told.append(progress)
            whole = progress.done == progress.total
            if done == ("last" if whole else "first" if len(told) == 1 else "between"):
                die()

    await manual.index(source, by="ada", progress=tell)
    await manual.close()
    await db.close()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], sys.argv[4]))
