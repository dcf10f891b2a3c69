"""A page's Markdown → chunks along its headings. Pure.

A section stays whole while it fits; a longer one is cut between blocks, numbered steps between steps, and only
then between lines or sentences. Nothing is lost or repeated, but for the header of a table, which stands above every
piece of it (:mod:`knowledge.table_cutting`), and every chunk knows its lines in the file.
"""

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from knowledge.model import Chunk, Page
from knowledge.pictures import described
from knowledge.table_cutting import pieces

#: Widest chunk; a Chinese character counts 1, any other character LATIN_WIDTH.
MAX_WIDTH = 1_200.0
LATIN_WIDTH = 0.6
SEPARATOR = " › "
_WIDE = frozenset("WF")
_SENTENCE = re.compile(r"(?<=[。！？；!?;])|(?<=\.)(?=\s)|(?<=\s)")


@dataclass(frozen=True, kw_only=True)
class Heading:
    """A heading of a page: ``anchor`` is unique on the page, ``line`` counts from 0 in the body."""

    level: int
    text: str
    anchor: str
    line: int


@dataclass(frozen=True, kw_only=True)
class _Span:
    """Lines [start, end) of a body, and for pieces of one line the text itself."""

    start: int
    end: int
    text: str


def width(text: str) -> float:
    """Return the size of a text in Chinese characters."""
    wide = 0 if text.isascii() else sum(map(_WIDE.__contains__, map(unicodedata.east_asian_width, text)))
    return wide + LATIN_WIDTH * (len(text) - wide)


def headings(body: str) -> tuple[Heading, ...]:
    """Return the headings of a Markdown body in order, with the anchors that citations use."""
    return tuple(_headings(_parse(body)))


def chunks(page: Page) -> tuple[Chunk, ...]:
    """Cut a page into chunks."""
    lines = page.body.split("\n")
    tokens = _parse(page.body)
    return tuple(
        _chunk(page, span=span, heading=path, anchor=anchor)
        for path, anchor, start, end in _sections(tuple(_headings(tokens)), total=len(lines))
        for span in _packed(_blocks(tokens, lines=lines, start=start, end=end))
    )


def embedding_text(chunk: Chunk, *, title: str) -> str:
    """Return what is embedded and indexed for a chunk: title, heading path, text."""
    return described("\n".join(part for part in (title, chunk.heading, chunk.text) if part))


def _parse(body: str) -> list[Any]:
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark", {"maxNesting": 20}).enable("table").parse(body)


def _headings(tokens: list[Any]) -> Iterator[Heading]:
    seen: Counter[str] = Counter()
    for token, inline in pairwise(tokens):
        if token.type != "heading_open" or token.level:
            continue
        text = _plain(inline)
        slug = _slug(text)
        anchor = f"{slug}-{seen[slug]}" if seen[slug] else slug
        seen[slug] += 1
        yield Heading(level=int(token.tag[1]), text=text, anchor=anchor, line=token.map[0])


def _plain(inline: Any) -> str:
    parts = (child.content for child in inline.children or [] if child.type in {"text", "code_inline"})
    return " ".join("".join(parts).split())


def _slug(text: str) -> str:
    """Return the anchor as GitHub makes it: lower case, spaces to hyphens, punctuation dropped."""
    return re.sub(r"\s+", "-", re.sub(r"[^\w\s-]", "", text.lower()).strip()) or "section"


def _sections(found: tuple[Heading, ...], *, total: int) -> Iterator[tuple[str, str, int, int]]:
    """Yield (heading path, anchor, first line, end line) of every section, the one before any heading too."""
    if not found or found[0].line > 0:
        yield "", "", 0, found[0].line if found else total
    path: list[Heading] = []
    for index, heading in enumerate(found):
        path = [*(h for h in path if h.level < heading.level), heading]
        end = found[index + 1].line if index + 1 < len(found) else total
        yield SEPARATOR.join(h.text for h in path), heading.anchor, heading.line, end


