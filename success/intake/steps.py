"""How an interview stands, what a press or an answer is, and what a step of it comes to. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Literal, TypeAlias

from success.intake.form_model import Question, QuestionKind
from success.intake.plausible import Reason
from success.intake.values import Value, Words

CONTRADICTION: Final = "contradiction"
MOST_LINKS: Final = 30


class State(StrEnum):
    """How far an interview is. `OFFERED`: nobody has begun it; `READY`: its brief lies with a person.

    `EXPIRED`: nobody took the offer.
    """

    OFFERED = "offered"
    OPEN = "open"
    PAUSED = "paused"
    READY = "ready"
    DECLINED = "declined"
    EXPIRED = "expired"
    STOPPED = "stopped"
    CLOSED = "closed"


LIVE: Final = (State.OFFERED, State.OPEN, State.PAUSED, State.READY)
"""As long as it is so, what is said may be an answer."""


class Verb(StrEnum):
    """What a button under a message of the questionnaire does."""

    BEGIN = "begin"
    DECLINE = "decline"
    OPTION = "pick"
    ENOUGH = "enough"
    SKIP = "skip"
    PAUSE = "pause"
    RESUME = "resume"
    KEEP = "keep"
    TAKE = "take"


@dataclass(frozen=True, kw_only=True)
class Press:
    """A button: what it does, to which question, with which option."""

    verb: Verb
    question: str = ""
    option: str = ""

    @property
    def id(self) -> str:
        """What the button carries."""
        return ":".join(("in", self.verb, *(part for part in (self.question, self.option) if part)))

    @classmethod
    def read(cls, carried: str) -> "Press | None":
        """The press that `id` made this of; None of anything else."""
        parts = carried.split(":")
        if not 2 <= len(parts) <= 4 or parts[0] != "in" or parts[1] not in set(Verb):  # noqa: PLR2004 -- its parts
            return None
        return cls(verb=Verb(parts[1]), question="".join(parts[2:3]), option="".join(parts[3:4]))


@dataclass(frozen=True, kw_only=True)
class Pending:
    """What was named back and waits for a word: the answer as it was (None for an absurd one) and as it would be."""

    key: str
    why: str
    new: Value
    quote: str
    old: Value | None = None


@dataclass(frozen=True, kw_only=True)
class Standing:
    """An interview as it stands. `named` are the questions that were named back before."""

    state: State = State.OPEN
    answers: Mapping[str, Value] = field(default_factory=dict)
    asked: str | None = None
    skipped: frozenset[str] = frozenset()
    named: frozenset[str] = frozenset()
    pending: Pending | None = None


@dataclass(frozen=True, kw_only=True)
class Taken:
    """An answer to keep; `doubt` says why a person should look at it, else ""."""

    key: str
    value: Value
    quote: str
    doubt: str = ""


@dataclass(frozen=True, kw_only=True)
class Ask:
    """Ask a question; `again` where it has an answer, `more` where further options may follow."""

    key: str
    again: bool = False
    more: bool = False


@dataclass(frozen=True, kw_only=True)
class Clash:
    """Name a contradiction back."""

    key: str
    old: Value
    new: Value


@dataclass(frozen=True, kw_only=True)
class Doubt:
    """Ask a value again, with the reason."""

    key: str
    value: Value
    why: Reason


@dataclass(frozen=True, kw_only=True)
class Plain:
    """A sentence without a question."""

    what: Literal[
        "begun", "paused", "resumed", "stopped", "declined", "ready", "changed", "added", "which", "summary", "back",
        "unread",
    ]  # fmt: skip


Line: TypeAlias = Ask | Clash | Doubt | Plain


@dataclass(frozen=True, kw_only=True)
class Step:
    """What follows: answers to keep, the standing after it, and what is said, in order."""

    after: Standing
    taken: tuple[Taken, ...] = ()
    lines: tuple[Line, ...] = ()


def answers(question: Question, value: Value | None) -> bool:
    """Whether a value answers a question; words to one that wants an amount or a number are kept, and do not."""
    wants = {QuestionKind.MONEY, QuestionKind.NUMBER}
    return value is not None and not (question.kind in wants and isinstance(value, Words))
