"""The table that jobs of systems without a transaction of their own write to: its own file, fully synchronised."""

import sqlite3
import threading
from pathlib import Path


class Results:
    """Rows of finished jobs, written from many threads."""

    def __init__(self, folder: Path) -> None:
        self._path, self._own = folder / "results.sqlite3", threading.local()
        self._connection().execute("CREATE TABLE IF NOT EXISTS result (job INTEGER)")

    def add(self, number: int) -> None:
        self._connection().execute("INSERT INTO result VALUES (?)", (number,))

    def all(self) -> list[int]:
        return [row[0] for row in self._connection().execute("SELECT job FROM result")]

    def _connection(self) -> sqlite3.Connection:
        if not hasattr(self._own, "db"):
            self._own.db = sqlite3.connect(self._path, timeout=30, isolation_level=None)
            self._own.db.execute("PRAGMA journal_mode = WAL")
            self._own.db.execute("PRAGMA synchronous = FULL")
        return self._own.db  # type: ignore[no-any-return]
