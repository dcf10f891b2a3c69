"""A question → the passages that may answer it, and the signals of how well they do."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from knowledge import ranking
from knowledge.chunking import embedding_text
from knowledge.embedders import MAX_CHARACTERS, Embedder, Vectors
from knowledge.evidence import Signals
from knowledge.language import fold, is_chinese, salient, tokens
from knowledge.lexical import Coverage, LexicalIndex
from knowledge.model import Audience, Chunk, Page, Scope
from knowledge.vectors import Entry, VectorIndex

Floats = NDArray[np.float32]
Rows = NDArray[np.int64]

_NEAREST = 80
_BY_WORDS = 40
_LEAD = 60
_ENOUGH_SEEN = 20


@dataclass(frozen=True, kw_only=True)
class Catalogue:
    """Everything of one version that searching needs, in memory. Rows number chunks, pages and questions."""

    pages: tuple[Page, ...]
    chunks: tuple[Chunk, ...]
    vectors: Vectors
    questions: tuple[str, ...]
    question_vectors: Vectors
    page_of_chunk: Rows
    page_of_question: Rows
    lexical: LexicalIndex

    @cached_property
    def chinese(self) -> NDArray[np.bool_]:
        """Which pages are Chinese."""
        return np.array([page.language.startswith("zh") for page in self.pages], dtype=bool)

    @cached_property
    def bounds(self) -> Rows:
        """Row of the first chunk of each page, and the end; chunks lie page by page."""
        return np.searchsorted(self.page_of_chunk, np.arange(len(self.pages) + 1))

    def entries(self, audience: Audience) -> tuple[list[Entry], Vectors]:
        """Return what an audience's vector collection holds."""
        wanted = np.array([page.audience is audience for page in self.pages], dtype=bool)
        chunk_rows = np.flatnonzero(wanted[self.page_of_chunk])
        question_rows = np.flatnonzero(wanted[self.page_of_question])
        entries = [Entry(kind="chunk", row=row) for row in chunk_rows.tolist()]
        entries += [Entry(kind="question", row=row) for row in question_rows.tolist()]
        return entries, np.concatenate([self.vectors[chunk_rows], self.question_vectors[question_rows]])


def catalogue(
    pages: Sequence[Page], *, chunks: Sequence[Chunk], vectors: Vectors, question_vectors: Vectors
) -> Catalogue:
    """Build the catalogue of pages and their chunks (page by page, in the order of ``pages``).

    ``question_vectors`` has a row for every question of every page, in order.
    """
    number = {page.id: row for row, page in enumerate(pages)}
    return Catalogue(
        pages=tuple(pages),
        chunks=tuple(chunks),
        vectors=vectors,
        questions=tuple(question for page in pages for question in page.questions),
        question_vectors=question_vectors,
        page_of_chunk=np.array([number[chunk.page] for chunk in chunks], dtype=np.int64),
        page_of_question=np.repeat(np.arange(len(pages)), [len(page.questions) for page in pages]),
        lexical=LexicalIndex(_documents(pages, chunks=chunks, number=number)),
    )


def _documents(pages: Sequence[Page], *, chunks: Sequence[Chunk], number: dict[str, int]) -> list[list[str]]:
    """Terms of every chunk, title and headings counted twice; then of every page's questions."""
    return [_chunk_terms(chunk, title=pages[number[chunk.page]].title) for chunk in chunks] + [
        tokens(fold("\n".join((page.title, *page.questions)))) if page.questions else [] for page in pages
    ]


def _chunk_terms(chunk: Chunk, *, title: str) -> list[str]:
    lead = chunk.text.split("\n", 1)[0]
    head = "\n".join((title, chunk.heading, lead if len(lead) <= _LEAD else ""))
    return tokens(fold(embedding_text(chunk, title=title))) + tokens(fold(head))


@dataclass(frozen=True, kw_only=True)
class Question:
    """A question made ready: what it says without courtesies, its terms, its vector."""

    text: str
    terms: tuple[str, ...]
    vector: Vectors
    chinese: bool


