"""Tables of the report: Markdown, and who is ahead of whom by how much."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from benchmarks.compare.plots import shown

EQUAL = 0.02  # closer than this share of ours, nobody is ahead


@dataclass(frozen=True)
class Measured:
    """One figure of a system; `more` where more of it is better."""

    what: str
    more: bool
    ours: float
    other: float
    who: str

    @property
    def ratio(self) -> float | None:
        """How many times better the better one is; None where one of them is zero."""
        least, most = sorted((abs(self.ours), abs(self.other)))
        return most / least if least else None

    @property
    def ahead(self) -> str:
        """ours, other, or equal."""
        if abs(self.ours - self.other) <= EQUAL * abs(self.ours):
            return "equal"
        return "ours" if (self.ours > self.other) == self.more else "other"


def best(what: str, ours: float, others: Iterable[tuple[str, float]], *, more: bool) -> Measured | None:
    """Ours beside the best of the others; None where there are none."""
    known = list(others)
    if not known:
        return None
    who, other = (max if more else min)(known, key=lambda one: one[1])
    return Measured(what=what, more=more, ours=ours, other=other, who=who)


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> list[str]:
    """Markdown; numbers to the right."""
    held = [list(row) for row in rows]
    body = [[_cell(value) for value in row] for row in held]
    right = [all(isinstance(row[n], int | float) or row[n] is None for row in held) for n in range(len(head))]
    return [
        f"| {' | '.join(head)} |",
        f"|{'|'.join('--:' if number else '---' for number in right)}|",
        *(f"| {' | '.join(row)} |" for row in body),
        "",
    ]


def _cell(value: object) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return shown(value)
    return str(value).replace("|", "\\|").replace("\n", " ")
