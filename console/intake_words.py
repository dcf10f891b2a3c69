"""The needs questionnaire in words: its questions and answers, and what a step of it says in a chat. Pure.

What people wrote is shown as it is, on one line and shortened; never more than that is made of it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from console import formats
from console.texts import Texts
from handoff.model import Button
from success.intake.form_model import Form, Question, QuestionKind
from success.intake.interview import Ask, Clash, Doubt, Line, Plain, Press, Step, Verb
from success.intake.values import Chosen, Links, Money, Number, Time, Value, Words

_LABEL: Final = 40
_SHOWN: Final = 60


@dataclass(frozen=True, kw_only=True)
class Spoken:
    """What is said, its buttons, and the question that it asks, "" for none."""

    text: str
    buttons: tuple[Button, ...] = ()
    asks: str = ""


def spoken(step: Step, form: Form, *, language: str, texts: Texts) -> Spoken:
    """A step as one message: what was noted, then what is asked."""
    words = _Wording(form, language=language, texts=texts)
    noted = {each.key: each.value for each in step.taken if not words.remarked(each.key)}
    lines = [words.noted(noted)] if noted else []
    lines += [words.line(each, step) for each in step.lines]
    asking = next((each for each in reversed(step.lines) if not isinstance(each, Plain)), None)
    return Spoken(
        text="\n".join(line for line in lines if line),
        buttons=words.buttons(step),
        asks=asking.key if asking is not None else "",
    )


def offer(form: Form, *, language: str, texts: Texts, colleague: str | None = None) -> Spoken:
    """The offer to begin, by a colleague's name where it is theirs."""
    many = len(form.asked({}))
    key, named = ("intake.offer.colleague", {"name": colleague}) if colleague else ("intake.offer", {})
    buttons = tuple(
        Button(id=Press(verb=verb).id, label=texts.say(f"intake.button.{verb}", language))
        for verb in (Verb.BEGIN, Verb.DECLINE)
    )
    return Spoken(text=texts.say(key, language, n=many, **named), buttons=buttons)


def reminder(*, language: str, texts: Texts) -> Spoken:
    """The one gentle reminder."""
    go_on = Button(id=Press(verb=Verb.RESUME).id, label=texts.say("intake.button.resume", language))
    return Spoken(text=texts.say("intake.reminder", language), buttons=(go_on,))


def value_words(value: Value, question: Question | None, *, language: str, texts: Texts, shortest: bool = False) -> str:
    """An answer in words."""
    listed = texts.say("intake.listed", language)
    match value:
        case Chosen(keys=keys, other=other):
            options = [question.option(key) for key in keys] if question else []
            names = [each.name[language] if each else key for each, key in zip(options, keys, strict=False)] or [*keys]
            return listed.join([*names, *([_short(other)] if other else [])]) or texts.say("intake.none", language)
        case Words(text=text):
            said = _short(text) if shortest else " ".join(text.split())
            return said or texts.say("intake.picture", language)
        case Money():
            return _money(value, language=language, texts=texts)
        case Time(by=by, words=said):
            return texts.say("intake.time.by", language, day=formats.day(by, language)) if by else _short(said)
        case Links(addresses=addresses):
            return listed.join(addresses[:3] if shortest else addresses)
        case Number(value=number):
            return formats.number(number, language)


class _Wording:
    def __init__(self, form: Form, *, language: str, texts: Texts) -> None:
        self._form, self._language, self._texts = form, language, texts

    def noted(self, answers: Mapping[str, Value]) -> str:
        return self._say("intake.noted", answers=self._listed(answers))

    def remarked(self, key: str) -> bool:
        return self._question(key).remarks

    def line(self, line: Line, step: Step) -> str:
        match line:
            case Ask(key=key, again=again, more=more):
                question = self._question(key)
                ask = question.ask[self._language]
                if more:
                    return self._say("intake.more")
                held = step.after.answers.get(key)
                return self._say("intake.again", value=self._value(key, held), ask=ask) if again and held else ask
            case Clash(key=key, old=old, new=new):
                return self._say(
                    "intake.clash", name=self._name(key), old=self._value(key, old), new=self._value(key, new)
                )
            case Doubt(key=key, value=value, why=why):
                return self._say(f"intake.doubt.{why}", name=self._name(key), value=self._value(key, value))
            case Plain(what="summary"):
                answers = self._listed(step.after.answers) or self._say("intake.nothing")
                return self._say("intake.summary", answers=answers)
            case Plain(what=what):
                return self._say(f"intake.{what}")

    def buttons(self, step: Step) -> tuple[Button, ...]:
        """Those of the question that is asked, with a way to skip it and to stop for now."""
        last = next((each for each in reversed(step.lines) if not isinstance(each, Plain)), None)
        paused = any(isinstance(each, Plain) and each.what == "paused" for each in step.lines)
        if paused:
            return (self._button(Press(verb=Verb.RESUME)),)
        if isinstance(last, Clash):
            return (
                self._decides(Verb.KEEP, "keep", last.key, last.old),
                self._decides(Verb.TAKE, "take", last.key, last.new),
            )
        if isinstance(last, Doubt):
            return (self._decides(Verb.TAKE, "sure", last.key, last.value),)
        return self._options(last, step) if isinstance(last, Ask) else ()

    def _options(self, ask: Ask, step: Step) -> tuple[Button, ...]:
        question = self._question(ask.key)
        held = step.after.answers.get(ask.key)
        chosen = held.keys if isinstance(held, Chosen) and question.kind is QuestionKind.CHOICES else ()
        options = [
            Button(
                id=Press(verb=Verb.OPTION, question=ask.key, option=each.key).id,
                label=each.name[self._language][:_LABEL],
            )
            for each in question.options
            if each.key not in chosen
        ]
        ends = Verb.ENOUGH if ask.more else Verb.SKIP
        return (*options, self._button(Press(verb=ends, question=ask.key)), self._button(Press(verb=Verb.PAUSE)))

    def _button(self, press: Press) -> Button:
        return Button(id=press.id, label=self._say(f"intake.button.{press.verb}"))

    def _decides(self, verb: Verb, label: str, key: str, value: Value) -> Button:
        said = self._say(f"intake.button.{label}", value=self._value(key, value))
        return Button(id=Press(verb=verb, question=key).id, label=said[:_LABEL])

    def _listed(self, answers: Mapping[str, Value]) -> str:
        said = [
            self._say("intake.answer", name=self._name(key), value=self._value(key, each))
            for key, each in answers.items()
        ]
        return self._say("intake.between").join(said)

    def _value(self, key: str, value: Value) -> str:
        return value_words(value, self._form.question(key), language=self._language, texts=self._texts, shortest=True)

    def _name(self, key: str) -> str:
        question = self._form.question(key)
        return question.name[self._language] if question else key

    def _question(self, key: str) -> Question:
        question = self._form.question(key)
        assert question is not None, "a step is about its form"
        return question

    def _say(self, key: str, **values: object) -> str:
        return self._texts.say(key, self._language, **values)


def _money(money: Money, *, language: str, texts: Texts) -> str:
    currency = texts.say(f"intake.currency.{money.currency}", language)
    shown = {
        name: formats.number(each, language) for name in ("low", "high") if (each := getattr(money, name)) is not None
    }
    kind = "up_to" if money.low is None else "from" if money.high is None else "range"
    if money.low == money.high:
        kind, shown = "one", {"low": shown.get("low", "")}
    said = texts.say(f"intake.money.{kind}", language, currency=currency, **shown)
    return texts.say("intake.money.about", language, money=said) if money.about else said


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _SHOWN else line[: _SHOWN - 1] + "…"
