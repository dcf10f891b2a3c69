"""Pictures that pages refer to: found, checked, and named by their content. Only the reading touches the disk.

A picture is `![what it shows](images/x.png)`, relative to its page and inside the manual's folder. Each is decoded
once, within bounds, because a name and a first byte prove nothing; SVG is a document that can carry scripts and is not
taken.
"""

import hashlib
import io
import re
import warnings
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final
from urllib.parse import unquote

from knowledge.language import clean
from knowledge.model import Page, Picture, Problem

MAX_BYTES: Final = 5_000_000
MAX_PIXELS: Final = 20_000_000
MAX_SIDE: Final = 8_000
MOST_OF_A_PAGE: Final = 50
_TYPES: Final = {"PNG": "image/png", "JPEG": "image/jpeg", "WEBP": "image/webp", "GIF": "image/gif"}
_ELSEWHERE: Final = re.compile(r"[a-z][a-z0-9+.-]*:|//", re.IGNORECASE)
_REFERENCE: Final = re.compile(r"!\[([^\]\n]*)\]\((?:<[^>\n]*>|[^()\s]*)(?:[ \t]+[\"'(][^\n]*?[\"')])?\)")


class _UnusableError(Exception):
    """Why a picture is not taken."""


def illustrated(page: Page, *, root: Path) -> tuple[Page, list[Problem]]:
    """Return a page with its pictures, and what is wrong with those it cannot have.

    The page's ``hash`` then tells its pictures' content too: another picture under the same name is another page.
    """
    pictures: dict[str, Picture] = {}
    problems: list[Problem] = []
    for source, alt, line in references(page.body):
        where = line + page.first_line
        if source in pictures:
            continue
        if len(pictures) == MOST_OF_A_PAGE:
            problems.append(Problem(file=page.path, line=where, message=f"more than {MOST_OF_A_PAGE} pictures"))
            break
        try:
            pictures[source] = _picture(source, alt, line=where, folder=(root / page.path).parent, root=root)
        except _UnusableError as error:
            problems.append(Problem(file=page.path, line=where, message=f"picture {source}: {error}"))
    if not pictures:
        return page, problems
    marked = "\n".join((page.hash, *(picture.hash for picture in pictures.values())))
    return replace(page, pictures=tuple(pictures.values()), hash=hashlib.sha256(marked.encode()).hexdigest()), problems


def references(body: str) -> Iterator[tuple[str, str, int]]:
    """Return source, text and line (from 0) of every picture that a Markdown text refers to, but for embedded ones."""
    from markdown_it import MarkdownIt

    for token in MarkdownIt("commonmark").enable("table").parse(body):
        for child in token.children or []:
            source = str(child.attrGet("src") or "") if child.type == "image" else ""
            if source and not source.startswith("data:"):
                start, end = token.map or (0, 0)
                yield source, clean(child.content), _line(body, source, child.content, start=start, end=end)


def _line(body: str, source: str, alt: str, *, start: int, end: int) -> int:
    lines = body.split("\n")[start:end]
    exact = (n for n, line in enumerate(lines) if f"![{alt}](" in line and unquote(source) in unquote(line))
    return start + next(exact, 0)


def _picture(source: str, alt: str, *, line: int, folder: Path, root: Path) -> Picture:
    if _ELSEWHERE.match(source):
        raise _UnusableError("lies elsewhere: only what is in the manual's folder is shown")
    place = unquote(source.split("?", 1)[0].split("#", 1)[0])
    path = (root / place.lstrip("/")) if place.startswith("/") else (folder / place)
    content = _content(path, root=root)
    kind, (width, height) = measured(content)
    return Picture(
        source=source,
        path=path.resolve().relative_to(root.resolve()).as_posix(),
        alt=alt,
        line=line,
        hash=hashlib.sha256(content).hexdigest(),
        media_type=kind,
        width=width,
        height=height,
    )


def _content(path: Path, *, root: Path) -> bytes:
    try:
        inside = path.resolve().is_relative_to(root.resolve())
        if not inside:
            raise _UnusableError("lies outside the manual's folder")
        with path.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
    except FileNotFoundError as error:
        raise _UnusableError("is not there") from error
    except (OSError, ValueError) as error:
        raise _UnusableError("cannot be read") from error
    if len(content) > MAX_BYTES:
        raise _UnusableError(f"is larger than {MAX_BYTES // 1_000_000} MB")
    return content


def measured(content: bytes) -> tuple[str, tuple[int, int]]:
    """Return media type, width and height of a picture that decodes; raises what `illustrated` reports."""
    from PIL import Image, UnidentifiedImageError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            with Image.open(io.BytesIO(content), formats=tuple(_TYPES)) as picture:
                _bounded(*picture.size)
                picture.load()  # the first frame: decoded, not only announced
                return _TYPES[str(picture.format)], picture.size
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _UnusableError("has more pixels than is shown in a chat") from error
    except UnidentifiedImageError as error:
        raise _UnusableError("is no PNG, JPEG, WebP or GIF") from error
    except _UnusableError:
        raise
    except Exception as error:  # decoders of broken files raise whatever their format does
        raise _UnusableError(f"does not decode ({type(error).__name__})") from error


def _bounded(width: int, height: int) -> None:
    if width * height > MAX_PIXELS or max(width, height) > MAX_SIDE:
        raise _UnusableError(f"has more pixels than is shown in a chat: {width} × {height}")


def read(picture: Picture, *, root: Path) -> bytes | None:
    """Return a picture's bytes; None if the file is another one by now."""
    try:
        content = _content(root / picture.path, root=root)
    except _UnusableError:
        return None
    return content if hashlib.sha256(content).hexdigest() == picture.hash else None


def without(text: str) -> str:
    """Return Markdown without its pictures: a line that held nothing else goes, elsewhere the picture's text stays."""
    kept: list[str] = []
    for line in text.split("\n"):
        shown = _REFERENCE.sub("", line)
        if shown != line and not shown.strip(" \t>*-"):
            continue
        kept.append(_REFERENCE.sub(r"\1", line) if shown != line else line)
    return "\n".join(kept)


def described(text: str) -> str:
    """Return Markdown with what its pictures show in their place: what is embedded and indexed."""
    return _REFERENCE.sub(r"\1", text)


def standing_in(page: Page, lines: tuple[int, int]) -> tuple[Picture, ...]:
    """Return the pictures of a page between two lines of its file."""
    first, last = lines
    return tuple(picture for picture in page.pictures if first <= picture.line <= last)
