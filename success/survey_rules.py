"""What may be asked of a client's people beside their tickets, how often, and what an answer means. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import Final

from success.rating_rules import CHANGEABLE, LOW

REST: Final = timedelta(days=90)
"""Nobody is asked for a recommendation more often."""
AFTER_RATING: Final = timedelta(days=7)
"""Nor so soon after they were asked to rate a ticket."""
ACTIVE: Final = timedelta(days=90)
"""Who wrote to us within it may be asked."""
OPEN_FOR: Final = timedelta(days=30)
SPREAD_DAYS: Final = 28
MOST_OF_CLIENT: Final = 3
"""As many people of one client are asked in a quarter."""
PROMOTER: Final = 9
PASSIVE: Final = 7


class SurveyKind(StrEnum):
    """What is asked."""

    NPS = "nps"
    STAGE = "stage"


class Stage(StrEnum):
    """A project's stages; `ACCEPTANCE` is of projects that have no board."""

    NEEDS = "needs"
    DESIGN = "design"
    BUILD = "build"
    TEST = "test"
    LAUNCH = "launch"
    ACCEPTANCE = "acceptance"


SCALES: Final = {SurveyKind.NPS: range(11), SurveyKind.STAGE: range(1, 6)}


@dataclass(frozen=True, kw_only=True)
class Contact:
    """Somebody of a client's who may be asked for a recommendation, and when they were last asked what."""

    person_id: int
    client_id: int
    nps_at: datetime | None
    rated_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class Choice:
    """Who is asked, and from when on."""

    contact: Contact
    due_at: datetime


def is_low(kind: SurveyKind, value: int) -> bool:
    """Whether somebody gets in touch: a stage below 4, a detractor (0 to 6)."""
    return value < (PASSIVE if kind is SurveyKind.NPS else LOW)


def choose(
    contacts: Iterable[Contact], *, quarter: str, begins: datetime, ends: datetime, most: int = MOST_OF_CLIENT
) -> tuple[Choice, ...]:
    """Whom a quarter asks, so many of each client, spread over four weeks or what is left of it; drawn, always alike.

    Those come first who were never asked, then those asked longest ago; who still rests when the quarter ends is left
    out.
    """
    of: dict[int, list[Contact]] = {}
    for each in contacts:
        of.setdefault(each.client_id, []).append(each)
    chosen: list[Choice] = []
    for mine in of.values():
        ranked = sorted(mine, key=lambda each: (each.nps_at is not None, each.nps_at or begins, _draw(quarter, each)))
        fit = [choice for each in ranked if (choice := _choice(each, quarter, begins, ends)) is not None]
        chosen += fit[:most]
    return tuple(sorted(chosen, key=lambda each: (each.due_at, each.contact.person_id)))


def rested(contact: Contact) -> datetime | None:
    """From when on somebody may be asked again; None where they may be at any time."""
    until = [at + rest for at, rest in ((contact.nps_at, REST), (contact.rated_at, AFTER_RATING)) if at is not None]
    return max(until, default=None)


def closed_to(*, asked_at: datetime | None, answered_at: datetime | None, now: datetime) -> str | None:
    """Why an answer is not taken: ``late``, or ``settled`` where it was given more than a day ago; else None."""
    if answered_at is not None:
        return "settled" if now - answered_at >= CHANGEABLE else None
    return "late" if asked_at is not None and now - asked_at >= OPEN_FOR else None


@dataclass(frozen=True, kw_only=True)
class Score:
    """What a period's answers come to. `score` is −100 to 100: per cent of promoters less per cent of detractors."""

    asked: int = 0
    promoters: int = 0
    passives: int = 0
    detractors: int = 0

    @property
    def answered(self) -> int:
        """How many answered."""
        return self.promoters + self.passives + self.detractors

    @property
    def score(self) -> float | None:
        """The net promoter score; None without answers."""
        return (self.promoters - self.detractors) / self.answered * 100 if self.answered else None

    @property
    def response_rate(self) -> float | None:
        """The share of those asked who answered; None where nobody was asked."""
        return self.answered / self.asked if self.asked else None


def score(asked: int, values: Sequence[int]) -> Score:
    """The score of so many requests and these answers."""
    promoters = sum(value >= PROMOTER for value in values)
    detractors = sum(value < PASSIVE for value in values)
    passives = len(values) - promoters - detractors
    return Score(asked=asked, promoters=promoters, passives=passives, detractors=detractors)


def _choice(contact: Contact, quarter: str, begins: datetime, ends: datetime) -> Choice | None:
    spread = max(1, min(SPREAD_DAYS, (ends - begins).days))
    day = int(sha256(f"{quarter}:day:{contact.person_id}".encode()).hexdigest()[:8], 16) % spread
    due_at = max(begins + timedelta(days=day), rested(contact) or begins)
    return Choice(contact=contact, due_at=due_at) if due_at < ends else None


def _draw(quarter: str, contact: Contact) -> str:
    return sha256(f"{quarter}:{contact.person_id}".encode()).hexdigest()
