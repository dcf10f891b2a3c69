"""`parse_mode`: HTML and MarkdownV2 to plain text and entities, refusing what Telegram refuses, in its words.

The rules are those of the Bot API's "Formatting options"; positions in errors are bytes of UTF-8, positions of entities
are UTF-16 code units. The older "Markdown" mode is not offered.
"""

import html
import re
from dataclasses import dataclass
from typing import Any

from tests.platforms.telegram.refusals import ApiError, bad
from tests.platforms.telegram.rules import utf16_length

__all__ = ["parse"]

Entity = dict[str, Any]

TAGS = {
    "b": "bold", "strong": "bold", "i": "italic", "em": "italic", "u": "underline", "ins": "underline",
    "s": "strikethrough", "strike": "strikethrough", "del": "strikethrough", "tg-spoiler": "spoiler", "span": "spoiler",
    "a": "text_link", "code": "code", "pre": "pre", "blockquote": "blockquote", "tg-emoji": "custom_emoji",
}  # fmt: skip
NAMED = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}
REFERENCE = re.compile(r"&(?:#x([0-9a-fA-F]{1,6})|#(\d{1,7})|(lt|gt|amp|quot)(?![A-Za-z]));?")
ATTRIBUTE = re.compile(r"""\s*([^\s=>]+)\s*=\s*(?:"([^"]*)"|'([^']*)'|([A-Za-z0-9.-]+))(?=[\s>])""")
MARKS = {"*": "bold", "_": "italic", "__": "underline", "~": "strikethrough", "||": "spoiler", "`": "code"}
SHOWN = {
    "bold": "Bold", "italic": "Italic", "underline": "Underline", "strikethrough": "Strikethrough", "code": "Code",
    "spoiler": "Spoiler", "pre": "Pre", "text_link": "TextUrl", "custom_emoji": "CustomEmoji", "blockquote": "BlockQuote",
}  # fmt: skip
RESERVED = "_*[]()~`>#+-=|{}.!"


def parse(text: str, mode: str) -> tuple[str, list[Entity]]:
    """Plain text and entities, sorted; `mode` is the parse_mode of a request, in any case.

    Raises:
        ApiError: "can't parse entities: …" or "unsupported parse_mode".
    """
    parsers = {"html": _Html, "markdownv2": _MarkdownV2}
    if mode.lower() not in parsers:
        raise bad("unsupported parse_mode")
    parser = parsers[mode.lower()](text)
    parser.run()
    return "".join(parser.out), sorted(parser.entities, key=lambda each: (each["offset"], -each["length"]))


@dataclass(slots=True)
class _Open:
    """A mark that waits for its end: where it stands in the source, and where its text starts."""

    name: str
    at: int
    offset: int
    first: int
    argument: str = ""


class _Parser:
    """What both modes share: the text so far, the entities found and those still open."""

    def __init__(self, source: str) -> None:
        self.source, self.at = source, 0
        self.out: list[str] = []
        self.length = 0
        self.entities: list[Entity] = []
        self.open: list[_Open] = []

    def run(self) -> None:
        """Read the whole source; every step moves `at` forward."""
        while self.at < len(self.source):
            before = self.at
            self.step()
            assert self.at > before
        self.finish()

    def step(self) -> None:
        raise NotImplementedError

    def finish(self) -> None:
        raise NotImplementedError

    def put(self, text: str) -> None:
        self.out.append(text)
        self.length += utf16_length(text)

    def begin(self, name: str, at: int, argument: str = "") -> None:
        self.open.append(_Open(name, at, self.length, len(self.out), argument))

    def add(self, mark: _Open, kind: str, **more: Any) -> None:
        if self.length > mark.offset:
            entity = {"type": kind, "offset": mark.offset, "length": self.length - mark.offset}
            self.entities.append(entity | {key: value for key, value in more.items() if value})

    def add_link(self, mark: _Open, url: str) -> None:
        """A link, a mention by id, or nothing when the address is no address."""
        url = url or "".join(self.out[mark.first :])
        if found := re.fullmatch(r"tg://user\?id=(\d+)", url):
            self.add(mark, "text_mention", user={"id": int(found[1])})
        elif re.match(r"(https?|tg|mailto|tel):\S", url, re.IGNORECASE) or re.fullmatch(r"[\w.-]+\.\w{2,}\S*", url):
            self.add(mark, "text_link", url=url if ":" in url else f"http://{url}")

    def byte(self, at: int) -> int:
        return len(self.source[:at].encode("utf-8", "surrogatepass"))

    def fail(self, sentence: str, at: int | None = None) -> ApiError:
        where = "" if at is None else f" at byte offset {self.byte(at)}"
        return bad(f"can't parse entities: {sentence}{where}")


