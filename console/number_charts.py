"""What is drawn of the desk's figures: courses, parts, targets, a distribution, each with its table. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from typing import Final

from console import formats, moments, plots
from console.number_reading import Numbers
from console.numbers import Wording
from console.plots import Part, Plot
from handoff.indicators import DIMENSIONS, Dimension, Fact, Figure, Indicator, Unit, mean, parts
from handoff.kinds import Level

MOST_PARTS: Final = 12
BOUNDS: Final = (900, 3600, 4 * 3600, 8 * 3600, 24 * 3600)  # of the distribution of first responses


@dataclass(frozen=True, kw_only=True)
class Row:
    """One row of a plot's table: what it is of, its value in words, and further cells. `address` narrows to it."""

    label: str
    shown: str
    n: int
    width: float = 0.0
    address: str = ""
    cells: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Chart:
    """A plot with its words and the table that says the same. `key`: what colours stand for."""

    id: str
    title: str
    description: str
    plot: Plot | None
    ticks: tuple[str, ...]
    labels: tuple[str, ...]
    head: tuple[str, ...]
    rows: tuple[Row, ...]
    key: tuple[tuple[str, str], ...] = ()
    goal: str = ""

    @property
    def empty(self) -> bool:
        """Whether there is nothing to draw."""
        return not any(row.n for row in self.rows)


def trend_chart(found: Numbers, figure: Figure, say: Wording) -> Chart:
    """An indicator's course through the period."""
    one, course = figure.indicator, found.figures.trends[figure.indicator.id]
    edges = found.period.edges(found.step)
    spans = [(a, b - timedelta(days=1)) for a, b in pairwise(edges)]
    names = [say.span(first, last, found.step) for first, last in spans]
    stacks = [
        [] if value is None or (value == 0 and one.unit is Unit.COUNT)
        else [Part(value=max(0.0, value), kind="main", title=f"{name}: {say.value(one, value)}")]
        for name, value in zip(names, course, strict=True)
    ]  # fmt: skip
    top = _top(one, [value for value in course if value is not None])
    rows = tuple(
        Row(
            label=name, shown=say.value(one, value), n=int(value is not None),
            address=found.query.address(
                f"/desk/numbers/{one.id}", period="", first=str(first), last=str(last), by=""
            ),
        )
        for name, value, (first, last) in zip(names, course, spans, strict=True)
    )  # fmt: skip
    title = say(f"number.{one.id}")
    return Chart(
        id=f"trend-{one.id}",
        title=title,
        description=say("number.trend.of", title=title, step=say(f"number.by.{found.step}")),
        plot=plots.columns(stacks, top=top, goal=one.goal),
        ticks=_ticks(one, top, say),
        labels=_few(names),
        head=(say(f"number.step.{found.step}"), title),
        rows=rows,
        goal=say.goal(one),
    )


def _top(one: Indicator, values: Sequence[float]) -> float:
    if one.unit in {Unit.SHARE, Unit.RATE}:
        return 1.0
    near = [one.goal] if one.goal is not None and max(values, default=0) > one.goal / 4 else []
    return plots.ceiling([*values, *near], seconds=one.unit is Unit.SECONDS)


def _ticks(one: Indicator, top: float, say: Wording) -> tuple[str, ...]:
    middle = top / 2
    between = "" if one.unit is Unit.COUNT and middle != int(middle) else say.value(one, middle)
    return say.value(one, top), between, "0"


