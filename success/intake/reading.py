"""What of one clause is an answer by its shape or its options: money, days, numbers, options, addresses. Pure."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from success.intake.amounts import amount, both_ends, number
from success.intake.clauses import Clauses, addresses, cut
from success.intake.form_model import Form, Holds, Question, QuestionKind
from success.intake.naming import about, has, mentioned
from success.intake.times import is_only, moved, names_the_moment, time_of
from success.intake.values import Chosen, Links, Money, Number, Time, Value, Words

_BARE: Final = 100  # a number without a unit that nobody asked for is no amount below it
_NEVER: Final = 10**15
_ABOUT_OTHERS: Final = frozenset({Holds.COMPETITORS, Holds.INDICATORS})
_OTHERS: Final = re.compile(
    r"他们|她们|人家|别人|别家|同行|对手|竞品|友商|\b(?:they|their|competitors?|rivals?|others)\b"
)
_OURS: Final = re.compile(r"我|咱|\b(?:we|our|i|my)\b|对了|另外|还有|\b(?:also|btw|by the way)\b")
_WANTS: Final = re.compile(
    r"不用|不要|不需要|不做|没有|去掉|取消|删掉|希望|想要|需要|加上?|增加|还要|也要|必须|得有"
    r"|[要想有能再个也还和不没就做]|功能|系统|可以|一个|网站|请|了|吧|先"
    r"|\b(?:we|i|also|need|want|would|like|to|add|have|with|no|not|without|don'?t|please|a|an|the|and|should|can"
    r"|could|be|able|remove|drop|too|"
    r"online|site|website|it|some|our|for|plus|on|top|as|well|actually|feature|function)\b"
)
_THEIR_CUSTOMERS: Final = re.compile(
    r"客户|买家|卖给|供应给|服务于|(?:给|为|帮|替)(?!我|自己|自家|咱)[^,]{1,8}(?:供应|供货|提供|配套|服务|安装|维修|代工)"
    r"|\bcustomers?\b|\bclients?\b|\bbuyers?\b|\bsell to\b|\bsupply\b"
)
_BUDGET: Final = re.compile(r"预算|\bbudget\b")
_GUESSED: Final = re.compile(
    r"应该|估计|听说|据说|肯定|他们|人家|对手|\b(?:guess|probably|must|heard|they|their|his|her)\b"
)
_RATHER: Final = re.compile(r"最好|理想|希望|尽量|\b(?:ideally|preferably|prefer|hope|hoping|better)\b")
_MOST_BESIDES: Final = 4
_FAR_LESS: Final = 50
_OWN_TRADE: Final = re.compile(
    r"^(?:您?你?好[,!]?\s*)?(?:我们?|我家|咱们?|我司|本公司|这边)"
    r"(?:家|公司|这边)?(?:是|主要|专门|一直)*(?:做|卖|搞|经营|生产|开|干)"
    r"(?![过了得好的]|一?个|网|给)[^,给]{2,14}的(?:公司|小?店|厂家?|工作室)?[~!.]?$"
    r"|^(?:(?:hi|hello|hey)[,! ]+)?(?:we'?re|we are|i'?m|i am|we run|i run|i own|we own) "
    r"(?:an? |the )?(?:[\w'-]+ ){0,4}(?:photographer"
    r"|studio|agency|firm|salon|practice|contractor|builder|consultant|consultancy|designer|charity|gym|architects?|barber"
    r"|plumber|electrician|florist|gallery|farm|winery|brewery|garage|spa|nursery|museum|theatre|band|musician|artist"
    r"|writer|coach|translator|landscaper|caterer|wholesaler|retailer|manufacturer|distributor)s?"
    r"(?: (?:in|from|based in) [\w ]{2,20})?[.!]?$"
)
"""Somebody tells what they do, whether or not an option is named."""
_NO_TRADE: Final = re.compile(r"客户|网站|官网|页面|项目|功能|小程序|预算|时间|\b(?:bit|little|lot|client|customer)\b")


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


class Reading:
    """Collects what the clauses of one text hold. `changes`: the text puts something right."""

    def __init__(
        self, form: Form, *, asked: Question | None, today: date, changes: bool, held: Collection[str] = ()
    ) -> None:
        self.found: dict[str, Found] = {}
        self._form, self._asked, self._today, self._changes = form, asked, today, changes
        self._held = frozenset(held)
        self._currencies = (
            {key: each.currency for key, each in held.items() if isinstance(each, Money)}
            if isinstance(held, Mapping)
            else {}
        )
        self._days = (
            {key: each.by for key, each in held.items() if isinstance(each, Time)} if isinstance(held, Mapping) else {}
        )
        self._in_words = asked is not None and asked.kind is QuestionKind.TEXT
        self._of_others = asked is not None and asked.holds in _ABOUT_OTHERS

    def clause(self, clause: str, folded: str) -> bool:
        """Read one clause; whether something was read of it."""
        spoke = [each for each in self._form.questions if any(has(folded, word) for word in each.words)]
        others = any(each.holds in _ABOUT_OTHERS for each in spoke) or bool(_OTHERS.search(folded))
        taken = False
        for question in self._form.questions:
            cued = question in spoke
            sure = cued or (question is self._asked and not spoke)
            match question.kind:
                case QuestionKind.MONEY:
                    taken |= self._money(question, clause, folded, sure=sure, spoke=bool(spoke))
                case QuestionKind.TIME:
                    taken |= self._time(question, clause, folded, sure=sure, cued=cued, others=others)
                case QuestionKind.NUMBER:
                    taken |= self._number(question, clause, folded, cued=cued, spoke=bool(spoke))
                case QuestionKind.CHOICE | QuestionKind.CHOICES if question is self._asked or cued or not others:
                    taken |= self._options(question, clause, folded, cued=cued)
                case _:
                    pass
        return taken

    def links(self, clauses: Clauses) -> None:
        """Addresses go to the question of addresses that is spoken of or was asked, else to the first."""
        homes = [each for each in self._form.questions if each.kind is QuestionKind.LINKS]
        if not clauses.links or not homes:
            return
        folded = clauses.whole.lower()
        home = next((q for q in homes if any(has(folded, word) for word in q.words)), None)
        home = home or (self._asked if self._asked in homes else homes[0])
        assert home is not None, "there is one"
        self.keep(home, Links(addresses=addresses(clauses.whole)), clauses.whole, shape=True)

    def words(self, key: str, said: str) -> None:
        """What was said to a question in words."""
        question = self._form.question(key)
        assert question is not None, "it was read from this form"
        self.keep(question, Words(text=cut(said)), said)

    def keep(
        self, question: Question, value: Value, quote: str, *, without: tuple[str, ...] = (), shape: bool = False
    ) -> bool:
        """Keep an answer; a later one of the same question takes its place."""
        asked = question is self._asked
        self.found[question.key] = Found(
            key=question.key, value=value, quote=cut(quote), without=without, shape=shape, asked=asked
        )
        return True

    def _money(self, question: Question, clause: str, folded: str, *, sure: bool, spoke: bool) -> bool:
        if self._holds(Holds.COMPETITORS) and not (self._changes or _is_ours(folded)):
            return False
        least = 0 if question is self._asked else _BARE
        if not sure and self._changes and not spoke and not self._asks(QuestionKind.NUMBER):
            sure, least = True, _NEVER  # "make it 60k"
        currency = self._currencies.get(
            question.key, question.currency
        )  # "10k USD, or 12k", and "make it 60k" after it
        money = amount(folded, currency=currency, sure=sure, cues=about(question), least=least)
        if money is None:
            return False
        self._currencies[question.key] = money.currency
        before = self.found.get(question.key)
        if before is not None and isinstance(before.value, Money) and not self._changes:
            money = _together(before.value, money, folded) or money
            if money.currency == before.value.currency and _size(money) * _FAR_LESS < _size(before.value):
                return True  # "10k at most, 7 would be better"
        return self.keep(question, money, clause, shape=True)

    def _time(self, question: Question, clause: str, folded: str, *, sure: bool, cued: bool, others: bool) -> bool:
        if others and not sure:
            return False
        if self._of_others and not (self._changes or (cued and not others and not self._holds(Holds.INDICATORS))):
            return False
        alone = (self._changes or bool(self.found)) and is_only(folded, today=self._today)
        if not cued and not is_only(folded, today=self._today) and names_the_moment(folded):
            return False  # "I am out today"
        time = time_of(folded, today=self._today, sure=sure or (alone and not self._asks(QuestionKind.NUMBER)))
        if time is None:
            return False
        said = self._days.get(question.key)
        if time.by is None and said is not None and (day := moved(folded, said)) is not None:
            time = Time(by=day, words=time.words)
        before = self.found.get(question.key)
        if time.by is None and before is not None and isinstance(before.value, Time) and before.value.by:
            return True  # "within three months, no hurry"
        return self.keep(question, Time(by=time.by, words=cut(clause)), clause, shape=True)

    def _number(self, question: Question, clause: str, folded: str, *, cued: bool, spoke: bool) -> bool:
        asked = question is self._asked and (cued or not spoke)
        if not asked and not (cued and _beside(folded, about(question))):
            return False
        value = number(folded)
        return value is not None and self.keep(question, Number(value=value), clause, shape=True)

    def _options(self, question: Question, clause: str, folded: str, *, cued: bool) -> bool:
        if not (cued or question is self._asked or self._may_be_read(question)):
            return False
        if question.holds is Holds.INDUSTRY and not cued and _THEIR_CUSTOMERS.search(folded):
            return False
        named = mentioned(folded, question, asked=question is self._asked)
        if not named.wanted and not named.without:
            return False
        if self._in_words and not cued and (self._of_others or not _says_only(folded, question)):
            return False
        wanted, without = list(named.wanted), list(named.without)
        single = question.kind is QuestionKind.CHOICE
        before = self.found.get(question.key)
        if before is not None and isinstance(before.value, Chosen):
            if single and before.value.keys and not self._changes:
                return True
            first = [] if single and wanted else [each for each in before.value.keys if each not in without]
            wanted = [*first, *(each for each in wanted if each not in first)]
            without = [*(each for each in before.without if each not in wanted), *without]
            clause = f"{before.quote}\n{clause}"
        kept = tuple(wanted[:1] if single else wanted)
        return self.keep(question, Chosen(keys=kept), clause, without=tuple(without))

    def _may_be_read(self, question: Question) -> bool:
        """Whether a choice of one may be read where it is not spoken of: not twice, nor of whom the site is for."""
        if question.kind is not QuestionKind.CHOICE or self._changes:
            return True
        return question.key not in self._held and not (question.holds is Holds.INDUSTRY and self._holds(Holds.AUDIENCE))

    def _asks(self, kind: QuestionKind) -> bool:
        return self._asked is not None and self._asked.kind is kind

    def _holds(self, place: Holds) -> bool:
        return self._asked is not None and self._asked.holds is place


def tells_own_trade(folded: str) -> bool:
    """Whether a clause says what its author does, and no more: "我们是做装修的", "I'm a wedding photographer"."""
    return bool(_OWN_TRADE.search(folded)) and not _NO_TRADE.search(folded)


def _is_ours(folded: str) -> bool:
    """Whether an amount is one's own, said where competitors were asked of."""
    return bool(_OURS.search(folded) or (_BUDGET.search(folded) and not _GUESSED.search(folded)))


