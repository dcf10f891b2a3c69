"""The port through which text becomes vectors, and its smallest implementation.

:class:`knowledge.e5.E5Embedder` is the default. :class:`knowledge.local_embedder.SentenceTransformersEmbedder` takes
any local model (extra ``aftercare[sentence-transformers]``), :class:`knowledge.openai_embedder.OpenAIEmbedder` one
behind an address. :class:`HashingEmbedder` needs no model and is for fast tests.
"""

import hashlib
from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from knowledge.language import clean, fold, tokens

Vectors = NDArray[np.float32]

#: Longest text a model is given; the rest says little and costs quadratically.
MAX_CHARACTERS = 1_200


def shortened(text: str) -> str:
    """Return what a model is given of a text: clean, and not too long."""
    return clean(text[: 4 * MAX_CHARACTERS])[:MAX_CHARACTERS]


class Embedder(Protocol):
    """Turns texts into vectors of length 1. Blocking and thread-safe; called in a thread pool.

    ``name`` says exactly which model and variant made the vectors; an index of another name is not searched.
    ``floor`` and ``span`` place its cosines on 0..1: (cosine − floor) / span.
    """

    @property
    def name(self) -> str: ...
    @property
    def dimensions(self) -> int: ...
    @property
    def floor(self) -> float: ...
    @property
    def span(self) -> float: ...

    def queries(self, texts: Sequence[str]) -> Vectors:
        """Return one row per question, shape (len(texts), dimensions)."""
        ...

    def passages(self, texts: Sequence[str]) -> Vectors:
        """Return one row per passage, shape (len(texts), dimensions)."""
        ...


class HashingEmbedder:
    """Bag of hashed tokens: deterministic, instant, no model. Finds shared words, nothing more."""

    floor, span = 0.0, 0.8

    def __init__(self, *, dimensions: int = 256) -> None:
        self.dimensions = dimensions
        self.name = f"hashing-{dimensions}"

    def queries(self, texts: Sequence[str]) -> Vectors:
        """Return one row per question."""
        return self.passages(texts)

    def passages(self, texts: Sequence[str]) -> Vectors:
        """Return one row per passage; a text without tokens points at the first axis."""
        rows = np.zeros((len(texts), self.dimensions), dtype=np.float32)
        for row, text in zip(rows, texts, strict=True):
            for token in tokens(fold(text)):
                digest = hashlib.blake2b(token.encode("utf-8", "replace"), digest_size=8).digest()
                place = int.from_bytes(digest[:4], "little") % self.dimensions
                row[place] += 1.0
            if not row.any():
                row[0] = 1.0
        lengths: Vectors = np.linalg.norm(rows, axis=1, keepdims=True)
        return rows / lengths
