"""What an indicator is, and how facts become figures: by period, by part, as they stand at an instant. Pure.

A *fact* is one thing that a figure rests on (a clock's run, a wait, a matter the bot dealt with, a ticket, a message);
an *indicator* says which facts count and what is made of them. Its words are the texts `number.<id>`, its name, and
`number.def.<id>`, what counts and what does not. Requests that nobody answered are in the averages with their wait so
far, so that not answering never makes a figure better.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from handoff.kinds import Level, Tier

if TYPE_CHECKING:
    from handoff.evidence import Evidence

Dimension = Literal["client", "level", "category", "tier", "team", "agent"]
DIMENSIONS: Final[tuple[Dimension, ...]] = ("client", "level", "category", "tier", "team", "agent")


class Unit(StrEnum):
    """What a figure is counted in: a share of facts that are yes or no, a rate of facts that are shares, both 0 to 1.

    Points are a score, which may be negative.
    """

    SECONDS = "seconds"
    SHARE = "share"
    COUNT = "count"
    RATE = "rate"
    POINTS = "points"


class Better(StrEnum):
    """Which way is better; a lower figure meets its goal below it, a higher one at it or above."""

    LOWER = "lower"
    HIGHER = "higher"
    NEITHER = "neither"


class Rows(StrEnum):
    """Which of the desk's rows the facts are read from."""

    CLOCKS = "clocks"
    MESSAGES = "messages"
    TURNS = "turns"
    TICKETS = "tickets"
    RATINGS = "ratings"
    SURVEYS = "surveys"
    VISITS = "visits"
    AGREEMENTS = "agreements"
    TYPED = "typed"
    EXAMS = "exams"


class About(NamedTuple):
    """Whose matter a fact belongs to, and of what kind; `agent_id` is the ticket's assignee."""

    client_id: int | None = None
    level: Level | None = None
    category: str | None = None
    tier: Tier | None = None
    team: str | None = None
    agent_id: int | None = None

    def part(self, dimension: Dimension) -> int | str | None:
        """Where it belongs when figures are parted by this."""
        return self[_PLACES[dimension]]


_PLACES: Final[Mapping[Dimension, int]] = {"client": 0, "level": 1, "category": 2, "tier": 3, "team": 4, "agent": 5}


NOTHING: Final = About()


class Fact(NamedTuple):
    """One thing that counts: its instant (seconds since 1970), its value, and what can be told of it.

    `wall` is the same length by the wall, where `value` is by a contract's hours. `until`: when a standing fact ended.
    `weight` is what a rate counts for; `page` is where a fact without a ticket stands in the desk.
    """

    at: int
    value: float
    about: About
    ticket: int | None = None
    wall: float | None = None
    marks: tuple[str, ...] = ()
    until: int | None = None
    weight: float = 1.0
    page: str = ""


Formula = Callable[[Sequence[Fact]], float | None]


@dataclass(frozen=True, kw_only=True)
class Indicator:
    """One figure of the desk: see the module. `marks` are the kinds of facts that are told apart beside it.

    `standing`: its facts last, and it is read at the end of a period, not over it.
    """

    id: str
    unit: Unit
    rows: Rows
    facts: "Callable[[Evidence], Iterable[Fact]]"
    formula: Formula
    better: Better = Better.NEITHER
    goal: float | None = None
    marks: tuple[str, ...] = ()
    standing: bool = False

    def met(self, value: float | None) -> bool | None:
        """Whether the goal is met; None where there is no goal or no value."""
        if value is None or self.goal is None or self.better is Better.NEITHER:
            return None
        return value < self.goal if self.better is Better.LOWER else value >= self.goal


class Spread(NamedTuple):
    """Seconds: how many values, their mean, their median, and the 90th of 100 (interpolated)."""

    n: int = 0
    mean: float | None = None
    median: float | None = None
    p90: float | None = None


