"""Horizontal bars as SVG, readable on light and on dark paper; no library, small files."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

_ROW, _LEFT, _WIDTH, _NUMBER = 26, 300, 400, 80
_STYLE = """
text { font: 13px system-ui, sans-serif; fill: #1f2328 } .title { font-weight: 600 } .quiet { fill: #59636e }
.ours { fill: #1a7f64 } .other { fill: #8c959f } .axis { stroke: #d1d9e0 }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 } .quiet { fill: #9198a1 } .axis { stroke: #3d444d }
  .ours { fill: #3fb68f } .other { fill: #6e7681 }
}
"""


@dataclass(frozen=True)
class Bar:
    """One system's figure."""

    name: str
    value: float
    ours: bool = False


def shown(value: float) -> str:
    """Three significant digits, no exponent."""
    if value == 0:
        return "0"
    digits = max(0, 2 - math.floor(math.log10(abs(value))))
    return f"{value:,.{digits}f}"


def bars(title: str, rows: Sequence[Bar], *, unit: str, log: bool = False) -> str:
    """The drawing. `log` for figures that lie powers of ten apart; the scale begins a power below the least of them."""
    lengths = [_length(row.value, rows, log=log) for row in rows]
    width, height = _LEFT + _WIDTH + _NUMBER, 44 + _ROW * len(rows) + 24
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img">',
        f"<title>{escape(title)}</title>",
        f"<style>{_STYLE}</style>",
        f'<text class="title" x="8" y="22">{escape(title)}</text>',
        f'<line class="axis" x1="{_LEFT}" y1="34" x2="{_LEFT}" y2="{height - 22}"/>',
    ]
    for number, (row, length) in enumerate(zip(rows, lengths, strict=True)):
        y = 40 + _ROW * number
        kind = "ours" if row.ours else "other"
        lines += [
            f'<text x="{_LEFT - 8}" y="{y + 14}" text-anchor="end">{escape(row.name)}</text>',
            f'<rect class="{kind}" x="{_LEFT}" y="{y}" width="{length:.1f}" height="18" rx="2"/>',
            f'<text x="{_LEFT + length + 6:.1f}" y="{y + 14}">{shown(row.value)}</text>',
        ]
    lines += [f'<text class="quiet" x="{_LEFT}" y="{height - 6}">{escape(unit)}</text>', "</svg>"]
    return "\n".join(lines) + "\n"


def _length(value: float, rows: Sequence[Bar], *, log: bool) -> float:
    most = max(row.value for row in rows)
    if most <= 0 or value <= 0:
        return 0.0
    if not log:
        return _WIDTH * value / most
    least = min(row.value for row in rows if row.value > 0) / 10
    return _WIDTH * math.log(value / least) / math.log(most / least)


def write(folder: Path, name: str, drawing: str) -> str:
    """Put it there; its file's name."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.svg").write_text(drawing, "utf-8")
    return f"{name}.svg"
