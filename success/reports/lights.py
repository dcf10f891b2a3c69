"""How a site does, as a light: good, to watch, bad, or not known. Pure."""

from collections.abc import Iterable
from datetime import date
from enum import StrEnum
from typing import Final

from success.reports.sources import Finding, Uptime


class Light(StrEnum):
    """The worst comes last but one: what is not known is no worse than what is."""

    GOOD = "good"
    WATCH = "watch"
    BAD = "bad"
    UNKNOWN = "unknown"


STEADY: Final = (0.999, 0.99)
FIRST_BYTE_MS: Final = (800, 1_800)
"""As the web vitals' programme has it for the time to the first byte."""
TOTAL_MS: Final = (2_500, 4_000)
NEAR_DAYS: Final = (30, 7)
GRAVE: Final = frozenset({"down", "broken"})


def availability(found: Uptime | None) -> Light:
    """By the share of checks that went well."""
    if found is None or found.availability is None:
        return Light.UNKNOWN
    good, fair = STEADY
    return Light.GOOD if found.availability >= good else Light.WATCH if found.availability >= fair else Light.BAD


def speed(found: Uptime | None) -> Light:
    """By the medians of the first byte and of the whole page."""
    if found is None:
        return Light.UNKNOWN
    measured = [(found.first_byte_ms, FIRST_BYTE_MS), (found.total_ms, TOTAL_MS)]
    return worst(_slow(ms, limits) for ms, limits in measured if ms is not None)


def dates(last_days: Iterable[date], today: date) -> Light:
    """By the last day that comes first: over or within a week is bad, within a month is to watch."""
    left = [(day - today).days for day in last_days]
    if not left:
        return Light.UNKNOWN
    month, week = NEAR_DAYS
    return Light.BAD if min(left) <= week else Light.WATCH if min(left) <= month else Light.GOOD


def security(findings: Iterable[Finding] | None) -> Light:
    """By what is open."""
    if findings is None:
        return Light.UNKNOWN
    grave = {each.severity for each in findings}
    return Light.BAD if grave & GRAVE else Light.WATCH if "warning" in grave else Light.GOOD


def worst(lights: Iterable[Light]) -> Light:
    """The worst of those that are known."""
    known = [each for each in lights if each is not Light.UNKNOWN]
    return max(known, key=list(Light).index, default=Light.UNKNOWN)


def _slow(ms: float, limits: tuple[int, int]) -> Light:
    good, fair = limits
    return Light.GOOD if ms <= good else Light.WATCH if ms <= fair else Light.BAD
