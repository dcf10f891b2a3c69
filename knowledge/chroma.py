"""Chroma, embedded in a folder or as a server: whole collections of named vectors, which versions rest on.

Chroma is derived data: what is missing or not whole is built again from the vectors in the database. A collection is
written once, under a name of its own, and never changed; it says how many entries it is to have, so that one which a
crash or another process left unfinished is told.
"""

import secrets
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import numpy as np

from knowledge.embedders import Vectors
from knowledge.errors import ChromaFailed, ChromaUnreachable
from knowledge.model import Audience
from knowledge.vectors import named

_PREFIX = "manual"
_BATCH = 200  # an embedded write holds the GIL meanwhile
_PAGE = 10_000
_SPACE = {"space": "cosine", "ef_construction": 200, "ef_search": 200}
_SAMPLE = 8
#: How long a server may take for one call: a search waits for it once at most.
PATIENCE_S = 3.0
#: How long another process may go on with a collection that has a successor, and how long one may take to be written.
GRACE = timedelta(minutes=15)


class Collection:
    """A whole collection."""

    def __init__(self, held: Any, names: frozenset[str]) -> None:
        self.name: str = held.name
        self.names = names
        self._held = held

    def nearest(self, vector: Vectors, *, k: int) -> list[str]:
        """Return the names of the ``k`` nearest (approximate)."""
        with _told():
            found = self._held.query(query_embeddings=vector[np.newaxis], n_results=k, include=["distances"])
            names: list[str] = found["ids"][0]
            return names


