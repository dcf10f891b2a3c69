"""Places of the manual that say the same with other figures, prices, times or links. Pure.

Two sections are compared where they are about the same: their pages share a title or a question, or they share most of
their words. They contradict each other where a sentence of one is a sentence of the other but for its figures, or
where both give one kind of figure (time, money, share…) and have no value in common.

Sections of the same words are found by MinHash (Broder 1997) in bands, so that the work grows with their number.
"""

import re
import zlib
from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations, pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from knowledge.figures import Figure, figures, masked
from knowledge.language import fold
from knowledge.model import Page, Problem

Words = NDArray[np.uint64]

#: Share of words that sections of one matter have in common (Jaccard).
ALIKE: Final = 0.5
#: The same where the pages share their title or a question.
SAME_SUBJECT: Final = 0.1
#: Most that are told of; a manual with more has other troubles than each of them.
MOST: Final = 100
_BANDS, _ROWS = 8, 3
_CROWD: Final = 12  # of one bucket are compared with each other; the rest is boilerplate
_TELLING: Final = 10  # letters, Chinese counting double, that make a sentence more than a phrase
_LONG: Final = 60  # lines of one section
_FEW: Final = 8  # pairs of words; fewer are alike by chance
_PRIME: Final = (1 << 61) - 1
_SENTENCE: Final = re.compile(r"[。！？!?;；\n]+|(?<=[a-z)])\.\s")
_WORD: Final = re.compile(r"[a-z]+|[\u3400-\u9fff]")
_NUMERIC: Final = re.compile(r"\d|[一二三四五六七八九十两兩]|https?://")
_FACTORS, _OFFSETS = np.random.default_rng(1).integers(1, 1 << 31, size=(2, _BANDS * _ROWS, 1), dtype=np.uint64)
_HAN: Final = re.compile(r"[\u3400-\u9fff]")


@dataclass(frozen=True, kw_only=True, eq=False)
class _Section:
    page: Page
    line: int
    claims: tuple[Figure, ...]
    sentences: Mapping[str, str]
    words: Words
    bands: tuple[bytes, ...]


@dataclass(frozen=True, kw_only=True)
class Contradiction:
    """A place that says otherwise than an earlier one: the words of each, and where they stand."""

    page: Page
    line: int
    says: str
    other: Page
    other_line: int
    other_says: str


def problems(pages: Sequence[Page]) -> tuple[Problem, ...]:
    """Return where pages contradict each other as what is wrong with the later page's file."""
    return tuple(map(_problem, found(pages)))


def found(pages: Sequence[Page]) -> tuple[Contradiction, ...]:
    """Return where pages contradict each other, each pair of sections once, at the later page; `MOST` of them."""
    sections = [section for page in pages for section in _sections(page) if section.claims]
    met: dict[tuple[str, int, str, int], Contradiction | None] = {}
    for one, other, likeness in _pairs(sections):
        key = (other.page.id, other.line, one.page.id, one.line)
        if key not in met:
            told = _difference(one, other, likeness=likeness)
            met[key] = _contradiction(one, other, told=told) if told else None
    return tuple(each for each in met.values() if each)[:MOST]


def _contradiction(one: _Section, other: _Section, *, told: tuple[str, str]) -> Contradiction:
    return Contradiction(
        page=other.page, line=other.line, says=told[1], other=one.page, other_line=one.line, other_says=told[0]
    )


def _problem(found: Contradiction) -> Problem:
    there = f"{found.other.path}:{found.other_line}"
    message = f"says “{found.says}” where {there} says “{found.other_says}”: which of them holds?"
    return Problem(file=found.page.path, line=found.line, message=message, warning=True)


@lru_cache(maxsize=8_192)  # most pages are the same from one reading to the next
def _sections(page: Page) -> tuple[_Section, ...]:
    """Return the sections of a page that claim something."""
    return tuple(_section(page, line=line, text=text) for line, text in _parts(page) if _NUMERIC.search(text))


def _parts(page: Page) -> Iterator[tuple[int, str]]:
    """Yield first line and text of what stands between headings, a long part in pieces."""
    lines = page.body.split("\n")
    heads = [number for number, line in enumerate(lines) if line.startswith("#")]
    for start, end in pairwise([0, *heads, len(lines)]):
        for first in range(start, end, _LONG):
            yield page.first_line + first, "\n".join(lines[first : min(first + _LONG, end)])


def _section(page: Page, *, line: int, text: str) -> _Section:
    folded = fold(text)
    words = _shingles(masked(folded))
    return _Section(
        page=page,
        line=line,
        claims=figures(folded),
        sentences=_sentences(folded),
        words=words,
        bands=_bands(words),
    )