def question(text: str, *, embedder: Embedder) -> Question | None:
    """Make a question ready; None if nothing is left of it without courtesies.

    It is embedded with a question mark whether typed or not: the mark alone moves the vector.
    """
    core = salient(text[: 4 * MAX_CHARACTERS])[:MAX_CHARACTERS]
    if not any(character.isalnum() for character in core):
        return None
    return Question(
        text=core, terms=tuple(tokens(core)), vector=embedder.queries([core + "?"])[0], chinese=is_chinese(core)
    )


@dataclass(frozen=True, kw_only=True)
class Found:
    """Chunks by relevance (rows of the catalogue), and the signals of the best one."""

    rows: tuple[int, ...]
    scores: tuple[float, ...]
    signals: Signals


class Searcher:
    """Searches one version. Blocking and thread-safe."""

    def __init__(self, held: Catalogue, *, index: VectorIndex, floor: float, span: float) -> None:
        self.held = held
        self._index = index
        self._floor, self._span = floor, span

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
        visible = self._visible(scope, hidden=hidden)
        rows, cover = self._candidates(asked, scope=scope, visible=visible)
        if not len(rows):
            return None
        parts = self._parts(asked, rows=rows, cover=cover)
        score = ranking.relevance(**parts)
        order = np.argsort(-self._ordered(score, rows=rows, asked=asked, scope=scope), kind="stable")
        signals = self._signals(asked, rows=rows, order=order, score=score, parts=parts, cover=cover)
        kept = self._thinned(order, rows=rows, limit=limit) if thin else order[:limit].tolist()
        return Found(
            rows=tuple(int(rows[i]) for i in kept),
            scores=tuple(float(np.clip(score[i], 0, 1)) for i in kept),
            signals=signals,
        )

    def _visible(self, scope: Scope, *, hidden: frozenset[str]) -> NDArray[np.bool_]:
        pages = self.held.pages
        return np.array([scope.sees(page) and page.id not in hidden for page in pages], dtype=bool)

    def _candidates(self, asked: Question, *, scope: Scope, visible: NDArray[np.bool_]) -> tuple[Rows, Coverage]:
        """Rows near by vector, near by a question of their page, or rich in the question's words."""
        held = self.held
        cover = held.lexical.coverage(asked.terms)
        seen = visible[held.page_of_chunk]
        words = np.where(seen, cover.scores[: len(held.chunks)], 0.0)
        rows = {int(row) for row in np.argsort(-words)[:_BY_WORDS] if words[row] > 0}
        by_question = np.where(visible, cover.scores[len(held.chunks) :], 0.0)
        pages = {int(page) for page in np.argsort(-by_question)[:5] if by_question[page] > 0}
        for audience in scope.audiences:
            for entry in self._near(asked, audience=audience, visible=visible):
                if entry.kind == "chunk":
                    rows.add(entry.row)
                else:
                    pages.add(int(held.page_of_question[entry.row]))
        for page in pages:
            rows.update(range(int(held.bounds[page]), int(held.bounds[page + 1])))
        return np.array(sorted(rows), dtype=np.int64), cover

    def _near(self, asked: Question, *, audience: Audience, visible: NDArray[np.bool_]) -> list[Entry]:
        """Ask for more until enough of what comes back may be seen (hidden pages are few; a filter is slow)."""
        k = _NEAREST
        while True:
            found = self._index.nearest(asked.vector, audience=audience, k=k)
            seen = [entry for entry in found if visible[self._page(entry)]]
            if len(seen) >= _ENOUGH_SEEN or len(found) < k:
                return seen
            k *= 4

    def _page(self, entry: Entry) -> int:
        held = self.held
        return int((held.page_of_chunk if entry.kind == "chunk" else held.page_of_question)[entry.row])

    def _parts(self, asked: Question, *, rows: Rows, cover: Coverage) -> dict[str, Floats]:
        held = self.held
        page = held.page_of_chunk[rows]
        dense = ranking.placed(held.vectors[rows] @ asked.vector, floor=self._floor, span=self._span)
        likeness = np.full(len(held.pages), -1.0, dtype=np.float32)
        if len(held.questions):
            placed = ranking.placed(held.question_vectors @ asked.vector, floor=self._floor, span=self._span)
            np.maximum.at(likeness, held.page_of_question, placed)
        return {
            "dense": dense,
            "question": likeness[page],
            "coverage": cover.scores[rows],
            "asked_coverage": cover.scores[len(held.chunks) + page],
        }

    def _ordered(self, score: Floats, *, rows: Rows, asked: Question, scope: Scope) -> Floats:
        """Return the scores by which to order: other languages and other products give way."""
        page = self.held.page_of_chunk[rows]
        loss = np.where(self.held.chinese[page] != asked.chinese, ranking.OTHER_LANGUAGE, 0.0)
        if scope.product:
            products = [self.held.pages[i].product for i in page.tolist()]
            other = [bool(product) and product != scope.product for product in products]
            loss = loss + np.where(other, ranking.OTHER_PRODUCT, 0.0)
        return np.asarray(score - loss, dtype=np.float32)

    def _thinned(self, order: Rows, *, rows: Rows, limit: int) -> list[int]:
        pages = self.held.page_of_chunk[rows].tolist()
        first = order[: 6 * limit].tolist()
        terms = {i: frozenset(tokens(fold(self.held.chunks[int(rows[i])].text))) for i in first}
        cut = [terms.get(i, frozenset()) for i in range(len(rows))]
        return ranking.thinned(first, pages=pages, tokens=cut, limit=limit)

    def _signals(
        self,
        asked: Question,
        *,
        rows: Rows,
        order: Rows,
        score: Floats,
        parts: dict[str, Floats],
        cover: Coverage,
    ) -> Signals:
        held = self.held
        page = held.page_of_chunk[rows]
        top = int(order[0])
        others = score[page != page[top]]
        words = np.maximum(parts["coverage"], parts["asked_coverage"])
        terms = self._terms_of_page(asked, page=int(page[top]))
        crossing = bool(held.chinese[page[top]]) != asked.chinese
        return Signals(
            relevance=float(score[top]),
            dense=float(parts["dense"][top]),
            coverage=float(words[top]),
            margin=float(score[top] - others.max()) if len(others) else 0.5,
            agreement=float(page[int(np.argmax(words))] == page[top]),
            question=float(max(parts["question"][top], parts["dense"][top])),
            present=_share(terms),
            named=_share([term for term in terms if _is_name(term[0], chinese=asked.chinese)]),
            known=1.0 - cover.unseen,
            length=float(np.log1p(len(asked.terms)) / 4.0),
            crossing=crossing,
        )

    def _terms_of_page(self, asked: Question, *, page: int) -> list[tuple[str, float, bool]]:
        """Each term of the question, its idf, and whether the page or its questions hold it."""
        held = self.held
        own = range(int(held.bounds[page]), int(held.bounds[page + 1]))
        extra = range(len(held.chunks) + page, len(held.chunks) + page + 1)
        in_chunks = held.lexical.present(asked.terms, rows=own)
        in_questions = held.lexical.present(asked.terms, rows=extra)
        return [(term, idf, a or b) for (term, idf, a), (_, _, b) in zip(in_chunks, in_questions, strict=True)]


def _is_name(term: str, *, chinese: bool) -> bool:
    """A foreign word in a Chinese question, or a code anywhere: it has no synonym."""
    return term.isascii() and (chinese or any(character.isdigit() for character in term))


def _share(terms: Sequence[tuple[str, float, bool]]) -> float:
    whole = sum(idf for _, idf, _ in terms)
    return sum(idf for _, idf, held in terms if held) / whole if whole else 1.0
