"""A year's notice on its way into the desk: what it changes, and its adoption. Transaction bodies."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from handoff import almanac, contracts, review
from handoff.hindsight import Move, moves
from handoff.holidays import Difference, Year, difference
from handoff.policy import Contract, parse
from handoff.review import Review

IMPORTED = "import"


@dataclass(frozen=True, kw_only=True)
class Notice:
    """What a year brings: the days, and the open tickets to look at (`observed`: the contract names the country)."""

    year: Year
    change: Difference
    known: bool
    observed: bool
    review: Review

    def moves(self, *, now: datetime) -> tuple[Move, ...]:
        """The deadlines that would move; takes a while for many tickets."""
        return tuple(moves(self.review.histories, self.review.book, now=now))


def preview(conn: Connection, year: Year) -> Notice:
    """What bringing this year in would change."""
    before, current = almanac.year(conn, year.country, year.year), contracts.book(conn).current
    proposed = _with(conn, current, year)
    return Notice(
        year=year,
        change=difference(before, year),
        known=before is not None,
        observed=proposed.version != current.version,
        review=review.unfinished(conn, proposed),
    )


def bring_in(conn: Connection, year: Year, *, by: int | None, reason: str, now: datetime) -> str:
    """Store the year and let the contract observe it; the version in force then."""
    contracts.lock(conn)
    almanac.save(conn, year, source=IMPORTED, by=by, now=now)
    return contracts.observe(conn, by=by, reason=reason, now=now).current.version


def _with(conn: Connection, current: Contract, year: Year) -> Contract:
    return parse(current.root, holidays=almanac.known(conn, instead=year))
