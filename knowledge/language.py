"""Text of two scripts and one alphabet: cleaning, folding, tokens, and which language it is.

Pure. Both sides of every comparison are folded (:func:`fold`), so 後台 finds 后台 and ＷＰ finds wp.
"""

import re
import unicodedata
from functools import cache, lru_cache
from typing import Any

#: Names of the languages we tell apart.
SIMPLIFIED, TRADITIONAL, ENGLISH = "zh-Hans", "zh-Hant", "en"

_SPACE = re.compile(r"[\t\v\f\r\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+")
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0e\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e0fff]"
)
_SURROGATE = re.compile("[\ud800-\udfff]")
_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_LETTER = re.compile(r"[A-Za-z]")


def clean(text: str) -> str:
    """Return the text without NUL and control characters, zero-width and bidirectional marks, lone surrogates.

    Line breaks stay; other white space becomes one space. Visible characters are never changed.
    """
    text = _SURROGATE.sub("", text)
    text = _INVISIBLE.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    return _SPACE.sub(" ", text).strip()


@cache
def _converter(name: str) -> Any:
    from opencc import OpenCC

    return OpenCC(name)


def fold(text: str) -> str:
    """Return the form in which texts are compared: cleaned, NFKC, lower case, simplified (OpenCC ``tw2sp``).

    Text without traditional characters stays: ``tw2sp`` would take its words for Taiwan's (小程序 → 小进程).
    """
    text = unicodedata.normalize("NFKC", clean(text)).lower()
    if not _HAN.search(text) or _converter("t2s").convert(text) == text:
        return text
    return str(_converter("tw2sp").convert(text))


_STOP_WORDS = frozenset(
    """
    a about am an and any are aren as at be been but by can could couldn did didn do does doesn doing
    don for from had has have having he her here hers him his how i if in into is isn it its just me my
    no not of off on or our ours please she should so some such than that the their them then there
    these they this those to too up us very was wasn we were weren what when where which while who whom
    why will with won would wouldn you your yours
    """.split()  # noqa: SIM905 - a list of 100 quoted words says no more
)
_WORD = re.compile(
    r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]+"  # a run of Chinese
    r"|[a-z0-9\u00c0-\u024f]+(?:[._\-+#@'’][a-z0-9\u00c0-\u024f]+)*"  # words, codes, versions, domain names
    r"|[^\W_]+"  # other scripts
)
_CODE = re.compile(r"[0-9.@]")


def tokens(folded: str) -> list[str]:
    """Cut folded text into index terms, in order, repeats kept.

    Chinese gives single characters and pairs. English gives Snowball stems without stop words. ``err-1042``,
    ``v2.3.1`` and domain names stay whole; words joined by a hyphen give the whole and its parts.
    """
    found: list[str] = []
    for match in _WORD.finditer(folded):
        word = match.group()
        if _HAN.match(word):
            found.extend(word)
            found.extend(word[i : i + 2] for i in range(len(word) - 1))
        else:
            found.extend(_stems(word))
    return found


def _stems(word: str) -> list[str]:
    if _CODE.search(word):
        return [word]
    parts = re.split(r"[_\-+#'’]", word)
    if len(parts) == 1:
        return [_stem(word)] if word not in _STOP_WORDS else []
    stems = [_stem(part) for part in parts if part not in _STOP_WORDS and len(part) > 1]
    return stems if "'" in word or "’" in word else [word, *stems]


@cache
def _stemmer() -> Any:
    from snowballstemmer import stemmer

    return stemmer("english")


@lru_cache(maxsize=50_000)
def _stem(word: str) -> str:
    return str(_stemmer().stemWord(word))


def is_chinese(text: str) -> bool:
    """Whether Chinese characters carry the text (English sentences may quote a menu name in Chinese)."""
    han = len(_HAN.findall(text))
    if not han:
        return False
    function_words = sum(word in _STOP_WORDS for word in re.findall(r"[a-z']+", text.lower()))
    return 2 * function_words <= han


def detect(text: str, *, default: str = SIMPLIFIED) -> str:
    """Return ``zh-Hans``, ``zh-Hant`` or ``en``; ``default`` where no letter tells.

    The script of Chinese is decided by which characters OpenCC would change; where none tells, simplified.
    """
    if is_chinese(text):
        traditional = _changed(text, _converter("t2s").convert(text))
        simplified = _changed(text, _converter("s2t").convert(text))
        return TRADITIONAL if traditional > simplified else SIMPLIFIED
    return ENGLISH if _LETTER.search(text) else default


def _changed(before: str, after: str) -> int:
    return sum(a != b for a, b in zip(before, after, strict=False))


_VERBATIM = re.compile(r"```.*?(?:```|\Z)|`[^`\n]+`|https?://[^\s)>\]\"'，。；）】]+", re.DOTALL)


def to_script(text: str, language: str) -> str:
    """Return the text in the script of ``language``; URLs and code stay as they are.

    Only Chinese is converted, and only between scripts: English text, or ``language`` ``en``, changes nothing.
    """
    if language not in (SIMPLIFIED, TRADITIONAL) or not _HAN.search(text) or detect(text) == language:
        return text
    convert = _converter("s2twp" if language == TRADITIONAL else "tw2sp").convert
    pieces, at = [], 0
    for match in _VERBATIM.finditer(text):
        pieces += [convert(text[at : match.start()]), match.group()]
        at = match.end()
    return "".join([*pieces, convert(text[at:])])


_POLITE_ZH = (
    "你好啊|您好啊|你好|您好|大家好|早上好|上午好|下午好|晚上好|早安|晚安|哈喽|哈啰|在吗|在不在|有人在吗|有人吗|请问一下|请问下|请问|"
    "想问一下|想问下|我想问一下|我想问|想问问|问一下|问下|咨询一下|咨询下|请教一下|请教下|请教|打扰一下|打扰了|打扰|麻烦你们|麻烦您|麻烦你|"
    "麻烦|不好意思|劳烦|谢谢您|谢谢你们|谢谢你|谢谢啦|谢谢了|谢谢|多谢|感谢|辛苦了|辛苦|拜托了|拜托|怎么办呢|怎么办呀|怎么办啊|怎么办|怎办|"
    "急急急|很急|在线等|帮忙看下|帮忙看看|帮忙看一下|帮我看下|帮我看看|帮我看一下|亲|老师"
)
_POLITE_EN = (
    r"hello there|hi there|hello|hi|hey|good (?:morning|afternoon|evening)|dear (?:team|support|all)|"
    r"excuse me|sorry to bother you|please|pls|plz|thank you(?: very much| so much)?|thanks(?: a lot| in advance)?|"
    r"thx|cheers|kind regards|best regards|asap|quick question|i have a question|can you help me|could you help me"
)
_POLITE = re.compile(rf"(?:{_POLITE_ZH})|\b(?:{_POLITE_EN})\b")
_EDGE = " \n,.!?;:~…、，。！？；：～-—()（）"


def salient(text: str) -> str:
    """Return the folded text without greetings, thanks and fillers ("请问", "怎么办", "hello", "please").

    What says nothing about the matter must not move the evidence. Text of nothing else gives "".
    """
    folded = _POLITE.sub(" ", fold(text))
    return re.sub(r"\s+", " ", folded).strip(_EDGE)
