"""What the bot settles without a person."""

from functools import partial
from typing import Final

from handoff import matter_facts
from handoff.evidence import Evidence
from handoff.indicators import Better, Fact, Indicator, Rows, Unit, mean
from handoff.matters import End

PLACE: Final = 3
GOAL: Final = 0.8
ENDS: Final = tuple(str(end) for end in End if end is not End.OPEN)


def _settled(evidence: Evidence, *, ends: tuple[End, ...]) -> tuple[Fact, ...]:
    return tuple(matter_facts.settled(evidence, *ends))


INDICATORS: Final = (
    Indicator(
        id="bot_resolved", unit=Unit.SHARE, rows=Rows.TURNS, better=Better.HIGHER, goal=GOAL,
        facts=partial(_settled, ends=(End.CONFIRMED, End.ASSUMED)), formula=mean, marks=ENDS,
    ),
    Indicator(
        id="bot_confirmed", unit=Unit.SHARE, rows=Rows.TURNS, better=Better.HIGHER,
        facts=partial(_settled, ends=(End.CONFIRMED,)), formula=mean, marks=("confirmed",),
    ),
    Indicator(
        id="bot_assumed", unit=Unit.SHARE, rows=Rows.TURNS,
        facts=partial(_settled, ends=(End.ASSUMED,)), formula=mean, marks=("assumed",),
    ),
    Indicator(
        id="handed_off", unit=Unit.SHARE, rows=Rows.TURNS, better=Better.LOWER,
        facts=matter_facts.handed_off, formula=mean, marks=ENDS,
    ),
)  # fmt: skip
