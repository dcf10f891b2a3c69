"""How long clients wait, from the messages of their conversations: the oldest unanswered one to its answer. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from handoff.kinds import Author, Outcome

SPOKEN = frozenset({Outcome.ANSWERED, Outcome.CLARIFY})
"""What of the bot's turns is an answer; the news that a colleague will answer is none."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """One public message of a conversation, as far as waiting is concerned.

    `starts`: a client's message that wants an answer; `answers`: a bot's or a person's that is one. `since` is where
    its ticket's clocks start, `over_at` when that was resolved; None without a ticket or while it is open.
    """

    conversation: int
    at: datetime
    author: Author
    starts: bool = False
    answers: bool = False
    since: datetime | None = None
    over_at: datetime | None = None
    turn: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Wait:
    """A client's wait from its oldest unanswered message; `ended` False: it goes on."""

    started_at: datetime
    seconds: float
    ended: bool


def waits(lines: Iterable[Line], *, now: datetime, person: bool) -> Iterator[Wait]:
    """Each wait of each conversation, until anybody answered, or only until a person did.

    Where a person is waited for, a matter that the bot settled is no wait, one that it left to people counts from the
    message left unresolved. A ticket's resolution ends a wait unanswered. Lines come by conversation, in their order.
    """
    for _, talk in groupby(lines, key=lambda line: line.conversation):
        yield from _waits_of(talk, now=now, person=person)


@dataclass(slots=True)
class _Open:
    """A wait that goes on: `matter` has a ticket, `over` is when that was resolved."""

    oldest: datetime
    matter: bool = False
    over: datetime | None = None

    def hears(self, line: Line, *, answered: datetime | None, person: bool) -> None:
        """A further message of the client, perhaps one that a ticket was made of."""
        if line.since is None:
            return
        self.matter = True
        self.over = line.over_at if line.over_at is not None and line.over_at > line.at else None
        if person and (answered is None or line.since > answered):
            self.oldest = min(self.oldest, line.since)


def _waits_of(talk: Iterable[Line], *, now: datetime, person: bool) -> Iterator[Wait]:
    wait: _Open | None = None
    answered: datetime | None = None
    for line in talk:
        if wait is not None and wait.over is not None and wait.over <= line.at:
            yield _wait(wait.oldest, wait.over, ended=False)
            wait = None
        if line.starts:
            wait = wait or _Open(line.at)
            wait.hears(line, answered=answered, person=person)
        elif line.answers and wait is not None and _ends(wait, line, person=person):
            if line.author is Author.STAFF or not person:
                yield _wait(wait.oldest, line.at, ended=True)
            wait = None
        if line.answers and line.author is Author.STAFF:
            answered = line.at
    if wait is not None and (wait.matter or not person):
        yield _wait(wait.oldest, wait.over or now, ended=False)


def _ends(wait: _Open, line: Line, *, person: bool) -> bool:
    """A person ends any wait; the bot ends one for anybody, and one for a person that has no ticket."""
    return line.author is Author.STAFF or not person or not wait.matter


def _wait(start: datetime, end: datetime, *, ended: bool) -> Wait:
    return Wait(started_at=start, seconds=max(0.0, (end - start).total_seconds()), ended=ended)


def latencies(lines: Iterable[Line]) -> Iterator[float]:
    """For each answer of the bot, the seconds since the last message that it answers."""
    asked: dict[int, datetime] = {}
    for line in lines:
        if line.turn is None:
            continue
        if line.author is Author.CLIENT:
            asked[line.turn] = line.at
        elif line.author is Author.BOT and line.turn in asked:
            yield max(0.0, (line.at - asked.pop(line.turn)).total_seconds())


def wordless(text: str) -> bool:
    """Whether a text is emoji and punctuation only, and no question mark: no response, and no request."""
    return bool(text) and not any(letter.isalnum() or letter in "?\uff1f" for letter in text)
