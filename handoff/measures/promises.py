"""How targets are kept: of all clocks, and of each."""

from functools import partial
from typing import Final

from handoff import clock_facts
from handoff.evidence import Evidence
from handoff.indicators import Better, Fact, Indicator, Rows, Unit, mean
from handoff.kinds import ClockKind

PLACE: Final = 2
VERDICTS: Final = ("met", "missed", "unanswered", "late")


def _judged(evidence: Evidence, *, kind: ClockKind | None) -> tuple[Fact, ...]:
    facts = evidence.once(clock_facts.judged)
    return facts if kind is None else tuple(fact for fact in facts if kind in fact.marks)


def _kept(name: str, kind: ClockKind | None) -> Indicator:
    facts = partial(_judged, kind=kind)
    return Indicator(
        id=name, unit=Unit.SHARE, rows=Rows.CLOCKS, better=Better.HIGHER, facts=facts, formula=mean, marks=VERDICTS
    )


INDICATORS: Final = (_kept("kept", None), *(_kept(f"kept_{kind.lower()}", kind) for kind in ClockKind))
