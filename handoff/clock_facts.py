"""The runs of clocks that figures rest on. Transaction bodies that only read.

A clock belongs to the span in which it started.
"""

from collections.abc import Iterable, Iterator
from typing import Any, Final, NamedTuple

from sqlalchemy import Row, select

from handoff.business_time import OpenSeconds
from handoff.evidence import ABOUT, Evidence, second
from handoff.indicators import About, Fact
from handoff.kinds import ClockKind, ClockState
from handoff.policy import parse_term
from handoff.tables import clock, ticket

FINISHED: Final = frozenset({ClockState.MET, ClockState.MISSED})
UNENDED: Final = frozenset({ClockState.RUNNING, ClockState.PAUSED, ClockState.UNANSWERED})
ANSWERABLE: Final = frozenset({ClockKind.FR, ClockKind.NR})
_KINDS: Final = {str(value): value for value in ClockKind}
_STATES: Final = {str(value): value for value in ClockState}


class Run(NamedTuple):
    """One run of a clock: seconds used up so far or in all, by its calendar and by the wall.

    `late`: its target was used up before it stopped, or before now if it runs. `held`: ended by "wait" alone.
    """

    ticket: int
    kind: ClockKind
    state: ClockState
    started: int
    business: int
    wall: int
    about: About
    late: bool = False
    held: bool = False


def runs(evidence: Evidence) -> tuple[Run, ...]:
    """Every run of a clock that started in the span."""
    conn, asked = evidence.conn, evidence.asked
    columns = (
        clock.c.ticket_id, clock.c.kind, clock.c.state, second(conn, clock.c.started_at),
        second(conn, clock.c.stopped_at), second(conn, clock.c.due_at), clock.c.breached_at.is_not(None),
        clock.c.held_at.is_not(None), clock.c.elapsed_s, second(conn, clock.c.read_at), clock.c.target, clock.c.policy,
    )  # fmt: skip
    query = select(*columns, *ABOUT).join_from(clock, ticket, clock.c.ticket_id == ticket.c.id)
    query = query.where(clock.c.started_at >= asked.since, clock.c.started_at < asked.until, *asked.of_tickets())
    return tuple(_runs(conn.execute(query).all(), evidence))


def _runs(rows: Iterable[Row[*tuple[Any, ...]]], evidence: Evidence) -> Iterator[Run]:
    meters = _Meters(evidence)
    for row in rows:
        ticket_id, kind, state, started, stopped, due, breached, held, used, read_at, target, policy, *_ = row
        if state == ClockState.RUNNING:
            used += meters.since(read_at, target=target, policy=policy)
            breached = breached or (due is not None and due < meters.now_s)
        wall = max(0, (meters.now_s if stopped is None else stopped) - started)
        of = evidence.of_ticket(ticket_id, row, 12)
        yield Run(ticket_id, _KINDS[kind], _STATES[state], started, used, wall, of, bool(breached), bool(held))


class _Meters:
    """Open seconds of each target's calendar up to now, by one list of its windows."""

    def __init__(self, evidence: Evidence) -> None:
        self._evidence, self.now_s = evidence, evidence.now_s
        self._of: dict[tuple[str, str], OpenSeconds] = {}

    def since(self, instant: int, *, target: str, policy: str) -> int:
        """How many seconds of a target's calendar were open from then on."""
        meter = self._of.get((target, policy))
        if meter is None:
            calendar = parse_term(target, "target", self._evidence.book.of(policy).calendars).target.calendar
            meter = self._of[target, policy] = OpenSeconds(calendar, self._evidence.asked.now)
        return meter.since(instant)


def timed(found: Iterable[Run], kind: ClockKind) -> Iterator[Fact]:
    """How long a clock took. Responses count while nobody has answered; resolutions once there are such."""
    for run in found:
        unended = run.state in UNENDED
        if run.kind is kind and (run.state in FINISHED or (kind in ANSWERABLE and unended)):
            marks = (*(("open",) if unended else ()), *(("held",) if run.held else ()))
            yield Fact(run.started, run.business, run.about, run.ticket, run.wall, marks)


def judged(evidence: Evidence) -> tuple[Fact, ...]:
    """One for a target that was kept, zero for one that was not. What still runs in time is not judged yet."""
    return tuple(_judged(evidence.once(runs)))


def _judged(found: Iterable[Run]) -> Iterator[Fact]:
    for run in found:
        verdict = verdict_of(run)
        if verdict not in {None, "running"}:
            yield Fact(run.started, float(verdict == "met"), run.about, run.ticket, None, (str(verdict), str(run.kind)))


def verdict_of(run: Run) -> str | None:
    """`met`, `missed`, `unanswered`, `late` (it still runs), or `running` in time; None if cancelled."""
    match run.state:
        case ClockState.MET | ClockState.MISSED | ClockState.UNANSWERED:
            return str(run.state)
        case ClockState.RUNNING | ClockState.PAUSED:
            return "late" if run.late else "running"
    return None


def held(found: Iterable[Run]) -> Iterator[Fact]:
    """Waits that a reply ended which only said "wait"."""
    for run in found:
        if run.held:
            yield Fact(run.started, 1.0, run.about, run.ticket)
