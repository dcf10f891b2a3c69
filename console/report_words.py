"""What a report says, in words of one language: numbers, changes, dates, and the summary that rules write. Pure."""

import re
from collections.abc import Mapping
from datetime import date
from typing import Any, Final
from zoneinfo import ZoneInfo

from babel.dates import format_interval, format_skeleton
from babel.numbers import format_decimal

from console import check_words, formats, moments
from console.texts import Texts
from success.reports import lights
from success.reports.lights import Light
from success.reports.model import WEEKLY, Facts, Kind

LONGEST_MESSAGE: Final = 500
"""As a group reads it."""
_TINY: Final = 0.0005
_THAN: Final = {
    Kind.HEALTH: "month", Kind.REVIEW: "month", Kind.BRIEF: "week", Kind.WEEK: "week", Kind.QUARTER: "quarter",
}  # fmt: skip
_HAN: Final = "\u2e80-\u9fff\u3000-\u303f\uff00-\uffef"
_CHINESE: Final = re.compile(rf"(?<=[{_HAN}]) +(?=[{_HAN}])")
_LATIN: Final = re.compile(r"(?<=[\u4e00-\u9fff])(?=[A-Za-z])|(?<=[A-Za-z])(?=[\u4e00-\u9fff])")
PARTS: Final = ("availability", "speed", "dates", "security")


