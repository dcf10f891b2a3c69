"""How much there is to do, and what comes back."""

from typing import Final

from handoff import clock_facts, talk_facts, ticket_facts
from handoff.evidence import Evidence
from handoff.indicators import Better, Fact, Indicator, Rows, Unit, count, mean
from handoff.kinds import Author, Level

PLACE: Final = 4
LEVELS: Final = tuple(map(str, Level))


def _held(evidence: Evidence) -> tuple[Fact, ...]:
    return tuple(clock_facts.held(evidence.once(clock_facts.runs)))


INDICATORS: Final = (
    Indicator(
        id="tickets", unit=Unit.COUNT, rows=Rows.TICKETS, facts=ticket_facts.opened, formula=count, marks=LEVELS
    ),
    Indicator(
        id="backlog", unit=Unit.COUNT, rows=Rows.TICKETS, better=Better.LOWER, facts=ticket_facts.standing,
        formula=count, marks=LEVELS, standing=True,
    ),
    Indicator(
        id="backlog_age", unit=Unit.SECONDS, rows=Rows.TICKETS, better=Better.LOWER, facts=ticket_facts.standing,
        formula=mean, standing=True,
    ),
    Indicator(
        id="reopened", unit=Unit.SHARE, rows=Rows.TICKETS, better=Better.LOWER, facts=ticket_facts.reopened,
        formula=mean,
    ),
    Indicator(
        id="messages", unit=Unit.COUNT, rows=Rows.MESSAGES, facts=talk_facts.written, formula=count,
        marks=tuple(map(str, Author)),
    ),
    Indicator(
        id="held", unit=Unit.COUNT, rows=Rows.CLOCKS, better=Better.LOWER, facts=_held, formula=count
    ),
)  # fmt: skip
