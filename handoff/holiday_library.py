"""Public holidays as the libraries know them: China's from `chinesecalendar`, other countries' from `holidays`.

`holidays` is silently wrong for China (it has no make-up days for years without a notice), so it is never asked.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Final

from handoff.holidays import Holidays, Year, joined

CHINA: Final = "china"
BACK, AHEAD = 2, 1
"""Years before and after this one that are taken for countries whose holidays follow from rules."""


def library_years(countries: Iterable[str], *, today: date) -> Iterator[Year]:
    """Each year that a library knows of these countries; nothing for one that none knows."""
    for country in sorted(set(countries)):
        yield from _china() if country == CHINA else _elsewhere(country, today)


def known_holidays() -> Mapping[str, Holidays]:
    """China's public holidays, as its library knows them."""
    return {CHINA: joined(_china())}


def _china() -> Iterator[Year]:
    from chinese_calendar import constants

    off: defaultdict[int, dict[date, str]] = defaultdict(dict)
    makeup: defaultdict[int, dict[date, str]] = defaultdict(dict)
    for days, by_year in ((constants.holidays, off), (constants.workdays, makeup)):
        for day, name in days.items():
            by_year[day.year][day] = str(name)
    for year in sorted(off):
        yield Year(country=CHINA, year=year, off=off[year], makeup=makeup[year])


def _elsewhere(country: str, today: date) -> Iterator[Year]:
    import holidays

    try:
        found = holidays.country_holidays(country.upper(), years=range(today.year - BACK, today.year + AHEAD + 1))
    except NotImplementedError:
        return
    for year in range(today.year - BACK, today.year + AHEAD + 1):
        off = {day: str(name) for day, name in sorted(found.items()) if day.year == year}
        if off:
            yield Year(country=country, year=year, off=off, makeup={})
