"""Earned autonomy: how good the bot's silent drafts were, when it may answer unasked, when no longer. Pure."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from math import sqrt
from typing import Final, Literal

from handoff.kinds import Mode, Outcome
from handoff.model import Turn

Verdict = Literal["hit", "miss", "none"]
"""Drafted what a colleague then said, or something else; `none`: no answer was drafted, which proves nothing."""

Z95: Final = 1.6448536269514722  # 95 % of a normal distribution lie below it
RECENT: Final = timedelta(days=90)
"""Older drafts were made of another manual."""

WATCHED_ANSWERS: Final = 30
LEAST_UNSOLVED: Final = 3
MOST_UNSOLVED: Final = 0.2
SAME_MATTER: Final = timedelta(hours=2)
_NOT_SOLVED: Final = frozenset({"not_solved", "asked_for_person", "upset"})
_PASSING: Final = frozenset({"small_talk", "empty", "solved"})
_OFFERED_IN: Final = frozenset({Mode.MENTION, Mode.SHADOW})


@dataclass(frozen=True, kw_only=True, slots=True)
class Tally:
    """Hits among drafted answers that a colleague's answer could be held against; of one category, or of all."""

    category: str | None = None
    hits: int = 0
    answers: int = 0

    @property
    def lower(self) -> float:
        """What share of hits is at least to be expected, with 95 % confidence."""
        return lower_bound(self.hits, self.answers)


@dataclass(frozen=True, kw_only=True, slots=True)
class Bound:
    """From when on the auto mode is offered: the lower bound in per cent, and how many answers at least."""

    percent: int = 80
    least: int = 20


@dataclass(frozen=True, kw_only=True, slots=True)
class Fall:
    """Why a chat may not stay in auto: so many of so many answers did not solve it."""

    unsolved: int
    answers: int


def lower_bound(hits: int, n: int, *, z: float = Z95) -> float:
    """The lower end of Wilson's score interval, one-sided 95 % by default; 0 without any hit.

    E. B. Wilson, "Probable Inference, the Law of Succession, and Statistical Inference", Journal of the American
    Statistical Association 22 (1927), 209-212. It holds for few trials, where the normal interval does not.
    """
    if hits == 0:
        return 0.0
    share, square = hits / n, z * z
    middle = share + square / (2 * n)
    spread = z * sqrt(share * (1 - share) / n + square / (4 * n * n))
    return max(0.0, (middle - spread) / (1 + square / n))


def total(tallies: Iterable[Tally]) -> Tally:
    """All categories together."""
    every = list(tallies)
    return Tally(hits=sum(one.hits for one in every), answers=sum(one.answers for one in every))


def offers(tallies: Iterable[Tally], bound: Bound, *, mode: Mode) -> bool:
    """Whether the chat has earned that its admin is offered the auto mode."""
    whole = total(tallies)
    return mode in _OFFERED_IN and whole.answers >= bound.least and whole.lower * 100 >= bound.percent


def falls(unsolved: Sequence[bool]) -> Fall | None:
    """Whether too many of the latest answers given in auto did not solve the matter; None: it may go on.

    Wilson's lower bound of their share must pass the limit, so that two unhappy clients of two prove nothing yet.
    """
    latest = unsolved[-WATCHED_ANSWERS:]
    many = sum(latest)
    if many < LEAST_UNSOLVED or lower_bound(many, len(latest)) <= MOST_UNSOLVED:
        return None
    return Fall(unsolved=many, answers=len(latest))


def unsolved_answers(turns: Sequence[Turn], *, pressed_human: Collection[int] = ()) -> list[bool]:
    """For each answer among a chat's turns (oldest first), whether it did not solve the matter.

    It did not if its asker wanted a person, by the button (`pressed_human` holds such replies) or in words, or said
    so within two hours, whatever thanks or "solved" came between.
    """
    return [
        turn.reply_id in pressed_human or _complained(turn, turns[place + 1 :])
        for place, turn in enumerate(turns)
        if turn.outcome is Outcome.ANSWERED
    ]


def _complained(answer: Turn, later: Iterable[Turn]) -> bool:
    for turn in later:
        if turn.at - answer.at > SAME_MATTER:
            return False
        same = (turn.conversation_id, turn.person_id) == (answer.conversation_id, answer.person_id)
        if same and turn.reason not in _PASSING:
            return turn.reason in _NOT_SOLVED
    return False


def by_category(rows: Mapping[str | None, tuple[int, int]]) -> tuple[Tally, ...]:
    """Tallies from (hits, answers), those with most answers first."""
    found = (Tally(category=name, hits=hits, answers=answers) for name, (hits, answers) in rows.items())
    return tuple(sorted(found, key=lambda one: (-one.answers, one.category or "")))
