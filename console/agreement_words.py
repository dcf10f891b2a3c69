"""The contract as a client reads it: what is answered and fixed by when, and at which hours. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from console import moments
from console.texts import Texts
from handoff.fields import mapping
from handoff.kinds import ClockKind, Level, Tier
from handoff.policy import Contract

_DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True, kw_only=True)
class ServiceLine:
    """One level with its promises as sentences."""

    level: Level
    promises: tuple[str, ...]


def service_lines(contract: Contract, tier: Tier, texts: Texts, language: str) -> tuple[ServiceLine, ...]:
    """What the tier is promised, level by level."""
    found = ((level, tuple(_promises(contract, level, tier, texts, language))) for level in Level)
    return tuple(ServiceLine(level=level, promises=promises) for level, promises in found if promises)


def window_lines(contract: Contract, tier: Tier, texts: Texts, language: str) -> tuple[str, ...]:
    """The hours of every calendar that the tier's promises or its duty name."""
    duty = contract.duty[tier], contract.duty["emergency"]
    targets = [term.target for (_, of, _), term in contract.terms.items() if of is tier]
    named = {calendar.name for calendar in (*duty, *(target.calendar for target in targets))}
    rows = mapping(contract.root["calendars"], "calendars")
    return tuple(_hours(name, dict(mapping(rows[name], name)), texts, language) for name in rows if name in named)


def _promises(contract: Contract, level: Level, tier: Tier, texts: Texts, language: str) -> Iterator[str]:
    for clock in (ClockKind.FR, ClockKind.WS, ClockKind.RS):
        term = contract.terms.get((level, tier, clock))
        if term is not None:
            within = moments.target(texts, language, term.target.label)
            kind = "plan" if clock is ClockKind.RS and level is Level.CHANGE else str(clock)
            sentence = texts.say(f"agreement.promise.{kind}", language, target=within)
            yield sentence + (texts.say("agreement.after_confirmed", language) if term.after_confirmed else "")


def _hours(name: str, row: dict[str, Any], texts: Texts, language: str) -> str:
    first, _, last = str(row.get("days", "")).partition("-")
    days = [texts.say(f"weekday.{day}", language) for day in (first, last) if day in _DAYS]
    windows = ", ".join(map(str, row.get("windows", ())))
    known = f"calendar.{name}"
    title = texts.say(known, language) if texts.has(known) else str(row.get("name") or name)
    key = "agreement.hours_holidays" if row.get("holidays") else "agreement.hours"
    return texts.say(key, language, title=title, days="–".join(days), windows=windows, zone=row.get("tz", ""))
