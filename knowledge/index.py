"""Pages → a catalogue with vectors, embedding only what has never been embedded before."""

import asyncio
import hashlib
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection

from knowledge import kept_vectors, store
from knowledge.catalogue import Catalogue, arranged
from knowledge.concepts import lines
from knowledge.embedders import Embedder, Vectors
from knowledge.model import Chunk, Page, Progress
from knowledge.pieces import Piece, Pieces, digest, passage_text, question_text, window_texts
from store.clock import Clock
from store.db import Database

#: Grows when the same folder would be indexed differently: chunking, what is embedded, the evidence model.
PIPELINE = 3
#: Vectors kept for this version are never pruned.
FOR_EVER = 2**62
_BATCH = 128
_PASSAGES = frozenset({"passage"})
_QUERIES = frozenset({"question", "query"})

Tell = Callable[[Progress], None]


def background_texts() -> tuple[str, ...]:
    """Return the background questions in the form in which questions are embedded."""
    return tuple(question_text(line) for line in lines("background.txt"))


@dataclass(frozen=True, kw_only=True)
class Digests:
    """Names of the vectors of pages, in the order of their chunks, of these chunks' windows, and of their questions."""

    passages: tuple[str, ...]
    windows: tuple[str, ...]
    questions: tuple[str, ...]

    @property
    def all(self) -> tuple[str, ...]:
        """All of them."""
        return self.passages + self.windows + self.questions


@dataclass(frozen=True, kw_only=True)
class Texts:
    """Everything of some pages that has a vector; ``windows`` of each chunk."""

    passages: tuple[str, ...]
    windows: tuple[tuple[str, ...], ...]
    questions: tuple[str, ...]


def texts(pages: Sequence[Page], *, chunks: Sequence[Chunk]) -> Texts:
    """Return what is embedded for pages and their chunks."""
    titles = {page.id: page.title for page in pages}
    return Texts(
        passages=tuple(passage_text(chunk, title=titles[chunk.page]) for chunk in chunks),
        windows=tuple(window_texts(chunk) for chunk in chunks),
        questions=tuple(question_text(question) for page in pages for question in page.questions),
    )


def rows(vectors: Mapping[str, bytes], digests: Sequence[str], *, dimensions: int) -> Vectors:
    """Return stored vectors (half precision) as rows of length 1, in the order of the digests."""
    raw = b"".join(vectors[digest] for digest in digests)
    found = np.frombuffer(raw, dtype="<f2").astype(np.float32).reshape(len(digests), dimensions)
    return np.asarray(found / np.linalg.norm(found, axis=1, keepdims=True), dtype=np.float32)


def halves(built: "Built", digests: Sequence[str]) -> dict[str, bytes]:
    """Return vectors of a catalogue as they are stored, by name."""
    wanted, held = frozenset(digests), built.catalogue
    named = (
        *zip(built.digests.passages, held.vectors, strict=True),
        *zip(built.digests.windows, held.windows.vectors, strict=True),
        *zip(built.digests.questions, held.question_vectors, strict=True),
    )
    return {name: row.astype("<f2").tobytes() for name, row in named if name in wanted}


def source_hash(folder_hash: str, *, golden: bytes, embedder: str) -> str:
    """Return what tells whether indexing a folder again would change anything."""
    parts = (str(PIPELINE), embedder, folder_hash, hashlib.sha256(golden).hexdigest())
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


@dataclass(frozen=True, kw_only=True)
class Built:
    """A catalogue, and how many of its vectors were made now and before."""

    catalogue: Catalogue
    embedded: int
    reused: int
    digests: Digests


