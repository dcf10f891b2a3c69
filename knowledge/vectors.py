"""Nearest vectors: Chroma, one collection per version and audience, and the exact search it is judged by.

An entry is a chunk or a question of a page, named by its kind and row in the version's :class:`Catalogue`.
Chroma is derived data: what is missing or does not match is built again from the vectors in the database.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np

from knowledge.embedders import Vectors
from knowledge.model import Audience

Kind = Literal["chunk", "question"]

_BATCH = 200
_SPACE = {"space": "cosine", "ef_construction": 200, "ef_search": 200}


@dataclass(frozen=True, kw_only=True)
class Entry:
    """Something with a vector: row ``row`` of the catalogue's chunks or questions."""

    kind: Kind
    row: int


class VectorIndex(Protocol):
    """Finds the entries of one audience nearest to a vector. Blocking and thread-safe."""

    def nearest(self, vector: Vectors, *, audience: Audience, k: int) -> list[Entry]:
        """Return at most ``k`` entries, nearest first."""
        ...


class ExactIndex:
    """Compares with every vector: the oracle in tests, and the index of previews and small packs."""

    def __init__(self) -> None:
        self._held: dict[Audience, tuple[list[Entry], Vectors]] = {}

    def put(self, audience: Audience, *, entries: Sequence[Entry], vectors: Vectors) -> None:
        """Hold the entries of an audience."""
        self._held[audience] = (list(entries), vectors)

    def nearest(self, vector: Vectors, *, audience: Audience, k: int) -> list[Entry]:
        """Return the ``k`` nearest entries."""
        entries, vectors = self._held.get(audience, ([], None))
        if vectors is None or not entries:
            return []
        order = np.argsort(-(vectors @ vector), kind="stable")[:k]
        return [entries[i] for i in order.tolist()]


class ChromaFolder:
    """Chroma embedded in a folder. The folder belongs to one process at a time."""

    def __init__(self, folder: Path) -> None:
        import chromadb
        from chromadb.config import Settings

        folder.mkdir(parents=True, exist_ok=True)
        settings = Settings(anonymized_telemetry=False, allow_reset=False)
        self._client = chromadb.PersistentClient(path=str(folder), settings=settings)

    def write(self, version: int, *, audience: Audience, entries: Sequence[Entry], vectors: Vectors) -> None:
        """Build the collection of a version's audience anew, in small batches (a write holds the GIL)."""
        name = _name(version, audience)
        self._drop(name)
        collection = self._client.create_collection(name, configuration={"hnsw": _SPACE}, embedding_function=None)
        for start in range(0, len(entries), _BATCH):
            batch = entries[start : start + _BATCH]
            rows = vectors[start : start + _BATCH]
            collection.add(ids=[_id(entry) for entry in batch], embeddings=np.ascontiguousarray(rows))

    def open(self, version: int) -> "ChromaIndex":
        """Return the index of a version; audiences without entries have no collection."""
        held = {}
        for audience in Audience:
            collection = self._get(_name(version, audience))
            if collection is not None:
                held[audience] = collection
        return ChromaIndex(held)

    def matches(self, version: int, *, audience: Audience, entries: Sequence[Entry], vectors: Vectors) -> bool:
        """Whether the collection has every entry, and a sample of them finds itself."""
        collection = self._get(_name(version, audience))
        if collection is None:
            return not entries
        if collection.count() != len(entries):
            return False
        sample = np.linspace(0, len(entries) - 1, num=min(8, len(entries)), dtype=int).tolist()
        index = ChromaIndex({audience: collection})
        return all(_finds_itself(index, audience=audience, vector=vectors[i], entry=entries[i]) for i in sample)

    def keep(self, versions: frozenset[int]) -> None:
        """Delete the collections of all other versions."""
        wanted = {_name(version, audience) for version in versions for audience in Audience}
        for collection in self._client.list_collections():
            if collection.name not in wanted:
                self._drop(collection.name)

    def close(self) -> None:
        """Let go of the folder."""
        self._client.close()

    def _get(self, name: str) -> Any:
        from chromadb.errors import NotFoundError

        try:
            return self._client.get_collection(name, embedding_function=None)
        except NotFoundError:
            return None

    def _drop(self, name: str) -> None:
        if self._get(name) is not None:
            self._client.delete_collection(name)


class ChromaIndex:
    """The collections of one version."""

    def __init__(self, collections: dict[Audience, Any]) -> None:
        self._collections = collections

    def nearest(self, vector: Vectors, *, audience: Audience, k: int) -> list[Entry]:
        """Return the ``k`` nearest entries (approximate)."""
        collection = self._collections.get(audience)
        if collection is None:
            return []
        found = collection.query(query_embeddings=vector[np.newaxis], n_results=k, include=["distances"])
        return [_entry(name) for name in found["ids"][0]]


def _finds_itself(index: ChromaIndex, *, audience: Audience, vector: Vectors, entry: Entry) -> bool:
    """Equal texts have equal vectors, so a twin may stand in front of the entry."""
    return entry in index.nearest(vector, audience=audience, k=20)


def _name(version: int, audience: Audience) -> str:
    return f"manual-{version}-{audience.value}"


def _id(entry: Entry) -> str:
    return f"{entry.kind[0]}{entry.row}"


def _entry(name: str) -> Entry:
    return Entry(kind="chunk" if name[0] == "c" else "question", row=int(name[1:]))
