"""What the desk's figures mean: times, waits and shares from what the clocks and the conversations say. Pure.

Each figure's definition for people is the text `number.def.<name>`. Requests that nobody answered are in the averages
with their wait so far, so that not answering never makes a figure better; an emoji is no response.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from handoff.kinds import ClockKind, ClockState, Level, Tier
from handoff.waits import Wait

WEEK = timedelta(days=7)
FINISHED = frozenset({ClockState.MET, ClockState.MISSED})
ANSWERABLE = frozenset({ClockKind.FR, ClockKind.NR})
UNENDED = frozenset({ClockState.RUNNING, ClockState.PAUSED, ClockState.UNANSWERED})


@dataclass(frozen=True, kw_only=True, slots=True)
class Course:
    """One run of a clock: seconds used up so far or in all, by its calendar and by the wall.

    `late`: its target was used up before it stopped, or before now if it runs.
    """

    kind: ClockKind
    state: ClockState
    level: Level
    tier: Tier
    started_at: datetime
    business_s: int
    wall_s: int
    late: bool = False
    held: bool = False


@dataclass(frozen=True, kw_only=True)
class Spread:
    """Seconds: how many values, how many of them still grow, mean, median, and the 90th of 100 (interpolated)."""

    n: int = 0
    open: int = 0
    mean: float | None = None
    median: float | None = None
    p90: float | None = None


@dataclass(frozen=True, kw_only=True)
class Times:
    """The same waits on the contract's calendar and on the wall; `held`: ended by a reply that only said "wait"."""

    business: Spread = field(default_factory=Spread)
    wall: Spread = field(default_factory=Spread)
    held: int = 0


@dataclass(frozen=True, kw_only=True)
class Share:
    """How targets were kept. What still runs in time is not judged yet."""

    met: int = 0
    missed: int = 0
    unanswered: int = 0
    late: int = 0
    running: int = 0

    @property
    def judged(self) -> int:
        """What is known to be kept or not."""
        return self.met + self.missed + self.unanswered + self.late

    @property
    def rate(self) -> float | None:
        """Kept of judged, 0 to 1; None if nothing is judged."""
        return self.met / self.judged if self.judged else None


@dataclass(frozen=True, kw_only=True)
class Week:
    """One week of the trend, from its Monday."""

    starts: date
    requests: int
    response_s: float | None
    kept: float | None


@dataclass(frozen=True, kw_only=True)
class Figures:
    """Every indicator of a period."""

    since: datetime
    until: datetime
    first_response: Times
    next_response: Times
    resolution: Times
    wait_any: Spread
    wait_person: Spread
    bot_latency: Spread
    shares: Mapping[tuple[ClockKind, Level, Tier], Share]
    trend: tuple[Week, ...] = ()

    def share(self, *, clock: ClockKind | None = None, level: Level | None = None, tier: Tier | None = None) -> Share:
        """The shares of these clocks, levels and tiers together; None is any."""
        wanted = (clock, level, tier)
        return together(
            share
            for key, share in self.shares.items()
            if all(want is None or want == have for want, have in zip(wanted, key, strict=True))
        )


def spread(seconds: Iterable[float], *, unended: int = 0) -> Spread:
    """Describe some waits."""
    values = sorted(seconds)
    if not values:
        return Spread()
    mean = sum(values) / len(values)
    return Spread(n=len(values), open=unended, mean=mean, median=quantile(values, 0.5), p90=quantile(values, 0.9))


def quantile(ascending: Sequence[float], fraction: float) -> float:
    """The value below which that fraction lies, interpolated between neighbours (Hyndman & Fan's type 7)."""
    place = fraction * (len(ascending) - 1)
    low = int(place)
    high = min(low + 1, len(ascending) - 1)
    return ascending[low] + (ascending[high] - ascending[low]) * (place - low)


def times(courses: Iterable[Course], kind: ClockKind) -> Times:
    """How long a clock took. Responses count while nobody has answered; resolutions once there are such."""
    found = [course for course in courses if course.kind is kind and _timed(course)]
    unended = sum(course.state in UNENDED for course in found)
    return Times(
        business=spread((course.business_s for course in found), unended=unended),
        wall=spread((course.wall_s for course in found), unended=unended),
        held=sum(course.held for course in found),
    )


def _timed(course: Course) -> bool:
    return course.state in FINISHED or (course.kind in ANSWERABLE and course.state in UNENDED)


def shares(courses: Iterable[Course]) -> Mapping[tuple[ClockKind, Level, Tier], Share]:
    """How targets were kept, by clock, level and tier; cancelled clocks are in none."""
    found: dict[tuple[ClockKind, Level, Tier], dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for course in courses:
        verdict = _verdict(course)
        if verdict is not None:
            found[course.kind, course.level, course.tier][verdict] += 1
    return {key: Share(**numbers) for key, numbers in sorted(found.items())}


def _verdict(course: Course) -> str | None:
    match course.state:
        case ClockState.MET | ClockState.MISSED | ClockState.UNANSWERED:
            return str(course.state)
        case ClockState.RUNNING | ClockState.PAUSED:
            return "late" if course.late else "running"
    return None


def together(found: Iterable[Share]) -> Share:
    """Several shares as one."""
    rows = [(share.met, share.missed, share.unanswered, share.late, share.running) for share in found]
    met, missed, unanswered, late, running = (sum(column) for column in zip(*rows, strict=True)) if rows else [0] * 5
    return Share(met=met, missed=missed, unanswered=unanswered, late=late, running=running)


def spread_of(found: Iterable[Wait]) -> Spread:
    """Describe waits, those that go on included."""
    rows = list(found)
    return spread((wait.seconds for wait in rows), unended=sum(not wait.ended for wait in rows))


def trend(courses: Iterable[Course], *, until: datetime, weeks: int, zone: ZoneInfo) -> tuple[Week, ...]:
    """The last weeks, Monday to Sunday in a zone: first responses asked for, their median wait, and targets kept."""
    last = _monday(until - timedelta(microseconds=1), zone)
    found: dict[date, list[Course]] = {last - WEEK * n: [] for n in reversed(range(weeks))}
    for course in courses:
        monday = _monday(course.started_at, zone)
        if monday in found:
            found[monday].append(course)
    return tuple(_week(monday, rows) for monday, rows in found.items())


def _week(monday: date, rows: Sequence[Course]) -> Week:
    return Week(
        starts=monday,
        requests=sum(course.kind is ClockKind.FR for course in rows),
        response_s=times(rows, ClockKind.FR).wall.median,
        kept=together(shares(rows).values()).rate,
    )


def _monday(at: datetime, zone: ZoneInfo) -> date:
    day = at.astimezone(zone).date()
    return day - timedelta(days=day.weekday())
