"""When somebody who went quiet is reminded, their brief is drafted as it is, and an offer ends. Pure."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Final, TypeAlias

from store.zones import find_zone
from success.rating_rules import next_morning

REST: Final = timedelta(days=3)
OFFER: Final = timedelta(days=7)
_SATURDAY: Final = 5
_BEGINS: Final = time(9, 30)
_ENDS: Final = time(18)


@dataclass(frozen=True)
class Wait:
    """Look again then."""

    at: datetime


@dataclass(frozen=True)
class Remind:
    """Remind them, once."""


@dataclass(frozen=True)
class Draft:
    """Give the brief to a person as it is."""


@dataclass(frozen=True)
class End:
    """Nobody took the offer: it ends, quietly."""


Decided: TypeAlias = Wait | Remind | Draft | End | None


def look(
    *, resting: bool, held: bool, heard_at: datetime, reminded_at: datetime | None, zone: str, now: datetime,
    offered: bool = False,
) -> Decided:  # fmt: skip
    """What is due for an interview; None where it is over. While a colleague has it, nothing is said.

    An offer that nobody took since `heard_at` ends after a week.
    """
    if offered:
        return End() if now >= heard_at + OFFER else Wait(heard_at + OFFER)
    if not resting:
        return None
    since = max(heard_at, reminded_at or heard_at)
    if held:
        return Wait(max(since, now) + REST)
    if now < since + REST:
        return Wait(since + REST)
    if reminded_at is not None:
        return Draft()
    when = at_work(zone, now)
    return Remind() if when <= now else Wait(when)


def at_work(zone: str, at: datetime) -> datetime:
    """That instant, or the next at which people there work: by day, from Monday to Friday. An unknown zone always."""
    there = find_zone(zone)
    if there is None:
        return at
    local = at.astimezone(there)
    if local.weekday() < _SATURDAY and _BEGINS <= local.time() < _ENDS and next_morning(zone, at) is None:
        return at
    day = local.date() if local.time() < _BEGINS else local.date() + timedelta(days=1)
    while day.weekday() >= _SATURDAY:
        day += timedelta(days=1)
    return datetime.combine(day, _BEGINS, there).astimezone(at.tzinfo)
