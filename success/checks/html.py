"""What a page's HTML says, found without a parser that a hostile page could keep busy: every step is linear. Pure."""

import re
from collections.abc import Iterator, Sequence
from html import unescape
from typing import Final
from urllib.parse import urljoin, urlsplit

from success.checks.model import LONGEST, PageFacts, Part

CHARSETS: Final = frozenset(
    {
        "utf-8", "utf8", "us-ascii", "ascii", "gbk", "gb2312", "gb18030", "big5", "big5-hkscs", "iso-8859-1", "latin-1",
        "iso-8859-15", "windows-1252", "windows-1251", "shift_jis", "euc-jp", "euc-kr", "utf-16",
    }
)  # fmt: skip
MOST_ASSETS: Final = 200
MOST_MIXED: Final = 10
MOST_PLUGINS: Final = 60
_MOST_TAGS: Final = 8000
_LOOKED_AT: Final = 1_500_000
_TAG: Final = re.compile(
    r"(?i)<(script|link|img|iframe|meta|source|video|audio|object|embed|base|form)\b([^<>]{0,4000}+)"
)
_ATTRIBUTE: Final = re.compile(r"""(?<![\w-])([a-zA-Z-]{1,40}+)\s*+=\s*+(?:"([^"]*+)"|'([^']*+)'|([^\s"'>]++))""")
_META_CHARSET: Final = re.compile(rb"""(?i)<meta[^<>]{0,200}?charset\s{0,9}=\s{0,9}["']?([a-zA-Z0-9_-]{1,20})""")
_TITLE: Final = re.compile(r"(?i)<title[^<>]{0,200}>([^<]{0,1000})")
_PLUGIN: Final = re.compile(r"(?i)/wp-content/plugins/([a-z0-9][a-z0-9_-]{0,60})/([^?#]{0,300})(?:\?([^#]{0,200}))?")
_VERSION: Final = re.compile(r"(?:^|&(?:amp;)?)ver=v?([0-9]{1,6}(?:\.[0-9]{1,6}){0,4})(?=$|&)")
_WORDPRESS: Final = re.compile(r"/wp-(?:content|includes)/")
_ACTIVE: Final = {"script": "src", "iframe": "src", "object": "data", "embed": "src"}
_PASSIVE: Final = {"img": "src", "source": "src", "video": "src", "audio": "src"}


def decode(content: bytes, content_type: str) -> tuple[str, bool]:
    """The text of a page, and whether its bytes are none of the encoding that it claims."""
    named = re.search(r"charset\s{0,9}=\s{0,9}[\"']?([a-zA-Z0-9_-]{1,20})", content_type)
    meta = _META_CHARSET.search(content[:4096])
    claimed = (named[1] if named else meta[1].decode("ascii") if meta else "utf-8").lower()
    charset = claimed if claimed in CHARSETS else "utf-8"
    try:
        return content.decode(charset), False
    except UnicodeDecodeError:
        return content.decode(charset, "replace"), True


