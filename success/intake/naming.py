"""Which options and questions a folded clause names, and which options it rules out. Pure.

An English word stands at a word's beginning; a short one ("b2b", "to b") stands alone. "No shop", "卖东西就不用了" and
"everything but booking" rule out; "not only", "不能没有" and "we sell on Amazon already" do not.
"""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import zip_longest
from typing import Final

from knowledge.language import fold
from success.intake.form_model import Holds, Option, Question, QuestionKind
from success.intake.typos import slipped

_SHORT: Final = 3
_NOT: Final = re.compile(
    r"(?:不用|不要|不需要|不需|不想|不打算|不做|不再|没有|无需|无须|暂不|先不|别|去掉|删掉|删除|取消|砍掉|除了|除去"
    r"|不含|不包括|不是|并非"
    r"|(?<![能可])不(?![过但仅光只单止同错知管如妨论然少锈]|干胶|动产)|没|无(?![论锡线缝纺]|人机))[^，,和跟但而也还]{0,8}$"
    r"|(?:[二下]一?期|二阶段|以后|后期|将来|后面|明年)(?:再|才)[^，,]{0,6}$"
    r"|\b(?:later|phase (?:2|two)|next year)[^.,;]{0,20}$"
    r"|(?:\bnot?\b|\bwithout\b|n't\b|\bnever\b|\bno need\b|\bremove\b|\bdrop\b|\bscrap\b|\bdelete\b|\bexcept\b"
    r"|\bbut not\b|\btake out\b"
    r"|\bget rid of\b|\b(?:everything|all|anything) but\b|\binstead of\b|\brather than\b)(?:(?!\bbut\b|\bjust\b"
    r"|\band\b)[^.,;]){0,30}$"
)
_NOT_ONLY: Final = re.compile(
    r"(?:别忘了?|不要忘了?|不妨|何不)[^，,]{0,8}$"
    r"|\b(?:don'?t forget|no problem with|why not|no objection to)\b[^.,;]{0,30}$"
    r"|(?:不只|不光|不仅|不但|不单|不止)[^，,]{0,8}$|\bnot (?:just|only|merely)\b[^.,;]{0,30}$|(?:不能没有?|不可没有"
    r"|离不开|少不了|不能少|不能不)[^，,]{0,8}$"
    r"|\b(?:can'?t|cannot|can not|couldn'?t) (?:do |be |live )?without\b[^.,;]{0,30}$"
)
_NOT_BEHIND: Final = re.compile(
    r"\s*(?:的?(?:功能|系统|模块|部分|这块|这个))?\s*(?:就|也|都|先|可以|我们|暂时|目前|暂|还|现在)*\s*"
    r"(?:不用|不要|不需要|不做|没必要|免了|算了|取消|去掉|删掉|砍掉|以后再|下期|二期|后期再|后面再|之后再|将来再|晚点再|下一?步再|再说|不考虑)"
    r"|\s*(?:(?:is|are|was)n'?t|is not|are not|not|isnt|don'?t) (?:needed|necessary|required|wanted|need)\b"
    r"|\s*[:?]?\s*no\b(?! problem)|\s*(?:can wait|later|in phase 2"
    r"|down the (?:line|road)|eventually|(?:some|one) day|at some point|in (?:the )?future)\b"
)
_NEEDED_BEHIND: Final = re.compile(r"[^，,]{0,6}(?:不行|不可|的话)")
_HELD: Final = re.compile(
    r"(?:已经有?|已有|现在有|目前有|现在在|目前在|一直在|本来就)[^，,]{0,8}$|\b(?:already|currently|at the moment we"
    r"|used to)\b[^.,;]{0,30}$"
)
_ELSEWHERE: Final = re.compile(
    r"\s*(?:\w+ )?(?:on|through|via|at) (?:amazon|etsy|ebay|shopify|taobao|tmall|alibaba|facebook|instagram|wechat"
    r"|opentable|markets?|fairs?)\b"
)
_UNDECIDED: Final = re.compile(
    r"(?:要不要|需不需要|该不该|用不用|会不会|有没有|是不是|做不做|是否|不知道|不确定|不清楚|没想好)[^，,]{0,8}$"
    r"|\b(?:should we|do we (?:even |really )?need|whether|can'?t decide|torn between"
    r"|not sure (?:if|about)|wonder\w* (?:if|about))\b[^.,;]{0,30}$"
)
_UNDECIDED_BEHIND: Final = re.compile(
    r"[^，,]{0,6}(?:要不要|需不需要|有没有必要|做不做|还没想好|没想好|再想想|不确定|还在考虑)"
    r"|(?:\s\w+){0,2}\s*[?,]?\s*(?:maybe|not sure|undecided)\s*$"
)
"""What leaves an option neither wanted nor ruled out."""
_SUPPLIED: Final = re.compile(
    r"(?:[^，,在正刚重新要想和与]{0,2})的?(?:用品|设备|器材|家具|耗材|包装|布草|校服|制服|装修|软件|系统|小程序|招聘|猎头|营销|推广)"
    r"|\s+(?:uniforms?|furniture|equipment|suppl(?:y|ies|iers?)|software|packaging|marketing|staffing|recruit\w*|design"
    r"|fit-?outs?|signage|linens?|wear)\b"
)
_SUPPLIED_BEFORE: Final = re.compile(
    r"(?:给|为|帮|替)(?!我|自己|自家|咱)[^，,]{0,4}$"
    r"|\b(?:for|serving|supply(?:ing)?|supplies)\s+(?!my\b|our\b|an?\b|the\b|this\b)(?:\w+\s+){0,2}$"
)
"""What makes of a trade the customers of another one ("酒店用品", "software for hotels")."""
_ENDINGS: Final = (
    r"(?:'?s|e|es|e?d|e?rs?|ors?|ier|p?ings?|ling|lers?|y|ies|ion|ions"
    r"|ial|al|ally|ality|ments?|ists?|therap\w+)?(?![a-z0-9])"
)
_ALL: Final = re.compile(
    r"全都?[要选有]|都[要选有]|全部都?[要选]?|[两二三四五]个都|两者|两种都|都需要|\ball (?:of (?:them|the above|it"
    r"|these))\b|^\W*all\W*$|\beverything\b|\bboth\b(?! \w+ and)|\beach of them\b"
)
_FEW_WORDS: Final = re.compile(
    r"[的是我们要选就吧了呢啊客户端用主为那两个者]|\b(?:we|our|the|is|are|it|it's|for|mainly|mostly|just|only|please"
    r"|i|think|of|them|option|mainly|to)\b"
)