def _blocks(tokens: list[Any], *, lines: list[str], start: int, end: int) -> Iterator[_Span]:
    """Yield the blocks of a section without its heading, each at most MAX_WIDTH wide."""
    for index, token in enumerate(tokens):
        if token.level or token.map is None or token.type == "heading_open" or token.nesting < 0:
            continue
        first, last = token.map
        if start <= first < end:
            yield from _fitting(tokens, index=index, lines=lines, first=first, last=min(last, end))


def _fitting(tokens: list[Any], *, index: int, lines: list[str], first: int, last: int) -> Iterator[_Span]:
    whole = _span(lines, first, last)
    if width(whole.text) <= MAX_WIDTH:
        yield whole
        return
    if tokens[index].type == "table_open":
        yield from _table(lines, first, last)
        return
    cuts = sorted({first, last, *_items(tokens, index=index)})
    for begin, until in pairwise(cuts):
        item = _span(lines, begin, until)
        if width(item.text) <= MAX_WIDTH:
            yield item
        else:
            yield from _by_line(lines, begin, until)


def _table(lines: list[str], first: int, last: int) -> Iterator[_Span]:
    for start, end, text in pieces(lines[first:last], fits=lambda text: width(text) <= MAX_WIDTH):
        if text is None:
            yield from _by_line(lines, first + start, first + end)
        else:
            yield _Span(start=first + start, end=first + end, text=text)


def _items(tokens: list[Any], *, index: int) -> Iterator[int]:
    """Yield the first lines of the items of the list that opens at ``index``."""
    if not tokens[index].type.endswith("list_open"):
        return
    for token in tokens[index + 1 :]:
        if token.level == 0:
            return
        if token.type == "list_item_open" and token.level == 1:
            yield token.map[0]


def _by_line(lines: list[str], first: int, last: int) -> Iterator[_Span]:
    for number in range(first, last):
        line = lines[number]
        if width(line) <= MAX_WIDTH:
            if line.strip():
                yield _span(lines, number, number + 1)
            continue
        for piece in _sentences(line):
            yield _Span(start=number, end=number + 1, text=piece)


def _sentences(line: str) -> Iterator[str]:
    """Cut an overlong line at sentence ends, then at spaces, then anywhere."""
    piece: list[str] = []
    held = 0.0
    for part in (slab for sentence in _SENTENCE.split(line) for slab in _slabs(sentence)):
        wide = width(part)
        if piece and held + wide > MAX_WIDTH:
            yield "".join(piece).strip()
            piece, held = [], 0.0
        piece.append(part)
        held += wide
    yield "".join(piece).strip()


def _slabs(text: str) -> Iterator[str]:
    step = int(MAX_WIDTH)
    for start in range(0, len(text), step):
        yield text[start : start + step]


def _span(lines: list[str], first: int, last: int) -> _Span:
    while last > first + 1 and not lines[last - 1].strip():
        last -= 1
    return _Span(start=first, end=last, text="\n".join(lines[first:last]))


def _packed(blocks: Iterator[_Span]) -> Iterator[_Span]:
    """Join neighbouring blocks while they fit into one chunk."""
    open_span: _Span | None = None
    for block in blocks:
        if open_span is None:
            open_span = block
            continue
        joined = _joined(open_span, block)
        if width(joined.text) <= MAX_WIDTH:
            open_span = joined
        else:
            yield open_span
            open_span = block
    if open_span is not None and open_span.text.strip():
        yield open_span


def _joined(left: _Span, right: _Span) -> _Span:
    gap = "\n" * max(right.start - left.end + 1, 1) if right.start >= left.end else " "
    return _Span(start=left.start, end=right.end, text=f"{left.text}{gap}{right.text}")


def _chunk(page: Page, *, span: _Span, heading: str, anchor: str) -> Chunk:
    named = f"{page.id}\0{page.title}\0{heading}\0{span.text}"
    return Chunk(
        hash=hashlib.sha256(named.encode("utf-8", "replace")).hexdigest()[:32],
        page=page.id,
        heading=heading,
        anchor=anchor,
        text=span.text,
        lines=(span.start + page.first_line, span.end + page.first_line - 1),
    )
