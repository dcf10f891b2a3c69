"""Which answers a free text holds, several at once and in any order, and what its author wants done. Pure, no model.

A text is read clause by clause. Options are found by their words, amounts, days and addresses by their shapes; what is
said in words belongs to the question that the clause speaks of, else to the one that was asked. What was said is
data: it is quoted, and never obeyed but for the few wishes.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from knowledge.language import fold
from success.intake.amounts import OTHER_MONEY
from success.intake.clauses import Clauses, addresses, cut
from success.intake.form_model import Form, Holds, Question, QuestionKind
from success.intake.naming import about, has, mentioned, only_names
from success.intake.numerals import in_digits
from success.intake.plain_words import plain
from success.intake.reading import Found, Reading, tells_own_trade
from success.intake.values import LONGEST, Chosen, Money, Time, Value, Words
from success.intake.wishes import (
    Wish,
    changes,
    filler,
    introduces,
    leaves_open,
    only_changes,
    pending,
    says_wrong,
    wish_of,
)

_SHAPED: Final = frozenset({QuestionKind.MONEY, QuestionKind.NUMBER})
_NAMED: Final = _SHAPED | {QuestionKind.TIME}
_OF_TIME: Final = re.compile(
    r"等|之?后|以?前|时候|开张|开业|装修|再说|早|晚|快|慢|急|[年月周天日季节]|\b(?:when|once|after|until|before|soon"
    r"|late|early|depends|spring|summer|autumn"
    r"|fall|winter|season|time|as fast|quick)"
)
_OF_MONEY: Final = re.compile(
    r"等|看|老板|领导|股东|商量|报价|方案|便宜|价|预算|钱|币|郎|卢|铢|\b(?:boss|partner|approv|depends|quote|cheap"
    r"|afford|budget|money|price|chf|lakh|"
    r"rupee|franc|baht|won|nzd|inr|grant|fund)"
)
_SHORTEST: Final = 4
_NOT_YET: Final = re.compile(
    r"(?:不用|不要|不需要|不想|不打算|不做|没有|无需|不|没|无)[^，,]{0,8}$|(?:\bnot?\b|n't\b)[^.,;]{0,30}$"
)
_HOW: Final = re.compile(r"怎么|如何|为什么|\bhow (?:do|can|to)\b|\bwhy\b|坏了|打不开|报错")
_OF_THAT: Final = re.compile(
    r"\s*(?:超[了过出]|多了|再[多高贵]|[高贵]了|不够|要是|如果|否则"
    r"|\b(?:if|otherwise|(?:more|beyond|above|over) that|beyond)\b)"
)
"""What goes on with an amount or a day that was just named, and is no answer to another question."""
_COMPARED: Final = re.compile(
    r"(?:被|跟|和|与|比|像|别学|超过|赶上)(?:我们的?|那些|其他|别的)?(?:同行|竞争对手|对手|竞品|友商)"
    r"|\b(?:like|than|from|as|beat|ahead of|above) (?:the |our |all |any )*(?:competit|rival)"
)
"""Competitors as what one's own site is held against: no word on what they do well."""
_GOES_ON: Final = re.compile(r"\s*(?:他们|她们|它们|其|they\b|their\b|its?\b)")


@dataclass(frozen=True, kw_only=True)
class Understood:
    """What a text holds. `changes`: it says that something is to be put right; `about` are the questions it names.

    `left_open` are the questions that it says it has no answer to. `unread`: it may answer a question that wants an
    amount, a number or a day, and none could be read of it.
    """

    found: tuple[Found, ...] = ()
    wish: Wish | None = None
    changes: bool = False
    about: tuple[str, ...] = ()
    left_open: tuple[str, ...] = ()
    unread: bool = False

    def of(self, key: str) -> Found | None:
        """What it says to a question."""
        return next((each for each in self.found if each.key == key), None)


