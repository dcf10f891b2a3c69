"""Exports of Google Analytics 4: the standard reports as CSV, explorations, and rows of its event export. Pure."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Final

from success.traffic import cells
from success.traffic.channels import of_label, of_medium
from success.traffic.model import Found, Refused, Source, Tally

_SPAN: Final = re.compile(
    r"#\s*(start|end|开始|開始|结束|結束)\s*(?:date|日期)?\s*[:：]\s*(\d{8}|\d{4}-\d\d-\d\d)", re.IGNORECASE
)
_SUMS: Final = frozenset({"", "total", "totals", "grand total", "总计", "總計", "合计", "合計", "总和", "總和"})
_PARTS: Final = ("day", "channel", "source", "page")
_NTH: Final = re.compile(r"\d{1,4}")
_MOST_SESSIONS: Final = 2_000_000


def read_csv(lines: Iterable[str]) -> Found:
    """Every table of a CSV export. A table without dates belongs to the span that the file's head names.

    Raises Refused: `dates` where neither says a day, `kind` where no table has anything that is known.
    """
    found, span = Found(kind=Source.GA4), _Span()
    table: _Table | None = None
    known = False
    for row in cells.rows(lines):
        first = row[0] if row else ""
        if first.lstrip("\ufeff").startswith("#"):
            span.hear(",".join(row))
            table = None
        elif not any(cell.strip() for cell in row):
            table = None
        elif table is None:
            table = _Table(row, span)
            known = known or table.counts
        else:
            found.lines += 1
            found.broken += not table.take(row, found)
    if not known:
        raise Refused("kind")
    if not found.tallies:
        raise Refused("nothing" if span.whole or found.lines == 0 else "dates")
    return found


class _Span:
    """From when to when the file's head says it is."""

    def __init__(self) -> None:
        self.first: date | None = None
        self.last: date | None = None

    @property
    def whole(self) -> bool:
        return self.first is not None and self.last is not None and self.first <= self.last

    def hear(self, line: str) -> None:
        for which, said in _SPAN.findall(line):
            day = cells.day(said)
            if which.casefold() in {"start", "开始", "開始"}:
                self.first = day
            else:
                self.last = day


class _Table:
    """One table: its columns, and how a row of it counts."""

    def __init__(self, head: Sequence[str], span: _Span) -> None:
        self._at, self._span = cells.columns(head), span
        self._nth = "day" in self._at and head[self._at["day"]].strip().casefold().replace(" ", "") in {
            "nthday", "第n天",
        }  # fmt: skip
        self.counts = bool({"visits", "views"} & self._at.keys())

    def take(self, row: Sequence[str], found: Found) -> bool:
        """Count a row; False for one that cannot be read. Sums and rows of no known kind are passed over."""
        if not self.counts:
            return True
        if any(self._cell(row, name).strip().casefold() in _SUMS for name in _PARTS if name in self._at):
            return True
        visits, views = self._number(row, "visits"), self._number(row, "views")
        if visits is None and views is None:
            return False
        tally = self._tally(row, found)
        if tally is None:
            return False
        parted = {"channel", "source", "page"} & self._at.keys()
        if visits is not None and "page" not in self._at:
            tally.add("visits", round(visits))
            bounces = self._bounces(row, visits)
            if bounces is not None:
                tally.add("bounces", round(bounces))
        if views is not None:
            tally.add("views", round(views))
        if visits is not None and parted & {"channel", "source"} and "page" not in parted:
            tally.came(self._group(row), round(visits))
        if "page" in parted and views is not None:
            tally.saw(cells.path(self._cell(row, "page")), round(views))
        return True

    def _group(self, row: Sequence[str]) -> str:
        if "channel" in self._at:
            return str(of_label(self._cell(row, "channel")))
        source, _, medium = self._cell(row, "source").partition("/")
        return str(of_medium(source, medium))

    def _bounces(self, row: Sequence[str], visits: float) -> float | None:
        if (known := self._number(row, "bounces")) is not None:
            return known
        if (engaged := self._number(row, "engaged")) is not None:
            return max(0.0, visits - engaged)
        if (share := self._number(row, "bounce")) is not None:
            return visits * min(1.0, share)
        if (share := self._number(row, "engagement")) is not None:
            return visits * (1 - min(1.0, share))
        return None

    def _tally(self, row: Sequence[str], found: Found) -> Tally | None:
        if "day" in self._at:
            day = self._day(self._cell(row, "day"))
            return None if day is None else found.of(day)
        if not self._span.whole:
            return None
        assert self._span.first is not None
        assert self._span.last is not None
        return found.of(self._span.first, self._span.last)

    def _day(self, cell: str) -> date | None:
        if self._nth and _NTH.fullmatch(cell.strip()):
            return None if self._span.first is None else self._span.first + timedelta(days=int(cell))
        return cells.day(cell)

    def _cell(self, row: Sequence[str], name: str) -> str:
        place = self._at[name]
        return row[place] if place < len(row) else ""

    def _number(self, row: Sequence[str], name: str) -> float | None:
        return cells.number(self._cell(row, name)) if name in self._at else None


def read_events(events: Iterable[Mapping[str, Any]]) -> Found:
    """Rows of the event export (as nested JSON, or flattened): views, visits by session, bounces by engagement."""
    found = Found(kind=Source.GA4)
    sessions: dict[tuple[date, str], bool] = {}
    for event in events:
        found.lines += 1
        day = cells.day(str(event.get("event_date", "")))
        name = str(event.get("event_name", ""))
        if day is None or not name:
            found.broken += 1
            continue
        if name == "page_view":
            found.of(day).add("views", 1)
            found.of(day).saw(cells.path(str(_param(event, "page_location") or "/")))
        _session(event, day, found, sessions)
        if len(sessions) > _MOST_SESSIONS:
            raise Refused("long")
    for (day, _), engaged in sessions.items():
        found.of(day).add("bounces", int(not engaged))
    if not found.tallies:
        raise Refused("nothing" if found.broken < found.lines else "kind")
    return found


def _session(event: Mapping[str, Any], day: date, found: Found, sessions: dict[tuple[date, str], bool]) -> None:
    number = _param(event, "ga_session_id")
    if number is None:
        return
    key = (day, f"{event.get('user_pseudo_id', '')}:{number}")
    if key not in sessions:
        sessions[key] = False
        found.of(day).add("visits", 1)
        found.of(day).came(str(_came(event)))
    if str(_param(event, "session_engaged")).casefold() in {"1", "true"}:
        sessions[key] = True


def _came(event: Mapping[str, Any]) -> Any:
    for name in ("collected_traffic_source", "session_traffic_source_last_click", "traffic_source"):
        told = event.get(name)
        if isinstance(told, Mapping):
            source = told.get("manual_source", told.get("source"))
            medium = told.get("manual_medium", told.get("medium"))
            if source or medium:
                return of_medium(str(source or ""), str(medium or ""))
    source, medium = (_param(event, each) or event.get(each) or "" for each in ("source", "medium"))
    return of_medium(str(source), str(medium))


def _param(event: Mapping[str, Any], name: str) -> Any:
    """A parameter of an event, as a column of its own or in the nested list."""
    if name in event and not isinstance(event[name], Mapping | list):
        return event[name]
    nested = event.get("event_params")
    for each in nested if isinstance(nested, list) else ():
        if isinstance(each, Mapping) and each.get("key") == name:
            value = each.get("value")
            return next(iter(_values(value)), None) if isinstance(value, Mapping) else value
    return None


def _values(value: Mapping[str, Any]) -> Iterator[Any]:
    return (each for each in value.values() if each is not None)
