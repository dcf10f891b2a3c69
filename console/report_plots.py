"""Plots of reports as SVG with their words inside: readable on paper, without colour, in any script. Pure.

Fills differ in lightness and some in pattern, values stand beside what they measure, and each plot's numbers stand
in a table that the page adds.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup, escape

from console import plots
from console.plots import Part

INK: Final = "#17191e"
MUTED: Final = "#5b6270"
GRID: Final = "#dfe2e8"
ACCENT: Final = "#3a4fd0"
SOFT: Final = "#dfe4fb"
RAMP: Final = ("#232f80", "#3a4fd0", "#7788e8", "#aab6f3", "#d5dbfa", "#c3c7d0", "#8d94a1")
"""From dark to light: neighbours are told apart without colour."""
LEVELS: Final = {"emergency": "#8f1d17", "bug": "#e08a2e", "question": "#3a4fd0", "change": "#c6cdf6"}
LIGHTS: Final = {"good": "#1b7f4b", "watch": "#b45f06", "bad": "#b0211a", "unknown": "#8d94a1"}
WIDE: Final = 640
_LEFT, _RIGHT, _TOP, _FOOT = 46.0, 20.0, 20.0, 24.0
_WIDE_LETTERS: Final = 0x2E80
Words = Callable[[float], str]


@dataclass(frozen=True, kw_only=True)
class Bar:
    """A row of a bar chart: what it is of, how much, and that in words."""

    label: str
    value: float
    shown: str


def columns(
    stacks: Sequence[Sequence[Part]], labels: Sequence[str], *, words: Words, title: str, height: int = 190
) -> Markup:
    """Stacked columns with their sums on top; an empty stack has a dash."""
    sums = [sum(part.value for part in stack) for stack in stacks]
    top = plots.ceiling(sums, fine=True)
    drawn = plots.columns(stacks, top=top)
    parts = [_axis(top, words, height, whole=True)]
    scale_x, scale_y = (WIDE - _LEFT - _RIGHT) / plots.WIDTH, (height - _TOP - _FOOT) / plots.HEIGHT
    for box in drawn.boxes:
        x, y, width = _LEFT + box.x * scale_x, _TOP + box.y * scale_y, box.width * scale_x
        room = max(0.0, width - _WIDEST) / 2
        parts.append(
            f'<rect x="{x + room:.1f}" y="{y:.1f}" width="{width - 2 * room:.1f}" height="{box.height * scale_y:.1f}" '
            f'fill="{_fill(box.kind)}" stroke="#fff" stroke-width=".8"><title>{escape(box.title)}</title></rect>'
        )
    place = (WIDE - _LEFT - _RIGHT) / max(1, len(stacks))
    for n, (total, label) in enumerate(zip(sums, labels, strict=True)):
        x = _LEFT + place * (n + 0.5)
        y = _TOP + (height - _TOP - _FOOT) * (1 - total / top if top else 1) - 5
        parts.append(_text(x, y, words(total) if total else "–", weight=600, anchor="middle"))
        parts.append(_text(x, height - 8, label, fill=MUTED, anchor="middle"))
    return _svg(parts, height=height, title=title)


def line(
    values: Sequence[float | None], labels: Sequence[str], *, words: Words, title: str, height: int = 190,
    dots: bool = False, whole: bool = True,
) -> Markup:  # fmt: skip
    """A line over its filled ground; gaps stay gaps. Labels stand where there is room, the highest value is named.

    `whole`: what is counted has no halves.
    """
    top = plots.ceiling([value for value in values if value is not None], fine=True)
    parts = [_axis(top, words, height, whole=whole)]
    floor, left, right = height - _FOOT, _LEFT + 6, WIDE - _RIGHT - 6
    step = (right - left) / max(1, len(values) - 1)
    runs: list[list[tuple[float, float]]] = [[]]
    for n, value in enumerate(values):
        if value is None:
            runs.append([])
            continue
        x = (left + right) / 2 if len(values) == 1 else left + step * n
        runs[-1].append((x, floor - (floor - _TOP) * value / top))
    for run in filter(None, runs):
        points = " ".join(f"{x:.1f},{y:.1f}" for x, y in run)
        if len(run) > 1:
            ground = f"{run[0][0]:.1f},{floor:.1f} {points} {run[-1][0]:.1f},{floor:.1f}"
            parts.append(f'<polygon points="{ground}" fill="{SOFT}"/>')
            parts.append(f'<polyline points="{points}" fill="none" stroke="{ACCENT}" stroke-width="2" '
                         'stroke-linejoin="round" stroke-linecap="round"/>')  # fmt: skip
        if dots or len(run) == 1:
            parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{ACCENT}"/>' for x, y in run]
    parts += _peak(values, top, left=left, step=step, floor=floor, words=words)
    parts += _along(labels, left=left, step=step, y=height - 8)
    return _svg(parts, height=height, title=title)


def bars(rows: Sequence[Bar], *, title: str, wide: int = WIDE, room: int = 230) -> Markup:
    """Bars from the left, each with its label before and its value after it."""
    most, pitch = max((row.value for row in rows), default=0) or 1, 25
    values = max((_length(row.shown, 12) for row in rows), default=0) + 10
    parts = []
    for n, row in enumerate(rows):
        y = 4 + pitch * n
        length = max(2.0, (wide - room - values - 8) * row.value / most)
        parts.append(_text(room - 10, y + 13, shortened(row.label, room - 16), anchor="end", tip=row.label))
        parts.append(f'<rect x="{room}" y="{y + 1}" width="{length:.1f}" height="15" rx="3" fill="{RAMP[2]}"/>')
        parts.append(_text(room + length + 7, y + 13, row.shown, weight=600))
    return _svg(parts, height=pitch * max(1, len(rows)) + 4, wide=wide, title=title)


def donut(rows: Sequence[Bar], *, title: str, middle: str, under: str, wide: int = 310) -> Markup:
    """A ring of shares, and beside it what each is, in the order of the ring."""
    total = sum(row.value for row in rows) or 1
    height, radius = max(132, 23 * len(rows) + 14), 46.0
    around, gone = 2 * 3.141592653589793 * radius, 0.0
    cx, cy = 62, height / 2
    parts = [f'<circle cx="{cx}" cy="{cy}" r="{radius}" fill="none" stroke="{GRID}" stroke-width="20"/>']
    for n, row in enumerate(rows):
        part = around * row.value / total
        parts.append(
            f'<circle cx="{cx}" cy="{cy}" r="{radius}" fill="none" stroke="{RAMP[n % len(RAMP)]}" stroke-width="20" '
            f'stroke-dasharray="{max(0.0, part - 1):.2f} {around - part + 1:.2f}" stroke-dashoffset="{-gone:.2f}" '
            f'transform="rotate(-90 {cx} {cy})"><title>{escape(row.label)}</title></circle>'
        )
        gone += part
    parts.append(_text(cx, cy + 2, middle, size=15, weight=650, anchor="middle"))
    parts.append(_text(cx, cy + 16, under, size=9.5, fill=MUTED, anchor="middle"))
    start = cy - 23 * len(rows) / 2 + 15
    for n, row in enumerate(rows):
        y = start + 23 * n
        parts.append(f'<rect x="136" y="{y - 10:.1f}" width="11" height="11" rx="2" fill="{RAMP[n % len(RAMP)]}"/>')
        parts.append(_text(154, y, shortened(row.label, 96), tip=row.label))
        parts.append(_text(wide - 4, y, row.shown, weight=600, anchor="end"))
    return _svg(parts, height=height, wide=wide, title=title)


def light(state: str) -> Markup:
    """A light that is told by its shape: a tick in a disc, a triangle, a square with a mark, an empty ring."""
    colour = LIGHTS[state]
    shapes = {
        "good": f'<circle cx="9" cy="9" r="8" fill="{colour}"/><path d="m5.3 9.3 2.5 2.5 5-5.3" fill="none" '
        'stroke="#fff" stroke-width="1.8" stroke-linecap="round" stroke-linejoin="round"/>',
        "watch": f'<path d="M9 1.6 17 16H1z" fill="{colour}" stroke="{colour}" stroke-linejoin="round"/>'
        '<path d="M9 6.6v4.3" stroke="#fff" stroke-width="1.8" stroke-linecap="round"/>'
        '<circle cx="9" cy="13.5" r="1.1" fill="#fff"/>',
        "bad": f'<rect x="1" y="1" width="16" height="16" rx="3" fill="{colour}"/><path d="m5.8 5.8 6.4 6.4m0-6.4'
        '-6.4 6.4" stroke="#fff" stroke-width="1.9" stroke-linecap="round"/>',
        "unknown": f'<circle cx="9" cy="9" r="7" fill="none" stroke="{colour}" stroke-width="1.6" '
        'stroke-dasharray="3 2.5"/>',
    }  # fmt: skip
    start = '<svg class="r-light" viewBox="0 0 18 18" width="16" height="16" aria-hidden="true">'
    return Markup(start + shapes[state] + "</svg>")  # noqa: S704 - our own shapes


def swatch(kind: str) -> Markup:
    """What a colour of the columns stands for."""
    fill = _fill(kind)
    start = f'<svg class="r-swatch" viewBox="0 0 11 11" width="11" height="11" aria-hidden="true"><rect width="11" height="11" rx="2" fill="{fill}"/>'  # noqa: E501
    return Markup(start + "</svg>")  # noqa: S704 - our own colours


def shortened(text: str, room: float, size: float = 12) -> str:
    """As much of a text as there is room for."""
    if _length(text, size) <= room:
        return text
    kept = text
    while kept and _length(kept + "…", size) > room:
        kept = kept[:-1]
    return kept + "…"


_WIDEST: Final = 56.0


def _fill(kind: str) -> str:
    return LEVELS.get(kind, ACCENT)


def _length(text: str, size: float) -> float:
    return sum(size if ord(letter) >= _WIDE_LETTERS else size * 0.56 for letter in text)


def _axis(top: float, words: Words, height: float, *, whole: bool) -> str:
    lines = []
    for share in (0.0, 0.5, 1.0):
        y = height - _FOOT - (height - _TOP - _FOOT) * share
        stroke = GRID if share else MUTED
        lines.append(f'<path d="M{_LEFT} {y:.1f}H{WIDE - _RIGHT}" stroke="{stroke}" stroke-width="1"/>')
        if not whole or top * share == int(top * share):
            lines.append(_text(_LEFT - 7, y + 4, words(top * share), size=11, fill=MUTED, anchor="end"))
    return "".join(lines)


def _peak(
    values: Sequence[float | None], top: float, *, left: float, step: float, floor: float, words: Words
) -> list[str]:
    known = [(value, n) for n, value in enumerate(values) if value is not None]
    if not known or max(known)[0] <= 0:
        return []
    value = max(value for value, _ in known)
    place = next(n for each, n in known if each == value)
    x, y = left + step * place, floor - (floor - _TOP) * value / top
    anchor = "start" if x < left + 40 else "end" if x > WIDE - 80 else "middle"
    return [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.2" fill="#fff" stroke="{ACCENT}" stroke-width="2"/>',
            _text(x, y - 8, words(value), weight=650, anchor=anchor)]  # fmt: skip


def _along(labels: Sequence[str], *, left: float, step: float, y: float) -> list[str]:
    """As many labels below the axis as do not touch."""
    widest = max((_length(label, 11.5) for label in labels), default=0) + 16
    every = max(1, -(-int(widest) // max(1, int(step))))
    middle = WIDE / 2 if len(labels) == 1 else left
    return [_text(middle + step * n, y, labels[n], fill=MUTED, anchor="middle") for n in range(0, len(labels), every)]


def _text(
    x: float, y: float, words: str, *, size: float = 11.5, weight: int = 400, fill: str = INK, anchor: str = "start",
    tip: str = "",
) -> str:  # fmt: skip
    inside = f"<title>{escape(tip)}</title>" if tip and tip != words else ""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" font-weight="{weight}" fill="{fill}" '
        f'text-anchor="{anchor}">{escape(words)}{inside}</text>'
    )


def _svg(parts: Sequence[str], *, height: float, title: str, wide: float = WIDE) -> Markup:
    start = (
        f'<svg class="r-plot" viewBox="0 0 {wide} {height:.0f}" width="{wide}" height="{height:.0f}" role="img" '
        f'aria-label="{escape(title)}">'
    )
    return Markup(start + "".join(parts) + "</svg>")  # noqa: S704 - every text in it is escaped