_TRADE: Final = re.compile(r".*卖.*|sells?")
_WANTED: Final = re.compile(
    r"想|(?<!主)要|希望|需要|能|可以|加|网|线|商城|店铺"
    r"|\b(?:online|site|website|web|want|need|like|able|can|could|should|shop|store|add)\b"
)
"""What makes of "we sell tea" a wish for the site; alone it tells what they do."""


@dataclass(frozen=True, kw_only=True)
class Mentioned:
    """The options that a clause names: wanted, and ruled out."""

    wanted: tuple[str, ...] = ()
    without: tuple[str, ...] = ()


def has(folded: str, word: str) -> bool:
    """Whether a word stands there."""
    return _word(word).search(folded) is not None


def about(question: Question) -> tuple[str, ...]:
    """What names a question: its name, and the words that speak of it."""
    return (*(fold(name) for name in question.name.values()), *question.words)


def only_names(folded: str, question: Question) -> bool:
    """Whether a clause says nothing but what it is about ("关于风格", "the style:")."""
    named = next((word for word in about(question) if word in folded), "")
    rest = folded.replace(named, "", 1)
    return not re.sub(r"[\W_]|关于|一下|这块|方面|[的要是呢吧啊嘛呀]|the|about|change|改|my|our", "", rest)


def mentioned(folded: str, question: Question, *, asked: bool) -> Mentioned:
    """The options that a clause names. Where it was asked, "both" and a piece of an option's name tell as well."""
    wanted: dict[str, None] = {}
    without: dict[str, None] = {}
    for option, start, end in _places(folded, question, asked=asked):
        before, behind = folded[:start], folded[end:]
        word = folded[start:end]
        if _HELD.search(before) or _ELSEWHERE.match(behind):
            continue
        if _UNDECIDED.search(before) or _UNDECIDED_BEHIND.match(behind):
            continue
        if question.holds is Holds.INDUSTRY and (_SUPPLIED.match(behind) or _SUPPLIED_BEFORE.search(before)):
            continue
        if _is_ruled_out(word, before, behind):
            without[option.key] = None
        elif asked or not _only_trades(folded, word, behind):
            wanted[option.key] = None
    if asked:
        if _ALL.search(folded) and not wanted.keys() - without.keys():
            wanted |= {each.key: None for each in question.options}
        elif not wanted and not without:
            wanted |= {each.key: None for each in question.options if _is_piece(folded, each)}
    return Mentioned(wanted=tuple(each for each in wanted if each not in without), without=tuple(without))


