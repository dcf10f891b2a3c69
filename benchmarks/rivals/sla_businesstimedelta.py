"""businesstimedelta: one rule for each different window of the week, one for the holidays."""

from collections import defaultdict
from datetime import date, datetime, time

import pytz
from businesstimedelta import BusinessTimeDelta, HolidayRule, Rules, WorkDayRule

from benchmarks.rivals.reckoning import DAYS, Calendar, CannotBeSaid, play


def parse(calendar: Calendar) -> Rules:
    if any(calendar["special_dates"].values()):
        raise CannotBeSaid  # a date cannot have hours of its own
    zone = pytz.timezone(calendar["tz"])
    days = defaultdict(list)
    for day, windows in calendar["weekly"].items():
        for start, end in windows:
            days[start, end].append(DAYS.index(day))
    rules = [
        WorkDayRule(
            start_time=time.fromisoformat(start),
            end_time=time.max if end == "24:00" else time.fromisoformat(end),
            working_days=working,
            tz=zone,
        )
        for (start, end), working in days.items()
    ]
    closed = [date.fromisoformat(day) for day in (*calendar["closed_dates"], *calendar["special_dates"])]
    return Rules([*rules, HolidayRule(closed, tz=zone)] if closed else rules)


def deadline(rules: Rules, start: datetime, unit: str, amount: int) -> datetime:
    if unit != "business_seconds":
        raise CannotBeSaid
    return start + BusinessTimeDelta(rules, seconds=amount)


def elapsed(rules: Rules, start: datetime, end: datetime) -> float:
    return rules.difference(start, end).timedelta.total_seconds() if start < end else 0.0


if __name__ == "__main__":
    play(parse, deadline, elapsed, "businesstimedelta")
