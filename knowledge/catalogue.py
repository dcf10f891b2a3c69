"""Everything of one version that searching needs, in memory."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from knowledge.concepts import products
from knowledge.embedders import Vectors
from knowledge.facts import Kind, told
from knowledge.language import fold
from knowledge.lexical import LexicalIndex, Vocabulary
from knowledge.model import Audience, Chunk, Page, Scope
from knowledge.pieces import Piece, chunk_terms, question_terms
from knowledge.vectors import Entry

Rows = NDArray[np.int64]
Flags = NDArray[np.bool_]

_REMEMBERED = 4_096  # pages


@dataclass(frozen=True, kw_only=True)
class Windows:
    """Vectors of the windows of chunks, one after the other, in half precision; ``counts`` is of each chunk."""

    vectors: NDArray[np.float16]
    counts: Rows

    @classmethod
    def of(cls, vectors: NDArray[np.floating[Any]], *, counts: Sequence[int]) -> "Windows":
        """Keep vectors as windows."""
        return cls(vectors=vectors.astype(np.float16, copy=False), counts=np.array(counts, dtype=np.int64))

    @cached_property
    def _ends(self) -> Rows:
        return np.cumsum(self.counts)

    def best(self, rows: Rows, *, vector: Vectors, otherwise: Vectors) -> Vectors:
        """Return the cosine of the nearest window of each chunk in ``rows``; ``otherwise`` where it has none."""
        counts = self.counts[rows]
        owner = np.repeat(np.arange(len(rows)), counts)
        if not len(owner):
            return otherwise
        within = np.arange(len(owner)) - np.repeat(np.cumsum(counts) - counts, counts)
        places = (self._ends[rows] - counts)[owner] + within
        best = np.where(counts > 0, np.float32(-1), otherwise)
        np.maximum.at(best, owner, self.vectors[places].astype(np.float32) @ vector)
        return best


@dataclass(frozen=True, kw_only=True)
class Catalogue:
    """Everything of one version that searching needs, in memory. Rows number chunks, pages and questions."""

    pages: tuple[Page, ...]
    chunks: tuple[Chunk, ...]
    vectors: Vectors
    windows: Windows
    questions: tuple[str, ...]
    question_vectors: Vectors
    page_of_chunk: Rows
    page_of_question: Rows
    lexical: LexicalIndex

    @cached_property
    def chinese(self) -> Flags:
        """Which pages are Chinese."""
        return np.array([page.language.startswith("zh") for page in self.pages], dtype=bool)

    @cached_property
    def products(self) -> tuple[frozenset[str], ...]:
        """Products that each page names, in its text or as its own."""
        return tuple(_named(page) for page in self.pages)

    @cached_property
    def told(self) -> tuple[frozenset[Kind], ...]:
        """The kinds of fact that each page states."""
        return tuple(_told(page) for page in self.pages)

    @cached_property
    def number(self) -> dict[str, int]:
        """Row of each page by its id."""
        return {page.id: row for row, page in enumerate(self.pages)}

    @cached_property
    def _limited(self) -> list[int]:
        return [row for row, page in enumerate(self.pages) if page.clients]

    @cached_property
    def _of_audience(self) -> dict[Audience, Flags]:
        return {each: np.array([page.audience is each for page in self.pages], dtype=bool) for each in Audience}

    def visible(self, scope: Scope, *, hidden: frozenset[str]) -> Flags:
        """Return which pages a scope sees, without the hidden ones."""
        seen = np.zeros(len(self.pages), dtype=bool)
        for audience in scope.audiences:
            seen |= self._of_audience[audience]
        for row in self._limited:
            seen[row] = scope.sees(self.pages[row])
        seen[[self.number[name] for name in hidden if name in self.number]] = False
        return seen

    @cached_property
    def bounds(self) -> Rows:
        """Row of the first chunk of each page, and the end; chunks lie page by page."""
        return np.searchsorted(self.page_of_chunk, np.arange(len(self.pages) + 1))

    def chunks_of(self, page: int) -> slice:
        """Return where the chunks of a page lie."""
        return slice(int(self.bounds[page]), int(self.bounds[page + 1]))

    @cached_property
    def asked(self) -> Flags:
        """Which pages have questions."""
        return np.array([bool(page.questions) for page in self.pages], dtype=bool)

    @cached_property
    def _question_bounds(self) -> Rows:
        return np.searchsorted(self.page_of_question, np.arange(len(self.pages) + 1))

    def questions_of(self, page: int) -> slice:
        """Return where the questions of a page lie."""
        return slice(int(self._question_bounds[page]), int(self._question_bounds[page + 1]))

    def entries(self, audience: Audience) -> tuple[list[Entry], Vectors]:
        """Return what an audience's vector collection holds."""
        wanted = np.array([page.audience is audience for page in self.pages], dtype=bool)
        chunk_rows = np.flatnonzero(wanted[self.page_of_chunk])
        question_rows = np.flatnonzero(wanted[self.page_of_question])
        entries = [Entry(kind="chunk", row=row) for row in chunk_rows.tolist()]
        entries += [Entry(kind="question", row=row) for row in question_rows.tolist()]
        return entries, np.concatenate([self.vectors[chunk_rows], self.question_vectors[question_rows]])


