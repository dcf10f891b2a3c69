"""Times as people say them: "今晚21:00", "10月8日(周四)18:00", "tomorrow 09:00". Pure."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

_EVENING = 18
_DAYS_ZH = "一二三四五六日"
_DAYS_EN = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS_EN = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def say_when(instant: datetime, *, now: datetime, zone: str, language: str) -> str:
    """An instant as the client would say it, on the client's wall clock (`zone`, an IANA name).

    Minutes are rounded down, so a promise is never later than the clock that holds it.
    """
    local, today = instant.astimezone(ZoneInfo(zone)), now.astimezone(ZoneInfo(zone)).date()
    days = (local.date() - today) // timedelta(days=1)
    say = _english if language == "en" else _chinese
    return say(local, days, year=local.year != today.year, traditional=language == "zh-Hant")


def _chinese(local: datetime, days: int, *, year: bool, traditional: bool) -> str:
    clock = f"{local:%H:%M}"
    if days == 0:
        return f"今晚{clock}" if local.hour >= _EVENING else f"今天{clock}"
    if days == 1:
        return f"明天{clock}"
    week = "週" if traditional else "周"
    date = f"{local.month}月{local.day}日({week}{_DAYS_ZH[local.weekday()]}){clock}"
    return f"{local.year}年{date}" if year else date


def _english(local: datetime, days: int, *, year: bool, traditional: bool) -> str:
    del traditional
    clock = f"{local:%H:%M}"
    if days == 0:
        return f"{clock} today"
    if days == 1:
        return f"{clock} tomorrow"
    date = f"{clock} on {_DAYS_EN[local.weekday()]} {local.day} {_MONTHS_EN[local.month - 1]}"
    return f"{date} {local.year}" if year else date
