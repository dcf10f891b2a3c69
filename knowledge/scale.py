"""How an embedder's cosines are read, measured instead of guessed.

Cosines of one model lie between .7 and .95, of another between 0 and .6. Two anchors make them comparable: questions
and passages that have nothing to do with each other, and questions with the passage that answers them. Every embedder
is placed so that its anchors fall where those of the embedded default fall, on which the evidence model was fitted.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from knowledge.concepts import lines
from knowledge.embedders import Vectors
from knowledge.errors import ScaleUnmeasurable

#: Where multilingual-e5-small (floor .70, span .25) places the two anchors of the sample.
UNRELATED: Final = 0.545
MATCHED: Final = 0.854
#: A model whose anchors are nearer to each other than this tells nothing apart.
_LEAST_GAP: Final = 0.01


@dataclass(frozen=True, kw_only=True)
class Placement:
    """Places cosines on 0..1: (cosine − floor) / span."""

    floor: float
    span: float


def sample() -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the questions of the sample, and in the same order the passage that answers each."""
    pairs = [line.split("\t") for line in lines("scale_pairs.txt")]
    return tuple(asked for asked, _ in pairs), tuple(answer for _, answer in pairs)


def measured(questions: Vectors, passages: Vectors, *, name: str) -> Placement:
    """Return the placement of the embedder that made the sample's vectors.

    Raises:
        ScaleUnmeasurable: it finds questions no nearer to their answers than to other passages.
    """
    unrelated, matched = anchors(questions, passages)
    if matched - unrelated < _LEAST_GAP:
        raise ScaleUnmeasurable(name, unrelated=unrelated, matched=matched)
    span = (matched - unrelated) / (MATCHED - UNRELATED)
    return Placement(floor=unrelated - UNRELATED * span, span=span)


def anchors(questions: Vectors, passages: Vectors) -> tuple[float, float]:
    """Return the median cosine of unrelated and of matching texts; only texts of one language are compared."""
    cosines = questions @ passages.T
    matching = np.eye(len(questions), dtype=bool)
    halves = np.arange(len(questions)) * 2 // len(questions)
    same = halves[:, None] == halves[None, :]
    return float(np.median(cosines[same & ~matching])), float(np.median(cosines[matching]))
