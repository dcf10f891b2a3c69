"""Days by which something is wanted, as people write them: "三个月内", "by March", "2027年3月", "15/01/2027". Pure.

A month is meant to its end, "before" it to the day before it begins. What needs no day ("as soon as possible"), and
what names none that is plain ("next spring", "2月31日"), stays words.
"""

import calendar
import re
from datetime import MAXYEAR, MINYEAR, date, timedelta
from typing import Final

from success.intake import occasions
from success.intake.numerals import chinese
from success.intake.occasions import Named, Unsure
from success.intake.values import Time

_MONTHS: Final = {
    name: number
    for number, names in enumerate(
        ("jan january", "feb february", "mar march", "apr april", "may", "jun june", "jul july", "aug august",
         "sep sept september", "oct october", "nov november", "dec december"), 1)
    for name in names.split()
}  # fmt: skip
_ENGLISH: Final = "|".join(sorted(_MONTHS, key=len, reverse=True))
_HAN: Final = "一二三四五六七八九十"
_N: Final = rf"\d{{1,3}}|[{_HAN}两百]{{1,4}}|半"
_TO_TWELVE: Final = "one two three four five six seven eight nine ten eleven twelve"
_WORDS: Final = {
    **{name: n for n, name in enumerate(_TO_TWELVE.split(), 1)},
    "a": 1, "an": 1, "a couple of": 2, "couple of": 2,
}  # fmt: skip
_WORD: Final = "|".join(sorted(_WORDS, key=len, reverse=True))
_WITHIN: Final = re.compile(
    rf"(?<![\d{_HAN}月年/.])(?:(?:{_N})\s*(?:-|~|到|至|、)\s*)?(?P<n>{_N})\s*个?\s*(?P<half>半)?"
    rf"(?P<unit>天|日(?!\d)|周(?![年{_HAN}日末])|星期(?![{_HAN}日])|礼拜|月(?![\d{_HAN}])|年(?![\d级前])(?P<and_half>半)?+)(?!前|之前"
    rf"|以前)"
)
_WITHIN_EN: Final = re.compile(
    rf"(?<!\w)(?:(?:\d{{1,3}}|{_WORD})\s*(?:-|to|or)\s*)?(?P<n>\d{{1,3}}|{_WORD})[ -](?P<unit>day|week|month"
    rf"|year)s?\b(?! (?:ago|old))"
    r"|(?P<fortnight>\bfortnight\b)"
)
_ISO: Final = re.compile(r"(?<!\d)(?P<y>\d{4})[-/.](?P<m>\d{1,2})(?:[-/.](?P<d>\d{1,2}))?(?!\d)")
_SLASHED: Final = re.compile(r"(?<![\d.])(?P<a>\d{1,2})(?P<by>[-/.])(?P<b>\d{1,2})(?P=by)(?P<y>\d{4})(?!\d)")
_SHORT: Final = re.compile(
    r"(?<![\d.])(?P<a>\d{1,2})[/.](?P<b>\d{1,2})(?![\d/.%万千百wk])(?P<zh>\s*(?:号|日|之前|以前|前|上线))?"
)
_CHINESE: Final = re.compile(
    rf"(?:(?P<y>\d{{4}}|二[零〇][零〇{_HAN[:9]}]{{2}})\s*年|(?P<rel>明年|后年|今年|去年|来年))?\s*(?<![\d{_HAN}个])"
    rf"(?P<m>\d{{1,2}}|十[一二]?|[{_HAN[:9]}])\s*月份?"
    rf"(?:\s*(?P<d>\d{{1,2}}|[二三]?十[{_HAN[:9]}]?|[{_HAN[:9]}])\s*[日号]|\s*(?P<d2>\d{{1,2}})(?!\d|个|款|万|千)"
    rf"|(?P<part>初|上旬|中旬|中|下旬|底|末))?"
)
_MONTH: Final = re.compile(
    r"(?:\b(?P<d1>[0-3]?\d)(?:st|nd|rd|th)?\s+(?:of\s+)?)?"
    rf"\b(?P<part>early |mid[- ]|late |end of )?(?P<name>{_ENGLISH})\b\.?"
    r"(?:\s+(?P<d2>[0-3]?\d)(?:st|nd|rd|th)?(?!\d))?(?:,?\s+(?P<y>\d{4}|next year))?"
)
_OR_MONTH: Final = re.compile(rf"\s*(?:or|/|-|to)\s*(?:{_ENGLISH})\b")
_YEAR: Final = re.compile(
    r"(?<!\d)(?P<y>(?:19|20|21)\d{2}(?=\s*年?)|\d{4}(?=\s*年))(?:\s*年)?(?!\d|\s*(?:元|块|万|k|rmb|cny|usd|款|种|个"
    r"|[a-z]))"
)
_QUARTER: Final = re.compile(
    r"(?:(?P<y>\d{4})\s*年?\s*|(?P<rel>明年|今年)\s*)?(?:(?<![a-z])q(?P<q>[1-4])(?!\d)|第?(?P<h>[一二三四1-4])季度)"
    r"(?:\s*(?:of\s+)?(?P<after>next year|this year|\d{4}))?"
)
_BEFORE_EN: Final = re.compile(r"\b(?:before|ahead of)\s+(?:the\s+)?(?:end of\s+)?$")
_VERBS: Final = re.compile(
    r"上线|完成|交付|做好|做完|弄好|搞定|发布|开业|开张|前要|\blaunch|\bgo(?:es|ing)? live|\blive (?:by|before|in"
    r"|within)\b|\bready\b|\bdeadline\b"
    r"|\bdone\b|\bdeliver|\bfinish|\bneed (?:it|this|the (?:web)?site)\b|\bup and running\b"
)
_LIMITS: Final = re.compile(
    r"前|[之以]?内|底|\bby\b|\bbefore\b|\bwithin\b|\buntil\b|\basap\b|尽快|越快越好|as soon as possible"
)
_PAST: Final = re.compile(
    r"成立|创办|创立|历史|经验|老店|做过|上过|年没|年了|以来|年前(?=[做我他成开买])|\bsince\b|\bfounded\b"
    r"|\bestablished\b|\bago\b|\bin business\b"
    r"|\bexperience\b|\bhistory\b|\blast (?:week|month|year)\b|\bwarranty\b|质保|维护"
)
_TALK: Final = re.compile(
    r"我们?|希望|想|要|能|可以|最好|最晚|最迟|尽量|大概|大约|差不多|左右|在|吧|的|呢|啊|了|就|之前|以前|前|之内|以内"
    r"|内|时间|做|行|需要|得|必须|赶在|争取|之|个|到|底"
    r"|\b(?:we|would|like|it|to|be|by|before|within|in|about|around|the|end|of|at|latest|a|or|and|so|want|need|hope"
    r"|hopefully|ideally|"
    r"preferably|roughly|next|this|from|now|please|maybe|say|sometime|time|no|later|than|until|takes?|is|on)\b"
)
_SOON: Final = re.compile(r"尽快|越快越好|马上|立刻|\basap\b|as soon as possible|\bimmediately\b|right away")
_NO_HURRY: Final = re.compile(
    r"不急|不着急|不赶|时间不限|没有时间要求|随时都行|随时可以|慢慢来|no rush|(?:no|not in a|not in any) hurry"
    r"|no deadline|\bwhenever\b"
)


