"""What a conversation about a form comes to next: given the form, the answers, and what was just said. Pure.

Answers are taken in any order. A contradiction is named back once ("you said shop, now no selling: which?"), a value
that can hardly be true is asked again with the reason once; what is said after that holds, marked as doubtful for a
person. Nothing is asked twice by itself.
"""

from dataclasses import replace
from datetime import date
from typing import Literal

from success.intake.form_model import Form, Question, QuestionKind
from success.intake.plausible import reason
from success.intake.steps import (
    CONTRADICTION,
    LIVE,
    MOST_LINKS,
    Ask,
    Clash,
    Doubt,
    Line,
    Pending,
    Plain,
    Press,
    Standing,
    State,
    Step,
    Taken,
    Verb,
    answers,
)
from success.intake.understanding import Found, Understood, Wish, options_of
from success.intake.values import LONGEST, Chosen, Links, Money, Number, Time, Value, Words

__all__ = [
    "CONTRADICTION", "LIVE", "Ask", "Clash", "Doubt", "Line", "Pending", "Plain", "Press", "Standing", "State", "Step",
    "Taken", "Verb", "add", "ask_again", "begin", "hear", "missing", "press",
]  # fmt: skip


def begin(form: Form, standing: Standing) -> Step:
    """Begin, or go on after a pause."""
    what: Literal["begun", "resumed"] = "begun" if standing.state in {State.OFFERED, State.EXPIRED} else "resumed"
    return _next(form, replace(standing, state=State.OPEN), (), (Plain(what=what),))


def hear(form: Form, standing: Standing, said: Understood, *, assent: bool, today: date) -> Step:
    """What a text comes to."""
    if said.wish is Wish.STOP and not said.found:
        return _end(standing, State.STOPPED, "stopped")
    taken: list[Taken] = []
    lines: list[Line] = []
    standing = _settled(standing, said, taken, assent=assent)
    for found in said.found:
        question = form.question(found.key)
        assert question is not None, "it was read from this form"
        standing = _take(question, found, standing, taken, lines, changes=said.changes, today=today)
    if said.wish is Wish.PAUSE:
        return _paused(standing, tuple(taken))
    standing = _left_open(form, standing, said, lines, nothing=not taken)
    if said.wish is Wish.CHANGE:
        return _to_change(standing, said, tuple(taken))
    if said.wish is Wish.SUMMARY:
        lines.insert(0, Plain(what="summary"))
    if said.wish is Wish.RESUME and standing.state is State.PAUSED:
        lines.insert(0, Plain(what="resumed"))
    return _next(form, replace(standing, state=_reopened(standing)), tuple(taken), tuple(lines))


def add(form: Form, standing: Standing, text: str) -> Step | None:
    """What is said of no question when all are done; None where the form keeps no remarks."""
    place = form.remarks
    if place is None or standing.state is not State.READY:
        return None
    old = standing.answers.get(place.key)
    before = f"{old.text}\n" if isinstance(old, Words) else ""
    taken = Taken(key=place.key, value=Words(text=f"{before}{text.strip()}"[:LONGEST]), quote=text.strip()[:LONGEST])
    after = replace(standing, answers={**standing.answers, place.key: taken.value})
    return Step(after=after, taken=(taken,), lines=(Plain(what="added"),))


def press(form: Form, standing: Standing, pressed: Press, *, quote: str) -> Step:
    """What a press comes to; one that fits no more changes nothing and says the next question."""
    question = form.question(pressed.question)
    option = question.option(pressed.option) if question else None
    match pressed.verb:
        case Verb.BEGIN | Verb.RESUME:
            return begin(form, standing)
        case Verb.DECLINE:
            return _end(standing, State.DECLINED, "declined")
        case Verb.PAUSE:
            return _paused(standing, ())
        case Verb.SKIP if question:
            standing = replace(standing, skipped=standing.skipped | {question.key})
        case Verb.OPTION if question and option:
            return _chosen(form, standing, question, option.key, quote)
        case Verb.KEEP | Verb.TAKE if standing.pending and standing.pending.key == pressed.question:
            taken = _decided(standing.pending, keep=pressed.verb is Verb.KEEP)
            kept = {**standing.answers, **{each.key: each.value for each in taken}}
            return _next(form, replace(standing, answers=kept, pending=None), taken, ())
        case _:
            pass
    return _next(form, replace(standing, state=_reopened(standing)), (), ())


