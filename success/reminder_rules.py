"""When a client is reminded of a last day, once each step, and what one message holds. Pure."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

STEPS: Final = (30, 14, 7, 1)
"""Days ahead on which the client hears of it."""
OVER: Final = -1
"""The step of the day after: our own people alone."""
URGENT: Final = 7
"""From this step on a client who has said "we are at it" is reminded nevertheless."""
HOUR: Final = time(10)
EVENING: Final = time(21)
SNOOZE: Final = 3
KINDS: Final = ("domain", "tls", "hosting", "icp", "contract", "agreement")
_DAY: Final = timedelta(days=1)
_FURTHEST: Final = 10
"""Working days are looked for so many days around: a longer closure moves nothing."""

IsOff = Callable[[date], bool]
"""Whether nobody works at the client's on that day."""


@dataclass(frozen=True, kw_only=True)
class Lapse:
    """Something of a client's that ends: `subject` names it for good, `last_on` is its last day.

    `known_at` is since when we know this date; `title` is the site's name, "" for an agreement.
    """

    subject: str
    what: str
    title: str
    last_on: date
    known_at: datetime
    site_id: int | None = None


@dataclass(frozen=True, kw_only=True)
class Step:
    """One reminder that is to come: of what, how many days ahead, and when it is said."""

    lapse: Lapse
    step: int
    at: datetime

    @property
    def key(self) -> tuple[str, date, int]:
        """What is done once."""
        return self.lapse.subject, self.lapse.last_on, self.step


def at_ten(day: date, zone: ZoneInfo) -> datetime:
    """10:00 of that day there, in UTC; the first of two, or right after a gap."""
    return datetime.combine(day, HOUR, zone).astimezone(UTC)


def day_of(last_on: date, step: int, *, is_off: IsOff) -> date:
    """The day of a step: a day off gives way to the last working day before it. The day after the end is as it is."""
    day = last_on - step * _DAY
    if step == OVER:
        return day
    return next((each for each in _days(day, -1) if not is_off(each)), day)


def planned(lapse: Lapse, *, zone: ZoneInfo, is_off: IsOff, already: Collection[int] = ()) -> tuple[Step, ...]:
    """Every step of a lapse, in order; of steps that fall together, and of those that were overtaken, the nearest."""
    days = {step: day_of(lapse.last_on, step, is_off=is_off) for step in (*STEPS, OVER)}
    done = min(already, default=None)
    found = [Step(lapse=lapse, step=step, at=at_ten(day, zone)) for step, day in days.items()]
    kept = [each for each in found if each.step not in already and (done is None or each.step < done)]
    return tuple(
        each for each, after in zip(kept, [*kept, None][1:], strict=True) if after is None or after.at > each.at
    )


def due(
    lapse: Lapse, *, already: Collection[int], acknowledged: bool = False, zone: ZoneInfo, is_off: IsOff, now: datetime
) -> Step | None:
    """The step that is due now: of those missed, the nearest alone; None where nothing is.

    What is late is said by day, on a working day if one comes before the end; a date that was put in late waits for the
    next 10:00, so that it can still be put right. Long over, it is not told any more.
    """
    steps = planned(lapse, zone=zone, is_off=is_off, already=already)
    late = [each for each in steps if each.at <= now]
    if not late or (acknowledged and late[-1].step > URGENT):
        return None
    nearest = late[-1]
    over = nearest.step == OVER
    local = now.astimezone(zone)
    if over and (local.date() - lapse.last_on).days > STEPS[0]:
        return None
    if not over and local.date() > lapse.last_on:
        return None  # too late for the client; our own people hear at 10:00
    if lapse.known_at > nearest.at and now < _next_ten(lapse.known_at, zone):
        return None
    return nearest if over or _may_speak(local, lapse.last_on, is_off) else None


def snoozed_until(lasts: Iterable[date], *, zone: ZoneInfo, is_off: IsOff, now: datetime) -> datetime | None:
    """When "in 3 days" is: at 10:00, on a working day, no later than the first last day; None where that is today."""
    today = now.astimezone(zone).date()
    end = min(lasts)
    wanted = min(today + SNOOZE * _DAY, end)
    if wanted <= today:
        return None
    day = next((each for each in _days(wanted, -1) if today < each and not is_off(each)), wanted)
    return at_ten(day, zone)


def in_one(steps: Iterable[Step]) -> tuple[tuple[Step, ...], tuple[Step, ...]]:
    """What one message to the client holds, the soonest first, and what our own people are told alone."""
    ordered = sorted(steps, key=lambda each: (each.lapse.last_on, KINDS.index(each.lapse.what), each.lapse.title))
    theirs = tuple(each for each in ordered if each.step != OVER)
    return theirs, tuple(each for each in ordered if each.step == OVER)


def _may_speak(local: datetime, last_on: date, is_off: IsOff) -> bool:
    if not HOUR <= local.time() < EVENING:
        return False
    if not is_off(local.date()):
        return True
    ahead = (local.date() + n * _DAY for n in range(1, (last_on - local.date()).days + 1))
    return not any(not is_off(day) for day in ahead)


def _next_ten(at: datetime, zone: ZoneInfo) -> datetime:
    local = at.astimezone(zone)
    return at_ten(local.date() if local.time() < HOUR else local.date() + _DAY, zone)


def _days(first: date, by: int) -> Iterable[date]:
    return (first + n * by * _DAY for n in range(_FURTHEST + 1))
