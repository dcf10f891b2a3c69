"""Amounts of money and plain numbers as people write them: "5-8万", "五万左右", "80k RMB", "$12,000". Pure.

The text is folded before. Nothing is invented: "about 50 000" stays one amount that is said to be about so.
"""

import re
from typing import Final

from success.intake.values import Money

_DIGITS: Final = {c: n for n, c in enumerate("零一二三四五六七八九")} | {"两": 2, "〇": 0}
_TENS: Final = {"十": 10, "百": 100, "千": 1000}
_UNITS: Final = {"万": 10_000, "w": 10_000, "千": 1000, "k": 1000, "百万": 1_000_000, "m": 1_000_000,
                 "million": 1_000_000, "thousand": 1000, "亿": 100_000_000, "grand": 1000}  # fmt: skip
_CURRENCIES: Final = (
    ("HKD", r"hk\$|hkd|港币|港元|港纸"), ("TWD", r"nt\$|twd|新台币|台币"), ("SGD", r"s\$|sgd|新币|新加坡元"),
    ("AUD", r"a\$|aud|澳元|澳币"), ("CAD", r"c\$|cad|加元|加币"), ("JPY", r"jpy|日元|日币|yen"),
    ("EUR", r"€|eur|euros?|欧元"), ("GBP", r"£|gbp|pounds?|英镑"),
    ("USD", r"us\$|\$|usd|美元|美金|美刀|dollars?|bucks"), ("CNY", r"rmb|cny|¥|人民币|元|块钱|块|yuan"),
)  # fmt: skip
_MARK: Final = "|".join(pattern for _, pattern in _CURRENCIES)
_HAN: Final = "零〇一二两三四五六七八九十百千"
_NUMBER: Final = (
    rf"\d{{1,3}}(?:,\d{{3}})+(?:\.\d+)?|\d{{1,12}}(?:\.\d{{1,4}})?|[{_HAN}]{{1,6}}万[{_HAN}]{{1,7}}|[{_HAN}]{{1,8}}"
)
_UNIT: Final = r"百万|万|千|亿|million|thousand|grand|w(?![a-z])|k(?![a-z])|m(?![a-z])"
_JOIN: Final = r"\s*(?:-|–|—|~|～|到|至|to|and)\s*"
_AMOUNT: Final = re.compile(
    rf"(?P<before>{_MARK})?\s*(?<![\d.a-z一二两三四五六七八九十])(?P<low>{_NUMBER})"
    rf"\s*(?P<low_unit>{_UNIT})?\s*(?P<low_mark>{_MARK})?"
    rf"(?:{_JOIN}(?P<mid>{_MARK})?\s*(?P<high>{_NUMBER})\s*(?P<high_unit>{_UNIT})?)?"
    rf"\s*(?P<half>半)?\s*(?P<more>多|出头|来)?\s*(?P<after>{_MARK})?"
)
_ABOUT: Final = re.compile(r"左右|大概|大约|差不多|上下|约|\babout\b|\baround\b|\broughly\b|\bapprox|~")
_UP_TO: Final = re.compile(
    r"以内|以下|之内|不超过|最多|不到|封顶"
    r"|\bup to\b|\bunder\b|\bat most\b|\bmax|\bno more than\b|\bless than\b|\bbelow\b"
)
_FROM: Final = re.compile(r"以上|至少|起步|不低于|\bat least\b|\bfrom\b|\bmin|\bmore than\b|\bover\b|\babove\b")
_NO_MONEY: Final = re.compile(
    r"\s*(?:年|月|日|号|天|周|个|人|款|种|%|％|:|点|分钟|秒|后|岁|g\b|s\b|kb|mb|days?|weeks?|months?|years?|people|users?|orders?|products?|items?)"
)
_MOST_DIGITS: Final = 15


def amount(text: str, *, currency: str, sure: bool, least: int = 0) -> Money | None:
    """The first amount of money in a folded text; None where there is none.

    `sure`: it speaks of money, so that a number without a currency is one too; it is meant in `currency` then, and a
    bare one below `least` is none.
    """
    for found in _AMOUNT.finditer(text):
        named = next((found[name] for name in ("before", "low_mark", "mid", "after") if found[name]), "")
        if not named and (not sure or _NO_MONEY.match(text, found.end())):
            continue
        money = _money(found, text, _currency(named) if named else currency)
        bare = not (named or found["low_unit"] or (found["high"] and found["high_unit"]))
        if money is not None and not (bare and (money.high or money.low or 0) < least):
            return money
    return None


def number(text: str) -> int | None:
    """The first whole number in a folded text: "200", "两百", "1.2万"."""
    for found in re.finditer(rf"(?P<n>{_NUMBER})\s*(?P<unit>{_UNIT})?", text):
        value = _value(found["n"], found["unit"])
        if value is not None:
            return value
    return None


def _money(found: re.Match[str], text: str, currency: str) -> Money | None:
    high_unit = found["high_unit"] if found["high"] else None
    bare = not (found["low_unit"] or high_unit or any(found[name] for name in ("before", "low_mark", "mid", "after")))
    if bare and len(found["low"]) == 1 and not found["low"].isdigit():
        return None  # "改一下": a word
    low = _value(found["low"], found["low_unit"] or (high_unit if found["high"] else None))
    high = _value(found["high"], high_unit or found["low_unit"]) if found["high"] else low
    if low is None or high is None:
        return None
    around = text[max(0, found.start() - 12) : found.end() + 8]
    about = bool(_ABOUT.search(around) or found["more"])
    if found["high"]:
        return Money(currency=currency, low=min(low, high), high=max(low, high), about=about)
    low += _UNITS.get(found["low_unit"] or "", 0) // 2 if found["half"] else 0
    up_to, at_least = bool(_UP_TO.search(around)), bool(_FROM.search(around))
    return Money(
        currency=currency, low=None if up_to else low, high=None if at_least and not up_to else low, about=about
    )


def _value(written: str, unit: str | None) -> int | None:
    if "万" in written:
        high, low = (_chinese(part) for part in written.split("万"))
        if high is None or low is None:
            return None
        return round(high * 10_000 + (low * 1_000 if low < 10 else low))  # noqa: PLR2004 -- "两万五" is 25 000
    base = float(written.replace(",", "")) if written[0].isdigit() else _chinese(written)
    if base is None:
        return None
    value = base * _UNITS.get(unit or "", 1)
    return round(value) if value < 10**_MOST_DIGITS else None


def _chinese(written: str) -> float | None:
    """A number in Chinese characters below ten thousand; digits one after the other are a range's, and no number."""
    total, digit = 0, None
    for each in written:
        if each in _DIGITS:
            if digit is not None and digit != 0:
                return None
            digit = _DIGITS[each]
        else:
            total += (1 if digit is None else digit) * _TENS[each]
            digit = None
    return float(total + (digit or 0))


def _currency(mark: str) -> str:
    return next((name for name, pattern in _CURRENCIES if re.fullmatch(pattern, mark)), "")


_SPOKEN_RANGE: Final = re.compile(r"(十?)([一二三四五六七八九])([二三四五六七八九])(?=[百千万])")


def spoken(text: str) -> str:
    """A folded text with ranges as they are spoken ("五六万", "十五六万") written out ("五-六万", "十五-十六万")."""
    return _SPOKEN_RANGE.sub(_written_out, text)


def _written_out(found: re.Match[str]) -> str:
    ten, first, second = found[1], found[2], found[3]
    return f"{ten}{first}-{ten}{second}" if _DIGITS[second] == _DIGITS[first] + 1 else found[0]
