"""A text as its clauses, with the addresses in it set apart so that none is cut or read as words. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from success.intake.values import LONGEST

MOST_CLAUSES: Final = 60
MOST_LINKS: Final = 20
_HAN: Final = "\u3400-\u9fff"
_EDGE: Final = re.compile(
    rf"[，。；;！!？?\n]+|(?<!\d),|,(?!\d)|(?<=[a-z{_HAN}])\.\s+|\s+(?:and then|but)\s+"
    rf"|(?<=[{_HAN}\w])\s+(?=[{_HAN}])(?<=[{_HAN}]\s)"
    rf"|(?<=[{_HAN}])\s*(?:但是?|不过|而且|另外|然后)(?=[{_HAN}])",
    re.IGNORECASE,
)
_LINK: Final = re.compile(r"https?://[^\s<>\"'，。；、）)】\]]{1,500}", re.IGNORECASE)
_DOMAIN: Final = re.compile(
    r"(?<![\w.@/-])(?:www\.(?:[a-z0-9-]{1,63}\.){1,4}[a-z]{2,24}|(?:[a-z0-9-]{1,63}\.){1,4}"
    r"(?:com|cn|net|org|hk|tw|io|co|shop|info|eu|uk|de|jp|us|asia|fr|it|es|nl|au|ca|sg|my|kr|store|site|online|me|tv"
    r"|biz|edu|gov|app|dev|ai|xyz|top|vip|club|tech|design|studio|agency|cc|pro|blog|world|life|art|team|cloud|eco"
    r"|ltd|group|company|restaurant|cafe|hotel|travel|mobi|wiki|ru|br|mx|pl|se|dk|fi|ch|pt|ie|nz|za|th|vn|ph|mo))(?![\w.-])"
    r"(?:/[^\s<>\"'，。；、）)】\]]{0,300})?",
    re.IGNORECASE | re.ASCII,
)
_BESIDE_LINKS: Final = re.compile(
    r"[\ue000-\uf8ff\W_]|和|与|跟|还有|以及|我们?|很|比较|喜欢|参考|像|类似|这个|这些|网站|可以|看看|的"
    r"|\b(?:and|or|we|i|like|love|really|such as|similar to|reference|references|e g|see|site|sites|is|are|this"
    r"|these|the|nice)\b",
    re.IGNORECASE,
)
_FIRST: Final = 0xE000  # private use: no text has these characters


@dataclass(frozen=True, kw_only=True)
class Clauses:
    """The clauses of a text, in order. `links`: the addresses; each stands as one character in its clause."""

    each: tuple[str, ...]
    links: tuple[str, ...]
    whole: str

    @classmethod
    def of(cls, text: str, *, links: bool) -> "Clauses":
        """The clauses of a text; where `links` are not wanted, an address is words like any."""
        text = re.sub(r"[\ue000-\uf8ff]", " ", text)
        marked, found = _marked(text)
        parts = tuple(part.strip() for part in _EDGE.split(marked) if part and part.strip())[:MOST_CLAUSES]
        made = cls(each=parts, links=found, whole=text)
        if links:
            return cls(each=tuple(p for p in parts if not _bare_link(p)), links=found, whole=text)
        return cls(each=tuple(made.shown(part) for part in parts), links=(), whole=text)

    def shown(self, clause: str) -> str:
        """A clause with its addresses in it."""
        return "".join(self.links[n] if 0 <= (n := ord(c) - _FIRST) < len(self.links) else c for c in clause)

    def joined(self, clauses: Sequence[str]) -> str:
        """Clauses as one text."""
        said = [self.shown(each) for each in clauses]
        between = "，" if re.search(f"[{_HAN}]", "".join(said)) else ", "
        return between.join(said)


def addresses(text: str) -> tuple[str, ...]:
    """The addresses of a text, each once: those with a scheme first."""
    found = dict.fromkeys([*_LINK.findall(text), *_DOMAIN.findall(_LINK.sub(" ", text))])
    return tuple(dict.fromkeys(each.rstrip(".,!?") for each in found))[:MOST_LINKS]


def cut(text: str) -> str:
    """As long as an answer may be."""
    return text.strip()[:LONGEST]


def _marked(text: str) -> tuple[str, tuple[str, ...]]:
    found: list[str] = []

    def mark(each: re.Match[str]) -> str:
        if len(found) >= MOST_LINKS:
            return " "
        found.append(each[0])
        return chr(_FIRST + len(found) - 1)

    return _DOMAIN.sub(mark, _LINK.sub(mark, text)), tuple(found)


def _bare_link(clause: str) -> bool:
    if not re.search(r"[\ue000-\uf8ff]", clause):
        return False
    return not _BESIDE_LINKS.sub("", clause)
