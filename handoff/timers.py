"""What a ticket is due for: warnings and breaches of its clocks, and the desk's other reminders. Pure.

Every appointment becomes one event, stamped with its own instant however late it is looked at; the event is what
keeps it from happening twice.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from handoff.clocks import Course
from handoff.kinds import ClockKind, EventKind, Level, TicketState
from handoff.lifecycle import WITH_PEOPLE, Standing
from handoff.model import Json, TicketEvent
from handoff.policy import Contract
from handoff.routes import PageStep, Routes, Step
from handoff.sla import Phase, Reading

ACKNOWLEDGE: Final = "ACK"
ASK: Final = "ASK"
SILENT: Final = "SILENT"
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
    events: Sequence[TicketEvent],
    was: Standing,
    courses: Collection[Course],
    contract: Contract,
    *,
    routes: Routes | None = None,
    now: datetime,
) -> tuple[Appointment, ...]:
    """Everything the ticket is due for and has not had, in order. Without `routes` nobody is asked to take it."""
    if was.state in {TicketState.RESOLVED, TicketState.MERGED}:
        found: list[Appointment] = list(_thresholds(events, courses, contract, now=now))
    else:
        found = [
            *_thresholds(events, courses, contract, now=now),
            *_acknowledgement(events, was, contract, routes),
            *_follow_up(events, contract),
            *_quiet(events, was, contract),
            *_waking(was),
            *(_asking(was, routes) if routes else ()),
            *(_silence(events, was, courses, routes, now=now) if routes else ()),
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


def _acknowledgement(
    events: Sequence[TicketEvent], was: Standing, contract: Contract, routes: Routes | None
) -> Iterator[Appointment]:
    """The steps of an emergency that nobody has taken, each once for each time that it became one."""
    known = [event for event in events if event.data.get("level") == Level.EMERGENCY]
    if was.level is not Level.EMERGENCY or was.acknowledged or not known:
        return
    began = known[-1]
    paged = [event for event in events if event.kind is EventKind.UNACKNOWLEDGED and event.seq > began.seq]
    done = {event.data.get("step", PageStep.LEAD) for event in paged}
    steps = routes.steps if routes else (Step(name=PageStep.LEAD, after=contract.emergency_ack),)
    for step in steps:
        if step.name not in done:
            data: Json = {"step": str(step.name)}
            at = began.recorded_at + step.after
            yield Appointment(at=at, timer=ACKNOWLEDGE, kind=EventKind.UNACKNOWLEDGED, data=data)


def _asking(was: Standing, routes: Routes) -> Iterator[Appointment]:
    """Somebody who was asked and has not taken it is passed over; a ticket that asks nobody waits for the next duty."""
    if was.state not in WITH_PEOPLE or was.assignee_id is not None or was.snoozed_until is not None:
        return
    if was.asked_id is not None and was.asked_at is not None:
        data: Json = {"cause": "passed", "over": was.asked_id}
        at = was.asked_at + routes.pass_over[was.level]
        yield Appointment(at=at, timer=ASK, kind=EventKind.ROUTED, data=data)
    elif was.again_at is not None:
        yield Appointment(at=was.again_at, timer=ASK, kind=EventKind.ROUTED, data={"cause": "duty"})


def _silence(
    events: Sequence[TicketEvent], was: Standing, courses: Iterable[Course], routes: Routes, *, now: datetime
) -> Iterator[Appointment]:
    """An assignee who has done nothing since a response clock began loses the ticket, once for each clock's run.

    Whoever has had the ticket for a shorter time than people are asked for keeps it that long.
    """
    if routes.silent is None or was.state is not TicketState.OPEN or was.assignee_id is None:
        return
    given = [event for event in events if event.kind in {EventKind.CLAIMED, EventKind.TRANSFERRED}]
    written = {_run(event.data) for event in events if event.kind is EventKind.SILENT}
    for course in courses:
        data: Json = {"clock": str(course.kind), "cycle": course.cycle, "percent": round(routes.silent * 100)}
        if course.kind not in {ClockKind.FR, ClockKind.NR} or _run(data) in written or not given:
            continue
        reading = course.reading(now=now, fractions=(routes.silent,))
        at, began = reading.thresholds[0], reading.started_at
        if reading.phase is Phase.RUNNING and at and began and not _acted(events, was.assignee_id, began):
            kept = given[-1].recorded_at + routes.pass_over[was.level]
            yield Appointment(at=max(at, kept), timer=SILENT, kind=EventKind.SILENT, data=data)


def _acted(events: Iterable[TicketEvent], person_id: int, since: datetime) -> bool:
    """Whether the person did anything on the ticket since then: replied, noted, claimed, or another verb."""
    return any(event.actor_id == person_id and event.at >= since for event in events)


def _run(data: Json) -> tuple[object, ...]:
    return data.get("clock"), data.get("cycle")


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