def ask_again(form: Form, standing: Standing, key: str) -> Step | None:
    """A colleague wants a question asked again; None where the form has none of that key."""
    if form.question(key) is None:
        return None
    again = key in standing.answers
    state = State.OPEN if standing.state in {State.PAUSED, State.READY} else standing.state
    return Step(after=replace(standing, state=state, asked=key, pending=None), lines=(Ask(key=key, again=again),))


def missing(form: Form, standing: Standing) -> tuple[str, ...]:
    """The required questions that have no answer, as far as the branches are known."""
    asked = form.asked(options_of(standing.answers))
    return tuple(each.key for each in asked if each.required and not answers(each, standing.answers.get(each.key)))


def _settled(standing: Standing, said: Understood, taken: list[Taken], *, assent: bool) -> Standing:
    """What was named back and is not spoken of holds as it was said last, in doubt; a pause lets it wait."""
    pending = standing.pending
    if pending is None or said.wish in {Wish.PAUSE, Wish.SUMMARY}:
        return standing
    if said.of(pending.key) is not None:
        return replace(standing, pending=None)
    if not (said.found or assent or said.wish):
        return standing
    taken.append(Taken(key=pending.key, value=pending.new, quote=pending.quote, doubt=pending.why))
    return replace(standing, answers={**standing.answers, pending.key: pending.new}, pending=None)


def _take(
    question: Question, found: Found, standing: Standing, taken: list[Taken], lines: list[Line], *,
    changes: bool, today: date,
) -> Standing:  # fmt: skip
    """Keep one answer, or name it back."""
    old, key = standing.answers.get(question.key), question.key
    settles = key in standing.named
    new = _joined(old, found, changes=changes, settles=settles)
    if new is None or new == old:
        return standing
    why = reason(question, new, today=today)
    clashes = old is not None and not changes and _contradicts(old, found)
    if why is not None and not settles:
        lines.append(Doubt(key=key, value=new, why=why))
        pending = Pending(key=key, why=why, new=new, quote=found.quote)
        return replace(standing, pending=pending, named=standing.named | {key})
    if clashes and not settles:
        assert old is not None, "there is something to contradict"
        lines.append(Clash(key=key, old=old, new=new))
        pending = Pending(key=key, why=CONTRADICTION, new=new, quote=found.quote, old=old)
        return replace(standing, pending=pending, named=standing.named | {key})
    doubt = why or (CONTRADICTION if clashes and not found.asked else "")
    taken.append(Taken(key=key, value=new, quote=found.quote, doubt=doubt))
    return replace(standing, answers={**standing.answers, key: new}, skipped=standing.skipped - {key})


def _left_open(form: Form, standing: Standing, said: Understood, lines: list[Line], *, nothing: bool) -> Standing:
    """What they have no answer to is left open; what could not be read is asked once more, and left open then."""
    left = {key for key in said.left_open if key not in standing.answers}
    asked = standing.asked
    if asked and nothing and said.wish is Wish.SKIP:
        left.add(asked)
    if asked and nothing and said.unread and asked not in standing.answers and standing.state is State.OPEN:
        if f"{asked}?" in standing.named:
            left.add(asked)
        else:
            lines.append(Plain(what="unread"))
            standing = replace(standing, named=standing.named | {f"{asked}?"})
    return replace(standing, skipped=standing.skipped | {key for key in left if form.question(key) is not None})


def _contradicts(old: Value, found: Found) -> bool:
    """Whether an answer takes back another one, unsaid that it does."""
    if isinstance(old, Chosen) and isinstance(found.value, Chosen):
        if found.without:
            return bool(set(found.without) & set(old.keys))
        return False
    if isinstance(found.value, Money | Time | Number):
        return not found.asked and type(old) is type(found.value)
    return False


