"""From what a search found to the probability that it answers the question. Pure (numpy).

A logistic model over a few signals. Its weights were fitted on the development packs by
``benchmarks/evidence.py``, answerable and unanswerable questions weighing the same, and are fitted again,
held towards these, on a manual's own golden questions when it is indexed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Signals:
    """What is known of a question's best passage, each about 0..1.

    ``relevance``: its hybrid score · ``dense``, ``coverage``: its two parts · ``margin``: its lead over the best
    other page · ``agreement``: 1 if words alone choose the same page · ``question``: likeness to a question of
    its page · ``present``: share of the question's terms, by rarity, that its page holds · ``named``: the same
    over foreign words and codes only (ERR-1042; 1 if there are none) · ``known``: share that any page holds ·
    ``product``: 1 unless the question names a product that its page does not (Shopify) · ``background``: likeness
    to the nearest question that manuals do not answer · ``contrast``, ``question_contrast``: how much nearer than
    that the nearest passage, and the nearest question of a page, are · ``several``: the same of the nearest few
    questions of its page, against the nearest few of the others · ``vote``, ``rivals``, ``against``: what the nearest
    questions of all, weighed together, say for its page, for others, and for no page · ``strangers``: how many of
    them are of no page · ``length``: how much the question says,
    log-scaled · ``crossing``: whether the page is in another language · ``stated``: whether the page holds the kind
    of fact that is asked for (:mod:`knowledge.facts`).
    """

    relevance: float
    dense: float
    coverage: float
    margin: float
    agreement: float
    question: float
    present: float
    named: float
    known: float
    product: float
    background: float
    contrast: float
    question_contrast: float
    several: float
    vote: float
    rivals: float
    against: float
    strangers: float
    length: float
    crossing: bool
    stated: bool = True

    def row(self) -> list[float]:
        """Return the inputs of the model: 1 for the bias, then the signals but ``crossing`` and ``stated``."""
        return [1.0, *(getattr(self, name) for name in NAMES)]


NAMES = tuple(f.name for f in fields(Signals) if f.name not in ("crossing", "stated"))

# Means and spreads over the development packs, so that weights can be compared and held back alike.
CENTRES = (
    0.5297,
    0.6951,
    0.2577,
    0.0924,
    0.5829,
    0.6951,
    0.4025,
    0.9054,
    0.6446,
    0.9911,
    0.6151,
    0.0851,
    0.0851,
    0.1036,
    0.0883,
    0.2561,
    0.4065,
    0.6066,
    0.6713,
)
SPREADS = (
    0.1809,
    0.1832,
    0.2059,
    0.1128,
    0.4931,
    0.1832,
    0.3008,
    0.2887,
    0.2647,
    0.0937,
    0.1291,
    0.1513,
    0.1513,
    0.1511,
    0.0809,
    0.2236,
    0.2098,
    0.3122,
    0.1976,
)
SAME = (
    -0.4955,
    0.36,
    0.4134,
    0.2242,
    0.346,
    0.3113,
    0.4134,
    0.3592,
    0.3482,
    0.1795,
    0.1444,
    0.3396,
    0.3568,
    0.3568,
    0.4915,
    0.2091,
    -0.2861,
    0.1345,
    0.4671,
    -0.007,
)
CROSS = (
    6.7897,
    0.3775,
    0.5966,
    0.0192,
    0.5272,
    0.1508,
    0.5966,
    0.0185,
    0.3663,
    0.0517,
    0.0406,
    0.2852,
    0.4659,
    0.4659,
    0.5744,
    0.041,
    -0.0102,
    -0.0289,
    -0.0035,
    -0.1087,
)
DEFAULT_THRESHOLD = 0.5
#: How strongly a manual's fit is held to the weights of the packs.
HOLD = 4.0
#: What is left of the probability where the page names another product: likeness of all else cannot make up for it.
RULED_OUT = 0.35
#: What counts as nearly as good, where the strictest threshold is wanted.
NEARLY = 0.015
_PARTS = 10  # into which golden questions are cut, to judge each by a model of the others
_STEPS = 100
_LONGEST_STEP = 1.0
_CLOSE = 1e-6


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """The model and the threshold of one version; pages in another language have a set of weights of their own."""

    same: tuple[float, ...] = SAME
    cross: tuple[float, ...] = CROSS
    threshold: float = DEFAULT_THRESHOLD

    def probability(self, signals: Signals) -> float:
        """Return the probability that the best passage answers the question, 0..1."""
        weights = self.cross if signals.crossing else self.same
        logit = float(standardised(np.array([signals.row()]))[0] @ np.array(weights))
        chance = float(1 / (1 + np.exp(-np.clip(logit, -30, 30))))
        return chance if signals.product else RULED_OUT * chance

    def enough(self, signals: Signals) -> bool:
        """Whether to answer: the page is on the matter, and states the kind of fact that is asked for."""
        limit = DEFAULT_THRESHOLD if signals.crossing else self.threshold
        return signals.stated and self.probability(signals) >= limit

    def as_json(self) -> dict[str, object]:
        """Return the stored form."""
        return {"same": list(self.same), "cross": list(self.cross), "threshold": self.threshold}

    @staticmethod
    def readable(stored: Mapping[str, object] | None) -> bool:
        """Whether a stored form is of these signals; that of an earlier program may be of others."""
        same, cross = ((stored or {}).get(name) for name in ("same", "cross"))
        sets = isinstance(same, list) and isinstance(cross, list) and len(same) == len(cross) == len(SAME)
        return sets and isinstance((stored or {}).get("threshold"), int | float)

    @classmethod
    def from_json(cls, stored: Mapping[str, object] | None) -> "Evidence":
        """Read the stored form; the default where there is none, or it is of other signals."""
        if not cls.readable(stored):
            return cls()
        kept: Mapping[str, Any] = stored or {}
        return cls(same=tuple(kept["same"]), cross=tuple(kept["cross"]), threshold=float(kept["threshold"]))


@dataclass(frozen=True, kw_only=True)
class Judged:
    """A golden question's signals and what became of it: ``right`` page first, or it was ``answerable`` at all."""

    signals: Signals
    answerable: bool
    right: bool


