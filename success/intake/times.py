"""Days by which something is wanted, as people write them: "春节前", "三个月内", "by March", "2027年3月". Pure.

A month is meant to its end, "before" it to the day before it begins. What needs no day ("as soon as possible") stays
words.
"""

import calendar
import re
from datetime import MAXYEAR, MINYEAR, date, timedelta
from typing import Final

from success.campaign_rules import NEW_YEARS
from success.intake.values import Time

_MONTHS: Final = {
    name: number
    for number, names in enumerate(
        ("jan january", "feb february", "mar march", "apr april", "may", "jun june", "jul july", "aug august",
         "sep sept september", "oct october", "nov november", "dec december"), 1)
    for name in names.split()
}  # fmt: skip
_ENGLISH: Final = "|".join(sorted(_MONTHS, key=len, reverse=True))
_HAN: Final = {
    "一": 1,
    "两": 2,
    "二": 2,
    "三": 3,
    "四": 4,
    "五": 5,
    "六": 6,
    "七": 7,
    "八": 8,
    "九": 9,
    "十": 10,
    "十一": 11,
    "十二": 12,
    "半": 0,
}
_N: Final = r"\d{1,3}|十[一二]?|[一两二三四五六七八九半]"
_WORDS: Final = {
    "a": 1,
    "an": 1,
    "one": 1,
    "two": 2,
    "three": 3,
    "four": 4,
    "five": 5,
    "six": 6,
    "eight": 8,
    "ten": 10,
    "twelve": 12,
}
_WITHIN: Final = re.compile(
    rf"(?<![\d一二三四五六七八九十])(?P<n>{_N})\s*(?:个|個)?\s*(?P<half>半)?(?P<unit>天|日|周|星期|礼拜|月|年)(?P<in>[以之]?内|内|左右|后|之后|以后|时间|就|上线)?"
)
_WITHIN_EN: Final = re.compile(
    rf"(?P<in>within|in|about|takes?)?\s*(?P<n>\d{{1,3}}|{'|'.join(_WORDS)})\s+(?P<unit>days?|weeks?|months?|years?)\b"
)
_ISO: Final = re.compile(r"(?<!\d)(?P<y>\d{4})[-/.](?P<m>\d{1,2})(?:[-/.](?P<d>\d{1,2}))?(?!\d)")
_CHINESE: Final = re.compile(
    r"(?:(?P<y>\d{4})\s*年|(?P<rel>明年|后年|今年|去年))?\s*(?P<m>1[0-2]|[1-9]|十[一二]?|[一二三四五六七八九])\s*月"
    r"(?:份)?(?:\s*(?P<d>[1-3]?\d)\s*[日号]?|(?P<part>初|上旬|中旬|中|下旬|底|末))?"
)
_MONTH: Final = re.compile(
    r"(?:(?P<d1>[0-3]?\d)(?:st|nd|rd|th)?\s+(?:of\s+)?)?"
    rf"\b(?P<part>early |mid[- ]|late |end of )?(?P<name>{_ENGLISH})\b\.?"
    r"(?:\s+(?P<d2>[0-3]?\d)(?:st|nd|rd|th)?(?!\d))?(?:,?\s+(?P<y>\d{4}))?"
)
_YEAR: Final = re.compile(
    r"(?<!\d)(?P<y>(?:19|20|21)\d{2}(?=\s*年?)|\d{4}(?=\s*年))(?:\s*年)?(?!\d|\s*(?:元|块|万|k|rmb|cny|usd|款|种|个))"
)
_QUARTER: Final = re.compile(
    r"(?:(?P<y>\d{4})\s*年?\s*|(?P<rel>明年|今年)\s*)?(?:q(?P<q>[1-4])\b|第?(?P<h>[一二三四])季度)"
)
_BEFORE: Final = re.compile(r"\s*(?:之前|以前|前|开始前)")
_BEFORE_EN: Final = re.compile(r"(?:before|ahead of)\s+(?:the\s+)?(?:end of\s+)?$")
_MARKED: Final = re.compile(
    r"前|内|上线|完成|交付|做好|发布|开业|底|\bby\b|\bbefore\b|\bwithin\b|\buntil\b|\blaunch|\blive\b|\bready\b|\bdeadline\b|\bdone\b|\bdeliver|\bfinish"
)
_SOON: Final = re.compile(r"尽快|越快越好|马上|立刻|asap|as soon as possible")
_NO_HURRY: Final = re.compile(
    r"不急|不着急|时间不限|没有时间要求|随时都行|慢慢来|no rush|no hurry|no deadline|whenever"
)
_NEAR: Final = (
    (r"明天|\btomorrow\b", 1),
    (r"后天|day after tomorrow", 2),
    (r"这周|本周|this week", 5),
    (r"下周|下星期|next week", 7),
)
_NEXT: Final = re.compile(
    r"(?P<next>下下?个?月|next month)|(?P<this>这个月|本月|this month)"
    r"|(?P<nextyear>明年底|明年年底|end of next year)|(?P<year>年底|今年底|end of (?:the |this )?year|year end)"
)