class Builder:
    """Builds catalogues. Vectors go into the database as they are made, so a crash loses one batch.

    What was built or loaded last stays at hand: of a page that did not change nothing is worked out or read again.
    """

    def __init__(self, db: Database, *, embedder: Embedder, pool: Executor, clock: Clock) -> None:
        self._db = db
        self._embedder = embedder
        self._pool = pool
        self._clock = clock
        self._pieces = Pieces()
        self._stock: Built | None = None

    async def build(self, pages: Sequence[Page], *, version: int, tell: Tell, hurry: bool = False) -> Built:
        """Cut, embed and arrange pages for a version (its lease is renewed on the way).

        In a ``hurry`` two threads embed at once, else one, so that a core is left for answers.
        """
        loop = asyncio.get_running_loop()
        cut = await loop.run_in_executor(self._pool, self._pieces.cut, pages)
        digests, stock, name = _digests(cut), self._stock, self._embedder.name
        absent = _absent(digests, stock=stock)
        held = await self._db.read(lambda conn: kept_vectors.held(conn, name, absent))
        missing = _missing(cut, absent=frozenset(absent) - held.keys())
        reused = len(frozenset(digests.all)) - len(missing)
        made = await self._embed(missing, version=version, reused=reused, tell=tell, hurry=hurry)
        found = await loop.run_in_executor(self._pool, self._arranged, cut, digests, stock, held | made)
        self._stock = built = Built(catalogue=found, embedded=len(made), reused=reused, digests=digests)
        return built

    async def load(self, pages: Sequence[Page], *, chunks: Sequence[Chunk], pool: Executor) -> Built:
        """Arrange a stored version, whose vectors are all there."""
        loop = asyncio.get_running_loop()
        cut = await loop.run_in_executor(pool, partial(self._pieces.cut, pages, stored=_by_page(chunks)))
        digests, stock, name = _digests(cut), self._stock, self._embedder.name
        absent = _absent(digests, stock=stock)
        held = await self._db.read(lambda conn: kept_vectors.held(conn, name, absent))
        found = await loop.run_in_executor(pool, self._arranged, cut, digests, stock, held)
        self._stock = built = Built(catalogue=found, embedded=0, reused=len(frozenset(digests.all)), digests=digests)
        return built

    async def queries(self, texts: Sequence[str], *, version: int) -> dict[str, Vectors]:
        """Return the vectors of texts that are searched for, embedding those that never were."""
        named = {digest("query", text): ("query", text) for text in texts}
        name = self._embedder.name
        held = await self._db.read(lambda conn: kept_vectors.held(conn, name, named))
        missing = {each: item for each, item in named.items() if each not in held}
        made = await self._embed(missing, version=version, reused=len(held), tell=lambda _: None)
        found = rows(held | made, tuple(named), dimensions=self._embedder.dimensions)
        return {text: row for (_, text), row in zip(named.values(), found, strict=True)}

    async def unmade(self, pages: Sequence[Page], *, queries: Sequence[str]) -> tuple[str, ...]:
        """Return the texts, of pages and among the ``queries``, that have no vector yet."""
        cut = await asyncio.get_running_loop().run_in_executor(self._pool, self._pieces.cut, pages)
        absent, name = _absent(_digests(cut), stock=self._stock), self._embedder.name
        asked = {digest("query", text): text for text in queries}
        held = await self._db.read(lambda conn: kept_vectors.held(conn, name, [*absent, *asked]))
        missing = _missing(cut, absent=frozenset(absent) - held.keys())
        new = (text for each, text in asked.items() if each not in held)
        return (*(text for _, text in missing.values()), *new)

    async def background(self) -> Vectors:
        """Return the vectors of the background questions, made once."""
        texts = background_texts()
        named = {digest("question", text): ("question", text) for text in texts}
        name = self._embedder.name
        held = await self._db.read(lambda conn: kept_vectors.held(conn, name, named))
        missing = {digest: item for digest, item in named.items() if digest not in held}
        made = await self._embed(missing, version=FOR_EVER, reused=len(held), tell=lambda _: None)
        return rows(held | made, tuple(named), dimensions=self._embedder.dimensions)

    def _arranged(
        self, cut: Sequence[Piece], digests: Digests, stock: Built | None, vectors: Mapping[str, bytes]
    ) -> Catalogue:
        take = partial(_taken, fresh=partial(rows, vectors, dimensions=self._embedder.dimensions))
        old = stock.catalogue if stock else None
        known = stock.digests if stock else Digests(passages=(), windows=(), questions=())
        return arranged(
            cut,
            vectors=take(digests.passages, known.passages, old.vectors if old else None),
            window_vectors=take(digests.windows, known.windows, old.windows.vectors if old else None),
            question_vectors=take(digests.questions, known.questions, old.question_vectors if old else None),
            known=self._pieces.vocabulary,
        )

    async def _embed(
        self,
        missing: Mapping[str, tuple[str, str]],
        *,
        version: int,
        reused: int,
        tell: Tell,
        hurry: bool = False,
    ) -> dict[str, bytes]:
        made: dict[str, bytes] = {}
        total = reused + len(missing)
        order = sorted(missing, key=lambda digest: (missing[digest][0], len(missing[digest][1])))
        for start in range(0, len(order), _BATCH):
            tell(Progress(stage="embed", done=reused + len(made), total=total))
            batch = order[start : start + _BATCH]
            parts = (batch[::2], batch[1::2]) if hurry else (batch,)
            work = (partial(self._vectors, {digest: missing[digest] for digest in part}) for part in parts)
            loop = asyncio.get_running_loop()
            done = await asyncio.gather(*(loop.run_in_executor(self._pool, each) for each in work))
            fresh = {digest: raw for part in done for digest, raw in part.items()}
            await self._keep(fresh, version=version)
            made |= fresh
        tell(Progress(stage="embed", done=total, total=total))
        return made

    def _vectors(self, batch: Mapping[str, tuple[str, str]]) -> dict[str, bytes]:
        found: dict[str, bytes] = {}
        for kinds, embed in ((_PASSAGES, self._embedder.passages), (_QUERIES, self._embedder.queries)):
            chosen = {digest: text for digest, (of, text) in batch.items() if of in kinds}
            if chosen:
                made = embed(list(chosen.values()))
                found |= {d: row.astype("<f2").tobytes() for d, row in zip(chosen, made, strict=True)}
        return found

    async def _keep(self, fresh: Mapping[str, bytes], *, version: int) -> None:
        now, name = self._clock(), self._embedder.name

        def body(conn: Connection) -> None:
            kept_vectors.put(conn, name, made=fresh, used_in=version)
            store.renew(conn, version, now=now)

        await self._db.write(body)


