"""The rules of routing as data: skills, teams, waiting times, the emergency page; pure but for `load`.

`routes.yaml` is the default document; every mistake is a PolicyError that names the field.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Final

from handoff.errors import PolicyError
from handoff.fields import known, mapping
from handoff.kinds import Level, Tier
from handoff.policy import read_file

DEFAULT: Final = Path(__file__).with_name("routes.yaml")
FIELDS: Final = ("skills", "teams", "pass_over_minutes", "silent_percent", "emergency_page", "emergency_weight")
WORD_LENGTH: Final = 40
LONGEST: Final = 7 * 24 * 60  # minutes
WHOLE: Final = 100  # per cent
HEAVIEST: Final = 100
_SLUG: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")


class PageStep(StrEnum):
    """What the desk does about an emergency that nobody takes."""

    DIRECT = "direct"
    PHONE = "phone"
    LEAD = "lead"


@dataclass(frozen=True, kw_only=True)
class Step:
    """A step of the emergency page, counted from when the desk knew of the emergency."""

    name: PageStep
    after: timedelta


@dataclass(frozen=True, kw_only=True)
class Routes:
    """Whom to ask and how long to wait. `silent` is a fraction of a response target, None for never."""

    skills: Mapping[str, str]
    teams: Mapping[Tier, str]
    pass_over: Mapping[Level, timedelta]
    silent: float | None
    steps: tuple[Step, ...]
    emergency_weight: int
    document: Mapping[str, object]


def load(path: Path = DEFAULT) -> Routes:
    """Read a file of routing rules; raises PolicyError naming the file and the field."""
    document = read_file(path)
    try:
        return parse(document)
    except PolicyError as error:
        raise PolicyError(f"{path.name}: {error.where}", error.why) from error


@lru_cache(maxsize=8)
def restore(document: str) -> Routes:
    """Read rules kept as JSON."""
    return parse(json.loads(document))


def parse(document: object) -> Routes:
    """Read the rules' document; raises PolicyError naming the first field that cannot be meant."""
    root = _mapping(document, "routes", FIELDS)
    waits = _mapping(root.get("pass_over_minutes"), "pass_over_minutes", Level)
    percent = _whole(root.get("silent_percent"), "silent_percent", at_most=WHOLE - 1)
    return Routes(
        skills=_skills(root.get("skills")),
        teams={
            Tier(tier): slug(name, f"teams.{tier}") for tier, name in _mapping(root.get("teams"), "teams", Tier).items()
        },
        pass_over={level: _minutes(waits.get(level), f"pass_over_minutes.{level}") for level in Level},
        silent=percent / WHOLE if percent else None,
        steps=_steps(root.get("emergency_page")),
        emergency_weight=_whole(root.get("emergency_weight"), "emergency_weight", at_least=1, at_most=HEAVIEST),
        document=json.loads(json.dumps(root)),
    )


def slug(value: object, where: str) -> str:
    """A team's short name: small letters, digits, hyphens; raises PolicyError."""
    if not isinstance(value, str) or not _SLUG.fullmatch(value):
        raise PolicyError(where, f"{str(value)[:WORD_LENGTH]!r} is no short name (small letters, digits, hyphens)")
    return value


def _skills(value: object) -> Mapping[str, str]:
    rows = _mapping(value, "skills")
    return {_word(category, "skills"): _word(skill, f"skills.{category}") for category, skill in rows.items()}


def _steps(value: object) -> tuple[Step, ...]:
    if not isinstance(value, list) or not value:
        raise PolicyError("emergency_page", "must be a list with at least one step")
    steps = tuple(_step(row, f"emergency_page.{place}") for place, row in enumerate(value, 1))
    for before, after in pairwise(steps):
        if after.after <= before.after:
            raise PolicyError("emergency_page", "steps must be in the order of their minutes, no two at the same")
    if len({step.name for step in steps}) < len(steps):
        raise PolicyError("emergency_page", "a step stands twice")
    return steps


def _step(value: object, where: str) -> Step:
    row = _mapping(value, where, ("step", "minutes"))
    if row.get("step") not in set(PageStep):
        raise PolicyError(f"{where}.step", f"must be one of {', '.join(PageStep)}")
    return Step(name=PageStep(str(row["step"])), after=_minutes(row.get("minutes"), f"{where}.minutes"))


def _minutes(value: object, where: str) -> timedelta:
    return timedelta(minutes=_whole(value, where, at_least=1, at_most=LONGEST))


def _word(value: object, where: str) -> str:
    if not isinstance(value, str) or not value.strip() or len(value) > WORD_LENGTH:
        raise PolicyError(where, f"must be a word of at most {WORD_LENGTH} characters")
    return value.strip().casefold()


def _whole(value: object, where: str, *, at_least: int = 0, at_most: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not at_least <= value <= at_most:
        raise PolicyError(where, f"{str(value)[:WORD_LENGTH]!r} is not a whole number from {at_least} to {at_most}")
    return value


def _mapping(value: object, where: str, names: Iterable[str] | None = None) -> Mapping[str, object]:
    rows = mapping(value, where)
    if names is not None:
        known(rows, names, where)
    return rows
