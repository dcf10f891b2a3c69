"""Measures of retrieval, abstention and classification. Pure."""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Collection, Sequence


def ndcg(ranked: Sequence[str], relevant: Collection[str], *, k: int = 10) -> float:
    """Return nDCG@k with binary gain, the ideal cut at k (Järvelin & Kekäläinen 2002)."""
    gain = sum(1 / math.log2(i + 2) for i, row in enumerate(ranked[:k]) if row in relevant)
    ideal = sum(1 / math.log2(i + 2) for i in range(min(k, len(relevant))))
    return gain / ideal if ideal else 0.0


def recall(ranked: Sequence[str], relevant: Collection[str], *, k: int) -> float:
    """Return the share of the relevant rows among the first k."""
    return len(set(ranked[:k]) & set(relevant)) / len(relevant) if relevant else 0.0


def reciprocal_rank(ranked: Sequence[str], relevant: Collection[str], *, k: int = 10) -> float:
    """Return 1 / the place of the first relevant row among the first k, else 0."""
    return next((1 / (i + 1) for i, row in enumerate(ranked[:k]) if row in relevant), 0.0)


def auroc(positive: Sequence[float], negative: Sequence[float]) -> float | None:
    """Return the chance that a positive scores above a negative, ties counting half; None without both."""
    if not positive or not negative:
        return None
    ordered = sorted(negative)
    below = sum((bisect_left(ordered, score) + bisect_right(ordered, score)) / 2 for score in positive)
    return below / len(positive) / len(negative)


def best_f1(positive: Sequence[float], negative: Sequence[float]) -> float | None:
    """Return the positive class's F1 at its best threshold; None without both classes."""
    if not positive or not negative:
        return None
    scored = sorted([(s, True) for s in positive] + [(s, False) for s in negative], reverse=True)
    best, hits = 0.0, 0
    for place, (score, is_positive) in enumerate(scored, start=1):
        hits += is_positive
        if place == len(scored) or scored[place][0] != score:
            best = max(best, 2 * hits / (place + len(positive)))
    return best


def accuracy(found: Sequence[str], truth: Sequence[str]) -> float:
    """Return the share of labels that are right."""
    return sum(a == b for a, b in zip(found, truth, strict=True)) / len(truth) if truth else 0.0


def macro_f1(found: Sequence[str], truth: Sequence[str]) -> float:
    """Return the mean F1 of the labels that occur in the truth."""
    scores = []
    for label in set(truth):
        right = sum(a == label == b for a, b in zip(found, truth, strict=True))
        scores.append(2 * right / (found.count(label) + truth.count(label)))
    return sum(scores) / len(scores) if scores else 0.0


def percentile(values: Sequence[float], share: float) -> float | None:
    """Return the value below which ``share`` of the values lie (nearest rank); None without values."""
    if not values:
        return None
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, math.ceil(share * len(ordered)) - 1))]
