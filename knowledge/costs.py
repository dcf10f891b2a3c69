"""What embedding costs where a server counts tokens: estimates before, figures after. Pure."""

import math
from collections.abc import Iterable
from typing import Protocol, runtime_checkable

from knowledge.model import Cost


@runtime_checkable
class Metered(Protocol):
    """An embedder that is paid by the token; ``price`` is that of a million, None if nobody said."""

    @property
    def price(self) -> float | None: ...
    @property
    def spent(self) -> Cost:
        """Return what it has used since it was opened."""
        ...


def estimated_tokens(text: str) -> int:
    """Return about how many tokens a text is: one a Chinese character, one for four others, never fewer than one.

    On the high side for the usual tokenisers, so that a batch cut by it fits and a bill is no surprise.
    """
    wide = sum(ord(character) >= 0x2E80 for character in text)  # noqa: PLR2004 - where CJK begins
    return max(1, wide + math.ceil((len(text) - wide) / 4))


def estimate(texts: Iterable[str], *, price: float | None) -> Cost:
    """Return what embedding texts would cost."""
    return Cost(tokens=sum(map(estimated_tokens, texts)), estimated=True, price=price)


def since(before: Cost | None, after: Cost | None) -> Cost | None:
    """Return what was used between two looks at a meter; None without one."""
    if before is None or after is None:
        return None
    return Cost(tokens=after.tokens - before.tokens, estimated=after.estimated, price=after.price)


def reading(embedder: object) -> Cost | None:
    """Return what an embedder has used so far; None if it costs nothing."""
    return embedder.spent if isinstance(embedder, Metered) else None
