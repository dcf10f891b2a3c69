"""Whether the public holidays are known as far as deadlines reach. A transaction body that only reads."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from sqlalchemy import Connection, func, literal_column, select

from handoff import contracts
from handoff.errors import NotFound
from handoff.kinds import ClockState
from handoff.tables import clock
from store.db import Instant

AHEAD: Final = timedelta(days=30)


@dataclass(frozen=True, kw_only=True)
class Coverage:
    """`until`: the last date known to every calendar (None: none needs one). `short`: deadlines may reach past it.

    `last_due` is the last deadline that does already.
    """

    until: date | None
    short: bool = False
    last_due: datetime | None = None


def look(conn: Connection, *, now: datetime) -> Coverage:
    """Compare what is known with the next 30 days and with the last deadline of a running clock."""
    try:
        contract = contracts.book(conn).current
    except NotFound:
        return Coverage(until=None)
    ends = min((calendar.known_until for calendar in contract.calendars.values() if calendar.known_until), default=None)
    if ends is None:
        return Coverage(until=None)
    running = clock.c.state == literal_column(f"'{ClockState.RUNNING}'")  # as the partial index wants it
    last = conn.execute(select(func.max(clock.c.due_at, type_=Instant())).where(running)).scalar_one_or_none()
    beyond = last if last is not None and last > ends else None
    return Coverage(until=contract.covered_until, short=beyond is not None or now + AHEAD > ends, last_due=beyond)