def asks_for(form: Form, text: str) -> bool:
    """Whether somebody says that they want what the form is about."""
    return _begins(form, fold(text[:LONGEST])) is not None


def asked_for(forms: Sequence[Form], text: str) -> Form | None:
    """The form for what somebody says that they want: of several the one that is named by the longest words."""
    folded = fold(text[:LONGEST])
    found = [(len(word), form) for form in forms if (word := _begins(form, folded)) is not None]
    return max(reversed(found), key=lambda each: each[0])[1] if found else None


def _begins(form: Form, folded: str) -> str | None:
    said = next((word for word in form.begins if has(folded, word)), None)
    if said is None or _NOT_YET.search(folded[: folded.find(said)]) or _HOW.search(folded):
        return None
    return said


def understand(
    text: str, form: Form, *, asked: str | None, today: date, words: bool = True, held: Collection[str] = ()
) -> Understood:
    """Read a text. `asked` is the question it may answer; `words`: what fits nothing else is an answer to it too.

    `held` have an answer: in words to another question nothing is read of them that is not said to be of them.
    """
    text = text[: LONGEST * 2]
    question = form.question(asked) if asked else None
    clauses = Clauses.of(text, links=not _keeps_links(question))
    said = [plain(each) for each in clauses.each]
    question = _put_right(form, said) or question
    puts_right = any(changes(each) for each in said)
    reading = Reading(form, asked=question, today=today, changes=puts_right, held=held)
    sorting = _Sorting(form, question)
    unchosen: list[str] = []
    for clause, folded in zip(clauses.each, said, strict=True):
        taken = reading.clause(clause, folded)
        sorting.take(clause, folded, taken)
        if not (taken and any(isinstance(f.value, Chosen) and clause in f.quote for f in reading.found.values())):
            unchosen.append(folded)
        if taken and question is not None and question.kind is QuestionKind.CHOICES:
            sorting.left += _unnamed(clause, question, form, reading)
    wish = wish_of(unchosen, cues=about(question) if question else ())
    reading.links(clauses)
    for key, own in sorting.texts(clauses, alone=not reading.found, words=words and wish is None).items():
        reading.words(key, own)
    unread = False
    counted = question is not None and question.kind is QuestionKind.NUMBER and re.search(r"\d", in_digits(plain(text)))
    if words and wish is None and not _news(reading, held) and (counted or not sorting.left_open):
        unread = _in_their_words(reading, question, sorting.left, text)
    if words and wish in {None, Wish.SUMMARY} and question is not None and not sorting.left_open:
        _besides(reading, question, clauses, sorting.left)
    if words and not (question is not None and question.kind is QuestionKind.TEXT):
        _trade(form, reading, [(each, plain(each)) for each in sorting.left], held)
    named = tuple(q.key for q in form.questions if any(has(fold(text), word) for word in about(q)))
    kept = tuple(reading.found.values())
    if puts_right and not kept and wish is None and (asked is None or any(says_wrong(each) for each in said)):
        wish = Wish.CHANGE
    if wish is Wish.SKIP and (kept or (sorting.left_open and asked not in sorting.left_open)):
        wish = None
    left_open = tuple(key for key in sorting.left_open if key not in reading.found)
    return Understood(found=kept, wish=wish, changes=puts_right, about=named, left_open=left_open, unread=unread)


def _put_right(form: Form, said: Sequence[str]) -> Question | None:
    """The one question of which a clause says that it was wrong, and no more: what follows is to that one."""
    named = {
        each.key: each
        for clause in said
        for each in form.questions
        if changes(clause) and any(has(clause, word) for word in about(each)) and only_changes(clause, cues=about(each))
    }
    return next(iter(named.values())) if len(named) == 1 else None


