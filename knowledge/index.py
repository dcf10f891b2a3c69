"""Pages → a catalogue with vectors, embedding only what has never been embedded before."""

import asyncio
import hashlib
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass

import numpy as np
from sqlalchemy import Connection

from knowledge import chunking, store
from knowledge.catalogue import Catalogue, catalogue
from knowledge.concepts import lines
from knowledge.embedders import Embedder, Vectors
from knowledge.language import fold, salient
from knowledge.model import Chunk, Page, Progress
from store.clock import Clock
from store.db import Database

#: Grows when the same folder would be indexed differently: chunking, what is embedded, the evidence model.
PIPELINE = 2
#: Vectors kept for this version are never pruned.
FOR_EVER = 2**62
_BATCH = 128

Tell = Callable[[Progress], None]


def passage_text(chunk: Chunk, *, title: str) -> str:
    """Return what is embedded for a chunk."""
    return fold(chunking.embedding_text(chunk, title=title))


def question_text(question: str) -> str:
    """Return what is embedded for a page's question: the same form as a question that is searched for."""
    return f"{salient(question) or fold(question)}?"


def background_texts() -> tuple[str, ...]:
    """Return the background questions in the form in which questions are embedded."""
    return tuple(question_text(line) for line in lines("background.txt"))


@dataclass(frozen=True, kw_only=True)
class Digests:
    """Names of the vectors of pages, in the order of their chunks and of their questions."""

    passages: tuple[str, ...]
    questions: tuple[str, ...]

    @property
    def all(self) -> tuple[str, ...]:
        """Both."""
        return self.passages + self.questions


@dataclass(frozen=True, kw_only=True)
class Texts:
    """Everything of some pages that has a vector."""

    chunks: tuple[Chunk, ...]
    passages: tuple[str, ...]
    questions: tuple[str, ...]

    @property
    def digests(self) -> Digests:
        """Return the names of the vectors."""
        return Digests(
            passages=tuple(_digest("passage", text) for text in self.passages),
            questions=tuple(_digest("question", text) for text in self.questions),
        )


def texts(pages: Sequence[Page], *, chunks: Sequence[Chunk]) -> Texts:
    """Return what is embedded for pages and their chunks."""
    titles = {page.id: page.title for page in pages}
    return Texts(
        chunks=tuple(chunks),
        passages=tuple(passage_text(chunk, title=titles[chunk.page]) for chunk in chunks),
        questions=tuple(question_text(question) for page in pages for question in page.questions),
    )


def _cut(pages: Sequence[Page]) -> Texts:
    return texts(pages, chunks=[chunk for page in pages for chunk in chunking.chunks(page)])


def _digest(kind: str, text: str) -> str:
    return hashlib.sha256(f"{kind}\0{text}".encode("utf-8", "replace")).hexdigest()[:32]


def question_digest(text: str) -> str:
    """Return the name of the vector of a text that :func:`question_text` made."""
    return _digest("question", text)


def rows(vectors: Mapping[str, bytes], digests: Sequence[str], *, dimensions: int) -> Vectors:
    """Return stored vectors (half precision) as rows of length 1, in the order of the digests."""
    raw = b"".join(vectors[digest] for digest in digests)
    found = np.frombuffer(raw, dtype="<f2").astype(np.float32).reshape(len(digests), dimensions)
    return np.asarray(found / np.linalg.norm(found, axis=1, keepdims=True), dtype=np.float32)


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
    """Builds catalogues. Vectors go into the database as they are made, so a crash loses one batch."""

    def __init__(self, db: Database, *, embedder: Embedder, pool: Executor, clock: Clock) -> None:
        self._db = db
        self._embedder = embedder
        self._pool = pool
        self._clock = clock

    async def build(self, pages: Sequence[Page], *, version: int, tell: Tell) -> Built:
        """Cut, embed and arrange pages for a version (its lease is renewed on the way)."""
        loop = asyncio.get_running_loop()
        cut = await loop.run_in_executor(self._pool, _cut, pages)
        digests, name = cut.digests, self._embedder.name
        held = await self._db.read(lambda conn: store.vectors(conn, name, digests.all))
        missing = _missing(cut, digests=digests, held=held)
        made = await self._embed(missing, version=version, reused=len(held), tell=tell)
        arranged = await loop.run_in_executor(self._pool, self._arranged, pages, cut, digests, held | made)
        return Built(catalogue=arranged, embedded=len(made), reused=len(held), digests=digests)

    async def background(self) -> Vectors:
        """Return the vectors of the background questions, made once."""
        texts = background_texts()
        named = {_digest("question", text): ("question", text) for text in texts}
        name = self._embedder.name
        held = await self._db.read(lambda conn: store.vectors(conn, name, named))
        missing = {digest: item for digest, item in named.items() if digest not in held}
        made = await self._embed(missing, version=FOR_EVER, reused=len(held), tell=lambda _: None)
        return rows(held | made, tuple(named), dimensions=self._embedder.dimensions)

    def _arranged(self, pages: Sequence[Page], cut: Texts, digests: Digests, vectors: Mapping[str, bytes]) -> Catalogue:
        width = self._embedder.dimensions
        return catalogue(
            pages,
            chunks=cut.chunks,
            vectors=rows(vectors, digests.passages, dimensions=width),
            question_vectors=rows(vectors, digests.questions, dimensions=width),
        )

    async def _embed(
        self, missing: Mapping[str, tuple[str, str]], *, version: int, reused: int, tell: Tell
    ) -> dict[str, bytes]:
        made: dict[str, bytes] = {}
        total = reused + len(missing)
        order = sorted(missing, key=lambda digest: (missing[digest][0], len(missing[digest][1])))
        for start in range(0, len(order), _BATCH):
            tell(Progress(stage="embed", done=reused + len(made), total=total))
            batch = {digest: missing[digest] for digest in order[start : start + _BATCH]}
            fresh = await asyncio.get_running_loop().run_in_executor(self._pool, self._vectors, batch)
            await self._keep(fresh, version=version)
            made |= fresh
        tell(Progress(stage="embed", done=total, total=total))
        return made

    def _vectors(self, batch: Mapping[str, tuple[str, str]]) -> dict[str, bytes]:
        found: dict[str, bytes] = {}
        for kind, embed in (("passage", self._embedder.passages), ("question", self._embedder.queries)):
            chosen = {digest: text for digest, (of, text) in batch.items() if of == kind}
            if chosen:
                made = embed(list(chosen.values()))
                found |= {d: row.astype("<f2").tobytes() for d, row in zip(chosen, made, strict=True)}
        return found

    async def _keep(self, fresh: Mapping[str, bytes], *, version: int) -> None:
        now, name = self._clock(), self._embedder.name

        def body(conn: Connection) -> None:
            store.put_vectors(conn, name, made=fresh, used_in=version)
            store.renew(conn, version, now=now)

        await self._db.write(body)


def _missing(cut: Texts, *, digests: Digests, held: Mapping[str, bytes]) -> dict[str, tuple[str, str]]:
    """Return kind and text of every vector that is not held, by digest."""
    passages = zip(digests.passages, cut.passages, strict=True)
    questions = zip(digests.questions, cut.questions, strict=True)
    named = {digest: ("passage", text) for digest, text in passages}
    named |= {digest: ("question", text) for digest, text in questions}
    return {digest: item for digest, item in named.items() if digest not in held}