_MOMENT: Final = re.compile(r"今[天晚]|明[天晚早]|后天|现在|\b(?:today|tonight|tomorrow|now)\b|[下这本]个?周|周[一-日]")
_MOVED: Final = re.compile(
    r"(?:推迟|推后|延后|延期|延长|顺延|提前|提早|[往向][前后][推延挪]|(?<![最不])[晚早])(?!到|至|于)[^到至,]{0,2}(?:[\d一二两三四五六七八九十半]+个?半?(?:天|周|星期|月|年))"
    r"|\b(?:push|move|bring|delay|postpone|extend|shift)\w*\b[^.,;]{0,20}\b(?:by|back|forward)\s+(?:an?\b|\d|one|two|three)"
    r"|\b(?:weeks?|months?|days?) (?:earlier|later)\b"
)
"""So much earlier or later than what was said before."""
_HENCE: Final = re.compile(r"所以|因此|\b(?:so|therefore|hence)\b(?! (?:as|that|far|much)\b)")
"""What stands between the reason and the day."""
_EARLIER: Final = re.compile(r"提[前早]|早|[往向]前|\b(?:bring|earlier|forward)\b")


def names_the_moment(text: str) -> bool:
    """Whether a folded clause speaks of these days, and of no launch: it is about its author then."""
    rest = re.sub(r"[\W_]", "", _TALK.sub("", _MOMENT.sub(" ", text)))
    return bool(_MOMENT.search(text)) and len(rest) > 1 and not _VERBS.search(text)


