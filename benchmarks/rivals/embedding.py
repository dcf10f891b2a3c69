"""The one embedder of a comparison: ours, its vectors of passages kept on disk so that a text is embedded once.

Questions are embedded each time, as they are when somebody asks; their share of a latency is the same for everybody.
"""

import hashlib
import sqlite3
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from knowledge import e5
from knowledge.embedders import Vectors


class Kept:
    """multilingual-e5-small on onnxruntime. ``texts`` and ``seconds`` tell what embedding the passages took when it
    was really done, on whatever day; ``waited`` what it took now."""

    floor, span = e5.E5Embedder.floor, e5.E5Embedder.span

    def __init__(self, model: Path, *, kept: Path) -> None:
        kept.mkdir(parents=True, exist_ok=True)
        self._embedder = e5.prepare(model)
        self.name, self.dimensions = self._embedder.name, self._embedder.dimensions
        self._db = sqlite3.connect(kept / "passages.sqlite3", check_same_thread=False)
        self._db.execute("CREATE TABLE IF NOT EXISTS vector (name TEXT PRIMARY KEY, row BLOB, seconds REAL)")
        self.texts, self.seconds, self.waited = 0, 0.0, 0.0

    def queries(self, texts: Sequence[str]) -> Vectors:
        return self._embedder.queries(texts)

    def passages(self, texts: Sequence[str]) -> Vectors:
        began = time.perf_counter()
        names = [hashlib.sha256(f"{self.name}\0{text}".encode("utf-8", "replace")).hexdigest() for text in texts]
        missing = [n for n, name in enumerate(names) if self._row(name) is None]
        if missing:
            started = time.perf_counter()
            made = self._embedder.passages([texts[n] for n in missing])
            each = (time.perf_counter() - started) / len(missing)
            with self._db:
                rows = [(names[n], row.tobytes(), each) for n, row in zip(missing, made, strict=True)]
                self._db.executemany("INSERT OR REPLACE INTO vector VALUES (?, ?, ?)", rows)
        found = [self._row(name) or (b"", 0.0) for name in names]
        self.texts += len(texts)
        self.seconds += sum(seconds for _, seconds in found)
        self.waited += time.perf_counter() - began
        return np.stack([np.frombuffer(row, dtype=np.float32) for row, _ in found])

    def _row(self, name: str) -> tuple[bytes, float] | None:
        return self._db.execute("SELECT row, seconds FROM vector WHERE name = ?", (name,)).fetchone()
