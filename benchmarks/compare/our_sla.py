"""Our arithmetic of business time on the same vectors, by the script that every library's uses."""

from datetime import datetime

from benchmarks.rivals.reckoning import play
from handoff import business_time


def deadline(calendar: business_time.Calendar, start: datetime, unit: str, amount: int) -> datetime | None:
    return business_time.deadline(calendar, start, business_time.Unit(unit), amount)


def elapsed(calendar: business_time.Calendar, start: datetime, end: datetime) -> float:
    return business_time.open_time(calendar, start, end).total_seconds()


if __name__ == "__main__":
    play(business_time.parse_calendar, deadline, elapsed, "aftercare")
