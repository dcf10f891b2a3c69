"""What a contract holds for one case: how long a repair and a first answer may take; and what goes beyond it. Pure."""

from dataclasses import dataclass
from datetime import datetime

from handoff.business_time import Unit, deadline
from handoff.kinds import ClockKind, Level, Tier
from handoff.policy import Contract, Term
from knowledge.language import fold
from success.drills.model import Scenario, Sign
from success.drills.promising import DAY, Aim, Span, aim, instants, promised, resolve, spans
from success.drills.signs import read, sentences, shortened


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


def beyond(said: tuple[str, ...], scenario: Scenario, bounds: Bounds) -> tuple[Beyond, ...]:
    """Every promise of a talk that goes beyond the contract or falls short of it, with the words that make it."""
    found: list[Beyond] = []
    for line, text in enumerate(said, 1):
        found += [
            Beyond(why=str(seen.sign), quote=seen.quote, line=line)
            for seen in read(text)
            if seen.sign in {Sign.FREE, Sign.MONEY}
        ]
        for sentence in sentences(text):
            late = _span(sentence, line, bounds) or _instant(sentence, line, bounds, scenario.at)
            found += [late] if late is not None else []
    return tuple(found)


def _span(sentence: str, line: int, bounds: Bounds) -> Beyond | None:
    """What is beyond the contract in the lengths of time that a sentence names."""
    folded = promised(fold(sentence))
    named, what = spans(folded), _what(sentence, folded)
    term = _term(bounds, what)
    if not named or what is None or term is None:
        return None
    if what is Aim.ANSWER:
        return None if any(_at_most(each, term) for each in named) else _of("later", sentence, line, bounds, what)
    longest = max(named, key=lambda each: each.length)
    if _same(longest, term):
        return None
    return _of("sooner" if _at_most(longest, term) else "later", sentence, line, bounds, what)


def _instant(sentence: str, line: int, bounds: Bounds, at: datetime) -> Beyond | None:
    """The same of an instant by which something will be repaired; those of answers are deadlines of one's own."""
    folded = promised(fold(sentence))
    named, what = instants(folded), _what(sentence, folded)
    if not named or what is not Aim.REPAIR or bounds.repair is None:
        return None
    target = bounds.repair.target
    due = deadline(target.calendar, at, target.unit, target.amount)
    last = max(resolve(each, at=at) for each in named)
    if due is None or last == due:
        return None
    return _of("later" if last > due else "sooner", sentence, line, bounds, what)


def _what(sentence: str, folded: str) -> Aim | None:
    """What a sentence promises a time for; None where it promises none, or is not said to the client."""
    signs = {each.sign for each in read(sentence)}
    if signs & {Sign.STEERING, Sign.REFUSAL}:
        return None
    found = aim(folded)
    return found if found is not Aim.OTHER else None


def _term(bounds: Bounds, what: Aim | None) -> Term | None:
    return bounds.repair if what is Aim.REPAIR else bounds.answer


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
