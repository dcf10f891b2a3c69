"""What a ticket is due for: warnings and breaches of its clocks, and the desk's other reminders. Pure.

Every appointment becomes one event, stamped with its own instant however late it is looked at; the event is what
keeps it from happening twice.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from handoff.clocks import Course
from handoff.lifecycle import Standing
from handoff.model import EventKind, Json, Level, TicketEvent, TicketState
from handoff.policy import Contract
from handoff.sla import Phase, Reading

ACKNOWLEDGE: Final = "ACK"
FOLLOW_UP: Final = "FOLLOW"
QUIET: Final = "QUIET"
WAKE: Final = "WAKE"
BREACH: Final = 100
AFTER: Final = timedelta(milliseconds=1)
"""Thresholds count last at an instant, so a timer looks just after it."""


@dataclass(frozen=True, kw_only=True)
class Appointment:
    """One event that is to be written at `at`, unless the ticket changes first; `timer` is who looks then."""

    at: datetime
    timer: str
    kind: EventKind
    data: Json


def appointments(
    events: Sequence[TicketEvent], was: Standing, courses: Iterable[Course], contract: Contract, *, now: datetime
) -> tuple[Appointment, ...]:
    """Everything the ticket is due for and has not had, in order."""
    if was.state in {TicketState.RESOLVED, TicketState.MERGED}:
        found: list[Appointment] = list(_thresholds(events, courses, contract, now=now))
    else:
        found = [
            *_thresholds(events, courses, contract, now=now),
            *_acknowledgement(events, was, contract),
            *_follow_up(events, contract),
            *_quiet(events, was, contract),
            *_waking(was),
        ]
    return tuple(sorted(found, key=lambda item: (item.at, item.timer)))


def looks(found: Iterable[Appointment]) -> Mapping[str, datetime]:
    """When each timer is to look at the ticket next."""
    next_looks: dict[str, datetime] = {}
    for item in found:
        next_looks.setdefault(item.timer, item.at + AFTER)
    return next_looks


def _thresholds(
    events: Sequence[TicketEvent], courses: Iterable[Course], contract: Contract, *, now: datetime
) -> Iterator[Appointment]:
    """Warnings once for each target, a breach once for each policy version; of a still clock only those it passed."""
    written = {_key(event.data) for event in events if event.kind in {EventKind.WARNED, EventKind.BREACHED}}
    for course in courses:
        reading = course.reading(now=now, fractions=contract.warnings)
        for at, percent in _passed(reading, contract.warnings):
            data = _data(course, reading, percent)
            if _key(data) not in written:
                kind = EventKind.BREACHED if percent == BREACH else EventKind.WARNED
                yield Appointment(at=at, timer=course.kind, kind=kind, data=data)


def _passed(reading: Reading, fractions: Sequence[float]) -> Iterator[tuple[datetime, int]]:
    """The instants at which a clock passed, or if it runs on will pass, its warnings and its due."""
    if reading.phase in {Phase.IDLE, Phase.CANCELLED}:
        return
    running = reading.phase is Phase.RUNNING
    warnings = reading.thresholds if running else reading.warned_at
    breach = reading.breached_at or (reading.projected_due if running else None)
    percents = [*(round(fraction * 100) for fraction in fractions), BREACH]
    for at, percent in zip([*warnings, breach], percents, strict=True):
        if at is not None:
            yield at, percent


def _data(course: Course, reading: Reading, percent: int) -> Json:
    return {
        "clock": str(course.kind),
        "cycle": course.cycle,
        "percent": percent,
        "policy": course.policy,
        "target": reading.target.label if reading.target else "",
        "due": reading.projected_due.isoformat() if reading.projected_due else None,
    }


def _key(data: Json) -> tuple[object, ...]:
    what = data.get("policy") if data.get("percent") == BREACH else data.get("target")
    return data.get("clock"), data.get("cycle"), data.get("percent"), what


def _acknowledgement(events: Sequence[TicketEvent], was: Standing, contract: Contract) -> Iterator[Appointment]:
    """An emergency that nobody has taken."""
    if was.level is not Level.EMERGENCY or was.acknowledged or _has(events, EventKind.UNACKNOWLEDGED):
        return
    known = [event.recorded_at for event in events if event.data.get("level") == Level.EMERGENCY]
    if known:
        at = known[-1] + contract.emergency_ack
        yield Appointment(at=at, timer=ACKNOWLEDGE, kind=EventKind.UNACKNOWLEDGED, data={})


def _follow_up(events: Sequence[TicketEvent], contract: Contract) -> Iterator[Appointment]:
    """A holding reply that nothing more has followed."""
    replies = [event for event in events if event.kind in {EventKind.REPLIED, EventKind.FOLLOW_UP}]
    if replies and replies[-1].kind is EventKind.REPLIED and replies[-1].data.get("holding") is True:
        at = replies[-1].at + contract.follow_up
        yield Appointment(at=at, timer=FOLLOW_UP, kind=EventKind.FOLLOW_UP, data={})


def _quiet(events: Sequence[TicketEvent], was: Standing, contract: Contract) -> Iterator[Appointment]:
    """A client who does not answer: reminded, then the ticket is resolved with notice."""
    if was.waiting_since is None:
        return
    since = was.waiting_since
    if not any(event.kind is EventKind.REMINDED and event.at >= since for event in events):
        yield Appointment(at=since + contract.waiting_remind, timer=QUIET, kind=EventKind.REMINDED, data={})
    at = since + contract.waiting_resolve
    yield Appointment(at=at, timer=QUIET, kind=EventKind.RESOLVED, data={"why": "quiet"})


def _waking(was: Standing) -> Iterator[Appointment]:
    if was.snoozed_until is not None:
        yield Appointment(at=was.snoozed_until, timer=WAKE, kind=EventKind.WOKEN, data={})


def _has(events: Sequence[TicketEvent], kind: EventKind) -> bool:
    return any(event.kind is kind for event in events)
