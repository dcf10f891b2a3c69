"""Any sentence-transformers model on this machine; needs the extra ``aftercare[sentence-transformers]``."""

import hashlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from knowledge import scale
from knowledge.embedders import Vectors, shortened
from knowledge.errors import ModelNotHere
from knowledge.language import fold

#: Not read by the model, or read only by engines that are not used here.
_LEFT_OUT: Final = frozenset({"onnx", "openvino", ".cache", ".git"})
_BATCH: Final = 8
_E5: Final = {"query": "query: ", "passage": "passage: "}


@dataclass(frozen=True, kw_only=True)
class Prompts:
    """What stands in front of every question and of every passage."""

    query: str = ""
    passage: str = ""


def resolve(name: str) -> Path:
    """Return the folder of a model: a folder as it is, or a hub name that was fetched to this machine before.

    The network is never asked: where it cannot be reached, that look alone takes more than a minute.

    Raises:
        ModelNotHere: there is none.
    """
    folder = Path(name).expanduser()
    if folder.is_dir():
        return folder.resolve()
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError

    try:
        return Path(snapshot_download(name, local_files_only=True))
    except (LocalEntryNotFoundError, HFValidationError, OSError, ValueError) as error:
        raise ModelNotHere(name, "give the folder of one") from error


def fingerprint(folder: Path) -> str:
    """Return a name for a model's weights and settings: the same files, the same name, wherever they lie."""
    whole = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        place = path.relative_to(folder)
        if path.is_dir() or place.name.lower().startswith(("readme", ".git")) or _LEFT_OUT & set(place.parts):
            continue
        with path.open("rb") as stream:
            whole.update(f"{place.as_posix()}\0{hashlib.file_digest(stream, 'sha256').hexdigest()}\0".encode())
    return whole.hexdigest()[:12]


def prompts_of(
    own: Mapping[str, str], *, default: str | None, name: str, query: str | None, passage: str | None
) -> Prompts:
    """Return the prompts to use: those set by hand, else the model's own, else those of its family, else none.

    ``own`` and ``default`` are ``prompts`` and ``default_prompt_name`` of the model's settings.
    """
    basis = own.get(default, "") if default else ""
    found = Prompts(
        query=own.get("query") or basis,
        passage=next((own[key] for key in ("document", "passage", "corpus") if own.get(key)), basis),
    )
    if found == Prompts() and "e5" in name.lower():
        found = Prompts(**_E5)
    return Prompts(query=found.query if query is None else query, passage=found.passage if passage is None else passage)


class SentenceTransformersEmbedder:
    """A model in a folder, on the processor, never over the network.

    ``query`` and ``passage`` replace the model's own prompts. ``name`` carries a fingerprint of weights and prompts:
    another model in a folder of the same name makes another index.

    Raises:
        ImportError: the extra is not installed.
        ModelNotHere: the folder holds no model that can be loaded.
        ScaleUnmeasurable: its vectors tell nothing apart.
    """

    def __init__(
        self, folder: Path, *, query: str | None = None, passage: str | None = None, threads: int | None = None
    ) -> None:
        self._model = _loaded(folder, threads=threads)
        self.prompts = prompts_of(
            self._model.prompts or {},
            default=self._model.default_prompt_name,
            name=folder.name,
            query=query,
            passage=passage,
        )
        marked = hashlib.sha256(f"{fingerprint(folder)}\0{self.prompts.query}\0{self.prompts.passage}".encode())
        self.name = f"sentence-transformers/{folder.name}@{marked.hexdigest()[:12]}"
        questions, passages = (tuple(map(fold, texts)) for texts in scale.sample())
        asked = self.queries(questions)
        self.dimensions = asked.shape[1]
        placed = scale.measured(asked, self.passages(passages), name=self.name)
        self.floor, self.span = placed.floor, placed.span

    def queries(self, texts: Sequence[str]) -> Vectors:
        """Return one row per question."""
        return self._rows(self._model.encode_query, texts, prompt=self.prompts.query)

    def passages(self, texts: Sequence[str]) -> Vectors:
        """Return one row per passage."""
        return self._rows(self._model.encode_document, texts, prompt=self.prompts.passage)

    def _rows(self, encode: Any, texts: Sequence[str], *, prompt: str) -> Vectors:
        if not texts:
            return np.zeros((0, self.dimensions), dtype=np.float32)
        short = [shortened(text) or " " for text in texts]
        rows = encode(
            short,
            prompt=prompt,
            batch_size=_BATCH,
            normalize_embeddings=True,
            convert_to_numpy=True,
            show_progress_bar=False,
        )
        return np.asarray(rows, dtype=np.float32)


def _loaded(folder: Path, *, threads: int | None) -> Any:
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    from sentence_transformers import SentenceTransformer

    if threads is not None:
        import torch

        torch.set_num_threads(threads)
    if not (folder / "modules.json").is_file() and not (folder / "config.json").is_file():
        raise ModelNotHere(str(folder), "the folder holds neither modules.json nor config.json")
    try:
        return SentenceTransformer(str(folder), device="cpu", local_files_only=True)
    except Exception as error:  # loaders of weights raise whatever their format does
        raise ModelNotHere(str(folder), f"{type(error).__name__}: {str(error).strip()[:200]}") from error
