"""A question → the passages that may answer it, and the signals of how well they do."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from knowledge import facts, ranking
from knowledge.asking import Question
from knowledge.catalogue import Catalogue, Rows
from knowledge.embedders import Vectors
from knowledge.evidence import Signals
from knowledge.language import fold
from knowledge.lexical import Coverage
from knowledge.model import Audience, Scope
from knowledge.vectors import Entry, VectorIndex

Floats = NDArray[np.float32]

_NEAREST = 80
_BY_WORDS = 40
_BY_QUESTION_WORDS = 5
_ENOUGH_SEEN = 20
_LONG = 4.0
_NOBODY = -1


@dataclass(frozen=True, kw_only=True)
class Scale:
    """How an embedder's cosines are read: its own floor and span, and its vectors of background questions."""

    floor: float
    span: float
    background: Vectors

    def placed(self, cosines: Floats) -> Floats:
        """Place cosines on 0..1 (not clipped)."""
        return ranking.placed(cosines, floor=self.floor, span=self.span)

    def background_likeness(self, vector: Vectors) -> Floats:
        """Return the likeness to each question that manuals do not answer."""
        return self.placed(self.background @ vector)


@dataclass(frozen=True, kw_only=True)
class Found:
    """Chunks by relevance (rows of the catalogue), and the signals of the best one."""

    rows: tuple[int, ...]
    scores: tuple[float, ...]
    signals: Signals


@dataclass(frozen=True, kw_only=True)
class _Scored:
    """Candidate chunks of one question with their scores; ``order`` has the best first."""

    asked: Question
    rows: Rows
    page: Rows
    parts: dict[str, Floats]
    score: Floats
    ranked: Floats
    """What the order is by: the score, and what its page gains and loses."""
    order: Rows
    cover: Coverage
    likeness: Floats
    """Of each page question of the catalogue."""
    question: Floats
    """Of each page: the likeness of its nearest question."""
    sections: dict[int, Floats]
    """Of the pages that were looked at closely: how near each of their chunks is."""
    visible: NDArray[np.bool_]
    """Which pages may be seen."""


