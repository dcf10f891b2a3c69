"""A stored message as what Slack shows: rich text blocks in messages that fit, with a plain text beside. Pure.

Rich text carries formatting as data. Slack's markup would need spaces around its signs, which Chinese has not, and
would have to be kept from mentioning people; in rich text nothing is markup. The first block's id says which message
of ours it is, so that we can find it again where nobody told us whether it arrived.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, Final

from bot.arrived import button_data
from bot.channels.slack.wire import escaped
from bot.checks import URL
from bot.rich import Mark, Rich, compose, markdown, split
from handoff.model import Citation, Message

BLOCK: Final = 3000  # characters of a block
FULL: Final = 11_000  # characters of a message's blocks as JSON: about 13,200 are refused (slackapi/bolt-js#2509)
BLOCKS: Final = 45  # of the 50 that a message may have
_LABEL: Final = 75
_OUTWARD: Final = ("https://", "http://")
_STYLES: Final = {"bold": "bold", "italic": "italic", "code": "code"}
_BOXES: Final = {"pre": "rich_text_preformatted", "blockquote": "rich_text_quote"}
Json = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Part:
    """One message to send: its formatted texts, a block each; only the last of several parts has the buttons."""

    texts: tuple[Rich, ...]
    buttons: Json | None = None

    @property
    def plain(self) -> str:
        """The text for notifications, and for whatever shows no blocks."""
        return escaped("\n\n".join(rich.text for rich in self.texts))

    def blocks(self, *, name: str) -> list[Json]:
        """The blocks; `name` becomes the first one's id."""
        shown = [block(rich) for rich in self.texts]
        shown[0]["block_id"] = name
        return shown + ([self.buttons] if self.buttons else [])

    def below(self, line: str) -> "Part":
        """It with a line of ours above."""
        return replace(self, texts=(Rich(line, (Mark(0, len(line), "italic"),)), *self.texts))


def write(message: Message, *, href: Callable[[Citation], str | None]) -> tuple[Part, ...]:
    """What to send for a message: none if it has no text. `href` gives a citation's address in the world, if any."""
    parts = [Part(texts=texts) for texts in _messages(_fitting(_linked(compose(message, href=href))))]
    if parts and message.buttons:
        parts[-1] = replace(parts[-1], buttons=buttons(message))
    return tuple(parts)


def whisper(text: str) -> Json:
    """What is shown to one person alone: text and blocks of one message; what does not fit is left out."""
    texts = next(_messages(_fitting(_linked(markdown(text)))), (Rich("…"),))
    part = Part(texts=texts)
    return {"text": part.plain, "blocks": [block(rich) for rich in texts]}


def buttons(message: Message) -> Json:
    """The message's buttons."""
    shown = [
        {
            "type": "button",
            "action_id": f"press:{place}",
            "text": {"type": "plain_text", "text": button.label[:_LABEL]},
            "value": button_data(message, place),
        }
        for place, button in enumerate(message.buttons)
    ]
    return {"type": "actions", "elements": shown}


def marker(message: Message, place: int) -> str:
    """The name of a part of a message: no other message has it, of this installation or another."""
    return f"aftercare:{message.stored_at.timestamp():.6f}:{message.id}:{place}"


def block(rich: Rich) -> Json:
    """A text as a block of rich text: code and quotes in boxes of their own, the rest as it runs."""
    elements: list[Json] = []
    at = 0
    for box in sorted((m for m in rich.marks if m.kind in _BOXES), key=lambda m: m.start):
        elements += _element("rich_text_section", _closed(rich, at, box.start))
        elements += _element(_BOXES[box.kind], rich.between(max(at, box.start), box.end))
        at = max(at, box.end)
    elements += _element("rich_text_section", _opened(rich, at))
    return {"type": "rich_text", "elements": elements}


def _closed(rich: Rich, start: int, end: int) -> Rich:
    """What stands before a box: the box begins a line by itself."""
    kept = rich.text[start:end].rstrip("\n")
    return _opened(rich.between(0, start + len(kept)), start)


def _opened(rich: Rich, start: int) -> Rich:
    """What stands after a box."""
    if start:
        start += len(rich.text[start:]) - len(rich.text[start:].lstrip("\n"))
    return rich.between(start, len(rich.text))


def _element(kind: str, rich: Rich) -> list[Json]:
    runs = list(_runs(rich, styled=kind != "rich_text_preformatted"))
    return [{"type": kind, "elements": runs}] if runs else []


def _runs(rich: Rich, *, styled: bool) -> Iterator[Json]:
    """The text in stretches of one formatting."""
    edges = sorted({0, len(rich.text), *(edge for m in rich.marks for edge in (m.start, m.end))})
    for start, end in pairwise(edges):
        over = [mark for mark in rich.marks if mark.start <= start and end <= mark.end]
        url = next((mark.url for mark in over if mark.url), None)
        run: Json = {"type": "text", "text": rich.text[start:end]}
        if url and styled:
            run = {"type": "link", "url": url, "text": rich.text[start:end]}
        style = {_STYLES[mark.kind]: True for mark in over if mark.kind in _STYLES}
        yield {**run, "style": style} if style and styled else run


def _linked(rich: Rich) -> Rich:
    """The addresses in a text become links: they were checked before, and blocks link nothing by themselves."""
    taken = [mark for mark in rich.marks if mark.kind in {"text_link", "code", "pre"}]
    found = [
        Mark(each.start(), each.end(), "text_link", each[0])
        for each in URL.finditer(rich.text)
        if each[0].startswith(_OUTWARD) and not any(m.start < each.end() and each.start() < m.end for m in taken)
    ]
    return Rich(rich.text, (*rich.marks, *found))


def _fitting(rich: Rich, *, most: int = BLOCK) -> Iterator[Rich]:
    """A text in parts, each short enough for a block, and for a message as JSON, which much formatting fills early."""
    for part in split(rich, most=most):
        if most > 1 and _size(part) > FULL:
            yield from _fitting(part, most=most // 2)
        else:
            yield part


def _size(rich: Rich) -> int:
    return len(json.dumps(block(rich), ensure_ascii=False))


def _messages(texts: Iterable[Rich]) -> Iterator[tuple[Rich, ...]]:
    """Texts that fit into a message together, in order."""
    together: list[Rich] = []
    room = FULL
    for rich in texts:
        size = _size(rich)
        if together and (size > room or len(together) == BLOCKS):
            yield tuple(together)
            together, room = [], FULL
        together.append(rich)
        room -= size
    if together:
        yield tuple(together)
