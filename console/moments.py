"""Time as people read it: spans, deadlines, and how pressing a clock is. Pure; desk.js says the same words."""

import re
from datetime import UTC, datetime, timedelta
from typing import Final

from console.texts import Texts
from handoff.model import ClockView

SOON: Final = 0.25  # the last quarter before the deadline
_TARGET: Final = re.compile(r"(?P<n>\d+) (?P<unit>min|h|working days?) on (?P<calendar>\w+)")
_MINUTE: Final = 60
_HOUR: Final = 3600
_DAY: Final = 86400


def span(texts: Texts, language: str, seconds: float) -> str:
    """A length of time in its two largest units, such as "3 h 20 min" or "2 d 4 h"."""
    whole = max(0, int(seconds))
    if whole < _MINUTE:
        return texts.say("js.second", language, n=whole)
    if whole < _HOUR:
        return texts.say("js.minute", language, n=whole // _MINUTE)
    if whole < _DAY:
        parts = ("hour", whole // _HOUR), ("minute", whole % _HOUR // _MINUTE)
    else:
        parts = ("day", whole // _DAY), ("hour", whole % _DAY // _HOUR)
    return " ".join(texts.say(f"js.{unit}", language, n=many) for unit, many in parts if many)


def due(texts: Texts, language: str, at: datetime, now: datetime) -> str:
    """What a deadline comes to: "due in 12 min" or "late by 3 min"."""
    left = (at - now).total_seconds()
    return texts.say("js.late" if left < 0 else "js.due", language, span=span(texts, language, abs(left)))


def urgency(clock: ClockView, now: datetime) -> str:
    """``late``, ``soon`` or "" for a running clock, by its instants."""
    if clock.due_at is None or clock.started_at is None:
        return ""
    left = clock.due_at - now
    if left < timedelta():
        return "late"
    return "soon" if left <= SOON * (clock.due_at - clock.started_at) else ""


def target(texts: Texts, language: str, label: str) -> str:
    """A contract's target ("4 h on G") in the reader's words; one it does not know stays as it is written."""
    read = _TARGET.fullmatch(label)
    if read is None:
        return label
    unit = "day" if read["unit"].startswith("working") else read["unit"]
    amount = texts.say(f"target.{unit}", language, n=int(read["n"]))
    calendar = f"calendar.{read['calendar']}"
    if unit == "day" or not texts.has(calendar):
        return amount
    return texts.say("target.on", language, span=amount, calendar=texts.say(calendar, language))


def iso(at: datetime) -> str:
    """An instant for machines."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def utc(at: datetime) -> str:
    """An instant for people whose browser runs no script."""
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
