"""Nearest vectors: a version's entries, found exactly or through a Chroma collection that versions share.

An entry is a chunk or a question of a page, named by its kind and row in the version's :class:`Catalogue`. A *base*
is a whole collection whose vectors are named by what they are, so it belongs to no version: whatever it returns
counts only as far as the version has it, and what the version has beyond it is compared exactly. So versions that
differ little share a base, none can see another's entries, and without a base all is compared exactly.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from knowledge.embedders import Vectors
from knowledge.errors import ChromaFailed
from knowledge.model import Audience

Kind = Literal["chunk", "question"]

#: How much a version may differ from a base that it uses, as a share of its entries; at least FEW of them.
SHARE = 0.05
FEW = 200


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """Something with a vector: row ``row`` of the catalogue's chunks or questions."""

    kind: Kind
    row: int


class VectorIndex(Protocol):
    """Finds the entries of one audience nearest to a vector. Blocking and thread-safe."""

    def nearest(self, vector: Vectors, *, audience: Audience, k: int) -> list[Entry]:
        """Return at most ``k`` entries, nearest first."""
        ...


class Base(Protocol):
    """A whole collection of named vectors."""

    @property
    def name(self) -> str: ...
    @property
    def names(self) -> frozenset[str]: ...

    def nearest(self, vector: Vectors, *, k: int) -> list[str]:
        """Return the names of the ``k`` nearest (approximate).

        Raises:
            ChromaFailed: it is away, or gone.
        """
        ...


def named(vectors: Vectors) -> list[str]:
    """Return the name of each vector: a hash of it in half precision."""
    halves = np.ascontiguousarray(vectors, dtype="<f2")
    return [hashlib.blake2b(row.tobytes(), digest_size=12).hexdigest() for row in halves]


class _Part:
    """The entries of one audience."""

    def __init__(self, entries: Sequence[Entry], vectors: Vectors) -> None:
        self.entries, self.vectors = list(entries), vectors
        self.names = named(vectors)
        self._rows: dict[str, tuple[int, ...]] = {}
        for row, name in enumerate(self.names):
            self._rows[name] = (*self._rows.get(name, ()), row)
        self._rests: tuple[Base, NDArray[np.int64]] | None = None

    @property
    def base(self) -> Base | None:
        return self._rests[0] if self._rests else None

    def distance(self, base: Base) -> int:
        """Return how many vectors differ."""
        return len(base.names ^ self._rows.keys())

    def near(self, base: Base) -> bool:
        """Whether a base differs so little that it may be used."""
        return self.distance(base) <= max(FEW, SHARE * len(self._rows))

    def rest_on(self, base: Base | None) -> None:
        """Use a base from now on, or none."""
        if base is None:
            self._rests = None
            return
        added = [row for name, rows in self._rows.items() if name not in base.names for row in rows]
        self._rests = base, np.array(added, dtype=np.int64)

    def nearest(self, vector: Vectors, *, k: int) -> list[Entry]:
        rests = self._rests
        if rests is None:
            return self._best(None, vector, k=k)
        base, added = rests
        return self._best(np.concatenate([self._held(base, vector, k=k), added]), vector, k=k)

    def _held(self, base: Base, vector: Vectors, *, k: int) -> NDArray[np.int64]:
        """Return the rows that a base finds; more are asked for while what this version lacks fills the places."""
        wanted = k
        while True:
            names = base.nearest(vector, k=wanted)
            rows = [row for name in names for row in self._rows.get(name, ())]
            if len(rows) >= k or len(names) < wanted:
                return np.array(rows, dtype=np.int64)
            wanted *= 2

    def _best(self, rows: NDArray[np.int64] | None, vector: Vectors, *, k: int) -> list[Entry]:
        scores = (self.vectors if rows is None else self.vectors[rows]) @ vector
        first = np.argpartition(-scores, k)[:k] if len(scores) > k else np.arange(len(scores))
        order = first[np.argsort(-scores[first], kind="stable")]
        chosen = order if rows is None else rows[order]
        return [self.entries[row] for row in chosen.tolist()]


class ExactIndex:
    """Compares with every vector, or where an audience has a base with what that finds and what it lacks."""

    def __init__(self, *, lost: Callable[[ChromaFailed], None] = lambda _: None) -> None:
        self._parts: dict[Audience, _Part] = {}
        self._lost = lost

    def put(self, audience: Audience, *, entries: Sequence[Entry], vectors: Vectors) -> None:
        """Hold the entries of an audience."""
        if entries:
            self._parts[audience] = _Part(entries, vectors)

    def nearest(self, vector: Vectors, *, audience: Audience, k: int) -> list[Entry]:
        """Return the ``k`` nearest entries; a base that fails is used no more, and ``lost`` is told."""
        part = self._parts.get(audience)
        if part is None:
            return []
        try:
            return part.nearest(vector, k=k)
        except ChromaFailed as error:
            part.rest_on(None)
            self._lost(error)
            return part.nearest(vector, k=k)

    @property
    def bare(self) -> tuple[Audience, ...]:
        """Audiences that have no base."""
        return tuple(audience for audience, part in self._parts.items() if part.base is None)

    @property
    def bases(self) -> frozenset[str]:
        """Names of the bases in use."""
        return frozenset(part.base.name for part in self._parts.values() if part.base is not None)

    def contents(self, audience: Audience) -> tuple[list[str], Vectors]:
        """Return what a base of an audience is to hold: names and vectors, each once."""
        part = self._parts[audience]
        first = {name: row for row, name in reversed(list(enumerate(part.names)))}
        return list(first), part.vectors[list(first.values())]

    def choose(self, audience: Audience, bases: Sequence[Base]) -> bool:
        """Rest an audience on the nearest of some bases; False if none is near enough."""
        part = self._parts[audience]
        best = min(bases, key=part.distance, default=None)
        if best is None or not part.near(best):
            return False
        part.rest_on(best)
        return True