def time_of(text: str, *, today: date, sure: bool) -> Time | None:
    """The day that a folded text names; None where it names none. `sure`: it speaks of when something is wanted."""
    if _PAST.search(text) or not (sure or _VERBS.search(text) or (_LIMITS.search(text) and _is_only(text, today))):
        return None
    if _MOVED.search(text):
        return Time(by=None, words=_short(text))
    for part in dict.fromkeys((_HENCE.split(text)[-1], text)):
        by = next((named for rule in _RULES if (named := rule(part, today)) is not None), None)
        if by is not None:
            return Time(by=by if isinstance(by, date) else None, words=_short(text))
    if _SOON.search(text) or (sure and _NO_HURRY.search(text)):
        return Time(by=None, words=_short(text))
    return None


def moved(text: str, by: date) -> date | None:
    """The day that was said before, so much earlier or later ("推迟两个月"); None where it is not moved so."""
    if (found := _MOVED.search(text)) is None:
        return None
    day = _span(text, by, sign=-1 if _EARLIER.search(found[0]) else 1)
    return day if isinstance(day, date) else None


def is_only(text: str, *, today: date) -> bool:
    """Whether a folded clause says nothing but a time."""
    return _is_only(text, today) and time_of(text, today=today, sure=True) is not None


def _is_only(text: str, today: date) -> bool:  # noqa: ARG001 - as the rules
    rest = text
    for pattern in (_ISO, _SLASHED, _CHINESE, _WITHIN, _WITHIN_EN, _QUARTER, _MONTH, _YEAR, _SOON, *occasions.PATTERNS):
        rest = pattern.sub(" ", rest)
    return len(re.sub(r"[\W_]", "", _TALK.sub("", rest))) < 2  # noqa: PLR2004


def _written(text: str, today: date) -> Named:
    """A date in figures; one that may be two days is none."""
    if found := _ISO.search(text):
        return _day(int(found["y"]), int(found["m"]), int(found["d"]) if found["d"] else None, text, found.end())
    if found := _SLASHED.search(text):
        day = _either(int(found["a"]), int(found["b"]))
        return Unsure() if day is None else _day(int(found["y"]), *day, text, found.end())
    if (found := _SHORT.search(text)) and not _WITHIN.search(text):
        a, b = int(found["a"]), int(found["b"])
        day = (a, b) if found["zh"] else _either(a, b)
        if day is None:
            return Unsure() if "/" in found[0] else None
        ends = found.start("zh") if found["zh"] else found.end()
        return _next(None, *day, text, ends, today=today)
    return None


def _either(a: int, b: int) -> tuple[int, int] | None:
    """Month and day of two numbers of which one can be no month."""
    if a > 12 >= b or a == b:  # noqa: PLR2004 -- months
        return b, a
    return (a, b) if b > 12 >= a else None  # noqa: PLR2004


def _month(text: str, today: date) -> Named:
    """A month, or a day of it, in Chinese."""
    found = _CHINESE.search(text)
    if found is None or (re.match(r"\s*[内以]内?", text[found.end() :]) and not found["d"]):
        return None
    if occasions.after(text, found.start(), found.end()):
        return Unsure()
    year = _year_of(found["y"]) if found["y"] else _relative(found["rel"], today)
    told = found["d"] or found["d2"]
    day = _number(told) if told else {"初": 10, "上旬": 10, "中": 20, "中旬": 20}.get(found["part"] or "")
    ends = found["part"] in {"底", "末", "下旬"}  # "before the end of" is that day
    return _next(year, _number(found["m"]), day, "" if ends else text, 0 if ends else found.end(), today=today)


def _english_month(text: str, today: date) -> Named:
    for found in _MONTH.finditer(text):
        told = found["d1"] or found["d2"]
        if found["name"] == "may" and not (told or found["y"] or _of_may(text[: found.start("name")])):
            continue  # the verb
        if occasions.after(text, found.start(), found.end()) or _OR_MONTH.match(text, found.end()):
            return Unsure()
        part = {"early ": 10, "mid-": 20, "mid ": 20}.get(found["part"] or "")
        year = None if not found["y"] else today.year + 1 if found["y"] == "next year" else int(found["y"])
        before = bool(_BEFORE_EN.search(text[: found.start()].strip() + " ")) and "end of" not in text
        day = int(told) if told else part
        return _next(year, _MONTHS[found["name"]], day, text, found.end(), today=today, before=before)
    return None


