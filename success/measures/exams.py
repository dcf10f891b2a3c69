"""Whether our own people pass their exams."""

from collections.abc import Iterator
from typing import Final

from handoff.evidence import Evidence
from handoff.indicators import About, Better, Fact, Indicator, Rows, Unit, mean
from success.drills import exams
from success.drills.exam_rules import GOAL

PLACE: Final = 7


def passed(evidence: Evidence) -> Iterator[Fact]:
    """Each exam that was settled for somebody in the span: 1 where it was passed, by whichever attempt."""
    asked = evidence.asked
    for each in exams.everybody(evidence.conn, now=asked.now):
        if each.settled is not None and asked.since <= each.settled[0] < asked.until:
            about = About(agent_id=each.seat.person_id)
            page = f"/desk/training/team#seat-{each.seat.id}"
            yield Fact(int(each.settled[0].timestamp()), float(each.settled[1]), about, page=page)


INDICATORS: Final = (
    Indicator(
        id="exams_passed", unit=Unit.SHARE, rows=Rows.EXAMS, better=Better.HIGHER, goal=GOAL, facts=passed,
        formula=mean,
    ),
)  # fmt: skip
