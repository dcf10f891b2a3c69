"""Text → HTML that is safe by construction: no HTML passes, and only links we made ourselves are links."""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Final
from urllib.parse import quote

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import escape

from console.signing import holds, signature
from handoff.model import Citation

_MARK: Final = re.compile(r"\[(\d{1,2})\]")
_URL: Final = re.compile(r"https?://[^\s<>\"'，。；、）】」》]+")
_OUTWARD: Final = ("https://", "http://")


def message_html(
    text: str,
    *,
    citations: Iterable[Citation] = (),
    href: Callable[[Citation], str | None] = lambda _: None,
    allowed: Collection[str] = (),
) -> str:
    """A chat message's Markdown as HTML.

    ``[n]`` becomes a link to citation n (a label where ``href`` gives none); a URL is a link only if it is one of
    ``allowed`` or a citation's own; every other link stays plain text that shows its address. Images never load.
    """
    known = {cited.n: (cited, _safe(href(cited))) for cited in citations}
    links = {address for address in (*allowed, *(to for _, to in known.values() if to)) if _safe(address)}
    tokens = _markdown().enable("image").parse(_clean(text))
    for token in tokens:
        if token.type in {"heading_open", "heading_close"}:
            token.tag = "p"
            if token.nesting == 1:
                token.attrSet("class", "md-heading")
        token.children = list(_message_inline(token.children or [], known, links)) if token.children else token.children
    return _rendered(tokens)


def plain_html(text: str) -> str:
    """Text as somebody typed it: everything escaped, line breaks kept, nothing interpreted."""
    return "<p>" + str(escape(_clean(text).strip())).replace("\n", "<br>\n") + "</p>"


def page_html(body: str, *, anchors: Mapping[int, str], pictures: Mapping[str, str] | None = None) -> str:
    """A manual page's Markdown as HTML: its http(s) links kept, and ids on headings by their line (from 0).

    ``pictures`` gives the address on this site of each picture by how the page names it; of others the text is shown.
    """
    tokens = _markdown().enable(["table", "image"]).parse(_clean(body))
    for token in tokens:
        if token.type == "heading_open" and token.map and token.map[0] in anchors:
            token.attrSet("id", anchors[token.map[0]])
        if token.children:
            token.children = list(_page_inline(token.children, pictures or {}))
    return _rendered(tokens)


def picture_link(page_id: str, name: str, *, client: str | None = None, secret: bytes) -> str:
    """The signed path of a client page's picture; whoever may read the page may see it (see :func:`page_link`)."""
    named = f"&c={quote(client, safe='')}" if client else ""
    signed = signature(_link_of(page_id, client), secret=secret)
    return f"/manual-picture/{quote(name)}?page={quote(page_id, safe='')}{named}&s={signed}"


def page_link(page_id: str, anchor: str = "", *, client: str | None = None, secret: bytes) -> str:
    """The signed path of a client page, ``/m/<page>?s=<signature>#<anchor>``.

    The link to a page that is limited to clients is made for one of them (``client``, a slug) and names it.
    """
    place = f"#{quote(anchor)}" if anchor else ""
    named = f"c={quote(client, safe='')}&" if client else ""
    return f"/m/{quote(page_id)}?{named}s={signature(_link_of(page_id, client), secret=secret)}{place}"


def page_link_holds(page_id: str, given: str, *, client: str | None = None, secret: bytes) -> bool:
    """Whether the signature that was ``given`` is ours for this page and this client (compared in constant time)."""
    return holds(given, _link_of(page_id, client), secret=secret)


def _link_of(page_id: str, client: str | None) -> str:
    return f"manual-page-of:{client}\0{page_id}" if client else f"manual-page:{page_id}"


def _markdown() -> MarkdownIt:
    engine = MarkdownIt("commonmark", {"html": False, "breaks": True, "linkify": False})
    return engine.disable(["image", "autolink", "html_inline", "html_block", "reference"])


def _rendered(tokens: list[Token]) -> str:
    engine = _markdown()
    return str(engine.renderer.render(tokens, engine.options, {}))


def _clean(text: str) -> str:
    return text.encode("utf-8", "replace").decode().replace("\0", "�")


def _safe(address: str | None) -> str | None:
    if address and (address.startswith(_OUTWARD) or (address.startswith("/") and not address.startswith("//"))):
        return address
    return None


def _message_inline(
    children: list[Token], known: Mapping[int, tuple[Citation, str | None]], links: Collection[str]
) -> Iterator[Token]:
    inside: list[str] = []
    for token in children:
        if token.type == "link_open":
            inside.append(str(token.attrGet("href") or ""))
            if inside[-1] in links:
                yield _link(inside[-1])
        elif token.type == "link_close":
            address = inside.pop() if inside else ""
            yield token if address in links else _text(f" ({address})")
        elif token.type == "image":
            yield _text(token.content)
        elif token.type == "text" and not (inside and inside[-1] in links):
            yield from _marked(token.content, known, links)
        else:
            yield token


def _marked(text: str, known: Mapping[int, tuple[Citation, str | None]], links: Collection[str]) -> Iterator[Token]:
    rest = 0
    for found in sorted([*_MARK.finditer(text), *_URL.finditer(text)], key=lambda hit: hit.start()):
        if found.start() < rest:
            continue
        linked = _citation(found, known) if found.re is _MARK else _address(found[0], links)
        if linked:
            yield _text(text[rest : found.start()])
            yield from linked
            rest = found.end()
    yield _text(text[rest:])


def _citation(found: re.Match[str], known: Mapping[int, tuple[Citation, str | None]]) -> list[Token]:
    cited, address = known.get(int(found[1]), (None, None))
    if cited is None:
        return []
    label = " › ".join(part for part in (cited.title, cited.heading) if part)
    opening = _link(address) if address else Token("span_open", "span", 1)
    opening.attrSet("class", "cite")
    opening.attrSet("title", label)
    return [opening, _text(found[1]), Token("link_close" if address else "span_close", opening.tag, -1)]


def _address(found: str, links: Collection[str]) -> list[Token]:
    return [_link(found), _text(found), Token("link_close", "a", -1)] if found in links else []


def _page_inline(children: list[Token], pictures: Mapping[str, str]) -> Iterator[Token]:
    kept: list[bool] = []
    for token in children:
        if token.type == "image":
            yield _shown(token, pictures.get(str(token.attrGet("src") or "")))
            continue
        if token.type == "link_open":
            address = str(token.attrGet("href") or "")
            kept.append(address.startswith(_OUTWARD))
            if kept[-1]:
                yield _link(address)
        elif token.type == "link_close":
            if kept.pop():
                yield token
        else:
            yield token


def _shown(token: Token, address: str | None) -> Token:
    if _safe(address) is None:
        return _text(token.content)
    shown = Token("image_open", "img", 0)
    shown.attrs = {"src": str(address), "alt": token.content, "loading": "lazy"}
    return shown


def _link(address: str) -> Token:
    token = Token("link_open", "a", 1)
    token.attrs = {"href": address, "target": "_blank", "rel": "noopener noreferrer"}
    return token


def _text(content: str) -> Token:
    return Token("text", "", 0, content=content)
