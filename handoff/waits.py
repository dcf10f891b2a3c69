"""How long clients wait, from the messages of their conversations: the oldest unanswered one to its answer. Pure.

Instants are whole seconds since 1970: there are very many.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple

from handoff.indicators import NOTHING, About
from handoff.kinds import Author, Outcome

SPOKEN = frozenset({Outcome.ANSWERED, Outcome.CLARIFY})
"""What of the bot's turns is an answer; the news that a colleague will answer is none."""


class Line(NamedTuple):
    """One public message of a conversation, as far as waiting is concerned.

    `starts`: a client's message that wants an answer; `answers`: a bot's or a person's that is one. `since` is where
    its ticket's clocks start, `over_at` when that was resolved; None without a ticket or while it is open. `about`
    and `ticket` are told of the wait that it is part of.
    """

    conversation: int
    at: int
    author: Author
    starts: bool = False
    answers: bool = False
    since: int | None = None
    over_at: int | None = None
    turn: int | None = None
    ticket: int | None = None
    about: About = NOTHING


class Wait(NamedTuple):
    """A client's wait from its oldest unanswered message; `ended` False: it goes on."""

    started_at: int
    seconds: int
    ended: bool
    ticket: int | None = None
    about: About = NOTHING


def waits(lines: Iterable[Line], *, now: int, person: bool) -> Iterator[Wait]:
    """Each wait of each conversation, until anybody answered, or only until a person did.

    Where a person is waited for, a matter that the bot settled is no wait, one that it left to people counts from the
    message left unresolved. A ticket's resolution ends a wait unanswered. Lines come by conversation, in their order.
    """
    for _, talk in groupby(lines, key=attrgetter("conversation")):
        yield from _waits_of(talk, now=now, person=person)


@dataclass(slots=True)
class _Open:
    """A wait that goes on: `matter` has a ticket, `over` is when that was resolved."""

    oldest: int
    ticket: int | None
    about: About
    matter: bool = False
    over: int | None = None

    def hears(self, line: Line, *, answered: int | None, person: bool) -> None:
        """A further message of the client, perhaps one that a ticket was made of."""
        if line.since is None:
            return
        if not self.matter:
            self.ticket, self.about = line.ticket, line.about
        self.matter = True
        self.over = line.over_at if line.over_at is not None and line.over_at > line.at else None
        if person and (answered is None or line.since > answered):
            self.oldest = min(self.oldest, line.since)

    def closed(self, end: int, *, ended: bool) -> Wait:
        """The wait until then."""
        return Wait(self.oldest, max(0, end - self.oldest), ended, self.ticket, self.about)


def _waits_of(talk: Iterable[Line], *, now: int, person: bool) -> Iterator[Wait]:
    wait: _Open | None = None
    answered: int | None = None
    for line in talk:
        if wait is not None and wait.over is not None and wait.over <= line.at:
            yield wait.closed(wait.over, ended=False)
            wait = None
        if line.starts:
            wait = wait or _Open(line.at, line.ticket, line.about)
            wait.hears(line, answered=answered, person=person)
        elif line.answers and wait is not None and _ends(wait, line, person=person):
            if line.author is Author.STAFF or not person:
                yield wait.closed(line.at, ended=True)
            wait = None
        if line.answers and line.author is Author.STAFF:
            answered = line.at
    if wait is not None and (wait.matter or not person):
        yield wait.closed(wait.over or now, ended=False)


def _ends(wait: _Open, line: Line, *, person: bool) -> bool:
    """A person ends any wait; the bot ends one for anybody, and one for a person that has no ticket."""
    return line.author is Author.STAFF or not person or not wait.matter


def latencies(lines: Iterable[Line]) -> Iterator[Wait]:
    """For each answer of the bot, the wait since the last message that it answers."""
    asked: dict[int, Line] = {}
    for line in lines:
        if line.turn is None:
            continue
        if line.author is Author.CLIENT:
            asked[line.turn] = line
        elif line.author is Author.BOT and line.turn in asked:
            heard = asked.pop(line.turn)
            yield Wait(heard.at, max(0, line.at - heard.at), True, heard.ticket, heard.about)


def wordless(text: str) -> bool:
    """Whether a text is emoji and punctuation only, and no question mark: no response, and no request."""
    return bool(text) and not any(letter.isalnum() or letter in "?\uff1f" for letter in text)
