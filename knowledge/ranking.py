"""How relevant a chunk is, and which chunks give way. Pure (numpy in, numpy out).

*Absolute hybrid*: relevance = 0.6 · dense + 0.4 · coverage, both on 0..1 whatever the question, so relevance
can be compared between questions (fusion by ranks cannot, and it collapses across languages, where coverage
is 0). Dense is the cosine placed on the embedder's own scale.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

DENSE_WEIGHT = 0.6
#: The better section of a page that a question points at goes first.
_TIE = 0.01
#: What a page of another language, and of another product than the client's, loses in order only.
OTHER_LANGUAGE = 0.03
OTHER_PRODUCT = 0.15
MOST_OF_A_PAGE = 2
NEAR_DUPLICATE = 0.8


def placed(cosines: Floats, *, floor: float, span: float) -> Floats:
    """Place cosines on the embedder's scale; not clipped, so that order is kept."""
    return np.asarray((cosines - floor) / span, dtype=np.float32)


def relevance(*, dense: Floats, question: Floats, coverage: Floats, asked_coverage: Floats) -> Floats:
    """Combine a chunk's own likeness and words with those of its page's questions.

    A question that is alike lifts the chunks of its page half-way to its own likeness; one that is not takes
    nothing away. ``question`` is low and ``asked_coverage`` 0 where a page has no questions.
    """
    near = np.maximum(dense, (dense + question) / 2)
    words = np.maximum(coverage, asked_coverage)
    whole = DENSE_WEIGHT * near + (1 - DENSE_WEIGHT) * words
    return np.asarray(whole + _TIE * (dense + coverage), dtype=np.float32)


def near_duplicate(left: frozenset[str], right: frozenset[str]) -> bool:
    """Whether two token sets are nearly the same (Jaccard)."""
    if not left or not right:
        return False
    return len(left & right) / len(left | right) > NEAR_DUPLICATE


def thinned(order: Sequence[int], *, pages: Sequence[int], tokens: Sequence[frozenset[str]], limit: int) -> list[int]:
    """Return the first ``limit`` positions of ``order``, at most two a page and no near-duplicates."""
    kept: list[int] = []
    for position in order:
        if len(kept) == limit:
            break
        if sum(pages[other] == pages[position] for other in kept) >= MOST_OF_A_PAGE:
            continue
        if any(near_duplicate(tokens[position], tokens[other]) for other in kept):
            continue
        kept.append(position)
    return kept
