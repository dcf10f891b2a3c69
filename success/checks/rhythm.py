"""How often a site is looked at, and when next. Pure."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Final
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from handoff.kinds import Tier
from success.checks.model import Kind

INTERVALS: Final = (300, 600, 900, 1800, 3600)
"""The seconds between two light checks that can be chosen."""
BY_TIER: Final = {Tier.PLATINUM: 300, Tier.GOLD: 600, Tier.STANDARD: 900}
_FORGOTTEN: Final = timedelta(minutes=15)
_NIGHT: Final = time(3)
_SPREAD: Final = 120
_STEP: Final = 37
_EXAMPLES: Final = ("example.com", "example.net", "example.org")
_RESERVED: Final = (".test", ".example", ".invalid", ".localhost")


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What is set for one site; None: as its client's tier has it."""

    interval_s: int | None = None
    keyword: str = ""
    paused: bool = False

    def seconds(self, tier: Tier) -> int:
        """Between two light checks."""
        return self.interval_s or BY_TIER[tier]


def is_waiting(asked_at: datetime | None, now: datetime) -> bool:
    """Whether a check was asked for and has not ended; one that got lost is not waited for."""
    return asked_at is not None and timedelta(0) <= now - asked_at < _FORGOTTEN


def is_checked(address: str) -> bool:
    """Whether an address is one to look at by ourselves; names reserved for examples (RFC 2606) are nobody's site."""
    host = (urlsplit(address).hostname or "").rstrip(".")
    example = any(host == name or host.endswith(f".{name}") for name in _EXAMPLES)
    return bool(host) and not example and not host.endswith(_RESERVED)


def next_light(seconds: int, *, due: datetime, now: datetime) -> datetime:
    """When the next light check is due: in step with the one that was due; what was missed is not made up for."""
    step = timedelta(seconds=seconds)
    return due + step if now < due + step <= now + step else now + step


def next_full(site_id: int, *, zone: ZoneInfo, after: datetime) -> datetime:
    """When the next full check is due: between three and five at night there, each site at a minute of its own."""
    minutes = site_id * _STEP % _SPREAD
    local = after.astimezone(zone)
    for days in range(3):
        day = local.date() + timedelta(days=days)
        at = (datetime.combine(day, _NIGHT, zone) + timedelta(minutes=minutes)).astimezone(after.tzinfo)
        if at > after:
            return at
    raise AssertionError("a night comes within three days")


def full_kind(last_security: datetime | None, *, zone: ZoneInfo, now: datetime) -> Kind:
    """The first full check of a month, by the client's calendar, is its security test."""
    if last_security is None:
        return Kind.SECURITY
    then, today = last_security.astimezone(zone), now.astimezone(zone)
    return Kind.FULL if (then.year, then.month) == (today.year, today.month) else Kind.SECURITY
