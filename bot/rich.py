"""Our light Markdown as text with formatting, for platforms that carry formatting beside the text. Pure.

Formatting is carried as marks, never as markup: a part's formatting is balanced by construction, and nothing in a text
can be taken for a command to the platform. A mark's kind is bold, italic, code, pre, blockquote or text_link.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Final, Self, TypeVar

from markdown_it import MarkdownIt
from markdown_it.token import Token

from bot.checks import URL
from handoff.kinds import Audience, Author
from handoff.model import Citation, Message

_OUTWARD: Final = ("https://", "http://")
_CUTS: Final = ("\n\n", "\n", "。", "！", "？", "；", ". ", "! ", "? ", "，", " ")  # best first
_GLUE: Final = frozenset("\u200d\ufe0e\ufe0f") | {chr(code) for code in range(0x1F3FB, 0x1F400)}


@dataclass(frozen=True)
class Mark:
    """Formatting of a part of a text: from `start` up to `end`, in characters."""

    start: int
    end: int
    kind: str
    url: str | None = None
    language: str | None = None


@dataclass(frozen=True)
class Rich:
    """A text with its formatting."""

    text: str
    marks: tuple[Mark, ...] = ()

    def between(self, start: int, end: int) -> Self:
        """A part of it, formatting included."""
        inside = (replace(m, start=max(m.start, start) - start, end=min(m.end, end) - start) for m in self.marks)
        return type(self)(self.text[start:end], tuple(mark for mark in inside if mark.start < mark.end))

    def below(self, line: str) -> Self:
        """It with a line of ours above."""
        above = f"{line}\n\n"
        shift = len(above)
        moved = (replace(mark, start=mark.start + shift, end=mark.end + shift) for mark in self.marks)
        return type(self)(above + self.text, (Mark(0, len(line), "italic"), *moved))

    def trimmed(self) -> Self:
        """Without white space at its ends, as a platform would show it."""
        start = len(self.text) - len(self.text.lstrip())
        return self.between(start, max(start, len(self.text.rstrip())))


AnyRich = TypeVar("AnyRich", bound=Rich)


def compose(message: Message, *, href: Callable[[Citation], str | None]) -> Rich:
    """A message to be sent. `href` gives a citation's address in the world, if any; nothing else becomes a link."""
    writer = _Writer(links=_links(message, href), allowed=_outward(message.text))
    passed_on = message.audience is Audience.STAFF and message.author is not Author.SYSTEM
    if message.text and (message.author is Author.STAFF or passed_on):
        writer.marked(message.name, "bold")
        writer.put("\n")
    if message.author is Author.CLIENT:
        writer.put(message.text)  # a client's words are passed on as they are
    elif message.text.strip():
        writer.blocks(_parser().parse(message.text))
    if message.video and message.video.startswith(_OUTWARD):
        writer.put(f"\n\n▶ {message.video}")
    return writer.rich().trimmed()


def markdown(text: str) -> Rich:
    """A text of ours in our Markdown; no link in it leads anywhere."""
    writer = _Writer(links={}, allowed=_outward(text))
    writer.blocks(_parser().parse(text))
    return writer.rich().trimmed()


def split(rich: AnyRich, *, most: int, size: Callable[[str], int] = len) -> list[AnyRich]:
    """Parts of at most `most`, where a character counts `size`, cut between paragraphs, else lines, sentences, words.

    None is blank.
    """
    parts: list[AnyRich] = []
    start = 0
    while start < len(rich.text):
        end = _cut(rich.text, start, most=most, size=size)
        parts.append(rich.between(start, end).trimmed())
        start = end
    return [part for part in parts if part.text]


