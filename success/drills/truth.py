"""Whether what a trainee states stands in the manual, the case or the contract: amounts, links, counts, tiers. Pure."""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from handoff.kinds import Tier
from knowledge.claims import claims
from knowledge.language import fold
from success.drills.bounds import Bounds
from success.drills.clock import in_figures
from success.drills.model import Item, Scenario
from success.drills.promising import timed
from success.drills.results import MOST_EVIDENCE, Evidence, Ground, Score
from success.drills.signs import sentences, shortened, without_steering
from success.drills.times import Named, instants, spans
from success.drills.wording import clauses, words_of

_CHECKED: Final = frozenset({"number", "link", "address", "phone"})
_COUNT: Final = re.compile(
    r"(?<![\d.:/月])(?P<cn>\d{1,4})\s*(?:个|次|件|张|单|条|份|套|页|项|位)(?!工作日|工作天|小时|月|星期)"
    r"|(?<![\d.:/$¥€])(?P<en>\d{1,4})\s+(?!(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov"
    r"|dec)[a-z]*\b)(?:[a-z]+\s+){0,2}?(?P<noun>[a-z]{3,}s)\b"
)
_TIMES: Final = frozenset({"times", "minutes", "hours", "days", "weeks", "months", "years", "seconds"})
_PRICE: Final = re.compile(
    r"(?:价格|费用|报价|总价|收费|年费|月费|\bcosts?\b|\bprices?\b|\bfees?\b"
    r"|\bcharges?\b)[^,。;!?]{0,12}?(?P<amount>[$¥€]?\d[\d,.]*\d)"
)
_SMALL: Final = 3
_UNSURE: Final = re.compile(
    r"不|没|无|未|还[在要]|是否|可能|也许|如果|若|要是|排除|正常|其他|其余|另外|除了|才|后|等"
    r"|\bnot\b|n't\b|\bno\b|\bnever\b|\bnothing\b|\bif\b|\bwhether\b|\bmay\b|\bmight\b|\bcould\b|\bperhaps\b"
    r"|\bfine\b|\belse\b|\bothers?\b|\brest\b|\bexcept\b|\bonce\b|\bbefore\b|\buntil\b|\brule"
)
_YEAR: Final = frozenset({"12个月", "12months", "12 months", "1年"})
_TIERS: Final[Mapping[Tier, str]] = {
    Tier.PLATINUM: "铂金|白金|platinum", Tier.GOLD: "黄金|gold", Tier.STANDARD: "标准|standard",
}  # fmt: skip
_OF_TIER: Final = (
    r"(?:您|你们|贵司|贵公司|\byou\b|\byour\b)[^,。]{{0,12}}?(?:{tier})[^,。]{{0,3}}?"
    r"(?:客户|合同|套餐|级|client|customer|contract|plan|tier|level)"
)


def facts(item: Item, scenario: Scenario, lines: tuple[str, ...], bounds: Bounds, ground: Ground) -> Score:
    """Every amount, link and number with a unit must stand in the manual, the case or the contract; a wrong one leaves
    nothing. Times of the clock are the trainee's own; times that are promised are seen to by the promises.
    """
    known = _Known(scenario, bounds, ground)
    wrong: list[tuple[str, int, str]] = []
    right: list[tuple[str, int, str]] = []
    for number, line in enumerate(lines, 1):
        for sentence in sentences(without_steering(line)):
            for words, holds in known.stated(fold(sentence)):
                (right if holds else wrong).append((shortened(sentence), number, words))
    bad = [Evidence(quote=q, line=n, good=False, why="not_in_manual", about=w) for q, n, w in _distinct(wrong)]
    bad += [Evidence(quote=quote, line=n, good=False, why="not_the_case") for quote, n in _against(item, lines)]
    good = [Evidence(quote=q, line=n, good=True, why="in_manual", about=w) for q, n, w in _distinct(right)]
    share = 0.0 if bad else 1.0
    return Score(item=item.id, share=share, evidence=tuple((bad + good)[:MOST_EVIDENCE]))


