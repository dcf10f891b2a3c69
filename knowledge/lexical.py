"""The lexical index: Lucene's BM25 over Chinese characters and pairs and English stems, in memory.

Score of a document: Σ idf(t) · tf / (tf + k1 · (1 − b + b · length / average)), with
idf(t) = ln(1 + (n − df + 0.5) / (df + 0.5)) (Robertson & Zaragoza 2009; no k1 + 1 factor, as Lucene ≥ 8), so
that Σ idf(t) over the question's terms bounds it. *Coverage* is the score divided by that bound, unseen terms
counted at the largest idf: 0..1, comparable between questions.
"""

import math
from array import array
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

K1 = 1.2
B = 0.75

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


class LexicalIndex:
    """An immutable index of documents given as lists of terms; row numbers are the documents' order.

    Empty documents keep their row and count for nothing.
    """

    def __init__(self, documents: Iterable[Sequence[str]], *, k1: float = K1, b: float = B) -> None:
        self._terms: dict[str, int] = {}
        terms, rows, counts, lengths = array("i"), array("i"), array("i"), array("i")
        for row, document in enumerate(documents):
            lengths.append(len(document))
            for term, count in Counter(document).items():
                terms.append(self._terms.setdefault(term, len(self._terms)))
                rows.append(row)
                counts.append(count)
        self.size = len(lengths)
        self._filled = sum(length > 0 for length in lengths)
        order = np.argsort(np.frombuffer(terms, dtype=np.int32), kind="stable")
        self._rows = np.frombuffer(rows, dtype=np.int32)[order]
        self._saturated = _saturated(
            np.frombuffer(counts, dtype=np.int32)[order],
            length=np.frombuffer(lengths, dtype=np.int32)[self._rows],
            average=sum(lengths) / max(self._filled, 1),
            k1=k1,
            b=b,
        )
        found = np.bincount(np.frombuffer(terms, dtype=np.int32), minlength=len(self._terms))
        self._ends = np.cumsum(found)
        self._starts = self._ends - found

    def idf(self, term: str) -> float:
        """Return the term's rarity; a term no document has gets the largest."""
        number = self._terms.get(term)
        documents = 0 if number is None else int(self._ends[number] - self._starts[number])
        return math.log(1 + (self._filled - documents + 0.5) / (documents + 0.5))

    def present(self, terms: Iterable[str], *, rows: range) -> list[tuple[str, float, bool]]:
        """Return for each distinct term its idf and whether any of the rows holds it."""
        return [(term, self.idf(term), self._holds(term, rows)) for term in dict.fromkeys(terms)]

    def _holds(self, term: str, rows: range) -> bool:
        number = self._terms.get(term)
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
            number = self._terms.get(term)
            if number is None:
                unseen += idf
                continue
            places = slice(int(self._starts[number]), int(self._ends[number]))
            scores[self._rows[places]] += np.float32(idf) * self._saturated[places]
        if not weight:
            return Coverage(scores=scores, weight=0.0, unseen=0.0)
        return Coverage(scores=np.clip(scores / weight, 0, 1), weight=weight, unseen=unseen / weight)


def _saturated(counts: Ints, *, length: Ints, average: float, k1: float, b: float) -> Floats:
    norm = k1 * (1 - b + b * length / (average or 1.0))
    return np.asarray(counts / (counts + norm), dtype=np.float32)
