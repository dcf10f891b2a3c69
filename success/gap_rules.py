"""Which gap a cluster is, when one closes and when it comes back. Pure."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Final

from success.gap_model import Asked, Facts, Why

#: New questions that bring a dismissed or closed gap back, however large it was.
NEWS: Final = 5
#: Of the questions that were tried, how many must be answered for a gap to close: so many in so many.
CLOSES: Final = (3, 4)
_ANSWERED_BADLY: Final = frozenset({Why.NOT_SOLVED, Why.RETRACTED})


def same(clusters: Sequence[Collection[int]], known: Mapping[int, Collection[int]]) -> dict[int, int]:
    """Which gap each cluster is (places to ids), by the questions that they share; each gap at most once.

    The pair that shares most is taken first, then by the share of all their questions; so of a gap that fell apart the
    larger part keeps its identity, and of gaps that became one the one that gave most.
    """
    owners = {turn: gap for gap, turns in known.items() for turn in turns}
    shared = Counter((place, owners[turn]) for place, turns in enumerate(clusters) for turn in turns if turn in owners)

    def rank(pair: tuple[tuple[int, int], int]) -> tuple[float, float, int, int]:
        (place, gap), n = pair
        return -n, -n / (len(clusters[place]) + len(known[gap]) - n), gap, place

    found: dict[int, int] = {}
    for (place, gap), _ in sorted(shared.items(), key=rank):
        if place not in found and gap not in found.values():
            found[place] = gap
    return found


def comes_back(*, size_then: int, size: int) -> bool:
    """Whether a gap that was dismissed or closed at a size has grown so that it must be looked at again."""
    grown = size - size_then
    return grown >= NEWS or (grown > 0 and 2 * grown >= size_then)


def closes(facts: Facts, *, centre_answered: bool | None) -> bool:
    """Whether the live version answers what a gap asks: its most central question and three in four of those tried."""
    of, whole = CLOSES
    return bool(centre_answered) and facts.tried > 0 and whole * facts.answered >= of * facts.tried


def rests_on_news(asked: Asked, *, page: str, heading: str, chunk: str, version: int) -> bool:
    """Whether what is found first now is something that the question was not answered from in vain before."""
    if asked.version == str(version):
        return False
    if asked.why in _ANSWERED_BADLY:
        return chunk not in asked.chunks
    return not (asked.by_model and (page, heading) in asked.places)
