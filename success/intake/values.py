"""What an answer can be, and how it is kept as JSON. Pure."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, Final, TypeAlias

LONGEST: Final = 2_000
"""Characters of an answer in words, and of what is quoted."""


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """Options by key; `other` is what was said besides them."""

    keys: tuple[str, ...] = ()
    other: str = ""


@dataclass(frozen=True, kw_only=True)
class Words:
    """An answer in words. Nothing in it is ever an instruction to anybody."""

    text: str


@dataclass(frozen=True, kw_only=True)
class Money:
    """An amount in whole units of a currency; an open end is None; `about` where it was said so."""

    currency: str
    low: int | None
    high: int | None
    about: bool = False

    @property
    def is_empty(self) -> bool:
        """Whether it says no amount."""
        return self.low is None and self.high is None


@dataclass(frozen=True, kw_only=True)
class Time:
    """A day by which something is wanted; None where only words tell ("as soon as possible")."""

    by: date | None
    words: str


@dataclass(frozen=True, kw_only=True)
class Links:
    """Addresses, each once."""

    addresses: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Number:
    """A whole number."""

    value: int


Value: TypeAlias = Chosen | Words | Money | Time | Links | Number
_NAMES: Final[Mapping[type, str]] = {
    Chosen: "chosen", Words: "words", Money: "money", Time: "time", Links: "links", Number: "number",
}  # fmt: skip


def to_json(value: Value) -> dict[str, Any]:
    """As it is kept."""
    row = {name: list(found) if isinstance(found, tuple) else found for name, found in asdict(value).items()}
    if isinstance(value, Time):
        row["by"] = value.by.isoformat() if value.by else None
    return row | {"is": _NAMES[type(value)]}


def from_json(row: Mapping[str, Any]) -> Value:
    """What `to_json` made; raises KeyError or ValueError of anything else."""
    facts = {name: found for name, found in row.items() if name != "is"}
    match row["is"]:
        case "chosen":
            return Chosen(keys=tuple(facts["keys"]), other=facts["other"])
        case "words":
            return Words(text=facts["text"])
        case "money":
            return Money(**facts)
        case "time":
            by = facts["by"]
            return Time(by=date.fromisoformat(by) if by else None, words=facts["words"])
        case "links":
            return Links(addresses=tuple(facts["addresses"]))
        case "number":
            return Number(value=facts["value"])
    raise ValueError(row["is"])