@lru_cache(maxsize=_REMEMBERED)
def _named(page: Page) -> frozenset[str]:
    return products(fold("\n".join((page.title, page.product or "", *page.questions, page.body))))


@lru_cache(maxsize=_REMEMBERED)
def _told(page: Page) -> frozenset[Kind]:
    return told(fold(f"{page.title}\n{page.body}"))


def catalogue(
    pages: Sequence[Page],
    *,
    chunks: Sequence[Chunk],
    vectors: Vectors,
    question_vectors: Vectors,
    windows: Windows | None = None,
    lexical: LexicalIndex | None = None,
) -> Catalogue:
    """Build the catalogue of pages and their chunks (page by page, in the order of ``pages``).

    ``question_vectors`` has a row for every question of every page, in order. A ``lexical`` index is given by who
    has the terms of its documents already.
    """
    number = {page.id: row for row, page in enumerate(pages)}
    return Catalogue(
        pages=tuple(pages),
        chunks=tuple(chunks),
        vectors=vectors,
        windows=windows or Windows.of(vectors[:0], counts=[0] * len(chunks)),
        questions=tuple(question for page in pages for question in page.questions),
        question_vectors=question_vectors,
        page_of_chunk=np.array([number[chunk.page] for chunk in chunks], dtype=np.int64),
        page_of_question=np.repeat(np.arange(len(pages)), [len(page.questions) for page in pages]),
        lexical=lexical or LexicalIndex(_documents(pages, chunks=chunks, number=number)),
    )


def _documents(pages: Sequence[Page], *, chunks: Sequence[Chunk], number: dict[str, int]) -> list[list[str]]:
    """Terms of every chunk, then of every page's questions."""
    return [chunk_terms(chunk, page=pages[number[chunk.page]]) for chunk in chunks] + [
        question_terms(page) for page in pages
    ]


def arranged(
    pieces: Sequence[Piece],
    *,
    vectors: Vectors,
    window_vectors: NDArray[np.floating[Any]],
    question_vectors: Vectors,
    known: Vocabulary,
) -> Catalogue:
    """Build the catalogue of pages that are cut and counted."""
    counts = [len(names) for piece in pieces for names in piece.windows]
    documents = [*(each for piece in pieces for each in piece.terms), *(piece.asked for piece in pieces)]
    return catalogue(
        [piece.page for piece in pieces],
        chunks=[chunk for piece in pieces for chunk in piece.chunks],
        vectors=vectors,
        question_vectors=question_vectors,
        windows=Windows.of(window_vectors, counts=counts),
        lexical=LexicalIndex(documents, vocabulary=known),
    )