def read(content: bytes, *, url: str, content_type: str, keyword: str, whole: bool) -> PageFacts:
    """What can be said of the page. Whether the keyword is there is not said of a page that was not read whole."""
    text, wrong = decode(content, content_type)
    text = text[:_LOOKED_AT]
    is_html = "html" in content_type.lower() or (not content_type and "<html" in text[:2000].lower())
    tags = list(_tags(text)) if is_html else []
    here = _base(tags, url)
    links = [(name, joined) for name, value in _loaded(tags) if (joined := _join(here, value))]
    version = _printable(_meta(tags, "generator"))
    return PageFacts(
        title=_title(text),
        charset_wrong=wrong and (whole or "�" in text[: len(text) // 2]),
        is_html=is_html,
        has_keyword=_has(text, keyword, whole=whole),
        active_mixed=_mixed(links, url, active=True),
        passive_mixed=_mixed(links, url, active=False),
        assets=_own(links, url),
        generator=version,
        noindex="noindex" in _meta(tags, "robots").lower(),
        wordpress=bool(_WORDPRESS.search(text)) or version.lower().startswith("wordpress"),
        plugins=_plugins([link for _, link in links]),
    )


def _tags(text: str) -> Iterator[tuple[str, dict[str, str]]]:
    """The tags that load or say something, outside of comments and of what scripts hold."""
    for n, found in enumerate(_TAG.finditer(_visible(text))):
        if n >= _MOST_TAGS:
            return
        attributes: dict[str, str] = {}
        for part in _ATTRIBUTE.finditer(found[2]):
            value = next((each for each in part.groups()[1:] if each is not None), "")
            attributes.setdefault(part[1].lower(), unescape(value[:2000]).strip())
        yield found[1].lower(), attributes


def _visible(text: str) -> str:
    """The text without comments and without the insides of scripts and styles."""
    text = _without(text, "<!--", "-->", keep_start=False)
    for name in ("script", "style"):
        text = _without(text, f"<{name}", f"</{name}", keep_start=True)
    return text


def _without(text: str, start: str, end: str, *, keep_start: bool) -> str:
    lower, kept, at = text.lower(), [], 0
    if len(lower) != len(text):  # a letter whose small form is longer
        lower = text
    while (begin := lower.find(start, at)) >= 0:
        inside = lower.find(">", begin) + 1 if keep_start else begin
        if inside <= 0:
            break
        kept.append(text[at:inside])
        close = lower.find(end, inside)
        if close < 0:
            return "".join(kept)
        at = close + len(end)
    return "".join(kept) + text[at:]


def _base(tags: Sequence[tuple[str, dict[str, str]]], url: str) -> str:
    stated = next((found.get("href", "") for name, found in tags if name == "base"), "")
    return _join(url, stated) or url if stated else url


def _loaded(tags: Sequence[tuple[str, dict[str, str]]]) -> Iterator[tuple[str, str]]:
    for name, found in tags:
        if name in _ACTIVE and found.get(_ACTIVE[name]):
            yield name, found[_ACTIVE[name]]
        elif name in _PASSIVE and found.get(_PASSIVE[name]):
            yield name, found[_PASSIVE[name]]
        elif name == "link" and found.get("href"):
            relation = found.get("rel", "").lower().split()
            if "stylesheet" in relation:
                yield "style", found["href"]
            elif "icon" in relation:
                yield "icon", found["href"]
        elif name == "form" and found.get("action", "").lower().startswith("http:"):
            yield "form", found["action"]


def _join(base: str, value: str) -> str:
    """An address as a whole; "" for one that is none of the web's."""
    try:
        joined = urljoin(base, value)
        parts = urlsplit(joined)
    except ValueError:
        return ""
    return joined[:500] if parts.scheme in {"http", "https"} and parts.hostname else ""


def _mixed(links: Sequence[tuple[str, str]], url: str, *, active: bool) -> tuple[str, ...]:
    """What a page of an encrypted site loads in the clear."""
    if not url.startswith("https:"):
        return ()
    passive = {"img", "source", "video", "audio", "icon"}
    found = (link[:LONGEST] for name, link in links if link.startswith("http:") and (name not in passive) is active)
    return tuple(dict.fromkeys(found))[:MOST_MIXED]


def _own(links: Sequence[tuple[str, str]], url: str) -> tuple[str, ...]:
    """The files of the site's own that its page loads."""
    host = urlsplit(url).netloc
    found = (link for name, link in links if name not in {"iframe", "form"} and urlsplit(link).netloc == host)
    return tuple(dict.fromkeys(found))[:MOST_ASSETS]


def _meta(tags: Sequence[tuple[str, dict[str, str]]], named: str) -> str:
    """What the first such tag that says something says."""
    metas = (found for name, found in tags if name == "meta" and found.get("name", "").lower() == named)
    return next((found["content"] for found in metas if found.get("content")), "")


def _title(text: str) -> str:
    found = _TITLE.search(text)
    return _printable(" ".join(unescape(found[1]).split())) if found else ""


def _has(text: str, keyword: str, *, whole: bool) -> bool | None:
    if not keyword:
        return None
    there = " ".join(keyword.split()).casefold() in " ".join(unescape(text).split()).casefold()
    return True if there else False if whole else None


def _plugins(links: Sequence[str]) -> tuple[Part, ...]:
    """The plug-ins that the page loads files of, with the version that those files' addresses tell, if one does."""
    found: dict[str, str] = {}
    for link in links:
        part = _PLUGIN.search(link)
        if part is None:
            continue
        version = _VERSION.search(part[3] or "")
        slug = part[1].lower()
        if len(found) < MOST_PLUGINS or slug in found:
            found[slug] = found.get(slug) or (version[1] if version else "")
    core = _VERSION.search(_core_version(links))
    return tuple(
        Part(slug=slug, version="" if core and version == core[1] else version) for slug, version in found.items()
    )


def _core_version(links: Sequence[str]) -> str:
    """The query of a file of WordPress itself: plug-ins that state no version are given the same."""
    return next((urlsplit(link).query for link in links if "/wp-includes/" in link and "ver=" in link), "")


def _printable(text: str) -> str:
    return "".join(letter for letter in text if letter.isprintable())[:LONGEST]