def time_of(text: str, *, today: date, sure: bool) -> Time | None:
    """The day that a folded text names; None where it names none. `sure`: it speaks of when something is wanted."""
    if not sure and not _MARKED.search(text):
        return None
    for rule in (_of_date, _of_feast, _of_span, _of_month_word, _of_quarter, _of_year):
        by = rule(text, today)
        if by is not None:
            return Time(by=by, words=_short(text))
    if _SOON.search(text) or (sure and _NO_HURRY.search(text)):
        return Time(by=None, words=_short(text))
    return None


def _of_date(text: str, today: date) -> date | None:
    if found := _ISO.search(text):
        return _day(int(found["y"]), int(found["m"]), int(found["d"]) if found["d"] else None, text, found.end())
    if (found := _CHINESE.search(text)) and not re.match(r"\s*[内以]", text[found.end() :]):
        month = int(found["m"]) if found["m"].isdigit() else _HAN[found["m"]]
        year = int(found["y"]) if found["y"] else _relative(found["rel"], today)
        day = int(found["d"]) if found["d"] else {"初": 10, "上旬": 10, "中": 20, "中旬": 20}.get(found["part"] or "")
        ends = found["part"] in {"底", "末", "下旬"}  # "before the end of" is that day
        return _next(year, month, day, "" if ends else text, 0 if ends else found.end(), today=today)
    for found in _MONTH.finditer(text):
        if found["name"] == "may" and not (
            found["d1"]
            or found["d2"]
            or found["y"]
            or re.search(r"\b(?:by|in|before|of|until|early|mid|late)\W+$", text[: found.start("name")])
        ):
            continue  # the verb
        told = found["d1"] or found["d2"]
        part = {"early ": 10, "mid-": 20, "mid ": 20}.get(found["part"] or "")
        year = int(found["y"]) if found["y"] else None
        before = bool(_BEFORE_EN.search(text[: found.start()].strip() + " ")) and "end of" not in text
        return _next(
            year, _MONTHS[found["name"]], int(told) if told else part, text, found.end(), today=today, before=before
        )
    return None


def _of_feast(text: str, today: date) -> date | None:
    """Before a feast is the day before it; "by" it, or at it, the same, since nobody launches on the day."""
    feasts = (
        (r"春节|过年|年前|农历新年|大年|chinese new year|lunar new year|spring festival", _spring),
        (r"国庆|十一黄金周|十一前|national day|golden week", lambda on: _yearly(on, 10, 1)),
        (r"元旦|新年前|new year", lambda on: _yearly(on, 1, 1)),
        (r"双十一|双11|double 11|singles'? day", lambda on: _yearly(on, 11, 11)),
        (r"双十二|双12", lambda on: _yearly(on, 12, 12)),
        (r"(?<!\d)618(?!\d)", lambda on: _yearly(on, 6, 1)),
        (r"五一|劳动节|labou?r day", lambda on: _yearly(on, 5, 1)),
        (r"圣诞|christmas|xmas", lambda on: _yearly(on, 12, 25)),
        (r"三八|妇女节", lambda on: _yearly(on, 3, 8)),
    )
    for pattern, when in feasts:
        if re.search(pattern, text) and (day := when(today)) is not None:
            return day - timedelta(days=1)
    return None


