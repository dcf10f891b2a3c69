"""The figures for machines: one JSON document with stable keys; seconds, shares from 0 to 1, UTC. Pure."""

from typing import Any

from console import moments
from console.number_reading import Numbers
from handoff.indicators import DIMENSIONS, Dimension, Figure, Unit, parts

VERSION = 1


def numbers_document(found: Numbers) -> dict[str, Any]:
    """Every indicator with its value, goal, change, counts, trend and parts. New keys may be added, none changes."""
    period, step = found.period, found.step
    return {
        "version": VERSION,
        "since": moments.iso(period.since),
        "until": moments.iso(period.until),
        "before": moments.iso(found.figures.before),
        "asked_at": moments.iso(found.figures.asked.now),
        "zone": str(period.zone),
        "step": step,
        "filters": dict(found.narrowed),
        "indicators": [_indicator(found, figure) for figure in found.figures.of.values()],
    }


def _indicator(found: Numbers, figure: Figure) -> dict[str, Any]:
    one = figure.indicator
    edges = found.figures.edges
    return {
        "id": one.id,
        "unit": str(one.unit),
        "better": str(one.better),
        "goal": one.goal,
        "met": figure.met,
        "value": figure.value,
        "before": figure.before,
        "n": len(figure.facts),
        "rows": str(one.rows),
        "counts": dict(figure.marked()),
        "spread": _spread(figure) if one.unit is Unit.SECONDS else None,
        "spread_by_the_wall": _spread(figure, wall=True) if any(f.wall is not None for f in figure.facts) else None,
        "trend": [
            {"since": moments.iso(edge), "value": value}
            for edge, value in zip(edges, found.figures.trends[one.id], strict=False)
        ],
        "parts": {dimension: _parts(found, figure, dimension) for dimension in DIMENSIONS},
    }


def _spread(figure: Figure, *, wall: bool = False) -> dict[str, float | None]:
    spread = figure.spread(wall=wall)
    return {"mean": spread.mean, "median": spread.median, "p90": spread.p90}


def _parts(found: Numbers, figure: Figure, dimension: Dimension) -> list[dict[str, Any]]:
    ranked = sorted(parts(figure.facts, dimension).items(), key=lambda part: (-len(part[1]), str(part[0])))
    return [
        {"of": _name(found, dimension, part), "value": figure.indicator.formula(facts), "n": len(facts)}
        for part, facts in ranked
    ]


def _name(found: Numbers, dimension: Dimension, part: int | str | None) -> str | None:
    """A part as the filters name it; a client by its short name, a colleague by id."""
    if dimension == "client":
        return next((one.slug for one in found.names.clients if one.id == part), None)
    return None if part is None else str(part)
