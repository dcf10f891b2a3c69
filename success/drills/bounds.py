"""What a contract holds for one case: how long a repair and a first answer may take; and what goes beyond it. Pure."""

from dataclasses import dataclass
from datetime import datetime

from handoff.business_time import Unit, deadline
from handoff.kinds import ClockKind, Level, Tier
from handoff.policy import Contract, Term
from knowledge.language import fold
from success.drills.model import Item, Scenario, Sign
from success.drills.promising import Aim, begins_now, for_a_day, soon, timed
from success.drills.signs import read, sentences, shortened, steers
from success.drills.times import DAY, Named, Span, resolve


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """The targets of a case by the contract, for the repair and for the next word; None where it has none."""

    repair: Term | None
    answer: Term | None

    @classmethod
    def of(cls, contract: Contract, *, level: Level, tier: Tier) -> "Bounds":
        """Those of a level and a tier. Of an emergency the next word is due as the first is, else with the matter."""
        repair = contract.term(level, tier, ClockKind.RS)
        urgent = level is Level.EMERGENCY
        return cls(repair=repair, answer=contract.term(level, tier, ClockKind.FR) if urgent else repair)

    def label(self, what: Aim) -> str:
        """The contract's own words for a target; "" without one."""
        term = self.repair if what is Aim.REPAIR else self.answer
        return term.target.label if term is not None else ""


@dataclass(frozen=True, kw_only=True)
class Beyond:
    """A promise that the contract does not hold: `why` is later, sooner, free or money; `holds` is its own term."""

    why: str
    quote: str
    line: int
    holds: str = ""


def beyond(said: tuple[str, ...], scenario: Scenario, bounds: Bounds, item: Item) -> tuple[Beyond, ...]:
    """Every promise of a talk that goes beyond the contract or falls short of it, with the words that make it.

    Where its item says that nobody has approved a date of delivery, or a beginning, any of them goes beyond it.
    """
    found: list[Beyond] = []
    for line, text in enumerate(said, 1):
        found += [
            Beyond(why=str(seen.sign), quote=seen.quote, line=line)
            for seen in read(text)
            if seen.sign in {Sign.FREE, Sign.MONEY}
        ]
        for sentence in sentences(text):
            late = _late(sentence, line, bounds, scenario.at, item)
            found += [late] if late is not None else []
    return tuple(found)


def _late(sentence: str, line: int, bounds: Bounds, at: datetime, item: Item) -> Beyond | None:
    """What is beyond the contract in the times that a sentence promises; the last of those for a repair counts."""
    folded = fold(sentence)
    if steers(folded):
        return None
    named = timed(folded)
    repairs = [each.time for each in named if each.aim is Aim.REPAIR]
    if (item.no_date and (repairs or for_a_day(folded))) or (item.no_start and begins_now(folded)):
        return Beyond(why="unapproved", quote=shortened(sentence), line=line)
    spans = [each for each in repairs if isinstance(each, Span)]
    days = [each for each in repairs if isinstance(each, Named)]
    if soon(folded) and bounds.repair is not None:
        return _of("sooner", sentence, line, bounds, Aim.REPAIR)
    why = _of_spans(spans, bounds.repair) or _of_days(days, bounds.repair, at)
    if why is not None:
        return _of(why, sentence, line, bounds, Aim.REPAIR)
    waits = [each.time for each in named if each.aim is Aim.ANSWER and isinstance(each.time, Span)]
    if waits and bounds.answer is not None and not any(_at_most(each, bounds.answer) for each in waits):
        return _of("later", sentence, line, bounds, Aim.ANSWER)
    return None


def _of_spans(named: list[Span], term: Term | None) -> str | None:
    if not named or term is None:
        return None
    longest = max(named, key=lambda each: each.length)
    if _same(longest, term):
        return None
    return "sooner" if _at_most(longest, term) else "later"


def _of_days(named: list[Named], term: Term | None, at: datetime) -> str | None:
    """Of instants by which something will be repaired; those of answers are deadlines of one's own."""
    due = due_of(term, at)
    if not named or due is None:
        return None
    last = max(resolve(each, at=at) for each in named)
    if last == due:
        return None
    return "later" if last > due else "sooner"


def due_of(term: Term | None, at: datetime) -> datetime | None:
    """When a target of the contract is due that counts from `at`."""
    return deadline(term.target.calendar, at, term.target.unit, term.target.amount) if term is not None else None


def _of(why: str, sentence: str, line: int, bounds: Bounds, what: Aim) -> Beyond:
    return Beyond(why=why, quote=shortened(sentence), line=line, holds=bounds.label(what))


def _at_most(span: Span, term: Term) -> bool:
    """Whether a span ends no later than a target may."""
    target = term.target
    if target.unit is Unit.WORKDAY_EOD:
        return span.length <= target.amount * DAY
    return span.length <= target.amount


def _same(span: Span, term: Term) -> bool:
    target = term.target
    if target.unit is Unit.WORKDAY_EOD:
        return span.days == target.amount if span.working else span.seconds == target.amount * DAY
    return not span.working and span.seconds == target.amount
