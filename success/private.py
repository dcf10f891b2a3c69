"""What must not leave a client's own chat: names, sites, addresses, numbers. Pure.

A question or an answer that becomes part of a page is read by every client, so whatever could be one client's own is
replaced by a mark that says what stood there.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

_MAIL: Final = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,5}")
_LINK: Final = re.compile(r"https?://[^\s<>\"'，。；、）】]+", re.IGNORECASE)
_ENDINGS: Final = "com|cn|net|org|hk|tw|io|co|shop|top|xyz|info|cc|vip|site|store|eu|uk|de|us|asia|biz"
_DOMAIN: Final = re.compile(
    rf"(?<![\w.@-])(?:[a-z0-9-]{{1,63}}\.){{1,5}}(?:{_ENDINGS})(?![\w.-])(?:/[^\s<>\"'，。；、）】]*)?",
    re.IGNORECASE | re.ASCII,
)
_ADDRESS: Final = re.compile(r"(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?![\d.])")
_PHONE: Final = re.compile(r"(?<![\w-])\+?\d[\d -]{5,}\d(?![\w-])")
_NUMBER: Final = re.compile(r"(?<![\w.])(?=[A-Za-z0-9-]*\d{4})[A-Za-z0-9-]{6,}(?![\w.])", re.ASCII)
_MONEY: Final = re.compile(r"(?:[¥￥$€£]\s?\d[\d,.]*|\d[\d,.]*\s?(?:元|块钱|美元|USD|RMB|CNY))", re.IGNORECASE)
_ACCOUNT: Final = re.compile(
    r"((?:账号|帐号|用户名|帳號|login|user ?name|account)[^\S\n]{0,2}(?:是|为|為|is|[:：=])[^\S\n]{0,2})([!-~]{2,64})",
    re.IGNORECASE,
)
_SECRET: Final = re.compile(r"•{3,}")
_SHORTEST_NAME: Final = 2


@dataclass(frozen=True, kw_only=True)
class Own:
    """What is known to be one client's own: its names, those of its people and of ours, and its sites."""

    companies: frozenset[str] = frozenset()
    people: frozenset[str] = frozenset()
    sites: frozenset[str] = frozenset()


#: What a mark says, by kind and language; Chinese of either script has its own.
KINDS: Final[Mapping[str, Mapping[str, str]]] = {
    "mail": {"zh-Hans": "邮箱", "zh-Hant": "信箱", "en": "e-mail"},
    "link": {"zh-Hans": "链接", "zh-Hant": "連結", "en": "link"},
    "site": {"zh-Hans": "网址", "zh-Hant": "網址", "en": "site"},
    "phone": {"zh-Hans": "电话", "zh-Hant": "電話", "en": "phone"},
    "number": {"zh-Hans": "编号", "zh-Hant": "編號", "en": "number"},
    "money": {"zh-Hans": "金额", "zh-Hant": "金額", "en": "amount"},
    "account": {"zh-Hans": "账号", "zh-Hant": "帳號", "en": "account"},
    "secret": {"zh-Hans": "密码", "zh-Hant": "密碼", "en": "password"},
    "company": {"zh-Hans": "公司名", "zh-Hant": "公司名", "en": "company"},
    "person": {"zh-Hans": "姓名", "zh-Hant": "姓名", "en": "name"},
}


def masked(text: str, own: Own, *, language: str, mark: str) -> str:
    """The text with everything that could be one client's own replaced; ``mark`` has a place ``{}`` for what it was."""

    def put(kind: str) -> str:
        return mark.format(KINDS[kind][language])

    held: list[str] = []

    def keep(kind: str) -> str:
        """A private character for each mark, so that no later rule reads the words of an earlier one."""
        held.append(put(kind))
        return chr(_PRIVATE + len(held) - 1)

    text = "".join(letter for letter in text if not _PRIVATE <= ord(letter) <= _PRIVATE_END)
    for pattern, kind in ((_MAIL, "mail"), (_LINK, "link")):
        text = pattern.sub(lambda _, kind=kind: keep(kind), text)  # type: ignore[misc]
    for kind, names in (("site", own.sites), ("company", own.companies), ("person", own.people)):
        if found := _names(names):
            text = found.sub(lambda _, kind=kind: keep(kind), text)  # type: ignore[misc]
    text = _ACCOUNT.sub(lambda found: found[1] + keep("account"), text)
    for pattern, kind in _SHAPES:
        text = pattern.sub(lambda _, kind=kind: keep(kind), text)  # type: ignore[misc]
    return "".join(held[ord(each) - _PRIVATE] if _PRIVATE <= ord(each) <= _PRIVATE_END else each for each in text)


_PRIVATE: Final = 0xE000
_PRIVATE_END: Final = 0xF8FF
_SHAPES: Final = (
    (_DOMAIN, "site"),
    (_ADDRESS, "number"),
    (_MONEY, "money"),
    (_PHONE, "phone"),
    (_NUMBER, "number"),
    (_SECRET, "secret"),
)


def _names(names: Iterable[str]) -> re.Pattern[str] | None:
    """A pattern for whole names; the longest first, so that no rest of one stays."""
    known = sorted({name.strip() for name in names if len(name.strip()) >= _SHORTEST_NAME}, key=lambda n: (-len(n), n))
    if not known:
        return None
    parts = [rf"(?<![A-Za-z0-9]){re.escape(n)}(?![A-Za-z0-9])" if n.isascii() else re.escape(n) for n in known]
    return re.compile("|".join(parts), re.IGNORECASE)
