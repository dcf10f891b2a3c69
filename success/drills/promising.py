"""Times that a message names: spans ("within 2 hours") and instants ("22:30", "tomorrow at 10"). Pure.

They are read from folded text; an instant counts from when the client wrote.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum
from typing import Final

_CN: Final[Mapping[str, float]] = {
    "半": 0.5, "一": 1, "两": 2, "二": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9, "十": 10,
    "十二": 12, "十五": 15, "二十": 20, "二十四": 24, "三十": 30, "四十": 40, "四十五": 45, "四十八": 48, "六十": 60,
}  # fmt: skip
_EN: Final[Mapping[str, float]] = {
    "half an": 0.5, "an": 1, "a": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "eight": 8,
    "ten": 10, "twelve": 12, "fifteen": 15, "twenty": 20, "thirty": 30, "forty-eight": 48,
}  # fmt: skip
_AMOUNT_CN: Final = r"(?P<amount>\d{1,3}(?:\.\d)?|[半一两二三四五六七八九十]{1,3})"
_AMOUNT_EN: Final = (
    r"(?P<amount>\d{1,3}(?:\.\d)?|half an|an|a|one|two|three|four|five|six|eight|ten|twelve|fifteen|twenty|thirty"
    r"|forty-eight)"
)
_SPAN_CN: Final = re.compile(
    _AMOUNT_CN + r"\s*个?\s*(?P<unit>分钟|小时|钟头|工作日|天|周|星期)(?:之)?(?P<by>内|以内|左右|就|可以|能|搞定|修好)?"
)
_SPAN_EN: Final = re.compile(
    rf"(?P<by>within|in|after|takes?|need|at most|less than)\s+(?:the next |about |around |at most )?{_AMOUNT_EN}[\s-]*"
    r"(?P<unit>minutes?|hours?|working days?|business days?|days?|weeks?)(?![a-z])"
)
_CLOCK: Final = re.compile(
    r"(?P<day>今天|今日|今晚|明天|明早|明晚|后天|下周[一二三四五六日天]|周[一二三四五六日天]|today|tonight|tomorrow|"
    r"(?:next |on )?(?:monday|tuesday|wednesday|thursday|friday|saturday|sunday))?"
    r"(?:\s*(?P<part>上午|早上|中午|下午|傍晚|晚上|晚|早|morning|afternoon|evening|noon))?"
    r"\s*(?:at |by |before |until |，|,)?\s*"
    r"(?:(?P<hour12>1[0-2]|[1-9])(?:[:：.](?P<minute12>[0-5]\d))?\s?(?P<half12>am|pm|a\.m\.|p\.m\.)|"
    r"(?<!\d)(?P<hour>[01]?\d|2[0-4])\s*(?:[:：](?P<minute>[0-5]\d)|点(?P<half>半|[0-5]?\d分?)?))"
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
_NOON, _DAY, _SATURDAY, _END = 12, 24, 5, time(18)
_REPAIR: Final = re.compile(
    r"修复|修好|恢复|解决|搞定|弄好|处理好|处理完|能用|打开|上线|交付|做完|完成|改完|发布"
    r"|\brunning again\b"
    r"|\bfix(?:ed)?\b|\brepair(?:ed)?\b|\brestor\w+\b|\bresolv\w+\b|\bsolv\w+\b|\bback (?:up|online)\b"
    r"|\bdone\b|\blive\b|\bdeliver\w*\b|\bfinish\w*\b|\blaunch\w*\b|\bready\b"
)
_ANSWER: Final = re.compile(
    r"进展|进度|答复|回复|汇报|告知|同步|通报|反馈|联系您|给您电话|给您消息|报价|方案|书面|计划"
    r"|\bupdates?\b|\bprogress\b|\bget back\b|\breports?\b|\blet you know\b"
    r"|\b(?:call|contact|tell|write)s? (?:to )?you\b|\bestimate\b"
    r"|\bquot\w+\b|\bwritten\b|\bin writing\b|\bhear\b|\banswers?\b"
)
_NOT_PROMISED: Final = re.compile(
    r"如果|要是|假如|万一|没有?(?:恢复|修好|做完|完成|解决|收到|能)|未(?:恢复|完成|修复)|原定|原计划|本来|之前说|上次|还没"
    r"|\bif\b|\bunless\b|\bwas (?:to|planned)\b|\bwere (?:to|planned)\b|\bplanned for\b"
    r"|\bnot (?:finished|done|ready|fixed)\b|\bshould have\b"
)
_CLAUSE: Final = re.compile(r"[,，]\s*")


class Aim(StrEnum):
    """What a named time is for."""

    REPAIR = "repair"
    ANSWER = "answer"
    OTHER = "other"


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
    """An instant as it was named: how many days ahead (None: a day of the week that it names), and the hour."""

    words: str
    days: int | None
    weekday: int | None
    hour: int | None
    minute: int


def promised(folded: str) -> str:
    """A sentence without the clauses that tell of what was planned, or of what happens otherwise."""
    return "，".join(each for each in _CLAUSE.split(folded) if not _NOT_PROMISED.search(each))


def aim(folded: str) -> Aim:
    """What a sentence that names a time promises: repair or delivery, or an answer to come; the latter first."""
    folded = promised(folded)
    if _ANSWER.search(folded):
        return Aim.ANSWER
    return Aim.REPAIR if _REPAIR.search(folded) else Aim.OTHER


def spans(folded: str) -> tuple[Span, ...]:
    """The lengths of time that a folded text names."""
    found = [_span(match) for pattern in (_SPAN_CN, _SPAN_EN) for match in pattern.finditer(folded)]
    return tuple(each for each in found if each is not None)


def instants(folded: str) -> tuple[Named, ...]:
    """The instants that a folded text names, hours first; a day without an hour counts as its end."""
    clocks = [_clock(match) for match in _CLOCK.finditer(folded)]
    if clocks:
        return tuple(clocks)
    return tuple(_named_day(match) for match in _DAY_ALONE.finditer(folded))


def resolve(named: Named, *, at: datetime) -> datetime:
    """The instant that is meant, on or after `at`, in its zone; a bare hour that is past is tomorrow's."""
    day = at.date()
    if named.weekday is not None:
        day += timedelta(days=(named.weekday - at.weekday()) % 7 or 7)
    elif named.days is not None:
        day += timedelta(days=named.days)
    hour = named.hour
    when = time(hour % _DAY, named.minute) if hour is not None else _END
    found = datetime.combine(day, when, at.tzinfo)
    if hour == _DAY:
        found += timedelta(days=1)
    if named.days is None and named.weekday is None and found < at:
        found += timedelta(days=1)
    return found


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
    day, part = match["day"] or "", match["part"] or ""
    late = part in _LATER or day in {"今晚", "明晚", "tonight"} or (match["half12"] or "").startswith("p")
    if late and hour < _NOON:
        hour += _NOON
    ahead, weekday = _day(day)
    return Named(words=match.group().strip(" ,，"), days=ahead, weekday=weekday, hour=hour, minute=minute)


def _named_day(match: re.Match[str]) -> Named:
    ahead, weekday = _day(match["day"])
    hour = 23 if match["day"] in {"今晚", "tonight"} else None
    return Named(words=match.group().strip(), days=ahead, weekday=weekday, hour=hour, minute=0)


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
