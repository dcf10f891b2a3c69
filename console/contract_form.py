"""The contract as the fields of a form and back. A field's name is the path that a PolicyError names. Pure."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from handoff.kinds import ClockKind, Level, Tier
from handoff.policy import LATER

CLOCKS: Final = (ClockKind.FR, ClockKind.RS, ClockKind.WS)
NUMBERS: Final = (
    "emergency_ack_minutes", "follow_up_minutes", "unanswered_minutes", "waiting_remind_days", "waiting_resolve_days",
    "reopen_days",
)  # fmt: skip
CALENDAR: Final = ("name", "tz", "days", "windows", "holidays")
PHRASES: Final = ("holding", "courtesy")
DUTY: Final = (*Tier, "emergency")
NEW: Final = "+"
_BETWEEN: Final = re.compile(r"[,，、;；\s]+")
Fields = Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Edit:
    """One field that differs between two contracts."""

    path: str
    before: str
    after: str


def fields_of(root: Mapping[str, Any]) -> dict[str, str]:
    """A contract's document as the texts of its form."""
    found = {f"targets.{level}.{tier}.{clock}": "" for level in Level for tier in Tier for clock in CLOCKS}
    for level, tiers in root["targets"].items():
        for tier, clocks in tiers.items():
            found |= {f"targets.{level}.{tier}.{clock}": str(text) for clock, text in clocks.items()}
    for name, row in root["calendars"].items():
        shown = {**row, "windows": ", ".join(map(str, row.get("windows", ())))}
        found |= {f"calendars.{name}.{part}": str(shown.get(part) or "") for part in CALENDAR}
    found |= {f"duty.{name}": str(root["duty"].get(name, "")) for name in DUTY}
    found |= {f"fees.{tier}": str(root["fees"].get(tier, "")) for tier in Tier}
    found |= {name: str(root.get(name, LATER.get(name, ""))) for name in NUMBERS}
    found |= {name: "\n".join(map(str, root.get(name, ()))) for name in PHRASES}
    found["warnings"] = ", ".join(map(str, root.get("warnings", ())))
    found["third_party_pauses"] = "yes" if root.get("third_party_pauses") is True else ""
    return found


def whole(typed: Fields, root: Mapping[str, Any]) -> dict[str, str]:
    """What was typed, with an empty text for every field of the form that did not come along."""
    return dict.fromkeys((*fields_of(root), "version"), "") | dict(typed)


def document_of(fields: Fields, base: Mapping[str, Any]) -> dict[str, Any]:
    """The document that the form says, with what the form does not show taken from `base`."""
    return {
        **base,
        "targets": {level: {tier: _targets(fields, level, tier) for tier in Tier} for level in Level},
        "calendars": dict(_calendars(fields, base["calendars"])),
        "duty": {name: fields.get(f"duty.{name}", "") for name in DUTY},
        "fees": {tier: _number(fields.get(f"fees.{tier}", "")) for tier in Tier},
        "warnings": [_number(text) for text in _parts(fields.get("warnings", ""))],
        "third_party_pauses": bool(fields.get("third_party_pauses")),
        **{name: _number(fields.get(name, "")) for name in NUMBERS},
        **{name: _lines(fields.get(name, "")) for name in PHRASES},
    }


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[Edit, ...]:
    """Field by field, what one contract says otherwise than another."""
    old, new = _flat(before), _flat(after)
    return tuple(
        Edit(path=path, before=old.get(path, ""), after=new.get(path, ""))
        for path in sorted(old.keys() | new.keys())
        if old.get(path, "") != new.get(path, "")
    )


def calendar_names(fields: Fields) -> list[str]:
    """The calendars that the form shows, a new one's row apart."""
    names = (path.split(".")[1] for path in fields if path.startswith("calendars."))
    return sorted({name for name in names if name != NEW})


def field_of(where: str) -> str:
    """The form's field for the place that a PolicyError names."""
    calendar = re.match(r"(calendars\.[^.]+)\.(weekly|windows)", where)
    return f"{calendar[1]}.windows" if calendar else where


def _targets(fields: Fields, level: str, tier: str) -> dict[str, str]:
    typed = {clock: " ".join(fields.get(f"targets.{level}.{tier}.{clock}", "").split()) for clock in CLOCKS}
    return {str(clock): text for clock, text in typed.items() if text}


def _calendars(fields: Fields, base: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each calendar with anything in it; one whose row was emptied is gone."""
    for name in [*calendar_names(fields), NEW]:
        typed = {part: fields.get(f"calendars.{name}.{part}", "").strip() for part in CALENDAR}
        key = fields.get(f"calendars.{NEW}.id", "").strip() if name == NEW else name
        if not key or not any(typed.values()):
            continue
        row = {**base.get(key, {}), **typed, "windows": _parts(typed["windows"])}
        yield key, {part: value for part, value in row.items() if value or part == "windows"}


def _flat(value: object, path: str = "") -> dict[str, str]:
    if isinstance(value, Mapping):
        inner = (_flat(part, f"{path}.{name}" if path else str(name)) for name, part in value.items())
        return {name: text for part in inner for name, text in part.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return {path: ", ".join(map(str, value))}
    return {path: value if isinstance(value, str) else json.dumps(value, default=str)}


def _number(text: str) -> int | str:
    digits = text.replace(",", "").replace("，", "").strip()
    return int(digits) if digits.isascii() and digits.isdecimal() and len(digits) < len("1000000000000") else text


def _parts(text: str) -> list[str]:
    return [part for part in _BETWEEN.split(text.strip()) if part]


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]
