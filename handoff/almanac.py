"""The public holidays that the desk knows, by country and year. Transaction bodies."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby

from sqlalchemy import Connection, delete, insert, select

from handoff.contract_tables import holiday as days
from handoff.contract_tables import holiday_year as years
from handoff.holidays import Holidays, Year, joined
from handoff.rows import clean

LIBRARY = "library"


@dataclass(frozen=True, kw_only=True)
class Covered:
    """One year that is known: where from, when, by whom (None: the program)."""

    country: str
    year: int
    source: str
    at: datetime
    by_id: int | None


def covered(conn: Connection) -> tuple[Covered, ...]:
    """Every year that is known, by country, the newest first."""
    query = select(years).order_by(years.c.country, years.c.year.desc())
    return tuple(Covered(**row) for row in conn.execute(query).mappings())


def year(conn: Connection, country: str, which: int) -> Year | None:
    """One country's year, if it is known."""
    if conn.execute(select(years.c.year).where(years.c.country == country, years.c.year == which)).first() is None:
        return None
    return _year(conn, country, which)


def save(conn: Connection, found: Year, *, source: str, by: int | None = None, now: datetime) -> None:
    """Store a year in the place of what was known of it."""
    mine = (years.c.country == found.country, years.c.year == found.year)
    conn.execute(delete(years).where(*mine))
    conn.execute(delete(days).where(days.c.country == found.country, days.c.day.between(*_ends(found.year))))
    row = {"country": found.country, "year": found.year, "source": source, "at": now, "by_id": by}
    conn.execute(insert(years).values(row))
    rows = [
        {"country": found.country, "day": day, "kind": kind, "name": clean(name)}
        for kind, named in (("off", found.off), ("makeup", found.makeup))
        for day, name in named.items()
    ]
    if rows:
        conn.execute(insert(days), rows)


def seed(conn: Connection, found: Iterable[Year], *, now: datetime) -> int:
    """Store the years that are not known yet; how many. A year that a person brought in stays."""
    known_years = {(row.country, row.year) for row in conn.execute(select(years.c.country, years.c.year))}
    fresh = [each for each in found if (each.country, each.year) not in known_years]
    for each in fresh:
        save(conn, each, source=LIBRARY, now=now)
    return len(fresh)


def known(conn: Connection, *, instead: Year | None = None) -> Mapping[str, Holidays]:
    """All public holidays by country; `instead` stands in for what is stored of its year."""
    stored = conn.execute(select(years.c.country, years.c.year).order_by(years.c.country, years.c.year)).all()
    named = {(row.country, row.year): Year(country=row.country, year=row.year, off={}, makeup={}) for row in stored}
    for row in conn.execute(select(days)):
        _put(named[row.country, row.day.year], row.kind, row.day, row.name)
    if instead is not None:
        named[instead.country, instead.year] = instead
    by_country = groupby(sorted(named.values(), key=_country), key=_country)
    return {country: joined(found) for country, found in by_country}


def _year(conn: Connection, country: str, which: int) -> Year:
    found = Year(country=country, year=which, off={}, makeup={})
    mine = (days.c.country == country, days.c.day.between(*_ends(which)))
    for row in conn.execute(select(days).where(*mine).order_by(days.c.day)):
        _put(found, row.kind, row.day, row.name)
    return found


def _put(found: Year, kind: str, day: date, name: str) -> None:
    table = found.off if kind == "off" else found.makeup
    table[day] = name  # type: ignore[index]  # being made here


def _ends(which: int) -> tuple[date, date]:
    return date(which, 1, 1), date(which, 12, 31)


def _country(found: Year) -> str:
    return found.country