def _of_may(before: str) -> bool:
    return not before.strip() or bool(re.search(r"\b(?:by|in|before|of|until|early|mid|late|end)\W+$", before))


def _span(text: str, today: date, *, sign: int = 1) -> Named:
    """A span of time from today; of a range the longer one. A `sign` of -1: back from there."""
    if found := _WITHIN.search(text):
        half = found["half"] is not None or found["and_half"] is not None or found["n"] == "半"
        n = 0 if found["n"] == "半" else _number(found["n"])
        unit = {"天": "day", "日": "day", "周": "week", "星": "week", "礼": "week", "月": "month", "年": "year"}
        return _add(today, n, unit[found["unit"][0]], half=half, sign=sign)
    if found := _WITHIN_EN.search(text):
        if found["fortnight"]:
            return _add(today, 2, "week", half=False, sign=sign)
        n = int(found["n"]) if found["n"].isdigit() else _WORDS[found["n"]]
        return _add(today, n, found["unit"], half=False, sign=sign)
    return None


def _quarter(text: str, today: date) -> Named:
    found = _QUARTER.search(text)
    if found is None:
        return None
    quarter = int(found["q"] or 0) or _number(found["h"])
    year = int(found["y"]) if found["y"] else _relative(found["rel"], today)
    if later := found["after"]:
        year = int(later) if later.isdigit() else today.year + (later == "next year")
    return _next(year, quarter * 3, None, "", 0, today=today)


def _year(text: str, today: date) -> Named:
    if found := _YEAR.search(text):
        return _end_of_year(int(found["y"]), text, found.end())
    if found := re.search(r"明年|后年|\bnext year\b", text):
        return _end_of_year(today.year + (2 if found[0] == "后年" else 1), text, found.end())
    return None


_RULES: Final = (
    occasions.avoided,
    _written, occasions.feast, occasions.unplain, _month, _english_month, _quarter, occasions.half_year,
    occasions.month_word, occasions.year_end, _span, occasions.week, _year,
)  # fmt: skip


def _end_of_year(year: int, text: str, end: int) -> date | None:
    """The end of a year; before it, that of the one before."""
    which = year - 1 if occasions.before(text, end) else year
    return date(which, 12, 31) if MINYEAR <= which <= MAXYEAR else None


def _next(
    year: int | None, month: int, day: int | None, text: str, end: int, *, today: date, before: bool = False
) -> Named:
    """That month or day of this year, or of the next where it is over; one there is none of is unsure."""
    which = year if year is not None else today.year
    found = _day(which, month, day, text, end, before=before)
    if isinstance(found, date) and year is None and found < today:
        return _day(which + 1, month, day, text, end, before=before)
    return found


def _day(year: int, month: int, day: int | None, text: str, end: int, *, before: bool = False) -> Named:
    try:
        if before or occasions.before(text, end):
            return date(year, month, day or 1) - timedelta(days=1)
        return date(year, month, day) if day else date(year, month, calendar.monthrange(year, month)[1])
    except (ValueError, OverflowError):
        return Unsure()


def _relative(word: str | None, today: date) -> int | None:
    return None if word is None else today.year + {"去年": -1, "今年": 0, "明年": 1, "来年": 1, "后年": 2}[word]


def _year_of(written: str) -> int:
    return (
        int(written)
        if written.isdigit() and written.isascii()
        else int("".join(str("零一二三四五六七八九".find(c.replace("〇", "零"))) for c in written))
    )


def _number(written: str) -> int:
    """A number as written; of "两三" the larger one."""
    if written.isascii():
        return int(written)
    found = chinese(written)
    return int(found if found is not None else chinese(written[-1]) or 0)


def _add(on: date, n: int, unit: str, *, half: bool, sign: int = 1) -> Named:
    try:
        n, more = n * sign, half * sign
        if unit in {"day", "week"}:
            return on + timedelta(days=n * (7 if unit == "week" else 1) + (3 * more if unit == "week" else 0))
        months = n * (12 if unit == "year" else 1) + (6 * more if unit == "year" else 0)
        year, month = divmod(on.year * 12 + on.month - 1 + months, 12)
        day = min(on.day, calendar.monthrange(year, month + 1)[1])
        return date(year, month + 1, day) + timedelta(days=15 * more if unit == "month" else 0)
    except (ValueError, OverflowError):
        return Unsure()


def _short(text: str) -> str:
    return " ".join(text.split())[:200]
