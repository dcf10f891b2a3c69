"""More questions than can be answered at once: who is told to wait, and what (product.md, *Peaks*). Pure.

Whoever spoke to us and has waited for `PATIENCE` hears once how matters stand: the place in line, when an answer is to
be expected at the pace of the last minute, and the word that lets an urgent matter go first. The answer follows.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import Final

from bot.gate import SPEAKS
from bot.triage import Reading
from bot.when import say_when
from console.texts import Texts
from handoff.kinds import Mode

PATIENCE: Final = timedelta(seconds=20)
ONCE_IN: Final = timedelta(minutes=15)  # in a conversation, whatever else is asked there meanwhile
PACE: Final = timedelta(minutes=1)  # the stretch over which the pace is taken
_STEP_S: Final = 300  # what we promise is rounded up to five minutes
_FAR: Final = timedelta(hours=3)  # who would wait longer is told no time


@dataclass(frozen=True, kw_only=True)
class Standing:
    """Where a question stands: its place in line, the next one's being 1, and how many turns are had in `PACE`."""

    place: int
    pace: int
    zone: str
    now: datetime

    @property
    def expected_at(self) -> datetime | None:
        """When it is answered at this pace, rounded up; None if nothing moves, or not for hours."""
        if not self.pace:
            return None
        wait = PACE * self.place / self.pace
        if wait > _FAR:
            return None
        return datetime.fromtimestamp(ceil((self.now + wait).timestamp() / _STEP_S) * _STEP_S, tz=self.now.tzinfo)


def is_told(reading: Reading, *, spoken_to: bool, mode: Mode, waited: timedelta) -> bool:
    """Whether the author of a message that waits for its turn is told so: only who expects us to answer."""
    expects = spoken_to and mode in SPEAKS and not reading.small_talk
    return expects and not reading.emergency and waited >= PATIENCE


def sentence(standing: Standing, *, language: str, texts: Texts) -> str:
    """What they are told."""
    opening = texts.say("crowd.kept", language)
    first = standing.place <= 1
    place = texts.say("crowd.next", language) if first else texts.say("crowd.place", language, place=standing.place)
    expected = standing.expected_at
    when = say_when(expected, now=standing.now, zone=standing.zone, language=language) if expected else None
    time = texts.say("crowd.when", language, when=when) if when else texts.say("crowd.soon", language)
    return texts.say("crowd.told", language, opening=opening, place=place, time=time)
