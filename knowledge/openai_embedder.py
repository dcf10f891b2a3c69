"""Vectors from any server that speaks OpenAI's embeddings API."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from knowledge.embedders import Vectors, shortened
from knowledge.errors import EmbedderUnreachable

_BATCH: Final = 64
_TIMEOUT_S: Final = 20.0


class OpenAIEmbedder:
    """A model behind an address; questions and passages are embedded alike. The first call is made at once.

    Raises EmbedderUnreachable, at the start and later, where the server gives no vectors.
    """

    floor, span = 0.15, 0.55

    def __init__(self, *, api_key: str, model: str, base_url: str | None = None, transport: Any = None) -> None:
        from openai import DefaultHttpxClient, OpenAI

        http = DefaultHttpxClient(transport=transport) if transport else None
        self._client = OpenAI(api_key=api_key, base_url=base_url, timeout=_TIMEOUT_S, max_retries=2, http_client=http)
        self._model = model
        self.name = f"openai/{model}"
        self.dimensions = self._embed(["-"]).shape[1]

    def queries(self, texts: Sequence[str]) -> Vectors:
        """Return one row per question."""
        return self.passages(texts)

    def passages(self, texts: Sequence[str]) -> Vectors:
        """Return one row per passage."""
        rows = [self._embed([shortened(text) or " " for text in part]) for part in _parts(texts)]
        return np.concatenate(rows) if rows else np.zeros((0, self.dimensions), dtype=np.float32)

    def _embed(self, texts: list[str]) -> Vectors:
        from openai import OpenAIError

        try:
            answer = self._client.embeddings.create(model=self._model, input=texts, encoding_format="float")
            rows: Vectors = np.array([row.embedding for row in answer.data], dtype=np.float32)
        except (OpenAIError, ValueError, AttributeError, TypeError) as error:  # an answer of another shape
            raise EmbedderUnreachable(self._model, type(error).__name__) from error
        if rows.ndim != len(("text", "axis")) or len(rows) != len(texts):
            raise EmbedderUnreachable(self._model, "another number of vectors than of texts")
        lengths: Vectors = np.linalg.norm(rows, axis=1, keepdims=True)
        return np.asarray(rows / np.maximum(lengths, 1e-12), dtype=np.float32)


def _parts(texts: Sequence[str]) -> list[Sequence[str]]:
    return [texts[start : start + _BATCH] for start in range(0, len(texts), _BATCH)]
