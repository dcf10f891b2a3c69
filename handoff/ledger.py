"""The account of a ticket's deadlines: which event, window, holiday and pause produced each, line by line. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from itertools import islice, takewhile
from typing import Final

from handoff.business_time import DAY, Calendar, Unit, day_ends, open_spans
from handoff.clocks import Course, courses
from handoff.kinds import EventKind
from handoff.lifecycle import ordered
from handoff.model import Json, JsonValue, LedgerLine, TicketEvent
from handoff.policy import Book
from handoff.sla import SECOND, Phase, Reading, Signal, Target, Track, follow

MOST_LINES: Final = 100
"""How many counted windows or closed days one clock lists."""
SILENT: Final = frozenset({EventKind.NOTED, EventKind.SNOOZED, EventKind.WARNED, EventKind.BREACHED, EventKind.RAISED})
"""Events that move no clock."""
SIGNALLED: Final = {
    Signal.START: "start",
    Signal.STOP: "stop",
    Signal.PAUSE: "pause",
    Signal.RESUME: "resume",
    Signal.REOPEN: "reopen",
    Signal.RETARGET: "retarget",
    Signal.CANCEL: "cancel",
}


def account(events: Iterable[TicketEvent], book: Book, *, now: datetime) -> tuple[LedgerLine, ...]:
    """Every event of the ticket, then for each clock its signals, windows, closed days and due instant."""
    found = ordered(events)
    told = [LedgerLine(at=e.at, kind=f"event.{e.kind}", clock=None, data=_event(e)) for e in found]
    causes = {e.at: str(e.kind) for e in found if e.kind not in SILENT}
    for course in courses(found, book):
        told.extend(sorted(_course(course, now, causes), key=lambda line: line.at))
    return tuple(told)


def _event(event: TicketEvent) -> Json:
    return {**event.data, "seq": event.seq, "recorded_at": event.recorded_at.isoformat(), "by": event.actor_id}


def _course(course: Course, now: datetime, causes: Mapping[datetime, str]) -> Iterator[LedgerLine]:
    for mark in course.marks:
        data: dict[str, JsonValue] = {"targets": [target.label for target in mark.targets]}
        data["because"] = causes.get(mark.at)
        yield _line(course, SIGNALLED[mark.signal], (mark.at, data))
    reading = course.reading(now=now, fractions=())
    if reading.target is None:
        return
    until = now if reading.projected_due is None else max(now, reading.projected_due)
    if reading.phase in {Phase.STOPPED, Phase.CANCELLED} and reading.stopped_at is not None:
        until = reading.stopped_at
    track, calendar = follow(course.marks, now), reading.target.calendar
    yield from (_line(course, "counted", row) for row in islice(_counted(track, calendar, until), MOST_LINES))
    yield from (_line(course, "closed", row) for row in islice(_closed(track, calendar, until), MOST_LINES))
    yield from (_line(course, "day", row) for row in islice(_days(track, reading.target, until), MOST_LINES))
    if reading.started_at is not None:
        yield _line(course, "due" if reading.projected_due else "never", _end(reading, reading.target))


def _end(reading: Reading, target: Target) -> tuple[datetime, Json]:
    """Where it all comes to, and by what it was read."""
    at = reading.projected_due or reading.started_at
    assert at is not None, "a clock with a target has started"
    data: dict[str, JsonValue] = {"target": target.label, "unit": str(target.unit), "amount": target.amount}
    data |= {"calendar": target.calendar.name, "zone": str(target.calendar.zone), "weekly": _weekly(target.calendar)}
    data |= {"phase": str(reading.phase), "elapsed_s": reading.elapsed_s, "remaining_s": reading.remaining_s}
    return at, data | {"breached": reading.breached}


def _weekly(calendar: Calendar) -> list[JsonValue]:
    """The calendar's usual week from Monday: each day's windows in minutes after midnight."""
    return [[list(window) for window in windows] for windows in calendar.weekly]


def _line(course: Course, kind: str, row: tuple[datetime, Json]) -> LedgerLine:
    return LedgerLine(at=row[0], kind=kind, clock=course.kind, data={**row[1], "cycle": course.cycle})


def _days(track: Track, target: Target, until: datetime) -> Iterator[tuple[datetime, Json]]:
    """The ends of working days after filing, of a target that counts days: counted if the clock ran then."""
    if target.unit is Unit.BUSINESS_SECONDS or track.started_at is None:
        return
    number = 0
    for at in takewhile(lambda at: at <= until, day_ends(target.calendar, track.started_at, target.unit)):
        ran = any(run.holds(at) for run in track.runs)
        number += ran
        yield at, {"number": number if ran else None, "amount": target.amount}


def _counted(track: Track, calendar: Calendar, until: datetime) -> Iterator[tuple[datetime, Json]]:
    """Each open stretch in which the clock ran."""
    for run in track.runs:
        end = min(run.end or until, until)
        for opens, closes in open_spans(calendar, run.start, end):
            first, last = max(opens, run.start), min(closes, end)
            yield first, {"until": last.isoformat(), "seconds": (last - first) // SECOND}


def _closed(track: Track, calendar: Calendar, until: datetime) -> Iterator[tuple[datetime, Json]]:
    """Days between start and due that the calendar takes off, or opens although the weekday is off."""
    if track.started_at is None:
        return
    day, last = calendar.local_date(track.started_at), calendar.local_date(until)
    while day <= last:
        usual, today = bool(calendar.weekly[day.weekday()]), bool(calendar.windows(day))
        if usual != today:
            noon = datetime.combine(day, datetime.min.time(), tzinfo=calendar.zone) + timedelta(hours=12)
            why = "makeup" if today else "closure" if day in calendar.closures else "holiday"
            yield noon, {"date": day.isoformat(), "why": why}
        day += DAY
