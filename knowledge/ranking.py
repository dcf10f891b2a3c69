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
#: What the nearest window of a chunk counts against the whole; .4 to .7 differ by chance.
WINDOW_WEIGHT = 0.5
#: Of .5 to 1, best on both halves of the sample manual's golden questions.
QUESTION_WEIGHT = 0.7
#: The better section of a page that a question points at goes first.
_TIE = 0.01
#: What a page of another language, and of another product than the client's, loses in order only.
OTHER_LANGUAGE = 0.03
OTHER_PRODUCT = 0.15
MOST_OF_A_PAGE = 2
#: How many sections and questions of a page bear it out, how many pages are looked at so closely, and what the few and
#: the one best count: of a grid, most of the page questions that were left out of the index find their page.
FEW = 3
CLOSELY = 8
FEW_WEIGHT = 0.25
ONE_WEIGHT = 0.2
#: How many of the nearest questions vote, how fast a vote fades with likeness, how much of each is held to be chance.
VOTERS = 48
FADING = 4.0
DOUBT = 0.3
#: What each later section of a page loses when one is chosen to be quoted: the first says how, the others what if.
#: Fitted on headings (which must find their own section, .98 do) and page questions (.88 find the first, .22 without).
LATER_SECTION = 0.025
_LATE = 3
#: What a section loses, when one is chosen to be quoted, that lacks the kind of fact asked for: more than any gains.
BESIDE_THE_POINT = 1.0
#: Cosine from which two passages say the same.
NEAR_DUPLICATE = 0.985


def placed(cosines: Floats, *, floor: float, span: float) -> Floats:
    """Place cosines on the embedder's scale; not clipped, so that order is kept."""
    return np.asarray((cosines - floor) / span, dtype=np.float32)


def nearness(whole: Floats, *, window: Floats) -> Floats:
    """Return the cosine that stands for a chunk: of the whole, which knows the topic, and of its nearest window."""
    return np.asarray((1 - WINDOW_WEIGHT) * whole + WINDOW_WEIGHT * window, dtype=np.float32)


def relevance(*, dense: Floats, question: Floats, coverage: Floats, asked_coverage: Floats) -> Floats:
    """Combine a chunk's own likeness and words with those of its page's questions.

    A question that is alike lifts the chunks of its page most of the way to its own likeness; one that is not
    takes nothing away. ``question`` is low and ``asked_coverage`` 0 where a page has no questions.
    """
    near = np.maximum(dense, dense + QUESTION_WEIGHT * (question - dense))
    words = np.maximum(coverage, asked_coverage)
    whole = DENSE_WEIGHT * near + (1 - DENSE_WEIGHT) * words
    return np.asarray(whole + _TIE * (dense + coverage), dtype=np.float32)


def several(likeness: Floats) -> float:
    """Return the mean of the best few of some likenesses, one alone may be chance; -1 where there is none."""
    return float(np.sort(likeness)[-FEW:].mean()) if len(likeness) else -1.0


def borne_out(*, sections: Floats, questions: Floats) -> float:
    """Return what a page gains in order by how alike the best few of its sections and questions are, not one alone.

    A page without questions is judged by its sections twice.
    """
    both = (sections, questions if len(questions) else sections)
    return sum(FEW_WEIGHT * several(each) - ONE_WEIGHT * float(each.max()) for each in both)


def votes(likeness: Floats, *, among: Floats) -> Floats:
    """Return how much each of some questions speaks for what it belongs to.

    Kernel regression (Gaussian process) on their ``likeness`` to what was asked; that ``among`` themselves makes the
    same question put five ways count once, and one that two pages put alike decide nothing.
    """
    kernel = np.exp(FADING * (among - 1)) + DOUBT * np.eye(len(among))
    return np.asarray(np.linalg.solve(kernel, np.exp(FADING * (likeness - 1))), dtype=np.float32)


def quotable(scores: Floats, *, headed: Sequence[bool]) -> list[int]:
    """Return the sections of one page (positions in page order), the one to quote first.

    What stands before the first heading sums the page up and is quoted with every section, so it comes last.
    """
    places = np.cumsum(headed) - 1
    loss = np.where(headed, LATER_SECTION * np.minimum(places, _LATE), np.inf if any(headed) else 0.0)
    order: list[int] = np.argsort(loss - scores, kind="stable").tolist()
    return order


def thinned(pages: Sequence[int], *, likeness: Floats, limit: int) -> list[int]:
    """Return the first ``limit`` places, at most two of a page and no near-duplicates.

    ``likeness`` holds the cosine of every two places.
    """
    alike: NDArray[np.bool_] = likeness > NEAR_DUPLICATE
    kept: list[int] = []
    for place, page in enumerate(pages):
        if len(kept) == limit:
            break
        if sum(pages[other] == page for other in kept) >= MOST_OF_A_PAGE:
            continue
        if bool(alike[place, kept].any()):
            continue
        kept.append(place)
    return kept
