"""What a drill comes to: an item's score with the trainee's own words, and the whole. Pure."""

from dataclasses import dataclass
from typing import Final

MOST_EVIDENCE: Final = 6


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """Words of the trainee's, and in which of their messages (from 1); `good` counts for them.

    `why` says what it shows: the text `drill.why.<why>` with `about` (a step's number, the contract's term).
    """

    quote: str
    line: int
    good: bool
    why: str
    about: str = ""


@dataclass(frozen=True, kw_only=True)
class Score:
    """One item: `share` of its weight, 0 to 1; `missing` are the steps not done (from 1), or what did not come."""

    item: str
    share: float
    evidence: tuple[Evidence, ...] = ()
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Result:
    """What a drill comes to: per cent, and whether that passes; `failed` are the critical items with nothing."""

    percent: int
    passed: bool
    scores: tuple[Score, ...]
    failed: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Ground:
    """What holds for a drill outside it: texts of its pages for clients, those of pages for our own people."""

    public: tuple[str, ...] = ()
    internal: tuple[str, ...] = ()

    @property
    def every(self) -> tuple[str, ...]:
        """All of them."""
        return self.public + self.internal
