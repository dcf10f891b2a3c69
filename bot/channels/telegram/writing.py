"""A stored message as what Telegram shows: plain text with entities, in parts that fit, with a keyboard. Pure.

Formatting is carried as entities, never as markup: a part's formatting is balanced by construction.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.token import Token
from telegram import InlineKeyboardButton, InlineKeyboardMarkup, MessageEntity

from bot.arrived import button_data
from bot.checks import URL
from handoff.kinds import Audience, Author
from handoff.model import Citation, Message

LONGEST: Final = 4096  # UTF-16 units of a message
_ROW: Final = 2  # buttons beside each other
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

    @property
    def units(self) -> int:
        """Its length as Telegram counts it."""
        return units(self.text)

    @property
    def entities(self) -> tuple[MessageEntity, ...]:
        """Its formatting as Telegram wants it."""
        return tuple(
            MessageEntity(
                type=mark.kind,
                offset=units(self.text[: mark.start]),
                length=units(self.text[mark.start : mark.end]),
                url=mark.url,
                language=mark.language,
            )
            for mark in self.marks
        )

    def between(self, start: int, end: int) -> "Rich":
        """A part of it, formatting included."""
        inside = (replace(m, start=max(m.start, start) - start, end=min(m.end, end) - start) for m in self.marks)
        return Rich(self.text[start:end], tuple(mark for mark in inside if mark.start < mark.end))

    def under(self, line: str) -> "Rich":
        """It with a line of ours above, where both fit into one message."""
        above = f"{line}\n\n"
        if units(above) + self.units > LONGEST:
            return self
        shift = len(above)
        moved = (replace(mark, start=mark.start + shift, end=mark.end + shift) for mark in self.marks)
        return Rich(above + self.text, (Mark(0, len(line), "italic"), *moved))

    def trimmed(self) -> "Rich":
        """Without white space at its ends, as Telegram would show it."""
        start = len(self.text) - len(self.text.lstrip())
        return self.between(start, max(start, len(self.text.rstrip())))


@dataclass(frozen=True, kw_only=True)
class Part:
    """One message to send; only the last of several has the keyboard."""

    rich: Rich
    keyboard: InlineKeyboardMarkup | None = None


def write(message: Message, *, href: Callable[[Citation], str | None]) -> tuple[Part, ...]:
    """What to send for a message: none if it has no text. `href` gives a citation's address in the world, if any."""
    rich = _composed(message, href=href)
    parts = [Part(rich=part) for part in split(rich)]
    if parts and message.buttons:
        parts[-1] = replace(parts[-1], keyboard=keyboard(message))
    return tuple(parts)


def keyboard(message: Message) -> InlineKeyboardMarkup:
    """The message's buttons, two in a row."""
    buttons = [
        InlineKeyboardButton(button.label, callback_data=button_data(message, place))
        for place, button in enumerate(message.buttons)
    ]
    return InlineKeyboardMarkup([buttons[start : start + _ROW] for start in range(0, len(buttons), _ROW)])


def units(text: str) -> int:
    """A text's length in UTF-16 units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def split(rich: Rich, *, most: int = LONGEST) -> list[Rich]:
    """Parts of at most `most` UTF-16 units, cut between paragraphs, else lines, sentences, words; none is blank."""
    parts: list[Rich] = []
    start = 0
    while start < len(rich.text):
        end = _cut(rich.text, start, most=most)
        parts.append(rich.between(start, end).trimmed())
        start = end
    return [part for part in parts if part.text]


def _cut(text: str, start: int, *, most: int) -> int:
    """Where a part that begins at `start` ends: after the last good place of its second half, else where it must."""
    end = _furthest(text, start, most=most)
    if end == len(text):
        return end
    for sign in _CUTS:
        found = text.rfind(sign, start + (end - start) // 2, end)
        if found > start:
            return found + len(sign)
    while end > start + 1 and text[end] in _GLUE:  # never between a character and what colours or joins it
        end -= 1
    return end


def _furthest(text: str, start: int, *, most: int) -> int:
    left, end = most, start
    while end < len(text):
        left -= 2 if ord(text[end]) > 0xFFFF else 1  # noqa: PLR2004 - the last character of one unit
        if left < 0:
            break
        end += 1
    return max(end, start + 1)


def _composed(message: Message, *, href: Callable[[Citation], str | None]) -> Rich:
    writer = _Writer(links=_links(message, href), allowed=frozenset(URL.findall(message.text)))
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


def _links(message: Message, href: Callable[[Citation], str | None]) -> dict[str, str]:
    """The marks of a message ("[1]") that lead somewhere."""
    found = ((cited.n, href(cited)) for cited in message.citations)
    return {f"[{n}]": address for n, address in found if address and address.startswith(_OUTWARD)}


def _parser() -> MarkdownIt:
    engine = MarkdownIt("commonmark", {"html": False, "breaks": True, "linkify": False})
    return engine.disable(["image", "autolink", "html_inline", "html_block", "reference"])


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
