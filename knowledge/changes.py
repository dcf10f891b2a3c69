"""What a new version would change: golden questions and pages, before and after. Pure values."""

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """How a version did on one golden question."""

    RIGHT = "right"
    WRONG_PAGE = "wrong_page"
    REFUSED = "refused"  # it should have been answered
    SHOULD_REFUSE = "should_refuse"  # it was answered


@dataclass(frozen=True, kw_only=True)
class Result:
    """One golden question asked of one version.

    ``pages`` are the expected ones (none: must not be answered), ``found`` the page found first, ``evidence`` the
    probability (0..1) that what was found answers it, ``answered`` whether that was enough.
    """

    ask: str
    after: str | None
    pages: tuple[str, ...]
    must: bool
    found: str | None
    evidence: float
    answered: bool
    verdict: Verdict


class Turn(StrEnum):
    """What became of a golden question between two versions."""

    BROKEN = "broken"
    MENDED = "mended"
    MOVED = "moved"  # as right or wrong as before, but another page is found first


@dataclass(frozen=True, kw_only=True)
class QuestionChange:
    """A golden question that the live version and a new one treat differently."""

    turn: Turn
    before: Result
    after: Result


@dataclass(frozen=True, kw_only=True)
class Decision:
    """Whether a version may go live, and if not, why: the score is ``worse``, or these questions must not break."""

    worse: bool
    musts: tuple[str, ...]

    @property
    def passes(self) -> bool:
        """Whether it may."""
        return not self.worse and not self.musts


class Side(StrEnum):
    """Where a piece of text stands."""

    SAME = "same"
    GONE = "gone"
    NEW = "new"


@dataclass(frozen=True, kw_only=True)
class Span:
    """A run of words in a comparison."""

    side: Side
    text: str


@dataclass(frozen=True, kw_only=True)
class SectionChange:
    """A section whose words changed; ``spans`` read one after the other are old and new text together."""

    heading: str
    spans: tuple[Span, ...]


@dataclass(frozen=True, kw_only=True)
class FrontChange:
    """A key of the front matter that changed, as texts ("" for none)."""

    key: str
    before: str
    after: str


class Fate(StrEnum):
    """What happens to a page."""

    ADDED = "added"
    CHANGED = "changed"
    REMOVED = "removed"


@dataclass(frozen=True, kw_only=True)
class PageChange:
    """A page that a new version adds, changes or removes.

    ``opened``: clients come to see it who did not before. ``cut``: the comparison was too long to give whole.
    ``fresh`` and ``stale`` count chunks that come and go.
    """

    page: str
    title: str
    fate: Fate
    sections: tuple[SectionChange, ...] = ()
    front: tuple[FrontChange, ...] = ()
    opened: bool = False
    cut: bool = False
    fresh: int = 0
    stale: int = 0
