"""The production clocks in the interface of `shared/sla/run_vectors.py`.

`deadline`, `elapsed` and `replay` convert, call and convert back; they decide nothing.
"""

import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from handoff import business_time, sla

Document = Mapping[str, Any]


def deadline(calendar: Document, start: datetime, unit: str, amount: int) -> datetime | None:
    """When `amount` of `unit` since `start` is used up."""
    return business_time.deadline(business_time.parse_calendar(calendar), start, business_time.Unit(unit), amount)


def elapsed(calendar: Document, start: datetime, end: datetime) -> int:
    """Open seconds between two instants."""
    return business_time.open_time(business_time.parse_calendar(calendar), start, end) // sla.SECOND


def replay(calendars: Mapping[str, Document], sequence: Document) -> list[dict[str, Any]]:
    """Read one clock at each of the sequence's checks."""
    marks = _marks(calendars, sequence)
    fractions = (float(sequence["warn_fraction"]),)
    return [_row(sla.read(marks, now=_instant(check["t"]), fractions=fractions)) for check in sequence["checks"]]


def _marks(calendars: Mapping[str, Document], sequence: Document) -> list[sla.Mark]:
    marks, calendar, amount = [], sequence["calendar"], sequence["target_s"]
    for event in sorted(sequence["events"], key=lambda event: _instant(event["t"])):
        calendar, amount = event.get("calendar", calendar), event.get("target_s", amount)
        target = sla.Target(amount=amount, calendar=business_time.parse_calendar(calendars[calendar]))
        marks.append(sla.Mark(at=_instant(event["t"]), signal=sla.Signal(event["ev"]), targets=(target,)))
    return marks


def _row(reading: sla.Reading) -> dict[str, Any]:
    return {
        "state": str(reading.phase),
        "elapsed_s": reading.elapsed_s,
        "remaining_s": reading.remaining_s,
        "due_at": _text(reading.due_at),
        "breached": reading.breached,
        "breached_at": _text(reading.breached_at),
        "warned_at": _text(reading.warned_at[0]),
    }


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _text(at: datetime | None) -> str | None:
    return None if at is None else at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
