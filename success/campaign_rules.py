"""Clients' sales festivals: when those everybody knows are, when we look ahead, who is not on duty then. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final

from store.zones import find_zone

LOOKS: Final = (7, 1)
"""Days before the first day on which is looked whether everything is ready."""
FROM: Final = time(9)
EVERY: Final = timedelta(hours=3)
"""How finely it is looked who is on duty."""
LONGEST: Final = timedelta(days=60)
NEW_YEARS: Final = {
    2027: date(2027, 2, 6), 2028: date(2028, 1, 26), 2029: date(2029, 2, 13), 2030: date(2030, 2, 3),
    2031: date(2031, 1, 23), 2032: date(2032, 2, 11), 2033: date(2033, 1, 31), 2034: date(2034, 2, 19),
    2035: date(2035, 2, 8), 2036: date(2036, 1, 28),
}  # fmt: skip
"""The first day of the lunar year, by the Hong Kong Observatory's conversion tables."""


@dataclass(frozen=True, kw_only=True)
class Preset:
    """A festival that everybody knows; its name is the text `campaign.preset.<name>`."""

    name: str
    starts_on: date
    ends_on: date


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that was looked at ahead; `key` is its text, `fine` whether nothing is to be done."""

    key: str
    what: str
    on: str = ""
    fine: bool = False

    @property
    def kept(self) -> dict[str, object]:
        """As it is stored."""
        return {"key": self.key, "what": self.what, "on": self.on, "fine": self.fine}


def presets(today: date) -> tuple[Preset, ...]:
    """The next of each festival, the soonest first."""
    found: list[Preset] = []
    for year in (today.year, today.year + 1):
        found += [preset for preset in _of_year(year) if preset.ends_on >= today]
    first = {preset.name: preset for preset in sorted(found, key=lambda each: each.starts_on, reverse=True)}
    return tuple(sorted(first.values(), key=lambda each: each.starts_on))


def look_due(starts_on: date, *, zone: str, done: Iterable[int], now: datetime) -> int | None:
    """Which look ahead is due: the nearest whose day has come, from the morning on; None once it was had, or it began.

    A look that was missed is made up for by the nearest alone.
    """
    there = find_zone(zone)
    local = now.astimezone(there) if there is not None else now
    left = (starts_on - local.date()).days
    if left < 0 or local.time() < FROM:
        return None
    near = min((days for days in LOOKS if left <= days), default=None)
    return near if near is not None and near not in set(done) else None


def instants(starts_on: date, ends_on: date, *, zone: str) -> tuple[datetime, ...]:
    """When it is looked who is on duty, from the first day's midnight to the last day's end."""
    there = find_zone(zone)
    at = datetime.combine(starts_on, time(0), there)
    end = datetime.combine(ends_on + timedelta(days=1), time(0), there)
    found: list[datetime] = []
    while at < end and len(found) <= LONGEST / EVERY:
        found.append(at)
        at += EVERY
    return tuple(found)


def gaps(covered: Sequence[tuple[datetime, bool]]) -> tuple[tuple[datetime, datetime], ...]:
    """The stretches in which nobody is on duty, of instants that follow each other."""
    found: list[tuple[datetime, datetime]] = []
    for at, there in covered:
        if there:
            continue
        if found and found[-1][1] == at:
            found[-1] = (found[-1][0], at + EVERY)
        else:
            found.append((at, at + EVERY))
    return tuple(found)


def _of_year(year: int) -> list[Preset]:
    friday = _black_friday(year)
    found = [
        Preset(name="618", starts_on=date(year, 6, 1), ends_on=date(year, 6, 20)),
        Preset(name="double11", starts_on=date(year, 10, 31), ends_on=date(year, 11, 11)),
        Preset(name="black_friday", starts_on=friday, ends_on=friday + timedelta(days=3)),
        Preset(name="double12", starts_on=date(year, 12, 8), ends_on=date(year, 12, 12)),
    ]
    if (first := NEW_YEARS.get(year)) is not None:
        found.append(Preset(name="new_year", starts_on=first - timedelta(days=14), ends_on=first + timedelta(days=7)))
    return found


def _black_friday(year: int) -> date:
    """The day after the fourth Thursday of November."""
    first = date(year, 11, 1)
    thursday = first + timedelta(days=(3 - first.weekday()) % 7)
    return thursday + timedelta(days=22)
