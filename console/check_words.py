"""Findings and checks in words, in any language of ours: for pages, tickets, commands and reports. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from string import Formatter
from typing import Final
from zoneinfo import ZoneInfo

from console import formats
from console.texts import Texts
from handoff.sites import Site
from success.checks.model import OURS, Facts, Finding, Param, State, Verdict
from success.checks.reading import Tracked

_MOST_TOLD: Final = 4
_MOST_ADDRESSES: Final = 4
_TITLE: Final = {
    State.OK: "check.note.answers",
    State.DEGRADED: "check.note.faults",
    State.DOWN: "check.note.silent",
    State.UNKNOWN: "check.note.not_visited",
}


@dataclass(frozen=True, kw_only=True)
class Words:
    """A catalogue in one language."""

    texts: Texts
    language: str

    def say(self, key: str, /, **values: object) -> str:
        """A sentence."""
        return self.texts.say(key, self.language, **values)

    def matter(self, found: Finding | Tracked) -> str:
        """What is the matter."""
        return self.named(found.key, dict(found.facts))

    def named(self, key: str, facts: Mapping[str, Param]) -> str:
        """A finding of that key, as a sentence."""
        return self._filled(f"check.f.{key}", facts)

    def advice(self, found: Finding | Tracked) -> str:
        """What to do about it, in one line."""
        return self._filled(f"check.a.{found.key}", dict(found.facts))

    def ms(self, value: int | None) -> str:
        """Milliseconds; a dash for none."""
        if value is None:
            return formats.NOTHING
        return self.say("check.ms", n=formats.number(value, self.language))

    def share(self, value: float | None) -> str:
        """A share of checks, to a tenth of a per cent and rounded down: 100 % is all of them."""
        if value is None:
            return formats.NOTHING
        return f"{formats.number(int(value * 1000) / 10, self.language, places=1)} %"

    def _filled(self, key: str, facts: Mapping[str, Param]) -> str:
        """A sentence with what it wants of the facts; a key of another version of ours is shown as it is."""
        if not self.texts.has(key):
            return key.partition(".")[2]
        sentence = str(self.texts.entries[key][self.language])
        wanted = {name for _, name, _, _ in Formatter().parse(sentence) if name}
        return self.say(key, **{name: self._fact(name, facts) for name in wanted})

    def _fact(self, name: str, facts: Mapping[str, Param]) -> str:
        if name == "seconds" and isinstance(facts.get("ms"), int):
            return formats.number(int(facts["ms"]) / 1000, self.language, places=1)
        value = facts.get(name, formats.NOTHING)
        return formats.number(value, self.language, places=1) if isinstance(value, float) else str(value)


def note(
    words: Words, site: Site, facts: Facts, found: tuple[Finding, ...], *, verdict: State, zone: ZoneInfo
) -> str:  # fmt: skip
    """What stands in a ticket: nothing in it was written by the site but numbers and addresses."""
    today = facts.at.astimezone(zone).date()
    at = f"{facts.at.astimezone(zone):%H:%M}"
    lines = [words.say("check.note.head", site=site.shown, at=at, state=words.say(_TITLE[verdict]))]
    lines += [f"• {words.matter(each)} {words.advice(each)}" for each in found[:_MOST_TOLD]]
    if facts.addresses and facts.trouble not in OURS:
        lines.append(words.say("check.note.dns", addresses=", ".join(facts.addresses[:_MOST_ADDRESSES])))
    if facts.status is not None:
        first, total = words.ms(facts.phases.first_byte_ms), words.ms(facts.phases.total_ms)
        lines.append(words.say("check.note.http", status=facts.status, first=first, total=total))
    lines += _certificate(words, facts, zone)
    if site.domain_on is not None:
        lines.append(_dated(words, "check.note.domain", site.domain_on, today))
    return "\n".join(lines)


def _certificate(words: Words, facts: Facts, zone: ZoneInfo) -> list[str]:
    shown = facts.certificate
    if shown is None:
        return []
    if shown.verdict is not Verdict.HOLDS or shown.not_after is None:
        return [words.say("check.note.tls_bad")]
    return [_dated(words, "check.note.tls", shown.not_after.astimezone(zone).date(), facts.at.astimezone(zone).date())]


def _dated(words: Words, key: str, on: date, today: date) -> str:
    return words.say(key, day=formats.day(on, words.language), days=(on - today).days)


def instant(text: object) -> datetime | None:
    """An instant that a run's facts hold as text."""
    return datetime.fromisoformat(text) if isinstance(text, str) and text else None
