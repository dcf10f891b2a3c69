"""The vectors of what was asked: made by the manual's own embedder, kept by their text, off the event loop."""

import asyncio
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from sqlalchemy import Connection, update

from knowledge import gaps, index, kept_vectors
from knowledge.embedders import Embedder, Vectors
from knowledge.gaps import Cluster, Question
from knowledge.language import fold, is_chinese, salient, tokens
from knowledge.pieces import digest, question_text
from knowledge.tables import vector
from store.db import Database

_BATCH = 32
_MANY = 400


@dataclass(frozen=True, kw_only=True)
class Compared:
    """Questions ready to be compared, and their vectors freed from what all questions share."""

    questions: tuple[Question, ...]
    vectors: Vectors


class Asked:
    """Compares and clusters questions. One thread, so that a nightly run never holds up a client's answer for long."""

    def __init__(self, db: Database, *, embedder: Embedder) -> None:
        self._db = db
        self._embedder = embedder
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="gaps")

    async def close(self) -> None:
        """Let a running comparison end."""
        await asyncio.to_thread(self._pool.shutdown)

    async def clusters(self, texts: Sequence[str], *, version: int) -> tuple[Cluster, ...]:
        """Put questions together by what they mean; ``version`` is the manual's that keeps their vectors."""
        if not texts:
            return ()
        compared = await self._compared(texts, version=version)
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._pool, gaps.clusters, compared.questions, compared.vectors)

    async def _compared(self, texts: Sequence[str], *, version: int) -> Compared:
        background = index.background_texts()
        loop = asyncio.get_running_loop()
        forms = await loop.run_in_executor(self._pool, lambda: [question_text(text) for text in texts])
        rows = await self._vectors([*forms, *background], version=version)
        return await loop.run_in_executor(self._pool, _ready, texts, rows, background)

    async def _vectors(self, forms: Sequence[str], *, version: int) -> Vectors:
        named = {digest("question", form): form for form in forms}
        name = self._embedder.name
        held = await self._db.read(lambda conn: kept_vectors.held(conn, name, named))
        missing = [digest for digest in named if digest not in held]
        loop = asyncio.get_running_loop()
        for start in range(0, len(missing), _BATCH):
            batch = missing[start : start + _BATCH]
            made = await loop.run_in_executor(self._pool, self._made, batch, named)
            held |= made
            await self._db.write(lambda conn, made=made: kept_vectors.put(conn, name, made=made, used_in=version))  # type: ignore[misc]
        await self._db.write(lambda conn: _still_used(conn, name, list(named), version=version))
        digests = [digest("question", form) for form in forms]
        return index.rows(held, digests, dimensions=self._embedder.dimensions)

    def _made(self, digests: Sequence[str], named: Mapping[str, str]) -> dict[str, bytes]:
        rows = self._embedder.queries([named[digest] for digest in digests])
        return {digest: row.astype("<f2").tobytes() for digest, row in zip(digests, rows, strict=True)}


def comparable(text: str) -> Question:
    """A question as it is compared: Chinese by pairs of characters, as single ones say little."""
    said = salient(text) or fold(text)
    terms = tuple(term for term in tokens(said) if term.isascii() or len(term) > 1)
    return Question(text=said, terms=terms, chinese=is_chinese(said))


def _ready(texts: Sequence[str], rows: Vectors, background: Sequence[str]) -> Compared:
    questions = tuple(comparable(text) for text in texts)
    asked, common = rows[: len(texts)], rows[len(texts) :]
    language = np.array([is_chinese(text) for text in background])
    centres = {chinese: np.asarray(common[language == chinese].mean(axis=0)) for chinese in (True, False)}
    chinese = np.array([question.chinese for question in questions])
    return Compared(questions=questions, vectors=gaps.centred(asked, chinese=chinese, centres=centres))


def _still_used(conn: Connection, embedder: str, digests: Sequence[str], *, version: int) -> None:
    """Keep these vectors as long as this version is kept; those of a later one stay."""
    for start in range(0, len(digests), _MANY):
        mine = vector.c.digest.in_(digests[start : start + _MANY])
        older = (vector.c.embedder == embedder) & mine & (vector.c.used_in < version)
        conn.execute(update(vector).where(older).values(used_in=version))
