"""Whether a colleague said what the bot had drafted: the same page named, or the same meaning. Pure."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from bot.checks import MARK
from handoff.autonomy import Verdict
from handoff.kinds import Outcome
from knowledge.language import fold, is_chinese

#: Likeness, on the embedder's own scale of 0..1, from which two answers say the same: fitted by benchmarks/sameness.py,
#: where 31 of 32 answers of the same meaning reach it, and 2 of 32 that answer the same question otherwise.
SAME_MEANING: Final = 0.8
_SHORTEST_TITLE: Final = 4
_LETTERS: Final = re.compile(r"[\W_]+")


@dataclass(frozen=True, kw_only=True)
class Judged:
    """What a draft was worth, and by what sign."""

    verdict: Verdict
    how: Literal["page", "meaning"] | None = None


def drafted(shadow: Mapping[str, Any]) -> str | None:
    """The text of an answer that was drafted; None where it would have been a hand-off, a question back, or nothing."""
    if shadow.get("outcome") != Outcome.ANSWERED:
        return None
    return MARK.sub("", str(shadow.get("text") or "")).strip() or None


def comparable(draft: str, answer: str) -> bool:
    """Whether the likeness of two texts means anything: the embedder puts any two of one language nearer than that."""
    return is_chinese(draft) == is_chinese(answer)


def judge(shadow: Mapping[str, Any], answer: str, *, likeness: float | None) -> Judged:
    """Hold a draft against a colleague's answer; `likeness` is of their texts, None if it cannot be told."""
    if drafted(shadow) is None:
        return Judged(verdict="none")
    if names_page(answer, shadow.get("citations") or ()):
        return Judged(verdict="hit", how="page")
    if likeness is None:
        return Judged(verdict="none")
    return Judged(verdict="hit", how="meaning") if likeness >= SAME_MEANING else Judged(verdict="miss")


def names_page(answer: str, citations: Sequence[Mapping[str, Any]]) -> bool:
    """Whether the answer holds a cited page's address or its title."""
    said = fold(answer)
    packed = _LETTERS.sub("", said)
    for cited in citations:
        title = _LETTERS.sub("", fold(str(cited.get("title") or "")))
        if len(title) >= _SHORTEST_TITLE and title in packed:
            return True
        if any(address in said for address in _addresses(cited)):
            return True
    return False


def _addresses(cited: Mapping[str, Any]) -> list[str]:
    url, page = cited.get("url"), cited.get("page")
    return [fold(text) for text in (str(url or "").rstrip("/"), f"/m/{page}" if page else "") if text]
