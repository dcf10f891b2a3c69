"""Until when a ticket is put aside, on the wall of whoever puts it aside. Pure."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo
from typing import Final

AFTERNOON: Final = time(14)
EVENING: Final = time(17)
MORNING: Final = time(9)
LONGEST: Final = timedelta(days=366)
_MINUTES: Final = 16  # of "2026-11-16T14:00"


@dataclass(frozen=True, kw_only=True)
class Choice:
    """One choice; its text is `case.snooze.{name}`."""

    name: str
    until: datetime


def choices(now: datetime, *, zone: tzinfo) -> tuple[Choice, ...]:
    """What may be chosen with one press now; the afternoon only while it is ahead, else the end of the day."""
    found = [Choice(name="hour", until=now + timedelta(hours=1))]
    for name, wall in (("afternoon", AFTERNOON), ("evening", EVENING)):
        at = _on_wall(now, wall, zone=zone)
        if at > now + timedelta(minutes=30):
            found.append(Choice(name=name, until=at))
            break
    found.append(Choice(name="tomorrow", until=_on_wall(now, MORNING, zone=zone, days=1)))
    days = 7 - now.astimezone(zone).weekday()
    return (*found, Choice(name="monday", until=_on_wall(now, MORNING, zone=zone, days=days)))


def until(name: str, typed: str, *, now: datetime, zone: tzinfo) -> datetime | None:
    """The instant of a choice, or of a date and time typed in that zone; None if it is none, or lies too far."""
    if name == "date":
        return _typed(typed, now=now, zone=zone)
    walls = {"afternoon": (AFTERNOON, 0), "evening": (EVENING, 0), "tomorrow": (MORNING, 1)}
    if name in walls:
        wall, days = walls[name]
        return _on_wall(now, wall, zone=zone, days=days)
    return next((choice.until for choice in choices(now, zone=zone) if choice.name == name), None)


def _typed(typed: str, *, now: datetime, zone: tzinfo) -> datetime | None:
    try:
        wall = datetime.strptime(typed[:_MINUTES], "%Y-%m-%dT%H:%M").replace(tzinfo=zone)
        at = wall.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return at if at - now <= LONGEST else None


def _on_wall(now: datetime, wall: time, *, zone: tzinfo, days: int = 0) -> datetime:
    day = now.astimezone(zone).date() + timedelta(days=days)
    return datetime.combine(day, wall, tzinfo=zone).astimezone(UTC)
