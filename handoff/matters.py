"""What came of each matter that the bot dealt with: confirmed, assumed, handed to people, or left open. Pure.

A *matter* is a run of the bot's turns in one conversation with no more than two hours between neighbours: the same
span within which "that did not help" counts against an answer (`autonomy.SAME_MATTER`).
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from enum import StrEnum
from itertools import groupby
from typing import Final, NamedTuple

from handoff.autonomy import SAME_MATTER
from handoff.indicators import About
from handoff.kinds import Outcome

QUIET: Final = int(SAME_MATTER / timedelta(seconds=1))
DEALT_WITH: Final = frozenset({Outcome.ANSWERED, Outcome.CLARIFY, Outcome.ESCALATE, Outcome.FAILED})
NOT_SOLVED: Final = frozenset({"not_solved", "asked_for_person", "upset"})


class End(StrEnum):
    """What came of a matter."""

    CONFIRMED = "confirmed"
    ASSUMED = "assumed"
    HANDED_OFF = "handed_off"
    JOINED = "joined"
    UNANSWERED = "unanswered"
    OPEN = "open"


class Said(NamedTuple):
    """One turn of the bot, as far as solving is concerned; `pressed` is the button its answer was met with."""

    conversation: int
    at: int
    outcome: Outcome
    reason: str
    about: About
    ticket: int | None = None
    pressed: str | None = None


class Matter(NamedTuple):
    """A matter from its first turn on."""

    at: int
    end: End
    about: About
    ticket: int | None = None


def matters(said: Iterable[Said], *, people: Mapping[int, Sequence[int]], now: int) -> Iterator[Matter]:
    """The matters of some turns (by conversation, in order). `people`: when colleagues spoke in each conversation."""
    for conversation, turns in groupby(said, key=lambda turn: turn.conversation):
        for run in _runs(turns):
            if any(turn.outcome in DEALT_WITH for turn in run):
                yield _matter(run, people.get(conversation, ()), now)


def _runs(turns: Iterable[Said]) -> Iterator[list[Said]]:
    run: list[Said] = []
    for turn in turns:
        if run and turn.at - run[-1].at > QUIET:
            yield run
            run = []
        run.append(turn)
    if run:
        yield run


def _matter(run: Sequence[Said], people: Sequence[int], now: int) -> Matter:
    first = next(turn for turn in run if turn.outcome in DEALT_WITH)
    ticket = next((turn.ticket for turn in run if turn.ticket is not None), None)
    return Matter(first.at, _end(run, people, now), first.about, ticket)


def _end(run: Sequence[Said], people: Sequence[int], now: int) -> End:
    if any(turn.outcome in {Outcome.ESCALATE, Outcome.FAILED} or turn.ticket is not None for turn in run):
        return End.HANDED_OFF
    if any(turn.pressed == "human" or turn.reason in NOT_SOLVED for turn in run):
        return End.HANDED_OFF
    since = bisect_left(people, run[0].at)
    if since < len(people) and people[since] <= run[-1].at + QUIET:
        return End.JOINED
    if not any(turn.outcome is Outcome.ANSWERED for turn in run):
        return End.UNANSWERED if now - run[-1].at > QUIET else End.OPEN
    if any(turn.pressed == "solved" or turn.reason == "solved" for turn in run):
        return End.CONFIRMED
    return End.ASSUMED if now - run[-1].at > QUIET else End.OPEN
