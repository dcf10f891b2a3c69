"""Numbers as people write and say them, put into digits: "两万五", "十几万", "三五千", "half a million". Pure.

The text is folded before. A number keeps the unit that was said ("2.5万"), and what is vague is said to be about so.
"""

import re
from typing import Final

DIGITS: Final = {c: n for n, c in enumerate("零一二三四五六七八九")} | {"两": 2, "〇": 0}
_TENS: Final = {"十": 10, "百": 100, "千": 1000}
_TOPS: Final = {"亿": 100_000_000, "万": 10_000, "千": 1000, "百": 100}
_HAN: Final = "零〇一二两三四五六七八九十百千万亿"
_ONES: Final = "一二两三四五六七八九"
_MOST: Final = 16
_NOT_READ: Final = "百千万亿"  # "千万别", "万一": words

_PAIR: Final = re.compile(
    rf"(?P<ten>[{_ONES}]?十)?(?<![{_ONES}百千万])(?P<a>[{_ONES}])[、,]?(?P<b>[{_ONES}])(?=(?P<unit>十?[万千百亿]|十"
    rf"|[块元]))"
)
_PAIR_OF_DIGITS: Final = re.compile(r"(?<![\d.])(\d)、(\d)(?=[万千百wk])")
_PIECES: Final = re.compile(r"(\d)\s*个(?=w(?![a-z0-9])|[万亿])")
_RUN: Final = re.compile(
    rf"(?<![\d.几{_HAN}])(?:\d{{1,8}}(?:\.\d{{1,4}})?(?=[百千万亿])|[{_ONES}十零〇])[{_HAN}]{{0,15}}"
    rf"(?:(?<=万)\d(?:千|百)?(?![\d.{_HAN}年月日号个%])|(?<=千)\d(?:百)?(?![\d.{_HAN}年月日号个%]))?"
)
_NO_ONE: Final = re.compile(
    r"(?<![零〇一二两三四五六七八九十百千万\d])一(?=[点些下样般直起定旦切律向时会阵]|方面|开始)|(?<=[第统唯之单])一|(?<=[这那])一(?=[块个次])"
    r"|\b(?:no|this|that|the|any|some|every|which) one\b"
)
"""A "one" that counts nothing ("素净一点", "that one")."""
_FEW: Final = re.compile(r"(?:好|小)?几(?P<ten>十)?(?P<unit>百万|千万|[万千百])")
_MORE: Final = re.compile(r"(?<![\d.])(?P<n>\d{0,4}0)(?:几|多)(?=[万千百亿wk元块])")
_OR_SO: Final = re.compile(r"(?<![\d.])(?P<n>\d{0,4}0)来(?=[万千百亿wk元块])")
_TO_NINETEEN: Final = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen"
)
_BY_TENS: Final = "twenty thirty forty fifty sixty seventy eighty ninety"
_ENGLISH: Final = {name: n for n, name in enumerate(_TO_NINETEEN.split())} | {
    name: n * 10 for n, name in enumerate(_BY_TENS.split(), 2)
}
_ENGLISH_NUMBER: Final = re.compile(
    rf"\b(?P<n>{'|'.join(sorted(_ENGLISH, key=len, reverse=True))})(?:[- ](?P<one>one|two|three|four|five|six|seven"
    rf"|eight|nine))?\b"
)
_SCALE: Final = r"(?=\s+(?:hundred|thousand|grand|million|k\b))"
_ENGLISH_WORDS: Final = (
    (re.compile(r"\bhalf a(?=\s+(?:million|thousand))"), "0.5"),
    (re.compile(r"\b(?:a )?few" + _SCALE), "about 2-9"),
    (re.compile(r"\b(?:a )?couple(?: of)?" + _SCALE), "about 2"),
    (re.compile(r"\ban?" + _SCALE), "1"),
    (re.compile(r"\bhalf a dozen\b"), "6"),
    (re.compile(r"\b(?:(?:a )?couple(?: of)?|two|2) dozen\b"), "24"),
    (re.compile(r"\ba dozen\b|\bone dozen\b"), "12"),
)


def in_digits(text: str) -> str:
    """A folded text with its numbers in digits and units ("两三万" → "2-3万", "ten thousand" → "10 thousand")."""
    text = _NO_ONE.sub(" ", text)
    text = _PAIR_OF_DIGITS.sub(r"\1-\2", _PAIR.sub(_pair, _PIECES.sub(r"\1", text)))
    text = _RUN.sub(_run, text)
    text = _FEW.sub(_few, _MORE.sub(_more, _OR_SO.sub(r"约\g<n>", text)))
    for pattern, digits in _ENGLISH_WORDS:
        text = pattern.sub(digits, text)
    return _ENGLISH_NUMBER.sub(lambda found: str(_ENGLISH[found["n"]] + _ENGLISH.get(found["one"] or "", 0)), text)


def chinese(written: str) -> float | None:
    """A number in Chinese characters, or digits with Chinese units; None where it is none ("二八")."""
    for unit in "亿万":
        if unit in written:
            high, _, low = written.partition(unit)
            above, below = chinese(high), _below(low, _TOPS[unit])
            return None if above is None or below is None else above * _TOPS[unit] + below
    if re.fullmatch(r"\d+(?:\.\d+)?", written):
        return float(written)
    return _small(written)


def _below(written: str, unit: int) -> float | None:
    """What stands behind 万: "两万五" is 25 000, "两万零五" 20 005."""
    if not written:
        return 0
    if len(written) == 1 and (written.isdecimal() or written in _ONES):
        return (int(written) if written.isdecimal() else DIGITS[written]) * unit / 10
    return chinese(written)


def _small(written: str) -> float | None:
    """Below ten thousand; digits one after the other are no number."""
    total: float = 0
    digit: float | None = None
    last = 1
    for found in re.finditer(r"\d+(?:\.\d+)?|.", written):
        each = found[0]
        if each in _TENS:
            total += (1 if digit is None else digit) * _TENS[each]
            digit, last = None, _TENS[each]
        elif each in DIGITS or each[0].isdecimal():
            if digit:
                return None
            digit = DIGITS[each] if each in DIGITS else float(each)
            last = 1 if digit == 0 else last
        else:
            return None
    if digit and last >= 100:  # noqa: PLR2004 -- "两千五" is 2 500
        return total + digit * last / 10
    return total + (digit or 0)


def _pair(found: re.Match[str]) -> str:
    """Say that "五六万" and "三五万" are from one to the other."""
    ten, first, second = found["ten"] or "", found["a"], found["b"]
    low, high = DIGITS[first], DIGITS[second]
    if high != low + 1 and (low, high) != (3, 5):
        return found[0]
    more = "十" if found["unit"].startswith("十") and not ten else ""
    return f"{ten}{first}{more}-{ten}{second}"


def _run(found: re.Match[str]) -> str:
    written = found[0]
    value = chinese(written) if len(written) <= _MOST else None
    if value is None:
        return written
    unit = next((name for name in _TOPS if name in written), "")
    shown = f"{value / _TOPS.get(unit, 1):.6f}".rstrip("0").rstrip(".")
    return f"{shown}{unit}"


def _few(found: re.Match[str]) -> str:
    tens = "0" if found["ten"] else ""
    return f"约2{tens}-9{tens}{found['unit']}"


def _more(found: re.Match[str]) -> str:
    """Say that "二十多万" is from twenty to thirty."""
    n = int(found["n"])
    step = 10 ** (len(found["n"]) - len(found["n"].rstrip("0")))
    return f"约{n}-{n + step}"
