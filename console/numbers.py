"""The desk's figures as people read them: tiles, words, and the facts a figure rests on. Pure."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from console import formats, moments, plots
from console.number_query import Step
from console.number_reading import Names, Numbers
from console.texts import Texts
from handoff.indicators import Better, Dimension, Fact, Figure, Indicator, Unit


@dataclass(frozen=True, kw_only=True)
class Tile:
    """One indicator: what it comes to, its goal, its change since the period before, its course.

    `verdict` is `met`, `unmet` or "" without a goal; `drift` is `better`, `worse` or "".
    """

    id: str
    title: str
    value: str
    goal: str
    verdict: str
    change: str
    drift: str
    lines: tuple[str, ...]
    dots: tuple[tuple[float, float], ...]
    facts: tuple[tuple[str, str], ...]
    definition: str
    formula: str
    rows: str
    address: str


class Wording:
    """Figures in words: a catalogue and a language."""

    def __init__(self, texts: Texts, language: str) -> None:
        self.texts, self.language = texts, language

    def __call__(self, key: str, /, **values: object) -> str:
        return self.texts.say(key, self.language, **values)

    def value(self, indicator: Indicator, value: float | None) -> str:
        """A figure with its unit; a dash where there is none."""
        if value is None:
            return formats.NOTHING
        match indicator.unit:
            case Unit.SECONDS:
                return moments.span(self.texts, self.language, value)
            case Unit.SHARE | Unit.RATE:
                return formats.percent(value, self.language)
        return formats.number(value, self.language)

    def goal(self, indicator: Indicator) -> str:
        """The goal as a sentence; "" without one."""
        if indicator.goal is None:
            return ""
        return self(f"number.goal.{indicator.better}", value=self.value(indicator, indicator.goal))

    def change(self, figure: Figure) -> str:
        """By how much it changed since the period before, signed; shares in points. "" where that means nothing."""
        change = figure.change
        if change is None:
            return ""
        sign = "+" if change > 0 else "−" if change < 0 else "±"
        size = abs(change)
        if figure.indicator.unit in {Unit.SHARE, Unit.RATE}:
            return sign + self("number.points", n=round(size * 100, 1))
        return sign + self.value(figure.indicator, size)

    def span(self, first: date, last: date, step: Step) -> str:
        """What a part of a trend is called."""
        if step == "month":
            return formats.month(first, self.language)
        if step == "day" or first == last:
            return formats.brief_day(first, self.language)
        return f"{formats.brief_day(first, self.language)} – {formats.brief_day(last, self.language)}"

    def part(self, dimension: Dimension, value: int | str | None, names: Names) -> str:
        """What a part is called; a word of its own for what belongs nowhere."""
        known: Mapping[Dimension, Callable[[object], str | None]] = {
            "client": names.client,
            "agent": names.agent,
            "team": names.team,
            "level": lambda level: self(f"level.{level}") if level else None,
            "tier": lambda tier: self(f"tier.{tier}") if tier else None,
            "category": lambda category: str(category) if category else None,
        }
        return known[dimension](value) or self(f"number.no.{dimension}")


def tiles(found: Numbers, say: Wording) -> tuple[Tile, ...]:
    """Every indicator."""
    return tuple(tile(found, figure, say) for figure in found.figures.of.values())


def tile(found: Numbers, figure: Figure, say: Wording) -> Tile:
    """One indicator."""
    one = figure.indicator
    lines, dots = plots.sparkline(found.figures.trends[one.id])
    verdicts = {None: "", True: "met", False: "unmet"}
    return Tile(
        id=one.id,
        title=say(f"number.{one.id}"),
        value=say.value(one, figure.value),
        goal=say.goal(one),
        verdict=verdicts[figure.met],
        change=say.change(figure),
        drift={None: "", True: "better", False: "worse"}[figure.improved],
        lines=lines,
        dots=dots,
        facts=tuple(_details(figure, say)),
        definition=say(f"number.def.{one.id}"),
        formula=say(f"number.formula.{_formula(one)}"),
        rows=say(f"number.rows.{one.rows}"),
        address=found.query.address(f"/desk/numbers/{one.id}"),
    )


def _formula(one: Indicator) -> str:
    if one.standing:
        return f"standing_{one.unit}"
    return str(one.unit)


def _details(figure: Figure, say: Wording) -> Iterator[tuple[str, str]]:
    one = figure.indicator
    if one.unit is Unit.SECONDS:
        walls = [(False, "business"), (True, "wall")] if any(f.wall is not None for f in figure.facts) else []
        for wall, clock in walls or [(False, "wall")]:
            spread = figure.spread(wall=wall)
            for name in ("mean", "median", "p90"):
                told = say.value(one, getattr(spread, name))
                yield say(f"number.of.{name}", where=say(f"number.{clock}")), told
    yield say("number.before"), say.value(one, figure.before)
    yield say("number.n"), formats.number(len(figure.facts), say.language)
    for mark, many in figure.marked().items():
        yield say(f"number.mark.{mark}"), formats.number(many, say.language)


def worst_first(figure: Figure) -> tuple[Fact, ...]:
    """The facts of a figure: the worst first where there are better and worse, else the newest."""
    worst: Mapping[Better, Callable[[Fact], tuple[float, int]]] = {
        Better.LOWER: lambda fact: (-fact.value, -fact.at),
        Better.HIGHER: lambda fact: (fact.value, -fact.at),
        Better.NEITHER: lambda fact: (0, -fact.at),
    }
    return tuple(sorted(figure.facts, key=worst[figure.indicator.better]))
