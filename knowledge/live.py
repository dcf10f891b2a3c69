"""Versions in memory: loaded from the database, their vectors in Chroma, ready to be searched. Blocking."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from knowledge import categories, index, store
from knowledge.catalogue import Catalogue, catalogue
from knowledge.embedders import Embedder, Vectors
from knowledge.evidence import Evidence
from knowledge.model import Audience, Passage
from knowledge.pictures import standing_in, without
from knowledge.reranking import RerankedSearcher, Reranking
from knowledge.search import Scale, Searcher
from knowledge.vectors import ChromaFolder, ExactIndex, VectorIndex


@dataclass(frozen=True, kw_only=True)
class Live:
    """A version that can be searched."""

    version: int
    source_hash: str
    searcher: Searcher
    evidence: Evidence
    classifier: categories.Classifier | None
    outdated: bool = False
    """Whether an earlier program fitted its evidence, which this one judges by the defaults instead."""


class Shelf:
    """Puts catalogues into Chroma and takes versions from the database."""

    def __init__(
        self, chroma: ChromaFolder, *, embedder: Embedder, background: Vectors, reranking: Reranking | None = None
    ) -> None:
        self._chroma = chroma
        self._dimensions = background.shape[1]
        self._scale = Scale(floor=embedder.floor, span=embedder.span, background=background)
        self._reranking = reranking

    def put(self, version: int, held: Catalogue) -> Searcher:
        """Write the vector collections of a version where they are not whole, and return its searcher."""
        for audience in Audience:
            entries, vectors = held.entries(audience)
            whole = self._chroma.matches(version, audience=audience, entries=entries, vectors=vectors)
            if not whole:
                self._chroma.write(version, audience=audience, entries=entries, vectors=vectors)
        return self._searcher(held, self._chroma.open(version))

    def aside(self, held: Catalogue) -> Searcher:
        """Return a searcher that is stored nowhere."""
        exact = ExactIndex()
        for audience in Audience:
            entries, vectors = held.entries(audience)
            exact.put(audience, entries=entries, vectors=vectors)
        return self._searcher(held, exact)

    def live(self, stored: store.Stored, vectors: Mapping[str, bytes], *, digests: index.Digests) -> Live:
        """Return a stored version, its collections mended if need be."""
        held = catalogue(
            stored.pages,
            chunks=stored.chunks,
            vectors=self._rows(vectors, digests.passages),
            question_vectors=self._rows(vectors, digests.questions),
        )
        live = self.made(
            stored.id,
            source_hash=stored.source_hash,
            searcher=self.put(stored.id, held),
            evidence=Evidence.from_json(stored.evidence),
        )
        return replace(live, outdated=stored.evidence is not None and not Evidence.readable(stored.evidence))

    def made(self, version: int, *, source_hash: str, searcher: Searcher, evidence: Evidence) -> Live:
        """Return a version whose searcher is ready, its classifier trained."""
        return Live(
            version=version,
            source_hash=source_hash,
            searcher=searcher,
            evidence=evidence,
            classifier=classifier(searcher.held),
        )

    def keep(self, versions: frozenset[int]) -> None:
        """Drop the collections of all other versions."""
        self._chroma.keep(versions)

    def _rows(self, vectors: Mapping[str, bytes], digests: tuple[str, ...]) -> Vectors:
        return index.rows(vectors, digests, dimensions=self._dimensions)

    def _searcher(self, held: Catalogue, found_in: VectorIndex) -> Searcher:
        if self._reranking is not None:
            return RerankedSearcher(held, index=found_in, scale=self._scale, reranking=self._reranking)
        return Searcher(held, index=found_in, scale=self._scale)


def classifier(held: Catalogue) -> categories.Classifier | None:
    """Train the category classifier on the questions of the pages; None with fewer than two categories."""
    if not len(held.page_of_question):
        return None
    labels = [held.pages[page].category for page in held.page_of_question.tolist()]
    known = np.array([bool(label) for label in labels], dtype=bool)
    return categories.train(held.question_vectors[known], [label for label in labels if label])


class Ranked(Protocol):
    """Chunks by relevance."""

    @property
    def rows(self) -> tuple[int, ...]: ...
    @property
    def scores(self) -> tuple[float, ...]: ...


def passages(held: Catalogue, found: Ranked) -> tuple[Passage, ...]:
    """Return what was found with all that a citation needs."""
    return tuple(_passage(held, row, score) for row, score in zip(found.rows, found.scores, strict=True))


def _passage(held: Catalogue, row: int, score: float) -> Passage:
    chunk = held.chunks[row]
    page = held.pages[int(held.page_of_chunk[row])]
    return Passage(
        chunk=chunk.hash,
        page=page.id,
        title=page.title,
        heading=chunk.heading,
        anchor=chunk.anchor,
        text=without(chunk.text),
        lead=without(_lead(held, row)),
        language=page.language,
        video=page.video,
        url=page.url,
        category=page.category,
        score=score,
        pictures=standing_in(page, chunk.lines),
    )


def _lead(held: Catalogue, row: int) -> str:
    """What the page says before its first heading; "" for that itself."""
    page = int(held.page_of_chunk[row])
    first = held.chunks[int(held.bounds[page])]
    return "" if first.heading or held.chunks[row].hash == first.hash else first.text
