"""The port through which passages are read against a question a second time, and its implementations.

A re-ranker reads question and passage together, which vectors made apart cannot; it is slow, so only the first few of
what was found are given to it (:mod:`knowledge.reranking`). :class:`SharedWords` needs no model and is for tests.
"""

import math
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, Protocol

from knowledge.embedders import shortened
from knowledge.endpoint import Endpoint, EndpointError
from knowledge.errors import ModelNotHere, RerankerFailed
from knowledge.language import fold, tokens

_BATCH: Final = 10


class Reranker(Protocol):
    """Says how well each passage answers a question. Blocking and thread-safe."""

    @property
    def name(self) -> str: ...

    def scores(self, question: str, passages: Sequence[str], *, patience_s: float) -> list[float]:
        """Return one finite figure a passage, the higher the better; only their order means anything.

        ``patience_s`` is how long the caller waits; what cannot be stopped may take longer.

        Raises:
            RerankerFailed: it gave no such figures.
        """
        ...


class SharedWords:
    """Counts the question's words in a passage: deterministic, instant, no model."""

    name = "shared-words"

    def scores(self, question: str, passages: Sequence[str], *, patience_s: float) -> list[float]:
        """Return the share of the question's terms that each passage holds."""
        del patience_s
        asked = set(tokens(fold(question)))
        return [len(asked & set(tokens(fold(text)))) / max(len(asked), 1) for text in passages]


class CrossEncoderReranker:
    """A sentence-transformers cross-encoder in a folder, on the processor, never over the network.

    Raises:
        ImportError: the extra ``sentence-transformers`` is not installed.
        ModelNotHere: the folder holds no such model, or one that gives several figures a pair.
    """

    def __init__(self, folder: Path, *, threads: int | None = None) -> None:
        self._model = _loaded(folder, threads=threads)
        self.name = f"sentence-transformers/{folder.name}"

    def scores(self, question: str, passages: Sequence[str], *, patience_s: float) -> list[float]:
        """Return the model's figure for each pair; a run of the model cannot be stopped."""
        del patience_s
        if not passages:
            return []
        pairs = [(shortened(question) or " ", shortened(text) or " ") for text in passages]
        found = self._model.predict(pairs, batch_size=_BATCH, show_progress_bar=False, convert_to_numpy=True)
        return checked([float(value) for value in found.reshape(-1)], count=len(passages), name=self.name)


class HttpReranker:
    """A model behind ``POST …/rerank``, as Jina, Cohere, vLLM, TEI and llama.cpp speak it."""

    def __init__(self, endpoint: Endpoint, *, model: str) -> None:
        self._endpoint, self._model = endpoint, model
        self.name = f"api/{model}"

    def close(self) -> None:
        """Let go of the connections."""
        self._endpoint.close()

    def scores(self, question: str, passages: Sequence[str], *, patience_s: float) -> list[float]:
        """Return the server's figure for each passage."""
        if not passages:
            return []
        body = {
            "model": self._model,
            "query": shortened(question),
            "documents": [shortened(text) or " " for text in passages],
            "top_n": len(passages),
            "return_documents": False,
        }
        try:
            answer = self._endpoint.post("rerank", body, patience_s=patience_s)
        except EndpointError as error:
            raise RerankerFailed(self.name, str(error)) from error
        try:
            return checked(_placed(answer, count=len(passages)), count=len(passages), name=self.name)
        except (KeyError, TypeError, ValueError, IndexError) as error:
            raise RerankerFailed(self.name, f"an answer that is no ranking: {error}") from error


def checked(scores: list[float], *, count: int, name: str) -> list[float]:
    """Return scores that are as many as passages, and finite.

    Raises:
        RerankerFailed: they are not.
    """
    if len(scores) != count or not all(math.isfinite(score) for score in scores):
        raise RerankerFailed(name, f"{len(scores)} figures for {count} passages, or what is no number")
    return scores


def _placed(answer: dict[str, Any], *, count: int) -> list[float]:
    """Return the figures of an answer (best first, each with its passage's index) in the order of the passages."""
    rows = answer["results"] if "results" in answer else answer["data"]
    found = {int(row["index"]): float(row.get("relevance_score", row.get("score"))) for row in rows}
    if len(rows) != count or sorted(found) != list(range(count)):
        raise ValueError(f"{len(found)} places for {count} passages")
    return [found[place] for place in range(count)]


def _loaded(folder: Path, *, threads: int | None) -> Any:
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    from sentence_transformers import CrossEncoder

    if threads is not None:
        import torch

        torch.set_num_threads(threads)
    if not (folder / "config.json").is_file():
        raise ModelNotHere(str(folder), "the folder holds no config.json")
    try:
        model = CrossEncoder(str(folder), device="cpu", local_files_only=True)
    except Exception as error:  # loaders of weights raise whatever their format does
        raise ModelNotHere(str(folder), f"{type(error).__name__}: {str(error).strip()[:200]}") from error
    if model.num_labels != 1:
        raise ModelNotHere(str(folder), f"it gives {model.num_labels} figures a pair, not one")
    return model
