"""django-bizcal: weekly schedules, holidays, overrides of days."""

from datetime import datetime, timedelta
from typing import Any

import django
from django.conf import settings

from benchmarks.rivals.reckoning import DAYS, Calendar, play

settings.configure(USE_TZ=True)
django.setup()

from django_bizcal.calendars.working import WorkingCalendar  # noqa: E402 - wants configured settings
from django_bizcal.providers import SetHolidayProvider  # noqa: E402


def blocks(windows: list[list[str]]) -> list[tuple[str, str, int]]:
    return [(start, "00:00" if end == "24:00" else end, int(end == "24:00")) for start, end in windows]


def parse(calendar: Calendar) -> WorkingCalendar:
    return WorkingCalendar(
        tz=calendar["tz"],
        weekly_schedule={DAYS.index(day): blocks(windows) for day, windows in calendar["weekly"].items()},
        holiday_provider=SetHolidayProvider.from_dates(calendar["closed_dates"]),
        day_overrides={day: blocks(windows) for day, windows in calendar["special_dates"].items()},
    )


def deadline(calendar: WorkingCalendar, start: datetime, unit: str, amount: int) -> Any:
    if unit == "business_seconds":
        return calendar.add_business_time(start, timedelta(seconds=amount))
    if unit == "workday_eod":
        return calendar.business_deadline_at_close(start.astimezone(calendar.tz).date(), amount)
    return calendar.add_business_days(start, amount)


def elapsed(calendar: WorkingCalendar, start: datetime, end: datetime) -> float:
    return max(0.0, calendar.business_time_between(start, end).total_seconds())


if __name__ == "__main__":
    play(parse, deadline, elapsed, "django-bizcal")