def _only_trades(folded: str, word: str, behind: str) -> bool:
    """Whether "we sell tea" tells what they do, not what the site should."""
    return bool(_TRADE.fullmatch(word)) and (behind.startswith("给") or not _WANTED.search(folded))


def _is_ruled_out(word: str, before: str, behind: str) -> bool:
    if _NOT_BEHIND.match(behind):
        return True
    if _NOT_ONLY.search(before):
        return False
    refused = bool(_NOT.search(before)) or word.startswith("不")
    return refused and not (before.rstrip().endswith(("没有", "没", "不")) and _NEEDED_BEHIND.match(behind))


def _places(folded: str, question: Question, *, asked: bool) -> Iterator[tuple[Option, int, int]]:
    """Where each option is named first, in order."""
    found = []
    for option in question.options:
        words = (*option.words, *option.asked) if asked else option.words
        place = next((hit for word in words if (hit := _option_word(word).search(folded))), None)
        if place is not None:
            found.append((option, *place.span()))
        elif asked and (slip := next((at for word in words if (at := slipped(folded, word))), None)) is not None:
            found.append((option, *slip))
    found.sort(key=lambda each: each[1])
    for this, following in zip_longest(found, found[1:]):
        if following is None or question.kind is not QuestionKind.CHOICE or folded[this[2] : following[1]] != " ":
            yield this  # "law school" is a school


def _is_piece(folded: str, option: Option) -> bool:
    """Whether a clause is nothing but a part of an option's name ("企业", "B", "consumers")."""
    said = re.sub(r"[\W_]", "", _FEW_WORDS.sub("", folded))
    return bool(said) and said in _pieces(tuple(option.name.values()))


@lru_cache(maxsize=512)
def _pieces(names: Collection[str]) -> frozenset[str]:
    found: set[str] = set()
    for name in names:
        parts = [name, *re.split(r"[（）()/、]", name)]
        parts += re.findall(r"[A-Za-z][A-Za-z0-9]*", name) if re.search(r"[\u3400-\u9fff]", name) else []
        found |= {re.sub(r"[\W_]", "", _FEW_WORDS.sub("", fold(part))) for part in parts}
    return frozenset(found - {""})


@lru_cache(maxsize=4096)
def _word(word: str) -> re.Pattern[str]:
    if not word.isascii():
        return re.compile(re.escape(word))
    ends = r"s?(?![a-z0-9])" if len(word.rsplit(maxsplit=1)[-1]) <= _SHORT else ""
    return re.compile(rf"(?<![a-z0-9]){re.escape(word)}{ends}")


@lru_cache(maxsize=4096)
def _option_word(word: str) -> re.Pattern[str]:
    """As `_word`, with no more behind it than a word's usual ending: "hospital" is no "hospitality"."""
    if not word.isascii() or len(word.rsplit(maxsplit=1)[-1]) <= _SHORT or not word[-1].isalpha():
        return _word(word)
    return re.compile(rf"(?<![a-z0-9]){re.escape(word)}{_ENDINGS}")