class _Sorting:
    """Which clause is whose: in words to a question, said to be open, or left over."""

    def __init__(self, form: Form, asked: Question | None) -> None:
        self._form, self._asked = form, asked
        self._own: dict[str, list[str]] = {}
        self._taken = False
        self._last: str | None = None
        self._shaped = False
        self.left: list[str] = []
        self.left_open: dict[str, None] = {}

    def take(self, clause: str, folded: str, taken: bool) -> None:  # noqa: FBT001 - what was read of it
        """Sort one clause; `taken`: something was read of it."""
        spoke = [each for each in self._form.questions if any(has(folded, word) for word in each.words)]
        self._taken |= taken
        cues = [word for each in spoke for word in about(each)]
        nothing = filler(folded) or introduces(clause)
        if nothing or (not taken and only_changes(folded, cues=cues) and (says_wrong(folded) or not cues)):
            self._taken |= not nothing
            return
        if self._goes_on(folded, spoke, taken=taken) or (not taken and self._leaves_open(folded, spoke)):
            self._taken = True
            return
        in_words = next((each for each in spoke if each.kind is QuestionKind.TEXT), None)
        if in_words is not None and self._asked_in_words() and _COMPARED.search(folded):
            in_words = self._asked
        if in_words is not None and not only_names(folded, in_words):
            self._give(in_words.key, clause)
        elif _GOES_ON.match(folded) and self._last is not None and not taken:
            self._give(self._last, clause)
        elif not taken and not (spoke and all(only_names(folded, each) for each in spoke)):
            self.left.append(clause)
            if self._asked is not None and self._asked.kind is QuestionKind.TEXT:
                self._own.setdefault(self._asked.key, []).append(clause)
        else:
            self._taken = True

    def _goes_on(self, folded: str, spoke: list[Question], *, taken: bool) -> bool:
        """Whether a clause goes on with the amount or the day before it."""
        goes_on = self._shaped and not taken and not spoke and bool(_OF_THAT.match(folded))
        self._shaped = goes_on or (taken and any(each.kind in _NAMED for each in spoke))
        return goes_on

    def _leaves_open(self, folded: str, spoke: list[Question]) -> bool:
        """Note what a clause says to be open; whether it speaks of one that is."""
        for each in [*spoke, *([self._asked] if self._asked and not spoke else [])]:
            open_yet = each is not self._asked and each.kind in _NAMED and pending(folded)
            if open_yet or leaves_open([folded], cues=about(each)):
                self.left_open[each.key] = None
        return any(each.key in self.left_open for each in spoke)

    def _asked_in_words(self) -> bool:
        return self._asked is not None and self._asked.kind is QuestionKind.TEXT

    def texts(self, clauses: Clauses, *, alone: bool, words: bool) -> dict[str, str]:
        """The answers in words: what was said of a question, and all of the rest to the one that was asked."""
        asked = self._asked.key if self._asked is not None and self._asked.kind is QuestionKind.TEXT else None
        found = {key: clauses.joined(own) for key, own in self._own.items() if key != asked or words or self._cued(key)}
        if asked is not None and alone and words and not self._taken and set(found) <= {asked} and self._own:
            return {asked: clauses.whole}
        return found

    def _cued(self, key: str) -> bool:
        return any(each not in self.left for each in self._own[key])

    def _give(self, key: str, clause: str) -> None:
        self._own.setdefault(key, []).append(clause)
        self._last = key
        self._taken |= self._asked is None or key != self._asked.key


def _news(reading: Reading, held: Collection[str]) -> bool:
    """Whether anything was read that was not said before: words beside what is known answer what was asked."""
    known = held if isinstance(held, Mapping) else {}
    return not all(
        isinstance(each.value, Chosen) and not each.without and not each.asked
        and isinstance(before := known.get(each.key), Chosen) and {*each.value.keys} <= {*before.keys}
        for each in reading.found.values()
    )  # fmt: skip


