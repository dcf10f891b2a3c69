"""Links, numbers and names of a text that are written so that a plain look overlooks them. Pure.

A reader still dials "四零零 六六六" and still types "shop dot com". What a chat program turns into a link, or a person
into a call, must stand in the manual as a plain address does: see `stands`.
"""

import re
import unicodedata
from collections.abc import Iterator
from typing import Final

from knowledge.claims import MARK, URL, claims
from knowledge.language import fold

_ENDINGS: Final = (
    r"(?:com|net|org|edu|gov|info|biz|name|cn|hk|tw|mo|sg|jp|kr|ru|de|fr|it|es|nl|eu|uk|us|ca|au|in|io|co|cc|me|tv|"
    r"ai|app|dev|xyz|top|site|shop|store|online|club|vip|link|live|tech|cloud|icu|fun|pro|work|life|space|website|asia|"
    r"example|test|invalid|中国|公司|网络|网址|网站|在线|商城|集团|香港|台湾|рф|한국|みんな)"
)
_NAME: Final = r"[^\W_][\w-]{0,62}"
_DIGIT: Final = dict(zip("〇零一二三四五六七八九幺", "001234567891", strict=True))
_SPELLED: Final = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_WORD: Final = "|".join((*_SPELLED, "oh"))
_PATTERNS: Final = (
    ("link", re.compile(rf"(?<!\w){_NAME}(?:\.{_NAME}){{0,5}}\.{_ENDINGS}(?![\w-])")),
    ("link", re.compile(rf"(?<![\w-])[a-z0-9-]{{2,63}}(?: ?。 ?| \. | ?点 ?| dot ){_ENDINGS}(?![\w-])")),
    ("link", re.compile(r"(?<![\w-])[a-z0-9-]{2,63} ?[\[({<（【] ?(?:\.|。|点|dot) ?[\])}>）】] ?[a-z0-9-]{2,63}")),
    ("link", re.compile(r"(?<![\w-])[a-z0-9-]{2,63}。[a-z]{2,24}/")),
    ("link", re.compile(r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.])")),
    ("link", re.compile(r"\[(?:[0-9a-f]{0,4}:){2,7}[0-9a-f]{0,4}\]")),
    ("link", re.compile(r"\bh(?:xx|tt)ps? ?: ?/? ?/? ?[a-z0-9-]{2,}")),
    ("link", re.compile(r"\b(?:javascript|vbscript|data:[a-z]+/|tel|sms|mailto):? ?(?<=:)\S{3,200}")),
    ("address", re.compile(r"[\w.+-]{1,64} ?[\[({（] ?at ?[\])}）] ?[\w-]{2,63}")),
    ("handle", re.compile(r"(?<![\w.@/-])@[a-z]\w{3,31}", re.ASCII)),
    (
        "handle",
        re.compile(
            r"(?:微[信讯]|weixin|wechat|whatsapp|telegram|电报|qq|skype|飞书|钉钉)"
            r" ?(?:(?:号码?|id|[账帐][号户]) ?(?:是|为|is|:)? ?|: ?)@?([a-z0-9][\w.-]{3,31})"
        ),
    ),
    (
        "handle",
        re.compile(
            r"(?:加|添加|加入|联系|搜索?|add|contact|on)(?:一下|下|我们的?| our| us on| the)? ?"
            r"(?:微[信讯]|weixin|wechat|whatsapp|telegram|qq|skype) ?@?([a-z0-9][\w.-]{3,31})"
        ),
    ),
    ("phone", re.compile(r"(?<![\d.,])\+?\d(?:[ ./()·–—-]{0,3}\d){6,}(?![\d%])")),
    ("number", re.compile(r"(?<![\w.,-])\d{5,}(?![\w%])")),
    ("phone", re.compile(rf"(?:[{''.join(_DIGIT)}][ -]?){{7,}}")),
    ("phone", re.compile(rf"\b(?:(?:{_WORD})[ ,-]{{1,2}}){{5,}}(?:{_WORD})\b")),
    ("code", re.compile(r"(?<![\w/+=-])[a-z0-9+/_=-]{24,}(?![\w/+=-])", re.ASCII)),
)  # fmt: skip
_RAW_KINDS: Final = frozenset({"link", "address", "phone"})


def hidden(text: str) -> Iterator[tuple[str, str]]:
    """Every such claim of a text, as (kind, words); marks such as [1] are no part of it."""
    seen = unveiled(MARK.sub(" ", text))
    for kind, words in claims(seen):
        if kind in _RAW_KINDS:
            yield kind, words
    flat = re.sub(r"[^\S\n]+", " ", fold(seen))
    addressless = URL.sub(" ", flat)
    for kind, pattern in _PATTERNS:
        for found in pattern.finditer(flat if kind == "link" else addressless):
            yield kind, found[pattern.groups].strip()


def stands(words: str, *, ground: str) -> bool:
    """Whether the claim stands in a ground that was made by `ground_of`: its letters and digits, in a row."""
    wanted = _bare(_as_digits(fold(unveiled(words))))
    return not wanted or wanted in ground


def ground_of(text: str) -> str:
    """A text as `stands` looks into it."""
    return _bare(_as_digits(fold(unveiled(text))))


def unveiled(text: str) -> str:
    """The text in compatible letters, without the signs that are not seen (zero width, direction, soft hyphens)."""
    plain = unicodedata.normalize("NFKC", text)
    return "".join(letter for letter in plain if unicodedata.category(letter) != "Cf" and letter not in "\u034f\ufe0f")


def _as_digits(text: str) -> str:
    digits = "".join(_DIGIT.get(letter, letter) for letter in text)
    return re.sub(rf"\b(?:{_WORD})\b", lambda found: str(max(0, _place(found[0]))), digits)


def _place(word: str) -> int:
    return _SPELLED.index(word) if word in _SPELLED else 0


def _bare(text: str) -> str:
    return "".join(letter for letter in text if letter.isalnum())
