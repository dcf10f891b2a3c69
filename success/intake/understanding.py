"""Which answers a free text holds, several at once and in any order, and what its author wants done. Pure, no model.

A text is read clause by clause. Options are found by their words, amounts, days and addresses by their shapes; what is
said in words belongs to the question that the clause speaks of, else to the one that was asked. What was said is
data: it is quoted, and never obeyed but for the few wishes below.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from knowledge.language import fold
from success.intake.amounts import amount, number, spoken
from success.intake.form_model import Form, Option, Question, QuestionKind
from success.intake.times import time_of
from success.intake.values import LONGEST, Chosen, Links, Money, Number, Time, Value, Words

MOST_CLAUSES: Final = 60
MOST_LINKS: Final = 20
_BARE: Final = 100  # a number without a unit that nobody asked for is no amount below it
_EDGE: Final = re.compile(
    r"[，。；;！!？?\n]+|(?<!\d),|,(?!\d)|(?<=[a-z\u4e00-\u9fff])\.\s+|\s+(?:and then|but)\s+", re.IGNORECASE
)
_LINK: Final = re.compile(r"https?://[^\s<>\"'，。；、）)】\]]{1,500}", re.IGNORECASE)
_DOMAIN: Final = re.compile(
    r"(?<![\w.@/-])(?:[a-z0-9-]{1,63}\.){1,4}(?:com|cn|net|org|hk|tw|io|co|shop|info|eu|uk|de|jp|us|asia)(?![\w.-])"
    r"(?:/[^\s<>\"'，。；、）)】\]]{0,300})?",
    re.IGNORECASE | re.ASCII,
)
_NOT: Final = re.compile(
    r"(?:不用|不要|不需要|不想|不打算|不做|不再|没有|无需|暂不|先不|不|没|无)[^，,]{0,8}$"
    r"|(?:\bnot?\b|\bwithout\b|n't\b|\bnever\b|\bno need\b)[^.,;]{0,30}$"
)


def _any(*words: str) -> str:
    return "|".join(words)


_NOTHING_TO_SAY: Final = _any(
    "跳过|下一个|下一题|还没想好|没想好|没想过|不知道|不清楚|不确定|暂时没有|没有|还没有|暂无|无|没|随便|都行|你们定",
    "skip|next|pass|not sure|no idea|don'?t know|i don'?t know|none|nothing|no|dunno|n/a|up to you",
)
_WISHES: Final = (
    ("pause", _any(
        "先到这|先这样|晚点再|等会再|待会再|回头再|改天再|明天再|下次再|暂停|先停一下|稍后再",
        r"\blater\b|\bpause\b|\bnot now\b|\bto be continued\b|continue (?:tomorrow|another day)",
    )),
    ("resume", _any(
        "继续|接着(?:填|说|来)|我回来了|刚才说到|我们继续",
        r"\bcontinue\b|\bresume\b|\bgo on\b|\bcarry on\b|\bi'?m back\b|where were we",
    )),
    ("stop", _any(
        "不填了|不做了|算了不(?:填|问)|取消(?:问卷|填写)|不用问了",
        r"\bcancel\b|\bstop asking\b|\bforget it\b|no more questions",
    )),
    ("skip", rf"^(?:{_NOTHING_TO_SAY})[了的啊呢吧。.! ]*$"),
    ("summary", _any(
        "(?:看看|看一下|总结|汇总|目前).{0,6}(?:填了|记了|答了|汇总|总结)|都记了什么",
        r"\bsummary\b|what (?:do you|have you) (?:have|got|noted)",
    )),
)  # fmt: skip
_PATTERNS: Final = tuple((name, re.compile(pattern)) for name, pattern in _WISHES)
_CHANGE: Final = re.compile(
    _any(
        "改成|改为|改到|改一下|改下|修改|更正|纠正|不对|说错|写错|应该是|其实是|换成|调整|更新一下",
        r"\bchange\b|\bactually\b|\bcorrection\b|\bcorrect\b|\binstead\b|\bi meant\b",
        r"\bmake (?:it|that)\b|\brather\b|\bupdate\b",
    )
)
_FILLER: Final = re.compile(
    "^(?:嗯|哦|好的?|对|是的?|那|就|你好|您好|谢谢|呃|额|可以|行"
    "|ok|okay|yes|well|um|hi|hello|thanks|thank you)+[啊呀吧呢的了~!. ]*$"
)


class Wish(StrEnum):
    """What the author wants of the conversation itself."""

    PAUSE = "pause"
    RESUME = "resume"
    STOP = "stop"
    SKIP = "skip"
    SUMMARY = "summary"
    CHANGE = "change"


@dataclass(frozen=True, kw_only=True)
class Found:
    """An answer in a text: its question, its value, and the words it was read from. `without`: options ruled out.

    `shape`: an amount, a day or an address, which is no accident; `asked`: it is to the question that was asked.
    """

    key: str
    value: Value
    quote: str
    without: tuple[str, ...] = ()
    shape: bool = False
    asked: bool = False


@dataclass(frozen=True, kw_only=True)
class Understood:
    """What a text holds. `changes`: it says that something is to be put right; `about` are the questions it names."""

    found: tuple[Found, ...] = ()
    wish: Wish | None = None
    changes: bool = False
    about: tuple[str, ...] = ()

    def of(self, key: str) -> Found | None:
        """What it says to a question."""
        return next((each for each in self.found if each.key == key), None)


def asks_for(form: Form, text: str) -> bool:
    """Whether somebody says that they want what the form is about."""
    folded = fold(text[:LONGEST])
    said = next((word for word in form.begins if _has(folded, word)), None)
    return said is not None and not _NOT.search(folded[: folded.find(said)]) and not _HOW.search(folded)


_HOW: Final = re.compile(r"怎么|如何|为什么|\bhow (?:do|can|to)\b|\bwhy\b|坏了|打不开|报错")


def understand(
    text: str, form: Form, *, asked: str | None, today: date, words: bool = True, held: Collection[str] = ()
) -> Understood:
    """Read a text. `asked` is the question it may answer; `words`: what fits nothing else is an answer to it too.

    `held` have an answer: in words to another question nothing is read of them that is not said to be of them.
    """
    text = text[: LONGEST * 2]
    folded = fold(text)
    wish = next((Wish(name) for name, pattern in _PATTERNS if pattern.search(folded.strip())), None)
    changes = bool(_CHANGE.search(folded))
    clauses = [each.strip() for each in _EDGE.split(_unlinked(text)) if each and each.strip()][:MOST_CLAUSES]
    reading = _Reading(form, asked=asked, today=today, held=held)
    for clause in clauses:
        reading.clause(clause)
    reading.links(text, folded)
    about = tuple(q.key for q in form.questions if any(_has(folded, word) for word in _about(q)))
    if wish in {None, Wish.SUMMARY} and words and not (changes and about and not reading.found):
        reading.rest(text)
    if changes and not reading.found and wish is None:
        wish = Wish.CHANGE
    kept = tuple(reading.found.values())
    if wish is Wish.SKIP and kept:
        wish = None
    return Understood(found=kept, wish=wish, changes=changes, about=about)


class _Reading:
    """Collects what the clauses of one text hold."""

    def __init__(self, form: Form, *, asked: str | None, today: date, held: Collection[str]) -> None:
        self.found: dict[str, Found] = {}
        self._form, self._asked, self._today = form, form.question(asked) if asked else None, today
        self._left: list[str] = []
        self._held = frozenset(held)
        self._in_words = self._asked is not None and self._asked.kind is QuestionKind.TEXT

    def clause(self, clause: str) -> None:
        """Read one clause."""
        folded = spoken(fold(clause))
        spoke = [each for each in self._form.questions if any(_has(folded, word) for word in each.words)]
        taken, chosen = False, False
        for question in self._form.questions:
            asked, cued = question is self._asked, question in spoke
            match question.kind:
                case QuestionKind.MONEY:
                    taken |= self._money(question, clause, folded, sure=cued or (asked and not spoke))
                case QuestionKind.TIME:
                    taken |= self._time(question, clause, folded, sure=cued or (asked and not spoke))
                case QuestionKind.NUMBER:
                    taken |= self._number(question, clause, folded, sure=cued or (asked and not spoke))
                case QuestionKind.CHOICE | QuestionKind.CHOICES:
                    if cued or not (self._in_words and question.key in self._held):
                        found = self._options(question, clause, folded)
                        taken |= found and (cued or not self._in_words)
                        chosen |= found
        in_words = [each for each in spoke if each.kind is QuestionKind.TEXT]
        for question in in_words[:1]:
            if not _only_names(folded, question):
                self._words(question, clause)
                taken = True
        if (
            not taken
            and not (chosen and not self._in_words)
            and not (spoke and all(_only_names(folded, each) for each in spoke))
        ):
            self._left.append(clause)

    def links(self, text: str, folded: str) -> None:
        """Addresses go to the question of addresses that is spoken of or was asked, else to the first."""
        found = tuple(dict.fromkeys([*_LINK.findall(text), *_DOMAIN.findall(_LINK.sub(" ", text))]))[:MOST_LINKS]
        homes = [each for each in self._form.questions if each.kind is QuestionKind.LINKS]
        if not found or not homes:
            return
        home = next((q for q in homes if any(_has(folded, word) for word in q.words)), None)
        home = home or (self._asked if self._asked in homes else homes[0])
        assert home is not None, "there is one"
        addresses = tuple(each.rstrip(".,!?") for each in found)
        self._keep(home, Links(addresses=addresses), text, shape=True)

    def rest(self, text: str) -> None:
        """What fits nothing else answers the question that was asked, where that takes words."""
        question = self._asked
        left = [each for each in self._left if not _FILLER.match(fold(each)) and not _bare_link(each)]
        if question is None or not left:
            return
        if question.kind is QuestionKind.TEXT:
            alone = not any(key != question.key for key in self.found)
            if alone:
                self.found.pop(question.key, None)
            self._words(question, text if alone else "\n".join(left))
        elif question.kind in {QuestionKind.CHOICE, QuestionKind.CHOICES} and not self.found:
            self._keep(question, Chosen(other=_cut(text)), text)

    def _money(self, question: Question, clause: str, folded: str, *, sure: bool) -> bool:
        least = 0 if question is self._asked else _BARE
        money = amount(folded, currency=question.currency, sure=sure, least=least)
        if money is None:
            return False
        return self._keep(question, money, clause, shape=True)

    def _time(self, question: Question, clause: str, folded: str, *, sure: bool) -> bool:
        time = time_of(folded, today=self._today, sure=sure)
        if time is None:
            return False
        return self._keep(question, Time(by=time.by, words=_cut(clause)), clause, shape=True)

    def _number(self, question: Question, clause: str, folded: str, *, sure: bool) -> bool:
        value = number(folded) if sure else None
        return value is not None and self._keep(question, Number(value=value), clause, shape=True)

    def _options(self, question: Question, clause: str, folded: str) -> bool:
        """Options that the clause names, those with a "not" before them apart."""
        wanted: list[str] = []
        without: list[str] = []
        for option in question.options:
            place = _place(folded, option)
            if place is None:
                continue
            ruled_out = _NOT.search(folded[: place[0]]) or place[1].startswith("不")
            (without if ruled_out else wanted).append(option.key)
        if question.kind is QuestionKind.CHOICE:
            wanted = wanted[:1]
        if not wanted and not without:
            return False
        before = self.found.get(question.key)
        if before is not None and isinstance(before.value, Chosen):
            if question.kind is QuestionKind.CHOICE:
                return True
            wanted = [*before.value.keys, *(each for each in wanted if each not in before.value.keys)]
            without = [*before.without, *without]
            clause = f"{before.quote}\n{clause}"
        return self._keep(question, Chosen(keys=tuple(wanted)), clause, without=tuple(without))

    def _words(self, question: Question, clause: str) -> None:
        before = self.found.get(question.key)
        said = f"{before.quote}\n{clause}" if before is not None else clause
        self._keep(question, Words(text=_cut(said)), said)

    def _keep(
        self, question: Question, value: Value, quote: str, *, without: tuple[str, ...] = (), shape: bool = False
    ) -> bool:
        asked = question is self._asked
        self.found[question.key] = Found(
            key=question.key, value=value, quote=_cut(quote), without=without, shape=shape, asked=asked
        )
        return True


def _has(folded: str, word: str) -> bool:
    """Whether a word stands there; an English one as a word's beginning."""
    if word.isascii():
        return re.search(rf"(?<![a-z0-9]){re.escape(word)}", folded) is not None
    return word in folded


