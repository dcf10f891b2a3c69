"""Change requests: what they cost by day rates, and what exactly is confirmed. Pure."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Final

from success.projects.board_rules import read_halves
from success.projects.errors import ProjectRefused
from success.projects.price_rules import PriceList

MOST_LINES: Final = 20


class Scope(StrEnum):
    """`IN`: what is agreed already covers it; `QUOTED`: it costs what its lines come to."""

    IN = "in"
    QUOTED = "quoted"


class ChangeState(StrEnum):
    """How far a change request has come; work on it starts only once it is confirmed."""

    DRAFT = "draft"
    SENT = "sent"
    CONFIRMED = "confirmed"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, kw_only=True)
class Effort:
    """Half days of a role at its day rate; `name` is what the role was called then."""

    role: str
    name: str
    halves: int
    rate: int


def cost(lines: Sequence[Effort]) -> int:
    """What half days come to; half a unit is rounded up once, in the sum."""
    return -(-sum(each.halves * each.rate for each in lines) // 2)


def efforts(typed: Sequence[tuple[str, str]], prices: PriceList, language: str) -> tuple[Effort, ...]:
    """Days by role as they are typed, empty ones left out. Raises ProjectRefused: ``role``, ``days``."""
    found = []
    for role, days in typed:
        if not days.strip():
            continue
        rate, halves = prices.rate(role), read_halves(days)
        if rate is None:
            raise ProjectRefused("role")
        if halves is None:
            raise ProjectRefused("days")
        if halves:
            found.append(Effort(role=role, name=rate.name(language), halves=halves, rate=rate.day))
    if len(found) > MOST_LINES:
        raise ProjectRefused("days")
    return tuple(found)


def digest(
    *, title: str, says: str, scope: Scope, lines: Sequence[Effort], currency: str, allowance: str, amount: int
) -> str:
    """What changes with everything that is confirmed."""
    shown = [title, says, str(scope), [asdict(each) for each in lines], currency, allowance, amount]
    return hashlib.sha256(json.dumps(shown, ensure_ascii=False).encode()).hexdigest()
