"""business-duration: how much business time lies between two instants; one window a day, the same on every day."""

from dataclasses import dataclass
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from business_duration import businessDuration

from benchmarks.rivals.reckoning import DAYS, Calendar, CannotBeSaid, play


@dataclass(frozen=True)
class Week:
    zone: ZoneInfo
    opens: time
    closes: time
    weekend: list[int]
    holidays: list[date]


def parse(calendar: Calendar) -> Week:
    windows = {tuple(map(tuple, each)) for each in calendar["weekly"].values()}
    if any(calendar["special_dates"].values()) or len(windows) != 1 or len(next(iter(windows))) != 1:
        raise CannotBeSaid
    opens, closes = next(iter(next(iter(windows))))
    return Week(
        zone=ZoneInfo(calendar["tz"]),
        opens=time.fromisoformat(opens),
        closes=time(23, 59, 59) if closes == "24:00" else time.fromisoformat(closes),
        weekend=[number for number, day in enumerate(DAYS) if day not in calendar["weekly"]],
        holidays=[date.fromisoformat(day) for day in (*calendar["closed_dates"], *calendar["special_dates"])],
    )


def elapsed(week: Week, start: datetime, end: datetime) -> float:
    if end <= start:
        return 0.0
    local = [at.astimezone(week.zone).replace(tzinfo=None) for at in (start, end)]
    return float(businessDuration(*local, week.opens, week.closes, week.weekend, week.holidays or None, unit="sec"))


if __name__ == "__main__":
    play(parse, None, elapsed, "business-duration")