def _digests(cut: Sequence[Piece]) -> Digests:
    return Digests(
        passages=tuple(each for piece in cut for each in piece.passages),
        windows=tuple(each for piece in cut for names in piece.windows for each in names),
        questions=tuple(each for piece in cut for each in piece.questions),
    )


def _by_page(chunks: Sequence[Chunk]) -> dict[str, tuple[Chunk, ...]]:
    found: dict[str, list[Chunk]] = {}
    for chunk in chunks:
        found.setdefault(chunk.page, []).append(chunk)
    return {page: tuple(own) for page, own in found.items()}


def _absent(digests: Digests, *, stock: Built | None) -> tuple[str, ...]:
    """Return the names of the vectors that are not at hand."""
    known = frozenset(stock.digests.all) if stock else frozenset()
    return tuple(each for each in dict.fromkeys(digests.all) if each not in known)


def _missing(cut: Sequence[Piece], *, absent: frozenset[str]) -> dict[str, tuple[str, str]]:
    """Return kind and text of every absent vector, by digest."""
    found: dict[str, tuple[str, str]] = {}
    for piece in cut:
        for name, chunk in zip(piece.passages, piece.chunks, strict=True):
            if name in absent:
                found[name] = ("passage", passage_text(chunk, title=piece.page.title))
        for names, chunk in zip(piece.windows, piece.chunks, strict=True):
            if not absent.isdisjoint(names):
                texts = zip(names, window_texts(chunk), strict=True)
                found |= {name: ("passage", text) for name, text in texts if name in absent}
        for name, question in zip(piece.questions, piece.page.questions, strict=True):
            if name in absent:
                found[name] = ("question", question_text(question))
    return found


def _taken(
    wanted: Sequence[str],
    held: Sequence[str],
    rows_held: NDArray[Any] | None,
    *,
    fresh: Callable[[Sequence[str]], Vectors],
) -> NDArray[Any]:
    """Return a row for every name: those at hand are taken over as they are, the others come from ``fresh``."""
    if rows_held is None:
        return fresh(wanted)
    place = {name: row for row, name in enumerate(held)}
    source = np.array([place.get(name, -1) for name in wanted], dtype=np.int64)
    found = np.empty((len(wanted), rows_held.shape[1]), dtype=rows_held.dtype)
    old, new = np.flatnonzero(source >= 0), np.flatnonzero(source < 0)
    found[old] = rows_held[source[old]]
    found[new] = fresh([wanted[row] for row in new.tolist()])
    return found
