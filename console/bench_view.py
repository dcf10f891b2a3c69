"""What the bench offers and shows: which questions, what they will cost, and how two versions did. Pure."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any, Final

from console.bench_store import Run
from knowledge.golden import Golden

COUNTS: Final = (10, 25, 50, 100, 200)
MOST: Final = 500
_PASSAGES_TOKENS: Final = 2_400  # six passages, as sections usually are
_ANSWER_TOKENS: Final = 300


@dataclass(frozen=True, kw_only=True)
class Offer:
    """How many questions, and about what they cost with both versions: calls of the model and tokens."""

    count: int
    calls: int
    tokens: int


@dataclass(frozen=True, kw_only=True)
class Total:
    """How a version did on the questions that have been asked."""

    number: int
    asked: int
    right: int
    answered: int
    wrong_page: int
    wrongly_answered: int
    wrongly_refused: int
    failed: int
    length: int
    ms: int
    tokens: int


@dataclass(frozen=True, kw_only=True)
class Compared:
    """One question with what each version made of it; ``turn`` is ``better``, ``worse`` or ``same``."""

    place: int
    ask: str
    after: str | None
    pages: tuple[str, ...]
    sides: tuple[Mapping[str, Any] | None, ...]
    turn: str

    @property
    def differs(self) -> bool:
        """Whether the two did not answer in the same words."""
        texts = [(each or {}).get("text") for each in self.sides]
        return self.turn != "same" or len(set(texts)) > 1


def offers(questions: int, text: str) -> tuple[Offer, ...]:
    """What may be asked for: steps up to all questions there are."""
    counts = [count for count in COUNTS if count < questions]
    counts += [min(questions, MOST)] if questions else []
    each = _PASSAGES_TOKENS + _ANSWER_TOKENS + len(text) // 4
    return tuple(Offer(count=count, calls=2 * count, tokens=_rounded(2 * count * each)) for count in counts)


def sample(questions: Sequence[Golden], count: int) -> tuple[Golden, ...]:
    """The same questions whenever as many are asked for, spread over the file; those that must be right come first."""

    def place(question: Golden) -> tuple[bool, str]:
        return (not question.must, hashlib.sha256(question.text.encode("utf-8", "replace")).hexdigest())

    return tuple(sorted(questions, key=place)[:count])


def totals(run: Run, results: Mapping[int, Mapping[int, Mapping[str, Any]]]) -> tuple[Total, ...]:
    """Of each version, the live one first."""
    return tuple(_total(run, side, results) for side in run.sides)


def compared(run: Run, results: Mapping[int, Mapping[int, Mapping[str, Any]]]) -> tuple[Compared, ...]:
    """The questions that have been asked: where they came apart first, the worse ones before the better ones."""
    rows = [_compared(run, place, sides) for place, sides in results.items()]
    order = {"worse": 0, "better": 1, "same": 2}
    return tuple(sorted(rows, key=lambda row: (order[row.turn], not row.differs, row.place)))


def _total(run: Run, side: int, results: Mapping[int, Mapping[int, Mapping[str, Any]]]) -> Total:
    found = [(run.questions[place], sides[side]) for place, sides in results.items() if side in sides]
    answered = [(asked, each) for asked, each in found if each["outcome"] in ("model", "extract")]
    none = [each for asked, each in found if asked["pages"] and each["outcome"] not in ("model", "extract")]
    return Total(
        number=side,
        asked=len(found),
        right=sum(bool(each["right"]) for _, each in found),
        answered=len(answered),
        wrong_page=sum(each["page"] is False for _, each in answered),
        wrongly_answered=sum(not asked["pages"] for asked, _ in answered),
        wrongly_refused=len(none),
        failed=sum(each["checks"] not in ("passed", "repaired", "none") for _, each in found),
        length=round(median([len(each["text"]) for _, each in answered] or [0])),
        ms=round(median([each["ms"] for _, each in found if each["ms"]] or [0])),
        tokens=sum(each["tokens"] for _, each in found),
    )


def _compared(run: Run, place: int, sides: Mapping[int, Mapping[str, Any]]) -> Compared:
    asked = run.questions[place]
    ordered = tuple(sides.get(side) for side in run.sides)
    right = [bool(each and each["right"]) for each in ordered]
    turn = "same" if len(set(right)) == 1 else "better" if right[-1] else "worse"
    return Compared(
        place=place,
        ask=asked["ask"],
        after=asked.get("after"),
        pages=tuple(asked["pages"]),
        sides=ordered,
        turn=turn,
    )


def _rounded(tokens: int) -> int:
    """To two digits: it is a guess."""
    digits = max(0, len(str(tokens)) - 2)
    return round(tokens, -digits)
