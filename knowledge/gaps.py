"""What the manual was asked and could not answer, put together by what is meant. Pure.

Questions are clustered by average linkage (Sokal & Michener 1958; by nearest-neighbour chains, Murtagh 1983): what
joins a cluster must be like it on average, so that no chain of neighbours becomes a giant. Afterwards every member is
held against the most central one, and leaves where it is not like that one. Questions are taken in the order of their
folded text, so that the clusters do not depend on the order in which they are given.
"""

import hashlib
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

#: How much of the likeness of two questions is the words they share; the rest is their meaning.
WORDS: Final = 0.3
#: How like two clusters must be on average to become one, and a member to the most central one. Both were chosen with
#: the embedded model: below it matters of one page fall together (golden questions), above it wordings of one matter
#: fall apart (105 wordings of 20 matters, written for this).
JOINS: Final = 0.28
STAYS: Final = 0.22
_WIDTH: Final = 512


@dataclass(frozen=True, kw_only=True)
class Question:
    """A question as it is compared: its folded text, its index terms, whether it is Chinese, and its vector's row."""

    text: str
    terms: tuple[str, ...]
    chinese: bool


@dataclass(frozen=True, kw_only=True)
class Cluster:
    """Questions that mean the same (places in what was given), the most central one first."""

    members: tuple[int, ...]

    @property
    def centre(self) -> int:
        """The most central question."""
        return self.members[0]


def clusters(
    questions: Sequence[Question], vectors: Floats, *, joins: float = JOINS, stays: float = STAYS
) -> tuple[Cluster, ...]:
    """Every question in exactly one cluster, the largest first.

    ``vectors`` has a row of length 1 for each question, freed by :func:`centred` from what all questions share.
    """
    if not questions:
        return ()
    order = sorted(range(len(questions)), key=lambda i: questions[i].text)
    units = _units([questions[i].text for i in order])
    first = [order[unit[0]] for unit in units]
    like = likeness([questions[i] for i in first], vectors[first])
    weights = np.array([len(unit) for unit in units], dtype=np.float32)
    found: list[tuple[int, ...]] = []
    for rough in _linked(like, weights, joins=joins):
        found += _checked(rough, like, weights, stays=stays)
    whole = [tuple(order[i] for unit in each for i in units[unit]) for each in found]
    ranked = sorted(whole, key=lambda each: (-len(each), questions[each[0]].text))
    return tuple(Cluster(members=each) for each in ranked)


def centred(vectors: Floats, *, chinese: NDArray[np.bool_], centres: Mapping[bool, Floats]) -> Floats:
    """The vectors without what all questions of their language have in common, of length 1.

    An embedder puts everything that is a question near to each other, and each language into a corner of its own;
    ``centres`` are the means of many questions, by whether they are Chinese.
    """
    rows = vectors - np.where(chinese[:, None], centres[True], centres[False])
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.where(lengths > 0, lengths, 1), dtype=np.float32)


def likeness(questions: Sequence[Question], vectors: Floats) -> Floats:
    """How like each two questions are, 1 the same: by meaning, and in one language by the rarer words they share."""
    meaning = vectors @ vectors.T
    words = _word_vectors(questions)
    chinese = np.array([question.chinese for question in questions])
    same = chinese[:, None] == chinese[None, :]
    return np.asarray(np.where(same, (1 - WORDS) * meaning + WORDS * (words @ words.T), meaning), dtype=np.float32)


def _word_vectors(questions: Sequence[Question]) -> Floats:
    """A row for each question: its terms by rarity, hashed, of length 1."""
    held = Counter(term for question in questions for term in set(question.terms))
    rows = np.zeros((len(questions), _WIDTH), dtype=np.float32)
    for row, question in zip(rows, questions, strict=True):
        for term in set(question.terms):
            digest = hashlib.blake2b(term.encode("utf-8", "replace"), digest_size=4).digest()
            row[int.from_bytes(digest, "little") % _WIDTH] += math.log(1 + len(questions) / held[term])
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.where(lengths > 0, lengths, 1), dtype=np.float32)


def _units(texts: Sequence[str]) -> list[list[int]]:
    """Places of the same text, which are one from the beginning; the texts are sorted."""
    units: list[list[int]] = []
    for place, text in enumerate(texts):
        if units and texts[units[-1][0]] == text:
            units[-1].append(place)
        else:
            units.append([place])
    return units


def _linked(like: Floats, weights: Floats, *, joins: float) -> list[list[int]]:
    """Average linkage by nearest-neighbour chains, stopped at ``joins``."""
    n = len(weights)
    near, sizes = like.copy(), weights.copy()
    np.fill_diagonal(near, -1.0)
    groups = {i: [i] for i in range(n)}
    alive = np.ones(n, dtype=bool)
    chain: list[int] = []
    start = 0
    while True:
        if not chain:
            while start < n and not alive[start]:
                start += 1
            if start == n:
                break
            chain = [start]
        top = chain[-1]
        row = near[top]
        best = int(np.argmax(row))
        if len(chain) > 1 and row[chain[-2]] >= row[best]:
            best = chain[-2]
        if row[best] < joins:  # nothing is like it any more: it is whole
            alive[top] = False
            near[top, :] = near[:, top] = -1.0
            chain = []  # what led here may have another neighbour
            continue
        if len(chain) > 1 and best == chain[-2]:
            chain = chain[:-2]
            _merge(near, sizes, top, best)
            keep, gone = min(top, best), max(top, best)
            groups[keep] += groups.pop(gone)
            alive[gone] = False
            start = min(start, keep)
        else:
            chain.append(best)
    return [sorted(group) for _, group in sorted(groups.items())]


def _merge(near: Floats, sizes: Floats, one: int, other: int) -> None:
    """Let the lower of two rows stand for both."""
    keep, gone = min(one, other), max(one, other)
    total = sizes[keep] + sizes[gone]
    row = (sizes[keep] * near[keep] + sizes[gone] * near[gone]) / total
    row[near[keep] < 0] = -1.0
    near[keep, :] = near[:, keep] = row
    near[gone, :] = near[:, gone] = -1.0
    near[keep, keep] = -1.0
    sizes[keep] = total


def _checked(group: Sequence[int], like: Floats, weights: Floats, *, stays: float) -> list[tuple[int, ...]]:
    """Hold a group against its most central member; what is not like it is looked at by itself."""
    left, found = list(group), []
    while left:
        inner = like[np.ix_(left, left)]
        centre = int(np.argmax(inner @ weights[left]))
        kept = [place for place in range(len(left)) if place == centre or inner[centre, place] >= stays]
        ordered = sorted(kept, key=lambda place: (place != centre, -float(inner[centre, place]), left[place]))
        found.append(tuple(left[place] for place in ordered))
        left = [one for place, one in enumerate(left) if place not in kept]
    return found
