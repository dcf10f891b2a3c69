"""What the client of a drill says next: by branches, where its mood takes it, and when the talk is over. Pure.

A model may say a line in its own words; what it says is checked here, and the branch's line stands where it fails.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from knowledge.claims import claims
from knowledge.language import TRADITIONAL, detect, fold, to_script
from success.drills.model import Branch, Said, Scenario, Sign, in_language
from success.drills.signs import says, signs_of
from success.drills.wording import words_of

LONGEST: Final = 400
_LEADS: Final = frozenset({"link", "address", "phone", "command"})
"""What leads a reader somewhere; a client of a drill has nothing of it to say."""
_CONTENT: Final = words_of(
    (
        "满意", "没事了", "没问题了", "解决了", "可以了", "放心了", "不用道歉", "原谅", "satisfied", "happy now",
        "happy with",        "all good", "no worries", "problem solved",
        "we are fine", "we're fine", "all forgiven", "forgive", "well done",
        "you did", "great job", "perfect", "passed",
        "score",
        "points",
        "得分",
        "评分",
        "分数",
        "通过了",
    )
)  # fmt: skip
"""What a client says that is content, or that judges; only the script says when it is content."""


class Over(StrEnum):
    """Why a talk is over: the client is content, leaves, or has no more time; the trainee left."""

    CONTENT = "content"
    LEAVES = "leaves"
    NO_TIME = "no_time"
    LEFT = "left"


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What the client says, in which mood, and whether that was the last. `branch` is its number from 0, or None."""

    text: str
    mood: int
    branch: int | None
    over: Over | None = None


@dataclass(frozen=True, kw_only=True)
class Past:
    """A play so far: the client's mood, the branches that were taken in order, how many messages the trainee wrote."""

    mood: int
    taken: tuple[int | None, ...] = ()
    lines: int = 0


def begin(scenario: Scenario) -> Past:
    """A play that has not begun."""
    return Past(mood=scenario.persona.mood)


def opening(scenario: Scenario, language: str) -> tuple[str, ...]:
    """What the client begins with."""
    return tuple(in_language(said, language) for said in scenario.opening)


def shown(scenario: Scenario, text: str) -> frozenset[Sign]:
    """What a message shows, steps of the drill's procedure included."""
    folded = fold(text)
    steps = (step for item in scenario.rubric for step in item.steps)
    found = signs_of(text)
    if Sign.STEERING not in found and any(says(folded, step.words) for step in steps):
        found = (found - {Sign.EMPTY}) | {Sign.STEP}
    return found


def answer(scenario: Scenario, past: Past, text: str, *, language: str) -> Reply:
    """What the client says to a message."""
    signs = shown(scenario, text)
    place, branch = _branch(scenario, past, signs)
    said = _line(branch, past, place) if branch is not None and place is not None else _otherwise(scenario, past)
    mood = past.mood + (branch.mood if branch is not None else -1)
    over = _over(scenario, mood, lines=past.lines + 1, branch=branch)
    closing = {Over.CONTENT: scenario.content, Over.LEAVES: scenario.leaves, Over.NO_TIME: scenario.no_time}
    words = closing[over] if over is not None and not (branch is not None and branch.ends) else said
    return Reply(text=in_language(words, language), mood=max(0, mood), branch=place, over=over)


def after(past: Past, reply: Reply) -> Past:
    """The play after a message and its answer."""
    return Past(mood=reply.mood, taken=(*past.taken, reply.branch), lines=past.lines + 1)


def holds(said: str, *, instead_of: Reply, scenario: Scenario, talk: Sequence[str], language: str) -> bool:
    """Whether a model's line may be said by the client: short, in its language, about nothing that is not in the case,
    no insult, no help to the trainee, nothing about what it was told, and not content before the script is.
    """
    text = said.strip()
    if not text or len(text) > LONGEST or len(text.splitlines()) > 4 or instead_of.over is not None:  # noqa: PLR2004
        return False
    wanted, found = ("en" if language == "en" else "zh"), detect(text, default=language)
    if (found if found == "en" else "zh") != wanted:
        return False
    signs = signs_of(text)
    if signs & {Sign.ABUSE, Sign.STEERING}:
        return False
    if _CONTENT.stand_in(fold(text)) and not _CONTENT.stand_in(fold(instead_of.text)):
        return False
    if any(kind in _LEADS for kind, _ in claims(text)):
        return False
    case = [each for fact in (*scenario.facts, *scenario.opening) for each in fact.values()]
    known = fold("\n".join([*case, *talk, instead_of.text])).replace(" ", "")
    return all(words.replace(" ", "") in known for _, words in claims(fold(text)))


def scripted(text: str, language: str) -> str:
    """A model's line in the script of the play."""
    return to_script(text.strip(), TRADITIONAL) if language == TRADITIONAL else text.strip()


def _branch(scenario: Scenario, past: Past, signs: frozenset[Sign]) -> tuple[int | None, Branch | None]:
    for place, branch in enumerate(scenario.branches):
        fits = branch.when <= signs and not branch.without & signs
        if fits and past.taken.count(place) < len(branch.say):
            return place, branch
    return None, None


def _line(branch: Branch, past: Past, place: int) -> Said:
    return branch.say[past.taken.count(place)]


def _otherwise(scenario: Scenario, past: Past) -> Said:
    return scenario.otherwise[past.taken.count(None) % len(scenario.otherwise)]


def _over(scenario: Scenario, mood: int, *, lines: int, branch: Branch | None) -> Over | None:
    if mood <= 0:
        return Over.LEAVES
    if mood >= scenario.persona.calm or (branch is not None and branch.ends):
        return Over.CONTENT if mood > 0 else Over.LEAVES
    return Over.NO_TIME if lines >= scenario.lines else None
