"""A platform, whichever it is: what the players do there and what its server saw, which is the truth."""

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

from benchmarks.theatre.talk import Line
from benchmarks.theatre.troubles import Trouble


@dataclass(frozen=True, kw_only=True)
class Said:
    """A message of a client, or a change of one. `version` is its identity in the program's books, unique.

    `staff`: somebody of ours said it, so that it has no turn. `kind` is what its latency is counted under.
    """

    version: str
    message: str
    asked: bool
    at: float
    staff: bool = False
    kind: str = "question"


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A message of the bot's in a chat. `cut`: the program was not told that it is there. `own`: its id there.

    `at` is NaN where nobody saw it come.
    """

    chat: str
    answers: str | None
    text: str
    at: float
    cut: bool
    own: str = ""


@dataclass(frozen=True, kw_only=True)
class Place:
    """A group, as the program knows it."""

    platform: str
    chat: str
    title: str


class Stage(Protocol):
    """One platform. Instants are of the monotonic clock."""

    name: str
    notes: tuple[str, ...]
    """The program's own line over what it sends again, in each language; none where it can look what arrived."""
    given_up: int
    """Updates that the platform itself gave up, after all its tries."""

    def running(self) -> AbstractAsyncContextManager[dict[str, str]]:
        """Run the server; the program's environment."""

    @property
    def shown(self) -> list[Shown]:
        """What the bot has said, oldest first in each chat."""

    @property
    def places(self) -> list[Place]:
        """The groups."""

    def say(self, line: Line) -> Said | None:
        """Let somebody write or change a message; None if that message is not there."""

    def trouble(self, trouble: Trouble) -> bool:
        """Order a fault; False where the platform knows no such one."""

    @property
    def refused(self) -> dict[str, int]:
        """Calls refused because a limit was hit, not by order, by their kind; "send" is what people would see."""

    @property
    def waiting(self) -> int:
        """Updates that the program has not confirmed yet."""

    def tidy(self) -> None:
        """Forget what nobody will look at again."""
