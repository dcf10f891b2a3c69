"""bizdurr: how much business time lies between two instants; one window a day, overrides of days."""

from datetime import date, datetime

from bizdurr import BusinessDuration

from benchmarks.rivals.reckoning import DAYS, Calendar, CannotBeSaid, play

NAMES = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def window(windows: list[list[str]]) -> dict[str, str]:
    if len(windows) != 1 or windows[0][1] == "24:00":
        raise CannotBeSaid
    return {"start": windows[0][0], "end": windows[0][1]}


def parse(calendar: Calendar) -> BusinessDuration:
    special = calendar["special_dates"]
    week = {NAMES[DAYS.index(day)]: window(windows) for day, windows in calendar["weekly"].items() if windows}
    return BusinessDuration(
        business_hours=week,
        business_timezone=calendar["tz"],
        holidays=[*calendar["closed_dates"], *(day for day, windows in special.items() if not windows)],
        overrides={date.fromisoformat(day): window(windows) for day, windows in special.items() if windows} or None,
    )


def elapsed(calendar: BusinessDuration, start: datetime, end: datetime) -> float:
    return calendar.calculate(start, end).total_seconds() if start < end else 0.0


if __name__ == "__main__":
    play(parse, None, elapsed, "bizdurr")