def _joined(old: Value | None, found: Found, *, changes: bool, settles: bool) -> Value | None:
    """The answer as it is with what was found; None where that says nothing."""
    new = found.value
    if isinstance(new, Chosen):
        if old is None or not isinstance(old, Chosen):
            return new if new.keys or new.other else None
        keys = [*old.keys, *(each for each in new.keys if each not in old.keys)]
        if (changes or settles) and new.keys and not found.without:
            keys = list(new.keys)
        kept = tuple(each for each in keys if each not in found.without)
        return Chosen(keys=kept, other=new.other or ("" if changes else old.other))
    if old is None or changes or type(old) is not type(new):
        return new
    if isinstance(new, Words) and isinstance(old, Words) and not found.asked:
        return Words(text=f"{old.text}\n{new.text}"[:LONGEST])
    if isinstance(new, Links) and isinstance(old, Links):
        return Links(addresses=tuple(dict.fromkeys((*old.addresses, *new.addresses)))[:MOST_LINKS])
    return new


def _chosen(form: Form, standing: Standing, question: Question, option: str, quote: str) -> Step:
    """A press on an option: one of several is added, one of a single choice replaces."""
    old = standing.answers.get(question.key)
    several = question.kind is QuestionKind.CHOICES
    before = old if isinstance(old, Chosen) else Chosen()
    keys = tuple(dict.fromkeys((*before.keys, option))) if several else (option,)
    taken = (Taken(key=question.key, value=Chosen(keys=keys, other=before.other if several else ""), quote=quote),)
    answers = {**standing.answers, question.key: taken[0].value}
    pending = None if standing.pending and standing.pending.key == question.key else standing.pending
    kept = replace(
        standing, answers=answers, pending=pending, skipped=standing.skipped - {question.key},
        state=_reopened(standing), asked=question.key,
    )  # fmt: skip
    if several and set(keys) < {each.key for each in question.options}:
        return Step(after=kept, taken=taken, lines=(Ask(key=question.key, more=True),))
    return _next(form, kept, taken, ())


def _decided(pending: Pending, *, keep: bool) -> tuple[Taken, ...]:
    """The one that a press chose; an absurd value that is stood by stays doubtful, what was kept is kept already."""
    if keep:
        return ()
    doubt = "" if pending.why == CONTRADICTION else pending.why
    return (Taken(key=pending.key, value=pending.new, quote=pending.quote, doubt=doubt),)


def _paused(standing: Standing, taken: tuple[Taken, ...]) -> Step:
    return Step(after=replace(standing, state=State.PAUSED), taken=taken, lines=(Plain(what="paused"),))


def _to_change(standing: Standing, said: Understood, taken: tuple[Taken, ...]) -> Step:
    """Ask what is to be put right; which one it is, where that is not said."""
    if not said.about:
        return Step(after=standing, taken=taken, lines=(Plain(what="which"),))
    key = said.about[0]
    opened = replace(standing, state=_reopened(standing), asked=key)
    return Step(after=opened, taken=taken, lines=(Ask(key=key, again=key in standing.answers),))


def _reopened(standing: Standing) -> State:
    return State.OPEN if standing.state in {State.OFFERED, State.EXPIRED, State.PAUSED} else standing.state


def _end(standing: Standing, state: State, what: Literal["stopped", "declined"]) -> Step:
    return Step(after=replace(standing, state=state, asked=None), lines=(Plain(what=what),))


def _next(form: Form, standing: Standing, taken: tuple[Taken, ...], lines: tuple[Line, ...]) -> Step:
    """The first question without an answer, unless something was named back; none left: the brief is ready."""
    if standing.pending is not None and any(isinstance(each, Clash | Doubt) for each in lines):
        first = next(each for each in lines if isinstance(each, Clash | Doubt) and each.key == standing.pending.key)
        plain = tuple(each for each in lines if isinstance(each, Plain))
        return Step(after=replace(standing, asked=standing.pending.key), taken=taken, lines=(*plain, first))
    done = set(standing.answers) | standing.skipped
    waiting = standing.pending.key if standing.pending else None
    asked = form.asked(options_of(standing.answers))
    following = next((each for each in asked if each.key not in done and each.key != waiting), None)
    if following is not None and standing.state is not State.READY:
        after = replace(standing, asked=following.key)
        return Step(after=after, taken=taken, lines=(*lines, Ask(key=following.key)))
    what: Literal["ready", "changed"] = "changed" if standing.state is State.READY else "ready"
    after = replace(standing, state=State.READY, asked=None)
    return Step(after=after, taken=taken, lines=(*lines, Plain(what=what)))