def _place(folded: str, option: Option) -> tuple[int, str] | None:
    """Where the option is named, and by what."""
    for word in option.words:
        found = re.search(rf"(?<![a-z0-9]){re.escape(word)}" if word.isascii() else re.escape(word), folded)
        if found:
            return found.start(), word
    return None


def _about(question: Question) -> tuple[str, ...]:
    """What names a question: its name, and the words that speak of it."""
    return (*(fold(name) for name in question.name.values()), *question.words)


def _only_names(folded: str, question: Question) -> bool:
    """Whether a clause says nothing but what it is about ("关于风格", "the style:")."""
    named = next((word for word in _about(question) if word in folded), "")
    rest = folded.replace(named, "", 1)
    return len(re.sub(r"[\W_]|关于|一下|的|要|是|呢|the|about|change|改|my|our", "", rest)) < 2  # noqa: PLR2004


def _bare_link(clause: str) -> bool:
    return not _DOMAIN.sub("", _LINK.sub("", clause)).strip(" ,.:：-")


def _unlinked(text: str) -> str:
    """The text without addresses, so that none is cut or read as words."""
    return _DOMAIN.sub(" ", _LINK.sub(" ", text))


def _cut(text: str) -> str:
    return text.strip()[:LONGEST]


def options_of(found: Mapping[str, Value]) -> dict[str, tuple[str, ...]]:
    """The options that were chosen, by question: what branches go by."""
    return {key: value.keys for key, value in found.items() if isinstance(value, Chosen)}


__all__ = ["Found", "Money", "Understood", "Wish", "asks_for", "options_of", "understand"]
