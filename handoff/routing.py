"""Whom to ask: who is on duty and when, who is asked to take a ticket, and who is told what. Pure.

Nobody to tell means that everybody is told.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from handoff.business_time import Calendar, next_open, open_time
from handoff.clocks import Course
from handoff.duty import PresenceState, Roster, duty_until, next_duty, on_duty
from handoff.kinds import ClockKind, Level, NoticeKind, Role, Tier
from handoff.model import Person
from handoff.policy import Contract

LEADING = frozenset({Role.LEAD, Role.ADMIN})
TO_ALL = frozenset({NoticeKind.OPENED, NoticeKind.EMERGENCY})
TO_LEADS = frozenset(
    {
        NoticeKind.UNACKNOWLEDGED,
        NoticeKind.NOBODY,
        NoticeKind.UNTAKEN,
        NoticeKind.SILENT,
        NoticeKind.UNPHONED,
        NoticeKind.FELL_BACK,
    }
)
NEVER = datetime(1, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """Somebody of ours who could be asked. `load` weighs open tickets; `asked_at` is when they were last asked."""

    person: Person
    teams: frozenset[str] = frozenset()
    skills: frozenset[str] = frozenset()
    roster: Roster = field(default_factory=Roster)
    load: int = 0
    asked_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Matter:
    """What a ticket wants of whoever takes it. `duty` is when people without a shift of their own answer."""

    duty: Calendar
    team: str | None = None
    skill: str | None = None
    manager_id: int | None = None
    tried: frozenset[int] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Reason:
    """One reason for the choice: team, no_team, manager, skill, duty (until when), busy, load."""

    because: str
    value: str | int | None = None


@dataclass(frozen=True, kw_only=True)
class Route:
    """Who is asked and why. `nobody` is on duty; or all on duty were tried. `again`: somebody else comes on duty."""

    asked: Person | None
    team: str | None
    why: tuple[Reason, ...] = ()
    nobody: bool = False
    again: datetime | None = None


def route(matter: Matter, candidates: Iterable[Candidate], now: datetime) -> Route:
    """Choose whom to ask, the same whatever the order of the candidates.

    Only people who take tickets, are active, on duty, there, and not tried yet; of them first the tier's team, then
    the client's manager, the skill, those not busy, the least load, the longest since they were last asked.
    """
    takers = [candidate for candidate in candidates if takes(candidate, matter)]
    here = [candidate for candidate in takers if on_duty(candidate.roster, matter.duty, now)]
    free = [candidate for candidate in here if candidate.person.id not in matter.tried]
    if not free:
        there = {candidate.person.id for candidate in here}
        away = [candidate for candidate in takers if candidate.person.id not in there]
        return Route(asked=None, team=matter.team, nobody=not here, again=_next(away, matter, now))
    chosen = min(free, key=lambda candidate: _order(candidate, matter, now))
    return Route(asked=chosen.person, team=matter.team, why=_reasons(chosen, matter, now))


def takes(candidate: Candidate, matter: Matter) -> bool:
    """Whether somebody takes such tickets: agents do; others if they are rostered, or the client's manager."""
    rostered = bool(candidate.teams or candidate.skills or candidate.roster.shifts)
    mine = candidate.person.id == matter.manager_id
    return candidate.person.active and (candidate.person.role is Role.AGENT or rostered or mine)


def manager_for(level: Level, *, technical_id: int | None, success_id: int | None) -> int | None:
    """Which of the client's two managers a ticket goes to first."""
    return technical_id if level in {Level.EMERGENCY, Level.BUG} else success_id


def on_duty_at(contract: Contract, *, level: Level, tier: Tier, now: datetime) -> datetime | None:
    """When a person is next on duty for such a ticket; `now` itself if one is, None if never."""
    return next_open(contract.on_duty(level, tier), now)


def recipients(
    kind: NoticeKind,
    *,
    assignee_id: int | None,
    staff: Sequence[Person],
    asked_id: int | None = None,
    duty: Collection[int] | None = None,
    manager_id: int | None = None,
    routed: bool = False,
) -> tuple[int | None, ...]:
    """The people to tell, of the active `staff`; (None,), which is everybody to come, if there are none.

    `duty`: tell those who are on duty. `routed`: what nobody has goes to the leads, as somebody was or will be asked.
    """
    everyone = [person.id for person in staff if person.active]
    leads = [person.id for person in staff if person.active and person.role in LEADING]
    holder = [who for who in (assignee_id, asked_id) if who in everyone][:1]
    match kind:
        case NoticeKind.BREACH:
            told = [*leads, *holder, *(who for who in everyone if who == manager_id)]
        case _ if duty is not None:
            told = [who for who in everyone if who in duty]
        case _ if kind in TO_LEADS:
            told = leads
        case _ if kind in TO_ALL:
            told = everyone
        case _:
            told = holder or (leads if routed else [])
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


def _order(candidate: Candidate, matter: Matter, now: datetime) -> tuple[object, ...]:
    return (
        matter.team not in candidate.teams,
        candidate.person.id != matter.manager_id,
        matter.skill not in candidate.skills,
        candidate.roster.presence.at(now) is PresenceState.BUSY,
        candidate.load,
        candidate.asked_at or NEVER,
        candidate.person.id,
    )


def _reasons(chosen: Candidate, matter: Matter, now: datetime) -> tuple[Reason, ...]:
    """What spoke for the chosen one, in the order of preference."""
    until = duty_until(chosen.roster, matter.duty, now)
    found = [
        Reason(because="team" if matter.team in chosen.teams else "no_team", value=matter.team)
        if matter.team
        else None,
        Reason(because="manager") if chosen.person.id == matter.manager_id else None,
        Reason(because="skill", value=matter.skill) if matter.skill in chosen.skills else None,
        Reason(because="duty", value=until.isoformat() if until else None),
        Reason(because="busy") if chosen.roster.presence.at(now) is PresenceState.BUSY else None,
        Reason(because="load", value=chosen.load),
    ]
    return tuple(reason for reason in found if reason is not None)


def _next(away: Iterable[Candidate], matter: Matter, now: datetime) -> datetime | None:
    found = [next_duty(candidate.roster, matter.duty, now) for candidate in away]
    return min((at for at in found if at is not None), default=None)
