"""When a client's training may be invited to, attended, asked about and closed; what its quiz comes to. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

EARLY: Final = timedelta(minutes=30)
"""So long before it begins somebody may say in the chat that they are there, and until a day after its end."""
LATE: Final = timedelta(days=1)
QUIZ_FOR: Final = timedelta(days=3)
"""Then a quiz is over, whoever has not answered."""
GOOD: Final = 0.8
"""The share of right answers from which on somebody has understood."""
MOST_QUESTIONS: Final = 10
MOST_PAGES: Final = 12
MOST_PEOPLE: Final = 60
TOPIC_LENGTH: Final = 120
PLACE_LENGTH: Final = 300
MINUTES: Final = range(5, 481)
LONGEST_AHEAD: Final = timedelta(days=366)
APART: Final = timedelta(hours=2)
"""So long after what was told before people are reminded at the earliest."""
_EVE, _MORNING = time(10), time(8, 30)


class TrainingState(StrEnum):
    """How far a training is."""

    PLANNED = "planned"
    INVITED = "invited"
    QUIZ = "quiz"
    CLOSED = "closed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, kw_only=True)
class Marked:
    """What one person's answers come to."""

    right: int
    answered: int
    asked: int

    @property
    def complete(self) -> bool:
        """Whether every question was answered."""
        return self.answered >= self.asked

    @property
    def share(self) -> float:
        """The share of right answers of all that were asked."""
        return self.right / self.asked if self.asked else 0.0

    @property
    def good(self) -> bool:
        """Whether they have understood."""
        return self.asked > 0 and self.share >= GOOD


def unfit(starts_at: datetime, minutes: int, place: str, *, now: datetime) -> str | None:
    """What is wrong with the time or the place of a training: the field; None where it may be held so."""
    if len(place) > PLACE_LENGTH:
        return "place"
    if not now < starts_at <= now + LONGEST_AHEAD:
        return "starts_at"
    return None if minutes in MINUTES else "minutes"


def may_attend(*, starts_at: datetime, minutes: int, now: datetime) -> bool:
    """Whether somebody may say now that they are there."""
    return starts_at - EARLY <= now <= starts_at + timedelta(minutes=minutes) + LATE


def remind_at(starts_at: datetime, *, zone: ZoneInfo, now: datetime) -> datetime | None:
    """When the invited are reminded: at 10:00 of the day before there, else at 8:30 of the morning itself.

    None where both are past, too close to now, or no longer before the training.
    """
    local = starts_at.astimezone(zone)
    eve, morning = local.date() - timedelta(days=1), local.date()
    for day, hour in ((eve, _EVE), (morning, _MORNING)):
        found = datetime.combine(day, hour, zone)
        if now + APART <= found <= starts_at - EARLY:
            return found
    return None


def marked(correct: Iterable[bool], *, asked: int) -> Marked:
    """What answers come to."""
    found = list(correct)
    return Marked(right=sum(found), answered=len(found), asked=asked)


def understood(everybody: Iterable[Marked]) -> float | None:
    """The share of people who have understood, of those who answered at all; None where nobody did."""
    found = [each for each in everybody if each.answered]
    return sum(each.good for each in found) / len(found) if found else None
