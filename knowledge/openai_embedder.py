"""Vectors from any server that speaks OpenAI's embeddings API."""

import hashlib
import time
from collections.abc import Callable, Sequence
from threading import Lock
from typing import Any, Final

import numpy as np

from knowledge import scale
from knowledge.costs import estimated_tokens
from knowledge.embedder_memory import Forgetful, Memory
from knowledge.embedders import Vectors, shortened
from knowledge.endpoint import Endpoint, EndpointError
from knowledge.errors import EmbedderUnreachable
from knowledge.language import fold
from knowledge.model import Cost

OPENAI: Final = "https://api.openai.com/v1"
_TOGETHER: Final = 64
_TOKENS_TOGETHER: Final = 20_000
_SHORTEST: Final = 40
#: A client waits for up to this many questions at once; more are an indexing run, which can wait.
_FEW: Final = 4
_CLIENT_WAITS_S: Final = 4.0
_RUN_WAITS_S: Final = 120.0
#: After a failure while a client waits, the server is left alone this long: each turn would pay for it anew.
_REST_S: Final = 15.0
_SAME: Final = 0.98
_BLOCKS: Final = 16


class OpenAIEmbedder:
    """A model behind an address; questions and passages differ by ``query`` and ``passage`` in front, if set.

    The server is asked once at the start. What it answered then is kept in ``memory``, so that a later start needs
    no server: its model's fingerprint, width and scale. Another model under the same name gets another ``name``,
    and so another index.

    Raises:
        EmbedderUnreachable: at the start if nothing is remembered, and later: the server gives no vectors.
        ScaleUnmeasurable: its vectors tell nothing apart.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        model: str,
        query: str = "",
        passage: str = "",
        price: float | None = None,
        memory: Memory | None = None,
        tick: Callable[[], float] = time.monotonic,
    ) -> None:
        self._endpoint, self._model, self._tick = endpoint, model, tick
        self._before = {"query": query, "passage": passage}
        self.price = price
        self._spent, self._estimated, self._lock = 0, False, Lock()
        self._most, self._rests_until = _TOGETHER, float("-inf")
        self.dimensions = 0
        self._memory = memory or Forgetful()
        self._key = f"{model}\n{query}\n{passage}"
        kept = self._recognised(self._memory.get(self._key))
        self.dimensions = int(kept["dimensions"])
        self.floor, self.span = float(kept["floor"]), float(kept["span"])
        self.name = f"openai/{model}@{kept['fingerprint']}"

    @property
    def spent(self) -> Cost:
        """Return what it has used since it was opened."""
        return Cost(tokens=self._spent, estimated=self._estimated, price=self.price)

    def close(self) -> None:
        """Let go of the connections."""
        self._endpoint.close()

    def queries(self, texts: Sequence[str]) -> Vectors:
        """Return one row per question; a few are asked for with little patience, as a client waits for them."""
        if len(texts) > _FEW:
            return self._rows("query", texts, patience_s=_RUN_WAITS_S)
        if self._tick() < self._rests_until:
            raise EmbedderUnreachable(self._model, "it failed a moment ago")
        try:
            return self._rows("query", texts, patience_s=_CLIENT_WAITS_S)
        except EmbedderUnreachable:
            self._rests_until = self._tick() + _REST_S
            raise

    def passages(self, texts: Sequence[str]) -> Vectors:
        """Return one row per passage."""
        return self._rows("passage", texts, patience_s=_RUN_WAITS_S)

    def _recognised(self, kept: dict[str, Any] | None) -> dict[str, Any]:
        """Return what is known of the model: remembered if it is the same one still, or cannot be asked; else new."""
        questions, passages = (tuple(map(fold, texts)) for texts in scale.sample())
        try:
            canary = self._rows("query", questions[:1], patience_s=_CLIENT_WAITS_S if kept else _RUN_WAITS_S)[0]
        except EmbedderUnreachable:
            if kept is None:
                raise
            return kept
        if kept is not None and len(kept["canary"]) == len(canary) and float(canary @ kept["canary"]) >= _SAME:
            return kept
        self.dimensions = len(canary)
        name = f"{self._model} of the embeddings server"
        placed = scale.measured(
            self._rows("query", questions, patience_s=_RUN_WAITS_S),
            self._rows("passage", passages, patience_s=_RUN_WAITS_S),
            name=name,
        )
        known = {
            "fingerprint": _fingerprint(canary, before=self._before),
            "dimensions": len(canary),
            "floor": placed.floor,
            "span": placed.span,
            "canary": [round(float(value), 6) for value in canary],
        }
        self._memory.put(self._key, known)
        return known

    def _rows(self, kind: str, texts: Sequence[str], *, patience_s: float) -> Vectors:
        ready = [self._before[kind] + (shortened(text) or " ") for text in texts]
        rows: list[Vectors] = []
        at = 0
        while at < len(ready):
            batch = self._batch(ready[at:])
            rows.append(self._embedded(batch, patience_s=patience_s))
            at += len(batch)
        return np.concatenate(rows) if rows else np.zeros((0, self.dimensions), dtype=np.float32)

    def _batch(self, texts: Sequence[str]) -> list[str]:
        """Return as many of the texts, from the first, as go into one request by count and by tokens."""
        batch: list[str] = []
        tokens = 0
        for text in texts[: self._most]:
            tokens += estimated_tokens(text)
            if batch and tokens > _TOKENS_TOGETHER:
                break
            batch.append(text)
        return batch

    def _embedded(self, batch: list[str], *, patience_s: float) -> Vectors:
        """Ask for a batch; where the server finds it too long, for its halves, and for less of a single text."""
        rows = self._asked(batch, patience_s=patience_s)
        if rows is not None:
            return rows
        if len(batch) == 1:
            if len(batch[0]) <= _SHORTEST:
                raise EmbedderUnreachable(self._model, f"even {len(batch[0])} characters are too long for it")
            return self._embedded([batch[0][: len(batch[0]) // 2]], patience_s=patience_s)
        halves = batch[: (len(batch) + 1) // 2], batch[(len(batch) + 1) // 2 :]
        found = [self._asked(half, patience_s=patience_s) for half in halves]
        if all(part is not None for part in found):  # it was their number, not one of them
            self._most = min(self._most, len(halves[0]))
        parts = [
            self._embedded(half, patience_s=patience_s) if part is None else part
            for half, part in zip(halves, found, strict=True)
        ]
        return np.concatenate(parts)

    def _asked(self, batch: list[str], *, patience_s: float) -> Vectors | None:
        """Return the vectors of a batch; None if the server says that it is too long."""
        body = {"model": self._model, "input": batch, "encoding_format": "float"}
        try:
            answer = self._endpoint.post("embeddings", body, patience_s=patience_s)
        except EndpointError as error:
            if error.kind == "too_long":
                return None
            raise EmbedderUnreachable(self._model, str(error)) from error
        rows = self._checked(answer, texts=batch)
        self._count(answer, texts=batch)
        return rows

    def _checked(self, answer: dict[str, Any], *, texts: Sequence[str]) -> Vectors:
        try:
            rows = _vectors(answer["data"], count=len(texts))
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise EmbedderUnreachable(self._model, f"an answer that is no vectors: {error}") from error
        if self.dimensions and rows.shape[1] != self.dimensions:
            raise EmbedderUnreachable(self._model, f"vectors of {rows.shape[1]} numbers, not {self.dimensions}")
        return rows

    def _count(self, answer: dict[str, Any], *, texts: Sequence[str]) -> None:
        usage = answer.get("usage")
        counted = [usage.get(key) for key in ("prompt_tokens", "total_tokens")] if isinstance(usage, dict) else []
        known = next((n for n in counted if isinstance(n, int) and n > 0), None)
        with self._lock:
            self._spent += sum(map(estimated_tokens, texts)) if known is None else known
            self._estimated = self._estimated or known is None


def _vectors(data: Any, *, count: int) -> Vectors:
    """Return the rows of an answer in the order of the texts, brought to length 1.

    Raises:
        TypeError, ValueError, KeyError: they are not as many as the texts, of one width, finite and not zero.
    """
    if len(data) != count:
        raise ValueError(f"{len(data)} vectors for {count} texts")
    order = [row.get("index", place) for place, row in enumerate(data)]
    if sorted(order) != list(range(count)):
        raise ValueError("vectors that cannot be told apart")
    rows = np.array([row["embedding"] for _, row in sorted(zip(order, data, strict=True), key=lambda pair: pair[0])])
    if rows.ndim != len(("text", "axis")) or not rows.shape[1] or not np.issubdtype(rows.dtype, np.number):
        raise ValueError("vectors of no, or of several widths")
    lengths = np.linalg.norm(rows.astype(np.float64), axis=1, keepdims=True)
    if not np.isfinite(lengths).all() or float(lengths.min()) <= 0:
        raise ValueError("a vector of zeros, or of what is no number")
    return np.asarray(rows / lengths, dtype=np.float32)


def _fingerprint(canary: Vectors, *, before: dict[str, str]) -> str:
    """Return a name for a model by one of its vectors: where each sixteenth of it is greatest, which noise leaves."""
    peaks = [int(np.argmax(np.abs(part))) for part in np.array_split(canary, _BLOCKS) if len(part)]
    return hashlib.sha256(f"{len(canary)} {peaks} {sorted(before.items())}".encode()).hexdigest()[:12]
