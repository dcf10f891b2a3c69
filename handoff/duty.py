"""Who is on duty when: people's shifts in their own zones, their absences, and what they say of themselves. Pure.

A shift opens as a calendar does: windows of wall-clock time, overnight ones split at midnight, on the local dates
from its first to its last. People without any shift are on duty in the calendar that the contract gives the tier.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Final

from handoff.business_time import WEEKDAYS, Calendar, Span, open_spans, parse_calendar
from handoff.errors import CalendarError, RosterError

FAR: Final = timedelta(days=14)
"""How far ahead the end of a duty is looked for; what goes on longer has none."""
STEPS: Final = 200
"""How often the next duty is looked for past an absence."""
YEARS: Final = range(1970, 2101)
MOST_WINDOWS: Final = 6
_INSTANT: Final = timedelta(microseconds=1)
_HOURS: Final = re.compile(r"[,;，；、\s]+")
Weekly = Mapping[str, Sequence[Sequence[str]]]


class PresenceState(StrEnum):
    """What people say of themselves; somebody busy is asked after those who are not, somebody away never."""

    AVAILABLE = "available"
    BUSY = "busy"
    AWAY = "away"


@dataclass(frozen=True, kw_only=True)
class Shift:
    """Weekly hours of a person, in the calendar's zone, on the local dates `first` to `last` (None: for good)."""

    id: int
    person_id: int
    calendar: Calendar
    weekly: Weekly
    first: date
    last: date | None = None


@dataclass(frozen=True, kw_only=True)
class Absence:
    """A person is not there from `starts` until `ends`."""

    id: int
    person_id: int
    starts: datetime
    ends: datetime
    why: str = ""

    def holds(self, at: datetime) -> bool:
        """Whether it counts at this instant."""
        return self.starts <= at < self.ends


@dataclass(frozen=True, kw_only=True)
class Presence:
    """A state that holds until an instant (None: until it is changed); afterwards the person is available."""

    state: PresenceState = PresenceState.AVAILABLE
    until: datetime | None = None

    def at(self, now: datetime) -> PresenceState:
        """The state at an instant."""
        return self.now(now).state

    def now(self, now: datetime) -> "Presence":
        """What is left of it at an instant."""
        return Presence() if self.until is not None and self.until <= now else self


@dataclass(frozen=True, kw_only=True)
class Roster:
    """Everything that says when one person is there."""

    shifts: tuple[Shift, ...] = ()
    absences: tuple[Absence, ...] = ()
    presence: Presence = Presence()


def on_duty(roster: Roster, duty: Calendar, now: datetime) -> bool:
    """Whether the person is on duty and there; `duty` is the calendar of people without a shift."""
    if roster.presence.at(now) is PresenceState.AWAY or any(absence.holds(now) for absence in roster.absences):
        return False
    return any(next(spans, None) for spans in _sources(roster, duty, now, now + _INSTANT))


def duty_until(roster: Roster, duty: Calendar, now: datetime) -> datetime | None:
    """When the duty that runs now ends; None if it does not within two weeks."""
    end = now
    while (later := _reach(roster, duty, end)) > end:
        end = later
        if end - now > FAR:
            break
    leaves = [absence.starts for absence in roster.absences if now < absence.starts < end]
    if leaves:
        return min(leaves)
    return None if end - now > FAR else end


def next_duty(roster: Roster, duty: Calendar, now: datetime) -> datetime | None:
    """The first instant from `now` at which the person is on duty; None if it cannot be foreseen."""
    at: datetime | None = now
    for _ in range(STEPS):
        if at is None:
            return None
        back = _back(roster, at)
        if back is None:
            return None
        if back == at:
            opens = _opens(roster, duty, at)
            if opens is None or on_duty(roster, duty, opens):
                return opens
            back = opens
        at = back
    return None


