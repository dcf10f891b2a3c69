"""Where visits come from: a referrer's host, a medium, or an analytics program's own word → one of our groups. Pure."""

import re
from functools import lru_cache
from typing import Final
from urllib.parse import urlsplit

from success.traffic.model import Group

_SEARCH: Final = (
    "baidu", "bing", "ecosia", "google", "haosou", "naver", "petalsearch", "qwant", "seznam", "sm", "so", "sogou",
    "startpage", "yahoo", "yandex", "duckduckgo", "toutiao.com/search", "360",
)  # fmt: skip
_SOCIAL: Final = (
    "weibo", "weixin", "wechat", "zhihu", "xiaohongshu", "xhslink", "douyin", "bilibili", "douban", "tieba", "qq",
    "facebook", "fb", "instagram", "linkedin", "lnkd", "pinterest", "reddit", "snapchat", "t.co", "tiktok", "twitter",
    "whatsapp", "x.com", "youtube", "youtu", "telegram", "t.me", "line", "vk", "toutiao",
)  # fmt: skip
_MAIL: Final = ("mail", "outlook.live", "newsletter")
_WORDS: Final[tuple[tuple[Group, re.Pattern[str]], ...]] = (
    (Group.ADS, re.compile(r"paid|cpc|ppc|cpm|cpa|display|banner|advert|\bads?\b|campaign|付费|付費|广告|廣告|展示")),
    (Group.SOCIAL, re.compile(r"social|社交|社群")),
    (
        Group.SEARCH,
        re.compile(r"organic search|search engine|\borganic\b|自然搜[索尋]|搜[索尋]引擎|随机搜索|隨機搜尋"),
    ),
    (Group.MAIL, re.compile(r"e-?mail|newsletter|邮件|郵件|電子報")),
    (Group.LINKS, re.compile(r"referral|website|link|affiliate|引荐|推荐|推薦|引薦|外部链接|外部連結|网站|網站|参照")),
    (Group.DIRECT, re.compile(r"direct|\(none\)|直接")),
)


def of_label(label: str) -> Group:
    """The group of a channel's or a medium's name, in English or Chinese."""
    text = label.strip().casefold()
    return next((group for group, known in _WORDS if known.search(text)), Group.OTHER)


def of_medium(source: str, medium: str) -> Group:
    """The group of a source with its medium, as a tag or an event names them."""
    if not medium.strip(" ()").casefold().replace("none", "").replace("not set", ""):
        return Group.DIRECT if source.strip(" ()").casefold() in {"", "direct", "not set"} else of_host(source)
    found = of_label(medium)
    return of_host(source) if found in {Group.OTHER, Group.LINKS} else found


def of_referrer(referrer: str, *, own: frozenset[str]) -> Group | None:
    """The group of a referrer's address; None for a page of the site itself (`own`: its hosts, without "www.")."""
    if referrer in {"", "-"}:
        return Group.DIRECT
    try:
        host = (urlsplit(referrer).hostname or "").removeprefix("www.")
    except ValueError:
        return Group.LINKS
    if not host:
        return Group.DIRECT
    return None if host in own else of_host(host)


@lru_cache(maxsize=10_000)
def of_host(host: str) -> Group:
    """The group of a website."""
    name = host.casefold().strip(" .").removeprefix("www.")
    labels = name.split(".")
    if any(name.startswith(known) or f".{known}" in f".{name}" for known in _MAIL):
        return Group.MAIL
    if any(_is(known, name, labels) for known in _SEARCH):
        return Group.SEARCH
    if any(_is(known, name, labels) for known in _SOCIAL):
        return Group.SOCIAL
    return Group.LINKS


def _is(known: str, name: str, labels: list[str]) -> bool:
    if "." in known:
        return name == known or name.endswith("." + known)
    return known in labels[:-1] or labels == [known]
