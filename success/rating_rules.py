"""When a requester may be asked how it went, what an answer may still change, and whom a low one concerns. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum
from typing import Final

from handoff.kinds import Role
from handoff.model import Person
from handoff.routing import LEADING
from store.zones import find_zone

SCALE: Final = range(1, 6)
LOW: Final = 4
"""A value below it is told to somebody; from it on a client counts as satisfied (CSAT)."""
MORNING: Final = time(9)
EVENING: Final = time(21)
REST: Final = timedelta(days=7)
FRESH: Final = timedelta(days=3)
OPEN_FOR: Final = timedelta(days=30)
CHANGEABLE: Final = timedelta(days=1)


class Leave(StrEnum):
    """Why nobody is asked."""

    NOT_RESOLVED = "not_resolved"
    ASKED = "asked"
    NOT_A_CLIENT = "not_a_client"
    NO_WAY = "no_way"
    STALE = "stale"
    RECENT = "recent"


@dataclass(frozen=True)
class Ask:
    """Ask now."""


@dataclass(frozen=True)
class Later:
    """Look again at this instant: it is night where the client is."""

    at: datetime


@dataclass(frozen=True, kw_only=True)
class Matter:
    """What is known when asking comes up; `resolved_at` is None while the ticket is not resolved."""

    resolved_at: datetime | None
    asked: bool
    from_client: bool
    reachable: bool
    last_asked_at: datetime | None


def when_to_ask(matter: Matter, *, zone: str, now: datetime) -> Ask | Later | Leave:
    """Whether the requester is asked: once a ticket, once a week a person, by day in the client's zone.

    A matter resolved three days ago is not asked about any more: nobody remembers how it went.
    """
    if matter.resolved_at is None:
        return Leave.NOT_RESOLVED
    reasons = {
        Leave.ASKED: matter.asked,
        Leave.NOT_A_CLIENT: not matter.from_client,
        Leave.NO_WAY: not matter.reachable,
        Leave.STALE: now - matter.resolved_at > FRESH,
        Leave.RECENT: matter.last_asked_at is not None and now - matter.last_asked_at < REST,
    }
    morning = next_morning(zone, now)
    go = Ask() if morning is None else Later(morning)
    return next((why for why, holds in reasons.items() if holds), go)


def next_morning(zone: str, now: datetime) -> datetime | None:
    """When the day begins there; None while it is day. An unknown zone has no night."""
    there = find_zone(zone)
    if there is None:
        return None
    local = now.astimezone(there)
    if MORNING <= local.time() < EVENING:
        return None
    day = local.date() if local.time() < MORNING else local.date() + timedelta(days=1)
    return datetime.combine(day, MORNING, there).astimezone(now.tzinfo)


def closed_to(*, resolved_at: datetime | None, answered_at: datetime | None, now: datetime) -> str | None:
    """Why a rating is not taken: ``not_resolved``, ``late`` or ``settled`` (given more than a day ago); else None."""
    if answered_at is not None:
        return "settled" if now - answered_at >= CHANGEABLE else None
    if resolved_at is None:
        return "not_resolved"
    return "late" if now - resolved_at >= OPEN_FOR else None


def concerned(*, manager_id: int | None, staff: Iterable[Person]) -> tuple[int, ...]:
    """Who follows up on a low rating: the client's success manager, else the leads, else the admins."""
    active = [person for person in staff if person.active]
    managers = [person.id for person in active if person.id == manager_id]
    leads = [person.id for person in active if person.role in LEADING and person.role is not Role.ADMIN]
    return tuple(managers or leads or [person.id for person in active if person.role is Role.ADMIN])
