"""Plots as geometry: columns, stacked columns, bars and a sparkline, in a frame of a thousand by a hundred. Pure.

Only shapes are drawn; words stand beside them as text of the page, so that they stay readable at any width.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

WIDTH: Final = 1000
HEIGHT: Final = 100
_AIR: Final = 0.22  # of a column's place, left empty
_LEAST: Final = 1.2  # a value that is there is seen
_STEPS: Final = (1, 2, 2.5, 5, 10)
_FINE: Final = (1, 1.2, 1.6, 2, 2.4, 3, 4, 5, 6, 8, 10)
_LENGTHS: Final = (
    60, 300, 900, 1800, 3600, 7200, 14400, 28800, 43200, 86400, 172800, 432000, 864000, 1728000, 5184000, 15552000,
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Box:
    """A rectangle from the top left; `kind` says which colour, `title` what it stands for."""

    x: float
    y: float
    width: float
    height: float
    kind: str
    title: str


@dataclass(frozen=True, kw_only=True)
class Plot:
    """A drawing: its boxes, how much its top stands for, and where its goal lies (from the top), if it is inside."""

    boxes: tuple[Box, ...]
    top: float
    goal: float | None = None


@dataclass(frozen=True, kw_only=True)
class Part:
    """One layer of a column."""

    value: float
    kind: str
    title: str


def columns(stacks: Sequence[Sequence[Part]], *, top: float, goal: float | None = None) -> Plot:
    """A column for each stack of parts, the first part at the bottom; an empty stack has no column."""
    place = WIDTH / max(1, len(stacks))
    boxes: list[Box] = []
    for n, stack in enumerate(stacks):
        floor = float(HEIGHT)
        for part in stack:
            height = max(_LEAST, HEIGHT * part.value / top) if top else _LEAST
            floor -= height
            x, width = place * (n + _AIR / 2), place * (1 - _AIR)
            boxes.append(
                Box(x=round(x, 1), y=round(max(0.0, floor), 1), width=round(width, 1), height=round(height, 1),
                    kind=part.kind, title=part.title)
            )  # fmt: skip
    inside = goal is not None and 0 < goal <= top
    return Plot(boxes=tuple(boxes), top=top, goal=round(HEIGHT - HEIGHT * goal / top, 1) if inside and goal else None)


def ceiling(values: Sequence[float], *, seconds: bool = False, fine: bool = False) -> float:
    """A round number at or above all of them: of seconds, a length that people know; `fine` wastes less room."""
    most = max(values, default=0)
    if seconds:
        return float(next((length for length in _LENGTHS if length >= most), most))
    if most <= 1:
        return 1.0
    size = 10.0 ** (len(str(int(most))) - 1)
    return next(step * size for step in (_FINE if fine else _STEPS) if step * size >= most)


def sparkline(values: Sequence[float | None]) -> tuple[tuple[str, ...], tuple[tuple[float, float], ...]]:
    """Lines through neighbouring values (SVG points), and the points that stand alone; None is a gap."""
    known = [value for value in values if value is not None]
    if not known:
        return (), ()
    low, high = min(known), max(known)
    runs: list[list[tuple[float, float]]] = [[]]
    for n, value in enumerate(values):
        if value is None:
            runs.append([])
            continue
        x = WIDTH * (n + 0.5) / len(values)
        y = HEIGHT / 2 if high == low else HEIGHT * (0.9 - 0.8 * (value - low) / (high - low))
        runs[-1].append((round(x, 1), round(y, 1)))
    lines = tuple(" ".join(f"{x},{y}" for x, y in run) for run in runs if len(run) > 1)
    return lines, tuple(run[0] for run in runs if len(run) == 1)