def _few(names: Sequence[str]) -> tuple[str, ...]:
    """The labels of an axis that there is room for: the first, the middle, the last."""
    if len(names) < 3:  # noqa: PLR2004 - all of them
        return tuple(names)
    return names[0], names[len(names) // 2], names[-1]


def part_chart(found: Numbers, figure: Figure, dimension: Dimension, say: Wording) -> Chart:
    """An indicator by client, level, or another part; those with most facts first."""
    one = figure.indicator
    ranked = sorted(parts(figure.facts, dimension).items(), key=lambda part: (-len(part[1]), str(part[0])))
    rows = [_part_row(found, one, (dimension, part), facts, say) for part, facts in ranked[:MOST_PARTS]]
    if len(ranked) > MOST_PARTS:
        rest = [fact for _, facts in ranked[MOST_PARTS:] for fact in facts]
        shown = say.value(one, one.formula(rest))
        label = say("number.others", n=len(ranked) - MOST_PARTS)
        rows.append((Row(label=label, shown=shown, n=len(rest)), one.formula(rest)))
    most = _top(one, [value for _, value in rows if value is not None])
    title = say("number.parted", title=say(f"number.{one.id}"), dimension=say(f"number.dim.{dimension}"))
    drawn = tuple(_drawn(row, value, most) for row, value in rows)
    head = (say(f"number.dim.{dimension}"), say(f"number.{one.id}"), say("number.n"))
    return Chart(
        id=f"by-{dimension}-{one.id}", title=title, description=title, plot=None, ticks=(), labels=(), head=head,
        rows=drawn,
    )  # fmt: skip


def _drawn(row: Row, value: float | None, most: float) -> Row:
    width = 0.0 if not value or not most else max(0.6, round(100 * value / most, 1))
    return Row(label=row.label, shown=row.shown, n=row.n, width=width, address=row.address)


def _part_row(
    found: Numbers, one: Indicator, of: tuple[Dimension, int | str | None], facts: Sequence[Fact], say: Wording
) -> tuple[Row, float | None]:
    (dimension, part), value = of, one.formula(facts)
    word = _word(found, dimension, part)
    address = found.query.address(f"/desk/numbers/{one.id}", **{dimension: word}) if word else ""
    label = say.part(dimension, part, found.names)
    return Row(label=label, shown=say.value(one, value), n=len(facts), address=address), value


def _word(found: Numbers, dimension: Dimension, part: int | str | None) -> str:
    """How an address names a part."""
    if dimension == "client":
        return next((one.slug for one in found.names.clients if one.id == part), "")
    return "" if part is None else str(part)


def kept_chart(found: Numbers, figure: Figure, say: Wording) -> Chart:
    """Targets kept and missed, by level and clock."""
    rows, stacks, names = [], [], []
    for level in Level:
        mine = [fact for fact in figure.facts if fact.about.level is level]
        kept = sum(fact.value == 1.0 for fact in mine)
        name = say(f"level.{level}")
        names.append(name)
        shown = say("number.kept_of", kept=kept, all=len(mine), share=formats.percent(mean(mine), say.language))
        layers = [("kept", kept), ("missed", len(mine) - kept)]
        titles = {kind: f"{name}: {say(f'number.plot.{kind}')} {n}" for kind, n in layers}
        stacks.append([Part(value=n, kind=kind, title=titles[kind]) for kind, n in layers if n])
        cells = tuple(
            formats.percent(mean([fact for fact in mine if str(kind) in fact.marks]), say.language)
            for kind in ("FR", "NR", "RS", "WS")
        )
        address = found.query.address("/desk/numbers/kept", level=str(level))
        rows.append(Row(label=name, shown=shown, n=len(mine), address=address, cells=cells))
    top = plots.ceiling([sum(part.value for part in stack) for stack in stacks])
    title = say("number.table")
    return Chart(
        id="kept-by-level", title=title, description=say("number.table.desc"), plot=plots.columns(stacks, top=top),
        ticks=(formats.number(top, say.language), "", "0"), labels=tuple(names),
        head=(say("ticket.level"), say("number.kept"), *(say(f"clock.{kind}") for kind in ("FR", "NR", "RS", "WS"))),
        rows=tuple(rows), key=(("kept", say("number.plot.kept")), ("missed", say("number.plot.missed"))),
    )  # fmt: skip


def distribution(figure: Figure, say: Wording) -> Chart:
    """How many first responses took how long; those that nobody gave yet are told apart."""
    names = _bins(say)
    rows, stacks = [], []
    for n, name in enumerate(names):
        low, high = (0, *BOUNDS)[n], (*BOUNDS, float("inf"))[n]
        inside = [fact for fact in figure.facts if low <= fact.value < high]
        waiting = sum("open" in fact.marks for fact in inside)
        layers = [("main", len(inside) - waiting), ("waiting", waiting)]
        titles = {kind: f"{name}: {say(f'number.plot.{kind}')} {many}" for kind, many in layers}
        stacks.append([Part(value=many, kind=kind, title=titles[kind]) for kind, many in layers if many])
        counts = (formats.number(len(inside) - waiting, say.language), formats.number(waiting, say.language))
        rows.append(Row(label=name, shown=counts[0], n=len(inside), cells=counts[1:]))
    top = plots.ceiling([row.n for row in rows])
    return Chart(
        id="distribution", title=say("number.distribution"), description=say("number.distribution.desc"),
        plot=plots.columns(stacks, top=top), ticks=(formats.number(top, say.language), "", "0"), labels=names,
        head=(say("number.first_response"), say("number.plot.main"), say("number.plot.waiting")), rows=tuple(rows),
        key=(("main", say("number.plot.main")), ("waiting", say("number.plot.waiting"))),
    )  # fmt: skip


def _bins(say: Wording) -> tuple[str, ...]:
    told = [moments.span(say.texts, say.language, bound) for bound in BOUNDS]
    between = [say("number.between", low=low, high=high) for low, high in pairwise(told)]
    return (say("number.below", high=told[0]), *between, say("number.above", low=told[-1]))


def charts(found: Numbers, figure: Figure, say: Wording) -> tuple[Chart, ...]:
    """Everything that is drawn of one indicator: its course, then by each part that has more than one."""
    made = [trend_chart(found, figure, say)]
    made += [part_chart(found, figure, dimension, say) for dimension in DIMENSIONS]
    return tuple(chart for n, chart in enumerate(made) if n == 0 or len(chart.rows) > 1)
