"""Which period a report is of, and when it is due at its reader's place. Pure."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from handoff.spans import Span
from success.quarters import Quarter
from success.reports.model import WEEKLY, Kind

DUE: Final = time(9)
DAY: Final = timedelta(days=1)
WEEK: Final = timedelta(days=7)
PATIENCE: Final = 14
"""Days that a first working day is looked for; after that many a report is due anyway."""
_YEARS: Final = range(2000, 2100)
IsWorking = Callable[[date], bool]


def read_day(text: str) -> date | None:
    """A day of which there may be a report, as 2026-10-19; None for anything else."""
    try:
        day = date.fromisoformat(text.strip())
    except ValueError:
        return None
    return day if day.year in _YEARS else None


def month_of(day: date, zone: ZoneInfo) -> Span:
    """The month of a day."""
    first = day.replace(day=1)
    return Span(first=first, last=(first + timedelta(days=32)).replace(day=1) - DAY, zone=zone)


def of_kind(kind: Kind, day: date, zone: ZoneInfo) -> Span:
    """The period of a kind that a day lies in."""
    if kind in WEEKLY:
        first = day - timedelta(days=day.weekday())
        return Span(first=first, last=first + WEEK - DAY, zone=zone)
    if kind is Kind.QUARTER:
        quarter = Quarter.of(day)
        return Span(first=quarter.first, last=quarter.last, zone=zone)
    return month_of(day, zone)


def before(kind: Kind, span: Span) -> Span:
    """The period before."""
    return of_kind(kind, span.first - DAY, span.zone)


def finished(kind: Kind, now: datetime, zone: ZoneInfo) -> Span:
    """The latest period that is over."""
    return before(kind, of_kind(kind, now.astimezone(zone).date(), zone))


def due_at(span: Span, is_working: IsWorking) -> datetime:
    """When its report is due: at nine on the first working day after it, by the clock of its zone."""
    days = [span.last + DAY * (n + 1) for n in range(PATIENCE)]
    day = next((each for each in days if is_working(each)), days[0])
    return datetime.combine(day, DUE, tzinfo=span.zone).astimezone(UTC)


def tells(span: Span, *, since: datetime) -> bool:
    """Whether a report of a period has something to tell of a client that came `since`: at least a quarter of it."""
    return span.until - max(since, span.since) >= (span.until - span.since) / 4


def edges(kind: Kind, span: Span, *, back: int) -> tuple[date, ...]:
    """The first days of so many periods up to and with this one (weeks of weekly reports, else months), and its end."""
    starts = [of_kind(kind, span.last, span.zone).first if kind in WEEKLY else span.last.replace(day=1)]
    while len(starts) < back:
        earlier = starts[0] - DAY
        starts.insert(0, earlier - timedelta(days=6) if kind in WEEKLY else earlier.replace(day=1))
    return (*starts, span.last + DAY)
