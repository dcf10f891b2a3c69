"""Finds what people would read untranslated: in templates, in scripts, in catalogues. Used by the languages' tests."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path

from jinja2 import Environment
from opencc import OpenCC

from console.texts import Texts, forms_of

SHOWN = frozenset({"title", "aria-label", "placeholder", "alt", "aria-description", "label"})
AS_IT_IS = frozenset({"code", "kbd", "script", "style", "samp"})
NAMES = frozenset({"Telegram", "Slack", "Aftercare", "PHP", "ms"})
"""Proper names and units are the same in every language."""

_LETTERS = re.compile(r"[^\W\d_]{2,}")
_HOLE = "\x00"
_PLACEHOLDER = re.compile(r"\{\w*\}")


class _Shown(HTMLParser):
    """Collects what a page shows that no expression made."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self._inside: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value for name, value in attrs if name in SHOWN and value and _words(value)]
        if tag in AS_IT_IS:
            self._inside.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if self._inside and self._inside[-1] == tag:
            self._inside.pop()

    def handle_data(self, data: str) -> None:
        if not self._inside and _words(data):
            self.found.append(data.strip())


_ATTRIBUTE = re.compile(r"""(?P<name>[\w-]+)=(["'])(?P<value>[^"']*)\2|(?<!\S)/[\w/?=.&\x00-]+""")
"""A block of a template may hold attributes, or an address, of a tag that its parent opens."""


def _words(text: str) -> list[str]:
    bare = _ATTRIBUTE.sub(lambda found: found["value"] if found["name"] in SHOWN else " ", text)
    return [word for word in _LETTERS.findall(bare.replace(_HOLE, " ")) if word not in NAMES]


def literal_words(template: str) -> list[str]:
    """The texts and shown attributes of a Jinja template that are written out instead of coming from a catalogue."""
    lexed = list(Environment().lex(template))
    reader = _Shown()
    reader.feed("".join(value if kind == "data" else _gap(kind) for _, kind, value in lexed))
    return reader.found


def _gap(kind: str) -> str:
    """One hole for each expression; blocks and comments leave nothing."""
    return _HOLE if kind == "variable_begin" else ""


_TEXT_IN_SCRIPT = re.compile(
    r"""\.(?:textContent|innerText|title|placeholder|alt|ariaLabel)\s*(?:\|\|)?=\s*(["'`])((?:(?!\1).)+)\1"""
    r"""|setAttribute\(\s*["'](?:title|aria-label|placeholder|alt)["']\s*,\s*(["'`])((?:(?!\3).)+)\3"""
    r"""|\b(?:alert|confirm|prompt|flash|toast|say_plain|createTextNode)\(\s*(["'`])((?:(?!\5).)+)\5"""
)
_SENTENCE = re.compile(r"""(["'`])((?:(?!\1)[^\\\n]|\\.)*)\1""")
_PROSE = re.compile(r"^[A-Z][a-z]+(?: [\w'’,-]+){1,}[.!?…]?$|[\u3400-\u9fff]")


def script_words(script: str) -> list[str]:
    """The string literals of a script that a person would read: put on the page, or looking like a sentence."""
    code = re.sub(r"^\s*//.*$|/\*.*?\*/", "", script, flags=re.MULTILINE | re.DOTALL)
    put = [next(group for group in found[1::2] if group) for found in _TEXT_IN_SCRIPT.findall(code) if any(found[1::2])]
    shown = [text for text in put if _words(re.sub(r"\$\{[^}]*\}", " ", text))]
    return shown + [text for _, text in _SENTENCE.findall(code) if _PROSE.search(text) and text not in shown]


_OTHER = {"zh-Hans": "zh-Hant", "zh-Hant": "zh-Hans"}


def unlike_script(texts: Texts, language: str, allowed: Mapping[str, str]) -> list[tuple[str, str, str]]:
    """Characters of the other Chinese script: key, character, what it would be. `allowed` gives a reason for each."""
    folder = OpenCC({"zh-Hans": "t2s", "zh-Hant": "s2tw"}[language])
    found = []
    for key, said in texts.entries.items():
        for form in forms_of(said[language]):
            if key == "lang." + _OTHER[language]:
                continue  # a language's name is written in itself
            folded = folder.convert(form)
            pairs = zip(form, folded, strict=True) if len(form) == len(folded) else [(form, folded)]
            found += [(key, was, then) for was, then in pairs if was != then and was not in allowed]
    return found


def english_in_chinese(texts: Texts, names: Iterable[str]) -> list[tuple[str, str]]:
    """English words in Chinese sentences that are no names: key and word."""
    known = {name.casefold() for name in names}
    found = []
    for key, said in texts.entries.items():
        for language in ("zh-Hans", "zh-Hant"):
            for form in forms_of(said[language]):
                words = re.findall(
                    r"[A-Za-z][A-Za-z-]+", _PLACEHOLDER.sub(" ", re.sub(r"https?://\S+|`[^`]*`", " ", form))
                )
                found += [(key, word) for word in words if word.casefold() not in known]
    return found


_LITERAL = re.compile(r"""["']([a-z][\w-]*(?:\.[\w-]+)+)["']""")
_PREFIX = re.compile(r"""f?["']([a-z][\w-]*(?:\.[\w-]+)*\.)(?:\{|["']\s*(?:~|\+))""")
_STEM = re.compile(r"""f["']([a-z][\w-]*(?:\.[\w-]+)*[._])\{""")
_SAID = re.compile(r"""(?:\bt|\bsay|\bsaid)\((?:request, )?["']([a-z][\w-]*(?:\.[\w-]+)+)["']""")


_ENDED = re.compile(r"""\}(\.[a-z][\w.]*)["']""")


@dataclass(frozen=True, kw_only=True)
class Asked:
    """The keys that sources name, the beginnings and ends of those they make from data, and those they surely say."""

    named: frozenset[str]
    begun: frozenset[str]
    ended: frozenset[str]
    said: frozenset[str]

    def uses(self, key: str) -> bool:
        """Whether anything asks for this key; what is made from data has no dot of its own."""
        begun = any(key.startswith(start) and "." not in key[len(start) :] for start in self.begun)
        return begun or any(key.endswith(end) for end in self.ended) or key in self.named


def asked_for(sources: Iterable[Path]) -> Asked:
    """What these sources ask catalogues for."""
    named: set[str] = set()
    begun: set[str] = set()
    ended: set[str] = set()
    said: set[str] = set()
    for path in sources:
        source = path.read_text("utf-8")
        named |= set(_LITERAL.findall(source))
        begun |= {*_PREFIX.findall(source), *_STEM.findall(source)}
        ended |= set(_ENDED.findall(source))
        said |= set(_SAID.findall(source))
    return Asked(named=frozenset(named), begun=frozenset(begun), ended=frozenset(ended), said=frozenset(said))
