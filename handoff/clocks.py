"""From a ticket's events to its clocks: the table of `sla.md`; nothing else decides a deadline.

A *course* is one run of one clock from its start to its end; next responses have one for each wait of the
client. Events count in the order of their recording. A finished course keeps the terms that it ended with.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from handoff.kinds import ClockKind, ClockState, EventKind, Level, MessageKind, Tier
from handoff.lifecycle import ordered
from handoff.model import ClockView, TicketEvent
from handoff.policy import Book, Term
from handoff.sla import Mark, Phase, Reading, Signal, Target, read

SPEAKING = frozenset({MessageKind.CONTENT, MessageKind.CHASER})
RESUMING = SPEAKING | {MessageKind.ASSENT}


@dataclass(kw_only=True)
class Course:
    """One run of a clock. `over`: only a re-opening can change it; `policy`: as of its last change."""

    kind: ClockKind
    cycle: int
    policy: str
    marks: list[Mark] = field(default_factory=list)
    targets: tuple[Target, ...] = ()
    held_at: datetime | None = None
    unanswered: bool = False
    over: bool = False

    @property
    def key(self) -> tuple[ClockKind, int]:
        """What tells it from the ticket's other courses."""
        return self.kind, self.cycle

    def reading(self, *, now: datetime, fractions: tuple[float, ...]) -> Reading:
        """Read it at `now`."""
        return read(self.marks, now=now, fractions=fractions)


def courses(events: Iterable[TicketEvent], book: Book) -> tuple[Course, ...]:
    """Every course of a ticket: first response, resolution, work started, next responses in their order."""
    walk = _Walk(book)
    for event in ordered(events):
        walk.take(event)
    return tuple(walk.courses)


def view(course: Course, *, now: datetime, fractions: tuple[float, ...]) -> ClockView:
    """A course as people see it at `now`. A stopped clock's `due_at` is when it would have been due."""
    reading = course.reading(now=now, fractions=fractions)
    state = _state(course, reading)
    shown = state not in {ClockState.IDLE, ClockState.PAUSED, ClockState.CANCELLED}
    return ClockView(
        kind=course.kind,
        state=state,
        started_at=reading.started_at,
        due_at=reading.projected_due if shown else reading.due_at,
        stopped_at=reading.stopped_at,
        target=reading.target.label if reading.target else "",
        elapsed_s=reading.elapsed_s,
        remaining_s=reading.remaining_s,
        breached=reading.breached,
        breached_at=reading.breached_at,
        held_at=course.held_at,
    )


def latest(all_courses: Iterable[Course]) -> tuple[Course, ...]:
    """The last course of each clock, in the order of `ClockKind`."""
    last = {course.kind: course for course in sorted(all_courses, key=lambda course: course.cycle)}
    return tuple(last[kind] for kind in ClockKind if kind in last)


def _state(course: Course, reading: Reading) -> ClockState:
    if reading.phase is not Phase.STOPPED:
        return ClockState(str(reading.phase))
    if course.unanswered:
        return ClockState.UNANSWERED
    return ClockState.MISSED if reading.breached else ClockState.MET


