"""Why a deadline is what it is, as people read it: the desk's panel and `aftercare sla why` say the same. Pure.

Every instant is shown on the wall of the clock's own calendar, which the account names.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from itertools import groupby
from typing import Final
from zoneinfo import ZoneInfo

from console import moments
from console.texts import Texts
from handoff.kinds import ClockKind
from handoff.model import LedgerLine

HOUR: Final = 60
_SIGNALS: Final = {"start", "stop", "pause", "resume", "reopen", "retarget", "cancel"}
_DAYS_COUNT: Final = "workday"  # how units begin that count days, not seconds


@dataclass(frozen=True, kw_only=True)
class Row:
    """One line of an account: `when` on the calendar's wall, and what it did."""

    kind: str
    at: datetime
    when: str
    words: str


@dataclass(frozen=True, kw_only=True)
class Account:
    """How one run of a clock came to its deadline. `due_at` None: none, or never."""

    clock: ClockKind
    cycle: int
    title: str
    calendar: str
    verdict: str
    due_at: datetime | None
    phase: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, kw_only=True)
class Teller:
    """The catalogue in one language, and the zone of the calendar told of."""

    texts: Texts
    language: str
    zone: tzinfo = UTC

    def say(self, key: str, /, **values: object) -> str:
        """A sentence."""
        return self.texts.say(key, self.language, **values)

    def span(self, seconds: float) -> str:
        """A length of time, exact."""
        whole = max(0, int(seconds))
        parts = (("hour", whole // 3600), ("minute", whole % 3600 // 60), ("second", whole % 60))
        shown = [(unit, many) for unit, many in parts if many] or [("second", 0)]
        return " ".join(self.texts.say(f"js.{unit}", self.language, n=many) for unit, many in shown)

    def day(self, day: date) -> str:
        """A date with its weekday."""
        return f"{day.isoformat()} {self.weekday(day.weekday())}"

    def weekday(self, number: int) -> str:
        """A weekday's short name, Monday is 0."""
        return self.say(f"why.weekday.{number}")

    def time(self, at: datetime) -> str:
        """The time of day, with seconds only where there are some."""
        wall = at.astimezone(self.zone)
        return f"{wall:%H:%M:%S}" if wall.second else f"{wall:%H:%M}"

    def instant(self, at: datetime) -> str:
        """Day and time."""
        return f"{self.day(at.astimezone(self.zone).date())} {self.time(at)}"

    def until(self, end: datetime, *, start: datetime) -> str:
        """The end of a stretch that began at `start`: midnight after it is 24:00."""
        wall, began = end.astimezone(self.zone), start.astimezone(self.zone).date()
        if wall.date() == began:
            return self.time(end)
        return (
            "24:00" if wall.time() == datetime.min.time() and wall.date() == began + timedelta(1) else self.instant(end)
        )


def accounts(ledger: Iterable[LedgerLine], texts: Texts, language: str) -> tuple[Account, ...]:
    """One account for each run of a clock, from the lines of the desk's ledger."""
    ours = [line for line in ledger if line.clock is not None]
    runs = groupby(ours, key=lambda line: (line.clock, _whole(line.data.get("cycle"))))
    teller = Teller(texts=texts, language=language)
    return tuple(_account(clock, cycle, list(lines), teller) for (clock, cycle), lines in runs if clock is not None)


def _account(clock: ClockKind, cycle: int, lines: Sequence[LedgerLine], teller: Teller) -> Account:
    end = next((line for line in lines if line.kind in {"due", "never"}), None)
    facts = end.data if end else {}
    if end:
        teller = Teller(texts=teller.texts, language=teller.language, zone=ZoneInfo(str(facts["zone"])))
    return Account(
        clock=clock,
        cycle=cycle,
        title=_title(clock, cycle, facts, teller),
        calendar=_hours(facts, teller) if end else "",
        verdict=_verdict(end, teller),
        due_at=end.at if end and end.kind == "due" else None,
        phase=str(facts.get("phase", "cancelled")),
        rows=tuple(_rows(lines, facts, teller)),
    )


def _title(clock: ClockKind, cycle: int, facts: Mapping[str, object], teller: Teller) -> str:
    name = teller.texts.say(f"clock.{clock}", teller.language) + (f" {cycle}" if cycle > 1 else "")
    if "target" not in facts:
        return name
    return f"{name} · {moments.target(teller.texts, teller.language, str(facts['target']))}"


def _verdict(end: LedgerLine | None, teller: Teller) -> str:
    """The last word of an account: when it is due, or would be."""
    if end is None:
        return teller.say("why.cancelled")
    if end.kind == "never":
        return teller.say("why.never")
    phase = str(end.data["phase"])
    late = "late" if end.data["breached"] else "ok"
    key = f"why.due.{phase}" if phase in {"paused", "cancelled"} else f"why.due.{phase}.{late}"
    return teller.say(key, at=teller.instant(end.at))


def _rows(lines: Sequence[LedgerLine], facts: Mapping[str, object], teller: Teller) -> Iterator[Row]:
    counts_days = str(facts.get("unit", "")).startswith(_DAYS_COUNT)
    total = 0
    for line in lines:
        data = line.data
        if line.kind in _SIGNALS:
            yield Row(kind=line.kind, at=line.at, when=teller.instant(line.at), words=_signal(line, teller))
        elif line.kind == "closed":
            day = teller.day(date.fromisoformat(str(data["date"])))
            yield Row(kind=line.kind, at=line.at, when=day, words=teller.say(f"why.closed.{data['why']}"))
        elif line.kind == "counted" and not counts_days:
            total += (seconds := _whole(data.get("seconds")))
            end = teller.until(datetime.fromisoformat(str(data["until"])), start=line.at)
            words = teller.say("why.counted", span=teller.span(seconds), total=teller.span(total))
            yield Row(kind=line.kind, at=line.at, when=f"{teller.instant(line.at)}-{end}", words=words)
        elif line.kind == "day":
            words = teller.say("why.day_off") if data["number"] is None else _day(data, teller)
            yield Row(kind=line.kind, at=line.at, when=teller.instant(line.at), words=words)


def _day(data: Mapping[str, object], teller: Teller) -> str:
    return teller.say("why.day", number=data["number"], amount=data["amount"])


def _signal(line: LedgerLine, teller: Teller) -> str:
    """What a signal did, why, and what it changed the target to."""
    said = teller.say(f"why.signal.{line.kind}")
    because = line.data.get("because")
    if because is not None and teller.texts.has(f"why.cause.{because}"):
        said = teller.say("why.because", what=said, cause=teller.say(f"why.cause.{because}"))
    targets = line.data.get("targets")
    if line.kind != "retarget" or not isinstance(targets, Sequence):
        return said
    labels = [moments.target(teller.texts, teller.language, str(label)) for label in targets]
    return teller.say("why.target", what=said, targets=" / ".join(labels) or teller.say("why.no_target"))


def _hours(facts: Mapping[str, object], teller: Teller) -> str:
    """The calendar in words: "Mon-Fri 09:00-18:00, Asia/Shanghai"."""
    weekly = [tuple(map(_window, day)) for day in _list(facts["weekly"]) if isinstance(day, Sequence)]
    found = []
    for windows, days in groupby(enumerate(weekly), key=lambda day: day[1]):
        numbers = [number for number, _ in days]
        if windows:
            first, last = teller.weekday(numbers[0]), teller.weekday(numbers[-1])
            found.append(f"{first if first == last else f'{first}-{last}'} {', '.join(windows)}")
    key = "why.calendar_days" if str(facts["unit"]).startswith(_DAYS_COUNT) else "why.calendar"
    return teller.say(key, hours="; ".join(found), zone=facts["zone"])


def _window(ends: object) -> str:
    first, last = (_whole(minute) for minute in _list(ends))
    return f"{first // HOUR:02}:{first % HOUR:02}-{last // HOUR:02}:{last % HOUR:02}"


def _list(value: object) -> Sequence[object]:
    return value if isinstance(value, Sequence) else ()


def _whole(value: object) -> int:
    return value if isinstance(value, int) else 0
