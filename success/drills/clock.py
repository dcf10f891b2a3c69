"""Numbers and times in words, written in figures: 十点半, half past ten, 三十分钟, five o'clock. Pure."""

import re
from collections.abc import Mapping
from typing import Final

_CN: Final = "一二两三四五六七八九十"
_ONES: Final[Mapping[str, int]] = {
    "一": 1, "二": 2, "两": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9,
}  # fmt: skip
_EN: Final[Mapping[str, int]] = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
    "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16, "seventeen": 17,
    "eighteen": 18, "nineteen": 19, "twenty": 20, "thirty": 30, "forty": 40, "forty-five": 45, "forty-eight": 48,
    "fifty": 50, "sixty": 60, "ninety": 90,
}  # fmt: skip
_PART: Final = "今天|今日|今晚|明天|明早|明晚|后天|周[一二三四五六日天]|上午|早上|中午|下午|傍晚|晚上|凌晨"
_HOUR_CN: Final = re.compile(
    rf"(?P<part>{_PART})?\s*(?P<hour>[{_CN}]{{1,3}}|\d{{1,2}})点"
    rf"(?P<rest>半|一刻|三刻|整|钟|(?:\d{{1,2}}|[{_CN}零]{{1,3}})分?)?(?P<after>前|之前|以前|左右|给|我|会|跟|再|联|发)?"
)
_COUNT_CN: Final = re.compile(
    rf"(?<![第周期{_CN}])[{_CN}]{{1,3}}(?=\s*(?:个|次|件|张|单|条|份|套|页|天|日|小时|钟头|分钟|周|星期|月|年|工作日|折))"
)
_WORD: Final = "|".join(sorted(_EN, key=len, reverse=True))
_PAST: Final = re.compile(rf"\b(?P<what>half past|quarter past|quarter to)\s+(?P<hour>{_WORD}|\d{{1,2}})\b")
_CLOCK_EN: Final = re.compile(rf"\b(?P<hour>{_WORD}|\d{{1,2}})\s+o['’]?clock\b")
_BARE_EN: Final = re.compile(
    rf"\b(?P<before>by|before|at|until|around|than)\s+(?P<hour>{_WORD}|\d{{1,2}})"
    r"(?=\s*(?:tonight|today|tomorrow|this|in the|on\b|(?:you|we|i|with|and|from)\b|[,.;!?)]|$))"
)
_COUNT_EN: Final = re.compile(rf"\b(?:{_WORD})\b(?=[\s-])")
_NAMED: Final[Mapping[str, str]] = {
    r"\bmidnight\b|午夜|半夜": "24:00", r"一刻钟|十几分钟|\bquarter of an hour\b": "15分钟", r"三刻钟": "45分钟",
    r"个把(?:小时|钟头)|一个来小时": "1小时",
    r"[一两]两个(?:小时|钟头)|\ba couple of hours\b|\ban hour or (?:two|so)\b": "2小时",
    r"(?<=[一二三四五六七八九十\d])来(?=分钟)": "", r"\b(?:noon|midday)\b": "12:00",
    r"\b(?:the )?(?:end of (?:the |this )?(?:business )?day|close of business)\b|下班之?前": "18:00",
}  # fmt: skip
_EARLY: Final = 5
_HOURS: Final = 24


def in_figures(folded: str) -> str:
    """A folded text with its times and numbers in figures."""
    text = folded
    for words, hour in _NAMED.items():
        text = re.sub(words, hour, text)
    text = _HOUR_CN.sub(_hour, text)
    text = _COUNT_CN.sub(lambda found: str(_chinese(found.group())), text)
    text = _PAST.sub(_past, text)
    text = _CLOCK_EN.sub(lambda found: f"{_number(found['hour'])}:00", text)
    text = _BARE_EN.sub(_bare, text)
    return _COUNT_EN.sub(lambda found: found.group() if found.group() == "one" else str(_EN[found.group()]), text)


def _hour(found: re.Match[str]) -> str:
    """点 is a point as well ("三点建议", "快一点"): an hour has a day, minutes, or a word of time beside it."""
    hour, rest = _number(found["hour"]), found["rest"] or ""
    if hour is None or hour > _HOURS or not (found["part"] or rest or found["after"] or hour > _EARLY):
        return found.group()
    if hour == 1 and found["hour"] == "一" and not (found["part"] or rest):
        return found.group()
    minute = {"半": 30, "一刻": 15, "三刻": 45, "整": 0, "钟": 0, "": 0}.get(rest)
    if minute is None:
        minute = _number(rest.removesuffix("分").lstrip("零")) or 0
    return f"{found['part'] or ''}{hour}:{minute:02}{found['after'] or ''}"


def _past(found: re.Match[str]) -> str:
    hour = _number(found["hour"]) or 0
    match found["what"]:
        case "half past":
            return f"{hour}:30"
        case "quarter past":
            return f"{hour}:15"
    return f"{(hour - 1) % 12 or 12}:45"


def _bare(found: re.Match[str]) -> str:
    hour = _number(found["hour"])
    return f"{found['before']} {hour}:00" if hour is not None and 0 < hour <= _HOURS else found.group()


def _number(words: str) -> int | None:
    if words.isdecimal():
        return int(words)
    return _EN[words] if words in _EN else _chinese(words)


def _chinese(words: str) -> int | None:
    tens, ten, ones = words.partition("十")
    if not ten:
        return _ONES.get(words)
    return (_ONES.get(tens, 1) if tens else 1) * 10 + (_ONES.get(ones, 0) if ones else 0)
