"""Which tickets are like another one, by the words of their titles and questions. Pure.

Rare words weigh more (inverse document frequency over the candidates), and the measure is the cosine of the two sets
of words: Salton and Buckley, Term-weighting approaches in automatic text retrieval, 1988.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import fsum, log, sqrt
from typing import Final

from handoff.model import Ticket
from knowledge.language import fold, tokens

SHOWN: Final = 6
LEAST: Final = 0.18
_READ: Final = 400  # characters of a ticket


@dataclass(frozen=True, kw_only=True)
class Like:
    """A ticket and how much it is like the one in question, 0 to 1; `ours`: of the same client."""

    ticket: Ticket
    score: float
    ours: bool


def alike(ticket: Ticket, candidates: Sequence[Ticket], *, shown: int = SHOWN) -> tuple[Like, ...]:
    """The tickets most like this one: the same client's first, each part the most alike first."""
    words = {each.id: _words(each) for each in (ticket, *candidates)}
    weight = _weights(words.values())
    scored = (
        Like(
            ticket=each,
            score=_cosine(words[ticket.id], words[each.id], weight),
            ours=each.client_id is not None and each.client_id == ticket.client_id,
        )
        for each in candidates
    )
    close = sorted((one for one in scored if one.score >= LEAST), key=lambda one: (-one.score, -one.ticket.id))[:shown]
    return tuple(sorted(close, key=lambda one: not one.ours))


def _words(ticket: Ticket) -> frozenset[str]:
    """Words, and pairs of Chinese characters: a single character says too little."""
    found = tokens(fold(f"{ticket.title}\n{ticket.summary}"[:_READ]))
    return frozenset(word for word in found if len(word) > 1)


def _weights(texts: Iterable[frozenset[str]]) -> Mapping[str, float]:
    known = list(texts)
    often = Counter(word for words in known for word in words)
    return {word: log(1 + len(known) / count) for word, count in often.items()}


def _cosine(a: frozenset[str], b: frozenset[str], weight: Mapping[str, float]) -> float:
    if not a or not b:
        return 0.0
    shared, of_a, of_b = (fsum(weight[word] ** 2 for word in words) for words in (a & b, a, b))
    return min(1.0, shared / sqrt(of_a * of_b))
