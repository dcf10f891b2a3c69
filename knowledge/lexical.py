"""The lexical index: Lucene's BM25 over Chinese characters and pairs and English stems, in memory.

Score of a document: Σ idf(t) · tf / (tf + k1 · (1 − b + b · length / average)), with
idf(t) = ln(1 + (n − df + 0.5) / (df + 0.5)) (Robertson & Zaragoza 2009; no k1 + 1 factor, as Lucene ≥ 8), so
that Σ idf(t) over the question's terms bounds it. *Coverage* is the score divided by that bound, unseen terms
counted at the largest idf: 0..1, comparable between questions.
"""

import math
import threading
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

K1 = 1.2
B = 0.75
_MOST = 0xFFFF  # occurrences of a term that are counted

Floats = NDArray[np.float32]
Ints = NDArray[np.int32]


@dataclass(frozen=True, kw_only=True)
class Coverage:
    """How much of the question's words each document holds."""

    scores: Floats
    weight: float
    """Summed idf of the question's terms."""
    unseen: float
    """Share of that sum that belongs to terms no document has, 0..1."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Counted:
    """A document as numbers of a :class:`Vocabulary`: its distinct terms, and how often it has each."""

    terms: Ints
    counts: NDArray[np.uint16]
    length: int


class Vocabulary:
    """Numbers for terms, given once and for all. Thread-safe."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self.names: list[str] = []
        self._lock = threading.Lock()

    def __len__(self) -> int:
        """How many terms have a number."""
        return len(self._numbers)

    def get(self, term: str) -> int | None:
        """Return the number of a term; None if no document has had it."""
        return self._numbers.get(term)

    def counted(self, document: Sequence[str]) -> Counted:
        """Return a document as numbers."""
        found = Counter(document)
        numbers = self._numbers
        with self._lock:
            for term in found:
                if term not in numbers:
                    self.names.append(term)
                    numbers[term] = len(numbers)
        terms = [numbers[term] for term in found]
        counts = np.minimum(list(found.values()), _MOST).astype(np.uint16)
        return Counted(terms=np.array(terms, dtype=np.int32), counts=counts, length=len(document))


class LexicalIndex:
    """An immutable index of documents given as lists of terms; row numbers are the documents' order.

    Empty documents keep their row and count for nothing. Documents that are ``Counted`` already are of the
    ``vocabulary`` given, which may know more terms than they have.
    """

    def __init__(
        self,
        documents: Iterable[Sequence[str] | Counted],
        *,
        vocabulary: Vocabulary | None = None,
        k1: float = K1,
        b: float = B,
    ) -> None:
        self._terms = known = Vocabulary() if vocabulary is None else vocabulary
        self._held = held = [each if isinstance(each, Counted) else known.counted(each) for each in documents]
        self.size = len(held)
        lengths = np.array([each.length for each in held], dtype=np.int32)
        self._filled = int((lengths > 0).sum())
        self._k1, self._b, self._average = k1, b, float(lengths.sum()) / max(self._filled, 1)
        terms = np.concatenate([np.zeros(0, np.int32), *(each.terms for each in held)])
        counts = np.concatenate([np.zeros(0, np.uint16), *(each.counts for each in held)])
        order = _sorted(terms)
        rows = np.repeat(np.arange(len(held), dtype=np.int32), [len(each.terms) for each in held])
        self._rows = rows[order]
        self._saturated = _saturated(
            counts[order].astype(np.int32),
            length=lengths[self._rows],
            average=self._average,
            k1=k1,
            b=b,
        )
        found = np.bincount(terms, minlength=len(known))
        self._ends = np.cumsum(found)
        self._starts = self._ends - found

    def idf(self, term: str) -> float:
        """Return the term's rarity; a term no document has gets the largest."""
        number = self._number(term)
        documents = 0 if number is None else int(self._ends[number] - self._starts[number])
        return math.log(1 + (self._filled - documents + 0.5) / (documents + 0.5))

    def document(self, row: int) -> dict[str, float]:
        """Return the terms of a document, each with its saturated frequency, 0..1."""
        held, names = self._held[row], self._terms.names
        norm = self._k1 * (1 - self._b + self._b * held.length / (self._average or 1.0))
        counts = held.counts.astype(np.float64)
        return dict(zip((names[n] for n in held.terms.tolist()), (counts / (counts + norm)).tolist(), strict=True))

    def _number(self, term: str) -> int | None:
        """Return the number of a term that a document of this index has; the vocabulary may have more."""
        number = self._terms.get(term)
        held = number is not None and number < len(self._ends) and self._ends[number] > self._starts[number]
        return number if held else None

    def present(self, terms: Iterable[str], *, rows: range) -> list[tuple[str, float, bool]]:
        """Return for each distinct term its idf and whether any of the rows holds it."""
        return [(term, self.idf(term), self._holds(term, rows)) for term in dict.fromkeys(terms)]

    def _holds(self, term: str, rows: range) -> bool:
        number = self._number(term)
        if number is None:
            return False
        places = self._rows[int(self._starts[number]) : int(self._ends[number])]
        at = int(np.searchsorted(places, rows.start))
        return at < len(places) and int(places[at]) < rows.stop

    def coverage(self, terms: Iterable[str]) -> Coverage:
        """Score every document against the terms (repeats count once)."""
        scores = np.zeros(self.size, dtype=np.float32)
        weight = unseen = 0.0
        for term in dict.fromkeys(terms):
            idf = self.idf(term)
            weight += idf
            number = self._number(term)
            if number is None:
                unseen += idf
                continue
            places = slice(int(self._starts[number]), int(self._ends[number]))
            scores[self._rows[places]] += np.float32(idf) * self._saturated[places]
        if not weight:
            return Coverage(scores=scores, weight=0.0, unseen=0.0)
        return Coverage(scores=np.clip(scores / weight, 0, 1), weight=weight, unseen=unseen / weight)


def _sorted(terms: Ints) -> NDArray[np.intp]:
    """Return the stable order of term numbers: two passes over halves, which numpy sorts by radix."""
    low = np.argsort((terms & 0xFFFF).astype(np.uint16), kind="stable")
    order: NDArray[np.intp] = low[np.argsort((terms[low] >> 16).astype(np.uint16), kind="stable")]
    return order


def _saturated(counts: Ints, *, length: Ints, average: float, k1: float, b: float) -> Floats:
    norm = k1 * (1 - b + b * length / (average or 1.0))
    return np.asarray(counts / (counts + norm), dtype=np.float32)