@dataclass(frozen=True, kw_only=True)
class Figure:
    """What an indicator comes to in a period, in the one before, and the facts it rests on."""

    indicator: Indicator
    value: float | None
    before: float | None
    facts: tuple[Fact, ...]

    @property
    def met(self) -> bool | None:
        """Whether the goal is met."""
        return self.indicator.met(self.value)

    @property
    def change(self) -> float | None:
        """How much the figure grew since the period before; None where either has none."""
        return None if self.value is None or self.before is None else self.value - self.before

    @property
    def improved(self) -> bool | None:
        """Whether that change is for the better; None where there is none, or where neither way is better."""
        if not self.change or self.indicator.better is Better.NEITHER:
            return None
        return (self.change < 0) is (self.indicator.better is Better.LOWER)

    def marked(self) -> Mapping[str, int]:
        """How many facts bear each of the indicator's marks."""
        found = Counter(mark for fact in self.facts for mark in fact.marks)
        return {mark: found[mark] for mark in self.indicator.marks}

    def spread(self, *, wall: bool = False) -> Spread:
        """Its values described, by the contract's hours or by the wall."""
        return spread([fact.wall for fact in self.facts if fact.wall is not None] if wall else values(self.facts))


def values(facts: Iterable[Fact]) -> list[float]:
    """What the facts come to, one by one."""
    return [fact.value for fact in facts]


def mean(facts: Sequence[Fact]) -> float | None:
    """The sum of the values by their number; None without any. Of ones and zeros it is a share."""
    return sum(fact.value for fact in facts) / len(facts) if facts else None


def weighted(facts: Sequence[Fact]) -> float | None:
    """The mean by weight; None where nothing weighs anything."""
    whole = sum(fact.weight for fact in facts)
    return sum(fact.value * fact.weight for fact in facts) / whole if whole else None


def count(facts: Sequence[Fact]) -> float | None:
    """How many there are."""
    return float(len(facts))


def spread(seconds: Iterable[float]) -> Spread:
    """Describe some lengths of time."""
    ascending = sorted(seconds)
    if not ascending:
        return Spread()
    middle, high = quantile(ascending, 0.5), quantile(ascending, 0.9)
    return Spread(n=len(ascending), mean=sum(ascending) / len(ascending), median=middle, p90=high)


def quantile(ascending: Sequence[float], fraction: float) -> float:
    """The value below which that fraction lies, interpolated between neighbours (Hyndman & Fan's type 7)."""
    place = fraction * (len(ascending) - 1)
    low = int(place)
    high = min(low + 1, len(ascending) - 1)
    return ascending[low] + (ascending[high] - ascending[low]) * (place - low)


def standing_at(facts: Iterable[Fact], instant: int) -> tuple[Fact, ...]:
    """The lasting facts that hold at an instant, each with its age then."""
    held = (fact for fact in facts if fact.at < instant and (fact.until is None or fact.until > instant))
    return tuple(fact._replace(value=float(instant - fact.at)) for fact in held)


def within(facts: Iterable[Fact], since: int, until: int) -> tuple[Fact, ...]:
    """The facts of a span of time; its end is not in it."""
    return tuple(fact for fact in facts if since <= fact.at < until)


def of_span(indicator: Indicator, facts: Iterable[Fact], *, since: int, until: int, now: int) -> tuple[Fact, ...]:
    """The facts that an indicator rests on for a span: those within, or those that stand at its end (or now)."""
    return standing_at(facts, min(until, now)) if indicator.standing else within(facts, since, until)


def trend(indicator: Indicator, facts: Sequence[Fact], edges: Sequence[int], *, now: int) -> tuple[float | None, ...]:
    """The indicator in each span between two neighbouring edges; None where it has none or is still to come."""
    spans = tuple(pairwise(edges))
    if indicator.standing:
        held = [standing_at(facts, min(until, now)) for _, until in spans]
    else:
        parted: list[list[Fact]] = [[] for _ in spans]
        for fact in facts:
            place = bisect_right(edges, fact.at) - 1
            if 0 <= place < len(parted):
                parted[place].append(fact)
        held = [tuple(each) for each in parted]
    return tuple(indicator.formula(each) if since < now else None for each, (since, _) in zip(held, spans, strict=True))


def parts(facts: Iterable[Fact], dimension: Dimension) -> dict[int | str | None, list[Fact]]:
    """The facts by client, level or another part of what they are about; together they are all of them."""
    found: dict[int | str | None, list[Fact]] = {}
    for fact in facts:
        found.setdefault(fact.about.part(dimension), []).append(fact)
    return found
