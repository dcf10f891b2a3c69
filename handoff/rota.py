"""Who is on duty, who comes next, and what each person has: the roster as leads look at it. A transaction body."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from handoff import asking, contracts, roster
from handoff.duty import duty_until, next_duty, on_duty
from handoff.policy import EMERGENCY
from handoff.routing import Candidate


@dataclass(frozen=True, kw_only=True)
class Standby:
    """One colleague at one instant. `until` ends a duty that runs, `starts` begins the next; None: not foreseen."""

    candidate: Candidate
    here: bool
    until: datetime | None = None
    starts: datetime | None = None

    @property
    def rostered(self) -> bool:
        """Whether they have a shift of their own; else the contract's hours count."""
        return bool(self.candidate.roster.shifts)


def rota(conn: Connection, *, now: datetime) -> tuple[Standby, ...]:
    """Every active colleague, those on duty first. Without a shift, people count as on duty for emergencies."""
    book, routes = contracts.book(conn), roster.routes_in_force(conn)
    found = asking.candidates(conn, weight=routes.emergency_weight if routes else 1)
    duty = book.current.duty[EMERGENCY]
    rows = []
    for candidate in found:
        times = candidate.roster
        here = on_duty(times, duty, now)
        until = duty_until(times, duty, now) if here else None
        starts = None if here else next_duty(times, duty, now)
        rows.append(Standby(candidate=candidate, here=here, until=until, starts=starts))
    return tuple(sorted(rows, key=lambda row: not row.here))


def coming(rows: tuple[Standby, ...]) -> tuple[Standby, ...]:
    """Those off duty whose next duty is known, the next first."""
    known = [(row.starts, row.candidate.person.id, row) for row in rows if row.starts is not None]
    return tuple(row for _, _, row in sorted(known, key=lambda found: found[:2]))
