"""A drill as it is written: a difficult client, the facts of its case, what it says next, and what counts. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from handoff.kinds import Level, Tier
from knowledge.language import SIMPLIFIED, TRADITIONAL, to_script

WRITTEN: Final = ("zh-Hans", "en")
"""The languages that a drill is written in; traditional Chinese is made of the first."""
MOST_LINES: Final = 12
"""A trainee's messages in one play; then the client has no more time."""
LONGEST_LINE: Final = 2_000
"""Characters of one message to a client."""

Said = Mapping[str, str]
"""One sentence in every language of `WRITTEN`."""


class Sign(StrEnum):
    """What a trainee's message shows."""

    GREETING = "greeting"
    APOLOGY = "apology"
    EMPATHY = "empathy"
    COURTESY = "courtesy"
    RESTATE = "restate"
    OWNER = "owner"
    PROGRESS = "progress"
    DATE = "date"
    QUESTION = "question"
    REFUSAL = "refusal"
    IN_WRITING = "in_writing"
    ESCALATE = "escalate"
    FREE = "free"
    MONEY = "money"
    TIME = "time"
    BLAME = "blame"
    DISPARAGE = "disparage"
    BRUSH_OFF = "brush_off"
    MOCKERY = "mockery"
    LEAK = "leak"
    ABUSE = "abuse"
    STEERING = "steering"
    STEP = "step"
    EMPTY = "empty"


class ItemKind(StrEnum):
    """What an item of the rubric looks at."""

    FACTS = "facts"
    SAYS = "says"
    PROMISES = "promises"
    TONE = "tone"
    DEADLINE = "deadline"
    STEPS = "steps"


@dataclass(frozen=True, kw_only=True)
class Source:
    """Where a rule stands: a page of the manual, and words of it that a test holds it to."""

    page: str
    quote: str = ""


@dataclass(frozen=True, kw_only=True)
class Step:
    """A step of a procedure: its name, and the words that show that it was done (in folded text, by language)."""

    name: Said
    words: Mapping[str, tuple[str, ...]]
    source: Source | None = None


@dataclass(frozen=True, kw_only=True)
class Item:
    """One item of the rubric. `critical`: with nothing for it the drill is not passed, whatever the rest comes to.

    `denied`, of facts: words that say what the case does not hold, clause by clause.
    `apology_due`, of tone: one must come. `no_date`, `no_start`, of promises: no date of delivery, no beginning of
    work has been approved.
    """

    id: str
    kind: ItemKind
    name: Said
    weight: int
    critical: bool = False
    words: Mapping[str, tuple[str, ...]] | None = None
    denied: Mapping[str, tuple[str, ...]] | None = None
    steps: tuple[Step, ...] = ()
    apology_due: bool = False
    no_date: bool = False
    no_start: bool = False
    source: Source | None = None


@dataclass(frozen=True, kw_only=True)
class Branch:
    """What the client says where the last message shows all of `when` and none of `without`.

    Of several lines each is said once; after the last one the branch is closed. `mood` is added to the client's.
    """

    when: frozenset[Sign]
    without: frozenset[Sign]
    say: tuple[Said, ...]
    mood: int = 0
    ends: bool = False


@dataclass(frozen=True, kw_only=True)
class Persona:
    """Who the client is. `calm` is the mood from which on it is content, 0 the one at which it leaves."""

    name: Said
    firm: Said
    who: Said
    goal: Said
    mood: int
    calm: int


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """A drill. `version` is the hash of its text; `at` is the instant at which the client writes, in the desk's zone.

    `facts` is what the trainee may know of the case, `pages` what of the manual holds for it.
    """

    name: str
    version: str
    title: Said
    tier: Tier
    level: Level
    at: datetime
    persona: Persona
    facts: tuple[Said, ...]
    pages: tuple[str, ...]
    opening: tuple[Said, ...]
    branches: tuple[Branch, ...]
    otherwise: tuple[Said, ...]
    content: Said
    leaves: Said
    no_time: Said
    rubric: tuple[Item, ...]
    pass_mark: int
    lines: int

    @property
    def weights(self) -> int:
        """What the weights of the rubric come to."""
        return sum(item.weight for item in self.rubric)


def in_language(said: Said, language: str) -> str:
    """A sentence of a drill in a language of the desk."""
    if language in said:
        return said[language]
    return to_script(said[SIMPLIFIED], TRADITIONAL)


def tongue(language: str) -> str:
    """Which of the written languages a language of the desk is read by."""
    return "en" if language == "en" else SIMPLIFIED
