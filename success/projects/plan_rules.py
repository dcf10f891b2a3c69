"""A project's milestones by working days: what fits between two dates, and what does not. Pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from success.projects.errors import ProjectRefused
from success.projects.price_rules import Module, Stage, Weights, without

DAY: Final = timedelta(days=1)
LONGEST: Final = 3_660
"""Days that a plan may span; a calendar that gives no working days within them is broken."""
IsWorking = Callable[[date], bool]


@dataclass(frozen=True, kw_only=True)
class Milestone:
    """One stage of a plan, both days included."""

    stage: Stage
    starts_on: date
    ends_on: date


@dataclass(frozen=True, kw_only=True)
class Fit:
    """Whether a wanted date can be kept. If not: `without` these modules it ends on `ends_on`; None: nothing helps."""

    wanted_on: date
    kept: bool
    without: tuple[Module, ...] = ()
    ends_on: date | None = None


def shares(days: int, weights: Weights) -> Mapping[Stage, int]:
    """The days of each stage, at least one: by largest remainder, so that they sum up."""
    total = sum(weights.of(stage) for stage in Stage)
    spare = max(0, days - len(Stage))
    exact = {stage: spare * weights.of(stage) / total for stage in Stage}
    whole = {stage: int(exact[stage]) for stage in Stage}
    rest = spare - sum(whole.values())
    order = sorted(Stage, key=lambda stage: (whole[stage] - exact[stage], list(Stage).index(stage)))
    return {stage: 1 + whole[stage] + (stage in order[:rest]) for stage in Stage}


def plan(days: int, *, starts_on: date, weights: Weights, people: int, is_working: IsWorking) -> tuple[Milestone, ...]:
    """The stages one after the other, so many people at work: from the first working day on. Raises ProjectRefused."""
    length = -(-days // people)
    found: list[Milestone] = []
    at = starts_on
    for stage, needed in shares(length, weights).items():
        begins = nth_working(at, 1, is_working)
        ends = nth_working(begins, needed, is_working)
        found.append(Milestone(stage=stage, starts_on=begins, ends_on=ends))
        at = ends + DAY
    return tuple(found)


def fit(
    modules: Sequence[Module], *, wanted_on: date, starts_on: date, weights: Weights, people: int, is_working: IsWorking
) -> Fit:
    """Whether all of it, else what of it, is done by a date: the last optional modules are left out one by one."""
    for count in range(sum(each.optional for each in modules) + 1):
        left = without(modules, count)
        days = sum(each.days for each in left)
        ends = plan(days, starts_on=starts_on, weights=weights, people=people, is_working=is_working)[-1].ends_on
        if ends <= wanted_on:
            gone = tuple(each for each in modules if each not in left)
            return Fit(wanted_on=wanted_on, kept=not count, without=gone, ends_on=ends)
    return Fit(wanted_on=wanted_on, kept=False)


def nth_working(day: date, nth: int, is_working: IsWorking) -> date:
    """The nth working day from a day on, that day counted. Raises ProjectRefused: ``calendar``."""
    left = nth
    for n in range(LONGEST):
        each = day + DAY * n
        left -= is_working(each)
        if left <= 0:
            return each
    raise ProjectRefused("calendar")


def working_between(first: date, last: date, is_working: IsWorking) -> int:
    """How many working days there are from one day to another, both included."""
    return sum(is_working(first + DAY * n) for n in range(min((last - first).days + 1, LONGEST)))
