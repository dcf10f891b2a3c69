"""Quarters of a year. Pure."""

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final, Self
from zoneinfo import ZoneInfo

from handoff.spans import midnight

_NAME: Final = re.compile(r"(?P<year>20\d\d)-?[Qq](?P<n>[1-4])", re.ASCII)
_MONTHS: Final = 3
_LAST: Final = 4


@dataclass(frozen=True, order=True)
class Quarter:
    """The `n`th quarter of a year, 1 to 4."""

    year: int
    n: int

    @classmethod
    def of(cls, day: date) -> Self:
        """The quarter of a day."""
        return cls(day.year, (day.month - 1) // _MONTHS + 1)

    @classmethod
    def at(cls, instant: datetime, zone: ZoneInfo) -> Self:
        """The quarter that an instant lies in, in a zone."""
        return cls.of(instant.astimezone(zone).date())

    @classmethod
    def read(cls, name: str) -> Self | None:
        """The quarter called that (`2026-Q4`, or as people write it: `2026Q4`, ` 2026q4 `); None where none is."""
        found = _NAME.fullmatch(name.strip())
        return None if found is None else cls(int(found["year"]), int(found["n"]))

    def __str__(self) -> str:
        return f"{self.year}-Q{self.n}"

    @property
    def written(self) -> str:
        """As people write it: `2026Q4`."""
        return f"{self.year}Q{self.n}"

    @property
    def first(self) -> date:
        """Its first day."""
        return date(self.year, (self.n - 1) * _MONTHS + 1, 1)

    @property
    def last(self) -> date:
        """Its last day."""
        return self.next.first - timedelta(days=1)

    @property
    def next(self) -> "Quarter":
        """The one after it."""
        return Quarter(self.year + 1, 1) if self.n == _LAST else Quarter(self.year, self.n + 1)

    @property
    def before(self) -> "Quarter":
        """The one before it."""
        return Quarter(self.year - 1, _LAST) if self.n == 1 else Quarter(self.year, self.n - 1)

    def since(self, zone: ZoneInfo) -> datetime:
        """Its first instant in a zone."""
        return midnight(self.first, zone)

    def until(self, zone: ZoneInfo) -> datetime:
        """The first instant after it in a zone."""
        return midnight(self.next.first, zone)

    def holds(self, day: date) -> bool:
        """Whether a day is in it."""
        return self.first <= day <= self.last
