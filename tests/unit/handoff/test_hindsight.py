"""What would have happened: each ticket replayed with a proposed contract, on hand-made histories."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from handoff.clocks import courses
from handoff.hindsight import Changed, History, Move, moves, replay
from handoff.holiday_library import known_holidays
from handoff.kinds import ClockKind, EventKind
from handoff.model import TicketEvent
from handoff.policy import Book, Contract, close, load, parse
from handoff.service_hours import Closure
from handoff.sla import ran_late

OLD = load()
START = datetime(2026, 3, 9, 2, 0, tzinfo=UTC)  # 10:00 in Shanghai, a working day
BOOK = Book(current=OLD)


def edited(fr: str, **also: str) -> Contract:
    """The contract with another first response for gold questions."""
    root: Any = OLD.root
    targets = dict(root["targets"])
    targets["question"] = {**targets["question"], "gold": {"FR": fr, "RS": "1 working day on W"} | also}
    return parse({**root, "targets": targets}, holidays=known_holidays())


def history(*events: tuple[float, EventKind, dict[str, Any]], number: str = "T-1001", proposed: Contract) -> History:
    """A gold question opened at START, and what happened so many hours later."""
    opened = (0.0, EventKind.OPENED, {"level": "question", "tier": "gold", "policy": OLD.version})
    rows = tuple(
        TicketEvent(id=seq, ticket_id=1, seq=seq, at=START + timedelta(hours=hours),
                    recorded_at=START + timedelta(hours=hours), kind=kind, data=data)
        for seq, (hours, kind, data) in enumerate((opened, *events), 1)
    )  # fmt: skip
    return History(number=number, events=rows, proposed=proposed)


def replied(hours: float) -> tuple[float, EventKind, dict[str, Any]]:
    return hours, EventKind.REPLIED, {"holding": False}


@pytest.mark.parametrize(
    ("fr", "after_h", "breached", "would"),
    [
        ("4 h on G", 3, 0, 0),
        ("2 h on G", 3, 0, 1),
        ("2 h on G", 2, 0, 0),
        ("8 h on G", 5, 1, 0),
        ("2 h on G", 5, 1, 1),
    ],
)
def test_a_ticket_is_counted_then_and_with_the_proposal(fr: str, after_h: float, breached: int, would: int) -> None:
    """Answered after so many hours, under 4 h then and under the proposal; exactly on time is in time."""
    proposed = edited(fr)
    found = replay([history(replied(after_h), proposed=proposed)], BOOK, now=START + timedelta(hours=6))
    assert (found.tickets, found.breached, found.would) == (1, breached, would)
    first = next(cell for cell in found.cells if cell.clock is ClockKind.FR)
    assert (first.tickets, first.breached, first.would) == (1, breached, would)
    changed = () if breached == would else (Changed(number="T-1001", clock=ClockKind.FR, would=bool(would)),)
    assert found.changed == changed


def test_a_later_change_of_contract_does_not_hide_the_proposal() -> None:
    """A ticket that was brought in line meanwhile is replayed as if the proposal had held all along."""
    other, proposed = edited("9 h on G"), edited("2 h on G")
    events = ((1.0, EventKind.POLICY_SET, {"policy": other.version}), replied(3))
    book = Book(current=other, past={OLD.version: OLD})
    found = replay([history(*events, proposed=proposed)], book, now=START + timedelta(hours=6))
    assert (found.breached, found.would) == (0, 1)


def test_a_clock_that_the_proposal_adds_or_takes_away_is_counted() -> None:
    """Work started is asked for by the proposal alone, the resolution by the contract of then alone."""
    proposed = parse(
        {**OLD.root, "targets": {**OLD.root["targets"], "question": {  # type: ignore[dict-item]
            **OLD.root["targets"]["question"], "gold": {"FR": "4 h on G", "WS": "1 h on G"},  # type: ignore[index]
        }}}, holidays=known_holidays(),
    )  # fmt: skip
    found = replay([history(replied(1), proposed=proposed)], BOOK, now=START + timedelta(days=3))
    late = {cell.clock: (cell.breached, cell.would) for cell in found.cells}
    assert late == {ClockKind.FR: (0, 0), ClockKind.RS: (1, 0), ClockKind.WS: (0, 1)}


def test_only_open_tickets_that_would_move_are_listed() -> None:
    """From when to when; a closed one and one that is in line already are not."""
    proposed = edited("2 h on G")
    now = START + timedelta(hours=1)
    due = [START + timedelta(hours=hours) for hours in (4, 2)]
    resolved = history((0.5, EventKind.RESOLVED, {"why": ""}), number="T-1002", proposed=proposed)
    same = history(number="T-1003", proposed=OLD)
    found = list(moves([history(proposed=proposed), resolved, same], BOOK, now=now))
    assert found == [Move(number="T-1001", clock=ClockKind.FR, before=due[0], after=due[1])]


def test_a_clients_closures_hold_under_the_proposal() -> None:
    """The same proposal moves the deadline of a client that is closed today to tomorrow."""
    today = (START + timedelta(hours=8)).date()
    closed = close(edited("2 h on G"), [Closure(first=today, last=today)])
    found = list(moves([history(proposed=closed)], BOOK, now=START + timedelta(hours=1)))
    first = next(move for move in found if move.clock is ClockKind.FR)
    assert first.after == datetime(2026, 3, 10, 3, 0, tzinfo=UTC)


def test_nothing_is_nothing() -> None:
    """No tickets, no figures."""
    found = replay([], BOOK, now=START)
    assert (found.tickets, found.breached, found.would, found.cells, found.changed) == (0, 0, 0, (), ())


@pytest.mark.parametrize("hours", [0, 1, 2, 3, 4, 5, 9, 24, 25, 33, 34, 50])
@pytest.mark.parametrize("paused", [False, True])
def test_late_means_the_same_here_as_everywhere(hours: int, *, paused: bool) -> None:
    """The quick look at a clock says what its whole reading says, running, paused, stopped or raised."""
    waits = [(1.5, EventKind.REPLIED, {"holding": False}), (1.6, EventKind.WAITED, {"on": "client"})] if paused else []
    raised = (2.0, EventKind.LEVEL_SET, {"level": "bug"})
    events = history(*waits, raised, (40.0, EventKind.RESOLVED, {"why": ""}), proposed=OLD).events
    now = START + timedelta(hours=hours)
    for course in courses(events, BOOK):
        reading = course.reading(now=now, fractions=())
        assert ran_late(course.marks, now=now) is (None if reading.target is None else reading.breached)
