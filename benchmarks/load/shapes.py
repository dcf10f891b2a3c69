"""What is said in thousands of groups: shapes of conversations as data, begun at random instants, from a seed."""

import heapq
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from random import Random
from typing import Final

from benchmarks.theatre.talk import EMERGENCIES, OPENINGS, QUESTIONS, SMALL_TALK, Line

FOLLOW_UPS: Final = ("那手机版呢?", "在哪里点?", "还有别的办法吗?", "and on my phone?", "那英文版怎么改?")
THANKS: Final = ("谢谢", "好的 谢谢", "收到，谢谢", "thanks!", "ok")
COLLEAGUES: Final = ("我看一下", "这个我来跟", "@小王 明天上午改", "图收到了", "周五前给您", "checked, all good here")
_FIRST_ASKERS, _FIRST_TALKER, _PEOPLE = 3, 3, 6
COLLEAGUE: Final = -1


@dataclass(frozen=True)
class Beat:
    """One line of a shape: `who` (asker, talker, other, colleague), out of `words`, so many seconds after the first.

    `spread`: as many seconds more at random. `to_bot`: addressed to it.
    """

    who: str
    words: tuple[str, ...]
    after: float = 0.0
    spread: float = 0.0
    to_bot: bool = False
    kind: str = "talk"


@dataclass(frozen=True)
class Shape:
    """A conversation, and how often it comes, against the others."""

    weight: float
    beats: tuple[Beat, ...]
    web: bool = False
    """Whether it can also take place in the web chat, where one writes alone."""


SHAPES: Final = {
    "question": Shape(30, (Beat("asker", QUESTIONS, to_bot=True, kind="question"),), web=True),
    "burst": Shape(
        8,
        (
            Beat("asker", OPENINGS),
            Beat("asker", OPENINGS, 0.7),
            Beat("asker", QUESTIONS, 1.5, to_bot=True, kind="burst"),
        ),
    ),
    "follow_up": Shape(
        8,
        (
            Beat("asker", QUESTIONS, to_bot=True, kind="question"),
            Beat("asker", FOLLOW_UPS, 15, 15, to_bot=True, kind="follow_up"),
            Beat("asker", THANKS, 35, 15),
        ),
        web=True,
    ),
    "thanks": Shape(
        10,
        (Beat("asker", QUESTIONS, to_bot=True, kind="question"), Beat("asker", THANKS, 8, 8)),
        web=True,
    ),
    "chatter": Shape(
        26,
        (
            Beat("talker", SMALL_TALK),
            Beat("other", SMALL_TALK, 2, 3),
            Beat("talker", SMALL_TALK, 6, 6),
        ),
    ),
    "colleagues": Shape(
        10, (Beat("colleague", COLLEAGUES, kind="staff_talk"), Beat("talker", SMALL_TALK, 3, 5))
    ),
    "emergency": Shape(1.5, (Beat("talker", EMERGENCIES, kind="emergency"),), web=True),
}  # fmt: skip


def mean_beats(*, web: bool = False) -> float:
    """Messages of a conversation, on the average."""
    chosen = [shape for shape in SHAPES.values() if shape.web or not web]
    return sum(shape.weight * len(shape.beats) for shape in chosen) / sum(shape.weight for shape in chosen)


class Crowd:
    """Conversations in `chats` groups, begun by a Poisson process; what they go on with comes whatever the pace is.

    The pace may change on the way; it is of messages, over all chats.
    """

    def __init__(self, *, chats: int, seed: int, web: bool = False) -> None:
        self._chance, self._chats = Random(seed), chats
        self._shapes = [shape for shape in SHAPES.values() if shape.web or not web]
        self._beats, self._numbers = mean_beats(web=web), count(1)
        self._later: list[tuple[float, int, Line]] = []
        self._begins = 0.0
        self._askers: dict[int, int] = {}

    def lines(self, *, since: float, until: float, rate: float) -> Iterator[tuple[float, Line]]:
        """What is said between two instants, in order; also what earlier conversations go on with."""
        self._begins = since
        pause = self._beats / rate if rate else float("inf")
        if rate:
            self._begins += self._chance.expovariate(1 / pause)
        while True:
            due = self._later[0][0] if self._later else float("inf")
            at = min(due, self._begins)
            if at >= until:
                return
            if due <= self._begins:
                yield due, heapq.heappop(self._later)[2]
                continue
            self._begin(at)
            self._begins = at + self._chance.expovariate(1 / pause)

    @property
    def unsaid(self) -> int:
        """Lines of conversations that have begun, still to come."""
        return len(self._later)

    def _begin(self, at: float) -> None:
        pick = self._chance
        chat = pick.randrange(self._chats)
        shape = pick.choices(self._shapes, [each.weight for each in self._shapes])[0]
        self._askers[chat] = asker = (self._askers.get(chat, -1) + 1) % _FIRST_ASKERS
        talker, other = pick.sample(range(_FIRST_TALKER, _PEOPLE), 2)
        people = {"asker": asker, "talker": talker, "other": other, "colleague": COLLEAGUE}
        for beat in shape.beats:
            line = Line(
                number=next(self._numbers),
                chat=chat,
                person=people[beat.who],
                text=pick.choice(beat.words),
                asked="bot" if beat.to_bot else "nobody",
                kind=beat.kind,
            )
            heapq.heappush(self._later, (at + beat.after + pick.uniform(0, beat.spread), line.number, line))