class Searcher:
    """Searches one version. Blocking and thread-safe."""

    def __init__(self, held: Catalogue, *, index: VectorIndex, scale: Scale) -> None:
        self.held = held
        self.index = index
        self._scale = scale

    def find(
        self,
        asked: Question,
        *,
        scope: Scope,
        hidden: frozenset[str] = frozenset(),
        limit: int = 6,
        thin: bool = True,
    ) -> Found | None:
        """Return the chunks in scope by relevance; None if there is none.

        ``hidden`` pages are never returned. ``thin`` drops near-duplicates and third chunks of a page.
        """
        visible = self.held.visible(scope, hidden=hidden)
        cover = self.held.lexical.coverage(asked.terms)
        rows = self._candidates(asked, scope=scope, visible=visible, cover=cover)
        if not len(rows):
            return None
        scored = self._scored(asked, scope=scope, visible=visible, rows=rows, cover=cover)
        kept = self._thinned(scored, limit=limit) if thin else scored.order[:limit].tolist()
        chosen = [int(rows[i]) for i in kept]
        return Found(
            rows=tuple(self._quotable(scored, chosen) if thin else chosen),
            scores=tuple(float(np.clip(scored.score[i], 0, 1)) for i in kept),
            signals=self._signals(scored),
        )

    def _candidates(self, asked: Question, *, scope: Scope, visible: NDArray[np.bool_], cover: Coverage) -> Rows:
        """Return rows near by vector, near by a question of their page, or rich in the question's words."""
        held = self.held
        chunks = len(held.chunks)
        words = np.where(visible[held.page_of_chunk], cover.scores[:chunks], 0.0)
        rows = {int(row) for row in _first(words, _BY_WORDS) if words[row] > 0}
        by_question = np.where(visible, cover.scores[chunks:], 0.0)
        pages = {int(page) for page in _first(by_question, _BY_QUESTION_WORDS) if by_question[page] > 0}
        for audience in scope.audiences:
            for entry in self._near(asked, audience=audience, visible=visible):
                if entry.kind == "chunk":
                    rows.add(entry.row)
                else:
                    pages.add(int(held.page_of_question[entry.row]))
        for page in pages:
            rows.update(range(int(held.bounds[page]), int(held.bounds[page + 1])))
        return np.array(sorted(rows), dtype=np.int64)

    def _near(self, asked: Question, *, audience: Audience, visible: NDArray[np.bool_]) -> list[Entry]:
        """Ask for more until enough of what comes back may be seen (hidden pages are few, a filter is slow)."""
        k = _NEAREST
        while True:
            found = self.index.nearest(asked.vector, audience=audience, k=k)
            seen = [entry for entry in found if visible[self._page(entry)]]
            if len(seen) >= _ENOUGH_SEEN or len(found) < k:
                return seen
            k *= 4

    def _page(self, entry: Entry) -> int:
        held = self.held
        return int((held.page_of_chunk if entry.kind == "chunk" else held.page_of_question)[entry.row])

    def _scored(
        self, asked: Question, *, scope: Scope, visible: NDArray[np.bool_], rows: Rows, cover: Coverage
    ) -> _Scored:
        held, page = self.held, self.held.page_of_chunk[rows]
        likeness = self._likeness(asked)
        question = self._nearest_question(likeness)
        parts = self._parts(rows, dense=self._nearness(asked, rows=rows), question=question, cover=cover)
        score = ranking.relevance(**parts)
        loss = np.where(held.chinese[page] != asked.chinese, ranking.OTHER_LANGUAGE, 0.0)
        if scope.products:
            named = [held.pages[i].product for i in page.tolist()]
            other = [bool(name) and name not in scope.products for name in named]
            loss += np.where(other, ranking.OTHER_PRODUCT, 0.0)
        ranked = score - loss
        first = dict.fromkeys(page[np.argsort(-ranked, kind="stable")].tolist())
        sections = self._sections(asked, pages=list(first)[: ranking.CLOSELY])
        for one, own in sections.items():
            ranked[page == one] += ranking.borne_out(sections=own, questions=likeness[held.questions_of(one)])
        return _Scored(
            asked=asked,
            rows=rows,
            page=page,
            parts=parts,
            score=score,
            ranked=ranked,
            order=np.argsort(-ranked, kind="stable"),
            cover=cover,
            likeness=likeness,
            question=question,
            sections=sections,
            visible=visible,
        )

    def _sections(self, asked: Question, *, pages: Sequence[int]) -> dict[int, Floats]:
        """Return how near the chunks of pages are, looked up together."""
        if not pages:
            return {}
        bounds = self.held.bounds
        each = [np.arange(int(bounds[page]), int(bounds[page + 1])) for page in pages]
        near = self._nearness(asked, rows=np.concatenate(each))
        return dict(zip(pages, np.split(near, np.cumsum([len(rows) for rows in each])[:-1]), strict=True))

    def _nearness(self, asked: Question, *, rows: Rows) -> Floats:
        """Return how near chunks are by vector: the whole of each, and the nearest of its windows."""
        whole = self.held.vectors[rows] @ asked.vector
        window = self.held.windows.best(rows, vector=asked.vector, otherwise=whole)
        return self._scale.placed(ranking.nearness(whole, window=window))

    def _likeness(self, asked: Question) -> Floats:
        held = self.held
        return (
            self._scale.placed(held.question_vectors @ asked.vector) if len(held.questions) else np.zeros(0, np.float32)
        )

    def _nearest_question(self, likeness: Floats) -> Floats:
        best = np.full(len(self.held.pages), -1.0, dtype=np.float32)
        np.maximum.at(best, self.held.page_of_question, likeness)
        return best

    def _parts(self, rows: Rows, *, dense: Floats, question: Floats, cover: Coverage) -> dict[str, Floats]:
        page = self.held.page_of_chunk[rows]
        return {
            "dense": dense,
            "question": question[page],
            "coverage": cover.scores[rows],
            "asked_coverage": cover.scores[len(self.held.chunks) + page],
        }

    def _thinned(self, scored: _Scored, *, limit: int) -> list[int]:
        first = scored.order[: 6 * limit]
        vectors = self.held.vectors[scored.rows[first]]
        kept = ranking.thinned(scored.page[first].tolist(), likeness=vectors @ vectors.T, limit=limit)
        return [int(first[place]) for place in kept]

    def _quotable(self, scored: _Scored, rows: list[int]) -> list[int]:
        """Return each page as often and in the place where it was found, by the sections that are best to quote."""
        held = self.held
        pages = [int(held.page_of_chunk[row]) for row in rows]
        others = [page for page in dict.fromkeys(pages) if page not in scored.sections]
        near = scored.sections | self._sections(scored.asked, pages=others)
        sections: dict[int, list[int]] = {}
        for page in dict.fromkeys(pages):
            own = np.arange(int(held.bounds[page]), int(held.bounds[page + 1]))
            parts = self._parts(own, dense=near[page], question=scored.question, cover=scored.cover)
            headed = [bool(held.chunks[row].heading) for row in own.tolist()]
            beside = ranking.BESIDE_THE_POINT * self._lacking(scored.asked, rows=own)
            scores = ranking.relevance(**parts) - beside
            sections[page] = [int(own[place]) for place in ranking.quotable(scores, headed=headed)]
        return [sections[page].pop(0) for page in pages]

    def _lacking(self, asked: Question, *, rows: Rows) -> Floats:
        """Return 1 for each section of a page that lacks the kind of fact asked for, which its page states."""
        held, wanted = self.held, facts.asked(asked.text)
        if not wanted:
            return np.zeros(len(rows), dtype=np.float32)
        told = (facts.told(fold(held.chunks[row].text)) for row in rows.tolist())
        return np.array([not wanted <= each for each in told], dtype=np.float32)

    def _signals(self, scored: _Scored) -> Signals:
        asked, parts, page = scored.asked, scored.parts, scored.page
        top = int(scored.order[0])
        first = int(page[top])
        others = scored.ranked[page != first]
        words = np.maximum(parts["coverage"], parts["asked_coverage"])
        terms = self._terms_of_page(asked, page=first)
        strange = self._scale.background_likeness(asked.vector)
        background = float(strange.max(initial=0.0))
        questions = scored.likeness[self.held.questions_of(first)]
        near = scored.sections if first in scored.sections else self._sections(asked, pages=[first])
        several = ranking.several(questions if len(questions) else near[first])
        dense = float(parts["dense"].max())
        question = np.maximum(parts["question"], parts["dense"])
        return Signals(
            relevance=float(scored.score[top]),
            dense=float(parts["dense"][top]),
            coverage=float(words[top]),
            margin=float(scored.ranked[top] - others.max()) if len(others) else 0.5,
            agreement=float(page[int(np.argmax(words))] == first),
            question=float(question[top]),
            present=_share(terms),
            named=_share([term for term in terms if _is_name(term[0], chinese=asked.chinese)]),
            known=1.0 - scored.cover.unseen,
            product=float(asked.products <= self.held.products[first]),
            background=background,
            contrast=dense - background,
            question_contrast=float(question.max()) - background,
            several=several - (ranking.several(strange) if len(strange) else 0.0),
            **self._votes(scored, strange=strange, first=first),
            length=float(np.log1p(len(asked.terms)) / _LONG),
            crossing=bool(self.held.chinese[first]) != asked.chinese,
            stated=facts.asked(asked.text) <= self.held.told[first],
        )

    def _votes(self, scored: _Scored, *, strange: Floats, first: int) -> dict[str, float]:
        """Return what the nearest questions say: those of pages, of no page, and sections of pages without any."""
        held = self.held
        seen = np.flatnonzero(scored.visible[held.page_of_question])
        bare = np.flatnonzero(~held.asked[scored.page])
        kinds = (
            (held.page_of_question[seen], scored.likeness[seen], held.question_vectors, seen),
            (scored.page[bare], scored.parts["dense"][bare], held.vectors, scored.rows[bare]),
            (np.full(len(strange), _NOBODY), strange, self._scale.background, np.arange(len(strange))),
        )
        each = [_nearest(page, likeness, vectors=vectors, rows=rows) for page, likeness, vectors, rows in kinds]
        page, likeness, vectors = (np.concatenate(part) for part in zip(*each, strict=True))
        page, likeness, vectors = _nearest(page, likeness, vectors=vectors, rows=np.arange(len(page)))
        votes = ranking.votes(likeness, among=self._scale.placed(vectors @ vectors.T))
        return {
            "vote": float(votes[page == first].sum()),
            "rivals": float(votes[(page != first) & (page != _NOBODY)].sum()),
            "against": float(votes[page == _NOBODY].sum()),
            "strangers": float(np.mean(page == _NOBODY)),
        }

    def _terms_of_page(self, asked: Question, *, page: int) -> list[tuple[str, float, bool]]:
        """Return each term of the question, its idf, and whether the page or its questions hold it."""
        held = self.held
        own = range(int(held.bounds[page]), int(held.bounds[page + 1]))
        extra = range(len(held.chunks) + page, len(held.chunks) + page + 1)
        in_chunks = held.lexical.present(asked.terms, rows=own)
        in_questions = held.lexical.present(asked.terms, rows=extra)
        return [(term, idf, a or b) for (term, idf, a), (_, _, b) in zip(in_chunks, in_questions, strict=True)]


def _first(scores: Floats, count: int) -> Rows:
    """Return where the best few lie, in no order: sorting 100,000 takes longer than everything else."""
    return np.argpartition(-scores, count)[:count] if len(scores) > count else np.arange(len(scores))


def _nearest(page: Rows, likeness: Floats, *, vectors: Vectors, rows: Rows) -> tuple[Rows, Floats, Vectors]:
    """Return those who vote: page, likeness, vector of each; ``rows`` are their places in ``vectors``."""
    first = np.argsort(-likeness, kind="stable")[: ranking.VOTERS]
    return page[first], likeness[first], vectors[rows[first]]


def _is_name(term: str, *, chinese: bool) -> bool:
    """Whether a term is a foreign word in a Chinese question, or a code anywhere: it has no synonym."""
    return term.isascii() and (chinese or any(character.isdigit() for character in term))


def _share(terms: Sequence[tuple[str, float, bool]]) -> float:
    whole = sum(idf for _, idf, _ in terms)
    return sum(idf for _, idf, held in terms if held) / whole if whole else 1.0