def standardised(rows: Floats) -> Floats:
    """Bring rows of signals (bias first) to mean 0 and spread 1 over the development packs."""
    centres = np.array((0.0, *CENTRES))
    spreads = np.array((1.0, *SPREADS))
    result: Floats = (rows - centres) / spreads
    return result


def fit(rows: Floats, labels: Floats, *, weights: Floats, prior: Sequence[float], hold: float) -> tuple[float, ...]:
    """Return logistic weights by Newton's method, penalised by ``hold`` times the squared way from ``prior``.

    ``rows`` are standardised; ``weights`` is the weight of each row.
    """
    start = np.array(prior, dtype=np.float64)
    beta = start.copy()
    penalty = np.full(len(beta), hold)
    penalty[0] = 1e-3
    for _ in range(_STEPS):
        chance = 1 / (1 + np.exp(-np.clip(rows @ beta, -30, 30)))
        gradient = rows.T @ (weights * (chance - labels)) + penalty * (beta - start)
        curvature = (rows * (weights * chance * (1 - chance))[:, None]).T @ rows + np.diag(penalty)
        step = np.linalg.solve(curvature, gradient)
        length = float(np.abs(step).max())
        beta = beta - step * min(1.0, _LONGEST_STEP / max(length, _CLOSE))
        if length < _CLOSE:
            break
    return tuple(float(value) for value in beta)


def balanced(labels: Floats) -> Floats:
    """Return weights under which both classes weigh the same, len(labels) in all."""
    positive = max(float(labels.sum()), 1.0)
    negative = max(float((1 - labels).sum()), 1.0)
    weights: Floats = np.where(labels > 0, 0.5 / positive, 0.5 / negative) * len(labels)
    return weights


def fitted(judged: Sequence[Judged], *, start: Evidence | None = None) -> Evidence:
    """Fit a manual's model and threshold on its golden questions.

    Questions whose first page was wrong teach neither: the model is to tell right answers from no answers.
    Unchanged without both kinds.
    """
    start = start or Evidence()
    same = _weights(judged, start=start)
    if same is None:
        return start
    model = replace(start, same=same)
    return replace(model, threshold=threshold(judged, chances=_unseen(judged, start=start)))


def _weights(judged: Sequence[Judged], *, start: Evidence) -> tuple[float, ...] | None:
    own = [item for item in judged if not item.signals.crossing and (item.right or not item.answerable)]
    labels = np.array([float(item.right) for item in own])
    if not own or labels.all() or not labels.any():
        return None
    rows = standardised(np.array([item.signals.row() for item in own]))
    return fit(rows, labels, weights=balanced(labels), prior=start.same, hold=HOLD)


def _unseen(judged: Sequence[Judged], *, start: Evidence) -> Floats:
    """Return the probability of each question by a model that was not fitted on it, which would hope too much."""
    chances = np.zeros(len(judged))
    for part in range(_PARTS):
        seen = [item for place, item in enumerate(judged) if place % _PARTS != part]
        model = replace(start, same=_weights(seen, start=start) or start.same)
        for place in range(part, len(judged), _PARTS):
            chances[place] = model.probability(judged[place].signals) * judged[place].signals.stated
    return chances


def threshold(judged: Sequence[Judged], *, chances: Floats) -> float:
    """Return the threshold at which the lesser of "right and answered" and "rightly refused" is greatest.

    Of those that are nearly as good the strictest: a wrong answer costs more than a person's look.
    """
    same = [place for place, item in enumerate(judged) if not item.signals.crossing]
    own, chances = [judged[place] for place in same], chances[same]
    answerable = np.array([item.answerable for item in own], dtype=bool)
    right = np.array([item.right for item in own], dtype=bool)
    ends = np.unique(chances)
    steps = np.concatenate([[0.0], (ends[1:] + ends[:-1]) / 2, [1.0]])
    answered = [float((right & (chances >= step)).sum()) / max(int(answerable.sum()), 1) for step in steps]
    refused = [float((~answerable & (chances < step)).sum()) / max(int((~answerable).sum()), 1) for step in steps]
    worth = np.minimum(answered, refused)
    return float(steps[np.flatnonzero(worth >= worth.max() - NEARLY).max()])
