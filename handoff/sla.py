"""A clock is a pure function of its marks, its targets and now.

Marks start, stop, pause and resume it, or change what it must reach; at one instant they count in the order
start, stop, pause, resume, and only then do thresholds (`shared/design/sla.md`). A retarget counts for the
whole run since the start. Several targets at once mean the one that is used up first: that is how raising a
level never makes a deadline later. No target at all means that the clock is cancelled.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import islice

from handoff.business_time import Calendar, Unit, after_open_time, day_ends, open_time

SECOND = timedelta(seconds=1)


class Signal(StrEnum):
    """What a mark does; declared in the order in which marks of one instant count."""

    START = "start"
    STOP = "stop"
    PAUSE = "pause"
    RESUME = "resume"
    REOPEN = "reopen"
    RETARGET = "retarget"
    CANCEL = "cancel"


ORDER = {signal: place for place, signal in enumerate(Signal)}


class Phase(StrEnum):
    """Where a clock stands, whether or not it is late."""

    IDLE = "idle"
    RUNNING = "running"
    PAUSED = "paused"
    STOPPED = "stopped"
    CANCELLED = "cancelled"


@dataclass(frozen=True, kw_only=True)
class Target:
    """How much may be used up (seconds or working days by `unit`) of which calendar; `label` is for people."""

    amount: int
    calendar: Calendar
    unit: Unit = Unit.BUSINESS_SECONDS
    label: str = ""


@dataclass(frozen=True, kw_only=True)
class Mark:
    """One signal at one instant; `targets` come with START and RETARGET."""

    at: datetime
    signal: Signal
    targets: tuple[Target, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Run:
    """A stretch in which the clock ran; `end` None while it does."""

    start: datetime
    end: datetime | None = None

    def holds(self, at: datetime) -> bool:
        """Whether the clock ran at an instant, an event winning over a threshold at its end."""
        return self.start <= at and (self.end is None or at < self.end)


@dataclass(frozen=True, kw_only=True)
class Track:
    """A clock's marks up to some instant, gathered."""

    phase: Phase = Phase.IDLE
    runs: tuple[Run, ...] = ()
    targets: tuple[Target, ...] = ()
    retargeted_at: datetime | None = None
    started_at: datetime | None = None
    stopped_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Reading:
    """A clock at one instant. Seconds are open ones of the binding target's calendar.

    `due_at` is None unless it runs or ran past it; `projected_due` is where it falls if the clock ran on from
    here. `warned_at` has an entry for each warning fraction, None while it is not reached.
    """

    phase: Phase
    started_at: datetime | None
    stopped_at: datetime | None
    target: Target | None
    elapsed_s: int
    remaining_s: int | None
    due_at: datetime | None
    projected_due: datetime | None
    breached_at: datetime | None
    warned_at: tuple[datetime | None, ...]
    thresholds: tuple[datetime | None, ...]

    @property
    def breached(self) -> bool:
        """Whether the target was used up before the clock was stopped."""
        return self.breached_at is not None


def follow(marks: Sequence[Mark], now: datetime) -> Track:
    """Gather the marks that count at `now`, in their order."""
    track = Track()
    for mark in sorted(marks, key=lambda m: (m.at, ORDER[m.signal])):
        if mark.at <= now:
            track = _apply(track, mark)
    return track


def read(marks: Sequence[Mark], *, now: datetime, fractions: Sequence[float] = (0.75, 0.9)) -> Reading:
    """Read a clock at `now`; see `Reading`."""
    track = follow(marks, now)
    if not track.targets or not track.runs:
        return _blank(track, len(fractions))
    target, projected = _binding(track, now)
    crossed = _crossing(track.runs, target)
    elapsed = _open_in(track.runs, target.calendar, now)
    warnings = tuple(_warning(track, target, fraction) for fraction in fractions)
    return Reading(
        phase=track.phase,
        started_at=track.started_at,
        stopped_at=track.stopped_at,
        target=target,
        elapsed_s=elapsed // SECOND,
        remaining_s=_remaining(target, elapsed, now, projected),
        due_at=crossed,
        projected_due=projected,
        breached_at=_late(track, crossed) if crossed is not None and crossed < now else None,
        warned_at=tuple(_late(track, at) if at is not None and at <= now else None for at in warnings),
        thresholds=tuple(_late(track, at) if at is not None else None for at in warnings),
    )


def ran_late(marks: Sequence[Mark], *, now: datetime) -> bool | None:
    """Whether the target was used up before `now`, as `read` says, for a fraction of the work; None: no target."""
    track = follow(marks, now)
    if not track.targets or not track.runs:
        return None
    crossed = (_crossing(track.runs, target) for target in track.targets)
    return any(at is not None and at < now for at in crossed)


