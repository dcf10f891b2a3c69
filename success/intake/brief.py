"""What somebody wants built, structured: what a proposal is made from. Pure.

Everything in words is what people wrote, and is only ever shown as a quotation.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from success.intake.form_model import Form, Holds, Question
from success.intake.steps import answers as is_answered
from success.intake.understanding import options_of
from success.intake.values import Chosen, Links, Money, Number, Time, Value, Words


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """An answer as it was given: to which question, by whom, when, in which message, in their words.

    `doubt` says why a person should look at it: `contradiction`, or why the value can hardly be true; else "".
    `former`: another answer holds now.
    """

    question: str
    value: Value
    quote: str
    person_id: int | None
    name: str
    message_id: int | None
    at: datetime
    doubt: str = ""
    former: bool = False


@dataclass(frozen=True, kw_only=True)
class Choice:
    """A choice: the options' keys, and what was said besides them."""

    keys: tuple[str, ...] = ()
    other: str = ""


@dataclass(frozen=True, kw_only=True)
class Brief:
    """The brief of one interview. What has no answer is None or empty, and named in `missing` where it is required.

    `budget` has a currency and whole units from and to, either end open; `wanted` a day, or only words. `missing`,
    `left_open` (asked, and skipped or not come to) and `doubtful` are keys of questions; `others` are the answers that
    have no place here. `form` and `version` are those that it was begun with; `form_changed`: there is a newer one.
    """

    interview_id: int
    form: str
    version: str
    form_changed: bool
    language: str
    industry: Choice
    audience: Choice
    functions: tuple[str, ...]
    functions_other: str
    look: str
    references: tuple[str, ...]
    competitors: str
    budget: Money | None
    wanted: Time | None
    indicators: str
    others: Mapping[str, Value]
    missing: tuple[str, ...]
    left_open: tuple[str, ...]
    doubtful: Mapping[str, str]
    evidence: tuple[Evidence, ...]

    @property
    def complete(self) -> bool:
        """Whether nothing required is missing."""
        return not self.missing


def make(
    form: Form, evidence: Sequence[Evidence], *, interview_id: int, language: str, form_changed: bool = False
) -> Brief:
    """The brief of these answers, the newest of each question being the one that holds."""
    holding = {each.question: each for each in evidence if not each.former}
    answers = {key: each.value for key, each in holding.items()}
    places = {question.holds: question for question in form.questions if question.holds is not None}
    asked = form.asked(options_of(answers))

    def at(place: Holds) -> Value | None:
        question = places.get(place)
        return answers.get(question.key) if question is not None else None

    functions, references, budget, wanted = (
        at(place) for place in (Holds.FUNCTIONS, Holds.REFERENCES, Holds.BUDGET, Holds.WANTED)
    )
    return Brief(
        interview_id=interview_id,
        form=form.key,
        version=form.version,
        form_changed=form_changed,
        language=language,
        industry=_choice(at(Holds.INDUSTRY)),
        audience=_choice(at(Holds.AUDIENCE)),
        functions=functions.keys if isinstance(functions, Chosen) else (),
        functions_other=functions.other if isinstance(functions, Chosen) else "",
        look=_words(at(Holds.LOOK)),
        references=references.addresses if isinstance(references, Links) else (),
        competitors=_words(at(Holds.COMPETITORS)),
        budget=budget if isinstance(budget, Money) else None,
        wanted=wanted if isinstance(wanted, Time) else None,
        indicators=_words(at(Holds.INDICATORS)),
        others={key: value for key, value in answers.items() if _is_other(form.question(key))},
        missing=tuple(each.key for each in asked if each.required and not is_answered(each, answers.get(each.key))),
        left_open=tuple(each.key for each in asked if not each.required and each.key not in answers),
        doubtful={key: each.doubt for key, each in holding.items() if each.doubt},
        evidence=tuple(evidence),
    )


def _choice(value: Value | None) -> Choice:
    if isinstance(value, Chosen):
        return Choice(keys=value.keys, other=value.other)
    return Choice(other=_words(value))


def _words(value: Value | None) -> str:
    return value.text if isinstance(value, Words) else ""


def _is_other(question: Question | None) -> bool:
    return question is not None and question.holds is None


__all__ = ["Brief", "Choice", "Evidence", "Links", "Money", "Number", "Time", "make"]
