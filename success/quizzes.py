"""Questions with choices, as people write them in a text field; each names the page it comes from. Pure.

A question is a few lines: `? what is asked`, `@ page/of/the-manual`, `+ the right choice`, `- another` (1 to 5).
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from handoff.rows import clean
from success.drills.errors import QuizBroken

MOST: Final = 40
LONGEST: Final = 300
CHOICE_LENGTH: Final = 100
MOST_CHOICES: Final = 6
TEXT_LENGTH: Final = 40_000
_SIGNS: Final = "?@+-？＠＋－"
_FOLDED: Final = str.maketrans("？＠＋－", "?@+-")


@dataclass(frozen=True, kw_only=True)
class Question:
    """A question, the page it comes from, its choices as written, and which of them is right."""

    text: str
    page: str
    choices: tuple[str, ...]
    right: int

    @property
    def key(self) -> str:
        """What tells it from others, by its content."""
        whole = "\n".join((self.text, *self.choices))
        return hashlib.sha256(whole.encode("utf-8", "replace")).hexdigest()[:12]

    def order(self, salt: str = "") -> tuple[int, ...]:
        """The choices in the order in which they are shown, drawn by `salt`, always alike."""
        drawn = {
            place: hashlib.sha256(f"{salt}:{self.key}:{place}".encode()).hexdigest()
            for place in range(len(self.choices))
        }
        return tuple(sorted(drawn, key=lambda place: drawn[place]))


def read(text: str) -> tuple[Question, ...]:
    """The questions of a text; none of an empty one. Raises QuizBroken with the line and why."""
    if len(text) > TEXT_LENGTH:
        raise QuizBroken(1, "long")
    found: list[tuple[int, dict[str, Any]]] = []
    for number, raw in enumerate(clean(text).splitlines(), 1):
        line = raw.strip()
        if not line:
            continue
        sign, said = line[0].translate(_FOLDED), " ".join(line[1:].split())
        if line[0] not in _SIGNS or not said:
            raise QuizBroken(number, "sign")
        if sign == "?":
            found.append((number, {"text": said, "page": "", "choices": [], "right": []}))
        elif not found:
            raise QuizBroken(number, "first")
        else:
            _add(found[-1][1], sign, said, number)
    if len(found) > MOST:
        raise QuizBroken(found[MOST][0], "many")
    return tuple(_question(number, row) for number, row in found)


def write(questions: Iterable[Question]) -> str:
    """The questions as they are written."""
    blocks = []
    for each in questions:
        lines = [f"? {each.text}", *([f"@ {each.page}"] if each.page else [])]
        lines += [f"{'+' if place == each.right else '-'} {choice}" for place, choice in enumerate(each.choices)]
        blocks.append("\n".join(lines))
    return "\n\n".join(blocks)


def to_rows(questions: Iterable[Question]) -> list[dict[str, Any]]:
    """What is kept of questions."""
    return [{"text": q.text, "page": q.page, "choices": list(q.choices), "right": q.right} for q in questions]


def of_rows(rows: Sequence[dict[str, Any]]) -> tuple[Question, ...]:
    """Questions that were kept."""
    return tuple(
        Question(text=row["text"], page=row["page"], choices=tuple(row["choices"]), right=row["right"]) for row in rows
    )


def _add(row: dict[str, Any], sign: str, said: str, number: int) -> None:
    if sign == "@":
        if row["page"]:
            raise QuizBroken(number, "page")
        row["page"] = said[:LONGEST]
        return
    if len(said) > CHOICE_LENGTH:
        raise QuizBroken(number, "choice")
    if sign == "+":
        row["right"].append(len(row["choices"]))
    row["choices"].append(said)


def _question(number: int, row: dict[str, Any]) -> Question:
    choices = tuple(row["choices"])
    if len(row["text"]) > LONGEST:
        raise QuizBroken(number, "long")
    if len(row["right"]) != 1:
        raise QuizBroken(number, "right")
    if not 2 <= len(choices) <= MOST_CHOICES or len(set(choices)) != len(choices):  # noqa: PLR2004 - a choice
        raise QuizBroken(number, "choices")
    return Question(text=row["text"], page=row["page"], choices=choices, right=row["right"][0])
