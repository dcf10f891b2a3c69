"""Which golden questions a change of the manual can touch: only these need asking again. Pure (numpy).

A question is touched if a page that changed was among those found for it, or if a section or page question that came,
went or changed is as near to it as those that a search looks at closely: among its ``NEAREST`` by vector, or its
``WORDIEST`` by words; or if the rarity of its own words moved. For every other question the search compares the same
entries with the same vectors; what is left is a shift of its words' rarities by less than ``SHIFT`` of their sum.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from knowledge.asking import Question
from knowledge.catalogue import Catalogue
from knowledge.embedders import Vectors
from knowledge.golden import Golden
from knowledge.lexical import LexicalIndex
from knowledge.model import Chunk, Page

NEAREST = 80
WORDIEST = 40
SHIFT = 0.01
#: Of the pages, how many may have changed since all questions were asked before all are asked again; at least LEAST.
SHARE = 0.03
LEAST = 4
_PLAIN = {"hash": "", "body": "", "first_line": 1, "owner": None, "review_by": None, "video": None, "url": None}


@dataclass(frozen=True, kw_only=True)
class Reach:
    """How near an entry of the manual must be to a question to matter: by cosine, and by coverage of its words."""

    cosine: float
    coverage: float


@dataclass(frozen=True, kw_only=True)
class Difference:
    """What differs between two versions: pages by id, vectors and lexical documents (old ones and new ones)."""

    pages: frozenset[str]
    vectors: Vectors
    old: tuple[int, ...]
    new: tuple[int, ...]


def reach(asked: Question, *, held: Catalogue) -> Reach:
    """Return the reach of a question in a version."""
    cosines = np.concatenate([held.vectors @ asked.vector, held.question_vectors @ asked.vector])
    return Reach(cosine=_last(cosines, NEAREST), coverage=_last(held.lexical.coverage(asked.terms).scores, WORDIEST))


def _last(scores: NDArray[np.float32], among: int) -> float:
    """Return the score of the last among the best; everything is among them where there are not more."""
    return float(np.partition(scores, -among)[-among]) if len(scores) > among else -1.0


def difference(old: Catalogue, new: Catalogue) -> Difference:
    """Return what differs between two versions."""
    before, after = ({page.id: page for page in held.pages} for held in (old, new))
    names = [name for name in before.keys() | after.keys() if before.get(name) != after.get(name)]
    gone, come = _Entries(old), _Entries(new)
    for name in sorted(names):
        whole = _plain(before.get(name)) != _plain(after.get(name))
        gone.take(name, than=None if whole else new)
        come.take(name, than=None if whole else old)
    return Difference(
        pages=frozenset(names),
        vectors=np.concatenate([gone.vectors(), come.vectors()]),
        old=tuple(gone.documents),
        new=tuple(come.documents),
    )


def _plain(page: Page | None) -> Page | None:
    """Return a page without what only its own sections show."""
    return replace(page, **_PLAIN) if page else None  # type: ignore[arg-type]


class _Entries:
    """The entries of some pages of a version, or those that another version has not."""

    def __init__(self, held: Catalogue) -> None:
        self._held = held
        self.documents: list[int] = []
        self._chunks: list[int] = []
        self._questions: list[int] = []

    def take(self, name: str, *, than: Catalogue | None) -> None:
        held = self._held
        page = held.number.get(name)
        if page is None:
            return
        known = {_told(chunk) for chunk in _chunks(than, name)} if than else set()
        own = held.chunks_of(page)
        rows = [row for row in range(own.start, own.stop) if _told(held.chunks[row]) not in known]
        self._chunks += rows
        self.documents += rows
        if than is None:
            questions = held.questions_of(page)
            self._questions += range(questions.start, questions.stop)
            self.documents.append(len(held.chunks) + page)

    def vectors(self) -> Vectors:
        held = self._held
        return np.concatenate([held.vectors[self._chunks], held.question_vectors[self._questions]])


def _told(chunk: Chunk) -> tuple[str, str]:
    return chunk.heading, chunk.text


def _chunks(held: Catalogue, name: str) -> tuple[Chunk, ...]:
    return held.chunks[held.chunks_of(held.number[name])]


def touched(
    questions: Sequence[Golden],
    *,
    ready: Sequence[Question | None],
    found: Sequence[tuple[str, ...]],
    reaches: Sequence[Reach],
    old: LexicalIndex,
    new: LexicalIndex,
    changed: Difference,
) -> list[bool]:
    """Return which questions a difference can touch; ``found`` are the pages that the old version found for each."""
    likeness = _likeness(ready, vectors=changed.vectors)
    words = _Words(old=old, new=new, changed=changed)
    return [
        bool(changed.pages.intersection((*golden.pages, *pages)))
        or (asked is not None and (near >= bound.cosine or words.touch(asked, bound=bound.coverage)))
        for golden, asked, pages, bound, near in zip(questions, ready, found, reaches, likeness, strict=True)
    ]


def _likeness(ready: Sequence[Question | None], *, vectors: Vectors) -> list[float]:
    """Return the cosine of the nearest of some vectors to each question."""
    if not len(vectors) or not ready:
        return [-2.0] * len(ready)
    nothing = np.zeros(vectors.shape[1], dtype=np.float32)
    asked = np.stack([each.vector if each else nothing for each in ready])
    found: list[float] = (asked @ vectors.T).max(axis=1).tolist()
    return found


class _Words:
    """How the words of questions meet the documents that changed."""

    def __init__(self, *, old: LexicalIndex, new: LexicalIndex, changed: Difference) -> None:
        self._indexes = old, new
        self._documents = [old.document(row) for row in changed.old] + [new.document(row) for row in changed.new]
        self._shift = {
            term: abs(old.idf(term) - new.idf(term)) for term in {t for each in self._documents for t in each}
        }

    def touch(self, asked: Question, *, bound: float) -> bool:
        """Whether a document has as many of the words as those that matter, or the words' rarity moved."""
        terms = [term for term in asked.terms if term in self._shift]
        if not terms:
            return False
        weights = {term: self._indexes[1].idf(term) for term in dict.fromkeys(asked.terms)}
        whole = sum(weights.values())
        if sum(self._shift[term] for term in dict.fromkeys(terms)) > SHIFT * whole:
            return True
        best = max(sum(each.get(t, 0.0) * weights[t] for t in dict.fromkeys(terms)) for each in self._documents)
        return best >= bound * whole