def parse_shift(
    *, person_id: int, zone: str, weekly: Mapping[str, object], first: object, last: object = None, shift_id: int = 0
) -> Shift:  # fmt: skip
    """Read a shift; raises RosterError naming the field. `weekly` has windows, or texts "09:00-12:00, 13:00-18:00"."""
    hours = {day: parse_hours(rows) if isinstance(rows, str) else rows for day, rows in weekly.items()}
    try:
        calendar = parse_calendar({"tz": zone, "weekly": hours})
    except CalendarError as error:
        raise RosterError("zone" if error.where == "tz" else error.where, error.why) from error
    if not any(calendar.weekly):
        raise RosterError("weekly", "a shift needs at least one window")
    begins = parse_date(first, "first")
    ends = parse_date(last, "last") if last not in {None, ""} else None
    if ends is not None and ends < begins:
        raise RosterError("last", "lies before the first day")
    return Shift(id=shift_id, person_id=person_id, calendar=calendar, weekly=_texts(calendar), first=begins, last=ends)


def parse_hours(text: str) -> list[list[str]]:
    """Read "09:00-12:00, 13:00-18:00"; what is no time is left for the calendar to refuse."""
    parts = [part for part in _HOURS.split(text.strip()) if part][: MOST_WINDOWS + 1]
    if len(parts) > MOST_WINDOWS:
        raise RosterError("weekly", f"more than {MOST_WINDOWS} windows a day")
    return [re.split("[-–—~～至]", part.replace("：", ":")[:40]) for part in parts]


def parse_date(value: object, where: str) -> date:
    """Read a date from 1970 to 2100; raises RosterError."""
    try:
        day = value if isinstance(value, date) else date.fromisoformat(str(value))
    except ValueError as error:
        raise RosterError(where, f"{str(value)[:40]!r} is no date") from error
    if day.year not in YEARS:
        raise RosterError(where, f"{day} lies outside {YEARS.start} to {YEARS.stop - 1}")
    return day


def hours_text(weekly: Weekly, day: str) -> str:
    """A weekday's windows as people type them."""
    return ", ".join("-".join(window) for window in weekly.get(day, ()))


def _texts(calendar: Calendar) -> dict[str, list[list[str]]]:
    """A calendar's weekly windows as they are stored."""
    return {
        day: [[_clock(a), _clock(b)] for a, b in windows]
        for day, windows in zip(WEEKDAYS, calendar.weekly, strict=True)
        if windows
    }


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


def _sources(roster: Roster, duty: Calendar, start: datetime, until: datetime | None = None) -> list[Iterator[Span]]:
    """The open spans of each shift, or of the duty calendar, that end after `start`."""
    if not roster.shifts:
        return [open_spans(duty, start, until)]
    return [_spans(shift, start, until) for shift in roster.shifts]


def _spans(shift: Shift, start: datetime, until: datetime | None) -> Iterator[Span]:
    begins = datetime.combine(shift.first, time(), tzinfo=shift.calendar.zone).astimezone(UTC)
    if until is not None and until <= begins:
        return
    for span in open_spans(shift.calendar, max(start, begins), until):
        if shift.last is not None and shift.calendar.local_date(span[0]) > shift.last:
            return
        yield span


def _reach(roster: Roster, duty: Calendar, at: datetime) -> datetime:
    """How far a span that holds `at` goes; `at` itself if none does."""
    held = [next(spans, None) for spans in _sources(roster, duty, at, at + _INSTANT)]
    return max((span[1] for span in held if span is not None), default=at)


def _back(roster: Roster, at: datetime) -> datetime | None:
    """The first instant from `at` at which the person is not away; None if they have not said when."""
    presence = roster.presence
    if presence.at(at) is PresenceState.AWAY:
        return presence.until
    return max((absence.ends for absence in roster.absences if absence.holds(at)), default=at)


def _opens(roster: Roster, duty: Calendar, at: datetime) -> datetime | None:
    found = [next(spans, None) for spans in _sources(roster, duty, at)]
    return min((max(span[0], at) for span in found if span is not None), default=None)
