"""Business time: which instants a calendar counts, and where an amount of open time ends.

A calendar has windows of wall-clock minutes for each local date, looked up as special date, closed date,
weekday. A window is the UTC span between its two ends; PEP 495 fold 0 maps an end that does not exist to the
later instant and one that occurs twice to its first. Overlapping spans count once.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from itertools import accumulate, islice, pairwise
from zoneinfo import ZoneInfo

from handoff.errors import CalendarError
from store.zones import find_zone

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY = timedelta(days=1)
HORIZON = timedelta(days=366 * 50)
"""How far ahead an end is looked for; what lies beyond is never."""
EARLIEST = datetime(1, 1, 3, tzinfo=UTC)
LATEST = datetime(9999, 12, 29, tzinfo=UTC)

MINUTES = 24 * 60
_CLOCK = re.compile(r"(?P<hour>[01]?\d|2[0-3]):(?P<minute>[0-5]\d)|24:00")

Window = tuple[int, int]
"""Minutes after midnight, half-open, 0 to 1440."""
Span = tuple[datetime, datetime]
"""Two UTC instants, half-open."""


class Unit(StrEnum):
    """How a target's amount counts."""

    BUSINESS_SECONDS = "business_seconds"
    WORKDAY_EOD = "workday_eod"
    WORKDAY_SAME_TIME = "workday_same_time"


@dataclass(frozen=True, kw_only=True)
class Calendar:
    """Opening hours of an IANA zone. `weekly` has seven entries from Monday; `special` beats `closed`.

    `closures`, days on which one client has no service, beat both. `covered_until` is the last date whose public
    holidays are known, None where none matter.
    """

    name: str = ""
    zone: ZoneInfo
    weekly: tuple[tuple[Window, ...], ...]
    closed: frozenset[date] = frozenset()
    special: Mapping[date, tuple[Window, ...]] = field(default_factory=dict)
    covered_until: date | None = None
    closures: frozenset[date] = frozenset()

    @property
    def always(self) -> bool:
        """Whether it never closes."""
        return not self.closed and not self.special and self.weekly == (((0, MINUTES),),) * 7

    @property
    def known_until(self) -> datetime | None:
        """The end of `covered_until`."""
        last = self.covered_until
        return None if last is None else datetime.combine(last + DAY, time(), tzinfo=self.zone).astimezone(UTC)

    def windows(self, day: date) -> tuple[Window, ...]:
        """The wall-clock windows of a local date."""
        if day in self.closures:
            return ()
        if day in self.special:
            return self.special[day]
        return () if day in self.closed else self.weekly[day.weekday()]

    def local_date(self, at: datetime) -> date:
        """The date that the calendar's wall shows at an instant."""
        return at.astimezone(self.zone).date()


def parse_calendar(document: Mapping[str, object], *, name: str = "") -> Calendar:
    """Read `{tz, weekly, closed_dates, special_dates}`; raises CalendarError naming the field."""
    weekly = _mapping(document.get("weekly", {}), "weekly")
    unknown = sorted(set(weekly) - set(WEEKDAYS))
    if unknown:
        raise CalendarError(f"weekly.{unknown[0]}", "no such weekday")
    special = _mapping(document.get("special_dates", {}), "special_dates")
    closed = _list(document.get("closed_dates", []), "closed_dates")
    return Calendar(
        name=name,
        zone=_zone(document.get("tz")),
        weekly=tuple(parse_windows(weekly.get(day, []), f"weekly.{day}") for day in WEEKDAYS),
        closed=frozenset(_date(day, "closed_dates") for day in closed),
        special={
            _date(day, "special_dates"): parse_windows(rows, f"special_dates.{day}") for day, rows in special.items()
        },
    )


def parse_windows(rows: object, where: str) -> tuple[Window, ...]:
    """Read `[["09:00", "12:00"], …]`: ascending, not overlapping, inside one day."""
    windows = tuple(_window(row, where) for row in _list(rows, where))
    for before, after in pairwise(windows):
        if after[0] < before[1]:
            raise CalendarError(where, "windows overlap or are not ascending")
    return windows


def spans_of(calendar: Calendar, day: date) -> list[Span]:
    """The open spans of one local date, empty ones left out."""
    found = [(_instant(calendar, day, a), _instant(calendar, day, b)) for a, b in calendar.windows(day)]
    return [span for span in found if span[0] < span[1]]


def open_spans(calendar: Calendar, start: datetime, until: datetime | None = None) -> Iterator[Span]:
    """Open spans that end after `start` and begin before `until`, in order and apart.

    The first may begin before `start`. `until` is HORIZON after the start unless given.
    """
    limit = until or _shift(start, HORIZON)
    last: datetime | None = None
    for day in _days(calendar, start, limit):
        for opens, closes in spans_of(calendar, day):
            begins = opens if last is None else max(opens, last)
            if begins >= limit:
                return
            if begins < closes:
                last = closes
                if closes > start:
                    yield begins, closes


def open_time(calendar: Calendar, start: datetime, end: datetime) -> timedelta:
    """Open time between two instants, exact; zero when the end is not after the start."""
    total = timedelta()
    for opens, closes in open_spans(calendar, start, end) if start < end else ():
        total += min(closes, end) - max(opens, start)
    return total


def next_open(calendar: Calendar, at: datetime) -> datetime | None:
    """The first open instant at or after `at`; None if the calendar does not open again."""
    first = next(open_spans(calendar, at), None)
    return None if first is None else max(first[0], at)


