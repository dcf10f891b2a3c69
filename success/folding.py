"""Which tickets are reports of one thing: of one server, one hosting, or in much the same words. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import sqrt
from typing import Final

from knowledge.language import fold as folded
from knowledge.language import tokens
from success.incident_rules import place_name, server_key

LEAST: Final = 3
WITHIN: Final = timedelta(minutes=20)
FIRMS: Final = 2
"""One client that writes three times has one trouble of its own."""
LIKE: Final = 0.5
"""The cosine of two sets of words from which on they say much the same."""
_READ: Final = 300
_WORDS: Final = "words:"


@dataclass(frozen=True, kw_only=True)
class Report:
    """A ticket as far as folding is concerned; servers and hostings are those of its client's sites."""

    ticket_id: int
    client_id: int
    at: datetime
    text: str
    servers: frozenset[str] = frozenset()
    hostings: frozenset[str] = frozenset()

    @property
    def words(self) -> frozenset[str]:
        """Words, and pairs of Chinese characters."""
        return frozenset(word for word in tokens(folded(self.text[:_READ])) if len(word) > 1)


@dataclass(frozen=True, kw_only=True)
class Fold:
    """Tickets that seem to be one thing; `place` is what their sites share, "" where only the words are alike."""

    key: str
    place: str
    server: str
    tickets: tuple[int, ...]


def fold(new: Report, others: Iterable[Report]) -> Fold | None:
    """The tickets that are one thing with a new one, if they are enough, of enough clients, and near in time."""
    near = [each for each in others if each.ticket_id != new.ticket_id and abs(new.at - each.at) <= WITHIN]
    for server in sorted(new.servers):
        if (group := _enough([new, *(each for each in near if server in each.servers)])) is not None:
            return Fold(key=server_key(server), place=server, server=server, tickets=group)
    for hosting in sorted(new.hostings):
        if (group := _enough([new, *(each for each in near if hosting in each.hostings)])) is not None:
            return Fold(key=f"hosting:{hosting}", place=hosting, server="", tickets=group)
    words = new.words
    if (group := _enough([new, *(each for each in near if alike(words, each.words))])) is not None:
        return Fold(key=f"{_WORDS}{min(group)}", place="", server="", tickets=group)
    return None


def same_cause(one: str, other: str) -> bool:
    """Whether the keys of two incidents that share a ticket are of one cause; like words have another key each time."""
    return one == other or (one.startswith(_WORDS) and other.startswith(_WORDS))


def alike(one: frozenset[str], other: frozenset[str]) -> bool:
    """Whether two sets of words say much the same."""
    return bool(one and other) and len(one & other) / sqrt(len(one) * len(other)) >= LIKE


def place(text: str | None) -> frozenset[str]:
    """A server's or a hosting's name as it is compared, if there is one."""
    name = place_name(text)
    return frozenset({name}) if name else frozenset()


def _enough(group: Sequence[Report]) -> tuple[int, ...] | None:
    if len(group) < LEAST or len({each.client_id for each in group}) < FIRMS:
        return None
    return tuple(sorted(each.ticket_id for each in group))
