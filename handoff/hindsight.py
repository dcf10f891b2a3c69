"""What would have happened: tickets replayed with a proposed contract in the place of their own. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from handoff.clocks import Course, courses, view
from handoff.kinds import ClockKind, ClockState, EventKind, Level, Tier
from handoff.lifecycle import CLOSED, standing
from handoff.model import TicketEvent
from handoff.policy import Book, Contract
from handoff.sla import ran_late


@dataclass(frozen=True, kw_only=True)
class History:
    """One ticket's events, and the proposed contract as it would bind this ticket's client."""

    number: str
    events: tuple[TicketEvent, ...]
    proposed: Contract


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One clock of one level and tier: tickets that had it, that were late, that would have been."""

    level: Level
    tier: Tier
    clock: ClockKind
    tickets: int
    breached: int
    would: int


@dataclass(frozen=True, kw_only=True)
class Changed:
    """A clock that was in time and would have been late (`would`), or the other way round."""

    number: str
    clock: ClockKind
    would: bool


@dataclass(frozen=True, kw_only=True)
class Hindsight:
    """The whole: tickets with any late clock, then and with the proposed contract; and which ones change."""

    tickets: int
    breached: int
    would: int
    cells: tuple[Cell, ...]
    changed: tuple[Changed, ...]


@dataclass(frozen=True, kw_only=True)
class Move:
    """A running clock's deadline that the proposed contract moves; None: there would be none."""

    number: str
    clock: ClockKind
    before: datetime | None
    after: datetime | None


def replay(histories: Iterable[History], book: Book, *, now: datetime) -> Hindsight:
    """Read every ticket's clocks twice, under its own contracts and under the proposed one."""
    counts: defaultdict[tuple[Level, Tier, ClockKind], list[tuple[bool, bool]]] = defaultdict(list)
    changed: list[Changed] = []
    late: list[tuple[bool, bool]] = []
    for history in histories:
        was = _late(courses(history.events, book), now)
        would = _late(courses(_under(history.events, history.proposed), Book(current=history.proposed)), now)
        stood = standing(history.events)
        for clock in sorted(was.keys() | would.keys(), key=list(ClockKind).index):
            pair = was.get(clock, False), would.get(clock, False)
            counts[stood.level, stood.tier, clock].append(pair)
            if pair[0] is not pair[1]:
                changed.append(Changed(number=history.number, clock=clock, would=pair[1]))
        late.append((any(was.values()), any(would.values())))
    cells = tuple(_cell(key, pairs) for key, pairs in sorted(counts.items(), key=_place))
    breached, would_be = (sum(pair[which] for pair in late) for which in (0, 1))
    return Hindsight(tickets=len(late), breached=breached, would=would_be, cells=cells, changed=tuple(changed))


def moves(histories: Iterable[History], book: Book, *, now: datetime) -> Iterator[Move]:
    """The deadlines of unfinished tickets that would move if the proposed contract were adopted now."""
    for history in histories:
        was = standing(history.events)
        if was.state in CLOSED or was.policy == history.proposed.version:
            continue
        adopted = (*history.events, _adoption(history, now))
        before = _dues(courses(history.events, book), now)
        after = _dues(courses(adopted, replace(book, current=history.proposed, past=_all(book))), now)
        for key in sorted(before.keys() | after.keys()):
            if before.get(key) != after.get(key):
                yield Move(number=history.number, clock=key[0], before=before.get(key), after=after.get(key))


def _under(events: Sequence[TicketEvent], contract: Contract) -> list[TicketEvent]:
    """The same events, as if this contract had always been in force."""
    kept = [event for event in events if event.kind is not EventKind.POLICY_SET]
    opened = {"policy": contract.version}
    return [replace(e, data={**e.data, **opened}) if e.kind is EventKind.OPENED else e for e in kept]


def _adoption(history: History, now: datetime) -> TicketEvent:
    last = history.events[-1]
    data = {"policy": history.proposed.version}
    return replace(last, id=0, seq=last.seq + 1, at=now, recorded_at=now, kind=EventKind.POLICY_SET, data=data)


def _all(book: Book) -> Mapping[str, Contract]:
    return {**dict(book.past), book.current.version: book.current}


def _late(found: Iterable[Course], now: datetime) -> dict[ClockKind, bool]:
    """Whether any course of each clock ran late; clocks that never had a target are left out."""
    late: dict[ClockKind, bool] = {}
    for course in found:
        breached = ran_late(course.marks, now=now)
        if breached is not None:
            late[course.kind] = late.get(course.kind, False) or breached
    return late


def _dues(found: Iterable[Course], now: datetime) -> dict[tuple[ClockKind, int], datetime | None]:
    seen = ((course.key, view(course, now=now, fractions=())) for course in found)
    return {key: clock.due_at for key, clock in seen if clock.state is ClockState.RUNNING}


def _cell(key: tuple[Level, Tier, ClockKind], pairs: Sequence[tuple[bool, bool]]) -> Cell:
    level, tier, clock = key
    breached, would = (sum(pair[which] for pair in pairs) for which in (0, 1))
    return Cell(level=level, tier=tier, clock=clock, tickets=len(pairs), breached=breached, would=would)


def _place(item: tuple[tuple[Level, Tier, ClockKind], object]) -> tuple[int, int, int]:
    level, tier, clock = item[0]
    return list(Level).index(level), list(Tier).index(tier), list(ClockKind).index(clock)
