"""Words of two scripts and one alphabet: cleaning, folding, cutting into terms; what a search index holds of a text.

Pure. Both sides of every comparison are folded (:func:`fold`), so 後台 finds 后台 and ＷＰ finds wp. The desk's search
and the manual's lexical index stand on it.
"""

import re
import unicodedata
from functools import cache, lru_cache
from typing import Any

_SPACE = re.compile(r"[\t\v\f\r\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+")
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0e\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e0fff]"
)
_SURROGATE = re.compile("[\ud800-\udfff]")
HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")


def clean(text: str) -> str:
    """Return the text without NUL and control characters, zero-width and bidirectional marks, lone surrogates.

    Line breaks stay; other white space becomes one space. Visible characters are never changed.
    """
    text = _SURROGATE.sub("", text)
    text = _INVISIBLE.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    return _SPACE.sub(" ", text).strip()


@cache
def converter(name: str) -> Any:
    """OpenCC's converter of this name."""
    from opencc import OpenCC

    return OpenCC(name)


def fold(text: str) -> str:
    """Return the form in which texts are compared: cleaned, NFKC, lower case, simplified (OpenCC ``tw2sp``).

    Text without traditional characters stays: ``tw2sp`` would take its words for Taiwan's (小程序 → 小进程).
    """
    text = unicodedata.normalize("NFKC", clean(text)).lower()
    if not HAN.search(text) or converter("t2s").convert(text) == text:
        return text
    return str(converter("tw2sp").convert(text))


STOP_WORDS = frozenset(
    """
    a about am an and any are aren as at be been but by can could couldn did didn do does doesn doing
    don for from had has have having he her here hers him his how i if in into is isn it its just me my
    no not of off on or our ours please she should so some such than that the their them then there
    these they this those to too up us very was wasn we were weren what when where which while who whom
    why will with won would wouldn you your yours
    """.split()  # noqa: SIM905 - a list of 100 quoted words says no more
)
WORD = re.compile(
    r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]+"  # a run of Chinese
    r"|[a-z0-9\u00c0-\u024f]+(?:[._\-+#@'’][a-z0-9\u00c0-\u024f]+)*"  # words, codes, versions, domain names
    r"|[^\W_]+"  # other scripts
)
CODE = re.compile(r"[0-9.@]")


def tokens(folded: str) -> list[str]:
    """Cut folded text into index terms, in order, repeats kept.

    Chinese gives single characters and pairs. English gives Snowball stems without stop words. ``err-1042``,
    ``v2.3.1`` and domain names stay whole; words joined by a hyphen give the whole and its parts.
    """
    found: list[str] = []
    for match in WORD.finditer(folded):
        word = match.group()
        if HAN.match(word):
            found.extend(word)
            found.extend(word[i : i + 2] for i in range(len(word) - 1))
        else:
            found.extend(_stems(word))
    return found


def _stems(word: str) -> list[str]:
    if CODE.search(word):
        return [word]
    parts = re.split(r"[_\-+#'’]", word)
    if len(parts) == 1:
        return [stem(word)] if word not in STOP_WORDS else []
    stems = [stem(part) for part in parts if part not in STOP_WORDS and len(part) > 1]
    return stems if "'" in word or "’" in word else [word, *stems]


@cache
def _stemmer() -> Any:
    from snowballstemmer import stemmer

    return stemmer("english")


@lru_cache(maxsize=50_000)
def stem(word: str) -> str:
    """The Snowball stem of an English word."""
    return str(_stemmer().stemWord(word))
