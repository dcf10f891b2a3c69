"""A Markdown table that is too long or too wide for one chunk → pieces that are tables themselves. Pure.

A piece without the header says nothing ("| 3 | 900 |"), so each repeats it. A row that is too wide even alone is
turned into tables of some of its columns, the first of which, its name as a rule, stands in each.
"""

import re
from collections.abc import Callable, Iterator
from typing import Final

Fits = Callable[[str], bool]
#: First line and end line, counted from the table's own first, and the text; None where lines must be cut as text.
Piece = tuple[int, int, str | None]

_HEAD: Final = 2
_BAR: Final = re.compile(r"(?<!\\)\|")


def pieces(lines: list[str], *, fits: Fits) -> Iterator[Piece]:
    """Cut a table (header, rule, rows) so that every piece fits."""
    head, start = lines[:_HEAD], _HEAD
    while start < len(lines):
        end = start + 1
        while end < len(lines) and fits("\n".join([*head, *lines[start : end + 1]])):
            end += 1
        text = "\n".join([*head, *lines[start:end]])
        if fits(text):
            yield start, end, text
        else:
            yield from _columns(lines, start, fits=fits)
        start = end
    if len(lines) <= _HEAD:
        yield 0, len(lines), None


def _columns(lines: list[str], row: int, *, fits: Fits) -> Iterator[Piece]:
    """Cut one row, under its header, between columns."""
    names, values = _cells(lines[0]), _cells(lines[row])
    values += [""] * (len(names) - len(values))
    chosen: list[int] = []
    made: list[str] = []
    for column in range(1, len(names)):
        if chosen and not fits(_narrow(names, values, [*chosen, column])):
            made.append(_narrow(names, values, chosen))
            chosen = []
        chosen.append(column)
    made.append(_narrow(names, values, chosen))
    if all(fits(text) for text in made):
        yield from ((row, row + 1, text) for text in made)
    else:
        yield row, row + 1, None


def _narrow(names: list[str], values: list[str], columns: list[int]) -> str:
    shown = [0, *columns]
    rows = ([names[each] for each in shown], ["---"] * len(shown), [values[each] for each in shown])
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _cells(line: str) -> list[str]:
    inner = line.strip().removeprefix("|")
    return [cell.strip() for cell in _BAR.split(inner.removesuffix("|"))]
