"""Numbers, shares and dates as each language writes them, by Babel. Pure."""

from datetime import date, datetime, tzinfo
from functools import cache
from typing import Final

from babel import Locale
from babel.dates import format_date, format_skeleton, get_timezone_name
from babel.numbers import format_decimal, format_percent

LOCALES: Final = {"en": "en_GB", "zh-Hans": "zh_Hans_CN", "zh-Hant": "zh_Hant_TW"}
NOTHING: Final = "–"
_ROUNDING: Final = 1e-9  # what floating point may take from a whole per cent


@cache
def locale_of(language: str) -> Locale:
    """The locale by which a language of ours is written."""
    return Locale.parse(LOCALES[language])


def number(value: float | None, language: str, *, places: int = 0) -> str:
    """A number with its separators, to so many places at most; a dash where there is none."""
    if value is None:
        return NOTHING
    pattern = "#,##0." + "#" * places if places else "#,##0"
    return str(format_decimal(value, format=pattern, locale=locale_of(language)))


def percent(rate: float | None, language: str) -> str:
    """A share in whole per cents, rounded down: 100% is all of them. A dash where there is none."""
    if rate is None:
        return NOTHING
    return str(format_percent(int(rate * 100 + _ROUNDING) / 100, locale=locale_of(language)))


def day(at: date, language: str) -> str:
    """A date with its year."""
    return str(format_date(at, format="medium", locale=locale_of(language)))


def brief_day(at: date, language: str) -> str:
    """A date of the year that everybody knows it is in."""
    return str(format_skeleton("MMMd", at, locale=locale_of(language)))


def weekday(at: date, language: str, *, year: bool) -> str:
    """A date with its day of the week."""
    return str(format_skeleton("yMMMEd" if year else "MMMEd", at, locale=locale_of(language)))


def month(at: date, language: str) -> str:
    """A month with its year."""
    return str(format_skeleton("yMMM", at, locale=locale_of(language)))


def instant(at: datetime, language: str, *, zone: tzinfo) -> str:
    """An instant in a zone, to the minute."""
    local = at.astimezone(zone)
    return f"{day(local.date(), language)} {local:%H:%M}"


def zone_name(zone: tzinfo, language: str) -> str:
    """What people call a zone, such as "China Time" or 中国时间."""
    return str(get_timezone_name(zone, width="long", locale=locale_of(language), zone_variant="generic"))


def plural(n: float, language: str) -> str:
    """Which form of a sentence a number takes, in CLDR's words: `one`, `other`."""
    return str(locale_of(language).plural_form(n))
