"""What a message to a client shows: an apology, a date, a promise, an insult. By words that are data. Pure."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml

from knowledge.language import fold
from success.drills.model import Sign
from success.drills.promising import timed
from success.drills.times import Span
from success.drills.wording import Words, clauses, words_of

EVIDENCE: Final = 160
_WORDS: Final = Path(__file__).with_name("signs.yaml")
_BUT: Final = re.compile(r"但|不过|\bbut\b|\bhowever\b|\bthough\b")
_GIVEN: Final = frozenset({Sign.FREE, Sign.MONEY})
"""What is not given where the sentence refuses it, and no clause of it gives it after all."""
_GIVES: Final = re.compile(
    r"[给帮替](?:您|你|贵)|我们?(?:来|可以|会|就|让)|肯定|一定|就[当算]|送|\b(?:we|i)(?:'ll| will| can| could)\b"
    r"|\blet me\b"
)
_LISTS: Final = frozenset({"waived", "apart"})
"""Lists of words that are no signs."""
_SENTENCE: Final = re.compile(r"[^。！？!?\n；;]+(?:[。！？!?；;]+|\n|$)|[。！？!?；;]+")
_POINT: Final = re.compile(r"(?<=[a-z0-9)\]%’'\"])\.\s+(?=[A-Z])")


@dataclass(frozen=True, kw_only=True)
class Seen:
    """A sign and the sentence that shows it, as its author wrote it; `at` is the sentence's number from 0."""

    sign: Sign
    quote: str
    at: int


def sentences(text: str) -> tuple[str, ...]:
    """A message's sentences, as written."""
    parts = (part for line in text.splitlines() for part in _POINT.split(line) if part)
    found = (each.group().strip() for part in parts for each in _SENTENCE.finditer(part))
    return tuple(each for each in found if each)


def shortened(text: str) -> str:
    """A quotation that is not longer than evidence may be."""
    line = " ".join(text.split())
    return line if len(line) <= EVIDENCE else line[: EVIDENCE - 1] + "…"


def read(text: str) -> tuple[Seen, ...]:
    """Every sign of a message, in the order of its sentences.

    A sentence that speaks to whoever scores shows that and nothing else: it is not said to a client.
    """
    found: list[Seen] = []
    for at, sentence in enumerate(sentences(text)):
        folded = fold(sentence)
        signs = frozenset(_signs(folded))
        signs = frozenset({Sign.STEERING}) if Sign.STEERING in signs else signs
        signs -= _GIVEN if Sign.REFUSAL in signs and not _BUT.search(folded) and not _given(folded) else frozenset()
        found += [Seen(sign=sign, quote=shortened(sentence), at=at) for sign in sorted(signs)]
    return tuple(found)


def signs_of(text: str) -> frozenset[Sign]:
    """The same without where."""
    return frozenset(each.sign for each in read(text)) or frozenset({Sign.EMPTY})


def without_steering(text: str) -> str:
    """The sentences that are said to a client."""
    steering = _patterns()[Sign.STEERING]
    return "\n".join(each for each in sentences(text) if not steering.stand_in(fold(each)))


def steers(folded: str) -> bool:
    """Whether a folded sentence speaks to whoever scores."""
    return _shown(Sign.STEERING, folded)


def says(folded: str, words: Mapping[str, Iterable[str]]) -> bool:
    """Whether a folded sentence says one of the words, in whichever language, in a clause that does not waive it."""
    kept = ", ".join(each for each in clauses(folded) if not _waived().stand_in(each))
    return any(words_of(tuple(some)).stand_in(kept) for some in words.values())


def _given(folded: str) -> bool:
    """Whether a clause gives something away and says who gives it."""
    return any(_shown(sign, each) and _GIVES.search(each) for each in clauses(folded) for sign in _GIVEN)


def _shown(sign: Sign, folded: str) -> bool:
    """Whether a text shows a sign that can be denied: in a clause that does not deny it."""
    words, denials = _patterns()[sign], _denials().get(sign)
    told = _apart().without(folded)
    if denials is None:
        return words.stand_in(told)
    return any(not denials.stand_in(rest) for each in clauses(told) if (rest := words.rest_of(each)) is not None)


def _signs(folded: str) -> Iterator[Sign]:
    yield from (sign for sign in _patterns() if _shown(sign, folded))
    named = {type(each.time) for each in timed(folded)}
    if named - {Span}:
        yield Sign.DATE
    if Span in named:
        yield Sign.TIME


@cache
def _written() -> Mapping[str, Any]:
    written: Mapping[str, Any] = yaml.safe_load(_WORDS.read_text("utf-8"))
    return written


def _both(words: Mapping[str, Iterable[str]]) -> Words:
    return words_of(tuple(str(word) for language in ("zh-Hans", "en") for word in words[language]))


@cache
def _waived() -> Words:
    return _both(_written()["waived"])


@cache
def _apart() -> Words:
    """What looks like a word of the lists and is none: a leave that was asked for is no "please"."""
    return _both(_written()["apart"])


@cache
def _patterns() -> Mapping[Sign, Words]:
    return {Sign(name): _both(words) for name, words in _written().items() if name not in _LISTS}


@cache
def _denials() -> Mapping[Sign, Words]:
    return {Sign(name): _both(words["unless"]) for name, words in _written().items() if "unless" in words}
