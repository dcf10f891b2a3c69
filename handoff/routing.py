"""Whom to ask: who is on duty and when, and who is told what. Nobody to tell means everybody is told."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from handoff.business_time import next_open, open_time
from handoff.clocks import Course
from handoff.model import ClockKind, Level, NoticeKind, Person, Role, Tier
from handoff.policy import Contract

LEADING = frozenset({Role.LEAD, Role.ADMIN})
TO_ALL = frozenset({NoticeKind.OPENED, NoticeKind.EMERGENCY})


def on_duty_at(contract: Contract, *, level: Level, tier: Tier, now: datetime) -> datetime | None:
    """When a person is next on duty for such a ticket; `now` itself if one is, None if never."""
    return next_open(contract.on_duty(level, tier), now)


def recipients(kind: NoticeKind, *, assignee_id: int | None, staff: Sequence[Person]) -> tuple[int | None, ...]:
    """The people to tell, of the active `staff`; (None,), which is everybody to come, if there are none."""
    everyone = [person.id for person in staff if person.active]
    leads = [person.id for person in staff if person.active and person.role in LEADING]
    assignee = [assignee_id] if assignee_id in everyone else []
    match kind:
        case NoticeKind.BREACH:
            told = [*leads, *assignee]
        case NoticeKind.UNACKNOWLEDGED:
            told = leads
        case _ if kind in TO_ALL:
            told = everyone
        case _:
            told = assignee
    return tuple(dict.fromkeys(told or everyone)) or (None,)


def uncovered(
    contract: Contract, courses: Iterable[Course], *, level: Level, tier: Tier, now: datetime
) -> tuple[ClockKind, ...]:
    """Clocks whose target runs out before anybody is on duty: mend the roster or the contract, not the clock."""
    duty = contract.on_duty(level, tier)
    found = []
    for course in courses:
        due = course.reading(now=now, fractions=()).projected_due
        if due is not None and not open_time(duty, now, due):
            found.append(course.kind)
    return tuple(found)
