"""A new drill drafted from a complaint's ticket: its client's words without whatever could be theirs. Pure.

Branches, rubric and pages are those of the shipped drill that is nearest to it; a person fills in what is marked.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import yaml

from handoff.kinds import Level, Tier
from knowledge.language import SIMPLIFIED, TRADITIONAL, detect, to_script
from success import private
from success.drills.model import WRITTEN
from success.private import Own

MARK: Final = "〔{}〕"
OPEN: Final = "〔"
TO_TRANSLATE: Final[Mapping[str, str]] = {"zh-Hans": "〔待译〕", "en": "〔to be translated〕"}
TO_WRITE: Final[Mapping[str, str]] = {"zh-Hans": "〔待补〕", "en": "〔to be written〕"}
LONGEST: Final = 300
MOST_LINES: Final = 8
_NEAREST: Final[Mapping[Level, str]] = {Level.EMERGENCY: "outage", Level.BUG: "outage", Level.CHANGE: "changed"}
_OTHER: Final = "slip"
_STREET: Final = re.compile(
    r"[\u4e00-\u9fff]{2,8}(?:省|市|区|县|镇)[\u4e00-\u9fff]{0,8}(?:路|街|道|巷|弄|大道)\d*[号\d\u4e00-\u9fff\-]{0,12}"
    r"|[\u4e00-\u9fff]{2,8}(?:路|街|大道|巷|弄)\s?\d{1,5}\s?号?(?:[\u4e00-\u9fff\d]{0,8}(?:楼|室|座|栋|层))?"
    r"|\b\d{1,5}\s+[A-Z][A-Za-z]+(?:\s[A-Z][A-Za-z]+){0,2}\s(?:Street|St|Road|Rd|Avenue|Ave|Lane|Ln|Drive|Square|Boulevard|Blvd)\b\.?"
)
_ADDRESS: Final[Mapping[str, str]] = {"zh-Hans": "地址", "zh-Hant": "地址", "en": "address"}
_TICKET: Final = re.compile(r"(?<![A-Za-z0-9])T-\d{1,18}(?!\d)", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Complained:
    """What a draft is made of: the ticket's level and tier, when it began, what its client wrote, in order."""

    slug: str
    level: Level
    tier: Tier
    at: datetime
    said: tuple[str, ...]
    own: Own


def nearest(level: Level) -> str:
    """The shipped drill whose branches and rubric a draft begins with."""
    return _NEAREST.get(level, _OTHER)


def anonymised(text: str, own: Own) -> str:
    """A client's words with names, firms, sites, addresses, phones, amounts and numbers replaced by marks."""
    language = detect(text)
    bare = _TICKET.sub(MARK.format(private.KINDS["number"][language]), text)
    bare = _STREET.sub(MARK.format(_ADDRESS[language]), bare)
    return " ".join(private.masked(bare, own, language=language, mark=MARK).split())[:LONGEST]


def draft(complained: Complained, base: str) -> str:
    """The drill as text, on the text of the shipped one; it reads, but what is marked must be seen to.

    What the shipped case denies is left out: another case may hold it.
    """
    root: dict[str, Any] = yaml.safe_load(base)
    lines = [text for said in complained.said if (text := anonymised(said, complained.own))]
    opening, later = lines[:2] or [""], lines[2:MOST_LINES]
    root |= {
        "name": complained.slug, "tier": str(complained.tier), "level": str(complained.level),
        "at": complained.at.replace(microsecond=0).isoformat(), "title": dict(TO_WRITE),
        "facts": [dict(TO_WRITE)], "opening": [_said(line) for line in opening],
    }  # fmt: skip
    root["persona"] |= {"name": dict(TO_WRITE), "firm": dict(TO_WRITE), "who": dict(TO_WRITE), "goal": dict(TO_WRITE)}
    root["otherwise"] = [_said(line) for line in later] or root["otherwise"]
    root["rubric"] = [{key: row[key] for key in row if key != "denied"} for row in root["rubric"]]
    return yaml.safe_dump(root, allow_unicode=True, sort_keys=False, width=110)


def open_points(text: str) -> int:
    """How many marks still stand in a draft."""
    return text.count(OPEN)


def _said(line: str) -> dict[str, str]:
    """A line in its language, to be translated into the other."""
    if not line:
        return dict(TO_WRITE)
    tongue = detect(line)
    tongue = SIMPLIFIED if tongue == TRADITIONAL else tongue
    own = to_script(line, SIMPLIFIED)
    return {each: own if each == tongue else TO_TRANSLATE[each] for each in WRITTEN}


def slug_of(taken: Sequence[str], ticket_id: int) -> str:
    """A name that no other drill has."""
    base, number = f"case-{ticket_id}", 2
    found = base
    while found in taken:
        found, number = f"{base}-{number}", number + 1
    return found
