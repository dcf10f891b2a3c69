"""Two texts line by line, what differs marked. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Final, Literal

_AROUND: Final = 3


@dataclass(frozen=True, kw_only=True)
class DiffLine:
    """A line that both have, only the old, or only the new; ``gap``: lines that both have are left out here."""

    kind: Literal["same", "old", "new", "gap"]
    text: str = ""


def differing_lines(old: str, new: str) -> tuple[DiffLine, ...]:
    """The lines that differ, with some around them; none where the texts are the same."""
    before, after = old.splitlines(), new.splitlines()
    matcher = SequenceMatcher(a=before, b=after, autojunk=False)
    return tuple(_lines(matcher, before, after))


def _lines(matcher: SequenceMatcher[str], before: list[str], after: list[str]) -> Iterator[DiffLine]:
    end = 0
    for group in matcher.get_grouped_opcodes(_AROUND):
        if group[0][1] > end:
            yield DiffLine(kind="gap")
        for verb, a, b, c, d in group:
            if verb == "equal":
                yield from (DiffLine(kind="same", text=line) for line in before[a:b])
                continue
            yield from (DiffLine(kind="old", text=line) for line in before[a:b])
            yield from (DiffLine(kind="new", text=line) for line in after[c:d])
        end = group[-1][2]
    if 0 < end < len(before):
        yield DiffLine(kind="gap")
