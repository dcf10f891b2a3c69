"""html → Markdown, by markitdown's converter: the page's own content, without what surrounds it."""

import io
import re
from typing import Any

from knowledge.encodings import UndecodableError, decode
from knowledge.parsing import archives, tidy
from knowledge.parsing.model import Parsed, RefusedError

_CHARSET = re.compile(rb"<meta[^>]+charset\s*=\s*[\"']?([\w-]{3,20})", re.IGNORECASE)
_FURNITURE = ("nav", "aside", "form", "template", "noscript", "iframe", "object", "svg")
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)


def prepare(kind: str) -> None:
    """Import what reading needs, once for all documents."""
    from markitdown.converters import HtmlConverter

    del kind, HtmlConverter


def read(raw: bytes, *, kind: str) -> Parsed:
    """Return a web page as Markdown, with its title, language and audience if it names them.

    Raises:
        RefusedError: it is no text.
    """
    from bs4 import BeautifulSoup

    if found := archives.kind_of(raw):
        raise RefusedError(f"is .{found} by its content, not .{kind}: give it its right name")
    declared = _CHARSET.search(raw[:4096])
    try:
        decoded = decode(raw, declared=declared.group(1).decode("ascii") if declared else None)
    except UndecodableError as error:
        raise RefusedError(f"line {error.line}: {error}") from error
    soup = BeautifulSoup(decoded.text, "html.parser")
    about = Parsed(
        body="", title=_title(soup), language=_attribute(soup.find("html"), "lang"), audience=_audience(soup)
    )
    notes = () if decoded.encoding == "utf-8" else (f"read as {decoded.encoding}: save it as UTF-8",)
    return Parsed(body=_body(soup), title=about.title, language=about.language, audience=about.audience, notes=notes)


def _body(soup: Any) -> str:
    from markitdown import StreamInfo
    from markitdown.converters import HtmlConverter

    articles = soup.find_all("article")
    content = soup.find("main") or (articles[0] if len(articles) == 1 else None) or soup.body or soup
    for element in content.find_all(_FURNITURE):
        element.decompose()
    for element in content.find_all(lambda tag: tag.has_attr("hidden") or bool(_HIDDEN.search(tag.get("style") or ""))):
        element.decompose()
    page = io.BytesIO(f"<body>{content}</body>".encode("utf-8", "replace"))
    about = StreamInfo(extension=".html", charset="utf-8")
    return tidy.markdown(str(HtmlConverter().convert(page, about, strict=True, table_infer_header=True).markdown))


def _title(soup: Any) -> str | None:
    return " ".join(soup.title.get_text().split()) or None if soup.title else None


def _attribute(element: Any, name: str) -> str | None:
    value = element.get(name) if element else None
    return str(value).strip() or None if value else None


def _audience(soup: Any) -> str | None:
    return _attribute(soup.find("meta", attrs={"name": re.compile(r"\Aaudience\Z", re.IGNORECASE)}), "content")