def _shingles(text: str) -> Words:
    """Return numbers for the pairs of neighbouring words (of Chinese: characters), in order, each once."""
    words = _WORD.findall(text)
    pairs = {zlib.crc32(f"{a} {b}".encode()) for a, b in pairwise(words)}
    return np.array(sorted(pairs), dtype=np.uint64)


def _bands(words: Words) -> tuple[bytes, ...]:
    if not len(words):
        return ()
    signature = ((words * _FACTORS + _OFFSETS) % np.uint64(_PRIME)).min(axis=1).reshape(_BANDS, _ROWS)
    return tuple(row.tobytes() for row in signature)


def _likeness(one: Words, other: Words) -> float:
    if min(len(one), len(other)) < _FEW:
        return 0.0
    common = len(np.intersect1d(one, other, assume_unique=True))
    return common / max(len(one) + len(other) - common, 1)


def _pairs(sections: Sequence[_Section]) -> Iterator[tuple[_Section, _Section, float]]:
    """Yield sections that may be about the same, and how alike they must be for it."""
    crowds = [(crowd, SAME_SUBJECT) for crowd in _by_subject(sections)]
    crowds += [(crowd, ALIKE) for crowd in (*_by_words(sections), *_by_sentence(sections))]
    for crowd, likeness in crowds:
        for one, other in combinations(crowd[:_CROWD], 2):
            if _comparable(one.page, other.page):
                yield one, other, likeness


def _comparable(one: Page, other: Page) -> bool:
    """Whether a difference between pages would be an error: not where they are for other clients or products."""
    same = one.product == other.product and one.clients == other.clients and one.tiers == other.tiers
    return one.id != other.id and same and one.language[:2] == other.language[:2]


def _grouped(held: Iterable[tuple[Hashable, _Section]]) -> list[list[_Section]]:
    groups: dict[Hashable, list[_Section]] = defaultdict(list)
    for key, section in held:
        groups[key].append(section)
    return [group for group in groups.values() if len(group) > 1]


def _by_subject(sections: Sequence[_Section]) -> list[list[_Section]]:
    """Sections of pages that share a title or a question."""
    subjects: dict[str, frozenset[str]] = {}
    for section in sections:
        page = section.page
        if page.id not in subjects:
            subjects[page.id] = frozenset(fold(text) for text in (page.title, *page.questions))
    counts: dict[str, set[str]] = defaultdict(set)
    for name, texts in subjects.items():
        for text in texts:
            counts[text].add(name)
    return _grouped(
        (text, section) for section in sections for text in subjects[section.page.id] if len(counts[text]) > 1
    )


def _by_words(sections: Sequence[_Section]) -> list[list[_Section]]:
    """Sections that probably share most of their words: one band of their MinHash signatures agrees."""
    return _grouped((key, section) for section in sections for key in enumerate(section.bands))


def _by_sentence(sections: Sequence[_Section]) -> list[list[_Section]]:
    return _grouped((key, section) for section in sections for key in section.sentences)


def _sentences(text: str) -> dict[str, str]:
    """Return the sentences that claim something, by what they say without their figures."""
    sentences = (sentence.strip() for sentence in _SENTENCE.split(text))
    kept = {masked(sentence): sentence for sentence in sentences if figures(sentence)}
    return {shape: sentence for shape, sentence in kept.items() if _length(shape) >= 2 * _TELLING}


def _length(shape: str) -> int:
    return len(_HAN.findall(shape)) + sum(char.isalpha() for char in shape)


def _difference(one: _Section, other: _Section, *, likeness: float) -> tuple[str, str] | None:
    """Return what two sections say against each other, in their words."""
    ours, theirs = one.sentences, other.sentences
    for shape in ours:
        if shape in theirs and _amounts(ours[shape]) != _amounts(theirs[shape]):
            return ours[shape], theirs[shape]
    if _likeness(one.words, other.words) < likeness:
        return None
    for kind in sorted({claim.kind for claim in one.claims}):
        first = [claim for claim in one.claims if claim.kind == kind]
        second = [claim for claim in other.claims if claim.kind == kind]
        if second and not _values(first) & _values(second):
            return first[0].words, second[0].words
    return None


def _amounts(sentence: str) -> set[str]:
    """Return the figures of a sentence but for its links: "the film is at …" stands on many pages, rightly."""
    return _values(claim for claim in figures(sentence) if claim.kind != "link")


def _values(claims: Iterable[Figure]) -> set[str]:
    return {claim.value for claim in claims}
