"""The part of a text that was looked for, with the found words marked. Pure.

An excerpt is pieces of plain text, each marked or not: whoever shows it escapes it.
"""

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from store.terms import Query, spellings, word_terms
from store.words import HAN, WORD, clean, converter

LENGTH: Final = 160
BEFORE: Final = 40
_ENDS: Final = " ，。！？；,.!?;"
Span = tuple[int, int]


@dataclass(frozen=True)
class Piece:
    """A piece of text; `found`: it is what was looked for."""

    text: str
    found: bool = False


def excerpt(text: str, query: Query, *, length: int = LENGTH) -> tuple[Piece, ...]:
    """About `length` characters around the first words that were found; the beginning where none can be shown."""
    line = " ".join(clean(text).split())
    spans = found_in(line, query)
    start = max(0, spans[0][0] - BEFORE) if spans else 0
    start = max(0, min(start, len(line) - length))
    start = _after_an_end(line, start, spans[0][0]) if start and spans else start
    end = min(len(line), start + length)
    pieces = list(_pieces(line, spans, start, end))
    opening = [Piece("…")] if start else []
    closing = [Piece("…")] if end < len(line) else []
    return (*opening, *pieces, *closing)


def found_in(line: str, query: Query) -> list[Span]:
    """Where the words are that were looked for, in order, none touching the next."""
    spans: set[Span] = set()
    for spelling in spellings(line):
        if len(spelling) == len(line):
            spans.update(_spans(spelling, query))
        else:
            spans.update(_mapped(line, query))
    joined: list[Span] = []
    for start, end in sorted(spans):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((start, end))
    return joined


def _spans(folded: str, query: Query) -> Iterator[Span]:
    for match in WORD.finditer(folded):
        word, at = match.group(), match.start()
        if HAN.match(word):
            pieces = ((place, word[place : place + size]) for size in (1, 2) for place in range(len(word) - size + 1))
            yield from ((at + place, at + place + len(piece)) for place, piece in pieces if query.holds(piece))
        elif any(query.holds(term) for term in word_terms(word)):
            yield match.span()


def _mapped(line: str, query: Query) -> Iterator[Span]:
    """The spans in a line whose folded form has another length, letter by letter."""
    folded: list[str] = []
    places: list[int] = []
    for place, letter in enumerate(line):
        plain = unicodedata.normalize("NFKC", letter).lower()
        simple = str(converter("t2s").convert(plain)) if HAN.search(plain) else plain
        folded.append(simple)
        places += [place] * len(simple)
    for start, end in _spans("".join(folded), query):
        yield places[start], places[end - 1] + 1


def _after_an_end(line: str, start: int, latest: int) -> int:
    """A little later, where a word or a sentence begins."""
    for place in range(start, min(start + BEFORE // 2, latest)):
        if line[place] in _ENDS:
            return place + 1
    return start


def _pieces(line: str, spans: Sequence[Span], start: int, end: int) -> Iterator[Piece]:
    at = start
    for first, last in spans:
        if first >= end:
            break
        if last <= start:
            continue
        if first > at:
            yield Piece(line[at:first])
        yield Piece(line[max(first, at) : min(last, end)], found=True)
        at = min(last, end)
    if at < end:
        yield Piece(line[at:end])