class Chroma:
    """The collections of one Chroma. ``grace`` is zero where no other process can use them."""

    def __init__(self, client: Any, *, grace: timedelta) -> None:
        self._client = client
        self._grace = grace
        self._known: dict[str, Collection] = {}

    def bases(self, audience: Audience) -> list[Collection]:
        """Return the whole collections of an audience.

        Raises:
            ChromaFailed: Chroma is away.
        """
        with _told():
            listed = [held for held in self._client.list_collections() if _is_of(held, audience)]
            found = [self._known.get(held.name) or self._whole(held) for held in listed]
        return [each for each in found if each is not None]

    def _whole(self, listed: Any) -> Collection | None:
        """Return a collection if it is whole, and a few of its entries are what they are called and find themselves."""
        held = self._client.get_collection(listed.name, embedding_function=None)
        wanted = (held.metadata or {}).get("entries")
        if held.count() != wanted:
            return None
        names = [name for start in range(0, wanted, _PAGE) for name in _ids(held, start)]
        found = Collection(held, frozenset(names))
        sample = held.get(ids=names[:: max(1, len(names) // _SAMPLE)], include=["embeddings"])
        vectors = np.asarray(sample["embeddings"], dtype=np.float32)
        hits = (found.nearest(vector, k=min(20, len(names))) for vector in vectors)
        if named(vectors) != sample["ids"] or not all(
            name in hit for name, hit in zip(sample["ids"], hits, strict=True)
        ):
            return None
        self._known[found.name] = found
        return found

    def write(
        self, audience: Audience, *, names: Sequence[str], vectors: Vectors, now: datetime, rest: float = 0.0
    ) -> Collection:
        """Write a collection in small batches, resting after each for ``rest`` times as long as it took.

        Raises:
            ChromaFailed: Chroma is away, or its disk is full.
        """
        about = {"entries": len(names), "made_at": int(now.timestamp())}
        name = f"{_PREFIX}-{audience.value}-{secrets.token_hex(8)}"
        with _told():
            held = self._client.create_collection(
                name, configuration={"hnsw": _SPACE}, metadata=about, embedding_function=None
            )
            for start in range(0, len(names), _BATCH):
                began = time.perf_counter()
                rows = np.ascontiguousarray(vectors[start : start + _BATCH])
                held.add(ids=list(names[start : start + _BATCH]), embeddings=rows)
                time.sleep(rest * (time.perf_counter() - began))
            if held.count() != len(names):
                raise ChromaFailed(f"{name} has {held.count()} of {len(names)} entries")
        self._known[name] = Collection(held, frozenset(names))
        return self._known[name]

    def drop_unused(self, in_use: frozenset[str], *, now: datetime) -> None:
        """Delete collections that nobody uses: unfinished ones, and those with a whole successor, after the grace.

        Raises:
            ChromaFailed: Chroma is away.
        """
        with _told():
            held = [each for each in self._client.list_collections() if each.name.startswith(f"{_PREFIX}-")]
            for each in held:
                if each.name not in in_use and self._is_over(each, among=held, in_use=in_use, now=now):
                    self._client.delete_collection(each.name)
                    self._known.pop(each.name, None)

    def _is_over(self, one: Any, *, among: Sequence[Any], in_use: frozenset[str], now: datetime) -> bool:
        if not self._grace:
            return True
        used = [each for each in among if each.name in in_use and _kind(each) == _kind(one)]
        successors = [_made_at(each) for each in used if _made_at(each) >= _made_at(one)]
        over = now.timestamp() - self._grace.total_seconds()
        return _made_at(one) < over and bool(successors) and min(successors) < over

    def ping(self) -> None:
        """Ask whether it is there.

        Raises:
            ChromaFailed: it is not.
        """
        with _told():
            self._client.heartbeat()

    def close(self) -> None:
        """Let go of it."""
        self._client.close()


class ChromaFolder(Chroma):
    """Chroma embedded in a folder. The folder belongs to one process at a time."""

    def __init__(self, folder: Path) -> None:
        import chromadb
        from chromadb.config import Settings

        folder.mkdir(parents=True, exist_ok=True)
        settings = Settings(anonymized_telemetry=False, allow_reset=False)
        super().__init__(chromadb.PersistentClient(path=str(folder), settings=settings), grace=timedelta())


class ChromaServer(Chroma):
    """A Chroma server that several processes share, at ``http://host:port`` or ``https://…``.

    Raises:
        ChromaUnreachable: nothing answers there as Chroma does.
    """

    def __init__(self, url: str, *, patience_s: float = PATIENCE_S, grace: timedelta = GRACE) -> None:
        super().__init__(_connected(url, patience_s=patience_s), grace=grace)

    def close(self) -> None:
        """Let go of it and of its connections, which the library leaves open."""
        sessions = _sessions(self._client)
        super().close()
        for each in sessions:
            each.close()


def _connected(url: str, *, patience_s: float) -> Any:
    """Return a client; the library itself would wait for ever, so the server is asked first whether it is there."""
    import chromadb
    from chromadb.config import Settings

    at = httpx.URL(url)
    try:
        httpx.get(at.copy_with(path="/api/v2/heartbeat"), timeout=patience_s).raise_for_status()
        client = chromadb.HttpClient(
            host=at.host,
            port=at.port or (443 if at.scheme == "https" else 80),
            ssl=at.scheme == "https",
            settings=Settings(anonymized_telemetry=False),
        )
    except (httpx.HTTPError, ValueError, OSError) as error:
        raise ChromaUnreachable(url, str(error) or type(error).__name__) from error
    for each in _sessions(client):
        each.timeout = httpx.Timeout(patience_s)
    return client


def _sessions(client: Any) -> list[httpx.Client]:
    """Return the connections of a client, which the library gives no time-out and does not close."""
    return [each._server._session for each in (client, client._admin_client)]  # noqa: SLF001 - there is no other way


@contextmanager
def _told() -> Iterator[None]:
    """Turn whatever Chroma's client raises into one error: an absent server, a lost collection, a full disk."""
    from chromadb.errors import ChromaError

    try:
        yield
    except (ChromaError, httpx.HTTPError, OSError, ValueError) as error:
        raise ChromaFailed(str(error) or type(error).__name__) from error


def _ids(held: Any, start: int) -> list[str]:
    names: list[str] = held.get(limit=_PAGE, offset=start, include=[])["ids"]
    return names


def _is_of(held: Any, audience: Audience) -> bool:
    return bool(held.name.startswith(f"{_PREFIX}-{audience.value}-"))


def _kind(held: Any) -> str:
    """Return what a name begins with: everything but what makes it one of its own."""
    kind: str = held.name.rpartition("-")[0]
    return kind


def _made_at(held: Any) -> float:
    return float((held.metadata or {}).get("made_at", 0))