def _apply(track: Track, mark: Mark) -> Track:  # noqa: PLR0911 - one return for each row
    """One step of the clock; signals that mean nothing in its phase change nothing."""
    match mark.signal, track.phase:
        case Signal.START, Phase.IDLE:
            return replace(_run_from(track, mark.at), targets=mark.targets, started_at=mark.at)
        case Signal.PAUSE, Phase.RUNNING:
            return _halt(track, Phase.PAUSED, mark.at)
        case Signal.RESUME, Phase.PAUSED:
            return _run_from(track, mark.at)
        case Signal.STOP, Phase.RUNNING | Phase.PAUSED:
            return replace(_halt(track, Phase.STOPPED, mark.at), stopped_at=mark.at)
        case Signal.REOPEN, Phase.STOPPED | Phase.CANCELLED:
            return replace(_run_from(track, mark.at), stopped_at=None)
        case Signal.CANCEL, Phase.RUNNING | Phase.PAUSED:
            return replace(_halt(track, Phase.CANCELLED, mark.at), stopped_at=mark.at)
        case Signal.RETARGET, phase if phase is not Phase.IDLE:
            return replace(track, targets=mark.targets, retargeted_at=mark.at)
    return track


def _run_from(track: Track, at: datetime) -> Track:
    return replace(track, phase=Phase.RUNNING, runs=(*track.runs, Run(start=at)))


def _halt(track: Track, phase: Phase, at: datetime) -> Track:
    runs = track.runs
    if track.phase is Phase.RUNNING:
        runs = (*runs[:-1], replace(runs[-1], end=at))
    return replace(track, phase=phase, runs=runs)


def _binding(track: Track, now: datetime) -> tuple[Target, datetime | None]:
    """The target used up first, and when, had the clock run on from `now` or from where it was stopped."""
    runs = track.runs
    if runs[-1].end is not None:
        goes_on = now if track.phase is Phase.PAUSED else track.stopped_at or runs[-1].end
        runs = (*runs, Run(start=goes_on))
    dues = [(target, _crossing(runs, target)) for target in track.targets]
    return min(dues, key=lambda pair: (pair[1] is None, pair[1] or now))


def _crossing(runs: Sequence[Run], target: Target) -> datetime | None:
    """The instant at which the runs use the target up, if they do."""
    if target.unit is not Unit.BUSINESS_SECONDS:
        return next(islice(_counted_days(runs, target), max(target.amount, 1) - 1, None), None)
    return _open_crossing(runs, target.calendar, timedelta(seconds=target.amount))


def _open_crossing(runs: Sequence[Run], calendar: Calendar, amount: timedelta) -> datetime | None:
    used = timedelta()
    for run in runs:
        at = after_open_time(calendar, run.start, amount - used)
        if at is not None and run.holds(at):
            return at
        if run.end is not None:
            used += open_time(calendar, run.start, run.end)
    return None


def _counted_days(runs: Sequence[Run], target: Target) -> Iterator[datetime]:
    """Ends of the working days after filing at which the clock ran."""
    last = runs[-1].end
    for at in day_ends(target.calendar, runs[0].start, target.unit):
        if last is not None and at >= last:
            return
        if any(run.holds(at) for run in runs):
            yield at


def _open_in(runs: Sequence[Run], calendar: Calendar, until: datetime) -> timedelta:
    return sum((open_time(calendar, run.start, min(run.end or until, until)) for run in runs), timedelta())


def _remaining(target: Target, elapsed: timedelta, now: datetime, projected: datetime | None) -> int | None:
    """Open seconds left, negative when late; a working-day target's are those up to its projected due."""
    if target.unit is Unit.BUSINESS_SECONDS:
        return target.amount - elapsed // SECOND
    if projected is None:
        return None
    late = open_time(target.calendar, projected, now)
    return -(late // SECOND) if late else open_time(target.calendar, now, projected) // SECOND


def _warning(track: Track, target: Target, fraction: float) -> datetime | None:
    """When the fraction of the target is used up. Working days: of the open seconds between start and due."""
    amount = target.amount
    if target.unit is not Unit.BUSINESS_SECONDS:
        due = _crossing(track.runs, target)
        if due is None:
            return None
        amount = _open_in(track.runs, target.calendar, due) // SECOND
    return _open_crossing(track.runs, target.calendar, timedelta(seconds=int(amount * fraction)))


def _late(track: Track, at: datetime) -> datetime:
    """A threshold's own instant, or that of the change that put it into the past."""
    return at if track.retargeted_at is None else max(at, track.retargeted_at)


def _blank(track: Track, warnings: int) -> Reading:
    return Reading(
        phase=Phase.IDLE if track.phase is Phase.IDLE else Phase.CANCELLED,
        started_at=track.started_at,
        stopped_at=track.stopped_at,
        target=None,
        elapsed_s=0,
        remaining_s=None,
        due_at=None,
        projected_due=None,
        breached_at=None,
        warned_at=(None,) * warnings,
        thresholds=(None,) * warnings,
    )
