"""How long clients wait."""

from functools import partial
from typing import Final

from handoff import clock_facts, talk_facts
from handoff.evidence import Evidence
from handoff.indicators import Better, Fact, Indicator, Rows, Unit, mean
from handoff.kinds import ClockKind

PLACE: Final = 1
FOUR_HOURS: Final = 4 * 3600.0


def _timed(evidence: Evidence, *, kind: ClockKind) -> tuple[Fact, ...]:
    return tuple(clock_facts.timed(evidence.once(clock_facts.runs), kind))


INDICATORS: Final = (
    Indicator(
        id="first_response", unit=Unit.SECONDS, rows=Rows.CLOCKS, better=Better.LOWER, goal=FOUR_HOURS,
        facts=partial(_timed, kind=ClockKind.FR), formula=mean, marks=("open", "held"),
    ),
    Indicator(
        id="next_response", unit=Unit.SECONDS, rows=Rows.CLOCKS, better=Better.LOWER,
        facts=partial(_timed, kind=ClockKind.NR), formula=mean, marks=("open", "held"),
    ),
    Indicator(
        id="resolution", unit=Unit.SECONDS, rows=Rows.CLOCKS, better=Better.LOWER,
        facts=partial(_timed, kind=ClockKind.RS), formula=mean,
    ),
    Indicator(
        id="wait_any", unit=Unit.SECONDS, rows=Rows.MESSAGES, better=Better.LOWER,
        facts=partial(talk_facts.waited, person=False), formula=mean, marks=("open",),
    ),
    Indicator(
        id="wait_person", unit=Unit.SECONDS, rows=Rows.MESSAGES, better=Better.LOWER,
        facts=partial(talk_facts.waited, person=True), formula=mean, marks=("open",),
    ),
    Indicator(
        id="bot_latency", unit=Unit.SECONDS, rows=Rows.MESSAGES, better=Better.LOWER,
        facts=talk_facts.answered, formula=mean,
    ),
)  # fmt: skip
