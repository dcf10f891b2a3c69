"""How words that are data are found: `a…b` (a few characters between), `a|b & c|d` (one of each). Pure."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Final

from knowledge.language import fold

_GAP: Final = ".{0,8}?"
_CLAUSE: Final = re.compile(
    r"(?<!\d),|,(?!\d)|[，;；:：](?!\d)|\b(?:but|and)\b|\bso (?=we|i|you|the|it|there|they|let)|但是?|不过"
)


@dataclass(frozen=True, kw_only=True)
class Words:
    """Alternatives, each of parts that must all stand in a text, in any order.

    `first` finds the first part of any, and `parts` any part: most texts hold none, and are looked through once.
    """

    ways: tuple[tuple[re.Pattern[str], ...], ...]
    first: re.Pattern[str]
    parts: re.Pattern[str]

    def stand_in(self, folded: str) -> bool:
        """Whether one of the alternatives does."""
        return self.rest_of(folded) is not None

    def without(self, folded: str) -> str:
        """The text with everything that one of the alternatives finds blotted out."""
        if self.parts.search(folded) is None:
            return folded
        for way in self.ways:
            for part in way:
                folded = part.sub(lambda found: "\0" * len(found.group()), folded)
        return folded

    def rest_of(self, folded: str) -> str | None:
        """The text without what one of the alternatives found; None where none stands in it."""
        if self.first.search(folded) is None:
            return None
        for way in self.ways:
            found = [each for part in way if (each := part.search(folded)) is not None]
            if len(found) == len(way):
                rest = folded
                for each in found:
                    rest = rest[: each.start()] + "\0" * (each.end() - each.start()) + rest[each.end() :]
                return rest
        return None


@cache
def words_of(written: tuple[str, ...]) -> Words:
    """What a list of words asks for."""
    ways = tuple(tuple(_either(part) for part in each.split(" & ")) for each in written)
    first, parts = (way[0] for way in ways), (part for way in ways for part in way)
    return Words(ways=ways, first=_any(first), parts=_any(parts))


def clauses(folded: str) -> tuple[str, ...]:
    """The parts of a sentence that can be denied on their own."""
    return tuple(each.strip() for each in _CLAUSE.split(folded) if each.strip())


def _any(patterns: Iterable[re.Pattern[str]]) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{each.pattern})" for each in patterns) or r"(?!)")


def _either(part: str) -> re.Pattern[str]:
    return re.compile("|".join(_one(word.strip()) for word in part.split("|") if word.strip()))


def _one(word: str) -> str:
    parts = [fold(part) for part in word.split("…")]
    inner = _GAP.join(re.escape(part).replace(r"\ ", r"\s+") for part in parts)
    starts, ends = parts[0][:1], parts[-1][-1:]
    before = r"(?<![a-z0-9])" if starts.isascii() and starts.isalnum() else ""
    after = r"(?![a-z0-9])" if ends.isascii() and ends.isalnum() else ""
    return f"{before}{inner}{after}"
