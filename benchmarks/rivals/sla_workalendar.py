"""workalendar: working days, no hours. The hour at which the day that it finds closes is looked up here."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from workalendar.core import Calendar as WorkCalendar

from benchmarks.rivals.reckoning import DAYS, Calendar, CannotBeSaid, play


@dataclass(frozen=True)
class Days:
    zone: ZoneInfo
    calendar: WorkCalendar
    working: list[date]
    holidays: list[date]
    told: Calendar


def parse(calendar: Calendar) -> Days:
    weekend = [number for number, day in enumerate(DAYS) if not calendar["weekly"].get(day)]

    class Week(WorkCalendar):
        def get_weekend_days(self) -> list[int]:
            return weekend

        def get_calendar_holidays(self, year: int) -> list[Any]:  # noqa: ARG002 - the library's signature
            return []

    special = calendar["special_dates"]
    return Days(
        zone=ZoneInfo(calendar["tz"]),
        calendar=Week(),
        working=[date.fromisoformat(day) for day, windows in special.items() if windows],
        holidays=[date.fromisoformat(day) for day in calendar["closed_dates"]]
        + [date.fromisoformat(day) for day, windows in special.items() if not windows],
        told=calendar,
    )


def deadline(days: Days, start: datetime, unit: str, amount: int) -> datetime:
    if unit == "business_seconds":
        raise CannotBeSaid
    local = start.astimezone(days.zone)
    found = days.calendar.add_working_days(
        local.date(), amount, extra_working_days=days.working, extra_holidays=days.holidays
    )
    if unit == "workday_same_time":
        return datetime.combine(found, local.time(), tzinfo=days.zone)
    windows = days.told["special_dates"].get(found.isoformat()) or days.told["weekly"][DAYS[found.weekday()]]
    if windows[-1][1] == "24:00":
        return datetime.combine(found + timedelta(days=1), time(), tzinfo=days.zone)
    return datetime.combine(found, time.fromisoformat(windows[-1][1]), tzinfo=days.zone)


if __name__ == "__main__":
    play(parse, deadline, None, "workalendar")
