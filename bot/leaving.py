"""What of a ticket's thread leaves for the client: only what is explicitly sent (conversation.md). Pure."""

import re
from dataclasses import dataclass
from typing import Final, TypeAlias

_PREFIX: Final = re.compile(r"\s*[>＞]\s?")


@dataclass(frozen=True)
class Leaves:
    """It goes to the client now."""

    text: str


@dataclass(frozen=True)
class Asks:
    """It goes once its author confirms: somebody else has the ticket."""

    text: str


@dataclass(frozen=True)
class Stays:
    """It is talk among colleagues. `offered`: its author probably meant the client, so a button is offered."""

    text: str
    offered: bool


Leaving: TypeAlias = Leaves | Asks | Stays


def leaving(
    text: str, *, answers: bool, has_files: bool, author: int, assignee: int | None, in_doubt: bool = False
) -> Leaving:
    """What becomes of a colleague's words. `answers`: they reply to the card, or to what the client wrote.

    `in_doubt`: they reply to something that is not known (yet): a button is offered, whoever has the ticket.
    """
    prefix = _PREFIX.match(text)
    said = text[prefix.end() :] if prefix else text
    if (prefix is None and not answers) or not (said.strip() or has_files):
        return Stays(text, offered=in_doubt or author == assignee)
    return Asks(said) if assignee not in {None, author} else Leaves(said)


def without_prefix(text: str) -> str:
    """The words that are sent of a text, if it is."""
    prefix = _PREFIX.match(text)
    return text[prefix.end() :] if prefix else text
