"""The words of visits. Pure."""

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any, Final

MOST_PAGES: Final = 50
"""Of a day, or of a span."""


class Source(StrEnum):
    """Where a file comes from."""

    GA4 = "ga4"
    MATOMO = "matomo"
    LOGS = "logs"


class Group(StrEnum):
    """Where a visit came from."""

    DIRECT = "direct"
    SEARCH = "search"
    SOCIAL = "social"
    LINKS = "links"
    ADS = "ads"
    MAIL = "mail"
    OTHER = "other"


class Refused(Exception):  # noqa: N818 - the names say what happened
    """A file that is not taken: ``empty``, ``kind``, ``dates``, ``long``, ``packed``, ``cut``, ``wide``, ``nothing``,
    ``outside``, ``broke``.

    The text `traffic.refused.<why>` says it.
    """

    def __init__(self, why: str) -> None:
        super().__init__(f"the file is not taken: {why}")
        self.why = why


@dataclass(kw_only=True)
class Tally:
    """Visits, page views and bounces of a day or a span, by source and page; None is what a file did not say."""

    visits: int | None = None
    views: int | None = None
    bounces: int | None = None
    sources: dict[str, int] | None = None
    pages: dict[str, int] | None = None

    def add(self, name: str, n: int) -> None:
        """Count some more of `visits`, `views` or `bounces`."""
        setattr(self, name, (getattr(self, name) or 0) + n)

    def came(self, group: str, n: int = 1) -> None:
        """Count visits of a source."""
        self.sources = self.sources if self.sources is not None else {}
        self.sources[group] = self.sources.get(group, 0) + n

    def saw(self, path: str, n: int = 1) -> None:
        """Count views of a page."""
        self.pages = self.pages if self.pages is not None else {}
        self.pages[path] = self.pages.get(path, 0) + n

    def top(self) -> list[tuple[str, int]] | None:
        """The pages seen most."""
        if self.pages is None:
            return None
        return sorted(self.pages.items(), key=lambda each: (-each[1], each[0]))[:MOST_PAGES]


@dataclass(kw_only=True)
class Found:
    """What a file held: a tally for each day or span, and how many of its lines could not be read, were bots', or lay
    `outside` of the days that it is taken to be of.
    """

    kind: Source
    tallies: dict[tuple[date, date], Tally] = field(default_factory=dict)
    lines: int = 0
    broken: int = 0
    bots: int = 0
    outside: int = 0

    def of(self, first: date, last: date | None = None) -> Tally:
        """The tally of a day, or of a span."""
        return self.tallies.setdefault((first, last or first), Tally())

    def as_json(self) -> dict[str, Any]:
        """For the process that asked."""
        rows = [
            {
                "first": str(first), "last": str(last), "visits": one.visits, "views": one.views,
                "bounces": one.bounces, "sources": one.sources, "pages": one.top(),
            }
            for (first, last), one in sorted(self.tallies.items())
        ]  # fmt: skip
        return {
            "kind": str(self.kind), "lines": self.lines, "broken": self.broken, "bots": self.bots,
            "outside": self.outside, "rows": rows,
        }  # fmt: skip