def _of_span(text: str, today: date) -> date | None:
    if found := _WITHIN.search(text):
        n = int(found["n"]) if found["n"].isdigit() else _HAN.get(found["n"], 0)
        unit = {"天": "day", "日": "day", "周": "week", "星期": "week", "礼拜": "week", "月": "month", "年": "year"}[
            found["unit"]
        ]
        half = found["half"] is not None or found["n"] == "半"
        return _add(today, n, unit, half=half)
    if found := _WITHIN_EN.search(text):
        n = int(found["n"]) if found["n"].isdigit() else _WORDS[found["n"]]
        return _add(today, n, found["unit"].rstrip("s"), half=False)
    return None


def _of_month_word(text: str, today: date) -> date | None:
    if near := next((days for pattern, days in _NEAR if re.search(pattern, text)), None):
        return today + timedelta(days=near)
    found = _NEXT.search(text)
    if found is None:
        return None
    if found["nextyear"]:
        return date(today.year + 1, 12, 31)
    if found["year"]:
        return date(today.year + ("明年" in text), 12, 31)
    months = 0 if found["this"] else found[0].count("下") or 1
    first = _add(today.replace(day=1), months, "month", half=False)
    return first - timedelta(days=1) if _BEFORE.match(text, found.end()) else _end_of(first.year, first.month)


def _of_quarter(text: str, today: date) -> date | None:
    found = _QUARTER.search(text)
    if found is None:
        return None
    quarter = int(found["q"]) if found["q"] else _HAN[found["h"]]
    year = int(found["y"]) if found["y"] else _relative(found["rel"], today)
    return _next(year, quarter * 3, None, "", 0, today=today)


def _of_year(text: str, today: date) -> date | None:
    if found := _YEAR.search(text):
        return _year(int(found["y"]), text, found.end())
    if found := re.search(r"明年|后年|next year", text):
        return _year(today.year + (2 if found[0] == "后年" else 1), text, found.end())
    return None


def _year(year: int, text: str, end: int) -> date | None:
    """The end of a year; before it, that of the one before."""
    which = year - 1 if _BEFORE.match(text, end) else year
    return date(which, 12, 31) if MINYEAR <= which <= MAXYEAR else None


def _next(
    year: int | None, month: int, day: int | None, text: str, end: int, *, today: date, before: bool = False
) -> date | None:
    """That month or day of this year, or of the next where it is over."""
    which = year if year is not None else today.year
    found = _day(which, month, day, text, end, before=before)
    if found is not None and year is None and found < today:
        return _day(which + 1, month, day, text, end, before=before)
    return found


def _day(year: int, month: int, day: int | None, text: str, end: int, *, before: bool = False) -> date | None:
    try:
        if before or _BEFORE.match(text, end):
            return date(year, month, day or 1) - timedelta(days=1)
        return date(year, month, day) if day else _end_of(year, month)
    except (ValueError, OverflowError):
        return None


def _end_of(year: int, month: int) -> date:
    return date(year, month, calendar.monthrange(year, month)[1])


def _relative(word: str | None, today: date) -> int | None:
    return None if word is None else today.year + {"去年": -1, "今年": 0, "明年": 1, "后年": 2}[word]


def _add(on: date, n: int, unit: str, *, half: bool) -> date:
    if unit in {"day", "week"}:
        return on + timedelta(days=n * (7 if unit == "week" else 1) + (3 if half and unit == "week" else 0))
    months = n * (12 if unit == "year" else 1) + (6 if half and unit == "year" else 0)
    year, month = divmod(on.year * 12 + on.month - 1 + months, 12)
    day = min(on.day, calendar.monthrange(year, month + 1)[1])
    return date(year, month + 1, day) + timedelta(days=15 if half and unit == "month" else 0)


def _yearly(on: date, month: int, day: int) -> date:
    found = date(on.year, month, day)
    return found if found > on else date(on.year + 1, month, day)


def _spring(on: date) -> date | None:
    return min((day for day in NEW_YEARS.values() if day > on), default=None)


def _short(text: str) -> str:
    return " ".join(text.split())[:200]
