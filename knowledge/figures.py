"""What a text claims that can be compared: money, times, shares, sizes and links, each in one measure. Pure."""

import re
from dataclasses import dataclass
from typing import Final

_NUMERALS: Final = {char: value for value, char in enumerate("零一二三四五六七八九十")} | {"两": 2, "半": 0}
_UNITS: Final = {
    "minutes": ("time", 1), "minute": ("time", 1), "min": ("time", 1), "分钟": ("time", 1),
    "hours": ("time", 60), "hour": ("time", 60), "小时": ("time", 60), "个小时": ("time", 60), "钟头": ("time", 60),
    "days": ("time", 1440), "day": ("time", 1440), "天": ("time", 1440), "日内": ("time", 1440),
    "自然日": ("time", 1440),
    "weeks": ("time", 10080), "week": ("time", 10080), "周": ("time", 10080), "星期": ("time", 10080),
    "个星期": ("time", 10080), "working days": ("working days", 1), "working day": ("working days", 1),
    "business days": ("working days", 1), "business day": ("working days", 1), "个工作日": ("working days", 1),
    "工作日": ("working days", 1), "months": ("months", 1), "month": ("months", 1), "个月": ("months", 1),
    "years": ("months", 12), "year": ("months", 12), "年": ("months", 12),
    "%": ("share", 1), "percent": ("share", 1), "kb": ("size", 1), "mb": ("size", 1024), "gb": ("size", 1048576),
    "g": ("size", 1048576), "m": ("size", 1024), "px": ("pixels", 1), "像素": ("pixels", 1),
    "元": ("money", 1), "块钱": ("money", 1), "块": ("money", 1), "人民币": ("money", 1), "rmb": ("money", 1),
    "cny": ("money", 1), "yuan": ("money", 1), "万元": ("money", 10000),
    "usd": ("dollars", 1), "dollars": ("dollars", 1),
    "美元": ("dollars", 1), "eur": ("euros", 1), "euros": ("euros", 1), "欧元": ("euros", 1),
}  # fmt: skip
_SIGNS: Final = {"¥": "money", "$": "dollars", "€": "euros"}
_FIGURE: Final = re.compile(
    r"(?P<link>https?://[^\s)>\]\"'，。；）】]+)"
    r"|(?P<sign>[¥$€])\s?(?P<amount>\d[\d,]*(?:\.\d+)?)"
    r"|(?<![\d.a-z])(?P<number>\d[\d,]*(?:\.\d+)?|[零一二三四五六七八九十两]{1,3})(?:\s|-)?"
    rf"(?P<unit>{'|'.join(sorted(map(re.escape, _UNITS), key=len, reverse=True))})(?![a-z])"
)
_NUMBER: Final = re.compile(r"\d+(?:[.,:]\d+)*")


@dataclass(frozen=True, kw_only=True, order=True)
class Figure:
    """One claim: its kind, its value in the kind's measure (of a link the address), and how it stands there."""

    kind: str
    value: str
    words: str


def figures(folded: str) -> tuple[Figure, ...]:
    """Return the claims of a folded text, in order."""
    return tuple(_figure(match) for match in _FIGURE.finditer(folded))


def masked(folded: str) -> str:
    """Return a folded text with every claim and every number blotted out."""
    return _NUMBER.sub("#", _FIGURE.sub("#", folded))


def _figure(match: re.Match[str]) -> Figure:
    words = match.group().strip()
    if link := match.group("link"):
        return Figure(kind="link", value=link.rstrip("/.,"), words=words)
    if amount := match.group("amount"):
        return Figure(kind=_SIGNS[match.group("sign")], value=_measured(amount, 1), words=words)
    kind, factor = _UNITS[match.group("unit")]
    return Figure(kind=kind, value=_measured(match.group("number"), factor), words=words)


def _measured(number: str, factor: int) -> str:
    plain = number.replace(",", "")
    value = float(_numeral(plain) if plain[0] in _NUMERALS else plain)  # digits of every script
    return f"{value * factor:.10g}"


def _numeral(text: str) -> int:
    """Return what 三, 十五 or 二十 says."""
    tens, ten, ones = text.partition("十")
    if not ten:
        return int("".join(str(_NUMERALS[char]) for char in text))
    return (_NUMERALS[tens[-1]] if tens else 1) * 10 + (_NUMERALS[ones[0]] if ones else 0)
