"""The calendars of a contract: weekly windows, a country's public holidays, one client's closures. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from handoff.business_time import DAY, WEEKDAYS, Calendar, parse_calendar, parse_windows
from handoff.errors import CalendarError, PolicyError
from handoff.fields import sequence
from handoff.holidays import Holidays


@dataclass(frozen=True, kw_only=True)
class Closure:
    """Days, both ends included, on which one client has no service; 24x7 calendars only if `around_the_clock`."""

    first: date
    last: date
    around_the_clock: bool = False

    def closes(self, calendar: Calendar) -> bool:
        """Whether the calendar stands still on these days."""
        return self.around_the_clock or not calendar.always


def read_calendar(
    name: str, row: Mapping[str, object], holidays: Mapping[str, Holidays], closures: Sequence[Closure] = ()
) -> Calendar:
    """Read one calendar of a contract; raises PolicyError naming the field."""
    where = f"calendars.{name}"
    windows = [str(window).split("-") for window in sequence(row.get("windows"), f"{where}.windows")]
    weekly = dict.fromkeys(_weekdays(row.get("days"), f"{where}.days"), windows)
    try:
        calendar = parse_calendar({**row, "weekly": weekly}, name=name)
        observing = _observe(calendar, row.get("holidays"), parse_windows(windows, "windows"), holidays)
    except CalendarError as error:
        raise PolicyError(f"{where}.{error.where}", error.why) from error
    return _closed(observing, closures)


def _observe(
    calendar: Calendar,
    country: object,
    windows: tuple[tuple[int, int], ...],
    holidays: Mapping[str, Holidays],
) -> Calendar:
    """The calendar with a country's holidays closed and its make-up days open; its own dates win."""
    if country is None:
        return calendar
    table = holidays.get(str(country))
    if table is None:
        raise CalendarError("holidays", f"the public holidays of {country!r} are not known")
    makeup = dict.fromkeys(table.makeup - calendar.closed, windows)
    return replace(
        calendar,
        closed=calendar.closed | table.off,
        special={**makeup, **calendar.special},
        covered_until=table.until,
    )


def _closed(calendar: Calendar, closures: Sequence[Closure]) -> Calendar:
    """The calendar without the days on which the client has no service."""
    found = [closure for closure in closures if closure.closes(calendar)]
    days = (closure.first + DAY * n for closure in found for n in range((closure.last - closure.first).days + 1))
    return replace(calendar, closures=frozenset(days)) if found else calendar


def _weekdays(text: object, where: str) -> Sequence[str]:
    first, _, last = str(text).partition("-")
    if first not in WEEKDAYS or (last or first) not in WEEKDAYS[WEEKDAYS.index(first) :]:
        raise PolicyError(where, f'{text!r} are no weekdays; write "mon-fri" or "sat"')
    return WEEKDAYS[WEEKDAYS.index(first) : WEEKDAYS.index(last or first) + 1]