def _size(money: Money) -> int:
    return money.low or money.high or 0


def _together(before: Money, money: Money, folded: str) -> Money | None:
    """One amount of two clauses: "at least 3, at most 5", "within 8, better 6"; None where the later one holds."""
    if _RATHER.search(folded) and before.low is None:
        return both_ends(money, before)
    return both_ends(before, money) if before.about or before.high is None else None


def _beside(folded: str, cues: Collection[str]) -> bool:
    """Whether a number stands beside a word that speaks of it ("1000个SKU", "products: 200")."""
    names = "|".join(re.escape(cue) for cue in sorted(cues, key=len, reverse=True))
    return bool(
        re.search(
            rf"[\d一二两三四五六七八九十百千万k]\s*[个种款件多]{{0,2}}\s*(?:{names})|(?:{names})\D{{0,4}}\d", folded
        )
    )


def _says_only(folded: str, question: Question) -> bool:
    """Whether a clause says little but that options are wanted or not."""
    rest = folded
    for word in sorted((w for option in question.options for w in option.words), key=len, reverse=True):
        rest = rest.replace(word, " ")
    left = re.findall(r"[a-z0-9]+|[\u3400-\u9fff]", _WANTS.sub(" ", rest))
    return sum(1 if re.match(r"[\u3400-\u9fff]", each) else 2 for each in left) <= _MOST_BESIDES