class _Walk:
    """The fold's working state; its public face is `courses`."""

    def __init__(self, book: Book) -> None:
        self.book = book
        self.courses: list[Course] = []
        self.levels: list[Level] = []
        self.tier = Tier.STANDARD
        self.policy = ""
        self.since: datetime | None = None
        self.confirmed_at: datetime | None = None
        self.last: datetime | None = None
        self.first_done = False
        self.closed = False
        self.returned = False
        self.stopped_by_resolution: list[Course] = []
        self.rows: Mapping[EventKind, Callable[[TicketEvent, datetime], None]] = {
            EventKind.OPENED: self._opened,
            EventKind.REPLIED: self._replied,
            EventKind.CLIENT_WROTE: self._client_wrote,
            EventKind.WAITED: self._waited,
            EventKind.RESOLVED: self._resolved,
            EventKind.REOPENED: self._reopened,
            EventKind.RETURNED: self._returned,
            EventKind.HANDED_OFF: self._handed_off,
            EventKind.CLAIMED: self._handed_off,
            EventKind.TRANSFERRED: self._handed_off,
            EventKind.LEVEL_SET: self._level_set,
            EventKind.TIER_SET: self._tier_set,
            EventKind.POLICY_SET: self._policy_set,
            EventKind.CONFIRMED: self._confirmed,
            EventKind.WORK_STARTED: self._work_started,
            EventKind.MERGED: self._merged,
        }

    def take(self, event: TicketEvent) -> None:
        """One row of the table. An event stops or resumes no earlier than the event before it."""
        row = self.rows.get(event.kind)
        if row is not None:
            at = event.at if self.last is None else max(event.at, self.last)
            row(event, at)
            self.last = at

    def _opened(self, event: TicketEvent, at: datetime) -> None:
        self.levels = [Level(str(event.data["level"]))]
        self.tier, self.policy = Tier(str(event.data["tier"])), str(event.data["policy"])
        self.since = at
        self._start_missing(at)

    def _replied(self, event: TicketEvent, at: datetime) -> None:
        kind = ClockKind.NR if self.first_done else ClockKind.FR
        self.first_done = True
        stopped = self._signal(kind, Signal.STOP, at, over=True)
        if stopped is not None and event.data.get("holding") is True:
            stopped.held_at = at

    def _client_wrote(self, event: TicketEvent, at: datetime) -> None:
        meaning = MessageKind(str(event.data["meaning"]))
        if self.closed or self.returned:
            return
        if meaning in RESUMING:
            self._signal(ClockKind.RS, Signal.RESUME, at)
        if meaning in SPEAKING:
            self._start_next(event.at)

    def _waited(self, event: TicketEvent, at: datetime) -> None:
        if event.data.get("on") == "client" or self.book.of(self.policy).third_party_pauses:
            self._signal(ClockKind.RS, Signal.PAUSE, at)

    def _resolved(self, event: TicketEvent, at: datetime) -> None:  # noqa: ARG002 - one signature for every row
        self.closed, self.first_done = True, True
        self.stopped_by_resolution = []
        for kind in ClockKind:
            stopped = self._signal(kind, Signal.STOP, at, over=True)
            if stopped is None:
                continue
            if kind in {ClockKind.FR, ClockKind.NR}:
                stopped.unanswered = True
            else:
                self.stopped_by_resolution.append(stopped)

    def _reopened(self, event: TicketEvent, at: datetime) -> None:
        self.closed = False
        for course in self.stopped_by_resolution:
            course.over = False
            course.marks.append(Mark(at=at, signal=Signal.REOPEN))
        self.stopped_by_resolution = []
        self._retarget(at)
        if event.data.get("message") is not None:
            self._start_next(event.at)

    def _returned(self, event: TicketEvent, at: datetime) -> None:  # noqa: ARG002
        self.returned = True
        self._signal(ClockKind.NR, Signal.CANCEL, at, over=True)
        self._signal(ClockKind.RS, Signal.PAUSE, at)

    def _handed_off(self, event: TicketEvent, at: datetime) -> None:
        """Back from the bot to people, by the client's message or by somebody's claim."""
        if not self.returned:
            return
        self.returned = False
        self._signal(ClockKind.RS, Signal.RESUME, at)
        if event.kind is EventKind.HANDED_OFF:
            self._start_next(event.at)

    def _level_set(self, event: TicketEvent, at: datetime) -> None:
        level = Level(str(event.data["level"]))
        if level is self.levels[-1]:
            return
        raised = level.rank > self.levels[-1].rank
        self.levels = [*self.levels, level] if raised else [level]
        self._retermed(at)

    def _tier_set(self, event: TicketEvent, at: datetime) -> None:
        self.tier = Tier(str(event.data["tier"]))
        self._retermed(at)

    def _policy_set(self, event: TicketEvent, at: datetime) -> None:
        self.policy = str(event.data["policy"])
        self._retermed(at)

    def _confirmed(self, event: TicketEvent, at: datetime) -> None:  # noqa: ARG002
        self.confirmed_at = self.confirmed_at or at
        self._signal(ClockKind.RS, Signal.RESUME, at)
        dormant = self._last(ClockKind.RS)
        if dormant is not None and not dormant.targets:
            dormant.over = True
        self._start_missing(at)

    def _work_started(self, event: TicketEvent, at: datetime) -> None:  # noqa: ARG002
        self._signal(ClockKind.WS, Signal.STOP, at, over=True)

    def _merged(self, event: TicketEvent, at: datetime) -> None:  # noqa: ARG002
        self.closed = True
        for course in self.courses:
            if not course.over:
                self._set_targets(course, (), at)
                course.over = True

    def _retermed(self, at: datetime) -> None:
        self._retarget(at)
        self._start_missing(at)

    def _start_missing(self, at: datetime) -> None:
        """Start what the terms now ask for and nothing has started: at filing, or at the confirmation."""
        for kind in (ClockKind.FR, ClockKind.RS, ClockKind.WS):
            term, last = self._term(kind), self._last(kind)
            begins = self.confirmed_at if term is not None and term.after_confirmed else self.since
            if term is None or begins is None or (kind is ClockKind.FR and self.first_done):
                continue
            if not self.closed and (last is None or (last.over and not last.targets)):
                self._start(kind, begins, known_at=at)

    def _start_next(self, at: datetime) -> None:
        last = self._last(ClockKind.NR)
        if self.first_done and (last is None or last.over) and self._targets(ClockKind.NR):
            self._start(ClockKind.NR, at, known_at=at)

    def _start(self, kind: ClockKind, at: datetime, *, known_at: datetime) -> None:
        cycle = 1 + sum(course.kind is kind for course in self.courses)
        targets = self._targets(kind)
        course = Course(kind=kind, cycle=cycle, policy=self.policy, targets=targets)
        course.marks.append(Mark(at=at, signal=Signal.START, targets=targets))
        if known_at > at:
            course.marks.append(Mark(at=known_at, signal=Signal.RETARGET, targets=targets))
        self.courses.append(course)

    def _retarget(self, at: datetime) -> None:
        for course in self.courses:
            targets = self._targets(course.kind)
            if not course.over and targets != course.targets:
                self._set_targets(course, targets, at)

    def _set_targets(self, course: Course, targets: tuple[Target, ...], at: datetime) -> None:
        course.targets, course.policy = targets, self.policy
        course.marks.append(Mark(at=at, signal=Signal.RETARGET, targets=targets))

    def _signal(self, kind: ClockKind, signal: Signal, at: datetime, *, over: bool = False) -> Course | None:
        """Mark the clock's unfinished course; None if it has none."""
        course = self._last(kind)
        if course is None or course.over:
            return None
        course.marks.append(Mark(at=max(at, course.marks[0].at), signal=signal))
        course.over = over
        return course

    def _last(self, kind: ClockKind) -> Course | None:
        return next((course for course in reversed(self.courses) if course.kind is kind), None)

    def _term(self, kind: ClockKind) -> Term | None:
        return self.book.of(self.policy).term(self.levels[-1], self.tier, kind)

    def _targets(self, kind: ClockKind) -> tuple[Target, ...]:
        """What the level and those it was raised from ask for; nothing if the level asks for nothing."""
        contract = self.book.of(self.policy)
        terms = [contract.term(level, self.tier, kind) for level in self.levels]
        if not self._in_force(terms[-1]):
            return ()
        return tuple(term.target for term in terms if term is not None and self._in_force(term))

    def _in_force(self, term: Term | None) -> bool:
        return term is not None and (self.confirmed_at is not None or not term.after_confirmed)
