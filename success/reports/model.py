"""The words of reports. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Final

Facts = dict[str, Any]
"""What a report says, as JSON: numbers, and under `rows` the ids of what they count. No sentence of ours is in it."""


class Kind(StrEnum):
    """What a report is of: a client's month, week or quarter; our own month and week."""

    HEALTH = "health"
    BRIEF = "brief"
    QUARTER = "quarter"
    REVIEW = "review"
    WEEK = "week"


CLIENTS: Final = (Kind.HEALTH, Kind.BRIEF, Kind.QUARTER)
OURS: Final = (Kind.REVIEW, Kind.WEEK)
WEEKLY: Final = frozenset({Kind.BRIEF, Kind.WEEK})


class State(StrEnum):
    """How far a report has come; of a period there is one that is not withdrawn."""

    DRAFT = "draft"
    APPROVED = "approved"
    SENT = "sent"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, kw_only=True)
class Report:
    """One report. `words` hold what a person wrote: `summary`, `advice`; `sent` says where it went, and its file."""

    id: int
    kind: Kind
    client_id: int | None
    first_on: date
    last_on: date
    language: str
    zone: str
    state: State
    facts: Facts
    words: Mapping[str, str]
    edits: int
    at: datetime
    by_id: int | None
    approved_at: datetime | None
    approved_by: int | None
    sent_at: datetime | None
    sent: Mapping[str, Any]
    withdrawn_at: datetime | None
    withdrawn_by: int | None
    why: str


@dataclass(frozen=True, kw_only=True)
class Choice:
    """Which reports a client gets, and in which language (None: its own)."""

    health: bool = True
    brief: bool = False
    quarter: bool = True
    language: str | None = None

    def wants(self, kind: Kind) -> bool:
        """Whether it gets one of this kind."""
        return bool(getattr(self, kind)) if kind in CLIENTS else False


@dataclass(frozen=True, kw_only=True)
class Office:
    """Our own side: what we are called on reports, which reports we make of ourselves, what an hour is worth."""

    agency: str = ""
    review: bool = True
    week: bool = True
    minutes: int = 8
    hourly: int = 80
    currency: str = "CNY"

    def wants(self, kind: Kind) -> bool:
        """Whether we make one of this kind."""
        return bool(getattr(self, kind)) if kind in OURS else False
