"""Access logs of nginx and Apache: lines → visits by day. Pure, and bounded: it keeps those visits that still go on.

A visit is one address with one browser, with no more than half an hour between its pages; a bounce is a visit of one
page. What bots, scripts and monitors ask for is left out, and so is everything that is no page.

A clock that went wrong leaves lines of days that cannot be. Left out are those of more than two years back or of after
tomorrow; and, where more than a month without any line lies between groups of days, the groups with less than a tenth
of the lines of the biggest. Days between two groups are not known, so they are no days without visits.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from functools import lru_cache
from typing import Final
from urllib.parse import unquote
from zoneinfo import ZoneInfo

from success.traffic.channels import of_referrer
from success.traffic.model import Found, Refused, Source

IDLE: Final = 30 * 60
LONGEST_LINE: Final = 16_384
MOST_OPEN: Final = 300_000
MOST_MINUTES: Final = 20_000
MOST_PATHS: Final = 5_000
LONGEST_PATH: Final = 160
YEARS: Final = range(1900, 2200)
BACK: Final = timedelta(days=731)
AHEAD: Final = timedelta(days=1)
GAP: Final = timedelta(days=31)
SMALL: Final = 10
"""A group of days is a stray one if it has so many times fewer lines than the biggest."""
_LINE: Final = re.compile(
    r"(?P<who>\S{1,64}) \S+ (?:[^\[]{0,200}) ?\[(?P<at>[^\]]{20,30})\] "
    r'"(?P<verb>[A-Z]{3,8}) (?P<path>[^" ]{1,4000})[^"]{0,20}" (?P<status>\d{3}) \S+'
    r'(?: "(?P<referrer>[^"]{0,4000})" "(?P<agent>(?:[^"\\]|\\.){0,2000})")?'
)
_AT: Final = re.compile(r"(\d\d)/(\w{3})/(\d{4}):(\d\d):(\d\d) ([+-])(\d\d)(\d\d)")
_SECOND: Final = slice(17, 20)  # ":59" in "31/Oct/2026:23:59:59 +0800"
_MONTHS: Final = {
    name: n for n, name in enumerate("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(), 1)  # noqa: SIM905
}  # fmt: skip
_BOTS: Final = re.compile(
    r"bot|crawl|spider|slurp|scan|monitor|uptime|pingdom|curl|wget|python|java/|go-http|okhttp|libwww|headless|phantom|"
    r"lighthouse|preview|facebookexternalhit|feed|httpclient|axios|node-fetch|scrapy|ahrefs|semrush|dataprovider|zgrab|"
    r"masscan|nikto|sqlmap|gptbot|claude|bytespider|yisou|sogou web|baiduspider|360spider|aftercare",
    re.IGNORECASE,
)
_NO_PAGE: Final = re.compile(
    r"\.(?:css|js|mjs|map|png|jpe?g|gif|webp|avif|svg|ico|bmp|woff2?|ttf|eot|otf|mp[34]|webm|ogg|pdf|zip|gz|xml|txt|json)$"
    r"|^/(?:wp-json|wp-admin|wp-login\.php|wp-content|wp-includes|wp-cron\.php|xmlrpc\.php|robots\.txt|favicon|api/|feed/?$)",
    re.IGNORECASE,
)


@dataclass(slots=True)
class _Visit:
    day: date
    last: int
    pages: int
    group: str


def read(lines: Iterable[bytes], *, zone: ZoneInfo, today: date, hosts: Iterable[str] = ()) -> Found:
    """The visits of a log, by the days of a zone. `hosts` are the site's own: a page of theirs refers nobody.

    Raises:
        Refused: most lines are none of a log (`kind`) or of days that cannot be (`outside`), or there is no visit
            (`nothing`).
    """
    reader = _Reader(zone, today, frozenset(host.removeprefix("www.") for host in hosts))
    for line in lines:
        reader.take(line)
    return reader.found()


@lru_cache(maxsize=20_000)
def _is_bot(agent: str) -> bool:
    return _BOTS.search(agent) is not None


@lru_cache(maxsize=20_000)
def _is_page(path: str) -> bool:
    return _NO_PAGE.search(path) is None


def together(days: Iterable[date]) -> list[list[date]]:
    """Days in groups, in order; between two groups lie more than `GAP` days."""
    found: list[list[date]] = []
    for day in sorted(days):
        if not found or day - found[-1][-1] > GAP:
            found.append([])
        found[-1].append(day)
    return found


class _Reader:
    def __init__(self, zone: ZoneInfo, today: date, own: frozenset[str]) -> None:
        self._zone, self._own = zone, own
        self._first, self._last = today - BACK, today + AHEAD
        self._lines: Counter[date] = Counter()
        self._bots: Counter[date] = Counter()
        self._found = Found(kind=Source.LOGS)
        self._open: dict[int, _Visit] = {}
        self._looked = 0
        self._minutes: dict[str, tuple[int, date] | None] = {}

    def take(self, line: bytes) -> None:
        """One line."""
        if not line.strip():
            return
        self._found.lines += 1
        match = _LINE.match(line[:LONGEST_LINE].decode("utf-8", "replace"))
        at = None if match is None else self._instant(match["at"])
        if match is None or at is None:
            self._found.broken += 1
            return
        day = at[1]
        if not self._first <= day <= self._last:
            self._found.outside += 1
            return
        self._lines[day] += 1
        agent = match["agent"] or ""
        if _is_bot(agent) or (match["agent"] is not None and agent in {"", "-"}):
            self._bots[day] += 1
            return
        path = match["path"].partition("?")[0].partition("#")[0]
        page = match["verb"] == "GET" and match["status"] in {"200", "304"} and _is_page(path)
        if page:
            self._page(hash((match["who"], agent)), at, path, match["referrer"] or "-")

    def found(self) -> Found:
        """What all lines came to; days without visits between the first and the last of a group are days of none."""
        for visit in self._open.values():
            self._end(visit)
        self._open.clear()
        found = self._found
        if found.broken * 2 > found.lines:
            raise Refused("kind")
        groups = together(self._lines)
        bulk = max(map(self._size, groups), default=0)
        for days in groups:
            if self._size(days) * SMALL < bulk:
                self._leave_out(days)
            else:
                self._fill(days)
        if not found.tallies:
            raise Refused("outside" if found.outside * 2 > found.lines else "nothing")
        return found

    def _size(self, days: Iterable[date]) -> int:
        return sum(self._lines[day] for day in days)

    def _leave_out(self, days: Iterable[date]) -> None:
        for day in days:
            self._found.outside += self._lines[day]
            self._found.tallies.pop((day, day), None)

    def _fill(self, days: Sequence[date]) -> None:
        """Count what is of these days: also those between, without visits."""
        self._found.bots += sum(self._bots[day] for day in days)
        known = [day for day in days if (day, day) in self._found.tallies]
        for n in range((known[-1] - known[0]).days if known else 0):
            for name in ("visits", "views", "bounces"):
                self._found.of(known[0] + timedelta(days=n)).add(name, 0)

    def _page(self, who: int, at: tuple[int, date], path: str, referrer: str) -> None:
        second, day = at
        tally = self._found.of(day)
        for name in ("visits", "bounces"):
            tally.add(name, 0)
        tally.add("views", 1)
        shown = unquote(path, errors="replace")[:LONGEST_PATH].replace("\0", "")
        if tally.pages is None or shown in tally.pages or len(tally.pages) < MOST_PATHS:
            tally.saw(shown)
        known = self._open.get(who)
        if known is not None and abs(second - known.last) <= IDLE:
            known.last, known.pages = max(second, known.last), known.pages + 1
            return
        if known is not None:
            self._end(known)
        group = of_referrer(referrer, own=self._own)
        self._open[who] = _Visit(day=day, last=second, pages=1, group=str(group or "direct"))
        self._prune(second)

    def _prune(self, second: int) -> None:
        """Let go of visits that are over; of too many at once, of the oldest."""
        self._looked += 1
        if self._looked % 10_000 and len(self._open) < MOST_OPEN:
            return
        room = MOST_OPEN * 9 // 10 if len(self._open) >= MOST_OPEN else MOST_OPEN
        for who, visit in list(self._open.items()):
            if second - visit.last > IDLE or len(self._open) > room:
                self._end(visit)
                del self._open[who]

    def _end(self, visit: _Visit) -> None:
        tally = self._found.of(visit.day)
        tally.add("visits", 1)
        tally.add("bounces", int(visit.pages == 1))
        tally.came(visit.group)

    def _instant(self, text: str) -> tuple[int, date] | None:
        """The second since 1970 and the day in the zone; worked out once a minute of the log."""
        second, minute = text[_SECOND], text[: _SECOND.start] + text[_SECOND.stop :]
        if minute not in self._minutes:
            if len(self._minutes) > MOST_MINUTES:
                self._minutes.clear()
            self._minutes[minute] = self._minute(minute)
        known = self._minutes[minute]
        if known is None or second[:1] != ":" or not second[1:].isdecimal():
            return None
        return known[0] + int(second[1:]), known[1]

    def _minute(self, text: str) -> tuple[int, date] | None:
        match = _AT.fullmatch(text)
        if match is None or match[2] not in _MONTHS or int(match[3]) not in YEARS:
            return None
        day, month, year, hour, minute, sign, hours, minutes = match.groups()
        away = timedelta(hours=int(hours), minutes=int(minutes))
        try:
            offset = timezone(-away if sign == "-" else away)
            at = datetime(int(year), _MONTHS[month], int(day), int(hour), int(minute), tzinfo=offset)
        except ValueError:
            return None
        return int(at.astimezone(UTC).timestamp()), at.astimezone(self._zone).date()
