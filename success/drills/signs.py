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
from success.drills.promising import Aim, aim, instants, promised, spans

EVIDENCE: Final = 160
_WORDS: Final = Path(__file__).with_name("signs.yaml")
_GAP: Final = ".{0,8}?"
_BEFORE: Final = 10
_GIVEN: Final = frozenset({Sign.FREE, Sign.MONEY})
"""What is not given where the sentence refuses it."""
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
        signs -= _GIVEN if Sign.REFUSAL in signs else frozenset()
        found += [Seen(sign=sign, quote=shortened(sentence), at=at) for sign in sorted(signs)]
    return tuple(found)


def signs_of(text: str) -> frozenset[Sign]:
    """The same without where."""
    return frozenset(each.sign for each in read(text)) or frozenset({Sign.EMPTY})


def without_steering(text: str) -> str:
    """The sentences that are said to a client."""
    steering = _patterns()[Sign.STEERING]
    return "\n".join(each for each in sentences(text) if not steering.search(fold(each)))


def says(folded: str, words: Mapping[str, Iterable[str]]) -> bool:
    """Whether a folded text says one of the words, in whichever language it is written."""
    return any(_pattern(tuple(some)).search(folded) for some in words.values())


def _signs(folded: str) -> Iterator[Sign]:
    for sign, pattern in _patterns().items():
        if any(not _denied(sign, folded, found.start()) for found in pattern.finditer(folded)):
            yield sign
    if aim(folded) is not Aim.OTHER and instants(promised(folded)):
        yield Sign.DATE
    if aim(folded) is not Aim.OTHER and spans(promised(folded)):
        yield Sign.TIME


def _denied(sign: Sign, folded: str, at: int) -> bool:
    denials = _denials().get(sign)
    return denials is not None and denials.search(folded[max(0, at - _BEFORE - 8) : at]) is not None


@cache
def _written() -> Mapping[str, Any]:
    written: Mapping[str, Any] = yaml.safe_load(_WORDS.read_text("utf-8"))
    return written


@cache
def _patterns() -> Mapping[Sign, re.Pattern[str]]:
    return {
        Sign(name): _pattern(tuple(str(word) for language in ("zh-Hans", "en") for word in words[language]))
        for name, words in _written().items()
    }


@cache
def _denials() -> Mapping[Sign, re.Pattern[str]]:
    found = {}
    for name, words in _written().items():
        denied = [_one(str(word)) for some in words.get("not_after", {}).values() for word in some]
        if denied:
            found[Sign(name)] = re.compile(f"(?:{'|'.join(denied)})[^,，]{{0,{_BEFORE}}}$")
    return found


@cache
def _pattern(words: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(_one(word) for word in words))


def _one(word: str) -> str:
    folded = fold(word)
    parts = [re.escape(part).replace(r"\ ", r"\s+") for part in folded.split("…")]
    inner = _GAP.join(parts)
    starts, ends = folded[:1], folded[-1:]
    before = r"(?<![a-z0-9])" if starts.isascii() and starts.isalnum() else ""
    after = r"(?![a-z0-9])" if ends.isascii() and ends.isalnum() else ""
    return f"{before}{inner}{after}"