class _Html(_Parser):
    def step(self) -> None:
        found = re.compile(r"[<&]").search(self.source, self.at)
        until = found.start() if found else len(self.source)
        if until > self.at:
            self.put(self.source[self.at : until])
            self.at = until
        elif self.source[self.at] == "&":
            self._reference()
        elif self.source.startswith("</", self.at):
            self._end_tag()
        else:
            self._start_tag()

    def finish(self) -> None:
        if self.open:
            raise self.fail(f"Can't find end tag corresponding to start tag {self.open[-1].name}")

    def _reference(self) -> None:
        found = REFERENCE.match(self.source, self.at)
        text = _character(found) if found else "&"
        self.at = found.end() if found and text else self.at + 1
        self.put(text or "&")

    def _start_tag(self) -> None:
        begin = self.at
        name, self.at = self._name(begin + 1)
        if self.at == len(self.source):
            raise self.fail("Unclosed start tag", begin)
        if name not in TAGS:
            raise self.fail(f'Unsupported start tag "{name}"', begin)
        attributes = self._attributes(name, begin)
        if name == "span" and attributes.get("class") != "tg-spoiler":
            raise self.fail('Tag "span" must have class "tg-spoiler"', begin)
        self.begin(name, begin, self._argument(name, attributes))

    def _attributes(self, name: str, begin: int) -> dict[str, str]:
        found: dict[str, str] = {}
        while each := ATTRIBUTE.match(self.source, self.at):
            value = next(group for group in each.groups()[1:] if group is not None)
            found[each[1].lower()] = html.unescape(value)
            self.at = each.end()
        rest = re.compile(r"\s*(expandable\s*)?>").match(self.source, self.at)
        if rest is None:
            if ">" not in self.source[self.at :] or self.source.count('"', self.at) % 2:
                raise self.fail("Unclosed start tag", begin)
            raise self.fail(f'Expected equal sign in declaration of an attribute of the tag "{name}"', begin)
        self.at = rest.end()
        return found | ({"expandable": "yes"} if rest[1] else {})

    @staticmethod
    def _argument(name: str, attributes: dict[str, str]) -> str:
        if name == "code":
            language = attributes.get("class", "")
            return language.removeprefix("language-") if language.startswith("language-") else ""
        return attributes.get({"a": "href", "tg-emoji": "emoji-id", "blockquote": "expandable"}.get(name, ""), "")

    def _end_tag(self) -> None:
        begin = self.at
        if not self.open:
            raise self.fail("Unexpected end tag", begin)
        name, at = self._name(begin + 2)
        rest = re.compile(r"\s*>").match(self.source, at)
        if rest is None:
            raise self.fail("Unclosed end tag", begin)
        mark = self.open[-1]
        if name and name != mark.name:
            offset = self.byte(begin)
            raise self.fail(f'Unmatched end tag at byte offset {offset}, expected "</{mark.name}>", found "</{name}>"')
        self.at = rest.end()
        self.open.pop()
        self._close(mark)

    def _name(self, at: int) -> tuple[str, int]:
        found = re.compile(r"[^\s>]*").match(self.source, at)
        assert found is not None
        return found[0].lower(), found.end()

    def _close(self, mark: _Open) -> None:
        kind = TAGS[mark.name]
        last = self.entities[-1] if self.entities else {}
        same = (last.get("offset"), last.get("length")) == (mark.offset, self.length - mark.offset)
        if kind == "text_link":
            self.add_link(mark, mark.argument)
        elif kind == "custom_emoji":
            if not mark.argument.isdigit():
                raise self.fail("Invalid custom emoji identifier specified")
            self.add(mark, kind, custom_emoji_id=mark.argument)
        elif kind == "pre" and same and last["type"] == "code" and last.get("language"):
            last["type"] = "pre"
        elif kind == "blockquote" and mark.argument:
            self.add(mark, "expandable_blockquote")
        else:
            self.add(mark, kind, language=mark.argument if kind == "code" else "")

    def run(self) -> None:
        super().run()
        for entity in self.entities:
            if entity["type"] == "code":
                entity.pop("language", None)