def after_open_time(calendar: Calendar, start: datetime, amount: timedelta) -> datetime | None:
    """The earliest instant at which `amount` of open time since `start` is used up; None is never."""
    left = amount
    if left <= timedelta():
        return start
    for opens, closes in open_spans(calendar, start):
        begins = max(opens, start)
        if closes - begins >= left:
            return begins + left
        left -= closes - begins
    return None


def day_ends(calendar: Calendar, start: datetime, unit: Unit) -> Iterator[datetime]:
    """Where each working day after that of `start` counts as used up: its close, or the same time of day."""
    zone_start = _shift(start, timedelta()).astimezone(calendar.zone)
    for day in _days(calendar, start, _shift(start, HORIZON)):
        if day <= zone_start.date() or not (spans := spans_of(calendar, day)):
            continue
        if unit is Unit.WORKDAY_EOD:
            yield spans[-1][1]
        else:
            same = datetime.combine(day, zone_start.time(), tzinfo=calendar.zone).astimezone(UTC)
            opens = next_open(calendar, same)
            if opens is not None:
                yield opens


def deadline(calendar: Calendar, start: datetime, unit: Unit, amount: int) -> datetime | None:
    """When a target of `amount` seconds or working days, counted from `start`, is used up; None is never."""
    if unit is Unit.BUSINESS_SECONDS:
        return after_open_time(calendar, start, timedelta(seconds=amount))
    return start if amount <= 0 else next(islice(day_ends(calendar, start, unit), amount - 1, None), None)


class OpenSeconds:
    """Open whole seconds up to an instant, for very many starts: windows are listed once, again if one is earlier."""

    def __init__(self, calendar: Calendar, until: datetime) -> None:
        self._calendar, self._until = calendar, until
        self._reach = until
        self._list(DAY)

    def since(self, second: int) -> int:
        """The open seconds from this second since 1970 on; 0 from `until` on."""
        while second < self._first and self._reach > EARLIEST:
            self._list(2 * (self._until - self._reach))
        at = bisect_right(self._opens, second) - 1
        if at < 0:
            return self._total
        inside = min(max(0, self._closes[at] - second), self._closes[at] - self._opens[at])
        return inside + self._after[at]

    def _list(self, back: timedelta) -> None:
        """The windows of so much time before the end, with what is open after each."""
        self._reach = _shift(self._until, -back)
        self._first = int(self._reach.timestamp())
        spans = open_spans(self._calendar, self._reach, self._until)
        ends = [(int(a.timestamp()), int(min(b, self._until).timestamp())) for a, b in spans]
        self._opens, self._closes = [a for a, _ in ends], [b for _, b in ends]
        lengths = [b - a for a, b in ends]
        self._total = sum(lengths)
        self._after = [self._total - done for done in accumulate(lengths)]


def is_open(calendar: Calendar, at: datetime) -> bool:
    """Whether the calendar counts at this instant."""
    return next_open(calendar, at) == at


def _days(calendar: Calendar, start: datetime, until: datetime) -> Iterator[date]:
    """Local dates that may hold open time in between: two before (a zone may skip one) to one after."""
    first = _shift(start, -2 * DAY).astimezone(calendar.zone).date()
    last = _shift(until, DAY).astimezone(calendar.zone).date()
    if any(calendar.weekly):
        yield from (first + DAY * n for n in range((last - first).days + 1))
    else:
        yield from sorted(day for day in calendar.special if first <= day <= last)


def _shift(at: datetime, by: timedelta) -> datetime:
    """`at + by` in UTC, kept inside EARLIEST and LATEST."""
    at = min(max(at.astimezone(UTC), EARLIEST), LATEST)
    return at + min(max(by, EARLIEST - at), LATEST - at)


def _instant(calendar: Calendar, day: date, minute: int) -> datetime:
    days, rest = divmod(minute, 24 * 60)
    wall = datetime.combine(day, time(rest // 60, rest % 60), tzinfo=calendar.zone)
    return (wall + DAY * days).astimezone(UTC)


def _window(row: object, where: str) -> Window:
    ends = _list(row, where)
    minutes = tuple(_minute(end, where) for end in ends)
    match minutes:
        case (begins, closes) if begins < closes:
            return begins, closes
        case (_, _):
            raise CalendarError(where, f"{ends[0]}-{ends[1]} is empty or inverted; split it at midnight")
    raise CalendarError(where, "a window is two times")


def _minute(text: object, where: str) -> int:
    found = _CLOCK.fullmatch(str(text))
    if found is None:
        raise CalendarError(where, f"{text!r} is no time of day")
    return int(found["hour"] or 24) * 60 + int(found["minute"] or 0)


def _zone(name: object) -> ZoneInfo:
    zone = find_zone(str(name))
    if zone is None:
        raise CalendarError("tz", f"{name!r} is no time zone")
    return zone


def _date(text: object, where: str) -> date:
    try:
        return text if isinstance(text, date) else date.fromisoformat(str(text))
    except ValueError as error:
        raise CalendarError(where, f"{text!r} is no date") from error


def _mapping(value: object, where: str) -> Mapping[str, object]:
    if not isinstance(value, Mapping):
        raise CalendarError(where, "must be a mapping")
    return value


def _list(value: object, where: str) -> list[object]:
    if not isinstance(value, list | tuple):
        raise CalendarError(where, "must be a list")
    return list(value)
