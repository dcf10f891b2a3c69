"""What is remembered of models behind addresses between two starts: a small JSON file in the data folder."""

import json
from pathlib import Path
from typing import Any, Final, Protocol

_NEEDED: Final = frozenset({"fingerprint", "dimensions", "floor", "span", "canary"})


class Memory(Protocol):
    """Keeps what is known of a model by a key."""

    def get(self, key: str) -> dict[str, Any] | None:
        """Return what is known; None if nothing, or not all that is needed."""
        ...

    def put(self, key: str, known: dict[str, Any]) -> None:
        """Keep what is known."""
        ...


class Forgetful:
    """Remembers for one process only."""

    def __init__(self) -> None:
        self._held: dict[str, dict[str, Any]] = {}

    def get(self, key: str) -> dict[str, Any] | None:
        """Return what is known."""
        return self._held.get(key)

    def put(self, key: str, known: dict[str, Any]) -> None:
        """Keep what is known."""
        self._held[key] = known


class MemoryFile:
    """Remembers in a file; one that is damaged counts as empty."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def get(self, key: str) -> dict[str, Any] | None:
        """Return what is known."""
        kept = self._read().get(key)
        return kept if isinstance(kept, dict) and kept.keys() >= _NEEDED else None

    def put(self, key: str, known: dict[str, Any]) -> None:
        """Keep what is known; a crash leaves the file as it was."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = self._path.with_suffix(".part")
        unfinished.write_text(json.dumps({**self._read(), key: known}), encoding="utf-8")
        unfinished.replace(self._path)

    def _read(self) -> dict[str, Any]:
        try:
            held = json.loads(self._path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return held if isinstance(held, dict) else {}
