"""What a search index holds of a text, and what somebody who searches asks of it. Pure.

Terms are exact: Chinese gives characters and pairs, an English word itself and its stem, and what stands for one thing
(``err-1042``, ``mail@shop.example``, ``v2.3.1``) stays whole beside its parts. Nothing else may cut them again.
"""

import re
import unicodedata
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Final

from store.words import HAN, STOP_WORDS, WORD, clean, converter, stem

LONGEST_TEXT: Final = 20_000
"""Characters of a text that are looked at."""
LONGEST_TERM: Final = 64
MOST_TERMS: Final = 6_000
MOST_CLAUSES: Final = 40
_JOINT: Final = re.compile(r"[._\-+#@'’]")
_WHOLE: Final = re.compile(r"[0-9.@]")


@dataclass(frozen=True, order=True)
class Term:
    """One word of the index, or all that begin with it."""

    text: str
    prefix: bool = False


Clause = tuple[Term, ...]
"""Any of these."""


@dataclass(frozen=True)
class Query:
    """All clauses of any one spelling."""

    spellings: tuple[tuple[Clause, ...], ...]

    def __bool__(self) -> bool:
        """Whether there is anything to look for."""
        return bool(self.spellings)

    def holds(self, term: str) -> bool:
        """Whether a term is one that is looked for."""
        return any(
            term == wanted.text or (wanted.prefix and term.startswith(wanted.text))
            for clauses in self.spellings
            for clause in clauses
            for wanted in clause
        )


def spellings(text: str) -> tuple[str, ...]:
    """The forms in which a text is compared: in simplified characters, and if it differs in the mainland's words.

    網路 is 网路 and 网络: what one writes the other finds, whoever mixes the scripts.
    """
    plain = unicodedata.normalize("NFKC", clean(text)).lower()
    if not HAN.search(plain):
        return (plain,)
    simplified = str(converter("t2s").convert(plain))
    if simplified == plain:
        return (plain,)
    return tuple(dict.fromkeys((simplified, str(converter("tw2sp").convert(plain)))))


def index_terms(text: str) -> list[str]:
    """The terms under which a text is found, sorted, each once."""
    found: set[str] = set()
    for spelling in spellings(text[:LONGEST_TEXT]):
        for match in WORD.finditer(spelling):
            found.update(word_terms(match.group()))
            if len(found) > MOST_TERMS:
                return sorted(found)[:MOST_TERMS]
    return sorted(found)


def word_terms(word: str) -> Iterator[str]:
    """The terms of one run of Chinese, or of one word with its parts."""
    if HAN.match(word):
        yield from word
        yield from (word[at : at + 2] for at in range(len(word) - 1))
        return
    word = word[:LONGEST_TERM]
    yield word
    for part in _parts(word):
        yield part
        if part.isalpha():
            yield stem(part)


def read_query(text: str) -> Query:
    """What somebody looks for: every word of it, in any form; words without meaning only where there are no others."""
    found = (_clauses(spelling) for spelling in spellings(text))
    return Query(tuple(clauses[:MOST_CLAUSES] for clauses in dict.fromkeys(found) if clauses))


def _clauses(spelling: str) -> tuple[Clause, ...]:
    words = [match.group() for match in WORD.finditer(spelling)]
    telling = [word for word in words if word not in STOP_WORDS] or words
    return tuple(dict.fromkeys(clause for word in telling for clause in _asked(word)))


def _asked(word: str) -> Iterator[Clause]:
    if HAN.match(word):
        pieces: Collection[str] = [word[at : at + 2] for at in range(len(word) - 1)] or [word]
        yield from ((Term(piece),) for piece in pieces)
        return
    word = word[:LONGEST_TERM]
    parts = [] if _WHOLE.search(word) else [part for part in _JOINT.split(word) if len(part) > 1]
    for part in parts or [word]:
        begun = len(part) > 1 and not part[-1].isdecimal()  # 104 is not 1042
        forms = [Term(part, prefix=begun)]
        if part.isalpha() and stem(part) != part:
            forms.append(Term(stem(part)))
        yield tuple(dict.fromkeys(forms))


def _parts(word: str) -> Iterator[str]:
    """A word's parts, and of a domain or an address every end: ``www.shop.example`` is found by ``shop.example``."""
    joints = [match.end() for match in _JOINT.finditer(word)]
    if not joints:
        yield word
        return
    yield from (part for part in _JOINT.split(word) if len(part) > 1)
    yield from (word[at:] for at in joints if word[at - 1] in ".@")
