"""Versions in memory: loaded from the database, their vectors in Chroma, ready to be searched. Blocking."""

from dataclasses import dataclass, replace
from typing import Final, Protocol

import numpy as np
import structlog

from knowledge import categories, store
from knowledge.catalogue import Catalogue
from knowledge.chroma import Chroma
from knowledge.embedders import Embedder, Vectors
from knowledge.errors import ChromaFailed
from knowledge.evidence import Evidence
from knowledge.model import Audience, Chunk, Passage
from knowledge.pictures import standing_in, without
from knowledge.reranking import RerankedSearcher, Reranking
from knowledge.search import Scale, Searcher
from knowledge.vectors import ExactIndex
from store.clock import Clock, utc_now

_log: Final = structlog.get_logger("knowledge.live")


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
    """Rests versions on Chroma's collections; where there is none, or Chroma is away, they compare exactly."""

    def __init__(
        self,
        chroma: Chroma | None,
        *,
        embedder: Embedder,
        background: Vectors,
        reranking: Reranking | None = None,
        clock: Clock = utc_now,
    ) -> None:
        self._chroma = chroma
        self._clock = clock
        self._scale = Scale(floor=embedder.floor, span=embedder.span, background=background)
        self._reranking = reranking

    def put(self, held: Catalogue, *, rest: float = 0.0) -> Searcher:
        """Return the searcher of a version, on collections that are written if need be (see ``Chroma.write``)."""
        searcher = self.found(held)
        try:
            self.mend(searcher, rest=rest)
        except ChromaFailed as error:
            _lost(error)
        return searcher

    def found(self, held: Catalogue) -> Searcher:
        """Return the searcher of a version, on collections that are there."""
        made = self._exact(held)
        try:
            self._rest(made)
        except ChromaFailed as error:
            _lost(error)
        return self._searcher(held, made)

    def aside(self, held: Catalogue) -> Searcher:
        """Return a searcher that is stored nowhere."""
        return self._searcher(held, self._exact(held))

    def mend(self, searcher: Searcher, *, rest: float = 0.0) -> None:
        """Write the collections that a searcher lacks; it uses them from then on.

        Raises:
            ChromaFailed: it cannot be done now.
        """
        made = searcher.index
        if self._chroma is None or not isinstance(made, ExactIndex):
            return
        self._rest(made)
        for audience in made.bare:
            names, vectors = made.contents(audience)
            base = self._chroma.write(audience, names=names, vectors=vectors, now=self._clock(), rest=rest)
            made.choose(audience, [base])

    def lacks(self, searcher: Searcher) -> bool:
        """Whether a searcher has entries without a collection."""
        return self._chroma is not None and isinstance(searcher.index, ExactIndex) and bool(searcher.index.bare)

    def _rest(self, made: ExactIndex) -> None:
        if self._chroma is not None:
            for audience in made.bare:
                made.choose(audience, self._chroma.bases(audience))

    def _exact(self, held: Catalogue) -> ExactIndex:
        made = ExactIndex(lost=_lost)
        for audience in Audience:
            entries, vectors = held.entries(audience)
            made.put(audience, entries=entries, vectors=vectors)
        return made

    def live(self, stored: store.Stored, held: Catalogue) -> Live:
        """Return a stored version; where collections are missing it compares exactly until it is mended."""
        live = self.made(
            stored.id,
            source_hash=stored.source_hash,
            searcher=self.found(held),
            evidence=Evidence.from_json(stored.evidence),
        )
        return replace(live, outdated=stored.evidence is not None and not Evidence.readable(stored.evidence))

    def made(
        self, version: int, *, source_hash: str, searcher: Searcher, evidence: Evidence, like: Live | None = None
    ) -> Live:
        """Return a version whose searcher is ready, its classifier trained, or that of a version that asks the same."""
        held = searcher.held
        same = like is not None and _asks_the_same(like.searcher.held, held)
        return Live(
            version=version,
            source_hash=source_hash,
            searcher=searcher,
            evidence=evidence,
            classifier=like.classifier if like is not None and same else classifier(held),
        )

    def keep(self, *searchers: Searcher) -> None:
        """Drop the collections that none of some searchers uses, when no other process can be using them."""
        indexes = [each.index for each in searchers]
        used = frozenset(name for each in indexes if isinstance(each, ExactIndex) for name in each.bases)
        if self._chroma is None:
            return
        try:
            self._chroma.drop_unused(used, now=self._clock())
        except ChromaFailed as error:
            _log.warning("manual.collections", error=str(error))

    def _searcher(self, held: Catalogue, found_in: ExactIndex) -> Searcher:
        if self._reranking is not None:
            return RerankedSearcher(held, index=found_in, scale=self._scale, reranking=self._reranking)
        return Searcher(held, index=found_in, scale=self._scale)


def _lost(error: ChromaFailed) -> None:
    _log.warning("manual.exact", error=str(error))


def _asks_the_same(one: Catalogue, other: Catalogue) -> bool:
    """Whether the pages of both have the same questions and categories."""
    asked = [[(page.category, page.questions) for page in held.pages if page.questions] for held in (one, other)]
    return asked[0] == asked[1]


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


def passages(held: Catalogue, found: Ranked, *, client: str | None = None) -> tuple[Passage, ...]:
    """Return what was found with all that a citation needs; ``client`` is who searched."""
    return tuple(_passage(held, row, score, client) for row, score in zip(found.rows, found.scores, strict=True))


def _passage(held: Catalogue, row: int, score: float, client: str | None) -> Passage:
    chunk = held.chunks[row]
    page, lead = held.pages[int(held.page_of_chunk[row])], _lead(held, row)
    return Passage(
        chunk=chunk.hash,
        page=page.id,
        title=page.title,
        heading=chunk.heading,
        anchor=chunk.anchor,
        text=without(chunk.text),
        lead=without(lead.text) if lead else "",
        lead_chunk=lead.hash if lead else "",
        language=page.language,
        video=page.video,
        url=page.url,
        category=page.category,
        score=score,
        translations=page.translations,
        client=client if page.clients else None,
        pictures=standing_in(page, chunk.lines),
    )


def _lead(held: Catalogue, row: int) -> Chunk | None:
    """What the page says before its first heading; None for that itself."""
    page = int(held.page_of_chunk[row])
    first = held.chunks[int(held.bounds[page])]
    return None if first.heading or held.chunks[row].hash == first.hash else first
