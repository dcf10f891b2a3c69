"""Days that people name by an occasion: feasts ("春节前", "before Easter"), weeks, ends of a month or year. Pure.

Each rule takes a folded text and today. It gives `Unsure` where a time is named of which the day is not plain
("明年春天", "春节后"), so that nobody takes another part of the text for it.
"""

import calendar
import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Final

from success.campaign_rules import NEW_YEARS
from success.intake.numerals import chinese


class Unsure:
    """A time is named, but not its day."""


Named = date | Unsure | None
_AFTER: Final = re.compile(r"\s*(?:节|期间)?\s*(?:之后|以后|过后|后|回来)")
_AFTER_EN: Final = re.compile(r"\b(?:after|not before|following|once)\s+(?:the\s+)?$")


def _easter(year: int) -> date:
    """Easter Sunday of the western churches, by Butcher's rule."""
    a, (b, c) = year % 19, divmod(year, 100)
    d, e = divmod(b, 4)
    g = (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    i, k = divmod(c, 4)
    m = (32 + 2 * e + 2 * i - h - k) % 7
    n = (a + 11 * h + 22 * m) // 451
    month, day = divmod(h + m - 7 * n + 114, 31)
    return date(year, month, day + 1)


def _on(month: int, day: int) -> Callable[[date], date | None]:
    return lambda today: next(each for y in (0, 1) if (each := date(today.year + y, month, day)) > today)


def _spring(today: date) -> date | None:
    return min((day for day in NEW_YEARS.values() if day > today), default=None)


def _lanterns(today: date) -> date | None:
    found = sorted(day + timedelta(days=14) for day in NEW_YEARS.values())
    return next((day for day in found if day > today), None)


def _next_easter(today: date) -> date:
    return next(each for y in (0, 1) if (each := _easter(today.year + y)) > today)


def _good_friday(today: date) -> date:
    return next(each for y in (0, 1) if (each := _easter(today.year + y) - timedelta(days=2)) > today)


def _black_friday(today: date) -> date:
    """The day after the fourth Thursday of November."""
    novembers = (date(today.year + y, 11, 1) for y in (0, 1))
    fridays = (each + timedelta(days=(3 - each.weekday()) % 7 + 22) for each in novembers)
    return next(each for each in fridays if each > today)


_YEARS_ON: Final = re.compile(r"(?P<y>20\d{2})(?!\d)|(?P<next>明年|来年|next year)|(?P<after>后年)")
_FEASTS: Final = (
    ((r"春节|过年|(?<![\d一二两三四五六七八九十几半多新])年前|农历新?年|大年|(?:chinese|lunar) new year|spring festival"
     r"|\b(?:before|by|after|ahead of) cny\b"), _spring),
    (r"元宵", _lanterns),
    (r"国庆|十一黄金周|(?<![双月])十一(?=前|之前)|national day|golden week", _on(10, 1)),
    (r"元旦|(?<!in the )\bnew year(?:'s)?\b", _on(1, 1)),
    (r"双十一|双11|double 11|11\.11|singles'? day", _on(11, 11)),
    (r"双十二|双12", _on(12, 12)),
    (r"(?<!\d)618(?!\d)", _on(6, 1)),
    (r"五一(?!\d)|劳动节|labou?r day|may day", _on(5, 1)),
    (r"圣诞|christmas|\bxmas\b", _on(12, 25)),
    (r"三八|妇女节|women's day", _on(3, 8)),
    (r"六一|儿童节", _on(6, 1)),
    (r"教师节", _on(9, 10)),
    (r"情人节|valentine", _on(2, 14)),
    (r"万圣节|halloween", _on(10, 31)),
    (r"黑色?(?:星期五|五)|black friday|cyber monday", _black_friday),
    (r"感恩节|thanksgiving", lambda today: _black_friday(today + timedelta(days=1)) - timedelta(days=1)),
    (r"good friday", _good_friday),
    (r"复活节|\beaster\b", _next_easter),
)  # fmt: skip
_UNPLAIN: Final = re.compile(
    r"春天|春季|开春|夏天|夏季|暑假|秋天|秋季|冬天|冬季|寒假|年初|明年初|新年|开学|清明|端午|中秋|广交会|过完年"
    r"|\b(?:spring|summer|autumn|winter)\b"
    r"|\bearly (?:next|this) year|第[一二三四1-4]个?(?:周|星期)|下个?季度|元月|腊月|正月"
    r"|(?<![\d一二两三四五六七八九十几半])年后|节后|(?<!十)[一二三四五六七八九][二三四五六七八九]月"
    r"|\b(?:1st|2nd|3rd|4th|first|second|third|last) week\b|\bh[12]\b|\bnext quarter\b|\bquarter \d\b"
    r"|\bin the new year\b|\b(?:days?|weeks?|months?) (?:before|ahead of|after) (?:that|then|this)\b"
    r"|\bnot before\b|\ba few (?:days|weeks|months)|(?<!\d)几个?(?:天"
    r"|周|星期|月|年)"
)
_AVOIDED: Final = re.compile(
    r"\bnot (?:in|during|on|over)\b(?! a hurry)|\b(?:except|avoid)\b|避开|除了"
    r"|(?:不要|别|不能|不想)(?:拖|在|是|放在?|赶在?)"
)
_HALF_YEARS: Final = re.compile(r"(?P<rel>明年|后年|今年)?(?:(?P<half>[上下])半年|年?(?P<mid>年中))")
_MONTH_WORD: Final = re.compile(
    r"(?P<later>下下?)个?月(?P<part>初|上旬|中旬|中|底|末|下旬|\d{1,2}[日号])?|(?P<this>这个?月|本月"
    r"|当月)(?P<tpart>初|中|底|末|\d{1,2}[日号])?"
    r"|(?P<end>(?<![\d一二三四五六七八九十])月底|月末|end of (?:the|this) month)|(?P<next>next month)"
    r"|(?P<same>this month)"
)
_HAN_DAY: Final = re.compile(r"(?<=月)[一二三]?十?[一二三四五六七八九十](?=[日号])")
_YEAR_END: Final = re.compile(
    r"(?P<next>明年年?底|明年年?末|(?:end of|late) next year)|(?P<this>年底|年末"
    r"|(?<![半\d一二两三四五六七八九十几])年内|end of (?:the |this )?year|year[- ]end)"
)
_WEEKDAYS: Final = {c: n for n, c in enumerate("一二三四五六日")} | {"天": 6}
_WEEK: Final = re.compile(r"(?P<rel>下下个?|下个?|这个?|本)?(?:周|星期|礼拜)(?P<day>[一二三四五六日天末])?(?![\d年])")
_DAY_NAMES: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_WEEK_EN: Final = re.compile(rf"(?P<rel>next|this|coming)?\s*\b(?P<day>week\b(?!s)|{'|'.join(_DAY_NAMES)})\b")
_DAYS: Final = (
    (r"大后天", 3),
    (r"day after tomorrow|后天", 2),
    (r"明天|\btomorrow\b", 1),
    (r"今天|\btoday\b|\btonight\b", 0),
)


def feast(text: str, today: date) -> Named:
    """Before a feast is the day before it; "by" it, or at it, the same, since nobody launches on the day."""
    for pattern, when in _FEASTS:
        if found := re.search(pattern, text):
            late = _AFTER.match(text, found.end()) or _AFTER_EN.search(text[: found.start()]) or "after" in found[0]
            day = None if late else when(_from_when(text, today))
            return Unsure() if day is None else day - timedelta(days=1)
    return None


def _from_when(text: str, today: date) -> date:
    """The day after which a feast is meant: the end of the year before, where a year is named."""
    if (found := _YEARS_ON.search(text)) is None:
        return today
    year = int(found["y"]) if found["y"] else today.year + (1 if found["next"] else 2)
    return max(today, date(year - 1, 12, 31))


def unplain(text: str, today: date) -> Named:  # noqa: ARG001 - a rule among the rules
    """A season, the beginning of a year, an occasion of which we know no day."""
    return Unsure() if _UNPLAIN.search(text) else None


def avoided(text: str, today: date) -> Named:  # noqa: ARG001 - a rule among the rules
    """When it should not be."""
    return Unsure() if _AVOIDED.search(text) else None


def half_year(text: str, today: date) -> Named:
    """Half a year to its end."""
    if (found := _HALF_YEARS.search(text)) is None:
        return None
    year = today.year + {"明年": 1, "后年": 2}.get(found["rel"] or "", 0)
    ends = date(year, 12, 31) if found["half"] == "下" else date(year, 6, 30)
    return ends.replace(year=year + 1) if ends < today and not found["rel"] else ends


def month_word(text: str, today: date) -> Named:
    """This month, the next, its end; "before next month" is the end of this one."""
    text = _HAN_DAY.sub(_in_figures, text)
    if (found := _MONTH_WORD.search(text)) is None:
        return None
    later = len(found["later"]) if found["later"] else int(found["next"] is not None)
    year, month = divmod(today.year * 12 + today.month - 1 + later, 12)
    part = found["part"] or found["tpart"]
    if part and part[0].isdigit():
        return _day_of(year, month + 1, int(part[:-1]), early=before(text, found.end()))
    if before(text, found.end()) and later and not part:
        return date(year, month + 1, 1) - timedelta(days=1)
    day = {"初": 10, "上旬": 10, "中": 20, "中旬": 20}.get(part or "") or calendar.monthrange(year, month + 1)[1]
    return date(year, month + 1, day)


def _in_figures(found: re.Match[str]) -> str:
    return f"{chinese(found[0]) or 0:.0f}"


def _day_of(year: int, month: int, day: int, *, early: bool) -> Named:
    try:
        return date(year, month, day) - timedelta(days=early)
    except ValueError:
        return Unsure()


def year_end(text: str, today: date) -> Named:
    """The end of the year, or of the next."""
    if (found := _YEAR_END.search(text)) is None:
        return None
    return date(today.year + (found["next"] is not None), 12, 31)


def week(text: str, today: date) -> Named:
    """A day soon, a day of the week, or a week to its end."""
    if (near := next((days for pattern, days in _DAYS if re.search(pattern, text)), None)) is not None:
        return today + timedelta(days=near)
    monday = today - timedelta(days=today.weekday())
    if (found := _WEEK.search(text)) and (found["rel"] or found["day"]):
        weeks = {"下下": 2, "下": 1}.get((found["rel"] or "").rstrip("个"), 0)
        day = monday + timedelta(days=7 * weeks + _WEEKDAYS.get(found["day"] or "", 6))
        return day + timedelta(days=7) if day < today and not found["rel"] else day
    for each in _WEEK_EN.finditer(text):
        if each["day"] == "week" and not each["rel"]:
            continue
        number = _DAY_NAMES.index(each["day"]) if each["day"] != "week" else 6
        day = monday + timedelta(days=(7 if each["rel"] == "next" else 0) + number)
        return day + timedelta(days=7) if day < today else day
    return None


def before(text: str, end: int) -> bool:
    """Whether "before" stands behind what was named."""
    return re.compile(r"\s*(?:之前|以前|前|开始前)").match(text, end) is not None


def after(text: str, start: int, end: int) -> bool:
    """Whether it is after what was named, whenever that may be."""
    return bool(_AFTER.match(text, end) or _AFTER_EN.search(text[:start]))


PATTERNS: Final = (
    *(re.compile(pattern) for pattern, _ in _FEASTS), _HALF_YEARS, _MONTH_WORD, _YEAR_END, _WEEK, _WEEK_EN,
)  # fmt: skip
"""What names a time here, to see what else a text says."""
