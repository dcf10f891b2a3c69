"""What clients say of us: ratings of tickets, recommendations."""

from collections.abc import Iterator
from typing import Final

from sqlalchemy import select

from handoff.evidence import ABOUT, Evidence, second
from handoff.indicators import About, Better, Fact, Indicator, Rows, Unit, mean
from handoff.tables import client as clients
from handoff.tables import ticket as tickets
from success.feedback_tables import survey as surveys
from success.rating_rules import LOW
from success.rating_tables import rating as ratings
from success.survey_rules import PASSIVE, PROMOTER, SurveyKind

PLACE: Final = 5
SATISFIED: Final = 0.95
_PROMOTER, _DETRACTOR = 100.0, -100.0


def _asked(evidence: Evidence) -> tuple[Fact, ...]:
    """Each request of the span, worth 1 where it was answered, with the value as its mark."""
    conn, asked = evidence.conn, evidence.asked
    query = (
        select(ratings.c.ticket_id, second(conn, ratings.c.asked_at), ratings.c.value, *ABOUT)
        .join(tickets, tickets.c.id == ratings.c.ticket_id)
        .where(ratings.c.asked_at >= asked.since, ratings.c.asked_at < asked.until)
        .where(ratings.c.withdrawn_at.is_(None) | ratings.c.value.is_not(None))
    )
    return tuple(
        Fact(row[1], float(row[2] is not None), evidence.of_ticket(row[0], row, 3), row[0], None,
             () if row[2] is None else (f"rated_{row[2]}",))
        for row in conn.execute(query)
    )  # fmt: skip


def _rated(evidence: Evidence) -> Iterator[Fact]:
    """Each answer, worth 1 where its client was satisfied."""
    low = {f"rated_{value}" for value in range(1, LOW)}
    for fact in evidence.once(_asked):
        if fact.value:
            yield fact._replace(value=float(not low & set(fact.marks)))


def _recommended(evidence: Evidence) -> Iterator[Fact]:
    """Each recommendation: 100 for a promoter, −100 for a detractor, so that their mean is the score."""
    conn, asked = evidence.conn, evidence.asked
    query = select(second(conn, surveys.c.asked_at), surveys.c.value, clients.c.id, clients.c.slug).where(
        surveys.c.client_id == clients.c.id, surveys.c.kind == SurveyKind.NPS, surveys.c.value.is_not(None),
        surveys.c.asked_at >= asked.since, surveys.c.asked_at < asked.until,
    )  # fmt: skip
    for at, value, client_id, slug in conn.execute(query):
        worth, mark = 0.0, "passive"
        if value >= PROMOTER:
            worth, mark = _PROMOTER, "promoter"
        elif value < PASSIVE:
            worth, mark = _DETRACTOR, "detractor"
        about = About(client_id=client_id, tier=evidence.tiers.get(client_id))
        yield Fact(at, worth, about, None, None, (mark,), page=f"/desk/clients/{slug}/feedback#nps")


RATED: Final = tuple(f"rated_{value}" for value in range(1, 6))
INDICATORS: Final = (
    Indicator(
        id="csat", unit=Unit.SHARE, rows=Rows.RATINGS, better=Better.HIGHER, goal=SATISFIED, facts=_rated,
        formula=mean, marks=RATED,
    ),
    Indicator(
        id="rating_response", unit=Unit.SHARE, rows=Rows.RATINGS, better=Better.HIGHER,
        facts=lambda evidence: evidence.once(_asked), formula=mean,
    ),
    Indicator(
        id="nps", unit=Unit.POINTS, rows=Rows.SURVEYS, better=Better.HIGHER, facts=_recommended, formula=mean,
        marks=("promoter", "passive", "detractor"),
    ),
)  # fmt: skip