class Words:
    """The words of one report: a catalogue, a language, a zone, and what kind of report it is."""

    def __init__(self, texts: Texts, language: str, *, kind: Kind, zone: str) -> None:
        self.texts, self.language, self.kind, self.zone = texts, language, kind, ZoneInfo(zone)

    def __call__(self, key: str, /, **values: object) -> str:
        said = self.texts.say(key, self.language, **values)
        return said if self.language == "en" else spaced(said)

    def number(self, value: float | None, places: int = 0) -> str:
        """A number, or a dash."""
        return formats.number(value, self.language, places=places)

    def share(self, value: float | None) -> str:
        """A share in whole per cents, rounded down."""
        return formats.percent(value, self.language)

    def exact(self, value: float | None) -> str:
        """A share to a hundredth of a per cent, rounded down: what is not all is never 100 %."""
        if value is None:
            return formats.NOTHING
        cut = int(value * 10_000 + 1e-6) / 100
        return f"{format_decimal(cut, format='0.##', locale=formats.locale_of(self.language))}%"

    def seconds(self, ms: float | None) -> str:
        """Milliseconds as seconds."""
        return formats.NOTHING if ms is None else self("report.ms", value=self.number(ms / 1000, 2))

    def span(self, seconds: float | None) -> str:
        """A length of time."""
        return formats.NOTHING if seconds is None else moments.span(self.texts, self.language, seconds)

    def day(self, on: str | date) -> str:
        """A date with its year."""
        return formats.day(_date(on), self.language)

    def brief_day(self, on: str | date) -> str:
        """A date without its year."""
        return formats.brief_day(_date(on), self.language)

    def month(self, on: str | date) -> str:
        """A month, briefly."""
        return str(format_skeleton("MMM", _date(on), locale=formats.locale_of(self.language)))

    def period(self, first: str | date, last: str | date) -> str:
        """What the report's period is called."""
        begin, end, locale = _date(first), _date(last), formats.locale_of(self.language)
        if self.kind in WEEKLY:
            return str(format_interval(begin, end, "yMMMd", locale=locale))
        return str(format_skeleton("yQQQ" if self.kind is Kind.QUARTER else "yMMMM", begin, locale=locale))

    def place(self) -> str:
        """What people call the zone."""
        return formats.zone_name(self.zone, self.language)

    def than(self) -> str:
        """What it is compared with."""
        return self(f"report.than.{_THAN[self.kind]}")

    def change(self, now: float | None, before: float | None, *, words: str = "more") -> str:
        """By how much, in per cent, there is more (or less) than before."""
        if now is None or before is None or (before == 0 and now != 0):
            return self("report.change.no_before")
        grown = 0.0 if before == 0 else now / before - 1
        if abs(grown) < 0.005:  # noqa: PLR2004 - less than half a per cent
            return self("report.change.same")
        up, down = {"more": ("more", "less"), "up": ("up", "down"), "longer": ("longer", "shorter")}[words]
        shown = self.number(round(abs(grown) * 100)) + "%"
        return self(f"report.change.{up if grown > 0 else down}", value=shown)

    def points(self, now: float | None, before: float | None) -> str:
        """By how many points a share changed."""
        if now is None or before is None:
            return self("report.change.no_before")
        if abs(now - before) < _TINY:
            return self("report.change.same")
        shown = self("report.points", value=self.number(abs(now - before) * 100, 1))
        return self("report.change.up" if now > before else "report.change.down", value=shown)

    def listed(self, names: list[str]) -> str:
        """Names one after the other."""
        return self("report.list").join(names)

    def detail(self, site: Mapping[str, Any], part: str) -> str:
        """What stands under one of a site's lights."""
        light = site["lights"][part]
        if light == Light.UNKNOWN:
            return self(f"report.detail.{part}.unknown")
        if part == "dates":
            first = site["dates"][0]
            return self("report.detail.dates", what=self.what(first["what"]), on=self.day(first["on"]))
        if part == "security":
            calm = light == Light.GOOD and site["findings"]
            return self("report.detail.security.notes" if calm else "report.detail.security", n=site["findings"])
        return self._measured(site["uptime"], part)

    def _measured(self, up: Mapping[str, Any], part: str) -> str:
        if part == "availability":
            return self.exact(up["availability"])
        values = {"first": self.seconds(up["first_byte_ms"])}
        if up["total_ms"] is None:
            return self("report.detail.speed.first", **values)
        return self("report.detail.speed", **values, total=self.seconds(up["total_ms"]))

    def what(self, name: str) -> str:
        """What a last day is of."""
        return self(f"sites.what.{name}")

    def lights_key(self) -> str:
        """By which limits lights are given."""
        (good_first, slow_first), (good_total, slow_total) = lights.FIRST_BYTE_MS, lights.TOTAL_MS
        return self(
            "report.lights.key", first=self.seconds(good_first), total=self.seconds(good_total),
            slow_first=self.seconds(slow_first), slow_total=self.seconds(slow_total),
        )  # fmt: skip

    def finding(self, one: Mapping[str, Any]) -> str:
        """A finding in the words of the checks; its key where nobody wrote some."""
        return check_words.Words(texts=self.texts, language=self.language).named(one["key"], one["values"])

    def advice(self, one: Mapping[str, Any]) -> tuple[str, str]:
        """A piece of advice: what to do, and what for."""
        values = {name: self._value(name, value) for name, value in one["values"].items()}
        return self._fitting(f"report.advice.{one['key']}", values), self._fitting(
            f"report.advice.{one['key']}.why", values
        )

    def _fitting(self, key: str, values: dict[str, Any]) -> str:
        """A sentence with those of the values that it names."""
        return self(key, **{name: value for name, value in values.items() if name in self.texts.wanted(key)})

    def _value(self, name: str, value: Any) -> Any:
        match name:
            case "what":
                return self.what(value)
            case "on":
                return self.day(value)
            case "share":
                return self.exact(value)
            case "ms":
                return self.seconds(value)
        return value


def spaced(text: str) -> str:
    """Chinese as it is set: no space between two of its letters, one between them and a Latin word."""
    return _LATIN.sub(" ", _CHINESE.sub("", text))


def summary(facts: Facts, say: Words) -> list[str]:
    """Three to five sentences: how the sites do, what came of the requests, what comes first now."""
    found = [*_sites(facts, say), *_visits(facts, say), *_service(facts, say)]
    if facts["advice"]:
        found.append(say("report.summary.first", what=say.advice(facts["advice"][0])[0]))
    else:
        found.append(say("report.summary.nothing_to_do"))
    return found[:6]


