"""Which category a question belongs to: regularised least squares on vectors, in closed form.

Each class has the target 1, the others 0, classes weighing the same; scores are turned into a decision by the
largest. With few examples a class this is as good as a logistic model and is trained in milliseconds.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from knowledge.embedders import Vectors

#: Ridge penalty, relative to the mean variance of the vectors.
RIDGE = 0.3
#: Below this score the question belongs to no category.
LEAST = 0.12
_FOLDS = 5


@dataclass(frozen=True, kw_only=True)
class Classifier:
    """A trained classifier: score = (vector − centre) · weights + base, one column a label."""

    labels: tuple[str, ...]
    weights: NDArray[np.float32]
    base: NDArray[np.float32]
    centre: NDArray[np.float32]

    def scores(self, vectors: Vectors) -> NDArray[np.float32]:
        """Return one row of scores per vector, one column per label."""
        return np.asarray((vectors - self.centre) @ self.weights + self.base, dtype=np.float32)

    def labelled(self, vectors: Vectors) -> list[str]:
        """Return the best label of each vector."""
        return [self.labels[i] for i in self.scores(vectors).argmax(axis=1).tolist()]

    def label(self, vector: Vectors) -> str | None:
        """Return the best label of a vector, None if none is likely."""
        scores = self.scores(vector[np.newaxis])[0]
        best = int(scores.argmax())
        return self.labels[best] if scores[best] >= LEAST else None


def train(vectors: Vectors, labels: Sequence[str], *, ridge: float = RIDGE) -> Classifier | None:
    """Train on labelled vectors; None with fewer than two labels."""
    names = tuple(sorted(set(labels)))
    if len(names) < 2:  # noqa: PLR2004 - nothing to choose between
        return None
    column = {name: i for i, name in enumerate(names)}
    which = np.array([column[label] for label in labels])
    targets = np.eye(len(names), dtype=np.float32)[which]
    weight = (1.0 / np.bincount(which)[which]).astype(np.float32)
    weight *= len(weight) / weight.sum()
    centre = np.average(vectors, axis=0, weights=weight).astype(np.float32)
    base = np.average(targets, axis=0, weights=weight).astype(np.float32)
    spread = vectors - centre
    moment = (spread * weight[:, None]).T @ spread
    penalty = ridge * np.trace(moment) / len(moment) * np.eye(len(moment), dtype=np.float32)
    solved = np.linalg.solve(moment + penalty, (spread * weight[:, None]).T @ (targets - base))
    return Classifier(labels=names, weights=solved.astype(np.float32), base=base, centre=centre)


def folded(vectors: Vectors, labels: Sequence[str], *, seed: int = 0) -> list[str]:
    """Return the label that each vector gets from a classifier trained on the other four fifths."""
    order = np.random.default_rng(seed).permutation(len(labels))
    found = [""] * len(labels)
    for fold in range(_FOLDS):
        held = set(order[fold::_FOLDS].tolist())
        rest = [i for i in range(len(labels)) if i not in held]
        classifier = train(vectors[rest], [labels[i] for i in rest])
        if classifier is None:
            continue
        tested = sorted(held)
        for i, label in zip(tested, classifier.labelled(vectors[tested]), strict=True):
            found[i] = label
    return found
