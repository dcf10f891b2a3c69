"""Days in a zone, as instants. Pure."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo


@dataclass(frozen=True, kw_only=True)
class Span:
    """From the beginning of a day to the end of another, in a zone; people see both days as belonging to it."""

    first: date
    last: date
    zone: ZoneInfo

    @property
    def since(self) -> datetime:
        """Its first instant."""
        return midnight(self.first, self.zone)

    @property
    def until(self) -> datetime:
        """The first instant after it."""
        return midnight(self.last + timedelta(days=1), self.zone)

    @property
    def days(self) -> int:
        """How many days it has."""
        return (self.last - self.first).days + 1


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """The first instant of a day in a zone."""
    return datetime.combine(day, time(), tzinfo=zone).astimezone(UTC)