def _character(found: re.Match[str]) -> str:
    """The character a reference stands for; empty if it stands for none."""
    if found[3]:
        return NAMED[found[3]]
    code = int(found[1], 16) if found[1] else int(found[2])
    return chr(code) if 0 < code < 0x10FFFF and not 0xD800 <= code <= 0xDFFF else ""


class _MarkdownV2(_Parser):
    def step(self) -> None:
        mark = self.open[-1].name if self.open else ""
        char = self.source[self.at]
        following = self.source[self.at + 1 : self.at + 2]
        if char == "\\" and following and 0 < ord(following) <= 126:
            self.put(following)
            self.at += 2
        elif mark in {"code", "pre"}:
            self._verbatim(mark)
        elif char == "\n":
            self._line()
        elif char == ">" and self.at == 0:
            self.begin("blockquote", self.at)
            self.at += 1
        elif char in RESERVED:
            self._mark(mark)
        else:
            self.put(char)
            self.at += 1

    def finish(self) -> None:
        if self.open and self.open[-1].name == "blockquote":
            self.add(self.open.pop(), "blockquote")
        if self.open:
            raise self._unended(self.open[-1])

    def _unended(self, mark: _Open) -> ApiError:
        shown = "PreCode" if mark.name == "pre" and mark.argument else SHOWN[mark.name]
        return self.fail(f"Can't find end of {shown} entity", mark.at)

    def _verbatim(self, name: str) -> None:
        end = "```" if name == "pre" else "`"
        if self.source.startswith(end, self.at):
            mark = self.open.pop()
            self.add(mark, name, language=mark.argument)
            self.at += len(end)
        elif self.source[self.at] == "`":
            raise self._reserved("`")
        else:
            self.put(self.source[self.at])
            self.at += 1

    def _line(self) -> None:
        quoting = any(mark.name == "blockquote" for mark in self.open)
        goes_on = self.source.startswith("\n>", self.at)
        if quoting and not goes_on:
            if self.open[-1].name != "blockquote":
                raise self._unended(self.open[-1])
            self.put("\n")
            self.add(self.open.pop(), "blockquote")
        else:
            self.put("\n")
            if goes_on and not quoting:
                self.begin("blockquote", self.at + 1)
        self.at += 2 if goes_on else 1

    def _mark(self, name: str) -> None:
        double = self.source[self.at : self.at + 2]
        if self.source.startswith("```", self.at):
            return self._begin_pre()
        if name in {"text_link", "custom_emoji"} and self.source[self.at] == "]":
            return self._end_link()
        sign = double if double in MARKS else self.source[self.at]
        if sign in MARKS and MARKS[sign] == name:
            self.add(self.open.pop(), name)
        elif sign in MARKS:
            self.begin(MARKS[sign], self.at)
        elif sign == "[" or double == "![":
            self.begin("text_link" if sign == "[" else "custom_emoji", self.at)
            sign = "[" if sign == "[" else double
        else:
            raise self._reserved(sign)
        self.at += len(sign)
        return None

    def _begin_pre(self) -> None:
        found = re.compile(r"```([^\s`]*(?=\s))?(\r\n|\n\r|\n|\r)?").match(self.source, self.at)
        assert found is not None
        self.begin("pre", self.at, found[1] or "")
        self.at = found.end()

    def _end_link(self) -> None:
        mark = self.open.pop()
        self.at += 1
        url = self._address(mark) if self.source.startswith("(", self.at) else ""
        if mark.name == "text_link":
            self.add_link(mark, url)
        elif found := re.fullmatch(r"tg://emoji\?id=(\d+)", url):
            self.add(mark, "custom_emoji", custom_emoji_id=found[1])
        else:
            raise self.fail("Custom emoji entity must contain a tg://emoji URL")

    def _address(self, mark: _Open) -> str:
        found = re.compile(r"\(((?:\\.|[^)\\])*)\)", re.DOTALL).match(self.source, self.at)
        if found is None:
            kind = "a URL" if mark.name == "text_link" else "a custom emoji URL"
            raise self.fail(f"Can't find end of {kind}", self.at + 1)
        self.at = found.end()
        return re.sub(r"\\(.)", r"\1", found[1])

    def _reserved(self, sign: str) -> ApiError:
        return self.fail(f"Character '{sign}' is reserved and must be escaped with the preceding '\\'")
