"""A questionnaire as data: its questions, their options and words, and which of them are asked when. Pure."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

LANGUAGES: Final = ("zh-Hans", "zh-Hant", "en")
Said = Mapping[str, str]
"""A sentence in each of the languages."""


class QuestionKind(StrEnum):
    """What an answer is."""

    CHOICE = "choice"
    CHOICES = "choices"
    TEXT = "text"
    MONEY = "money"
    TIME = "time"
    LINKS = "links"
    NUMBER = "number"


class Holds(StrEnum):
    """The place of an answer in the brief; a question without one is listed among its other answers."""

    INDUSTRY = "industry"
    AUDIENCE = "audience"
    FUNCTIONS = "functions"
    LOOK = "look"
    REFERENCES = "references"
    COMPETITORS = "competitors"
    BUDGET = "budget"
    WANTED = "wanted"
    INDICATORS = "indicators"


KINDS: Final[Mapping[Holds, frozenset[QuestionKind]]] = {
    Holds.INDUSTRY: frozenset({QuestionKind.CHOICE, QuestionKind.TEXT}),
    Holds.AUDIENCE: frozenset({QuestionKind.CHOICE, QuestionKind.CHOICES, QuestionKind.TEXT}),
    Holds.FUNCTIONS: frozenset({QuestionKind.CHOICES}),
    Holds.LOOK: frozenset({QuestionKind.TEXT}),
    Holds.REFERENCES: frozenset({QuestionKind.LINKS}),
    Holds.COMPETITORS: frozenset({QuestionKind.TEXT}),
    Holds.BUDGET: frozenset({QuestionKind.MONEY}),
    Holds.WANTED: frozenset({QuestionKind.TIME}),
    Holds.INDICATORS: frozenset({QuestionKind.TEXT}),
}
"""What kind of question can fill a place of the brief."""


@dataclass(frozen=True, kw_only=True)
class Option:
    """One choice; `words` are what free text names it by, folded; `asked` only in an answer to its question."""

    key: str
    name: Said
    words: tuple[str, ...] = ()
    asked: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Question:
    """One question. `words` tell free text that speaks of it; `when` names options of which one must be chosen before.

    Of money: `currency` is meant where none is said, and `least` and `most` by currency are what can be true. Of a
    time: `soonest` and `latest` days from today. Of a number: `least` and `most` under "". The one for `remarks` is not
    asked by itself: what is said when all the others are done, and is of none of them, is kept there.
    """

    key: str
    kind: QuestionKind
    name: Said
    ask: Said
    holds: Holds | None = None
    required: bool = True
    options: tuple[Option, ...] = ()
    words: tuple[str, ...] = ()
    when: Mapping[str, tuple[str, ...]]
    currency: str = ""
    least: Mapping[str, int]
    most: Mapping[str, int]
    soonest: int = 0
    latest: int = 0
    remarks: bool = False

    def option(self, key: str) -> Option | None:
        """The option of that key."""
        return next((each for each in self.options if each.key == key), None)


@dataclass(frozen=True, kw_only=True)
class Form:
    """A questionnaire; `version` is made from its text: another text is another version. `aside`: it is not offered."""

    key: str
    version: str
    name: Said
    begins: tuple[str, ...]
    questions: tuple[Question, ...]
    aside: bool = False

    def question(self, key: str) -> Question | None:
        """The question of that key."""
        return next((each for each in self.questions if each.key == key), None)

    @property
    def remarks(self) -> Question | None:
        """The question that keeps what is said of no other."""
        return next((each for each in self.questions if each.remarks), None)

    def asked(self, chosen: Mapping[str, Collection[str]]) -> tuple[Question, ...]:
        """The questions that are asked, by the options that were chosen, in order."""
        return tuple(
            each
            for each in self.questions
            if not each.remarks and all(set(wanted) & set(chosen.get(key, ())) for key, wanted in each.when.items())
        )
