"""A gap's growth as a small drawing. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

WIDTH: Final = 7
GAP: Final = 2
HEIGHT: Final = 28


@dataclass(frozen=True, kw_only=True)
class Stroke:
    """A week's column, in the drawing's units from the top left; `recent`: of the last four weeks."""

    x: int
    y: float
    height: float
    recent: bool


@dataclass(frozen=True, kw_only=True)
class Sparkline:
    """Columns by week, and how wide the drawing is."""

    strokes: tuple[Stroke, ...]
    width: int


def sparkline(weeks: Sequence[int], *, recent: int = 4) -> Sparkline:
    """A column for each week; the fullest fills the height, an empty one is a trace."""
    most = max(weeks, default=0) or 1
    heights = [max(1.5, round(HEIGHT * n / most, 1)) for n in weeks]
    strokes = tuple(
        Stroke(x=place * (WIDTH + GAP), y=round(HEIGHT - height, 1), height=height, recent=place >= len(weeks) - recent)
        for place, height in enumerate(heights)
    )
    return Sparkline(strokes=strokes, width=max(len(weeks) * (WIDTH + GAP) - GAP, 1))
