"""Times that a message names: spans ("within 2 hours") and instants ("22:30", "tomorrow at half past ten"). Pure.

They are read from folded text; an instant counts from when the client wrote.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Final

from success.drills.clock import in_figures

_CN: Final[Mapping[str, float]] = {
    "半": 0.5, "一": 1, "两": 2, "二": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9, "十": 10,
}  # fmt: skip
_EN: Final[Mapping[str, float]] = {"half an": 0.5, "half": 0.5, "an": 1, "a": 1, "one": 1}
_AMOUNT_CN: Final = r"(?P<amount>\d{1,3}(?:\.\d)?|[半一两二三四五六七八九十]{1,3})"
_AMOUNT_EN: Final = r"(?P<amount>\d{1,3}(?:\.\d)?|half an|half|an|a|one)"
_SPAN_CN: Final = re.compile(
    _AMOUNT_CN + r"\s*个?\s*(?P<unit>分钟|小时|钟头|工作日|天|周|星期)(?:之)?(?P<by>内|以内|左右|就|可以|能|搞定|修好)?"
)
_SPAN_EN: Final = re.compile(
    rf"(?P<by>within|give us|give me|only|another|in|after|every|takes?|need|at most|less than|up to)\s+"
    rf"(?:the next |about |around |at most |up to )?"
    rf"{_AMOUNT_EN}[\s-]*"
    r"(?P<unit>minutes?|hours?|working days?|business days?|days?|weeks?)(?![a-z])"
)
_CLOCK: Final = re.compile(
    r"(?P<day>今天|今日|今晚|明天|明早|明晚|后天|下周[一二三四五六日天]|周[一二三四五六日天]|today|tonight|tomorrow|"
    r"(?:next |on )?(?:monday|tuesday|wednesday|thursday|friday|saturday|sunday))?"
    r"(?:\s*(?P<part>上午|早上|中午|下午|傍晚|晚上|晚|早|morning|afternoon|evening|noon))?"
    r"\s*(?:at |by |before |until |，|,)?\s*"
    r"(?:(?P<hour12>1[0-2]|[1-9])(?:[:：.](?P<minute12>[0-5]\d))?\s?(?P<half12>am|pm|a\.m\.|p\.m\.)|"
    r"(?<!\d)(?P<hour>[01]?\d|2[0-4])\s*(?:[:：](?P<minute>[0-5]\d)|点(?P<half>半|[0-5]?\d分?)?))"
    r"(?:\s*(?P<after>tonight|today|tomorrow|(?:on )?(?:monday|tuesday|wednesday|thursday|friday|saturday|sunday)))?"
)
_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DATE: Final = re.compile(
    r"(?P<month>1[0-2]|[1-9])\s?月\s?(?P<day>[12]?\d|3[01])\s?[日号]|(?<![\d月])(?P<number>[12]?\d|3[01])\s?号"
    r"|(?P<first>[12]?\d|3[01])(?:st|nd|rd|th)? (?:of )?"
    r"(?P<name>(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*)\b"
    r"|(?P<before>(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*) (?P<then>[12]?\d|3[01])(?:st|nd|rd|th)?\b"
    r"|\bthe (?P<nth>[12]?\d|3[01])(?:st|nd|rd|th)\b"
)
_DAY_ALONE: Final = re.compile(
    r"(?P<day>今天|今日|今晚|明天|后天|下周[一二三四五六日天]|周[一二三四五六日天]|\btoday\b|\btonight\b|\btomorrow\b|"
    r"\b(?:next |on |by |until )?(?:monday|tuesday|wednesday|thursday|friday|saturday|sunday)\b)"
    r"(?:\s*(?:之前|以前|前|内|下班前|上午|下午|中午|晚上|之内))?"
)
_SECONDS: Final[Mapping[str, int]] = {
    "分钟": 60, "小时": 3600, "钟头": 3600, "天": 86400, "周": 604800, "星期": 604800,
    "minute": 60, "hour": 3600, "day": 86400, "week": 604800,
}  # fmt: skip
_WEEKDAYS: Final = "一二三四五六日"
_ENGLISH_DAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_LATER: Final = frozenset({"下午", "傍晚", "晚上", "晚", "afternoon", "evening"})
DAY: Final = 86_400
_NOON, _DAY, _WORK, _END, _HALF = 12, 24, 7, time(18), timedelta(hours=12)


@dataclass(frozen=True, kw_only=True)
class Span:
    """A length of time: `seconds` of the wall, or `days` of work."""

    words: str
    seconds: float = 0
    days: float = 0

    @property
    def length(self) -> float:
        """Seconds; a working day counts as a day, the shortest it can be."""
        return self.days * DAY if self.working else self.seconds

    @property
    def working(self) -> bool:
        """Whether working days are counted."""
        return self.days > 0


@dataclass(frozen=True, kw_only=True)
class Named:
    """An instant as it was named: days ahead, or a day of the week, or a date, or none of these; and the hour."""

    words: str
    days: int | None = None
    weekday: int | None = None
    hour: int | None = None
    minute: int = 0
    month: int | None = None
    date: int | None = None
    surely: bool = False
    """Whether the hour is one of 24; "half past ten" may be in the evening."""


def spans(folded: str) -> tuple[Span, ...]:
    """The lengths of time that a folded text names."""
    text = in_figures(folded)
    found = [_span(match) for pattern in (_SPAN_CN, _SPAN_EN) for match in pattern.finditer(text)]
    return tuple(each for each in found if each is not None)


def instants(folded: str) -> tuple[Named, ...]:
    """The instants that a folded text names, hours first; a day without an hour counts as its end."""
    text = in_figures(folded)
    dates = [_dated(match) for match in _DATE.finditer(text)]
    clocks = [_clock(match) for match in _CLOCK.finditer(text)]
    if clocks and dates:
        last = dates[-1]
        dayless = (each.days is None and each.weekday is None for each in clocks)
        clocks = [
            replace(each, month=last.month, date=last.date) if free else each
            for each, free in zip(clocks, dayless, strict=True)
        ]
    return tuple(clocks or dates or [_named_day(match) for match in _DAY_ALONE.finditer(text)])


def resolve(named: Named, *, at: datetime) -> datetime:
    """The instant that is meant, on or after `at`, in its zone; a bare hour that is past is tonight's or tomorrow's."""
    if named.date is not None:
        return datetime.combine(_next_date(named, at.date()), _hour(named), at.tzinfo)
    day = at.date()
    if named.weekday is not None:
        day += timedelta(days=(named.weekday - at.weekday()) % 7 or 7)
    elif named.days is not None:
        day += timedelta(days=named.days)
    found = datetime.combine(day, _hour(named), at.tzinfo)
    if named.hour == _DAY:
        found += timedelta(days=1)
    either = named.hour is not None and not named.surely and 0 < named.hour <= _NOON
    if either and (found < at if day == at.date() else (named.hour or 0) < _WORK):
        found = found + _HALF if found.hour else found
    if named.days is None and named.weekday is None and found < at:
        found = datetime.combine(day, _hour(named), at.tzinfo) + timedelta(days=1)
    return found


def _hour(named: Named) -> time:
    return time(named.hour % _DAY, named.minute) if named.hour is not None else _END


def _next_date(named: Named, today: date) -> date:
    """The next day of that number, in that month where one was named."""
    for ahead in range(400):
        day = today + timedelta(days=ahead)
        if day.day == named.date and named.month in {None, day.month}:
            return day
    return today


def _dated(match: re.Match[str]) -> Named:
    words = match.group().strip()
    month = match["month"] or match["name"] or match["before"]
    number = int(match["day"] or match["number"] or match["first"] or match["then"] or match["nth"])
    if month is None:
        return Named(words=words, date=number)
    return Named(words=words, month=int(month) if month.isdecimal() else _MONTHS.index(month[:3]) + 1, date=number)


def _span(match: re.Match[str]) -> Span | None:
    amount = _amount(match["amount"])
    if amount is None:
        return None
    unit, words = match["unit"], match.group().strip()
    if unit == "工作日" or unit.startswith(("working", "business")):
        return Span(words=words, days=amount)
    return Span(words=words, seconds=amount * _SECONDS[unit.removesuffix("s")])


def _amount(text: str) -> float | None:
    known = _CN.get(text, _EN.get(text))
    if known is not None:
        return known
    try:
        return float(text)
    except ValueError:
        return None


def _clock(match: re.Match[str]) -> Named:
    hour = int(match["hour"] or match["hour12"])
    minute = int(match["minute"] or match["minute12"] or 0)
    if match["half"]:
        minute = 30 if match["half"] == "半" else int(match["half"].removesuffix("分"))
    day, part = match["day"] or match["after"] or "", match["part"] or ""
    late = part in _LATER or day in {"今晚", "明晚", "tonight"} or (match["half12"] or "").startswith("p")
    if late and hour < _NOON:
        hour += _NOON
    ahead, weekday = _day(day)
    surely = bool(part or match["half12"] or day in {"今晚", "明晚", "tonight"}) or hour > _NOON or hour == 0
    words = match.group().strip(" ,，")
    return Named(words=words, days=ahead, weekday=weekday, hour=hour, minute=minute, surely=surely)


def _named_day(match: re.Match[str]) -> Named:
    ahead, weekday = _day(match["day"])
    hour = _DAY if match["day"] in {"今晚", "tonight"} else None
    return Named(words=match.group().strip(), days=ahead, weekday=weekday, hour=hour)


def _day(words: str) -> tuple[int | None, int | None]:
    if not words:
        return None, None
    if words.startswith(("今", "today", "tonight")):
        return 0, None
    if words.startswith(("明", "tomorrow")):
        return 1, None
    if words.startswith("后"):
        return 2, None
    english = next((number for number, name in enumerate(_ENGLISH_DAYS) if words.endswith(name)), None)
    if english is not None:
        return None, english
    return None, min(_WEEKDAYS.find(words[-1].replace("天", "日")), 6)
