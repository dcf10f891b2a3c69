"""Public holidays as data: a year's days off and make-up days, read from a notice, compared, joined. Pure.

A notice is CSV (`date,kind,name`; kinds `off` and `makeup`, or 休 and 班) or JSON (a list of such objects, or
`{"days": […]}`), in UTF-8 or GBK. Days off may fall on a weekend; a make-up day falls on one.
"""

import csv
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from io import StringIO
from typing import Final, Literal

from handoff.errors import NoticeError

Kind = Literal["off", "makeup"]
KINDS: Final[Mapping[str, Kind]] = {
    **dict.fromkeys(("off", "休", "放假", "假"), "off"),
    **dict.fromkeys(("makeup", "班", "补班", "補班", "上班", "调休", "調休"), "makeup"),
}
MOST_DAYS: Final = 366
NAME_LENGTH: Final = 60
SATURDAY: Final = 5
_DATE: Final = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?")
_COUNTRY: Final = re.compile(r"[a-z]{2,20}")


@dataclass(frozen=True, kw_only=True)
class Holidays:
    """A country's public holidays: dates off, make-up working days, and the last date that is known."""

    off: frozenset[date]
    makeup: frozenset[date]
    until: date


@dataclass(frozen=True, kw_only=True)
class Year:
    """One country's year: names of the days off and of the make-up days."""

    country: str
    year: int
    off: Mapping[date, str]
    makeup: Mapping[date, str]


@dataclass(frozen=True, kw_only=True)
class Difference:
    """What a year's new table changes; each in the order of the calendar."""

    off: tuple[date, ...] = ()
    not_off: tuple[date, ...] = ()
    makeup: tuple[date, ...] = ()
    not_makeup: tuple[date, ...] = ()

    def __bool__(self) -> bool:
        return any((self.off, self.not_off, self.makeup, self.not_makeup))


def read_notice(content: bytes, *, country: str, year: int) -> Year:
    """Read a year's notice; raises NoticeError naming the line and the field."""
    if not _COUNTRY.fullmatch(country):
        raise NoticeError(0, "country", f"{country!r} is no country; write it in small letters, such as china or tw")
    if not date.min.year < year < date.max.year:
        raise NoticeError(0, "year", f"{year} is no year")
    text = _decoded(content).strip()
    rows = _json_rows(text) if text[:1] in {"[", "{"} else _csv_rows(text)
    found: dict[date, tuple[Kind, str, int]] = {}
    for line, row in rows:
        day, kind = _day(row.get("date"), line, year), _kind(row.get("kind"), line)
        _check(day, kind, line, found)
        found[day] = (kind, " ".join(str(row.get("name") or "").split())[:NAME_LENGTH], line)
    if not found:
        raise NoticeError(0, "date", "the notice has no days")
    return Year(country=country, year=year, off=_of(found, "off"), makeup=_of(found, "makeup"))


def joined(years: Iterable[Year]) -> Holidays:
    """What several years of one country come to, known until the end of the last one before any gap."""
    by_year = {year.year: year for year in years}
    last = min(by_year)
    while last + 1 in by_year:
        last += 1
    return Holidays(
        off=frozenset(day for year in by_year.values() for day in year.off),
        makeup=frozenset(day for year in by_year.values() for day in year.makeup),
        until=date(last, 12, 31),
    )


def difference(before: Year | None, after: Year) -> Difference:
    """What changes if `after` takes the place of `before` (None: a year that was not known)."""
    off, makeup = (set(before.off), set(before.makeup)) if before else (set[date](), set[date]())
    return Difference(
        off=tuple(sorted(set(after.off) - off)),
        not_off=tuple(sorted(off - set(after.off))),
        makeup=tuple(sorted(set(after.makeup) - makeup)),
        not_makeup=tuple(sorted(makeup - set(after.makeup))),
    )


def _decoded(content: bytes) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise NoticeError(0, "file", "is neither UTF-8 nor GBK text")


def _csv_rows(text: str) -> Iterator[tuple[int, Mapping[str, object]]]:
    delimiter = max(",;\t", key=text.partition("\n")[0].count)
    reader = csv.reader(StringIO(text), delimiter=delimiter)
    try:
        for cells in reader:
            row = [cell.strip() for cell in cells]
            heading = reader.line_num == 1 and row and row[0].casefold() in {"date", "日期"}
            if any(row) and not heading:
                yield reader.line_num, dict(zip(("date", "kind", "name"), [*row, "", ""], strict=False))
            _bounded(reader.line_num)
    except csv.Error as error:
        raise NoticeError(reader.line_num, "file", str(error)) from error


def _json_rows(text: str) -> Iterator[tuple[int, Mapping[str, object]]]:
    try:
        read = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise NoticeError(getattr(error, "lineno", 0), "file", "is no JSON") from error
    rows = read.get("days") if isinstance(read, dict) else read
    if not isinstance(rows, list):
        raise NoticeError(0, "days", "must be a list")
    for number, row in enumerate(rows, 1):
        if not isinstance(row, dict):
            raise NoticeError(number, "days", "must be a list of objects with date, kind and name")
        _bounded(number)
        yield number, row


def _bounded(line: int) -> None:
    if line > 2 * MOST_DAYS:
        raise NoticeError(line, "file", "has more lines than a year has days")


def _day(value: object, line: int, year: int) -> date:
    found = _DATE.fullmatch(str(value or "").strip())
    try:
        day = date(*map(int, found.groups())) if found else None
    except ValueError:
        day = None
    if day is None:
        raise NoticeError(line, "date", f"{value!r} is no date; write 2027-01-31")
    if day.year != year:
        raise NoticeError(line, "date", f"{day} is not in {year}")
    return day


def _kind(value: object, line: int) -> Kind:
    kind = KINDS.get(str(value or "").strip().casefold())
    if kind is None:
        raise NoticeError(line, "kind", f"{value!r} is neither off nor makeup")
    return kind


def _check(day: date, kind: Kind, line: int, found: Mapping[date, tuple[Kind, str, int]]) -> None:
    if day in found:
        other, _, first = found[day]
        why = f"{day} stands twice" if other == kind else f"{day} is both off and makeup"
        raise NoticeError(line, "date", f"{why}, first in line {first}")
    if kind == "makeup" and day.weekday() < SATURDAY:
        raise NoticeError(line, "kind", f"{day} is a weekday and needs no make-up; is it off?")


def _of(found: Mapping[date, tuple[Kind, str, int]], kind: Kind) -> dict[date, str]:
    return {day: name for day, (of, name, _) in sorted(found.items()) if of == kind}