def _cut(text: str, start: int, *, most: int, size: Callable[[str], int]) -> int:
    """Where a part that begins at `start` ends: after the last good place of its second half, else where it must."""
    end = _furthest(text, start, most=most, size=size)
    if end == len(text):
        return end
    for sign in _CUTS:
        found = text.rfind(sign, start + (end - start) // 2, end)
        if found > start:
            return found + len(sign)
    while end > start + 1 and text[end] in _GLUE:  # never between a character and what colours or joins it
        end -= 1
    return end


def _furthest(text: str, start: int, *, most: int, size: Callable[[str], int]) -> int:
    left, end = most, start
    while end < len(text):
        left -= size(text[end])
        if left < 0:
            break
        end += 1
    return max(end, start + 1)


def _links(message: Message, href: Callable[[Citation], str | None]) -> dict[str, str]:
    """The marks of a message ("[1]") that lead somewhere."""
    found = ((cited.n, href(cited)) for cited in message.citations)
    return {f"[{n}]": address for n, address in found if address and address.startswith(_OUTWARD)}


def _outward(text: str) -> frozenset[str]:
    """The addresses of the web in a text; `tg://user?id=…` would call somebody, `javascript://…` do something."""
    return frozenset(found for found in URL.findall(text) if found.startswith(_OUTWARD))


def _parser() -> MarkdownIt:
    engine = MarkdownIt("commonmark", {"html": False, "breaks": True, "linkify": False})
    return engine.disable(["autolink", "html_inline", "html_block", "reference"])


@dataclass
class _Writer:
    """Writes a Markdown tree as text and marks."""

    links: dict[str, str]
    allowed: frozenset[str]
    text: list[str] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)
    length: int = 0
    open: list[tuple[str, int, str | None]] = field(default_factory=list)
    lists: list[int | None] = field(default_factory=list)
    fresh: bool = True  # nothing stands on this line yet but what belongs in front

    def put(self, text: str) -> None:
        self.text.append(text)
        self.length += len(text)

    def marked(self, text: str, kind: str, *, url: str | None = None, language: str | None = None) -> None:
        start = self.length
        self.put(text)
        self.marks.append(Mark(start, self.length, kind, url, language))

    def rich(self) -> Rich:
        whole = sorted((m for m in self.marks if m.start < m.end), key=lambda m: (m.start, -m.end))
        return Rich("".join(self.text), tuple(whole))

    def blocks(self, tokens: list[Token]) -> None:
        for token in tokens:
            self._block(token)

    def _block(self, token: Token) -> None:
        match token.type:
            case "inline":
                self._gap()
                self._inline(token.children or [])
                self.fresh = False
            case "heading_open" | "blockquote_open":
                self._gap(peek=True)
                self._begin("bold" if token.type == "heading_open" else "blockquote")
            case "heading_close" | "blockquote_close":
                self._end()
            case "bullet_list_open" | "ordered_list_open":
                first = None if token.type == "bullet_list_open" else int(token.attrGet("start") or 1)
                self.lists.append(first)
            case "bullet_list_close" | "ordered_list_close":
                self.lists.pop()
            case "list_item_open":
                self._item()
            case "fence" | "code_block":
                self._gap()
                self.marked(token.content.rstrip("\n") or " ", "pre", language=token.info.split(" ")[0] or None)
                self.fresh = False
            case "hr":
                self._gap()
                self.put("———")
                self.fresh = False

    def _gap(self, *, peek: bool = False) -> None:
        """A block begins: on a line of its own, apart from what stands before unless that is its own sign."""
        if self.length and not self.fresh:
            self.put("\n" if self.lists else "\n\n")
            self.fresh = peek

    def _item(self) -> None:
        if self.length:
            self.put("\n")
        number = self.lists[-1]
        self.put("  " * (len(self.lists) - 1) + ("• " if number is None else f"{number}. "))
        self.lists[-1] = None if number is None else number + 1
        self.fresh = True

    def _begin(self, kind: str, url: str | None = None) -> None:
        self.open.append((kind, self.length, url))

    def _end(self) -> None:
        kind, start, url = self.open.pop()
        if kind:
            self.marks.append(Mark(start, self.length, kind, url))
        elif url:
            self.put(f" ({url})")

    def _inline(self, children: list[Token]) -> None:
        for token in children:
            match token.type:
                case "text":
                    self._plain(token.content)
                case "softbreak" | "hardbreak":
                    self.put("\n")
                case "image":  # pictures go as files; of one that does not, the words stand here
                    self.put(token.content)
                case "code_inline":
                    self.marked(token.content, "code")
                case "strong_open" | "em_open":
                    self._begin("bold" if token.type == "strong_open" else "italic")
                case "strong_close" | "em_close" | "link_close":
                    self._end()
                case "link_open":
                    address = str(token.attrGet("href") or "")
                    self._begin("text_link" if address in self.allowed else "", address)

    def _plain(self, text: str) -> None:
        for piece, address in _pieces(text, self.links):
            if address:
                self.marked(piece, "text_link", url=address)
            else:
                self.put(piece)


def _pieces(text: str, links: dict[str, str]) -> Iterator[tuple[str, str | None]]:
    """The text in order, with the address of each mark that leads somewhere."""
    rest = text
    while rest:
        places = [(rest.find(mark), mark) for mark in links if mark in rest]
        if not places:
            yield rest, None
            return
        at, mark = min(places)
        if at:
            yield rest[:at], None
        yield mark, links[mark]
        rest = rest[at + len(mark) :]
