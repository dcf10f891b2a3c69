"""Two texts of the manual held against each other: what stands otherwise, and whether it is a matter of fact. Pure."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Final

from knowledge.claims import claims
from knowledge.language import fold

#: Sentences less alike than this say something else, whatever facts they share.
ALIKE: Final = 0.5
_UNIT = re.compile(r"\d+(?:[.,:/-]\d+)*|[a-z\u00c0-\u024f]+|[\u3400-\u9fff\uf900-\ufaff]|[%$¥€£+]|[^\W\d_]")
_NUMBER = re.compile(r"\d+(?:[.,:/-]\d+)*")
_ENDS = re.compile(r"(?<=[。！？；!?;])|(?<=[^\d\s]\.)(?=\s)|\n+")
_LIST = re.compile(r"^\s*(?:>\s*)*(?:(?P<step>\d{1,3}[.)、]|[-*+])\s+|#{1,6}\s+)?")
_NAME = re.compile(
    r"\*\*([^*\n]{1,40})\*\*|「([^」\n]{1,40})」|『([^』\n]{1,40})』|“([^”\n]{1,40})”|【([^】\n]{1,40})】"
)
_NOT = re.compile(
    r"(?<!要)(?<!是)不(?![过過仅僅但同断斷少])|[没沒未勿]|(?<![分特级級类類区區个個])[别別](?![人的处處名])|禁止|(?<!是)否(?!则)|无法|不能|無法"
    r"|\b(?:not|no|never|without|cannot|nor|neither)\b|n[’']t\b"
)


@dataclass(frozen=True)
class Change:
    """A sentence or a step as it was and as it is; "" where there was or is none."""

    old: str
    new: str


def units(text: str) -> tuple[str, ...]:
    """A text without spaces, punctuation and script: words, Chinese characters, whole numbers, signs of quantity."""
    return tuple(_UNIT.findall(fold(text)))


def contains(text: str, part: str) -> bool:
    """Whether a text says another one word for word, sentence by sentence, whatever stands around it."""
    whole, wanted = _keys(text), _keys(part)
    places = (start for start, key in enumerate(whole) if wanted and key == wanted[0])
    return any(whole[start : start + len(wanted)] == wanted for start in places)


def beginning(text: str) -> str:
    """The words of a text's first sentence, without what stands between them."""
    return "".join(units(plain(next(_sentences(text), ""))))


def likeness(one: str, other: str) -> float:
    """How much two texts share, 0..1, in order."""
    return SequenceMatcher(a=units(one), b=units(other), autojunk=False).ratio()


def shared(one: str, other: str) -> float:
    """An upper bound of `likeness` that is quick: how much two texts share in any order."""
    return SequenceMatcher(a=units(one), b=units(other), autojunk=False).quick_ratio()


def changes(old: str, new: str) -> tuple[Change, ...]:
    """What a text says otherwise than it did, sentence by sentence; moved sentences are none."""
    before, after = tuple(_sentences(old)), tuple(_sentences(new))
    keys = _keys(old), _keys(new)
    matcher = SequenceMatcher(a=keys[0], b=keys[1], autojunk=False)
    gone, come = Counter(keys[0]), Counter(keys[1])
    moved = gone & come
    found: list[Change] = []
    for verb, a, b, c, d in matcher.get_opcodes():
        if verb == "equal":
            continue
        olds = [each for each in before[a:b] if _key(each) not in moved]
        news = [each for each in after[c:d] if _key(each) not in moved]
        found += _paired(olds, news)
    return tuple(found)


def is_fact(change: Change) -> bool:
    """Whether a change may make somebody do something else: numbers, links, commands, menus, codes, names, negation.

    A step that came or went counts, and so does a sentence that is another one now.
    """
    if not change.old or not change.new:
        lone = change.old or change.new
        return bool(_LIST.match(lone)["step"]) or bool(_facts(lone))  # type: ignore[index]
    return _facts(change.old) != _facts(change.new) or likeness(change.old, change.new) < ALIKE


def plain(sentence: str) -> str:
    """A sentence without its list marker."""
    return sentence[_end(sentence) :].strip()


def _end(sentence: str) -> int:
    found = _LIST.match(sentence)
    return found.end() if found else 0


def _sentences(text: str) -> Iterator[str]:
    yield from (part.strip() for part in _ENDS.split(text) if units(plain(part)))


def _keys(text: str) -> list[tuple[object, ...]]:
    return [_key(each) for each in _sentences(text)]


def _key(sentence: str) -> tuple[object, ...]:
    bare = plain(sentence)
    return (units(bare), frozenset(_exact(bare).items()))


def _paired(olds: Sequence[str], news: Sequence[str]) -> list[Change]:
    """The likest belong together; what is left came or went. In the order of the text as it is now."""
    pairs = sorted(
        ((likeness(old, new), i, j) for i, old in enumerate(olds) for j, new in enumerate(news)), reverse=True
    )
    mate: dict[int, int] = {}
    for alike, i, j in pairs:
        if i not in mate.values() and j not in mate and (alike >= ALIKE / 2 or len(olds) == len(news) == 1):
            mate[j] = i
    made = [Change(olds[mate[j]] if j in mate else "", new) for j, new in enumerate(news)]
    return [*made, *(Change(old, "") for i, old in enumerate(olds) if i not in mate.values())]


def _exact(text: str) -> Counter[tuple[str, str]]:
    """Claims whose punctuation counts."""
    return Counter(
        (kind, fold(words)) for kind, words in claims(text) if kind in {"link", "address", "command", "code"}
    )


def _facts(sentence: str) -> Counter[tuple[str, str]]:
    bare = plain(sentence)
    folded = fold(bare)
    found = Counter((kind, "".join(units(words)) or fold(words)) for kind, words in claims(bare))
    found.update(_exact(bare))
    found.update(("figure", number.replace(",", "")) for number in _NUMBER.findall(folded))
    found.update(("name", "".join(units(next(filter(None, names))))) for names in _NAME.findall(bare))
    found["not", ""] = len(_NOT.findall(folded))
    return +found
