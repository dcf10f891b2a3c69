"""How much lies with people, for those who watch: open tickets by level, clocks that run. Two counts on indices."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import product
from typing import Final, Literal

from sqlalchemy import Connection, and_, case, func, literal_column, select

from handoff.kinds import ClockKind, Level
from handoff.tables import clock, ticket, unsolved

SOON: Final = timedelta(minutes=30)
Standing = Literal["running", "soon", "late"]
STANDINGS: Final[tuple[Standing, ...]] = ("running", "soon", "late")


@dataclass(frozen=True, kw_only=True, slots=True)
class Load:
    """Numbers of tickets by (level, claimed by somebody), and of running clocks by (kind, standing).

    Every combination is there. `soon`: due within `SOON`; `late`: due and not met; `running`: all others.
    """

    tickets: Mapping[tuple[str, bool], int]
    clocks: Mapping[tuple[str, Standing], int]


def load(conn: Connection, *, now: datetime) -> Load:
    """What lies with people now."""
    return Load(tickets=_tickets(conn), clocks=_clocks(conn, now=now))


def _tickets(conn: Connection) -> dict[tuple[str, bool], int]:
    found = dict.fromkeys(product((level.value for level in Level), (True, False)), 0)
    claimed = ticket.c.assignee_id.is_not(None).label("claimed")
    counted = select(ticket.c.level, claimed, func.count().label("number")).where(unsolved)
    for row in conn.execute(counted.group_by(ticket.c.level, claimed)):
        found[row.level, bool(row.claimed)] = row.number
    return found


def _clocks(conn: Connection, *, now: datetime) -> dict[tuple[str, Standing], int]:
    due, running = clock.c.due_at, clock.c.state == literal_column("'running'")
    late, soon = func.count(case((due <= now, 1))), func.count(case((and_(due > now, due <= now + SOON), 1)))
    counted = select(clock.c.kind, func.count(), soon, late).where(running).group_by(clock.c.kind)
    found: dict[tuple[str, Standing], int] = dict.fromkeys(product((kind.value for kind in ClockKind), STANDINGS), 0)
    for kind, all_, near, past in conn.execute(counted):
        found |= {(kind, "running"): all_ - near - past, (kind, "soon"): near, (kind, "late"): past}
    return found