def message_of(facts: Facts, say: Words, *, written: str = "", url: str = "") -> str:
    """A few lines for a group: what it is, three points (or what a person wrote instead), the way to the whole."""
    head = say(
        "report.message.head", kind=say(f"report.kind.{say.kind}"), period=say.period(facts["first"], facts["last"])
    )
    foot = say("report.message.url", url=url) if url else say("report.message.file")
    room = LONGEST_MESSAGE - len(head) - len(foot) - 4
    points = [written] if written else [f"• {each}" for each in highlights(facts, say)]
    body = "\n".join(points)
    return f"{head}\n\n{body if len(body) <= room else body[: room - 1] + '…'}\n\n{foot}"


def highlights(facts: Facts, say: Words) -> list[str]:
    """The three sentences that a client should read if it reads nothing else."""
    sites, visited, served = _sites(facts, say), _visits(facts, say), _service(facts, say)
    first = say("report.summary.first", what=say.advice(facts["advice"][0])[0]) if facts["advice"] else None
    found = [sites[0], *(served[:1] or visited[:1]), *(served and visited[:1]), first, *sites[1:], *served[1:]]
    return [each for each in found if each][:3]


def _sites(facts: Facts, say: Words) -> list[str]:
    sites = facts["sites"]
    if not sites:
        return [say("report.no_sites")]
    worst, found = lights.worst(Light(each["lights"][part]) for each in sites for part in PARTS), []
    if worst in {Light.WATCH, Light.BAD}:
        lit = [(each, part) for each in sites for part in PARTS if each["lights"][part] == worst]
        site, part = lit[0]
        what = say(f"report.light.of.{part}")
        if len(lit) > 1:
            found.append(say(f"report.summary.more.{worst}", site=site["title"], what=what, n=say.number(len(lit))))
        else:
            found.append(say(f"report.summary.{worst}", site=site["title"], what=what))
    measured = [each for each in sites if each["uptime"] and each["uptime"]["availability"] is not None]
    if not measured:
        return [*found, say("report.summary.unmeasured", n=say.number(len(sites)))]
    if worst is Light.GOOD:
        found.append(say("report.summary.good"))
    shown = say.exact(min(each["uptime"]["availability"] for each in measured))
    one = len(measured) == 1
    key = "report.summary.available.one" if one else "report.summary.available"
    return [*found, say(key, share=shown, **({"site": measured[0]["title"]} if one else {}))]


def _visits(facts: Facts, say: Words) -> list[str]:
    for each in facts["traffic"]:
        if each["visits"] is None:
            continue
        before = (each["before"] or {}).get("visits")
        named = {"site": each["title"], "visits": say.number(each["visits"])}
        if not before or each["days"] != each["period"]:
            return [say("report.summary.visits", **named)]
        change = say.change(each["visits"], before)
        return [say("report.summary.visits_change", **named, change=change, than=say.than())]
    return []


def _service(facts: Facts, say: Words) -> list[str]:
    service, open_n, waiting = facts["service"], facts["open_n"], facts["waiting_n"]
    if not service["opened"] and not service["resolved"] and not open_n:
        return [say("report.summary.no_requests")]
    values = {"n": service["opened"], "solved": say.number(service["resolved"])}
    found = []
    if service["judged"] and service["opened"]:
        found = [say("report.summary.service", **values, kept=say.share(service["kept"]))]
    elif service["opened"] or service["resolved"]:
        found = [say("report.summary.service_plain", **values)]
    if open_n:
        still = say("report.summary.still_open", n=open_n)
        found.append(still + (_gap(say) + say("report.summary.yours", n=waiting) if waiting else ""))
    return found


def _gap(say: Words) -> str:
    return " " if say.language == "en" else ""


def _date(on: str | date) -> date:
    return date.fromisoformat(on) if isinstance(on, str) else on