def _against(item: Item, lines: tuple[str, ...]) -> Iterator[tuple[str, int]]:
    """Sentences that say what the case denies, in a clause that neither denies nor asks nor is unsure of it."""
    if item.denied is None:
        return
    words = words_of(tuple(each for some in item.denied.values() for each in some))
    for number, line in enumerate(lines, 1):
        for sentence in sentences(without_steering(line)):
            for clause in clauses(fold(sentence)):
                rest = words.rest_of(clause)
                if rest is not None and not _UNSURE.search(rest) and not sentence.rstrip().endswith(("?", "？")):
                    yield shortened(sentence), number
                    break


class _Known:
    """What may be stated in a drill."""

    def __init__(self, scenario: Scenario, bounds: Bounds, ground: Ground) -> None:
        lines_of = (line for branch in scenario.branches for line in branch.say)
        told = (*scenario.facts, *scenario.opening, *lines_of, *scenario.otherwise)
        case = [text for said in told for text in said.values()]
        held = [term.target.label for term in (bounds.repair, bounds.answer) if term is not None]
        whole = in_figures(fold("\n".join([*ground.every, *case, *held])))
        self.dates = {(each.month, each.date) for text in case for each in _dates(fold(text))}
        self.scenario, self.bounds = scenario, bounds
        self.text = whole.replace(" ", "")
        self.lengths = {each.length for each in spans(whole)}
        self.counts = {count for count, _ in _counts(whole)} | {
            int(each) for text in case for each in re.findall(r"(?<![\d:.])\d{1,4}(?![\d:.])", in_figures(fold(text)))
        }

    def stated(self, folded: str) -> Iterator[tuple[str, bool]]:
        """What a sentence states, and whether it holds."""
        text = in_figures(folded)
        times = "".join(each.words for each in instants(folded)).replace(" ", "")
        promised = bool(timed(folded))
        counted = {words: count for count, words in _counts(text)}
        for kind, words in claims(text):
            plain = words.replace(" ", "")
            lengths = {each.length for each in spans(f"in {words}")}
            if kind not in _CHECKED or plain in times or plain in _YEAR or (lengths and promised) or words in counted:
                continue
            yield words, plain in self.text or bool(lengths & self.lengths) or _of_contract(plain, self.bounds)
        for words, count in counted.items():
            if count > _SMALL and words.replace(" ", "") not in times:
                yield words, count in self.counts
        yield from self._days(folded)
        for found in _PRICE.finditer(text):
            if not re.search(r"[:%折]", text[found.start() : found.end() + 1]):
                yield found["amount"], found["amount"] in self.text
        for tier, names in _TIERS.items():
            if tier is not self.scenario.tier and (named := re.search(_OF_TIER.format(tier=names), text)):
                yield named.group(), False

    def _days(self, folded: str) -> Iterator[tuple[str, bool]]:
        """Days of a month that a sentence tells of; those that it promises are seen to by the promises."""
        own = {each.time.date for each in timed(folded) if isinstance(each.time, Named)}
        told = (each for each in _dates(folded) if each.month is not None and each.date not in own)
        yield from ((each.words, (each.month, each.date) in self.dates) for each in told)


def _dates(folded: str) -> Iterator[Named]:
    """The dates that a text names, clause by clause."""
    yield from (each for clause in clauses(folded) for each in instants(clause) if each.date is not None)


def _counts(text: str) -> Iterator[tuple[int, str]]:
    """How many of what a text in figures counts."""
    for found in _COUNT.finditer(text):
        if found["noun"] not in _TIMES:
            yield int(found["cn"] or found["en"]), found.group()


def _of_contract(words: str, bounds: Bounds) -> bool:
    """Whether a number with a unit is one of the contract's targets, said in words."""
    for term in (bounds.repair, bounds.answer):
        if term is None:
            continue
        amount, unit = term.target.label.split(" ", 2)[:2]
        units = {"h": ("小时", "hour"), "min": ("分钟", "minute"), "working": ("个工作日", "工作日", "workingday")}
        if words.startswith(amount) and words.removeprefix(amount).startswith(units.get(unit, ())):
            return True
    return False


def _distinct(rows: list[tuple[str, int, str]]) -> list[tuple[str, int, str]]:
    return list({words: (quote, line, words) for quote, line, words in reversed(rows)}.values())[::-1]
