"""What is said of a cluster of questions: its telling words, how it grows, and what would help. Pure."""

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from knowledge.language import fold, salient, tokens

WEEK: Final = timedelta(days=7)
WEEKS: Final = 12
RECENT: Final = 4
#: From which evidence on a page has nearly what is asked.
NEARLY: Final = 0.25
_LONGEST: Final = 4
_TERMS: Final = 4
_FILLERS: Final = frozenset("怎么什吗呢的了是我你您们在有能要可以不一个这那会想请问把给让被和就都也还再啊呀吧下")
_HAN_RUN: Final = re.compile(r"[\u3400-\u9fff]{2,}")
_LATIN: Final = re.compile(r"[a-z][a-z0-9]*(?:[-.][a-z0-9]+)*")


class Advice(StrEnum):
    """What would help: a new page, one question more on a page that nearly has it, or a page better understood."""

    WRITE = "write"
    EXTEND = "extend"
    CLARIFY = "clarify"


@dataclass(frozen=True, kw_only=True)
class Near:
    """The page that is found first for a question, how sure the evidence is, and whether that is enough."""

    page: str
    evidence: float
    enough: bool


@dataclass(frozen=True, kw_only=True)
class Trend:
    """Questions by week, the oldest first; the last one ends now."""

    weeks: tuple[int, ...]

    @property
    def recent(self) -> int:
        """Of the last four weeks."""
        return sum(self.weeks[-RECENT:])

    @property
    def before(self) -> int:
        """Of the four weeks before those."""
        return sum(self.weeks[-2 * RECENT : -RECENT])


def trend(times: Iterable[datetime], *, now: datetime, weeks: int = WEEKS) -> Trend:
    """How many questions each week had; what is older than that is left out, what is in the future is of this week."""
    ages = Counter(max(0, (now - at) // WEEK) for at in times)
    return Trend(weeks=tuple(ages[weeks - 1 - place] for place in range(weeks)))


def advice(near: Sequence[Near | None], *, failed: Sequence[str | None]) -> tuple[Advice, str | None]:
    """What would help these questions, and on which page.

    ``near`` is what is found for each of them; ``failed`` the page whose answer did not help, None for a question that
    got none. A page that half of them were answered from is there and not understood; one that half of them nearly
    find wants their words; else it is not written yet.
    """
    whole = max(len(failed), 1)
    answered = Counter(page for page in failed if page is not None)
    if answered:
        page, n = _most(answered)
        if 2 * sum(answered.values()) >= whole and 3 * n >= whole:
            return Advice.CLARIFY, page
    nearly = Counter(one.page for one in near if one is not None and (one.enough or one.evidence >= NEARLY))
    if nearly:
        page, n = _most(nearly)
        if 2 * n >= max(len(near), 1):
            return Advice.EXTEND, page
    return Advice.WRITE, None


def _most(counted: Mapping[str, int]) -> tuple[str, int]:
    return min(counted.items(), key=lambda item: (-item[1], item[0]))


def telling(members: Sequence[str], everything: Sequence[str]) -> tuple[str, ...]:
    """The words that tell these questions from all others, the most telling first.

    They stand in at least a third of the questions, and in two where there are more. One that is part of another is
    left out. One wording alone tells nothing.
    """
    if len(set(members)) == 1:
        return ()
    held = Counter(word for text in members for word in _words(text))
    spread = Counter(word for text in everything for word in _words(text))
    least = max(2, math.ceil(len(members) / 3))
    scored = {
        word: n * (1 + math.log(len(word))) * math.log(1 + len(everything) / spread[word])
        for word, n in held.items()
        if n >= least
    }
    chosen: list[str] = []
    for word in sorted(scored, key=lambda word: (-scored[word], word)):
        if not any(word in other or other in word or _overlap(word, other) for other in chosen):
            chosen.append(word)
    return tuple(chosen[:_TERMS])


def _overlap(one: str, other: str) -> bool:
    """Whether two pieces of Chinese share a pair of characters, or one goes on where the other ends."""
    if one.isascii():
        return False
    return one[0] == other[-1] or one[-1] == other[0] or any(one[i : i + 2] in other for i in range(len(one) - 1))


def _words(text: str) -> frozenset[str]:
    said = salient(text) or fold(text)
    latin = {word for word in _LATIN.findall(said) if tokens(word) and len(word) > 1}
    return frozenset(latin) | frozenset(_pieces(said))


def _pieces(said: str) -> Iterator[str]:
    for run in _HAN_RUN.findall(said):
        for size in range(2, _LONGEST + 1):
            for start in range(len(run) - size + 1):
                piece = run[start : start + size]
                if not _FILLERS & set(piece):
                    yield piece