def _in_their_words(reading: Reading, question: Question | None, left: list[str], text: str) -> bool:
    """An answer that has no shape we know is kept as it was said ("when our shop opens"); whether one is unread."""
    folded = fold(text)
    counts = question is not None and question.kind is QuestionKind.NUMBER and re.search(r"\d", in_digits(folded))
    if question is None or not left or (len(text.strip()) < _SHORTEST and not counts):
        return False
    if question.kind is QuestionKind.TIME and _OF_TIME.search(folded) and not re.search(r"\d", folded):
        return not reading.keep(question, Time(by=None, words=" ".join(text.split())[:200]), text)
    if counts:
        return not reading.keep(question, Words(text=cut(text)), text)  # "50-100"
    if question.kind in _SHAPED and _OF_MONEY.search(folded) and not OTHER_MONEY.search(folded):
        return not reading.keep(question, Words(text=cut(text)), text)
    if question.kind is QuestionKind.LINKS:
        return not reading.keep(question, Words(text=cut(text)), text)
    return question.kind in {*_SHAPED, QuestionKind.TIME}


def _only_rules_out(question: Question, found: Found) -> bool:
    """Whether somebody says which one it is not, and of one choice that leaves open which it is."""
    return question.kind is QuestionKind.CHOICE and found.value == Chosen() and bool(found.without)


def _besides(reading: Reading, question: Question, clauses: Clauses, left: list[str]) -> None:
    """What was said beside options is kept with them, where it is nothing else."""
    if question.kind not in {QuestionKind.CHOICE, QuestionKind.CHOICES}:
        return
    before = reading.found.get(question.key)
    if not left and before is not None and reading.found.keys() > {question.key} and _only_rules_out(question, before):
        reading.keep(question, Chosen(other=cut(clauses.whole)), clauses.whole, without=before.without)
    if not left:
        return
    rest = clauses.joined(left) if reading.found else clauses.whole
    if before is None:
        reading.keep(question, Chosen(other=cut(rest)), rest)
    elif isinstance(before.value, Chosen):
        value = Chosen(keys=before.value.keys, other=cut(rest))
        reading.keep(question, value, f"{before.quote}\n{rest}", without=before.without)


def _trade(form: Form, reading: Reading, left: list[tuple[str, str]], held: Collection[str]) -> None:
    """What they do, said unasked in words that no option has."""
    question = next((each for each in form.questions if each.holds is Holds.INDUSTRY), None)
    said = next((clause for clause, folded in left if tells_own_trade(folded)), None)
    known = question is None or question.key in reading.found or question.key in held
    if said is not None and question is not None and not known:
        reading.keep(question, Chosen(other=cut(said)), said)


_PIECES: Final = re.compile(r"\s*[+/、]\s*|\s+(?:&|plus)\s+|\s+and\s+(?=an?\s)")


def _unnamed(clause: str, question: Question, form: Form, reading: Reading) -> list[str]:
    """The pieces of a list that name no option: "booking + live chat"."""
    found = reading.found.get(question.key)
    pieces = _PIECES.split(clause)
    named_here = mentioned(plain(clause), question, asked=True).wanted
    if len(pieces) == 1 or not named_here or found is None or found.without:
        return []
    cues = [word for each in form.questions for word in about(each)]

    def names_none(piece: str) -> bool:
        named = mentioned(piece, question, asked=True)
        plainly = re.search(r"\d", in_digits(piece)) or any(has(piece, cue) for cue in cues)
        return len(piece) > 1 and not (named.wanted or named.without or plainly or filler(piece))

    return [each for each in pieces if names_none(plain(each))]


def _keeps_links(question: Question | None) -> bool:
    """Whether an address is a part of the answer's words: who does it well is often named by one."""
    return question is not None and question.holds is Holds.COMPETITORS


def options_of(found: Mapping[str, Value]) -> dict[str, tuple[str, ...]]:
    """The options that were chosen, by question: what branches go by."""
    return {key: value.keys for key, value in found.items() if isinstance(value, Chosen)}


__all__ = ["Found", "Money", "Understood", "Wish", "addresses", "asked_for", "asks_for", "options_of", "understand"]
